"""Frame scores as arrays, checked against the clip set: what threshold sweeps and PSDS start from."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from gettext import ngettext

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.validation import listed, require_same_clips
from sedpool.inference.activity import frames_of
from sedpool.runtime.arrays import BoolArray, Float64Array, IntArray
from sedpool.scores import classes_of, validate_scores

_ROUNDING = 0.010  # seconds


@dataclass(frozen=True)
class FrameArrays:
    """Frames of one clip after another in the order of the scores, ordered by time, cut at the clips' ends.

    Attributes
    ----------
    clip : ndarray of int, shape (frames,)
        Number of the clip.
    first : ndarray of bool, shape (frames,)
        Which frames begin a clip.
    onset, offset : ndarray of float, shape (frames,)
        Seconds.
    probabilities : ndarray of float, shape (classes, frames)
        Scores.
    coverage : ScoreCoverage or None
        How much of the clips' time they cover; None if it was not measured.
    """

    clip: IntArray
    first: BoolArray
    onset: Float64Array
    offset: Float64Array
    probabilities: npt.NDArray[np.floating]
    coverage: "ScoreCoverage | None" = None

    def select(self, kept: BoolArray) -> "FrameArrays":
        """Return some of the frames, those of a clip all or none."""
        if kept.all():
            return self
        return FrameArrays(
            self.clip[kept],
            self.first[kept],
            self.onset[kept],
            self.offset[kept],
            self.probabilities[:, kept],
            self.coverage,
        )


@dataclass(frozen=True)
class ScoreCoverage:
    """How much of the clips' time has scores; nothing is detected in the rest.

    Attributes
    ----------
    share : float
        Of the time of all clips together.
    n_partial, n_clips : int
        How many clips have no scores at their start, or for longer than a frame at their end, and how many there are.
    first : str
        The first of them, and what its scores cover; empty if there is none.
    """

    share: float
    n_partial: int
    n_clips: int
    first: str

    def __str__(self) -> str:
        """Say what is missing, in one line."""
        return (
            f"{self.n_partial} of {self.n_clips} clips are covered in part, {self.share:.1%} of the time in all (first "
            f"{self.first}); nothing is detected in the rest"
        )


def score_coverage(scores: pd.DataFrame, durations: Mapping[str, float]) -> ScoreCoverage:
    """Measure how much of the clips' time has frame scores.

    Parameters
    ----------
    scores : DataFrame
        Frame scores whose rows were checked by `sedpool.inference.activity.frames_of`.
    durations : mapping of str to float
        Length in seconds of every clip: the clip set.

    Raises
    ------
    EvaluationError
        If clips are unknown or have no scores at all.
    """
    begins = ~scores["filename"].duplicated().to_numpy()
    names = scores["filename"].to_numpy()[begins]
    require_same_clips(names, durations, source="scores")
    onset, offset = (scores[name].to_numpy(dtype=np.float64) for name in ("onset", "offset"))
    begin, end = onset[begins], offset[np.append(np.flatnonzero(begins)[1:], len(offset)) - 1]
    lengths = np.array([durations[name] for name in names])
    frame = float(np.median(offset - onset)) + _ROUNDING  # many detectors leave out a last frame that is not whole
    partial = (begin > _ROUNDING) | (end < lengths - frame)
    share = float(np.maximum(np.minimum(end, lengths) - begin, 0.0).sum() / lengths.sum())
    first = ""
    if partial.any():
        one = int(partial.argmax())
        first = f"{names[one]}: {begin[one]:g} to {end[one]:g} s of {lengths[one]:g} s"
    return ScoreCoverage(share, int(partial.sum()), len(names), first)


def frame_arrays(scores: pd.DataFrame, durations: Mapping[str, float], classes: Sequence[str]) -> FrameArrays:
    """Check frame scores and return their arrays.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`) of all clips.
    durations : mapping of str to float
        Length in seconds of every clip: the clip set, in the order that numbers it.
    classes : sequence of str
        The classes of `scores`, in the order that numbers them.

    Raises
    ------
    DataError
        If a score is not a probability, or the frames of a file do not follow each other.
    EvaluationError
        If the classes differ, or clips are unknown or missing.

    Warns
    -----
    UserWarning
        If frames last longer than their clip (by more than 10 ms, which is rounding), or clips have no scores at
        their start, or for longer than a frame at their end; each with the number.
    """
    different = sorted(set(classes_of(validate_scores(scores))) ^ set(classes))
    if different:
        raise EvaluationError(f"scores and reference differ in the classes {listed(different)}")
    grid = frame_grid(scores, durations, classes)
    coverage = score_coverage(scores, durations)
    if coverage.n_partial:
        warnings.warn(f"scores: {coverage}", stacklevel=4)
    end = scores["filename"].map(durations).to_numpy(dtype=np.float64)
    n_late = int((scores["offset"].to_numpy() > end + _ROUNDING).sum())
    if n_late:
        late = ngettext(
            "frame lasts longer than its clip and was", "frames last longer than their clip and were", n_late
        )
        warnings.warn(f"scores: {n_late} {late} cut at its end", stacklevel=4)
    return replace(grid, coverage=coverage)


def frame_grid(scores: pd.DataFrame, durations: Mapping[str, float], classes: Sequence[str] = ()) -> FrameArrays:
    """Return the times of the frames within the clips, with the scores of some classes or none.

    Parameters
    ----------
    scores : DataFrame
        Frame scores (see `sedpool.scores`). Files that are no clips are left out.
    durations, classes
        See `frame_arrays`.

    Raises
    ------
    DataError
        If the frames of a file do not follow each other.
    """
    first = frames_of(scores).begins
    clip = pd.Index(list(durations)).get_indexer(pd.Index(scores["filename"])).astype(np.int64)
    onset, offset = (scores[name].to_numpy(dtype=np.float64) for name in ("onset", "offset"))
    end = np.fromiter(durations.values(), np.float64)[clip]
    inside = (clip >= 0) & (onset < end)
    probabilities = [scores[label].to_numpy()[inside] for label in classes]
    return FrameArrays(
        clip[inside],
        first[inside],
        onset[inside],
        np.minimum(offset, end)[inside],
        np.stack(probabilities) if probabilities else np.empty((0, int(inside.sum()))),
    )
