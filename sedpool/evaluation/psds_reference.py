"""What do the detections in each clip find, and what do they cost? The changes of counts behind PSDS."""

import numpy as np

from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.event_arrays import EventArrays, concatenated, counted, merge_overlaps, overlaps
from sedpool.evaluation.intersection import are_found, are_relevant, cross_triggers, enough, possible_time
from sedpool.evaluation.psds_curves import CROSS, FALSE, FOUND, CountDeltas
from sedpool.evaluation.scenarios import Scenario
from sedpool.evaluation.threshold_candidates import ThresholdCandidates
from sedpool.runtime.arrays import BoolArray, IntArray


class PsdsReference:
    """The reference of all clips, which turns detections into changes of counts."""

    def __init__(self, evaluation_input: EvaluationInput, scenario: Scenario) -> None:
        self.events, shape = evaluation_input.known_reference.lasting(), evaluation_input.shape
        self.active, self.possible = merge_overlaps(self.events), possible_time(evaluation_input)
        self.n_classes, self.scenario = shape[1], scenario
        self.n_ref = counted(self.events.clip, self.events.label, shape)
        self.active_seconds = np.zeros(shape)
        np.add.at(self.active_seconds, (self.active.clip, self.active.label), self.active.offset - self.active.onset)
        self.labels = np.flatnonzero(self.n_ref.any(axis=0)).tolist()

    def deltas_of_point(self, detected: EventArrays, number: int) -> dict[int, CountDeltas]:
        """Return the changes by class: up at this operating point, and down again at the next."""
        detected = detected.lasting()
        relevant, wrong, kind = self._judged(detected)
        found = are_found(self.events, detected.select(relevant), self.scenario.gtc, self.scenario.decimals)
        clip = np.concatenate([self.events.clip[found], detected.clip[wrong]])
        label = np.concatenate([self.events.label[found], detected.label[wrong]])
        kind = np.concatenate([np.full(np.count_nonzero(found), FOUND), kind])
        deltas = {}
        for one in self.labels:
            chosen = np.flatnonzero(label == one)
            # Up at this point and down at the next; the first is at 0, as the lowest threshold is.
            threshold = np.repeat([float(number), number - 1.0], len(chosen))
            change = np.repeat([1.0, -1.0], len(chosen))
            deltas[one] = CountDeltas(threshold, np.tile(clip[chosen], 2), np.tile(kind[chosen], 2), change)
        return deltas

    def deltas_of_scores(self, candidates: ThresholdCandidates) -> CountDeltas:
        """Return the changes of one class over all thresholds."""
        relevant, wrong, kind = self._judged(candidates.events)
        # Going down, each threshold adds the events that appear there and takes those that disappear below it.
        threshold = np.concatenate([candidates.upper[wrong], candidates.lower[wrong]])
        change = np.repeat([1.0, -1.0], len(wrong))
        costs = CountDeltas(threshold, np.tile(candidates.events.clip[wrong], 2), np.tile(kind, 2), change)
        return concatenated([costs, self._deltas_of_found(candidates, relevant)])

    def _judged(self, detected: EventArrays) -> tuple[BoolArray, IntArray, IntArray]:
        """Return which detections are relevant, and the numbers of the others, once for each kind of cost."""
        scenario = self.scenario
        relevant = are_relevant(detected, self.possible, scenario.dtc, scenario.decimals)
        wrong = np.flatnonzero(~relevant)
        kind = np.full(len(wrong), FALSE)
        if scenario.alpha_ct:
            detection, label = cross_triggers(
                detected.select(wrong),
                self.active,
                scenario.cttc,
                n_classes=self.n_classes,
                decimals=scenario.decimals,
            )
            wrong, kind = np.append(wrong, wrong[detection]), np.append(kind, CROSS + label)
        return relevant, wrong, kind

    def _deltas_of_found(self, candidates: ThresholdCandidates, relevant: BoolArray) -> CountDeltas:
        """Find the thresholds at which reference events begin (1) or cease (-1) to be found, going down."""
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
        change = np.diff(enough_covered.astype(np.float64), prepend=0.0)
        return CountDeltas(threshold[ends], self.events.clip[event[ends]], np.full(len(ends), FOUND), change)
