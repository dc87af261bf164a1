"""What does sed_eval say? The field's official scorer, fed with tables that were validated before.

`sedpool.evaluation.segment` and `event` count the same many times faster, which the tests prove against this module.
sed_eval keeps raw counts and derives its results from them. Its results hide some cases: a class that is never
predicted leaves its macro average, and an empty reference makes an error rate of 1e16; `totals` takes the counts alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sedpool.evaluation.averages import Totals
from sedpool.evaluation.evaluation_input import EvaluationInput, comparable_input

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
