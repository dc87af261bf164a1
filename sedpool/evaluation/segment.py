"""Is the right class active in each second? Segment-based metrics."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts, concatenate
from sedpool.evaluation.evaluation_input import EvaluationInput, comparable_input
from sedpool.evaluation.event_arrays import EventArrays, expand_ranges
from sedpool.events import LATEST
from sedpool.runtime.arrays import BoolArray, Float64Array, IntArray

FINEST = 1e-3
"""Seconds: the shortest segment."""

_CELLS = 4_000_000  # held at once
_MOST_CELLS = 5e8  # of a single clip, which cannot be divided


def segment_metrics(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
) -> Metrics:
    """Compute segment-based F1, precision, recall and error rate [1]_.

    A class is active in a segment that any of its events touches.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`). A clip without rows in `estimated` counts as one without detections.
    durations : mapping of str to float
        Length in seconds of every clip of the reference, those without events included.
    classes : sequence of str
        The labels that are scored.
    resolution : float
        Length of a segment in seconds.

    Returns
    -------
    metrics : dict
        ``{"micro": M, "macro": M, "sed_eval_macro": M, "class_wise": {label: M}}`` with `f1`, `precision`, `recall`
        and `error_rate` in each ``M``; None where undefined. `micro` also has `substitution_rate`, `deletion_rate`
        and `insertion_rate`; counts are `n_ref` and `n_sys`, in segments.

    Raises
    ------
    DataError, EvaluationError
        If the tables cannot be compared; see `sedpool.evaluation.evaluation_input.reference_input`.

    References
    ----------
    .. [1] A. Mesaros, T. Heittola, T. Virtanen, "Metrics for polyphonic sound event detection", Applied Sciences
       6(6), 2016, section 3.1.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> reference = events_from_rows([("a.wav", 0.0, 4.0, "siren")])
    >>> estimated = events_from_rows([("a.wav", 2.5, 6.0, "siren")])
    >>> segment_metrics(reference, estimated, durations={"a.wav": 10.0}, classes=["siren"])["micro"]["f1"]
    0.5
    """
    return segment_counts(reference, estimated, durations=durations, classes=classes, resolution=resolution).metrics()


def segment_counts(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
) -> ClipCounts:
    """Count the segments of every clip, equal to sed_eval's; parameters and errors as in `segment_metrics`."""
    return count_segments(
        comparable_input(reference, estimated, durations=durations, classes=classes), resolution=resolution
    )


def count_segments(evaluation_input: EvaluationInput, *, resolution: float = 1.0) -> ClipCounts:
    """Count the segments of every clip; `resolution` is the length of a segment in seconds."""
    lengths, classes = evaluation_input.lengths, evaluation_input.classes
    _check_resolution(resolution, lengths, len(classes))
    # Clips are counted in blocks small enough to hold every cell of their segments and classes.
    block = np.cumsum(lengths) * (len(classes) / resolution) // _CELLS
    begins = np.flatnonzero(np.diff(block, prepend=-1)).tolist()
    parts = []
    for begin, end in pairwise([*begins, len(lengths)]):
        grid = SegmentGrid(lengths[begin:end], len(classes), resolution)
        known = grid.known(evaluation_input.unknown.of_clips(begin, end))
        reference = grid.activity(evaluation_input.reference.of_clips(begin, end)) & known
        estimated = grid.activity(evaluation_input.estimated.of_clips(begin, end)) & known
        counts = grid.counts(reference, estimated)
        parts.append(ClipCounts(evaluation_input.filenames[begin:end], classes, **counts))
    return concatenate(parts)


def _check_resolution(resolution: float, lengths: Float64Array, n_classes: int) -> None:
    """Refuse segments that are out of range, or too short for the longest clip's to be held."""
    longest = float(lengths.max(initial=0.0))
    if not FINEST <= resolution <= LATEST or longest / resolution * n_classes > _MOST_CELLS:
        raise EvaluationError(
            f"resolution={resolution:g}: expected seconds from {FINEST:g} to {LATEST:g}, and enough for the longest "
            f"clip ({longest:g} s)"
        )


class SegmentGrid:
    """The segments of several clips, clip after clip; a cell is one segment and one class.

    Parameters
    ----------
    lengths : ndarray of float, shape (clips,)
        Seconds.
    n_classes : int
        Number of classes.
    resolution : float
        Length of a segment in seconds.

    Raises
    ------
    EvaluationError
        If the length is out of range, or a clip has more segments than can be held.
    """

    def __init__(self, lengths: Float64Array, n_classes: int, resolution: float) -> None:
        _check_resolution(resolution, lengths, n_classes)
        self.n_classes, self.resolution = n_classes, resolution
        self.n_segments = np.maximum(np.ceil(lengths / resolution), 1).astype(np.int64)
        self.first = np.cumsum(self.n_segments) - self.n_segments
        self.clip = np.repeat(np.arange(len(lengths)), self.n_segments)

    def activity(self, events: EventArrays) -> BoolArray:
        """Mark the cells that any event touches, shape (segments, classes)."""
        active = np.zeros((len(self.clip), self.n_classes), dtype=bool)
        segments, event = self.touched(events.onset, events.offset, events.clip)
        active[segments, events.label[event]] = True
        return active

    def known(self, unknown: EventArrays) -> BoolArray | bool:
        """Mark the cells that no unknown time touches, shape (segments, classes); True where there is none at all."""
        return ~self.activity(unknown) if len(unknown) else True

    def touched(self, onset: Float64Array, offset: Float64Array, clip: IntArray) -> tuple[IntArray, IntArray]:
        """Find the segments that stretches of time touch, and which stretch each belongs to."""
        begin = np.floor(onset / self.resolution).astype(np.int64)
        end = np.minimum(np.ceil(offset / self.resolution).astype(np.int64), self.n_segments[clip])
        return expand_ranges(self.first[clip] + begin, self.first[clip] + end)

    def counts(self, reference: BoolArray, estimated: BoolArray) -> dict[str, IntArray]:
        """Count every clip; the keys are the fields of `ClipCounts`."""
        cells = {"true_positives": reference & estimated, "n_ref": reference, "n_sys": estimated}
        in_class = {name: np.add.reduceat(active, self.first, axis=0, dtype=np.int64) for name, active in cells.items()}
        errors = self.errors(**{name: active.sum(axis=1) for name, active in cells.items()})
        in_clip = {name: np.add.reduceat(values, self.first) for name, values in errors.items()}
        return in_class | in_clip

    @staticmethod
    def errors(true_positives: IntArray, n_ref: IntArray, n_sys: IntArray) -> dict[str, IntArray]:
        """Derive substitutions, deletions and insertions of each segment from its numbers of classes."""
        return {
            "substitutions": np.minimum(n_ref, n_sys) - true_positives,
            "deletions": np.maximum(n_ref - n_sys, 0),
            "insertions": np.maximum(n_sys - n_ref, 0),
        }
