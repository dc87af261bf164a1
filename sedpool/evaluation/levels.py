"""Every score of one table of events, as ``metrics.json`` holds them."""

from collections.abc import Mapping, Sequence

import pandas as pd

from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.event import event_metrics
from sedpool.evaluation.intersection import intersection_metrics
from sedpool.evaluation.segment import segment_metrics

LEVELS = ("segment", "event", "onset", "intersection")


def metrics_at_all_levels(
    reference: pd.DataFrame,
    estimated: pd.DataFrame,
    *,
    durations: Mapping[str, float],
    classes: Sequence[str],
    resolution: float = 1.0,
    collar: float = 0.2,
    offset_share: float = 0.2,
) -> dict[str, Metrics]:
    """``{"segment": A, "event": A, "onset": A, "intersection": A}``.

    Parameters and errors are as of `segment_metrics` and `event_metrics`. Onset is the event level without regard to
    offsets; intersection has DTC = GTC = 0.5.
    """
    return {
        "segment": segment_metrics(reference, estimated, resolution=resolution, durations=durations, classes=classes),
        "event": event_metrics(
            reference, estimated, collar=collar, offset_share=offset_share, durations=durations, classes=classes
        ),
        "onset": event_metrics(
            reference, estimated, collar=collar, offset_share=None, durations=durations, classes=classes
        ),
        "intersection": intersection_metrics(reference, estimated, durations=durations, classes=classes),
    }
