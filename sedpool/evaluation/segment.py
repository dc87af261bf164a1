"""Is the right class active in each second? Segment-based metrics, through sed_eval."""

from collections.abc import Mapping, Sequence

import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.official import event_lists, metrics_from
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
    from sed_eval.sound_event import SegmentBasedMetrics

    reference, estimated = comparable_events(reference, estimated, durations=durations, classes=classes)
    scorer = SegmentBasedMetrics(event_label_list=list(classes), time_resolution=float(resolution))
    for filename, annotated, detected in event_lists(reference, estimated, list(durations)):
        scorer.evaluate(annotated, detected, evaluated_length_seconds=durations[filename])
    overall = scorer.overall
    return metrics_from(scorer, substitutions=overall["S"], deletions=overall["D"], insertions=overall["I"])
