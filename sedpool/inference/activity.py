"""When is each class active? Spans of frames in score tables, as arrays: what `sedpool.inference.decode` builds on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.ndimage import median_filter

from sedpool.errors import DataError
from sedpool.events import LATEST
from sedpool.runtime.arrays import BoolArray, Float64Array, IntArray

ROUNDING = 1e-6  # seconds; frame edges are computed in floating point


@dataclass(frozen=True)
class Frames:
    """Return the time axis of frame scores.

    Attributes
    ----------
    file : ndarray of int, shape (rows,)
        Number of each row's file. The files may stand in any order; each is one stretch of time.
    onset, offset : ndarray of float, shape (rows,)
        Seconds.

    Raises
    ------
    DataError
        If the rows of a file do not follow each other.
    """

    file: IntArray
    onset: Float64Array
    offset: Float64Array

    def __post_init__(self) -> None:
        if self.begins.sum() != np.count_nonzero(np.bincount(self.file)):
            raise DataError("scores: the rows of a file do not follow each other; sort them by filename and onset")

    @property
    def begins(self) -> BoolArray:
        """Which rows are the first of their file."""
        return np.asarray(np.diff(self.file, prepend=-1) != 0)

    @property
    def step(self) -> float:
        """Usual length of a frame in seconds; a file's last one may differ."""
        return float(np.median(self.offset - self.onset))


@dataclass(frozen=True)
class ActiveSpans:
    """Spans of time in which classes are active, by class and then time.

    Attributes
    ----------
    column : ndarray of int, shape (spans,)
        Number of the class.
    first, last : ndarray of int, shape (spans,)
        First and last active row.
    """

    column: IntArray
    first: IntArray
    last: IntArray

    def where(self, keep: BoolArray) -> "ActiveSpans":
        """Select spans by a mask."""
        return ActiveSpans(self.column[keep], self.first[keep], self.last[keep])


def frames_of(scores: pd.DataFrame) -> Frames:
    """Return the time axis of frame scores.

    Raises
    ------
    DataError
        If a time is negative, not finite or later than `sedpool.events.LATEST`, a frame does not end after it starts,
        or a file's rows are scattered, out of order or leave gaps.
    """
    codes, filenames = pd.factorize(scores["filename"])
    onset, offset = (scores[name].to_numpy(dtype=np.float64) for name in ("onset", "offset"))
    wrong = ~((onset >= 0) & (offset > onset) & (offset <= LATEST))  # NaN is wrong too
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"scores: {filenames[codes[row]]} has a frame from {onset[row]} s to {offset[row]} s; expected seconds "
            f"from 0 to {LATEST:g}, and an end after the start"
        )
    frames = Frames(codes.astype(np.int64), onset, offset)
    jump = (np.abs(onset[1:] - offset[:-1]) > ROUNDING) & ~frames.begins[1:]
    if jump.any():
        row = int(jump.argmax())
        raise DataError(
            f"scores: {filenames[codes[row]]} jumps from {offset[row]} s to {onset[row + 1]} s; expected frames "
            "without gaps, in the order of time"
        )
    return frames


def smooth(probabilities: npt.NDArray[np.floating], frames: Frames, seconds: Float64Array) -> npt.NDArray[np.floating]:
    """Median filter over time within each file, mirrored at its ends.

    Parameters
    ----------
    probabilities : ndarray, shape (rows, classes)
        Scores.
    frames : Frames
        Their time axis.
    seconds : ndarray of float, shape (classes,)
        Length of each class's window, rounded to the nearest odd number of frames; one frame leaves a class as it is.
    """
    if not len(probabilities):
        return probabilities
    windows = odd_windows(seconds, frames.step)
    smoothed = probabilities.copy()
    begins = np.flatnonzero(frames.begins)
    lengths = np.diff(begins, append=len(probabilities))
    for length in np.unique(lengths):  # files with equally many frames at once: rows has the shape (files, frames)
        rows = begins[lengths == length][:, None] + np.arange(length)
        smoothed[rows] = filter_over_time(probabilities[rows], windows)
    return smoothed


