"""How do the counts change with the threshold? Sweeps: the same as to decode and count at each, many times faster.

A score is replaced once by its level, the number of thresholds that it reaches; it is active at threshold ``j`` if its
level is above ``j``. At segment level a segment has the highest level among its frames. At event level an event begins
at ``j`` where the level rises above ``j`` from one frame to the next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import ConfigError
from sedpool.evaluation.averages import Totals
from sedpool.evaluation.counts import count_arrays
from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.event import count_events
from sedpool.evaluation.event_arrays import EventArrays, in_order
from sedpool.evaluation.frames import FrameArrays, frame_arrays
from sedpool.evaluation.ranking import comparable_scores
from sedpool.evaluation.segment import SegmentGrid
from sedpool.runtime.arrays import Float64Array


def clip_sweep(clip_scores: pd.DataFrame, tags: pd.DataFrame, thresholds: npt.ArrayLike) -> Totals:
    """Count clip decisions at every threshold.

    Parameters
    ----------
    clip_scores : DataFrame
        Clip scores (see `sedpool.scores`).
    tags : DataFrame of bool
        The clips' true classes: one row per clip (index `filename`), one column per class.
    thresholds : array_like of float, shape (thresholds,)
        Probabilities in increasing order; a clip has a class from its threshold on.

    Returns
    -------
    totals : Totals
        Arrays of shape (thresholds, classes), classes in the order of `tags`.

    Raises
    ------
    DataError, EvaluationError
        As in `sedpool.evaluation.ranking_metrics`.
    ConfigError
        If the thresholds are not increasing, or not probabilities.
    """
    limits = _checked_thresholds(thresholds)
    true, known, scores = comparable_scores(tags, clip_scores)
    active = [(scores >= limit) & known for limit in limits]
    return Totals(
        tuple(tags.columns),
        true_positives=np.stack([(true & cells).sum(axis=0) for cells in active]),
        n_ref=np.tile(true.sum(axis=0), (len(limits), 1)),
        n_sys=np.stack([cells.sum(axis=0) for cells in active]),
    )


def segment_sweep(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    thresholds: npt.ArrayLike,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
) -> Totals:
    """Count segments at every threshold.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`) of all clips.
    reference : DataFrame
        Event table.
    thresholds : array_like of float, shape (thresholds,)
        Probabilities in increasing order; a frame is active from its threshold on.
    durations : mapping of str to float
        Length in seconds of every clip.
    classes : sequence of str
        The classes of `scores`, in the order of the result.
    resolution : float
        Length of a segment in seconds.

    Returns
    -------
    totals : Totals
        Arrays of shape (thresholds, classes); those of the errors (thresholds,).

    Raises
    ------
    DataError, EvaluationError
        If scores and reference cannot be compared, or clips have no scores.
    ConfigError
        If the thresholds are not increasing, or not probabilities.

    Warns
    -----
    UserWarning
        If frames or events last longer than their clip (by more than 10 ms).
    """
    evaluation_input = reference_input(reference, durations=durations, classes=classes)
    frames = frame_arrays(scores, durations, classes)
    return sweep_segments(evaluation_input, frames, thresholds, resolution=resolution)


def sweep_segments(
    evaluation_input: EvaluationInput, frames: FrameArrays, thresholds: npt.ArrayLike, *, resolution: float = 1.0
) -> Totals:
    """Count the segments of all clips at every threshold; `thresholds` and `resolution` as in `segment_sweep`."""
    levels = _Levels(frames, _checked_thresholds(thresholds), evaluation_input.classes)
    grid = SegmentGrid(evaluation_input.lengths, len(evaluation_input.classes), resolution)
    known = grid.known(evaluation_input.unknown)
    highest = levels.highest(grid) * known
    wanted = grid.activity(evaluation_input.reference) & known

    def totals_at(index: int) -> Totals:
        active = highest > index
        counts = {"true_positives": active & wanted, "n_ref": wanted, "n_sys": active}
        errors = grid.errors(**{name: cells.sum(axis=1) for name, cells in counts.items()})
        by_class = {name: cells.sum(axis=0) for name, cells in counts.items()}
        return Totals(evaluation_input.classes, **by_class, **{name: values.sum() for name, values in errors.items()})

    return _stacked([totals_at(index) for index in range(levels.n_thresholds)])


def event_sweep(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    thresholds: npt.ArrayLike,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    collar: float = 0.2,
    offset_tolerance_ratio: float | None = 0.2,
) -> Totals:
    """Count the events of all clips at every threshold; parameters as in `segment_sweep` and `event_metrics`."""
    evaluation_input = reference_input(reference, durations=durations, classes=classes)
    frames = frame_arrays(scores, durations, classes)
    return sweep_events(
        evaluation_input, frames, thresholds, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio
    )


def sweep_events(
    evaluation_input: EvaluationInput,
    frames: FrameArrays,
    thresholds: npt.ArrayLike,
    *,
    collar: float = 0.2,
    offset_tolerance_ratio: float | None = 0.2,
) -> Totals:
    """Count the events of all clips at every threshold; settings as in `event_sweep`."""
    levels = _Levels(frames, _checked_thresholds(thresholds), evaluation_input.classes)
    inputs = (replace(evaluation_input, estimated=events) for events in levels.events())
    return _stacked(
        [count_events(one, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio).total() for one in inputs]
    )


class _Levels:
    """Frames with the level of every class, shape (classes, frames): how many thresholds each score reaches."""

    def __init__(self, frames: FrameArrays, limits: Float64Array, classes: Sequence[str]) -> None:
        kind = np.min_scalar_type(len(limits))
        self.frames, self.classes, self.n_thresholds = frames, tuple(classes), len(limits)
        self.levels = np.stack(
            [np.searchsorted(limits, row.astype(np.float64), "right").astype(kind) for row in frames.probabilities]
        )

    def highest(self, grid: SegmentGrid) -> npt.NDArray[np.unsignedinteger]:
        """Find the highest level in every segment, shape (segments, classes); 0 where there is no frame."""
        segments, frames = grid.touched(self.frames.onset, self.frames.offset, self.frames.clip)
        order = np.argsort(segments, kind="stable")
        present, begin = np.unique(segments[order], return_index=True)
        highest = np.zeros((len(grid.clip), len(self.classes)), dtype=self.levels.dtype)
        if len(present):
            highest[present] = np.maximum.reduceat(self.levels.T[frames[order]], begin, axis=0)
        return highest

    def events(self) -> Iterator[EventArrays]:
        """Yield the events at each threshold."""
        frames = self.frames
        before = np.roll(self.levels, 1, axis=1)
        before[:, frames.first] = 0
        after = np.roll(self.levels, -1, axis=1)
        after[:, np.roll(frames.first, -1)] = 0
        # Class by class, so that the n-th begin of a class belongs to its n-th end.
        rises, falls = np.flatnonzero(self.levels > before), np.flatnonzero(self.levels > after)
        rise_from, rise_to = before.flat[rises], self.levels.flat[rises]
        fall_from, fall_to = self.levels.flat[falls], after.flat[falls]
        for index in range(self.n_thresholds):
            # Events at this threshold begin and end in the frames where levels pass it.
            label, begin = np.divmod(rises[(rise_from <= index) & (index < rise_to)], len(frames.clip))
            last = falls[(fall_from > index) & (index >= fall_to)] % len(frames.clip)
            yield in_order(frames.clip[begin], label, frames.onset[begin], frames.offset[last], classes=self.classes)


def _checked_thresholds(thresholds: npt.ArrayLike) -> Float64Array:
    limits = np.atleast_1d(np.asarray(thresholds, dtype=np.float64))
    if limits.ndim > 1 or not len(limits) or not np.all((limits >= 0) & (limits <= 1)) or np.any(np.diff(limits) <= 0):
        raise ConfigError(f"thresholds: {limits.tolist()}; expected increasing probabilities between 0 and 1")
    return limits


def _stacked(totals: Sequence[Totals]) -> Totals:
    """Stack the totals of single thresholds along a first axis."""
    arrays = [count_arrays(one) for one in totals]
    return Totals(totals[0].classes, **{name: np.stack([one[name] for one in arrays]) for name in arrays[0]})
