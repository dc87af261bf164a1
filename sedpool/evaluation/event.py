"""Was each event found, with its onset and its offset? Event-based metrics."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import EvaluationInput, comparable_input, reach_into
from sedpool.evaluation.event_arrays import counted
from sedpool.evaluation.matching import first_come_matching, fitting_pairs, maximum_matching


def event_metrics(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    collar: float = 0.2,
    offset_tolerance_ratio: float | None = 0.2,
) -> Metrics:
    """Compute event-based F1, precision, recall and error rate [1]_.

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
    offset_tolerance_ratio : float or None
        Share of the reference event's length by which its offset may be off, if that is more than `collar`; None if
        offsets do not matter (onset-only metrics).

    Returns
    -------
    metrics : dict
        As in `sedpool.evaluation.segment.segment_metrics`; counts are events.

    Raises
    ------
    DataError, EvaluationError
        If the tables cannot be compared; see `sedpool.evaluation.evaluation_input.reference_input`.

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
    return event_counts(
        reference,
        estimated,
        durations=durations,
        classes=classes,
        collar=collar,
        offset_tolerance_ratio=offset_tolerance_ratio,
    ).metrics()


def event_counts(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    collar: float = 0.2,
    offset_tolerance_ratio: float | None = 0.2,
) -> ClipCounts:
    """Count the events of every clip, equal to sed_eval's; parameters and errors as in `event_metrics`."""
    return count_events(
        comparable_input(reference, estimated, durations=durations, classes=classes),
        collar=collar,
        offset_tolerance_ratio=offset_tolerance_ratio,
    )


def count_events(
    evaluation_input: EvaluationInput, *, collar: float = 0.2, offset_tolerance_ratio: float | None = 0.2
) -> ClipCounts:
    """Match the events of every clip one to one, the most that is possible within each class, and count them.

    `collar` and `offset_tolerance_ratio` as in `event_metrics`.
    """
    reference, estimated, shape = evaluation_input.reference, evaluation_input.estimated, evaluation_input.shape
    is_known, can_be_wrong = ~evaluation_input.is_unknown, ~reach_into(estimated, evaluation_input.unknown_time)
    # Each pair has the number of a reference event, `ref`, and that of a detection that fits its times, `est`.
    pairs = fitting_pairs(reference, estimated, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio)
    ref, est = pairs
    same_class = reference.label[ref] == estimated.label[est]
    can_be_wrong[est[same_class & ~is_known[ref]]] = False
    # From here on, only pairs with a known reference event count.
    pairs, same_class = pairs[:, is_known[ref]], same_class[is_known[ref]]
    ref, est = pairs

    found_ref, right = maximum_matching(pairs[:, same_class])
    # Of those that cannot be wrong it makes no difference which are matched; of the others as many as possible are.
    right = right if can_be_wrong.all() else maximum_matching(pairs[:, same_class & can_be_wrong[est]])[1]
    left_over = can_be_wrong[est] & ~np.isin(ref, found_ref) & ~np.isin(est, right)
    confused_ref, _ = first_come_matching(pairs[:, left_over])

    true_positives = counted(reference.clip[found_ref], reference.label[found_ref], shape)
    n_ref = counted(reference.clip[is_known], reference.label[is_known], shape)
    wrong = can_be_wrong & ~np.isin(np.arange(len(estimated)), right)
    n_sys = true_positives + counted(estimated.clip[wrong], estimated.label[wrong], shape)
    substitutions = np.bincount(reference.clip[confused_ref], minlength=shape[0])
    return ClipCounts(
        evaluation_input.filenames,
        evaluation_input.classes,
        true_positives,
        n_ref,
        n_sys,
        substitutions=substitutions,
        deletions=(n_ref - true_positives).sum(axis=1) - substitutions,
        insertions=(n_sys - true_positives).sum(axis=1) - substitutions,
    )