def filter_over_time(probabilities: npt.NDArray[np.floating], windows: IntArray) -> npt.NDArray[np.floating]:
    """Median filter over time, mirrored at the ends.

    Parameters
    ----------
    probabilities : ndarray, shape (files, frames, classes)
        Scores.
    windows : ndarray of int, shape (classes,)
        Length of each class's window in frames, odd; 1 leaves a class as it is.
    """
    smoothed = probabilities.copy()
    for window in np.unique(windows[windows > 1]):
        columns = windows == window
        smoothed[..., columns] = median_filter(probabilities[..., columns], size=(1, int(window), 1), mode="reflect")
    return smoothed


def odd_windows(seconds: Float64Array, step: float) -> IntArray:
    """Return lengths in seconds as the nearest odd numbers of frames of `step` seconds."""
    windows: IntArray = 2 * np.rint(np.maximum(seconds / step - 1, 0) / 2).astype(np.int64) + 1
    return windows


def active_spans(active: BoolArray, frames: Frames) -> ActiveSpans:
    """Find the spans of neighbouring active frames, by class and within a file.

    Parameters
    ----------
    active : ndarray of bool, shape (rows, classes)
        Which frames are active.
    frames : Frames
        Their time axis.
    """
    begins = frames.begins[:, None]
    before = np.roll(active, 1, axis=0) & ~begins
    after = np.roll(active & ~begins, -1, axis=0)
    # Transposed, both lists run through one class after another, so the n-th start belongs to the n-th end.
    columns, starts = np.nonzero((active & ~before).T)
    _, ends = np.nonzero((active & ~after).T)
    return ActiveSpans(columns, starts, ends)


def apply_hysteresis(found: ActiveSpans, peaks: BoolArray) -> ActiveSpans:
    """Keep the spans with at least one frame in `peaks`, shape (rows, classes)."""
    seen = np.vstack([np.zeros_like(peaks[:1], dtype=np.int64), np.cumsum(peaks, axis=0)])
    return found.where(seen[found.last + 1, found.column] > seen[found.first, found.column])


def merge_gaps(found: ActiveSpans, frames: Frames, max_gap: Float64Array) -> ActiveSpans:
    """Merge the spans of a class and file with pauses of at most `max_gap` seconds, shape (classes,), between them."""
    if not len(found.column):
        return found
    pause = frames.onset[found.first[1:]] - frames.offset[found.last[:-1]]
    beside = (np.diff(found.column) == 0) & (np.diff(frames.file[found.first]) == 0)
    close = beside & (pause <= max_gap[found.column[1:]] + ROUNDING)
    begins, ends = np.append(True, ~close), np.append(~close, True)
    return ActiveSpans(found.column[begins], found.first[begins], found.last[ends])


def drop_short(found: ActiveSpans, frames: Frames, min_duration: Float64Array) -> ActiveSpans:
    """Drop the spans shorter than `min_duration` seconds, shape (classes,)."""
    duration = frames.offset[found.last] - frames.onset[found.first]
    return found.where(duration >= min_duration[found.column] - ROUNDING)


def highest(probabilities: npt.NDArray[np.floating], found: ActiveSpans) -> npt.NDArray[np.floating]:
    """Return the highest probability of its class in each span; `probabilities` has the shape (rows, classes)."""
    if not len(found.column):
        return np.empty(0)
    rows = len(probabilities)
    by_class = np.append(probabilities.T, 0)  # one class after another; an end may be one past the last
    bounds = np.stack([found.column * rows + found.first, found.column * rows + found.last + 1], axis=1)
    return np.asarray(np.maximum.reduceat(by_class, bounds.ravel())[::2])


