"""What would a system score that locates nothing? Answers that cover whole clips.

On URBAN-SED the true tags, stretched over the whole clip, already reach a segment micro F1 of 0.51. A detector is
worth its name only above such rows; a method that does not beat its *own* clip decisions, stretched, locates nothing.
"""

import numpy as np

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.segment import count_segments

UNDECODED = ("oracle_tags_stretched", "every_class_always")
"""Baselines that the reference alone decides."""


def baseline_inputs(evaluation_input: EvaluationInput, tags: ClipCounts) -> dict[str, EvaluationInput]:
    """Replace the estimate by events that cover whole clips: what a system that locates nothing would score.

    Parameters
    ----------
    evaluation_input : EvaluationInput
        The reference.
    tags : ClipCounts
        Counts of clip decisions, which hold the true and the predicted classes of the same clips.

    Returns
    -------
    inputs : dict of str to EvaluationInput
        `oracle_tags_stretched` (the true tags), `clip_decisions_stretched` (the predicted ones) and
        `every_class_always`.
    """
    everything = np.ones_like(tags.n_ref, dtype=bool)
    return {
        "oracle_tags_stretched": evaluation_input.with_tags(tags.n_ref > 0),
        "clip_decisions_stretched": evaluation_input.with_tags(tags.n_sys > 0),
        "every_class_always": evaluation_input.with_tags(everything),
    }


def stretched_tags_score(dataset: Dataset, *, resolution: float = 1.0) -> Metrics:
    """Segment-based score of the true tags stretched over the clip: how much of a corpus needs no localisation.

    Parameters
    ----------
    dataset : Dataset
        Its clips with events are scored.
    resolution : float
        Length of a segment in seconds.

    Raises
    ------
    EvaluationError
        If it has no events.
    """
    dataset = dataset.with_events()
    if dataset.events is None:
        raise EvaluationError(f"dataset {dataset.name}: only weak labels; locating cannot be scored")
    reference = reference_input(dataset.events, durations=dataset.durations, classes=dataset.classes)
    tags = dataset.tags.to_numpy(dtype=bool)
    return count_segments(reference.with_tags(tags), resolution=resolution).metrics()
