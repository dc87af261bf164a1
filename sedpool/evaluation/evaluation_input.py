"""What every metric takes, checked and indexed once: the clips, their lengths and classes, reference and estimate.

What is unknown counts neither way. A segment that unknown time of a class touches is left out for this class. An event
of the reference that reaches into such time is unknown as a whole; one that is detected in it is right if it fits
another event of the reference, and otherwise left out. A clip has a class if it has an event of it outside unknown
time; if not, and there is unknown time of the class, it is not known whether it has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from gettext import ngettext
from typing import Literal

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.event_arrays import (
    EventArrays,
    concatenated,
    counted,
    event_arrays,
    in_order,
    merge_overlaps,
    no_events,
    overlaps,
)
from sedpool.evaluation.validation import listed, refuse_missing_clips, refuse_unknown_files, within_clips
from sedpool.events import LATEST, validate_events
from sedpool.regions import of_each_class, validate_regions, within_durations
from sedpool.runtime.arrays import BoolArray, Float64Array

PastEnd = Literal["cut", "extend"]


@dataclass(frozen=True)
class EvaluationInput:
    """A reference and an estimate that were checked against each other and can be scored.

    Attributes
    ----------
    reference, estimated : EventArrays
        Events, within the clips.
    durations : dict of str to float
        Length in seconds of every clip; its keys are the clip set, in the order that numbers it.
    classes : tuple of str
        The labels that are scored, in the order that numbers them.
    lengths_known : bool
        Whether the lengths were stated; otherwise a clip ends with its last event.
    unknown : EventArrays
        Times in which it is not known whether a class sounds, overlaps merged.
    """

    reference: EventArrays
    estimated: EventArrays
    durations: dict[str, float]
    classes: tuple[str, ...]
    lengths_known: bool = True
    unknown: EventArrays = field(default_factory=no_events)

    @cached_property
    def filenames(self) -> tuple[str, ...]:
        """Names of the clips."""
        return tuple(self.durations)

    @cached_property
    def lengths(self) -> Float64Array:
        """Lengths of the clips in seconds, shape (clips,)."""
        return np.fromiter(self.durations.values(), np.float64)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of clips and number of classes."""
        return len(self.durations), len(self.classes)

    @cached_property
    def tag_arrays(self) -> tuple[BoolArray, BoolArray]:
        """Which classes the reference has in each clip, and of which this is known, shape (clips, classes)."""
        reference = self.reference
        if not len(self.unknown):
            return counted(reference.clip, reference.label, self.shape) > 0, np.ones(self.shape, dtype=bool)
        event, _, seconds = overlaps(reference, self.unknown)
        seconds_unknown = np.bincount(event, weights=seconds, minlength=len(reference))
        has_known_part = seconds_unknown < reference.offset - reference.onset - 1e-9
        certain = reference.select(~self.is_unknown | has_known_part)
        true = counted(certain.clip, certain.label, self.shape) > 0
        has_unknown_time = counted(self.unknown.clip, self.unknown.label, self.shape) > 0
        return true, true | ~has_unknown_time

    @property
    def true_tags(self) -> pd.DataFrame:
        """Which classes the reference has in each clip: one row per clip, one column per class; NA where unknown."""
        true, known = self.tag_arrays
        tags = pd.DataFrame(true, index=pd.Index(self.filenames, name="filename"), columns=list(self.classes))
        return tags if known.all() else tags.astype("boolean").mask(~known)

    @cached_property
    def is_unknown(self) -> BoolArray:
        """Which events of the reference reach into unknown time of their class."""
        return reach_into(self.reference, self.unknown)

    @cached_property
    def known_reference(self) -> EventArrays:
        """The events of the reference except those that reach into unknown time of their class."""
        return self.reference.select(~self.is_unknown) if len(self.unknown) else self.reference

    @cached_property
    def unknown_time(self) -> EventArrays:
        """Unknown time together with the events of the reference that reach into it, overlaps merged."""
        if not len(self.unknown):
            return self.unknown
        return merge_overlaps(concatenated([self.unknown, self.reference.select(self.is_unknown)]))

    @cached_property
    def has_known_time(self) -> BoolArray:
        """Which clips are not unknown throughout, in every class."""
        seconds = np.zeros(self.shape)
        np.add.at(seconds, (self.unknown.clip, self.unknown.label), self.unknown.offset - self.unknown.onset)
        return np.asarray((seconds < self.lengths[:, np.newaxis]).any(axis=1))

    @property
    def coverage(self) -> dict[str, int]:
        """How many clips count, those that are not unknown throughout, and how many of them have no detection."""
        n_scored = int(self.has_known_time.sum())
        detected = int(self.has_known_time[np.unique(self.estimated.clip)].sum())
        return {"scored": n_scored, "expected": len(self.durations), "without_detections": n_scored - detected}

    def with_estimated(self, events: pd.DataFrame) -> "EvaluationInput":
        """Check another estimate against the same reference, which is not checked again.

        Raises
        ------
        DataError
            On a time that is not a finite number, an offset that is not after its onset, or an unknown label.
        EvaluationError
            On events in files outside the clip set.

        Warns
        -----
        UserWarning
            If events last longer than their clip (by more than 10 ms, which is rounding).
        """
        return replace(self, estimated=_checked(events, self.durations, self.classes, source="estimate"))

    def with_tags(self, tags: BoolArray) -> "EvaluationInput":
        """Let the estimate be events that cover the whole clip, one for each true value of `tags` (clips, classes)."""
        clip, label = np.nonzero(tags)
        stretched = in_order(clip, label, np.zeros(len(clip)), self.lengths[clip], classes=self.classes)
        return replace(self, estimated=stretched)


