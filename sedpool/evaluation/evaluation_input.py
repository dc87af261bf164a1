"""What every metric takes, checked once: which clips count, how long they are, and which classes there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from gettext import ngettext
from typing import Any, Literal

import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.baselines import stretched_baselines
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.levels import counts_at
from sedpool.evaluation.psds import PsdsCounts, psds_counts_of_operating_points, psds_counts_of_scores
from sedpool.evaluation.scenarios import SCENARIOS
from sedpool.evaluation.validation import listed, refuse_unknown_files, within_clips
from sedpool.events import clip_to_duration, tags_from_events, validate_events

PastEnd = Literal["cut", "extend"]


@dataclass(frozen=True)
class EvaluationInput:
    """A reference and an estimate that were checked against each other and can be scored.

    Attributes
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`), within the clips.
    durations : dict of str to float
        Length in seconds of every clip; its keys are the clip set.
    classes : tuple of str
        The labels that are scored.
    lengths_known : bool
        Whether the lengths were stated; otherwise a clip ends with its last event.
    """

    reference: pd.DataFrame
    estimated: pd.DataFrame
    durations: dict[str, float]
    classes: tuple[str, ...]
    lengths_known: bool

    def counts(self, level: str, **settings: float) -> ClipCounts:
        """Counts of every clip; see `sedpool.evaluation.levels.counts_at`."""
        return counts_at(
            level, self.reference, self.estimated, durations=self.durations, classes=self.classes, **settings
        )

    @property
    def true_tags(self) -> pd.DataFrame:
        """Which classes each clip has: one row a clip, one column a class."""
        return tags_from_events(self.reference, list(self.durations), self.classes)

    def baselines(self) -> dict[str, "EvaluationInput"]:
        """Replace the estimate by events that cover whole clips; see `sedpool.evaluation.baselines`."""
        own_tags = tags_from_events(self.estimated, list(self.durations), self.classes)
        stretched = stretched_baselines(self.true_tags, own_tags, self.durations)
        return {name: replace(self, estimated=events) for name, events in stretched.items()}

    @property
    def coverage(self) -> dict[str, int]:
        """How many clips count, and how many of them have no detection."""
        n_clips = len(self.durations)
        detected = self.estimated["filename"].nunique()
        return {"scored": n_clips, "expected": n_clips, "without_detections": n_clips - detected}


def make_evaluation_input(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    lengths: Mapping[str, float | None],
    *,
    classes: Sequence[str] | None = None,
    past_end: PastEnd = "cut",
    names: tuple[str, str] = ("reference", "estimate"),
) -> EvaluationInput:
    """Check two event tables against the clip set and settle the lengths of its clips.

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
    known = tuple(classes or sorted(reference["event_label"].unique()))
    tables = {"reference": reference, "estimate": estimated}
    for (source, events), name in zip(tables.items(), names, strict=True):
        _refuse_strays(events, lengths, name, may_be_swapped=source == "estimate")
        tables[source] = validate_events(events, source=name)
        _refuse_labels(events, known, name)
    stated = _stated(lengths)
    last = pd.concat(list(tables.values())).groupby("filename")["offset"].max().to_dict()
    durations = stated or dict.fromkeys(lengths, 0.0)
    if stated is None or past_end == "extend":
        durations = {name: max(seconds, last.get(name, 0.0)) for name, seconds in durations.items()}
    longest = max(durations.values()) or 1.0
    durations = {name: seconds or longest for name, seconds in durations.items()}
    cut = {source: within_clips(events, durations, source=source, stacklevel=4) for source, events in tables.items()}
    return EvaluationInput(cut["reference"], cut["estimate"], durations, known, stated is not None)


def _refuse_strays(
    events: pd.DataFrame, lengths: Mapping[str, float | None], source: str, *, may_be_swapped: bool
) -> None:
    try:
        refuse_unknown_files(events["filename"].unique(), lengths, source=source)
    except EvaluationError as error:
        if may_be_swapped and set(lengths) < set(events["filename"]):
            raise EvaluationError(f"{error}; or are reference and estimate swapped?") from None
        raise


def _refuse_labels(events: pd.DataFrame, classes: Sequence[str], source: str) -> None:
    unknown = sorted(set(events["event_label"]) - set(classes))
    if unknown:
        labels = ngettext("label", "labels", len(unknown))
        raise EvaluationError(
            f"{source}: {len(unknown)} unknown {labels} ({listed(unknown, '; ')}), expected "
            f"({listed(classes, '; ') or 'none'}); rename them, or list every label that counts (--classes)"
        )


def _stated(lengths: Mapping[str, float | None]) -> dict[str, float] | None:
    stated = {name: seconds for name, seconds in lengths.items() if seconds is not None}
    missing = [name for name in lengths if name not in stated]
    if stated and missing:
        clips = ngettext("clip has", "clips have", len(missing))
        raise EvaluationError(
            f"durations: {len(missing)} {clips} no length ({listed(missing)}); give every clip's, or none"
        )
    return stated or None


def psds_counts(
    evaluation_input: EvaluationInput,
    *,
    scores: pd.DataFrame | None = None,
    operating_points: Mapping[str, pd.DataFrame] | None = None,
) -> dict[str, PsdsCounts]:
    """What PSDS follows from, by DCASE scenario: frame scores at all thresholds, or else operating points.

    Parameters
    ----------
    evaluation_input : EvaluationInput
        The reference, its clips and classes.
    scores : DataFrame, optional
        Frame scores.
    operating_points : mapping of str to DataFrame, optional
        Event tables, each by what errors call it.

    Raises
    ------
    EvaluationError
        If there are neither scores nor operating points, one of these has other clips or labels, or the lengths of the
        clips are not known: PSDS counts false alarms an hour.
    """
    operating_points = operating_points or {}
    if scores is None and not operating_points:
        raise EvaluationError(
            "psds: it needs frame scores, or events at many thresholds; give --scores or --operating-points"
        )
    if not evaluation_input.lengths_known:
        raise EvaluationError("psds: it counts false alarms an hour and so needs the clips' lengths; give --durations")
    common: dict[str, Any] = {"durations": evaluation_input.durations, "classes": evaluation_input.classes}
    if scores is not None:
        return {
            name: psds_counts_of_scores(scores, evaluation_input.reference, scenario=scenario, **common)
            for name, scenario in SCENARIOS.items()
        }
    inside = [_inside(table, evaluation_input, name) for name, table in operating_points.items()]
    return {
        name: psds_counts_of_operating_points(inside, evaluation_input.reference, scenario=scenario, **common)
        for name, scenario in SCENARIOS.items()
    }


def detected_anywhere(
    evaluation_input: EvaluationInput, operating_points: Mapping[str, pd.DataFrame]
) -> EvaluationInput:
    """The same with all that is detected at any operating point for an estimate, which coverage is told from."""
    inside = [_inside(table, evaluation_input, name) for name, table in operating_points.items()]
    return replace(evaluation_input, estimated=pd.concat(inside).drop_duplicates(ignore_index=True))


def _inside(events: pd.DataFrame, evaluation_input: EvaluationInput, source: str) -> pd.DataFrame:
    refuse_unknown_files(events["filename"].unique(), evaluation_input.durations, source=source)
    _refuse_labels(events, evaluation_input.classes, source)
    return clip_to_duration(events, evaluation_input.durations)[0]
