"""The overlap check: which projects of the portal are near to one that somebody plans, and why.

`plan` is what a planner states. `names` reads the names of places, organisations, issues, areas and sectors, `words`
weighs the words, and `places` says how near two places are. `candidates` finds the projects that are worth a score,
`scoring` scores and grades them from plain numbers, and `check` puts these together. `reasons` says it in words.
"""
