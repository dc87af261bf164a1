"""What would a system score that locates nothing? Answers that cover whole clips.

On URBAN-SED the true tags, stretched over the whole clip, already reach a segment micro F1 of 0.51. A detector is
worth its name only above such rows; a method that does not beat its *own* clip decisions, stretched, locates nothing.
"""

from collections.abc import Mapping

import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.event import event_metrics
from sedpool.evaluation.segment import segment_metrics
from sedpool.events import stretch_tags


def stretched_baselines(
    reference: pd.DataFrame, true_tags: pd.DataFrame, predicted_tags: pd.DataFrame, durations: Mapping[str, float]
) -> dict[str, Metrics]:
    """Segment- and event-based metrics of three answers that cover whole clips.

    Parameters
    ----------
    reference : DataFrame
        Event table.
    true_tags, predicted_tags : DataFrame of bool
        The clips' true classes and the system's clip decisions; one row a clip, one column a class.
    durations : mapping of str to float
        Length of every clip in seconds.

    Returns
    -------
    baselines : dict
        ``{name: {"segment": A, "event": A}}`` for `oracle_tags_stretched`, `clip_decisions_stretched` and
        `every_class_always`.
    """
    answers = {
        "oracle_tags_stretched": true_tags,
        "clip_decisions_stretched": predicted_tags,
        "every_class_always": true_tags | True,
    }
    classes = list(true_tags.columns)
    baselines = {}
    for name, tags in answers.items():
        events = stretch_tags(tags, durations)
        baselines[name] = {
            "segment": segment_metrics(reference, events, durations=durations, classes=classes),
            "event": event_metrics(reference, events, durations=durations, classes=classes),
        }
    return baselines
