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
        Number of each row's file; files follow each other, each is one stretch of time.
    onset, offset : ndarray of float, shape (rows,)
        Seconds.
    """

    file: IntArray
    onset: Float64Array
    offset: Float64Array

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
    if frames.begins.sum() != len(filenames):
        raise DataError("scores: the rows of a file do not follow each other; sort them by filename and onset")
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
    for rows in _rows_of_equal_length(frames):
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


def _rows_of_equal_length(frames: Frames) -> list[IntArray]:
    """Row numbers, shape (files, frames), of the files that have equally many frames."""
    lengths = np.bincount(frames.file)
    begins = np.cumsum(lengths) - lengths
    return [begins[lengths == length][:, None] + np.arange(length) for length in np.unique(lengths)]


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