def bounding_boxes(
    probabilities: npt.NDArray[np.floating],
    frames: Frames,
    seconds: Float64Array,
    merge_drop: Float64Array,
    merge_share: Float64Array,
) -> ActiveSpans:
    """Find where scores rise and fall, whatever their level, and make a span of each rise and the fall after it.

    At every edge between frames, and at a clip's ends, the mean score of the frames that follow is compared with that
    of the frames before, those outside the clip being 0. While what follows is higher, scores rise: the span begins
    where the difference is largest. It ends where the difference is lowest in the fall that follows. A pause is filled
    if its mean score is close to the higher one of its neighbours'. The idea is that of sound event bounding boxes
    (Ebbers, Germain, Wichern and Le Roux 2024); here each pause is judged by the spans as they were found.

    Parameters
    ----------
    probabilities : ndarray, shape (rows, classes)
        Scores.
    frames : Frames
        Their time axis.
    seconds : ndarray of float, shape (classes,)
        Length of the difference filter, half of it before an edge and half of it after, each of a frame at least.
    merge_drop : ndarray of float, shape (classes,)
        A pause is filled only if its score is lower by less than this.
    merge_share : ndarray of float, shape (classes,)
        A pause is filled only if its score is at least this share.
    """
    halves = np.maximum(np.rint(seconds / frames.step / 2), 1).astype(np.int64)
    found = [_rises_and_falls(probabilities[:, c], frames, int(half)) for c, half in enumerate(halves)]
    columns = np.repeat(np.arange(len(found)), [len(first) for first, _ in found])
    boxes = ActiveSpans(columns, *(np.concatenate([pair[side] for pair in found]) for side in (0, 1)))
    if not len(boxes.column):
        return boxes
    level = mean_within(probabilities, boxes)
    pauses = ActiveSpans(boxes.column[1:], boxes.last[:-1] + 1, boxes.first[1:] - 1)
    beside = (np.diff(boxes.column) == 0) & (np.diff(frames.file[boxes.first]) == 0)
    higher = np.maximum(level[:-1], level[1:])[beside]
    between, column = mean_within(probabilities, pauses.where(beside)), boxes.column[1:][beside]
    close = np.zeros(len(beside), dtype=bool)
    close[beside] = (higher - between < merge_drop[column]) & (between >= merge_share[column] * higher)
    begins, ends = np.append(True, ~close), np.append(~close, True)
    return ActiveSpans(boxes.column[begins], boxes.first[begins], boxes.last[ends])


def _rises_and_falls(scores: npt.NDArray[np.floating], frames: Frames, half: int) -> tuple[IntArray, IntArray]:
    """Return the first and the last row of each rise and fall of one class's scores, shape (rows,)."""
    n_rows, file = len(scores), np.cumsum(frames.begins) - 1  # numbers in the order of the rows
    if not n_rows:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # Zeros before, between and after the clips, so that no comparison reaches into another clip.
    place = np.arange(n_rows) + 2 * half * (file + 1)
    padded = np.zeros(place[-1] + 2 * half + 1)
    padded[place] = scores
    total = np.concatenate([[0.0], np.cumsum(padded)])
    edge = np.concatenate(
        [place, place[np.append(frames.begins[1:], True)] + 1]
    )  # the last edge of each clip comes last
    row = np.concatenate([np.arange(n_rows), np.flatnonzero(np.append(frames.begins[1:], True)) + 1])
    order = np.argsort(edge)
    edge, row = edge[order], row[order]
    owner = np.concatenate([file, np.unique(file)])[order]
    rise = ((total[edge + half] - total[edge]) - (total[edge] - total[edge - half])).round(9)  # sums are rounded
    edge, row, owner, rise = (values[rise != 0] for values in (edge, row, owner, rise))
    turns = np.flatnonzero((np.diff(np.sign(rise), prepend=0) != 0) | (np.diff(owner, prepend=-1) != 0))
    if not len(turns):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    run = np.repeat(np.arange(len(turns)), np.diff(turns, append=len(rise)))
    steepest = np.flatnonzero(np.abs(rise) == np.maximum.reduceat(np.abs(rise), turns)[run])
    earliest = steepest[np.unique(run[steepest], return_index=True)[1]]
    latest = steepest[len(steepest) - 1 - np.unique(run[steepest][::-1], return_index=True)[1]]
    up = np.flatnonzero(rise[turns] > 0)
    up = up[up + 1 < len(turns)]
    up = up[(rise[turns[up + 1]] < 0) & (owner[turns[up]] == owner[turns[up + 1]])]
    return row[latest[up]], row[earliest[up + 1]] - 1


def mean_within(probabilities: npt.NDArray[np.floating], found: ActiveSpans) -> Float64Array:
    """Return the mean probability of its class in each span; `probabilities` has the shape (rows, classes)."""
    total = np.vstack([np.zeros((1, probabilities.shape[1])), np.cumsum(probabilities, axis=0, dtype=np.float64)])
    sums = total[found.last + 1, found.column] - total[found.first, found.column]
    mean: Float64Array = np.clip(sums / (found.last - found.first + 1), 0.0, 1.0)
    return mean
