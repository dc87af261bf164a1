"""Segment- and event-based scores of one answer together, as ``metrics.json`` holds them."""

from collections.abc import Mapping, Sequence

import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.event import event_metrics
from sedpool.evaluation.segment import segment_metrics


def segment_and_event_metrics(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> dict[str, Metrics]:
    """``{"segment": A, "event": A}``; parameters and errors as of `segment_metrics` and `event_metrics`."""
    return {
        "segment": segment_metrics(reference, estimated, durations=durations, classes=classes, resolution=resolution),
        "event": event_metrics(
            reference, estimated, durations=durations, classes=classes, collar=collar, offset_share=offset_share
        ),
    }
