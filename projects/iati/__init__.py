"""IATI, the standard of aid data: activities out of the portal’s projects, and projects out of others’ activities.

`activity` is what both ways share: plain values, neither XML nor database. Out: `exporting` makes activities of
projects and says what keeps one out, `writing` makes XML of them, `serving` sends it.
"""
