"""Is the right class active in each second? Segment-based metrics."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.evaluation.averages import FloatArray, IntArray, Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.indexed import IndexedEvents, counted, indexed, ranges
from sedpool.evaluation.validation import comparable_events


def segment_metrics(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
) -> Metrics:
    """Segment-based F1, precision, recall and error rate [1]_.

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
        If the tables cannot be compared; see `sedpool.evaluation.validation.comparable_events`.

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
    """Counts of every clip in segments, equal to sed_eval's; parameters and errors as of `segment_metrics`."""
    tables = comparable_events(reference, estimated, durations=durations, classes=classes)
    grid = SegmentGrid(durations, classes, resolution)
    return grid.counts(*(grid.active_cells(indexed(events, durations, classes)) for events in tables))


class SegmentGrid:
    """The segments of all clips, one clip's after the other's; a cell is a segment and a class.

    Parameters
    ----------
    durations : mapping of str to float
        Length in seconds of every clip.
    classes : sequence of str
        The labels that are scored.
    resolution : float
        Length of a segment in seconds.
    """

    def __init__(self, durations: Mapping[str, float], classes: Sequence[str], resolution: float) -> None:
        self.filenames, self.classes, self.resolution = tuple(durations), tuple(classes), resolution
        self.n_segments = np.ceil(np.fromiter(durations.values(), np.float64) / resolution).astype(np.int64)
        self.first = np.cumsum(self.n_segments) - self.n_segments
        self.clip = np.repeat(np.arange(len(self.n_segments)), self.n_segments)

    def active_cells(self, events: IndexedEvents) -> IntArray:
        """Sorted numbers ``segment * n_classes + class`` of the cells that any event touches."""
        segments, event = self.touched(events.onset, events.offset, events.clip)
        return np.unique(segments * len(self.classes) + events.label[event])

    def touched(self, onset: FloatArray, offset: FloatArray, clip: IntArray) -> tuple[IntArray, IntArray]:
        """Segments that stretches of time touch, and which stretch each belongs to."""
        begin = np.floor(onset / self.resolution).astype(np.int64)
        end = np.minimum(np.ceil(offset / self.resolution).astype(np.int64), self.n_segments[clip])
        return ranges(self.first[clip] + begin, self.first[clip] + end)

    def counts(self, reference: IntArray, estimated: IntArray) -> ClipCounts:
        """Counts of every clip, from the active cells of reference and estimate."""
        right = np.intersect1d(reference, estimated, assume_unique=True)
        shape = (len(self.filenames), len(self.classes))
        in_class, in_segment = {}, {}
        for name, cells in {"true_positives": right, "n_ref": reference, "n_sys": estimated}.items():
            segments, labels = np.divmod(cells, len(self.classes))
            in_class[name] = counted(self.clip[segments], labels, shape)
            in_segment[name] = np.bincount(segments, minlength=len(self.clip))
        return ClipCounts(self.filenames, self.classes, **in_class, **self.errors(**in_segment))

    def errors(self, true_positives: IntArray, n_ref: IntArray, n_sys: IntArray) -> dict[str, IntArray]:
        """Every clip's substitutions, deletions and insertions, from the number of classes in each segment."""
        return {
            "substitutions": self._in_clips(np.minimum(n_ref, n_sys) - true_positives),
            "deletions": self._in_clips(np.maximum(n_ref - n_sys, 0)),
            "insertions": self._in_clips(np.maximum(n_sys - n_ref, 0)),
        }

    def _in_clips(self, per_segment: IntArray) -> IntArray:
        sums = np.bincount(self.clip, weights=per_segment, minlength=len(self.filenames))
        return sums.astype(np.int64)
