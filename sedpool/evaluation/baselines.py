"""What would a system score that locates nothing? Answers that cover whole clips.

On URBAN-SED the true tags, stretched over the whole clip, already reach a segment micro F1 of 0.51. A detector is
worth its name only above such rows; a method that does not beat its *own* clip decisions, stretched, locates nothing.
"""

from collections.abc import Mapping

import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.segment import segment_metrics
from sedpool.events import stretch_tags


def stretched_baselines(
    true_tags: pd.DataFrame, predicted_tags: pd.DataFrame, durations: Mapping[str, float]
) -> dict[str, pd.DataFrame]:
    """Make the event tables of three baselines that cover whole clips.

    Parameters
    ----------
    true_tags, predicted_tags : DataFrame of bool
        The clips' true classes and the system's clip decisions; one row a clip, one column a class.
    durations : mapping of str to float
        Length of every clip in seconds.

    Returns
    -------
    baselines : dict of str to DataFrame
        `oracle_tags_stretched`, `clip_decisions_stretched` and `every_class_always`.
    """
    return {
        "oracle_tags_stretched": stretch_tags(true_tags, durations),
        "clip_decisions_stretched": stretch_tags(predicted_tags, durations),
        "every_class_always": stretch_tags(true_tags | True, durations),
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
    durations = dataset.durations
    stretched = stretch_tags(dataset.tags, durations)
    return segment_metrics(
        dataset.events, stretched, durations=durations, classes=dataset.classes, resolution=resolution
    )
