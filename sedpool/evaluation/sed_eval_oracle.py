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
from sedpool.evaluation.validation import comparable_events

Scorer = Any
"""A `sed_eval` metrics object; the library has no type hints."""


def segment_scorer(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
) -> Scorer:
    """sed_eval's segment-based scorer after all clips; parameters and errors as of `segment_metrics`.

    ``print(scorer)`` shows sed_eval's own report, ``scorer.results()`` holds its numbers.
    """
    from sed_eval.sound_event import SegmentBasedMetrics

    tables = comparable_events(reference, estimated, durations=durations, classes=classes)
    scorer = SegmentBasedMetrics(event_label_list=list(classes), time_resolution=float(resolution))
    for filename, annotated, detected in _event_lists(*tables, list(durations)):
        scorer.evaluate(annotated, detected, evaluated_length_seconds=durations[filename])
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
    """sed_eval's event-based scorer after all clips; parameters and errors as of `event_metrics`."""
    from sed_eval.sound_event import EventBasedMetrics

    tables = comparable_events(reference, estimated, durations=durations, classes=classes)
    scorer = EventBasedMetrics(
        event_label_list=list(classes),
        t_collar=float(collar),
        percentage_of_length=float(offset_tolerance_ratio or 0.0),
        evaluate_offset=offset_tolerance_ratio is not None,
    )
    for _, annotated, detected in _event_lists(*tables, list(durations)):
        scorer.evaluate(annotated, detected)
    return scorer


def _event_lists(
    reference: pd.DataFrame, estimated: pd.DataFrame, filenames: Sequence[str]
) -> Iterator[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """Each clip's name, reference and estimate in sed_eval's form."""
    by_file = [_grouped(reference), _grouped(estimated)]
    for filename in filenames:
        yield filename, by_file[0].get(filename, []), by_file[1].get(filename, [])


def _grouped(events: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    columns = [events[name].tolist() for name in ("filename", "onset", "offset", "event_label")]
    for filename, onset, offset, label in zip(*columns, strict=True):
        event = {"event_onset": onset, "event_offset": offset, "event_label": label}
        groups.setdefault(filename, []).append(event)
    return groups


def totals(scorer: Scorer) -> Totals:
    """A scorer's counts."""
    labels = tuple(scorer.event_label_list)

    def by_class(name: str) -> np.ndarray:
        return np.array([scorer.class_wise[label][name] for label in labels], dtype=np.int64)

    # The two kinds of scorer keep substitutions, deletions and insertions under different names.
    names = ("S", "D", "I") if "S" in scorer.overall else ("Nsubs", "Nfn", "Nfp")
    errors = [np.array(scorer.overall[name], dtype=np.int64) for name in names]
    return Totals(labels, by_class("Ntp"), by_class("Nref"), by_class("Nsys"), *errors)
