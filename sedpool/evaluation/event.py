"""Was each event found, with its onset and its offset? Event-based metrics, through sed_eval."""

from collections.abc import Mapping, Sequence

import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.official import event_lists, metrics_from
from sedpool.evaluation.validation import comparable_events


def event_metrics(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> Metrics:
    """Event-based F1, precision, recall and error rate [1]_.

    An estimated event is right if its class and onset fit a reference event, and its offset fits too; every event is
    matched once.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`). A clip without rows in `estimated` counts as one without detections.
    durations : mapping of str to float
        Length in seconds of every clip of the reference, those without events included.
    classes : sequence of str
        The labels that are scored.
    collar : float
        Seconds by which an onset may be off, and an offset at least.
    offset_share : float
        Share of the reference event's length by which its offset may be off, if that is more than `collar`.

    Returns
    -------
    metrics : dict
        As of `sedpool.evaluation.segment.segment_metrics`; counts are events.

    Raises
    ------
    DataError, EvaluationError
        If the tables cannot be compared; see `sedpool.evaluation.validation.comparable_events`.

    References
    ----------
    .. [1] A. Mesaros, T. Heittola, T. Virtanen, "Metrics for polyphonic sound event detection", Applied Sciences
       6(6), 2016, section 3.2.

    Examples
    --------
    >>> from sedpool.events import events_from_rows
    >>> reference = events_from_rows([("a.wav", 0.0, 4.0, "siren"), ("a.wav", 6.0, 7.0, "siren")])
    >>> estimated = events_from_rows([("a.wav", 0.1, 4.7, "siren"), ("a.wav", 6.3, 7.0, "siren")])
    >>> event_metrics(reference, estimated, durations={"a.wav": 10.0}, classes=["siren"])["micro"]["f1"]
    0.5
    """
    from sed_eval.sound_event import EventBasedMetrics

    reference, estimated = comparable_events(reference, estimated, durations=durations, classes=classes)
    scorer = EventBasedMetrics(
        event_label_list=list(classes), t_collar=float(collar), percentage_of_length=float(offset_share)
    )
    for _, annotated, detected in event_lists(reference, estimated, list(durations)):
        scorer.evaluate(annotated, detected)
    overall = scorer.overall
    return metrics_from(scorer, substitutions=overall["Nsubs"], deletions=overall["Nfn"], insertions=overall["Nfp"])
