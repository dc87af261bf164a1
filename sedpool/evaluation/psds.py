"""How good is a system over all its operating points? The polyphonic sound detection score (PSDS).

Every operating point, a threshold for instance, gives each class a true positive ratio and an effective false positive
rate (eFPR): false positives per hour, plus the mean rate of cross-triggers over the other classes, weighted by α_ct.
Classes become one curve, mean minus α_st times standard deviation of the true positive ratio over the eFPR, and PSDS
is the area under it up to `max_efpr`, as a share of what is possible [1]_. From scores it takes every threshold there
is [2]_.

References
----------
.. [1] Ç. Bilen, G. Ferroni, F. Tuveri, J. Azcarreta, S. Krstulović, "A framework for the robust evaluation of sound
   event detection", ICASSP 2020.
.. [2] J. Ebbers, R. Serizel, R. Haeb-Umbach, "Threshold independent evaluation of sound event detection scores",
   ICASSP 2022.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sedpool.evaluation.averages import FloatArray, IntArray
from sedpool.evaluation.candidates import Candidates, candidate_events
from sedpool.evaluation.frames import indexed_frames
from sedpool.evaluation.indexed import IndexedEvents, indexed, merged
from sedpool.evaluation.intersection import (
    MICROSECONDS,
    BoolArray,
    are_found,
    are_relevant,
    cross_triggers,
    enough,
    overlaps,
)
from sedpool.evaluation.validation import comparable_events

_HOUR = 3600.0
_DECIMALS = 9  # of a rate: the same rate in another class may have been summed in another order
_BLOCK = 100_000  # points of the common curve held at once

Curve = tuple[FloatArray, FloatArray]
"""Effective false positives per hour and true positive ratios of one class, in any order."""


@dataclass(frozen=True)
class Scenario:
    """What counts as found, and what false alarms cost.

    Attributes
    ----------
    dtc, gtc, cttc : float
        Shares, above 0; see `sedpool.evaluation.intersection`.
    alpha_ct : float
        Weight of cross-triggers beside other false positives; with 0, `cttc` is without effect.
    alpha_st : float
        Weight of the standard deviation over classes.
    max_efpr : float
        Effective false positives per hour at which the curve ends.
    decimals : int or None
        See `sedpool.evaluation.intersection.MICROSECONDS`; None to compare as psds_eval does.
    """

    dtc: float
    gtc: float
    cttc: float = 0.3
    alpha_ct: float = 0.0
    alpha_st: float = 1.0
    max_efpr: float = 100.0
    decimals: int | None = MICROSECONDS


SCENARIO_1 = Scenario(dtc=0.7, gtc=0.7)
"""DCASE task 4: a system that reacts fast, and so must locate well."""

SCENARIO_2 = Scenario(dtc=0.1, gtc=0.1, cttc=0.3, alpha_ct=0.5)
"""DCASE task 4: a system that must not confuse classes."""

SCENARIOS = {"scenario1": SCENARIO_1, "scenario2": SCENARIO_2}


def psds_of_scores(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    scenario: Scenario,
) -> float | None:
    """PSDS of frame scores, over all thresholds.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`) of all clips.
    reference : DataFrame
        Event table.
    durations : mapping of str to float
        Length in seconds of every clip.
    classes : sequence of str
        The classes of `scores`. Those that the reference lacks have no true positive ratio and are left out.
    scenario : Scenario
        Criteria and costs.

    Returns
    -------
    value : float or None
        Between 0 and 1; None if the reference is empty.

    Raises
    ------
    DataError, EvaluationError
        If scores and reference cannot be compared, or clips have no scores.

    Examples
    --------
    A siren is found at every threshold up to 0.9. At 0.2 and below, the first second is a false positive, which in a
    clip of ten seconds is 360 an hour, beyond where the curve ends.

    >>> from sedpool.events import events_from_rows
    >>> from sedpool.scores import frame_scores
    >>> scores = frame_scores("a.wav", np.array([[0.2], [0.1], [0.9]]), np.array([0.0, 1.0, 6.0, 10.0]), ["siren"])
    >>> reference = events_from_rows([("a.wav", 6.0, 10.0, "siren")])
    >>> psds_of_scores(scores, reference, durations={"a.wav": 10.0}, classes=["siren"], scenario=SCENARIO_1)
    1.0
    """
    truth = _Truth(reference, durations, classes, scenario)
    frames = indexed_frames(scores, durations, classes)
    return truth.area(truth.curve_of_scores(candidate_events(frames, label), label) for label in truth.labels)


def psds_of_operating_points(
    tables: Iterable[pd.DataFrame],
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    scenario: Scenario,
) -> float | None:
    """PSDS of event tables, each detected with other settings; parameters and result as of `psds_of_scores`.

    Fewer points than there are thresholds make the area smaller: compare values only if they come from the same number
    of points, or from scores.
    """
    truth = _Truth(reference, durations, classes, scenario)
    points = []
    for table in tables:
        _, estimated = comparable_events(reference.iloc[:0], table, durations=durations, classes=classes)
        points.append(truth.operating_point(indexed(estimated, durations, classes)))
    rates, found = (np.array(values) for values in zip(*points, strict=True))
    return truth.area((rates[:, label], found[:, label]) for label in truth.labels)


class _Truth:
    """The reference of all clips, and what it makes of detections."""

    def __init__(
        self, reference: pd.DataFrame, durations: Mapping[str, float], classes: Sequence[str], scenario: Scenario
    ) -> None:
        table, _ = comparable_events(reference, reference.iloc[:0], durations=durations, classes=classes)
        self.events = indexed(table, durations, classes)
        self.active = merged(self.events)
        self.scenario, self.n_classes = scenario, len(classes)
        self.hours = sum(durations.values()) / _HOUR
        self.n_ref = np.bincount(self.events.label, minlength=self.n_classes)
        active_seconds = self.active.offset - self.active.onset
        self.active_hours = np.bincount(self.active.label, active_seconds, minlength=self.n_classes) / _HOUR
        self.labels = np.flatnonzero(self.n_ref).tolist()

    def costs(self, detected: IndexedEvents) -> FloatArray:
        """By how much each detection raises its class's eFPR; 0 if it is relevant."""
        irrelevant = ~are_relevant(detected, self.active, self.scenario.dtc, self.scenario.decimals)
        costs = irrelevant / self.hours
        n_others = len(self.labels) - 1
        if self.scenario.alpha_ct and n_others > 0:
            wrong = np.flatnonzero(irrelevant)
            detection, label = cross_triggers(
                detected.select(wrong),
                self.active,
                self.scenario.cttc,
                n_classes=self.n_classes,
                decimals=self.scenario.decimals,
            )
            rates = self.scenario.alpha_ct / n_others / self.active_hours[label]
            np.add.at(costs, wrong[detection], rates)
        return np.asarray(costs)

    def operating_point(self, detected: IndexedEvents) -> tuple[FloatArray, FloatArray]:
        """Every class's eFPR and true positive ratio."""
        costs = self.costs(detected)
        found = are_found(self.events, detected.select(costs == 0), self.scenario.gtc, self.scenario.decimals)
        n_found = np.bincount(self.events.label[found], minlength=self.n_classes)
        rates = np.bincount(detected.label, costs, minlength=self.n_classes).astype(np.float64)
        return rates, n_found / np.maximum(self.n_ref, 1)

    def curve_of_scores(self, candidates: Candidates, label: int) -> Curve:
        """The curve of one class over all thresholds."""
        costs = self.costs(candidates.events)
        wrong = costs > 0
        # Going down, each threshold adds the events that appear there and takes those that disappear below it.
        threshold = np.concatenate([candidates.upper[wrong], candidates.lower[wrong]])
        cost = np.concatenate([costs[wrong], -costs[wrong]])
        found_at, found = self._changes_of_found(candidates, ~wrong)
        at, step = np.unique(np.concatenate([threshold, found_at]), return_inverse=True)
        possible = at >= 0  # an event that fills its clip disappears below every threshold

        def from_the_top(steps: IntArray, changes: FloatArray) -> FloatArray:
            sums = np.cumsum(np.bincount(steps, changes, minlength=len(at))[::-1])[::-1]
            return np.asarray(sums[possible], dtype=np.float64)

        return from_the_top(step[: len(cost)], cost), from_the_top(step[len(cost) :], found) / self.n_ref[label]

    def _changes_of_found(self, candidates: Candidates, relevant: BoolArray) -> tuple[FloatArray, FloatArray]:
        """Thresholds at which reference events begin (1) or cease (-1) to be found, going down."""
        event, candidate, seconds = overlaps(self.events, candidates.events.select(relevant))
        appears, disappears = candidates.upper[relevant][candidate], candidates.lower[relevant][candidate]
        event, threshold = np.concatenate([event, event]), np.concatenate([appears, disappears])
        order = np.lexsort((-threshold, event))
        event, threshold = event[order], threshold[order]
        # All that appears disappears again, so that the sum starts every event at 0.
        covered = np.cumsum(np.concatenate([seconds, -seconds])[order])
        ends = np.flatnonzero((np.diff(event, append=-1) != 0) | (np.diff(threshold, append=-2) != 0))
        enough_covered = enough(
            covered[ends], self.scenario.gtc, self.events.select(event[ends]), self.scenario.decimals
        )
        return threshold[ends], np.diff(enough_covered.astype(np.float64), prepend=0.0)

    def area(self, curves: Iterable[Curve]) -> float | None:
        """Area under the common curve, as a share of what is possible."""
        limit = self.scenario.max_efpr
        stairs = [_stairs(*curve, limit) for curve in curves]
        if not stairs:
            return None
        rates = np.unique(np.concatenate([rate for rate, _ in stairs]))
        widths = np.diff(rates, append=limit)
        area = 0.0
        for block in range(0, len(rates), _BLOCK):
            here = rates[block : block + _BLOCK]
            ratios = np.stack([ratio[np.searchsorted(rate, here, "right") - 1] for rate, ratio in stairs])
            common = ratios.mean(axis=0) - self.scenario.alpha_st * ratios.std(axis=0)
            area += float(np.maximum(common, 0.0) @ widths[block : block + _BLOCK])
        return area / limit


def _stairs(efpr: FloatArray, ratio: FloatArray, limit: float) -> Curve:
    """The best ratio up to each rate, from (0, 0) on."""
    rate = np.round(np.append(efpr, 0.0), _DECIMALS)
    ratio = np.append(ratio, 0.0)
    order = np.lexsort((ratio, rate))
    rate, ratio = rate[order], np.maximum.accumulate(ratio[order])
    highest = np.append(np.diff(rate) > 0, True) & (rate <= limit)
    return rate[highest], ratio[highest]
