"""Frame scores as arrays, checked against the clip set: what threshold sweeps and PSDS start from."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from gettext import ngettext

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import EvaluationError
from sedpool.evaluation.validation import listed, require_same_clips
from sedpool.inference.activity import frames_of
from sedpool.runtime.arrays import Float64Array, IntArray
from sedpool.scores import classes_of, validate_scores


@dataclass(frozen=True)
class FrameArrays:
    """Frames ordered by clip and time, cut at the clips' ends.

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
    """

    clip: IntArray
    first: npt.NDArray[np.bool_]
    onset: Float64Array
    offset: Float64Array
    probabilities: npt.NDArray[np.floating]


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
        If frames last longer than their clip (by more than 10 ms, which is rounding).
    """
    different = sorted(set(classes_of(validate_scores(scores))) ^ set(classes))
    if different:
        raise EvaluationError(f"scores and reference differ in the classes {listed(different)}")
    require_same_clips(scores["filename"].unique(), durations, source="scores")
    grid = frame_grid(scores, durations, classes)
    n_late = int((scores["offset"].to_numpy() > scores["filename"].map(durations).to_numpy(np.float64) + 0.010).sum())
    if n_late:
        late = ngettext(
            "frame lasts longer than its clip and was", "frames last longer than their clip and were", n_late
        )
        warnings.warn(f"scores: {n_late} {late} cut at its end", stacklevel=4)
    return grid


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
