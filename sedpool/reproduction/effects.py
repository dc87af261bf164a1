"""How large the difference of a contrast is, how sure, and whether every fold or seed shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from sedpool.evaluation.averages import FloatArray
from sedpool.evaluation.counts import ClipCounts, paired
from sedpool.evaluation.statistics.bootstrap import clip_weights, interval_table
from sedpool.evaluation.statistics.permutation import sign_flip_test
from sedpool.evaluation.statistics.power import LEVEL, smallest_p_sign_flip
from sedpool.evaluation.statistics.replicates import Key, Statistic, count_statistic
from sedpool.reports.comparison import METRIC_COLUMNS, metric_values
from sedpool.reports.significance import metric_at
from sedpool.reproduction.contrasts import EQUAL_WITHIN, Contrast, Side
from sedpool.reproduction.run_groups import Block, RunGroup

Verdict = Literal["held", "not held", "not decidable"]
_KEY: Key = ("difference", "", "")


@dataclass(frozen=True)
class Effect:
    """What runs say of a contrast.

    Attributes
    ----------
    estimate, low, high : float
        The first side's metric less the second's on the clips of all folds, and its 95 % interval.
    blocks : tuple of float
        The same difference in every fold or, in a corpus without folds, with every seed.
    p_value, smallest_p : float
        Of the sign-flip test over these, and the least that so many can give; NaN for a single one.
    verdict : {"held", "not held", "not decidable"}
        See `verdict`.
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

    The interval is a paired bootstrap over test clips, those of all folds together, widened where they share
    recordings (`sedpool.evaluation.statistics.sources`). What training adds by chance is not in it, but in the spread
    of the differences over folds or seeds.

    Parameters
    ----------
    contrast : Contrast
        Its methods must have run on a common block.
    group : RunGroup
        The runs.
    tuned : bool
        Whether events and tags are decoded as tuned on validation, instead of at 0.5.

    Returns
    -------
    effect : Effect or None
        None if a run lacks the counts that the metric is made of.
    """
    blocks = group.blocks(contrast.methods)
    whole = _counts(contrast, group, blocks, tuned)
    if whole is None:
        return None
    method, counts = next(iter(whole.items()))
    sources = group.sources(method[0], blocks, counts.filenames)
    statistic = _difference(contrast, whole)
    row = interval_table(statistic, clip_weights(len(counts)), sources=sources).iloc[0]
    parts = _by_fold_or_seed(blocks)
    differences = np.array([_on(contrast, group, part, tuned) for part in parts])
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
    """Whether a claim held.

    It **held** if the 95 % interval of the effect lies on the side that was claimed (above 0, below 0, or within
    `EQUAL_WITHIN` of 0) and training it again would not change that: with fewer than six folds or seeds, where no test
    can be significant, each has its difference on that side; with six and more, the sign-flip test has p ≤ 0.05. It
    did **not hold** if the same is true of the contrary. A claim of equality is decided by the interval alone.
    Otherwise, and always with a single run a method, which says nothing about the chance in training, it is **not
    decidable** with these runs.

    Parameters
    ----------
    direction : {">", "<", "="}
        What was claimed of the effect.
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
    if smallest_p_sign_flip(each.size) > LEVEL:
        is_consistent = bool((sign * each > 0).all())
    else:
        is_consistent = sign_flip_test(each, np.zeros(each.size)) <= LEVEL
    if sign == 0 or not is_consistent:
        return "not decidable"
    return "held" if (sign > 0) == (direction == ">") else "not held"


def agreeing(direction: Literal[">", "<", "="], differences: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which differences are on the side that was claimed."""
    each = np.asarray(differences, dtype=np.float64)
    if direction == "=":
        return np.asarray(np.abs(each) <= EQUAL_WITHIN)
    return np.asarray(each > 0 if direction == ">" else each < 0)


def mean_difference(contrast: Contrast, group: RunGroup, column: str) -> tuple[float, int]:
    """Difference of the two sides' means of any column of a run's metrics, and how many folds or seeds share its sign.

    For metrics that have no counts, such as PSDS, and so no interval.
    """
    parts = _by_fold_or_seed(group.blocks(contrast.methods))
    each = np.array(
        [
            _mean_on(contrast.first, group, part, column) - _mean_on(contrast.second, group, part, column)
            for part in parts
        ]
    )
    overall = float(each.mean())
    return overall, int((np.sign(each) == np.sign(overall)).sum())


def _mean_on(side: Side, group: RunGroup, blocks: Sequence[Block], column: str) -> float:
    methods = [
        np.mean([metric_values(group.runs[method][block])[column] for block in blocks]) for method in side.methods
    ]
    return float(np.max(methods) if side.take == "best" else np.mean(methods))


def _by_fold_or_seed(blocks: Sequence[Block]) -> list[list[Block]]:
    """The blocks of each fold or, where there is but one, of each seed."""
    folds = {block.fold for block in blocks}
    parts: dict[int | None, list[Block]] = {}
    for block in blocks:
        parts.setdefault(block.fold if len(folds) > 1 else block.seed, []).append(block)
    return list(parts.values())


_Counts = dict[tuple[str, str], ClipCounts]
"""By method and metric."""


def _counts(contrast: Contrast, group: RunGroup, blocks: Sequence[Block], tuned: bool) -> _Counts | None:
    """Counts of both sides, clips in the same order; None if some run has none."""
    found: _Counts = {}
    for side in (contrast.first, contrast.second):
        metric = metric_at(METRIC_COLUMNS[_column(side, tuned)])
        for method in side.methods:
            counts = group.counts(method, metric, blocks)
            if counts is None:
                return None
            found[method, side.metric] = paired(next(iter(found.values()), counts), counts)
    return found


def _column(side: Side, tuned: bool) -> str:
    return f"tuned_{side.metric}" if tuned else side.metric


def _on(contrast: Contrast, group: RunGroup, blocks: Sequence[Block], tuned: bool) -> float:
    """The difference on some of the blocks."""
    counts = _counts(contrast, group, blocks, tuned)
    assert counts is not None  # those of all blocks were found
    n_clips = len(next(iter(counts.values())))
    return float(_difference(contrast, counts)(np.ones((1, n_clips)))[_KEY][0])


def _difference(contrast: Contrast, counts: _Counts) -> Statistic:
    """The effect as a function of the weights of clips."""

    def statistic(weights: npt.ArrayLike) -> Mapping[Key, FloatArray]:
        return {_KEY: _side(contrast.first, counts, weights) - _side(contrast.second, counts, weights)}

    return statistic


def _side(side: Side, counts: _Counts, weights: npt.ArrayLike) -> FloatArray:
    key = metric_at(METRIC_COLUMNS[side.metric]).key
    values = np.stack([count_statistic(counts[method, side.metric])(weights)[key] for method in side.methods])
    return np.asarray(values.max(axis=0) if side.take == "best" else values.mean(axis=0))
