"""Event tables as arrays, clips and classes by number: the form in which events are counted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.runtime.arrays import Float64Array, IntArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Arrays = TypeVar("Arrays", bound="DataclassInstance")


@dataclass(frozen=True)
class EventArrays:
    """Events ordered by clip, onset, offset and class name, so that no count depends on the order of a table's rows.

    Attributes
    ----------
    clip, label : ndarray of int, shape (events,)
        Numbers of the clip and the class.
    onset, offset : ndarray of float, shape (events,)
        Seconds.
    """

    clip: IntArray
    label: IntArray
    onset: Float64Array
    offset: Float64Array

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.clip)

    def select(self, chosen: npt.NDArray[np.bool_] | IntArray) -> "EventArrays":
        """Return some of the events, chosen by a mask or by their numbers."""
        return EventArrays(self.clip[chosen], self.label[chosen], self.onset[chosen], self.offset[chosen])

    def lasting(self) -> "EventArrays":
        """Return the events that end after they start."""
        return self.select(self.offset > self.onset)

    def table(self, filenames: Sequence[str], classes: Sequence[str]) -> pd.DataFrame:
        """Convert back to an event table, in the order of the arrays."""
        return pd.DataFrame(
            {
                "filename": np.asarray(filenames, dtype=object)[self.clip],
                "onset": self.onset,
                "offset": self.offset,
                "event_label": np.asarray(classes, dtype=object)[self.label],
            }
        )

    def of_clips(self, begin: int, end: int) -> "EventArrays":
        """Return the events of a range of clips, with the clips renumbered from 0."""
        part = self.select(np.arange(*np.searchsorted(self.clip, [begin, end])))
        return replace(part, clip=part.clip - begin)


def event_arrays(events: pd.DataFrame, filenames: Iterable[str], classes: Sequence[str]) -> EventArrays:
    """Convert a checked event table to arrays.

    Parameters
    ----------
    events : DataFrame
        Event table (see `sedpool.events`), in files and classes that are all known.
    filenames : iterable of str
        The clip set, in the order that numbers it.
    classes : sequence of str
        The classes, in the order that numbers them.
    """
    return in_order(
        pd.Index(list(filenames)).get_indexer(pd.Index(events["filename"])).astype(np.int64),
        pd.Index(list(classes)).get_indexer(pd.Index(events["event_label"])).astype(np.int64),
        events["onset"].to_numpy(dtype=np.float64),
        events["offset"].to_numpy(dtype=np.float64),
        classes=classes,
    )


def no_events() -> EventArrays:
    """Return arrays without events."""
    return EventArrays(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0))


def in_order(
    clip: IntArray, label: IntArray, onset: Float64Array, offset: Float64Array, *, classes: Sequence[str]
) -> EventArrays:
    """Sort events given in any order."""
    rank = np.argsort(np.argsort(np.asarray(classes, dtype=object)))
    order = np.lexsort((rank[label], offset, onset, clip))
    return EventArrays(clip[order], label[order], onset[order], offset[order])


def concatenated(parts: Sequence[Arrays]) -> Arrays:
    """Put several dataclasses of arrays, all of one kind, one after the other."""
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(kind)))


def counted(rows: IntArray, columns: IntArray, shape: tuple[int, int]) -> IntArray:
    """Count how often each pair of row and column occurs, in an array of the given shape."""
    return np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)


def expand_ranges(begin: IntArray, end: IntArray) -> tuple[IntArray, IntArray]:
    """List the numbers of many ranges in turn, and which range each is from; one whose `end` <= `begin` has none.

    Examples
    --------
    >>> expand_ranges(np.array([3, 7]), np.array([5, 8]))
    (array([3, 4, 7]), array([0, 0, 1]))
    """
    lengths = np.maximum(end - begin, 0)
    source = np.repeat(np.arange(len(begin)), lengths)
    within = np.arange(len(source)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return begin[source] + within, source


def merge_overlaps(events: EventArrays) -> EventArrays:
    """Merge overlapping or touching events of the same class within each clip.

    Examples
    --------
    >>> overlapping = EventArrays(*map(np.array, ([0, 0, 1], [0, 0, 0], [1.0, 2.0, 0.0], [4.0, 3.0, 1.0])))
    >>> merge_overlaps(overlapping).offset
    array([4., 1.])
    """
    order = np.lexsort((events.onset, events.label, events.clip))
    if not len(order):
        return events
    ordered = events.select(order)
    new_group = np.append(True, (np.diff(ordered.clip) != 0) | (np.diff(ordered.label) != 0))
    # Groups end to end on one line, so that one running maximum gives how far the earlier events of a group reach.
    base = np.cumsum(new_group) * (ordered.offset.max() + 1)
    reach = np.maximum.accumulate(base + ordered.offset)
    begins = np.flatnonzero(np.append(True, (base + ordered.onset)[1:] > reach[:-1]))
    return replace(ordered.select(begins), offset=np.maximum.reduceat(ordered.offset, begins))


def overlaps(
    events: EventArrays, others: EventArrays, *, same_class: bool = True
) -> tuple[IntArray, IntArray, Float64Array]:
    """Find the pairs of events that overlap in the same clip (and class), and for how many seconds."""
    n_labels = int(max(events.label.max(initial=0), others.label.max(initial=0))) + 1 if same_class else 1

    def group(of: EventArrays) -> IntArray:
        return of.clip * n_labels + (of.label if same_class else 0)

    order = np.argsort(group(others), kind="stable")
    groups, wanted = group(others)[order], group(events)
    other, event = expand_ranges(np.searchsorted(groups, wanted, "left"), np.searchsorted(groups, wanted, "right"))
    other = order[other]
    seconds = np.minimum(events.offset[event], others.offset[other]) - np.maximum(
        events.onset[event], others.onset[other]
    )
    overlap = seconds > 0
    return event[overlap], other[overlap], seconds[overlap]
