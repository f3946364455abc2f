"""IATI, the standard for aid data: exports the portal's projects, and imports activities of others.

`activity` has the plain values that both directions share, without XML or database. Export: `exporting` makes
activities from projects and says what keeps a project out, `writing` makes XML of them, `serving` returns the response.
Import: `reading` and `tables` read files, `planning` makes the preview, `applying` stores it.
"""
