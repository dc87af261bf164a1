"""What do frame scores say over all thresholds, beside PSDS itself? The part of ``metrics.json`` that none decides."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.event_arrays import EventArrays
from sedpool.evaluation.event_curves import event_ranking
from sedpool.evaluation.frames import FrameArrays
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.psds import PsdsCounts, best_of_versions, count_psds
from sedpool.evaluation.scenarios import SCENARIOS, Scenario
from sedpool.evaluation.threshold_candidates import ThresholdCandidates
from sedpool.evaluation.tuning import WINDOWS
from sedpool.inference.activity import Frames, smooth
from sedpool.inference.decode import SystemOutput

NOTHING: Mapping[str, Any] = {"event_ranking": None, "psds_by_class": {}}
"""What `curve_metrics` would say without times or scores."""


def curve_metrics(
    reference: EvaluationInput,
    frames: FrameArrays | None,
    criteria: Criteria,
    psds: Mapping[str, PsdsCounts],
) -> dict[str, Any]:
    """Measure how well frame scores rank events, and the PSDS of each class.

    Parameters
    ----------
    reference : EvaluationInput
        The reference.
    frames : FrameArrays or None
        Frame scores of all its classes; None to rank no events.
    criteria : Criteria
        When an event is right.
    psds : mapping of str to PsdsCounts
        By scenario.

    Returns
    -------
    metrics : dict
        `event_ranking` as of `sedpool.evaluation.event_ranking_metrics`, None where there are no scores;
        `psds_by_class` by scenario: ``{"mean", "class_wise": {label: area}}``, the mean being the PSDS without a
        deviation over classes (``alpha_st=0``).
    """
    ranked = None
    if frames is not None:
        ranked = event_ranking(
            reference, frames, collar=criteria.collar, offset_tolerance_ratio=criteria.offset_tolerance_ratio
        )
    by_class = {}
    for name, counted in psds.items():
        areas = {reference.classes[label]: area for label, area in counted.areas().items()}
        by_class[name] = {"mean": float(np.mean(list(areas.values()))) if areas else None, "class_wise": areas}
    return {"event_ranking": ranked, "psds_by_class": by_class}


def pi_psds_of_filters(
    reference: EvaluationInput, frames: FrameArrays, scenarios: Mapping[str, Scenario] = SCENARIOS
) -> dict[str, float | None]:
    """Compute the piPSDS of frame scores over the median filters that tuning tries, by scenario.

    Parameters
    ----------
    reference : EvaluationInput
        The reference.
    frames : FrameArrays
        Frame scores without a filter.
    scenarios : mapping of str to Scenario
        Criteria and costs.
    """
    # A clip of which nothing is known must not decide how many frames a filter has.
    frames = frames.select(reference.has_known_time[frames.clip])
    axis = Frames(frames.clip, frames.onset, frames.offset)
    versions: dict[str, list[PsdsCounts]] = {name: [] for name in scenarios}
    for seconds in WINDOWS:
        values = smooth(frames.probabilities.T, axis, np.full(len(frames.probabilities), seconds))
        for name, counted in count_psds(reference, replace(frames, probabilities=values.T), scenarios).items():
            versions[name].append(counted)
    return {name: best_of_versions(few) for name, few in versions.items()}


def psds_of_boxes(
    reference: EvaluationInput, output: SystemOutput, scenarios: Mapping[str, Scenario] = SCENARIOS
) -> dict[str, float | None]:
    """Compute the PSDS of sound event bounding boxes, by scenario; empty where a decoder makes none.

    No threshold moves a box: it stands at every threshold up to its confidence.

    Parameters
    ----------
    reference : EvaluationInput
        The reference.
    output : SystemOutput
        Scores, and the decoder that makes the boxes.
    scenarios : mapping of str to Scenario
        Criteria and costs.
    """
    if output.decoder.box_filter is None:
        return {}
    boxes = replace(output, decoder=replace(output.decoder, threshold=0.0)).events
    clip, label = (
        pd.Index(names).get_indexer(pd.Index(boxes[column]))
        for names, column in ((reference.filenames, "filename"), (reference.classes, "event_label"))
    )
    onset = boxes["onset"].to_numpy()
    offset = np.minimum(boxes["offset"].to_numpy(), reference.lengths[clip])
    candidates = {}
    for number in range(len(reference.classes)):
        rows = np.flatnonzero((label == number) & (offset > onset))
        rows = rows[np.lexsort((offset[rows], onset[rows], clip[rows]))]
        events = EventArrays(clip[rows], label[rows], onset[rows], offset[rows])
        candidates[number] = ThresholdCandidates(
            events, np.full(len(rows), -1.0), boxes["confidence"].to_numpy(dtype=np.float64)[rows]
        )
    return {name: counted.psds() for name, counted in count_psds(reference, candidates, scenarios).items()}
