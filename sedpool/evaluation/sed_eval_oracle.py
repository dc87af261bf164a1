"""What does sed_eval say? The field's official scorer, fed with tables that were validated before.

`sedpool.evaluation.segment` and `event` count the same many times faster, which the tests prove against this module.
sed_eval keeps raw counts and derives its results from them. Its results hide some cases: a class that is never
predicted leaves its macro average, and an empty reference makes an error rate of 1e16; `totals` takes the counts alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Totals, plain
from sedpool.evaluation.counts import ClipCounts, count_arrays
from sedpool.evaluation.evaluation_input import EvaluationInput, comparable_input
from sedpool.evaluation.levels import Criteria

Scorer = Any
"""A `sed_eval` metrics object; the library has no type hints."""

_Event = dict[str, Any]


def segment_scorer(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
) -> Scorer:
    """Run sed_eval's segment-based scorer on all clips; parameters and errors as in `segment_metrics`.

    ``print(scorer)`` shows sed_eval's own report, ``scorer.results()`` holds its numbers.
    """
    compared = comparable_input(reference, estimated, durations=durations, classes=classes)
    return score_segments(compared, resolution=resolution)


def score_segments(evaluation_input: EvaluationInput, *, resolution: float = 1.0) -> Scorer:
    """Run sed_eval's segment-based scorer on what was checked; `resolution` is the length of a segment in seconds."""
    from sed_eval.sound_event import SegmentBasedMetrics

    scorer = SegmentBasedMetrics(event_label_list=list(evaluation_input.classes), time_resolution=float(resolution))
    for filename, annotated, detected in _event_lists(evaluation_input):
        scorer.evaluate(annotated, detected, evaluated_length_seconds=evaluation_input.durations[filename])
    return scorer


def event_scorer(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    collar: float = 0.2,
    offset_tolerance_ratio: float | None = 0.2,
) -> Scorer:
    """Run sed_eval's event-based scorer on all clips; parameters and errors as in `event_metrics`."""
    compared = comparable_input(reference, estimated, durations=durations, classes=classes)
    return score_events(compared, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio)


def score_events(
    evaluation_input: EvaluationInput, *, collar: float = 0.2, offset_tolerance_ratio: float | None = 0.2
) -> Scorer:
    """Run sed_eval's event-based scorer on what was checked; tolerances as in `event_metrics`."""
    from sed_eval.sound_event import EventBasedMetrics

    scorer = EventBasedMetrics(
        event_label_list=list(evaluation_input.classes),
        t_collar=float(collar),
        percentage_of_length=float(offset_tolerance_ratio or 0.0),
        evaluate_offset=offset_tolerance_ratio is not None,
    )
    for _, annotated, detected in _event_lists(evaluation_input):
        scorer.evaluate(annotated, detected)
    return scorer


def _event_lists(compared: EvaluationInput) -> Iterator[tuple[str, list[_Event], list[_Event]]]:
    """Yield each clip's name, reference and estimate in sed_eval's form."""
    for number, filename in enumerate(compared.filenames):
        annotated, detected = (
            [
                {"event_onset": row.onset, "event_offset": row.offset, "event_label": row.event_label}
                for row in events.of_clips(number, number + 1)
                .table(compared.filenames[number:], compared.classes)
                .itertuples()
            ]
            for events in (compared.reference, compared.estimated)
        )
        yield filename, annotated, detected


def totals(scorer: Scorer) -> Totals:
    """Return a scorer's counts."""
    labels = tuple(scorer.event_label_list)

    def by_class(name: str) -> np.ndarray:
        return np.array([scorer.class_wise[label][name] for label in labels], dtype=np.int64)

    # The two kinds of scorer keep substitutions, deletions and insertions under different names.
    names = ("S", "D", "I") if "S" in scorer.overall else ("Nsubs", "Nfn", "Nfp")
    errors = [np.array(scorer.overall[name], dtype=np.int64) for name in names]
    return Totals(labels, by_class("Ntp"), by_class("Nref"), by_class("Nsys"), *errors)


def official_results(
    evaluation_input: EvaluationInput, counts: Mapping[str, ClipCounts], criteria: Criteria
) -> dict[str, Any]:
    """Ask sed_eval for the levels that it knows: segment, event and onset.

    Parameters
    ----------
    evaluation_input : EvaluationInput
        What is compared.
    counts : mapping of str to ClipCounts
        Our counts by level, which must be sed_eval's.
    criteria : Criteria
        When a segment or an event is right.

    Returns
    -------
    results : dict
        sed_eval's ``version`` and, by level, its overall `f1`, `precision`, `recall` and `error_rate`, None where there
        is nothing to divide by.

    Raises
    ------
    EvaluationError
        If none of these levels was counted, some time is unknown, or sed_eval counts otherwise.
    """
    levels = [level for level in ("segment", "event", "onset") if level in counts]
    if not levels:
        raise EvaluationError("sed_eval scores segments, events and onsets; ask for one of these metrics")
    if len(evaluation_input.unknown):
        raise EvaluationError("sed_eval knows no unknown regions or labels; leave them out of the reference to ask it")
    results: dict[str, Any] = {"version": version("sed_eval")}
    for level in levels:
        if level == "segment":
            scorer = score_segments(evaluation_input, resolution=criteria.resolution)
        else:
            ratio = criteria.offset_tolerance_ratio if level == "event" else None
            scorer = score_events(evaluation_input, collar=criteria.collar, offset_tolerance_ratio=ratio)
        theirs, ours = totals(scorer), counts[level].total()
        for name, values in count_arrays(theirs).items():
            if not np.array_equal(values, count_arrays(ours)[name]):
                raise EvaluationError(
                    f"sed_eval {results['version']} counts otherwise: {level}, {name}: {values.tolist()}, here "
                    f"{count_arrays(ours)[name].tolist()}; please report it with these files"
                )
        overall = scorer.results_overall_metrics()
        shown = {name: overall["f_measure"][name] for name in ("precision", "recall")}
        shown = {"f1": overall["f_measure"]["f_measure"], **shown, "error_rate": overall["error_rate"]["error_rate"]}
        results[level] = plain(shown if theirs.n_ref.any() else dict.fromkeys(shown, np.nan))
    return results
