"""Do two taggers err on different clips? McNemar's exact test of clip decisions [1]_.

Clips that both systems get right, or both wrong, say nothing; of the others, half should fall to either if the two were
equally good. Decisions about several classes in one clip are not independent, so each class is tested on its own, and
whole clips beside them.

References
----------
.. [1] Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
   Psychometrika 12(2), 1947; with binomial probabilities instead of χ².
"""

import pandas as pd
from scipy import stats

from sedpool.evaluation.clip import aligned
from sedpool.evaluation.statistics.power import smallest_p_mcnemar
from sedpool.evaluation.statistics.ranks import holm


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p-value.

    Parameters
    ----------
    only_first, only_second : int
        Clips that only the first system, and only the second, got right.

    Returns
    -------
    p_value : float
        1 where the systems never differ.

    Examples
    --------
    >>> round(mcnemar(6, 16), 4)
    0.0525
    """
    n_different = only_first + only_second
    return float(stats.binomtest(only_first, n_different).pvalue) if n_different else 1.0


def clip_decision_tests(true_tags: pd.DataFrame, first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """McNemar's test for whole clips (every class right) and for each class.

    Parameters
    ----------
    true_tags, first, second : DataFrame of bool
        True classes and the two systems' decisions: one row a clip (index
        `filename`), one column a class; the order may differ.

    Returns
    -------
    tests : DataFrame
        ``event_label`` (empty for whole clips), ``only_first``, ``only_second`` (clips right), ``p_value``,
        ``p_holm`` (over the classes) and ``smallest_p`` that so many differing clips can give.

    Raises
    ------
    EvaluationError
        If the three differ in their classes or clips.
    """
    right = [
        _right(true_tags, aligned(true_tags, tags, source=source))
        for source, tags in (("first system", first), ("second system", second))
    ]
    rows = []
    for label in ["", *true_tags.columns]:
        only_first = int((right[0][label] & ~right[1][label]).sum())
        only_second = int((right[1][label] & ~right[0][label]).sum())
        p_value = mcnemar(only_first, only_second)
        rows.append((label, only_first, only_second, p_value, smallest_p_mcnemar(only_first + only_second)))
    tests = pd.DataFrame(rows, columns=["event_label", "only_first", "only_second", "p_value", "smallest_p"])
    tests["p_holm"] = tests["p_value"]
    of_class = tests["event_label"] != ""
    tests.loc[of_class, "p_holm"] = holm(tests.loc[of_class, "p_value"])
    return tests


def _right(true_tags: pd.DataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    """Which decisions are right; the column without a name is for whole clips."""
    right = tags == true_tags
    return right.assign(**{"": right.all(axis=1)})
