"""Reference and estimate side by side: time cut wherever any event of a clip starts or ends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.evaluation.evaluation_input import comparable_input
from sedpool.evaluation.event_arrays import EventArrays
from sedpool.runtime.arrays import Float64Array, IntArray

Active = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Timeline:
    """Stretches of time in which nothing starts or ends, clip after clip.

    Attributes
    ----------
    classes : tuple of str
        Names of the columns.
    seconds : ndarray of float, shape (stretches,)
        How long each lasts; 0 for what lies between two clips.
    reference, estimated : ndarray of bool, shape (stretches, classes)
        What sounds, and what was detected.
    events : DataFrame
        The reference events, sorted.
    first, last : ndarray of int, shape (events,)
        The stretches of each reference event: from `first` up to, not including, `last`.
    n_sounding : ndarray of int, shape (stretches,)
        How many reference events sound, those of one class counted each.
    """

    classes: tuple[str, ...]
    seconds: Float64Array
    reference: Active
    estimated: Active
    events: pd.DataFrame
    first: IntArray
    last: IntArray
    n_sounding: IntArray

    def sum_over_events(self, values: Float64Array) -> Float64Array:
        """Integrate `values`, shape (stretches,) or (stretches, classes), over the time of each reference event."""
        weighted = (self.seconds * values.T).T
        sums = np.concatenate([np.zeros_like(weighted[:1]), np.cumsum(weighted, axis=0)])
        return np.asarray(sums[self.last] - sums[self.first])


def tidy_seconds(matrix: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """Turn a matrix of seconds into a table ``<rows>, <columns>, seconds``, one row per cell."""
    return matrix.rename_axis(rows).reset_index().melt(rows, var_name=columns, value_name="seconds")


def timeline(
    reference: pd.DataFrame, estimated: pd.DataFrame, *, durations: Mapping[str, float], classes: Sequence[str]
) -> Timeline:
    """Lay two event tables side by side.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`).
    durations : mapping of str to float
        Length in seconds of every clip of the reference, those without events included.
    classes : sequence of str
        The labels that count.

    Raises
    ------
    DataError, EvaluationError
        If the tables cannot be compared; see `sedpool.evaluation.evaluation_input.reference_input`.
    """
    evaluation_input = comparable_input(reference, estimated, durations=durations, classes=classes)
    ref, est = evaluation_input.reference, evaluation_input.estimated
    clips, ends = np.arange(len(durations)), evaluation_input.lengths
    parts = [(ref.clip, ref.onset), (ref.clip, ref.offset), (est.clip, est.onset), (est.clip, est.offset)]
    parts += [(clips, np.zeros(len(ends))), (clips, ends)]
    clip, time, numbers = _edges(parts)
    counts = [
        _sounding(events, start, stop, (len(time), len(classes)))
        for events, start, stop in ((ref, numbers[0], numbers[1]), (est, numbers[2], numbers[3]))
    ]
    return Timeline(
        classes=tuple(classes),
        seconds=np.where(clip[1:] == clip[:-1], np.diff(time), 0.0),
        reference=counts[0] > 0,
        estimated=counts[1] > 0,
        events=ref.table(evaluation_input.filenames, classes),
        first=numbers[0],
        last=numbers[1],
        n_sounding=counts[0].sum(axis=1),
    )


def _edges(parts: Sequence[tuple[IntArray, Float64Array]]) -> tuple[IntArray, Float64Array, list[IntArray]]:
    """Return clip and time of every edge, each once and in order, and the edge number of every row of `parts`."""
    clip, time = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((time, clip))
    is_new = np.append(True, (np.diff(clip[order]) != 0) | (np.diff(time[order]) != 0))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(is_new) - 1
    kept = order[is_new]
    return clip[kept], time[kept], np.split(number, np.cumsum([len(part[0]) for part in parts])[:-1])


def _sounding(events: EventArrays, start: IntArray, stop: IntArray, shape: tuple[int, int]) -> IntArray:
    """Count the events of each class that sound between each edge and the next."""
    changes = np.zeros(shape, dtype=np.int64)
    np.add.at(changes, (start, events.label), 1)
    np.add.at(changes, (stop, events.label), -1)
    return np.asarray(np.cumsum(changes, axis=0)[:-1])
