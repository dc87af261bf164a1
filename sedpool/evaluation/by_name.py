"""Any metric by its name: what `sedpool evaluate` offers."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.clip import clip_counts
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.event import event_counts
from sedpool.evaluation.intersection import intersection_counts
from sedpool.evaluation.material import Material
from sedpool.evaluation.psds import SCENARIO_1, SCENARIO_2, psds_of_operating_points, psds_of_scores
from sedpool.evaluation.segment import segment_counts
from sedpool.evaluation.validation import refuse_unknown_files
from sedpool.events import clip_to_duration, tags_from_events

Level = Literal["clip", "segment", "event", "onset", "intersection"]
LEVELS: tuple[Level, ...] = get_args(Level)
SCENARIOS = {"scenario1": SCENARIO_1, "scenario2": SCENARIO_2}


def counts_at(
    level: Level, material: Material, *, resolution: float = 1.0, collar: float = 0.2, offset_share: float = 0.2
) -> ClipCounts:
    """Counts of every clip at one level.

    Parameters
    ----------
    level : {"clip", "segment", "event", "onset", "intersection"}
        Of these, `clip` asks whether a clip has a class at all, `onset` is `event` without regard to offsets, and
        `intersection` has DTC = GTC = 0.5.
    material : Material
        What is compared.
    resolution, collar, offset_share : float
        See `sedpool.evaluation.segment_metrics` and `sedpool.evaluation.event_metrics`.
    """
    if level == "clip":
        tags = (
            tags_from_events(events, list(material.durations), material.classes)
            for events in (material.reference, material.estimated)
        )
        return clip_counts(*tags)
    tables = (material.reference, material.estimated)
    common: dict[str, Any] = {"durations": material.durations, "classes": material.classes}
    if level == "segment":
        return segment_counts(*tables, resolution=resolution, **common)
    if level == "intersection":
        return intersection_counts(*tables, **common)
    return event_counts(*tables, collar=collar, offset_share=offset_share if level == "event" else None, **common)


def psds_at(
    material: Material, *, scores: pd.DataFrame | None = None, operating_points: Sequence[pd.DataFrame] = ()
) -> dict[str, float | None]:
    """PSDS in both DCASE scenarios, of frame scores at all thresholds or else of operating points.

    Raises
    ------
    EvaluationError
        If there are neither scores nor operating points, or the lengths of the clips are not known: PSDS counts false
        alarms an hour.
    """
    if scores is None and not operating_points:
        raise EvaluationError(
            "psds: it needs scores, or events at many thresholds; give --scores or --operating-points"
        )
    if not material.lengths_known:
        raise EvaluationError("psds: it counts false alarms an hour and so needs the clips' lengths; give --durations")
    common: dict[str, Any] = {"durations": material.durations, "classes": material.classes}
    if scores is not None:
        return {
            name: psds_of_scores(scores, material.reference, scenario=scenario, **common)
            for name, scenario in SCENARIOS.items()
        }
    inside = [_inside(table, material.durations) for table in operating_points]
    return {
        name: psds_of_operating_points(inside, material.reference, scenario=scenario, **common)
        for name, scenario in SCENARIOS.items()
    }


def _inside(events: pd.DataFrame, durations: Mapping[str, float]) -> pd.DataFrame:
    refuse_unknown_files(events["filename"].unique(), durations, source="operating points")
    return clip_to_duration(events, durations)[0]
