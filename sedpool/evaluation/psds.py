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
import numpy.typing as npt
import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import ratio
from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.event_arrays import EventArrays, concatenated
from sedpool.evaluation.frames import FrameArrays, frame_arrays
from sedpool.evaluation.psds_curves import ClassCurve, CountDeltas, Curve, common_area
from sedpool.evaluation.psds_reference import PsdsReference
from sedpool.evaluation.scenarios import SCENARIO_1, SCENARIOS, Scenario
from sedpool.evaluation.threshold_candidates import ThresholdCandidates, threshold_candidates
from sedpool.runtime.arrays import Float64Array, IntArray

_HOUR = 3600.0


def psds_of_scores(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    scenario: Scenario,
) -> float | None:
    """Compute the PSDS of frame scores, over all thresholds.

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

    >>> from sedpool.evaluation.scenarios import SCENARIO_1
    >>> from sedpool.events import events_from_rows
    >>> from sedpool.scores import frame_scores
    >>> scores = frame_scores("a.wav", np.array([[0.2], [0.1], [0.9]]), np.array([0.0, 1.0, 6.0, 10.0]), ["siren"])
    >>> reference = events_from_rows([("a.wav", 6.0, 10.0, "siren")])
    >>> psds_of_scores(scores, reference, durations={"a.wav": 10.0}, classes=["siren"], scenario=SCENARIO_1)
    1.0
    """
    evaluation_input = reference_input(reference, durations=durations, classes=classes)
    frames = frame_arrays(scores, durations, classes)
    return count_psds(evaluation_input, frames, {"": scenario})[""].psds()


def psds1(scores: pd.DataFrame, dataset: Dataset) -> float | None:
    """Compute the PSDS of frame scores against a Dataset, in DCASE's first scenario.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`) of the clips of `dataset` whose events are known; others are left out.
    dataset : Dataset
        The reference.

    Returns
    -------
    value : float or None
        Between 0 and 1; None if there is no event.

    Raises
    ------
    DataError, EvaluationError
        If scores and reference cannot be compared, or there are only weak labels.
    """
    dataset = dataset.select(dataset.clips.loc[dataset.located, "filename"].tolist())
    if dataset.events is None or not len(dataset):
        raise EvaluationError(f"dataset {dataset.name}: only weak labels; locating cannot be scored")
    reference = reference_input(
        dataset.events, durations=dataset.durations, classes=dataset.classes, unknown=dataset.regions
    )
    frames = frame_arrays(scores[scores["filename"].isin(reference.filenames)], reference.durations, reference.classes)
    return count_psds(reference, frames, {"": SCENARIO_1})[""].psds()


def psds_by_class(
    scores: pd.DataFrame,
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    scenario: Scenario,
) -> dict[str, float]:
    """Compute the area under the curve of each class by itself, by class name; see `psds_of_scores`.

    Classes that the reference lacks are left out. The mean of the others is the PSDS with ``alpha_st=0``.
    """
    evaluation_input = reference_input(reference, durations=durations, classes=classes)
    counted = count_psds(evaluation_input, frame_arrays(scores, durations, classes), {"": scenario})[""]
    return {evaluation_input.classes[label]: area for label, area in counted.areas().items()}


def pi_psds(
    versions: Iterable[pd.DataFrame],
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    scenario: Scenario,
) -> float | None:
    """Compute the PSDS that does not depend on post-processing (piPSDS).

    The curve of each class takes at every rate of false alarms the best of several post-processings, e.g. median
    filters of several lengths, each at all its thresholds.

    Parameters
    ----------
    versions : iterable of DataFrame
        Frame scores (see `sedpool.scores`) of all clips after each post-processing.
    reference, durations, classes, scenario
        See `psds_of_scores`.

    References
    ----------
    .. [1] J. Ebbers, R. Haeb-Umbach, R. Serizel, "Post-processing independent evaluation of sound event detection
       systems", DCASE workshop 2023.
    """
    evaluation_input = reference_input(reference, durations=durations, classes=classes)
    return best_of_versions(
        [
            count_psds(evaluation_input, frame_arrays(scores, durations, classes), {"": scenario})[""]
            for scores in versions
        ]
    )


def best_of_versions(versions: Sequence["PsdsCounts"]) -> float | None:
    """Compute the PSDS of curves that take the best of several post-processings; see `pi_psds`."""
    points: dict[int, list[Curve]] = {}
    for counted in versions:
        for label, curve in counted.points().items():
            points.setdefault(label, []).append(curve)
    curves = [(np.concatenate([r for r, _ in few]), np.concatenate([f for _, f in few])) for few in points.values()]
    scenario = versions[0].scenario
    value = common_area(curves, limit=scenario.max_efpr, alpha_st=scenario.alpha_st)
    return None if np.isnan(value) else value


def psds_of_operating_points(
    tables: Iterable[pd.DataFrame],
    reference: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    scenario: Scenario,
) -> float | None:
    """Compute the PSDS of event tables, each detected with other settings; see `psds_of_scores`.

    Fewer points than there are thresholds make the area smaller: compare values only if they come from the same number
    of points, or from scores.
    """
    evaluation_input = reference_input(reference, durations=durations, classes=classes)
    points = [evaluation_input.with_estimated(table).estimated for table in tables]
    return count_psds(evaluation_input, points, {"": scenario})[""].psds()


