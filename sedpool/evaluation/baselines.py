"""Between which scores does a system lie? Answers that locate nothing, and those that are right about every frame.

On URBAN-SED the true tags, stretched over the whole clip, already reach a segment micro F1 of 0.51. A detector is
worth its name only above such rows; a method that does not beat its *own* clip decisions, stretched, locates nothing.
At the other end, frames of 0.37 s cannot say when a bark of 0.3 s begins and ends, however well the network hears.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sedpool.datasets.base import Dataset
from sedpool.errors import EvaluationError
from sedpool.evaluation.averages import Metrics
from sedpool.evaluation.counts import ClipCounts
from sedpool.evaluation.evaluation_input import EvaluationInput, reference_input
from sedpool.evaluation.event_arrays import expand_ranges, in_order, merge_overlaps
from sedpool.evaluation.frames import FrameArrays
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.psds import count_psds
from sedpool.evaluation.segment import count_segments
from sedpool.inference.activity import ROUNDING, Frames, active_spans
from sedpool.regions import tag_arrays
from sedpool.runtime.arrays import BoolArray

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


def resolution_ceiling(
    evaluation_input: EvaluationInput, grid: FrameArrays, criteria: Criteria
) -> dict[str, Any] | None:
    """Score a system that is right about every frame: what the length of its frames allows.

    A frame has a class if events of it fill half of the frame or more, and frames in a row make an event.

    Parameters
    ----------
    evaluation_input : EvaluationInput
        The reference.
    grid : FrameArrays
        Frames, whose times alone count; see `sedpool.evaluation.frames.frame_grid`.
    criteria : Criteria
        When an event is right.

    Returns
    -------
    ceiling : dict or None
        `frame_seconds` (the median length of a frame), `event` (micro averages, see `Criteria`) and `psds` by scenario,
        which is empty where the lengths of clips are not known; None if a clip has no frames or all is
        unknown.
    """
    counted = evaluation_input.has_known_time[grid.clip]
    if len(np.unique(grid.clip)) < len(evaluation_input.durations) or not counted.any():
        return None
    filled = _filled(evaluation_input, grid)
    spans = active_spans(filled, Frames(grid.clip, grid.onset, grid.offset))
    ideal = in_order(
        grid.clip[spans.first],
        spans.column,
        grid.onset[spans.first],
        grid.offset[spans.last],
        classes=evaluation_input.classes,
    )
    micro = criteria.count("event", replace(evaluation_input, estimated=ideal)).metrics()["micro"]
    psds = count_psds(evaluation_input, [ideal]) if evaluation_input.lengths_known else {}
    return {
        "frame_seconds": round(float(np.median((grid.offset - grid.onset)[counted])), 6),
        "event": {name: micro[name] for name in ("f1", "precision", "recall")},
        "psds": {name: counts.psds() for name, counts in psds.items()},
    }


def _filled(evaluation_input: EvaluationInput, grid: FrameArrays) -> BoolArray:
    """Return which frames are filled by half or more with events of a class, shape (frames, classes)."""
    events, shape = merge_overlaps(evaluation_input.reference), (len(grid.clip), len(evaluation_input.classes))
    # All clips end to end on one line, so that one search finds the frames of every event.
    begin = np.cumsum(np.append(0.0, evaluation_input.lengths[:-1] + 1))
    order = np.lexsort((grid.onset, grid.clip))
    starts = (begin[grid.clip] + grid.onset)[order]
    first = np.searchsorted(starts, begin[events.clip] + events.onset, "right") - 1
    after = np.searchsorted(starts, begin[events.clip] + events.offset, "left")
    position, event = expand_ranges(np.maximum(first, 0), after)
    frame = order[position]
    shared = np.minimum(grid.offset[frame], events.offset[event]) - np.maximum(grid.onset[frame], events.onset[event])
    shared[(grid.clip[frame] != events.clip[event]) | (shared < 0)] = 0
    cells = frame * shape[1] + events.label[event]
    covered = np.bincount(cells, weights=shared, minlength=shape[0] * shape[1]).reshape(shape)
    filled: BoolArray = covered >= 0.5 * (grid.offset - grid.onset)[:, None] - ROUNDING
    return filled


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
    reference = reference_input(
        dataset.events, durations=dataset.durations, classes=dataset.classes, unknown=dataset.regions
    )
    tags, _ = tag_arrays(dataset.tags)
    return count_segments(reference.with_tags(tags), resolution=resolution).metrics()
