"""Could a difference between two systems be chance? Tests by exchanging their answers, and McNemar's.

Were the two equally good, each clip's answers (or each seed's scores) could as well have come from the other.
The share of exchanges with a difference at least as large is the p-value [1]_. McNemar's exact test is of clip
decisions [2]_: clips that both systems get right, or both wrong, say nothing; of the others, half should fall to
either if the two were equally good. Decisions about several classes in one clip are not independent, so each
class is tested on its own, and whole clips beside them.

References
----------
.. [1] E. W. Noreen, "Computer-Intensive Methods for Testing Hypotheses", Wiley, 1989.
.. [2] Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
   Psychometrika 12(2), 1947; with binomial probabilities instead of χ².
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sedpool.errors import EvaluationError
from sedpool.evaluation.clip import aligned
from sedpool.evaluation.counts import ClipCounts, concatenate, paired
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.power import smallest_p_sign_flip
from sedpool.stats.ranks import holm
from sedpool.stats.replicates import MetricKey, count_statistic

N_PERMUTATIONS = 9999
_ROUNDING = 1e-12
_AT_ONCE = 1000  # rows of weights: 20,000 clips of two systems need 320 MB


def swap_test(
    first: ClipCounts, second: ClipCounts, key: MetricKey, *, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> float:
    """Compute the two-sided p-value of the difference of a metric over clips, exchanging answers at random.

    Parameters
    ----------
    first, second : ClipCounts
        Counts of the two systems on the same clips, in any order.
    key : MetricKey
        The metric, e.g. ``("micro", "", "f1")``.
    n_permutations : int
        Random exchanges; where all ``2 ** n_clips`` are fewer, those are tried instead and p is exact.
    seed : int
        Seed of the draws.

    Returns
    -------
    p_value : float
        1 for identical systems. Random exchanges give at least ``1 / (n_permutations + 1)``. NaN where the metric is
        undefined for either system.

    Raises
    ------
    EvaluationError
        If the two differ in their clips or classes.
    """
    n_clips = len(first)
    # The second system's clips stand beside the first's and so need other names.
    renamed = tuple(f"{name} of the second system" for name in first.filenames)
    both = count_statistic(concatenate([first, replace(paired(first, second), filenames=renamed)]))

    def difference(own: npt.NDArray[np.bool_]) -> Float64Array:
        """Let each row take the answers that `own` marks from the first system, and the rest from the second."""
        one, other = np.hstack([own, ~own]), np.hstack([~own, own])
        return both(one)[key] - both(other)[key]

    observed = difference(np.ones((1, n_clips), dtype=bool))[0]
    if np.isnan(observed):
        return float("nan")
    exact = 2**n_clips <= n_permutations
    if exact:
        exchanged = difference((np.arange(2**n_clips)[:, None] >> np.arange(n_clips)) % 2 == 0)
    else:
        generator = np.random.default_rng(seed)
        sizes = [min(_AT_ONCE, n_permutations - begin) for begin in range(0, n_permutations, _AT_ONCE)]
        exchanged = np.concatenate([difference(generator.random((size, n_clips)) < 0.5) for size in sizes])
    as_large = int(np.sum(np.abs(exchanged) >= abs(observed) - _ROUNDING))
    return as_large / exchanged.size if exact else (as_large + 1) / (exchanged.size + 1)


def sign_flip_test(
    first: npt.ArrayLike, second: npt.ArrayLike, *, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> float:
    """Compute the two-sided p-value of the mean difference of paired scores, one pair per seed or split.

    Parameters
    ----------
    first, second : array_like, shape (runs,)
        Scores of the two methods, paired.
    n_permutations : int
        Random flips; with up to 13 runs all flips are fewer, and p is exact.
    seed : int
        Seed of the draws.

    Returns
    -------
    p_value : float
        At least ``2 ** (1 - runs)``: see `sedpool.stats.power.smallest_p_sign_flip`.

    Raises
    ------
    EvaluationError
        If the two do not have one score for each of the same runs, or fewer than two.

    Examples
    --------
    >>> sign_flip_test([0.52, 0.55, 0.53], [0.50, 0.51, 0.49])
    0.25
    """
    pairs = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if pairs[0].shape != pairs[1].shape or pairs[0].ndim != 1 or pairs[0].size < 2:
        raise EvaluationError(
            f"paired scores of shapes {pairs[0].shape} and {pairs[1].shape}; expected pairs, at least two"
        )
    found = stats.permutation_test(
        (pairs[0] - pairs[1],), np.mean, permutation_type="samples", n_resamples=n_permutations, rng=seed
    )
    return float(found.pvalue)


def mcnemar(only_first: int, only_second: int) -> float:
    """Compute the two-sided exact p-value of McNemar's test.

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
    """Run McNemar's test for whole clips (every class right) and for each class.

    Parameters
    ----------
    true_tags, first, second : DataFrame of bool
        True classes and the two systems' decisions: one row per clip (index
        `filename`), one column per class; the order may differ.

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
    unknown = true_tags.isna()
    right = []
    for source, tags in (("first system", first), ("second system", second)):
        decisions = (aligned(true_tags, tags, source=source) == true_tags) | unknown
        right.append(decisions.assign(**{"": decisions.all(axis=1)}))
    rows = []
    for label in ["", *true_tags.columns]:
        only_first = int((right[0][label] & ~right[1][label]).sum())
        only_second = int((right[1][label] & ~right[0][label]).sum())
        p_value = mcnemar(only_first, only_second)
        rows.append((label, only_first, only_second, p_value, smallest_p_sign_flip(only_first + only_second)))
    tests = pd.DataFrame(rows, columns=["event_label", "only_first", "only_second", "p_value", "smallest_p"])
    tests["p_holm"] = tests["p_value"]
    of_class = tests["event_label"] != ""
    tests.loc[of_class, "p_holm"] = holm(tests.loc[of_class, "p_value"])
    return tests
