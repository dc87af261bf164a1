"""How well do scores rank events? Collar-based precision and recall at every threshold there is.

Every event that some threshold makes is known, with the thresholds at which it exists (`threshold_candidates`), and so
are the reference events that it fits. Going down the thresholds, events appear and disappear; in each group of events
that fit each other, one-to-one matching then finds more or fewer. No threshold is left out, and none is chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.event_arrays import EventArrays
from sedpool.evaluation.frames import FrameArrays, frame_arrays
from sedpool.evaluation.matching import fitting_pairs, maximum_matching
from sedpool.evaluation.threshold_candidates import ThresholdCandidates, threshold_candidates
from sedpool.runtime.arrays import Float64Array, IntArray

FALSE_ALARMS = (1.0, 10.0, 100.0)
"""False alarms per hour at which recall is stated."""


@dataclass(frozen=True)
class EventCurve:
    """Counts of one class at every threshold at which they change, from the highest down.

    Attributes
    ----------
    threshold : ndarray of float, shape (points,)
        Begins with infinity, where nothing is detected.
    true_positives, n_sys : ndarray of int, shape (points,)
        Events found, and events detected.
    n_ref : int
        Reference events, at least 1.
    """

    threshold: Float64Array
    true_positives: IntArray
    n_sys: IntArray
    n_ref: int

    def average_precision(self) -> float:
        """Compute the mean precision over recall; a recall that is reached several times has its highest precision."""
        precision = self.true_positives / np.maximum(self.n_sys, 1)
        found, group = np.unique(self.true_positives, return_inverse=True)
        best = np.zeros(len(found))
        np.maximum.at(best, group, precision)
        return float(best[1:] @ np.diff(found) / self.n_ref)

    def best_f1(self) -> float:
        """Compute the highest F1 over the thresholds."""
        return float((2 * self.true_positives / (self.n_sys + self.n_ref)).max())

    def recall_at(self, false_alarms: float) -> float:
        """Compute the highest recall with at most so many false alarms."""
        affordable = self.n_sys - self.true_positives <= false_alarms
        return float(self.true_positives[affordable].max() / self.n_ref)


def event_ranking_metrics(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    collar: float = 0.2,
    offset_tolerance_ratio: float | None = 0.2,
) -> dict[str, Any]:
    """Measure how well frame scores rank events, over all thresholds.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`) of all clips.
    reference : DataFrame
        Event table.
    durations : mapping of str to float
        Length in seconds of every clip.
    classes : sequence of str
        The classes of `scores`.
    collar, offset_tolerance_ratio
        When an event is right; see `sedpool.evaluation.event_metrics`.

    Returns
    -------
    metrics : dict
        ``{"class_wise": {label: M}, "macro": M}`` of the classes that the reference has, M with `average_precision`,
        `best_f1`, and the recall at 1, 10 and 100 false alarms an hour of all clips, ``recall_at_1_per_hour`` and so
        on. `macro` is empty if the reference is.

    Raises
    ------
    DataError, EvaluationError
        If scores and reference cannot be compared, or clips have no scores.

    References
    ----------
    .. [1] J. Ebbers, R. Serizel, R. Haeb-Umbach, "Threshold-independent evaluation of sound event detection scores",
       ICASSP 2022.

    Examples
    --------
    One of two dogs is found first, then comes a false alarm, and then the other dog.

    >>> from sedpool.events import events_from_rows
    >>> from sedpool.scores import frame_scores
    >>> values = np.array([[0.9], [0.1], [0.6], [0.1], [0.4]])
    >>> scores = frame_scores("a.wav", values, np.array([0.0, 10.0, 20.0, 30.0, 40.0, 60.0]), ["dog"])
    >>> reference = events_from_rows([("a.wav", 0.0, 10.0, "dog"), ("a.wav", 40.0, 60.0, "dog")])
    >>> event_ranking_metrics(scores, reference, durations={"a.wav": 60.0}, classes=["dog"])["macro"]["best_f1"]
    0.8
    """
    checked = reference_input(reference, durations=durations, classes=classes)
    frames = frame_arrays(scores, durations, classes)
    return event_ranking(checked, frames, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio)


def event_ranking(
    evaluation_input: EvaluationInput,
    frames: FrameArrays,
    *,
    collar: float,
    offset_tolerance_ratio: float | None,
) -> dict[str, Any]:
    """Measure how well frame scores that were checked rank the events of a reference; see `event_ranking_metrics`.

    Clips with times in which a class is unknown have no part in the figures of this class.
    """
    truth, unknown = evaluation_input.reference.lasting(), evaluation_input.unknown
    by_class: dict[str, dict[str, float]] = {}
    for number, label in enumerate(evaluation_input.classes):
        is_known = np.ones(len(evaluation_input.lengths), dtype=bool)
        is_known[unknown.clip[unknown.label == number]] = False
        of_class = truth.select((truth.label == number) & is_known[truth.clip])
        if len(of_class):
            hours = evaluation_input.lengths[is_known].sum() / 3600
            candidates = threshold_candidates(frames.select(is_known[frames.clip]), number)
            curve = event_curve(candidates, of_class, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio)
            by_class[label] = {
                "average_precision": curve.average_precision(),
                "best_f1": curve.best_f1(),
                **{f"recall_at_{rate:g}_per_hour": curve.recall_at(rate * hours) for rate in FALSE_ALARMS},
            }
    names = next(iter(by_class.values()), {})
    macro = {name: float(np.mean([values[name] for values in by_class.values()])) for name in names}
    return {"class_wise": by_class, "macro": macro}


def event_curve(
    candidates: ThresholdCandidates,
    reference: EventArrays,
    *,
    collar: float,
    offset_tolerance_ratio: float | None,
) -> EventCurve:
    """Count the detections of one class at every threshold, and how many are right.

    Parameters
    ----------
    candidates : ThresholdCandidates
        Detections and the thresholds at which they exist.
    reference : EventArrays
        The reference events of the class; at least one.
    collar, offset_tolerance_ratio
        See `sedpool.evaluation.event_metrics`.
    """
    order = np.lexsort((candidates.events.onset, candidates.events.clip))
    order = order[(candidates.events.offset > candidates.events.onset)[order]]
    events, upper, lower = candidates.events.select(order), candidates.upper[order], candidates.lower[order]
    pairs = fitting_pairs(reference, events, collar=collar, offset_tolerance_ratio=offset_tolerance_ratio)
    # Every change of a count, as the threshold falls: detections come at `upper` and go at `lower`.
    at, change = [upper, lower], [np.ones(len(upper)), -np.ones(len(lower))]
    is_hit = [np.zeros(2 * len(upper), dtype=bool)]
    # Events that are linked by pairs form groups, and each group is matched by itself where its detections change.
    size = len(reference) + len(events)
    links = coo_array((np.ones(pairs.shape[1]), (pairs[0], len(reference) + pairs[1])), shape=(size, size))
    group = connected_components(links, directed=False)[1][pairs[0]]
    by_group = np.argsort(group, kind="stable")
    for members in np.split(by_group, np.flatnonzero(np.diff(group[by_group])) + 1) if len(group) else []:
        own_pairs = pairs[:, members]
        comes, goes = upper[own_pairs[1]], lower[own_pairs[1]]
        steps = np.unique(np.concatenate([comes, goes]))[::-1]
        is_there = (steps[:, None] <= comes) & (steps[:, None] > goes)  # shape (steps, pairs)
        n_hits = [maximum_matching(own_pairs[:, there]).shape[1] for there in is_there]
        at.append(steps)
        change.append(np.diff(n_hits, prepend=0).astype(float))
        is_hit.append(np.ones(len(steps), dtype=bool))
    threshold, delta, row = np.concatenate(at), np.concatenate(change), np.concatenate(is_hit).astype(int)
    counted = threshold >= 0  # what would happen below 0 does not
    levels, level = np.unique(-threshold[counted], return_inverse=True)  # negative, so that they fall
    # Add up the changes at each level, of detections in row 0 and of hits in row 1; before them all there is nothing.
    changes = np.zeros((2, 1 + len(levels)), dtype=np.int64)
    np.add.at(changes, (row[counted], 1 + level), delta[counted].astype(np.int64))
    n_sys, true_positives = np.cumsum(changes, axis=1)
    return EventCurve(np.append(np.inf, -levels), true_positives, n_sys, len(reference))
