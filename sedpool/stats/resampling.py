"""How far could each metric have come out elsewhere on other test clips? Confidence intervals by the bootstrap [1]_.

Clips are drawn with replacement; a draw is a row of weights, the same for every system, so that differences are
paired. Intervals are bias-corrected and accelerated (BCa). `scipy.stats.bootstrap` would call a Python function with
the counts of all clips, copied, for each batch of draws; weights turn pooled counts into a matrix product.

References
----------
.. [1] B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993, chapters 13 and 14.
"""

from gettext import ngettext

import numpy as np
import pandas as pd
from scipy import stats

from sedpool.errors import EvaluationError
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.clusters import Membership, design_effect
from sedpool.stats.replicates import MetricKey, Statistic

N_RESAMPLES = 1000
CONFIDENCE_LEVEL = 0.95
COLUMNS = ("average", "event_label", "metric", "estimate", "low", "high", "standard_error", "undefined")
_LEFT_OUT_AT_ONCE = 500  # rows of weights: 20,000 clips need 80 MB


def clip_weights(n_clips: int, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Float64Array:
    """Draw clips with replacement and count how often each is drawn.

    Parameters
    ----------
    n_clips : int
        Number of clips, and of draws in a resample.
    n_resamples : int
        Number of resamples.
    seed : int
        Seed of the draws.

    Returns
    -------
    weights : ndarray, shape (n_resamples, n_clips)
        Whole numbers; every row sums to `n_clips`.

    Raises
    ------
    EvaluationError
        If there are fewer than two clips.
    """
    if n_clips < 2:
        clips = ngettext("clip", "clips", n_clips)
        raise EvaluationError(f"bootstrap over {n_clips} {clips}; expected at least two")
    drawn = np.random.default_rng(seed).integers(n_clips, size=(n_resamples, n_clips))
    cells = drawn + n_clips * np.arange(n_resamples)[:, None]
    return np.bincount(cells.ravel(), minlength=cells.size).reshape(cells.shape).astype(np.float64)


def interval_table(
    statistic: Statistic,
    weights: Float64Array,
    *,
    confidence_level: float = CONFIDENCE_LEVEL,
    sources: Membership | None = None,
    difference: bool = False,
) -> pd.DataFrame:
    """Compute every metric with its interval, within the metric's range.

    Parameters
    ----------
    statistic : Statistic
        One system's metrics, or the difference of two systems' (`count_difference`).
    weights : ndarray, shape (resamples, clips)
        Of `clip_weights`; the same for all systems.
    confidence_level : float
        Share of such intervals that should hold the true value.
    sources : Membership, optional
        Which recordings each clip was made from. Where clips share them, they are fewer independent observations than
        they seem: the intervals are widened by the square root of the `design_effect`.
    difference : bool
        Whether values are differences of metrics, which may be negative: their intervals are left as they are.

    Returns
    -------
    table : DataFrame
        ``average, event_label, metric, estimate, low, high, standard_error, undefined``, one row per metric;
        `undefined` is the share of resamples in which the metric was, say for lack of any event of the class, and
        which the interval ignores. NaN where fewer than two were defined, and where the metric rests on one clip:
        without it there is nothing to measure, and how another clip would have come out cannot be known.
    """
    estimates = statistic(np.ones((1, weights.shape[1])))
    moved = influences(statistic, weights.shape[1])
    rows = []
    for key, replicates in statistic(weights).items():
        estimate = float(estimates[key][0])
        widening = 1.0 if sources is None else float(np.sqrt(design_effect(moved[key], sources)))
        defined = replicates[np.isfinite(replicates)]
        low, high, spread = np.nan, np.nan, np.nan
        if defined.size > 1 and np.isfinite(estimate) and np.isfinite(moved[key]).all():
            low, high = bca_interval(defined, estimate, moved[key], confidence_level)
            spread = widening * float(defined.std(ddof=1))
        ends = estimate - widening * (estimate - low), estimate + widening * (high - estimate)
        rows.append((*key, estimate, *ends, spread, 1 - defined.size / replicates.size))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table if difference else within_range(table)


def within_range(table: pd.DataFrame) -> pd.DataFrame:
    """Clip intervals to what metrics can be: at least 0 and, except for error rates, at most 1.

    Widening for shared sources can take ends there.

    Parameters
    ----------
    table : DataFrame
        With `metric`, `low` and `high`; rows are metrics, not differences.
    """
    most = pd.Series(1.0, index=table.index).mask(table["metric"] == "error_rate", np.inf)
    return table.assign(low=table["low"].clip(lower=0), high=table["high"].clip(upper=most))


def bca_interval(
    replicates: Float64Array, estimate: float, influences: Float64Array, confidence_level: float = CONFIDENCE_LEVEL
) -> tuple[float, float]:
    """Compute the bias-corrected and accelerated interval.

    It covers as well as the plain central share of the replicates for micro averages, and better for macro averages;
    docs/statistics.md has both coverages.

    Parameters
    ----------
    replicates : ndarray, shape (resamples,)
        The metric of each resample, all defined.
    estimate : float
        The metric of the clips as they are.
    influences : ndarray, shape (clips,)
        How much each clip moves the metric. If leaving a clip out makes it undefined, the acceleration is left at 0.
    confidence_level : float
        Share of such intervals that should hold the true value.
    """
    below = (np.sum(replicates < estimate) + np.sum(replicates == estimate) / 2) / replicates.size
    least = 1 / (2 * replicates.size)
    bias = stats.norm.ppf(np.clip(below, least, 1 - least))
    shifted = bias + stats.norm.ppf([(1 - confidence_level) / 2, (1 + confidence_level) / 2])
    centred = influences - influences.mean()
    spread = float(np.sum(centred**2))
    acceleration = float(np.sum(centred**3)) / (6 * spread**1.5) if np.isfinite(spread) and spread > 0 else 0.0
    shares = stats.norm.cdf(bias + shifted / (1 - acceleration * shifted))
    low, high = np.quantile(replicates, shares)
    return float(low), float(high)


def influences(statistic: Statistic, n_clips: int) -> dict[MetricKey, Float64Array]:
    """Compute how much each clip moves each metric: its value less that without the clip (the jackknife).

    Returns
    -------
    influences : dict of MetricKey to ndarray, shape (clips,)
        Their squares sum to about the variance of the metric over independent clips.
    """
    whole = statistic(np.ones((1, n_clips)))
    parts = []
    for first in range(0, n_clips, _LEFT_OUT_AT_ONCE):
        n_rows = min(_LEFT_OUT_AT_ONCE, n_clips - first)
        parts.append(statistic(1.0 - np.eye(n_rows, n_clips, k=first)))
    return {key: whole[key] - np.concatenate([part[key] for part in parts]) for key in whole}