def reach_into(events: EventArrays, times: EventArrays) -> BoolArray:
    """Return which events have any part, or their only moment, in times of their class."""
    reaching = np.zeros(len(events), dtype=bool)
    lasting = replace(events, offset=np.maximum(events.offset, np.nextafter(events.onset, np.inf)))
    reaching[overlaps(lasting, times)[0]] = True
    return reaching


def reference_input(
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    unknown: pd.DataFrame | None = None,
) -> EvaluationInput:
    """Check the events of a reference; the estimate, empty at first, comes by `EvaluationInput.with_estimated`.

    Parameters
    ----------
    reference : DataFrame
        Event table (see `sedpool.events`). Events of one class may overlap: they stay as they are.
    durations : mapping of str to float
        Length in seconds of every clip of the reference, those without events included: the clip set.
    classes : sequence of str
        The labels that are scored.
    unknown : DataFrame, optional
        Times in which it is not known whether a class sounds (see `sedpool.regions`).

    Raises
    ------
    DataError
        On a time that is not a finite number, an offset that is not after its onset, or an unknown label.
    EvaluationError
        On events in files outside the clip set, or an empty clip set.

    Warns
    -----
    UserWarning
        If events last longer than their clip (by more than 10 ms, which is rounding).
    """
    if not durations:
        raise EvaluationError("reference: no clips; expected the length of every clip that is scored")
    durations, classes = dict(durations), tuple(classes)
    _check_lengths(durations)
    annotated = _checked(reference, durations, classes, source="reference")
    return EvaluationInput(
        annotated, no_events(), durations, classes, unknown=_unknown_arrays(unknown, durations, classes)
    )


def comparable_input(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    unknown: pd.DataFrame | None = None,
) -> EvaluationInput:
    """Check two event tables against the clip set; parameters and errors as in `reference_input`."""
    checked = reference_input(reference, durations=durations, classes=classes, unknown=unknown)
    return checked.with_estimated(estimated)


def _unknown_arrays(
    regions: pd.DataFrame | None, durations: Mapping[str, float], classes: Sequence[str]
) -> EventArrays:
    """Check unknown regions and index them class by class, within the clips."""
    if regions is None or regions.empty:
        return no_events()
    source = "unknown regions"
    refuse_unknown_files(regions["filename"].unique(), durations, source=source)
    table = within_durations(validate_regions(regions, classes, source=source), durations)
    return merge_overlaps(event_arrays(of_each_class(table, classes), durations, classes))


def _checked(
    events: pd.DataFrame, durations: Mapping[str, float], classes: Sequence[str], *, source: str
) -> EventArrays:
    """Check events, cut them where their clip ends, and index them."""
    table = validate_events(events, classes=classes, source=source)
    other_clips = sorted(set(table["filename"].unique()) - set(durations))
    if source == "reference":
        refuse_missing_clips(other_clips, source="durations", remedy="; give every clip's length")
    refuse_unknown_files(other_clips, durations, source=source)
    (clipped,) = within_clips([table], durations, source=source, stacklevel=5)
    return event_arrays(clipped, durations, classes)


