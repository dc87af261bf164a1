"""Do detections and references cover each other, however they are cut? Intersection-based metrics.

A detection is *relevant* if enough of it lies in references of its class (detection tolerance criterion, DTC), and a
reference event is found if relevant detections cover enough of it (ground truth intersection criterion, GTC). A
detection that is not relevant is a false positive, and a cross-trigger of every other class of which it holds enough
(cross-trigger tolerance criterion, CTTC) [1]_. Shares are compared in whole microseconds, as sed_scores_eval does;
psds_eval compares floating-point numbers, so that rounding decides where exactly half was asked for and exactly half
is covered. Where references of one class overlap, time counts once. Unknown time counts as a reference where
detections are judged, so that none is wrong for what nobody knows; no event in it can be found or missed.

References
----------
.. [1] Ç. Bilen, G. Ferroni, F. Tuveri, J. Azcarreta, S. Krstulović, "A framework for the robust evaluation of sound
   event detection", ICASSP 2020.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import EvaluationInput, comparable_input
from sedpool.evaluation.event_arrays import EventArrays, concatenated, counted, merge_overlaps, overlaps
from sedpool.runtime.arrays import BoolArray, Float64Array, IntArray

MICROSECONDS = 6
"""Decimals of a second to which shares are compared; None compares them as they were computed."""


def intersection_metrics(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> Metrics:
    """Compute intersection-based F1, precision and recall.

    Parameters
    ----------
    reference, estimated : DataFrame
        Event tables (see `sedpool.events`). A clip without rows in `estimated` counts as one without detections.
    durations : mapping of str to float
        Length in seconds of every clip of the reference, those without events included.
    classes : sequence of str
        The labels that are scored.
    dtc : float
        Share of a detection, above 0, that references of its class must cover.
    gtc : float
        Share of a reference event, above 0, that relevant detections must cover.

    Returns
    -------
    metrics : dict
        ``{"micro": M, "macro": M, "class_wise": {label: M}}`` with `f1`, `precision` and `recall`; None where
        undefined. `n_ref` counts reference events, `n_sys` those that were found and the false positives: a relevant
        detection counts through what it finds.

    Raises
    ------
    DataError, EvaluationError
        If the tables cannot be compared; see `sedpool.evaluation.evaluation_input.reference_input`.

    Examples
    --------
    One detection joins two reference events and covers both; another has nothing to cover.

    >>> from sedpool.events import events_from_rows
    >>> reference = events_from_rows([("a.wav", 0.0, 2.0, "siren"), ("a.wav", 3.0, 5.0, "siren")])
    >>> estimated = events_from_rows([("a.wav", 0.0, 5.0, "siren"), ("a.wav", 8.0, 9.0, "siren")])
    >>> intersection_metrics(reference, estimated, durations={"a.wav": 10.0}, classes=["siren"])["micro"]["f1"]
    0.8
    """
    return intersection_counts(reference, estimated, durations=durations, classes=classes, dtc=dtc, gtc=gtc).metrics()


def intersection_counts(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    dtc: float = 0.5,
    gtc: float = 0.5,
) -> ClipCounts:
    """Count the events of every clip; parameters and errors as in `intersection_metrics`."""
    return count_intersections(
        comparable_input(reference, estimated, durations=durations, classes=classes), dtc=dtc, gtc=gtc
    )


def count_intersections(evaluation_input: EvaluationInput, *, dtc: float = 0.5, gtc: float = 0.5) -> ClipCounts:
    """Count the events of every clip that have a length; `dtc` and `gtc` as in `intersection_metrics`."""
    for name, share in (("dtc", dtc), ("gtc", gtc)):
        if not 0 < share <= 1:
            raise EvaluationError(f"{name}={share:g}: expected a share above 0, up to 1")
    # No share of common time can be stated for events that end when they start.
    reference, estimated = evaluation_input.reference.lasting(), evaluation_input.estimated.lasting()
    evaluation_input = replace(evaluation_input, reference=reference, estimated=estimated)
    annotated, detected, shape = evaluation_input.known_reference, evaluation_input.estimated, evaluation_input.shape
    relevant = are_relevant(detected, possible_time(evaluation_input), dtc)
    found = are_found(annotated, detected.select(relevant), gtc)

    true_positives = counted(annotated.clip[found], annotated.label[found], shape)
    false_positives = counted(detected.clip[~relevant], detected.label[~relevant], shape)
    n_ref = counted(annotated.clip, annotated.label, shape)
    n_sys = true_positives + false_positives
    return ClipCounts(evaluation_input.filenames, evaluation_input.classes, true_positives, n_ref, n_sys)


def possible_time(evaluation_input: EvaluationInput) -> EventArrays:
    """Return when each class sounds or may sound, overlaps merged: a detection there cannot be called wrong."""
    return merge_overlaps(concatenated([evaluation_input.known_reference, evaluation_input.unknown_time]))


def are_relevant(
    detected: EventArrays, active: EventArrays, dtc: float, decimals: int | None = MICROSECONDS
) -> BoolArray:
    """Return which detections meet the DTC, given the reference's active time (its events with overlaps merged)."""
    detection, _, seconds = overlaps(detected, active)
    return enough(_summed(detection, seconds, len(detected)), dtc, detected, decimals)


def are_found(
    reference: EventArrays, relevant: EventArrays, gtc: float, decimals: int | None = MICROSECONDS
) -> BoolArray:
    """Which reference events meet the GTC, given the relevant detections."""
    event, _, seconds = overlaps(reference, merge_overlaps(relevant))
    return enough(_summed(event, seconds, len(reference)), gtc, reference, decimals)


def cross_triggers(
    detected: EventArrays, active: EventArrays, cttc: float, *, n_classes: int, decimals: int | None = MICROSECONDS
) -> tuple[IntArray, IntArray]:
    """Find the pairs of a detection and another class that it covers enough of for the CTTC."""
    detection, other, seconds = overlaps(detected, active, same_class=False)
    pairs, pair = np.unique(detection * n_classes + active.label[other], return_inverse=True)
    detection, label = np.divmod(pairs, n_classes)
    held = enough(_summed(pair, seconds, len(pairs)), cttc, detected.select(detection), decimals)
    held &= label != detected.label[detection]
    return detection[held], label[held]


def enough(seconds: Float64Array, share: float, events: EventArrays, decimals: int | None) -> BoolArray:
    """Return whether the given seconds, if any, make up the given share of each event."""
    lengths = events.offset - events.onset
    if decimals is None:
        return np.asarray((seconds / lengths >= share) & (seconds > 0))
    covered = np.round(seconds, decimals)
    return np.asarray((covered >= np.round(share * lengths, decimals)) & (covered > 0))


def _summed(index: IntArray, seconds: Float64Array, size: int) -> Float64Array:
    return np.bincount(index, weights=seconds, minlength=size).astype(np.float64)
