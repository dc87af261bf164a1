"""What a search over settings maximises: an F1 of validation clips, never of test clips."""

from typing import Any

from sedpool.datasets.base import Dataset
from sedpool.evaluation.clip import clip_metrics
from sedpool.evaluation.segment import segment_metrics
from sedpool.inference.decode import SystemOutput


def validation_objective(output: SystemOutput, validation: Dataset, *, resolution: float = 1.0) -> dict[str, Any]:
    """F1 of validation clips, decoded as set: micro F1 of segments, or macro clip F1 if they have weak labels only.

    Thresholds tuned on validation are not used: they are fitted to the very clips that are measured here, for each run
    anew, and would hide that a setting spoils the scores at 0.5, at which the headline scores are taken.

    Parameters
    ----------
    output : SystemOutput
        Scores of the clips of `validation`, with the decoder that was set.
    validation : Dataset
        The reference.
    resolution : float
        Length of a segment in seconds.

    Returns
    -------
    objective : dict
        `objective`, what was measured in words, and `f1`, which is None where it is undefined.
    """
    events = validation.known_events
    if events is None:
        clip = clip_metrics(validation.tags, output.tags)
        return {"objective": "clip F1, macro", "f1": clip["macro"]["f1"]}
    segment = segment_metrics(
        events,
        output.events,
        durations=validation.durations,
        classes=validation.classes,
        resolution=resolution,
    )
    return {"objective": f"segment F1, micro, {resolution:g} s", "f1": segment["micro"]["f1"]}