def make_evaluation_input(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    lengths: Mapping[str, float | None],
    *,
    classes: Sequence[str] | None = None,
    past_end: PastEnd = "cut",
    allow_zero_length: bool = False,
    unknown: pd.DataFrame | None = None,
    names: tuple[str, str] = ("reference", "estimate"),
) -> EvaluationInput:
    """Check two event tables from files against the clip set and settle the lengths of its clips.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables.
    lengths : mapping of str to float or None
        The clip set: every clip of the reference, those without events included, with its length in seconds. If none
        is stated, each clip lasts to the last offset of its events, in the reference or the estimate, and one without
        events as long as the longest; no count of segments or events depends on the silence after the last event.
    classes : sequence of str, optional
        The labels that are scored; those of the reference by default.
    past_end : {"cut", "extend"}
        What becomes of events that last longer than their clip: cut there, or left out where they begin after its end,
        with a warning; or the clip is made longer, as sed_eval does.
    allow_zero_length : bool
        Count events that end when they start as sed_eval does, instead of an error: such an event has the segment that
        it lies in, but none where it lies between two, and is found by an onset and an offset within the collar. PSDS
        and intersections leave it out, as psds_eval does.
    unknown : DataFrame, optional
        Times in which it is not known whether a class sounds (see `sedpool.regions`).
    names : (str, str)
        What errors call the two, such as their files.

    Raises
    ------
    DataError
        On an impossible time.
    EvaluationError
        If there are no clips, events in files outside the clip set or of labels outside `classes`, or lengths of some
        clips only.
    """
    if not lengths:
        raise EvaluationError("reference: it names no recording; expected at least one")

    # 1. Both tables have possible times, and no other clips or labels than those that count.
    known = tuple(classes or sorted(reference["event_label"].unique()))
    tables = {"reference": reference, "estimate": estimated}
    for (source, events), name in zip(tables.items(), names, strict=True):
        try:
            refuse_unknown_files(events["filename"].unique(), lengths, source=name)
        except EvaluationError as error:
            if source == "estimate" and set(lengths) < set(events["filename"]):
                raise EvaluationError(f"{error}; or are reference and estimate swapped?") from None
            raise
        tables[source] = validate_events(events, source=name, allow_zero_length=allow_zero_length)
        _refuse_labels(events, known, name)

    # 2. All lengths are stated, or none.
    stated = {name: seconds for name, seconds in lengths.items() if seconds is not None}
    missing = [name for name in lengths if name not in stated]
    if stated and missing:
        clips = ngettext("clip has", "clips have", len(lengths))
        raise EvaluationError(
            f"durations: {len(missing)} of {len(lengths)} {clips} no length ({listed(missing)}); "
            "give every clip's, or none"
        )
    _check_lengths(stated)

    # 3. Where events decide how long a clip lasts, it is as long as they need; one without any, as the longest.
    durations = stated or dict.fromkeys(lengths, 0.0)
    if not stated or past_end == "extend":
        last = pd.concat(list(tables.values())).groupby("filename")["offset"].max().to_dict()
        durations = {name: max(seconds, last.get(name, 0.0)) for name, seconds in durations.items()}
    longest = max(durations.values()) or 1.0
    durations = {name: seconds or longest for name, seconds in durations.items()}

    # 4. Events are cut where their clip ends, and indexed.
    arrays = []
    for source, events in tables.items():
        (clipped,) = within_clips([events], durations, source=source, stacklevel=3)
        arrays.append(event_arrays(clipped, durations, known))
    not_known = _unknown_arrays(unknown, durations, known)
    return EvaluationInput(arrays[0], arrays[1], durations, known, lengths_known=bool(stated), unknown=not_known)


def _check_lengths(durations: Mapping[str, float]) -> None:
    for name, seconds in durations.items():
        if not 0 <= seconds <= LATEST:
            raise EvaluationError(f"durations: {name} lasts {seconds:g} s; expected at most {LATEST:g} s, 115 days")


def _refuse_labels(events: pd.DataFrame, classes: Sequence[str], source: str) -> None:
    unknown = sorted(set(events["event_label"]) - set(classes))
    if unknown:
        labels = ngettext("label", "labels", len(unknown))
        raise EvaluationError(
            f"{source}: {len(unknown)} unknown {labels} ({listed(unknown, '; ')}), expected "
            f"({listed(classes, '; ') or 'none'}); rename them, or list every label that counts (--classes)"
        )


def index_operating_points(evaluation_input: EvaluationInput, tables: Mapping[str, pd.DataFrame]) -> list[EventArrays]:
    """Check event tables, each detected with other settings and by what errors call it, and index them.

    Raises
    ------
    EvaluationError
        If one has other clips or labels.

    Warns
    -----
    UserWarning
        If events last longer than their clip (by more than 10 ms, which is rounding): once, with their number.
    """
    durations, classes = evaluation_input.durations, evaluation_input.classes
    for source, events in tables.items():
        refuse_unknown_files(events["filename"].unique(), durations, source=source)
        _refuse_labels(events, classes, source)
    clipped = within_clips(list(tables.values()), durations, source="operating points", stacklevel=3)
    return [event_arrays(events, durations, classes) for events in clipped]
