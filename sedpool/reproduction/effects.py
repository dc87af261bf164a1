"""The effect of a contrast on runs: its size, its 95 % interval, the effect in every fold or seed, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from typing import Literal

import numpy as np
import numpy.typing as npt

from sedpool.comparison.groups import Block, RunGroup
from sedpool.comparison.means import RunMean, run_mean
from sedpool.comparison.significance import metric_at
from sedpool.comparison.tables import METRIC_COLUMNS, metric_values
from sedpool.errors import EvaluationError
from sedpool.reproduction.contrasts import EQUAL_WITHIN, Contrast, Side
from sedpool.run_folder import RunFolder
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.power import SIGNIFICANCE_LEVEL, smallest_p_sign_flip
from sedpool.stats.replicates import MetricKey, Statistic
from sedpool.stats.resampling import clip_weights, interval_table
from sedpool.stats.tests import sign_flip_test

Verdict = Literal["held", "not held", "not decidable"]
_KEY: MetricKey = ("difference", "", "")


@dataclass(frozen=True)
class Effect:
    """A contrast measured on runs.

    Attributes
    ----------
    estimate, low, high : float
        The first side's metric less the second's, as means over runs, and its 95 % interval.
    blocks : tuple of float
        The same difference in every fold or, in a corpus without folds, with every seed.
    p_value, smallest_p : float
        The p-value of the sign-flip test over `blocks`, and the smallest that this number of blocks can give; NaN for
        a single block.
    verdict : {"held", "not held", "not decidable"}
        Whether the claim is true; see `verdict`.
    """

    estimate: float
    low: float
    high: float
    blocks: tuple[float, ...]
    p_value: float
    smallest_p: float
    verdict: Verdict


def effect(contrast: Contrast, group: RunGroup, *, tuned: bool = False) -> Effect | None:
    """Measure a contrast.

    The interval is a paired bootstrap over the test clips of all folds together, widened where clips share recordings
    (`sedpool.stats.clusters`). It does not include the chance in training, which shows in the differences between folds
    or seeds.

    Parameters
    ----------
    contrast : Contrast
        Its methods must have run on a common block.
    group : RunGroup
        The runs.
    tuned : bool
        Whether to decode events and tags with thresholds tuned on validation, instead of at 0.5.

    Returns
    -------
    effect : Effect or None
        None if a run has no counts of the metric per clip.

    Raises
    ------
    EvaluationError
        If the runs were tested on different clips.
    """
    blocks = group.blocks(contrast.methods)
    means = _means(contrast, group, blocks, tuned)
    if means is None:
        return None
    any_mean = next(iter(means.values()))
    weights = clip_weights(len(any_mean.clips))

    def difference(of_clips: npt.ArrayLike) -> Mapping[MetricKey, Float64Array]:
        return {_KEY: _side(contrast.first, means, of_clips) - _side(contrast.second, means, of_clips)}

    row = interval_table(difference, weights, sources=any_mean.sources, difference=True).iloc[0]
    parts = _by_fold_or_seed(blocks)
    columns = [f"tuned_{side.metric}" if tuned else side.metric for side in (contrast.first, contrast.second)]
    differences = np.array([_mean_difference(contrast, group, part, *columns) for part in parts])
    interval = float(row["estimate"]), float(row["low"]), float(row["high"])
    several = len(parts) > 1 and bool(np.isfinite(differences).all())
    return Effect(
        *interval,
        tuple(differences.tolist()),
        sign_flip_test(differences, np.zeros(len(parts))) if several else float("nan"),
        smallest_p_sign_flip(len(parts)) if several else float("nan"),
        verdict(contrast.direction, interval, differences),
    )


def verdict(
    direction: Literal[">", "<", "="], interval: tuple[float, float, float], differences: npt.ArrayLike
) -> Verdict:
    """Judge whether a claim held.

    It **held** if the 95 % interval of the effect lies on the claimed side (above 0, below 0, or within `EQUAL_WITHIN`
    of 0) and training again would not change that: with fewer than six folds or seeds, where no test can be
    significant, every difference is on that side; with six or more, the sign-flip test has p ≤ 0.05. It did **not
    hold** if the same is true of the opposite side. A claim of equality is decided by the interval alone. Otherwise it
    is **not decidable** with these runs, and so is every claim with a single run per method, which shows nothing of the
    chance in training.

    Parameters
    ----------
    direction : {">", "<", "="}
        The claimed effect.
    interval : tuple of float
        Estimate, low and high end.
    differences : array_like of float, shape (blocks,)
        The effect in every fold, or with every seed.

    Examples
    --------
    >>> verdict(">", (0.05, 0.02, 0.08), [0.04, 0.06]), verdict(">", (0.05, 0.02, 0.08), [0.11, -0.01])
    ('held', 'not decidable')
    >>> verdict("<", (0.05, 0.02, 0.08), [0.04, 0.06]), verdict("=", (0.0, -0.01, 0.01), [0.01, -0.01])
    ('not held', 'held')
    """
    each = np.asarray(differences, dtype=np.float64)
    _, low, high = interval
    if each.size < 2 or not np.isfinite([*interval, *each]).all():
        return "not decidable"
    if direction == "=":
        if max(abs(low), abs(high)) <= EQUAL_WITHIN:
            return "held"
        return "not held" if low > EQUAL_WITHIN or high < -EQUAL_WITHIN else "not decidable"
    sign = 1 if low > 0 else -1 if high < 0 else 0
    if smallest_p_sign_flip(each.size) > SIGNIFICANCE_LEVEL:
        is_consistent = bool((sign * each > 0).all())
    else:
        is_consistent = sign_flip_test(each, np.zeros(each.size)) <= SIGNIFICANCE_LEVEL
    if sign == 0 or not is_consistent:
        return "not decidable"
    return "held" if (sign > 0) == (direction == ">") else "not held"


def is_as_claimed(direction: Literal[">", "<", "="], differences: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Mark the differences that are on the claimed side."""
    each = np.asarray(differences, dtype=np.float64)
    if direction == "=":
        return np.asarray(np.abs(each) <= EQUAL_WITHIN)
    return np.asarray(each > 0 if direction == ">" else each < 0)


