"""Statistics: how sure a score is, and whether one system is better than another.

A `Statistic` (in `replicates`) turns weights of clips into metrics, and all that is about test clips is built on it:
`resampling` draws the weights and makes intervals, `clusters` widens them where clips share recordings, `tests`
compares a pair. Over runs, seeds or splits: `seeds`, `tests` and `ranks`. `power` says what a test set or a number
of runs cannot show.
"""
