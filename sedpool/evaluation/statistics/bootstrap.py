"""How far could each metric have come out elsewhere on other test clips? Confidence intervals by the bootstrap [1]_.

Clips are drawn with replacement; a draw is a row of weights, the same for every system, so that differences are
paired. `scipy.stats.bootstrap` would call a Python function for each batch of index arrays and copy the counts of all
clips for it; weights turn pooled counts into a matrix product.

References
----------
.. [1] B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", Chapman & Hall, 1993, chapters 13 and 14.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import FloatArray
from sedpool.evaluation.statistics.replicates import Key, Statistic
from sedpool.evaluation.statistics.sources import Membership, design_effect

N_RESAMPLES = 1000
LEVEL = 0.95
_LEFT_OUT_AT_ONCE = 500  # rows of weights: 20,000 clips need 80 MB


def clip_weights(n_clips: int, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> FloatArray:
    """How often each clip is drawn.

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
        raise EvaluationError(f"bootstrap over {n_clips} clips; expected at least two")
    drawn = np.random.default_rng(seed).integers(n_clips, size=(n_resamples, n_clips))
    cells = drawn + n_clips * np.arange(n_resamples)[:, None]
    return np.bincount(cells.ravel(), minlength=cells.size).reshape(cells.shape).astype(np.float64)


def interval_table(
    statistic: Statistic,
    weights: FloatArray,
    *,
    level: float = LEVEL,
    sources: Membership | None = None,
) -> pd.DataFrame:
    """Every metric with its percentile interval.

    Parameters
    ----------
    statistic : Statistic
        One system's metrics, or the `difference` of two systems'.
    weights : ndarray, shape (resamples, clips)
        Of `clip_weights`; the same for all systems.
    level : float
        Share of such intervals that shall hold the true value.
    sources : Membership, optional
        Which recordings each clip was made from. Where clips share them, they are fewer independent observations than
        they seem: the intervals are widened by the square root of the `design_effect`.

    Returns
    -------
    table : DataFrame
        ``average, event_label, metric, estimate, low, high, standard_error, undefined``, one row a metric;
        `undefined` is the share of resamples in which the metric was, say for lack of any event of the class, and
        which the interval ignores. NaN where fewer than two were defined.
    """
    n_clips = weights.shape[1]
    estimates = statistic(np.ones((1, n_clips)))
    effects = _design_effects(statistic, n_clips, sources) if sources is not None else {}
    rows = []
    for key, replicates in statistic(weights).items():
        estimate = float(estimates[key][0])
        widening = float(np.sqrt(effects.get(key, 1.0)))
        defined = replicates[np.isfinite(replicates)]
        low, high = percentile_interval(defined, level) if defined.size > 1 else (np.nan, np.nan)
        rows.append(
            (
                *key,
                estimate,
                estimate - widening * (estimate - low),
                estimate + widening * (high - estimate),
                widening * float(defined.std(ddof=1)) if defined.size > 1 else np.nan,
                1 - defined.size / replicates.size,
            )
        )
    columns = ["average", "event_label", "metric", "estimate", "low", "high", "standard_error", "undefined"]
    return pd.DataFrame(rows, columns=columns)


def percentile_interval(replicates: FloatArray, level: float = LEVEL) -> tuple[float, float]:
    """The central share `level` of the replicates.

    The bias-corrected and accelerated interval covers no better here, and is undefined where every replicate is the
    same; docs/statistics.md has both coverages.
    """
    low, high = np.quantile(replicates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def influences(statistic: Statistic, n_clips: int) -> dict[Key, FloatArray]:
    """How much each clip moves each metric: its value less that without the clip (the jackknife).

    Returns
    -------
    influences : dict of Key to ndarray, shape (clips,)
        Their squares sum to about the variance of the metric over independent clips.
    """
    whole = statistic(np.ones((1, n_clips)))
    parts = [statistic(weights) for weights in _left_out(n_clips)]
    return {key: whole[key] - np.concatenate([part[key] for part in parts]) for key in whole}


def _left_out(n_clips: int) -> Iterator[FloatArray]:
    """Weights of all clips but one, for every clip, some at a time."""
    for first in range(0, n_clips, _LEFT_OUT_AT_ONCE):
        n_rows = min(_LEFT_OUT_AT_ONCE, n_clips - first)
        yield 1.0 - np.eye(n_rows, n_clips, k=first)


def _design_effects(statistic: Statistic, n_clips: int, sources: Membership) -> dict[Key, float]:
    return {key: design_effect(values, sources) for key, values in influences(statistic, n_clips).items()}