def mean_difference(contrast: Contrast, group: RunGroup, first: str, second: str) -> tuple[float, int]:
    """Compute a contrast from two columns of the runs' metrics, and count the folds or seeds that share its sign.

    For metrics without counts per clip, such as PSDS, which therefore have no interval.

    Parameters
    ----------
    contrast : Contrast
        Its methods must have run on a common block.
    group : RunGroup
        The runs.
    first, second : str
        The first and the second side's column of `sedpool.comparison.tables.metric_values`.
    """
    parts = _by_fold_or_seed(group.blocks(contrast.methods))
    each = np.array([_mean_difference(contrast, group, part, first, second) for part in parts])
    overall = float(each.mean())
    return overall, int((np.sign(each) == np.sign(overall)).sum())


def _mean_difference(contrast: Contrast, group: RunGroup, blocks: Sequence[Block], first: str, second: str) -> float:
    """Compute the difference of the two sides' means over some blocks."""
    values = []
    for side, column in ((contrast.first, first), (contrast.second, second)):
        runs = [[metric_values(run)[column] for run in group.of(method, blocks)] for method in side.methods]
        means = np.mean(runs, axis=1)
        values.append(means.max() if side.take == "best" else means.mean())
    return float(values[0] - values[1])


def _by_fold_or_seed(blocks: Sequence[Block]) -> list[list[Block]]:
    """Group blocks by fold or, if there is only one fold, by seed."""
    folds = {block.fold for block in blocks}
    parts: dict[int | None, list[Block]] = {}
    for block in blocks:
        parts.setdefault(block.fold if len(folds) > 1 else block.seed, []).append(block)
    return list(parts.values())


_Means = dict[tuple[str, str], RunMean]
"""Means over runs, by method and metric."""


def _means(contrast: Contrast, group: RunGroup, blocks: Sequence[Block], tuned: bool) -> _Means | None:
    """Collect both sides' means over runs as functions of clip weights; None if some run has no counts."""
    found: _Means = {}
    for side in (contrast.first, contrast.second):
        metric = metric_at(METRIC_COLUMNS[side.metric])
        for method in side.methods:
            mean = _mean_of(tuple(group.of(method, blocks)), metric.level, tuned)
            if mean is None:
                return None
            found[method, side.metric] = mean
    if len({mean.clips for mean in found.values()}) > 1:
        raise EvaluationError(f"{group.name}: its runs were tested on different clips; compare runs on the same clips")
    return found


@lru_cache(maxsize=256)  # most contrasts need the same means
def _mean_of(runs: tuple[RunFolder, ...], level: str, tuned: bool) -> RunMean | None:
    mean = run_mean(runs, level, table="tuned_counts" if tuned else "counts")
    return None if mean is None else replace(mean, statistic=_remembered(mean.statistic))


def _remembered(statistic: Statistic) -> Statistic:
    """Cache a statistic by its weights, which are the same resamples for all contrasts."""
    known: dict[str, Mapping[MetricKey, Float64Array]] = {}

    def remembered(weights: npt.ArrayLike) -> Mapping[MetricKey, Float64Array]:
        rows = np.ascontiguousarray(weights, dtype=np.float64)
        digest = sha256(rows.data).hexdigest()
        if digest not in known:
            known[digest] = {key: values for key, values in statistic(rows).items() if key[0] != "class_wise"}
        return known[digest]

    return remembered


def _side(side: Side, means: _Means, weights: npt.ArrayLike) -> Float64Array:
    """Compute one side of a contrast for given clip weights."""
    key = metric_at(METRIC_COLUMNS[side.metric]).key
    values = np.stack([means[method, side.metric].statistic(weights)[key] for method in side.methods])
    return np.asarray(values.max(axis=0) if side.take == "best" else values.mean(axis=0))
