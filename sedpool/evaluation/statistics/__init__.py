"""Statistics: how sure a score is, and whether one system is better than another.

A `Statistic` (in `replicates`) turns weights of clips into metrics, and all that is about test clips is built on it:
`bootstrap` draws the weights and makes intervals, `sources` widens them where clips share recordings,
`permutation` tests a pair. Over runs, seeds or splits: `seeds`, `permutation` and `ranks`. `mcnemar` compares clip
decisions, and `power` says what a test set or a number of runs cannot show.
"""
