"""Every event that some threshold makes of frame scores, each once, with the thresholds at which it exists.

A span of frames is an event at threshold ``t`` if ``t`` is above both neighbours and no frame is below it. A class of
``n`` frames has at most ``n`` such spans over all thresholds, one for each frame that is the first lowest of its span.
"""

from dataclasses import dataclass

import numpy as np

from sedpool.evaluation.event_arrays import EventArrays
from sedpool.evaluation.frames import FrameArrays
from sedpool.runtime.arrays import Float64Array, IntArray

_OUTSIDE = -1.0  # below every score: what lies before and after a clip


@dataclass(frozen=True)
class ThresholdCandidates:
    """The events that thresholds make of one class, and the thresholds at which each exists.

    Attributes
    ----------
    events : EventArrays
        In the order of their lowest frames.
    lower, upper : ndarray of float, shape (events,)
        An event exists at the thresholds above `lower`, up to and with `upper`.
    """

    events: EventArrays
    lower: Float64Array
    upper: Float64Array


def threshold_candidates(frames: FrameArrays, label: int) -> ThresholdCandidates:
    """Find the events that any threshold makes of the scores of one class.

    Parameters
    ----------
    frames : FrameArrays
        Frame scores.
    label : int
        Number of the class.
    """
    # Put a wall of scores that no threshold reaches before each clip and at the end; `place` is where frames are.
    n_frames = len(frames.clip)
    place = np.arange(n_frames) + np.cumsum(frames.first)
    scores = np.full(n_frames + int(frames.first.sum()) + 1, _OUTSIDE)
    scores[place] = frames.probabilities[label]

    # Each frame is the lowest of one event, which ends where scores are lower; of equal ones, the first stands for it.
    before = _nearest(scores, place, -1, np.less_equal)
    after = _nearest(scores, place, 1, np.less)
    lowest = np.flatnonzero(scores[before] < scores[place])
    before, after = before[lowest], after[lowest]

    frame_at = np.zeros(len(scores), dtype=np.int64)
    frame_at[place] = np.arange(n_frames)
    begin, last = frame_at[before + 1], frame_at[after - 1]
    events = EventArrays(frames.clip[begin], np.full(len(begin), label), frames.onset[begin], frames.offset[last])
    return ThresholdCandidates(events, np.maximum(scores[before], scores[after]), scores[place][lowest])


def _nearest(scores: Float64Array, place: IntArray, step: int, fits: np.ufunc) -> IntArray:
    """Where each score's nearest neighbour is, in the direction of `step`, for which ``fits(neighbour, score)``.

    A neighbour that does not fit hides what does not fit it, so all scores look on from there at once: a few rounds
    suffice, since the distances double.
    """
    nearest = np.arange(len(scores)) + step
    seeking = place
    while len(seeking):
        seeking = seeking[~fits(scores[nearest[seeking]], scores[seeking])]
        nearest[seeking] = nearest[nearest[seeking]]
    return nearest[place]