def count_psds(
    evaluation_input: EvaluationInput,
    detected: FrameArrays | Mapping[int, ThresholdCandidates] | Sequence[EventArrays],
    scenarios: Mapping[str, Scenario] = SCENARIOS,
) -> dict[str, "PsdsCounts"]:
    """Count what each clip adds to the curves of each scenario; events that end when they start are left out.

    Parameters
    ----------
    evaluation_input : EvaluationInput
        The reference, its clips and classes.
    detected : FrameArrays, mapping of int to ThresholdCandidates or sequence of EventArrays
        Frame scores, for every threshold there is; events with the thresholds at which they exist, by the number of
        the class; or the events of each operating point.
    scenarios : mapping of str to Scenario
        Criteria and costs; the two of DCASE by default.
    """
    references = {name: PsdsReference(evaluation_input, scenario) for name, scenario in scenarios.items()}
    deltas: dict[str, dict[int, CountDeltas]] = {name: {} for name in scenarios}
    if isinstance(detected, FrameArrays | Mapping):
        for label in np.flatnonzero(np.bincount(evaluation_input.known_reference.lasting().label)).tolist():
            candidates = detected[label] if isinstance(detected, Mapping) else threshold_candidates(detected, label)
            for name, reference in references.items():
                deltas[name][label] = reference.deltas_of_scores(candidates)
    else:
        for name, reference in references.items():
            points = [reference.deltas_of_point(events, number) for number, events in enumerate(detected)]
            deltas[name] = {label: concatenated([point[label] for point in points]) for label in reference.labels}
    unknown = evaluation_input.unknown_time
    known_seconds = np.tile(evaluation_input.lengths, (len(evaluation_input.classes), 1))
    np.subtract.at(known_seconds, (unknown.label, unknown.clip), unknown.offset - unknown.onset)
    return {
        name: PsdsCounts(
            evaluation_input.filenames,
            reference.scenario,
            known_seconds / _HOUR,
            reference.n_ref,
            reference.active_seconds / _HOUR,
            {label: ClassCurve(changes, len(evaluation_input.filenames)) for label, changes in deltas[name].items()},
        )
        for name, reference in references.items()
    }


@dataclass(frozen=True)
class PsdsCounts:
    """Counts of every clip at every operating point: all that PSDS needs.

    Attributes
    ----------
    filenames : tuple of str
        The clips.
    scenario : Scenario
        Criteria and costs.
    hours : ndarray, shape (classes, clips)
        Lengths of the clips, without the time in which it is not known whether the class sounds.
    n_ref : ndarray of int, shape (clips, classes)
        Reference events.
    active_hours : ndarray, shape (clips, classes)
        How long each class sounds.
    curves : mapping of int to ClassCurve
        By the number of the class, where the reference has it.
    """

    filenames: tuple[str, ...]
    scenario: Scenario
    hours: Float64Array
    n_ref: IntArray
    active_hours: Float64Array
    curves: Mapping[int, ClassCurve]

    def psds(self) -> float | None:
        """Compute the PSDS of all clips; None if the reference is empty."""
        value = float(self.weighted(np.ones((1, len(self.filenames))))[0])
        return None if np.isnan(value) else value

    def weighted(self, weights: npt.ArrayLike) -> Float64Array:
        """Compute the PSDS of resamples, in which each clip counts as often as its weight says.

        Parameters
        ----------
        weights : array_like, shape (resamples, clips)
            Whole numbers.

        Returns
        -------
        values : ndarray, shape (resamples,)
            NaN where no reference event is left.

        Raises
        ------
        EvaluationError
            If there is not one weight per clip.
        """
        rows = np.asarray(weights, dtype=np.float64)
        if rows.shape[-1] != len(self.filenames):
            raise EvaluationError(
                f"weights of {rows.shape[-1]} clips for counts of {len(self.filenames)}; expected one per clip"
            )
        n_ref, prices = rows @ self.n_ref, self._prices(rows)
        curves = {label: curve.weighted(rows, prices[label]) for label, curve in self.curves.items()}

        def area(row: int) -> float:
            present = [
                (rates[row], found[row] / n_ref[row, label])
                for label, (rates, found) in curves.items()
                if n_ref[row, label]
            ]
            return common_area(present, limit=self.scenario.max_efpr, alpha_st=self.scenario.alpha_st)

        return np.array([area(row) for row in range(len(rows))])

    def points(self) -> dict[int, Curve]:
        """Return rates of false alarms and true positive ratios of all clips, by the number of the class."""
        rows = np.ones((1, len(self.filenames)))
        n_ref, prices = rows @ self.n_ref, self._prices(rows)
        weighted = {label: curve.weighted(rows, prices[label]) for label, curve in self.curves.items()}
        return {label: (rates[0], found[0] / n_ref[0, label]) for label, (rates, found) in weighted.items()}

    def areas(self) -> dict[int, float]:
        """Return the area under the curve of each class by itself, by the number of the class."""
        limit = self.scenario.max_efpr
        return {label: common_area([curve], limit=limit, alpha_st=0.0) for label, curve in self.points().items()}

    @property
    def n_points(self) -> int:
        """Operating points of all classes together."""
        return sum(curve.n_points for curve in self.curves.values())

    def _prices(self, weights: Float64Array) -> dict[int, Float64Array]:
        """Compute by how much each kind of change raises the eFPR, by class, shape (resamples, kinds)."""
        counted = self.hours.any(axis=0)  # clips of which all is unknown would change the last bits of sums
        weights = weights if counted.all() else np.ascontiguousarray(weights[:, counted])
        n_others = np.count_nonzero(weights @ self.n_ref[counted], axis=1) - 1
        active_hours = weights @ self.active_hours[counted]
        of_cross_trigger = self.scenario.alpha_ct * ratio(1.0, n_others[:, None] * active_hours)
        prices = {}
        for label in self.curves:
            of_false_positive = ratio(1.0, weights @ self.hours[label, counted])
            # In the order of the kinds: what is found costs nothing, and without another class nothing cross-triggers.
            columns = np.zeros_like(of_false_positive), of_false_positive, np.nan_to_num(of_cross_trigger)
            prices[label] = np.column_stack(columns)
        return prices
