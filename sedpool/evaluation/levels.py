"""Every score of one table of events, as ``metrics.json`` holds them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.clip import clip_counts
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.event import event_counts
from sedpool.evaluation.intersection import intersection_counts
from sedpool.evaluation.segment import segment_counts
from sedpool.events import tags_from_events

LEVELS = ("segment", "event", "onset", "intersection")


def counts_at(
    level: str,
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_tolerance_ratio: float = 0.2,
) -> ClipCounts:
    """Counts of every clip at one level.

    Parameters
    ----------
    level : {"clip", "segment", "event", "onset", "intersection"}
        At clip level a clip has a class if it has an event of it. Onset is the event level without regard to offsets;
        intersection has DTC = GTC = 0.5.
    reference, estimated, durations, classes, resolution, collar, offset_tolerance_ratio
        As of `sedpool.evaluation.segment_metrics` and `sedpool.evaluation.event_metrics`, which also tell the errors.
    """
    if level == "clip":
        tags = (tags_from_events(events, list(durations), classes) for events in (reference, estimated))
        return clip_counts(*tags)
    common: dict[str, Any] = {"durations": durations, "classes": classes}
    if level == "segment":
        return segment_counts(reference, estimated, resolution=resolution, **common)
    if level == "intersection":
        return intersection_counts(reference, estimated, **common)
    share = offset_tolerance_ratio if level == "event" else None
    return event_counts(reference, estimated, collar=collar, offset_tolerance_ratio=share, **common)


def metrics_at_all_levels(reference: pd.DataFrame, estimated: pd.DataFrame, **settings: Any) -> dict[str, Metrics]:
    """``{"segment": A, "event": A, "onset": A, "intersection": A}``; parameters and errors as of `counts_at`."""
    return {level: counts_at(level, reference, estimated, **settings).metrics() for level in LEVELS}
