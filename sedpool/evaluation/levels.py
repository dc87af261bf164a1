"""The levels at which located events are counted, and when a segment or an event is right."""

from collections.abc import Iterable
from dataclasses import dataclass

from sedpool.evaluation.clip import count_clips
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import EvaluationInput
from sedpool.evaluation.event import count_events
from sedpool.evaluation.intersection import count_intersections
from sedpool.evaluation.segment import count_segments

LEVELS = ("segment", "event", "onset", "intersection")
"""Levels of located events."""


@dataclass(frozen=True)
class Criteria:
    """When a segment or an event is right.

    Attributes
    ----------
    resolution : float
        Length of a segment in seconds.
    collar : float
        Seconds by which an event's onset may be off, and its offset at least.
    offset_tolerance_ratio : float
        Share of an event's length by which its offset may be off, if that is more than `collar`.
    """

    resolution: float = 1.0
    collar: float = 0.2
    offset_tolerance_ratio: float = 0.2

    def count(self, level: str, evaluation_input: EvaluationInput) -> ClipCounts:
        """Count every clip at one level.

        Parameters
        ----------
        level : {"clip", "segment", "event", "onset", "intersection"}
            At clip level a clip has a class if it has an event of it. Onset is the event level without regard to
            offsets; intersection has DTC = GTC = 0.5.
        evaluation_input : EvaluationInput
            Reference and estimate.
        """
        match level:
            case "clip":
                return count_clips(evaluation_input)
            case "segment":
                return count_segments(evaluation_input, resolution=self.resolution)
            case "intersection":
                return count_intersections(evaluation_input)
        ratio = self.offset_tolerance_ratio if level == "event" else None
        return count_events(evaluation_input, collar=self.collar, offset_tolerance_ratio=ratio)

    def count_all(self, evaluation_input: EvaluationInput, levels: Iterable[str] = LEVELS) -> dict[str, ClipCounts]:
        """Count every clip at several levels."""
        return {level: self.count(level, evaluation_input) for level in levels}
