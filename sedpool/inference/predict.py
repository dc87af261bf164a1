"""From features to scores."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.features.store import n_frames
from sedpool.models.detector import Detector
from sedpool.runtime.arrays import Float32Array
from sedpool.scores import frame_scores

MAX_FRAMES = 1 << 15
"""Input frames in a batch of several clips: 32 clips of 10 s at up to 100 frames a second, or two tracks of 5 min."""


def predict(
    detector: Detector,
    features: Mapping[str, Float32Array],
    durations: Mapping[str, float],
    *,
    frame_rate: float,
    silence: float,
    batch_size: int = 32,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score clips of any length.

    Output frame i covers the input frames [r·i, r·(i + 1)), r being the detector's reduction; the last one holds to
    the clip's end.

    Parameters
    ----------
    detector : Detector
        Trained.
    features : mapping of str to ndarray
        Features (frames, n_mels) of every clip.
    durations : mapping of str to float
        Length of every clip in seconds; its keys are the clips, in the order of the result.
    frame_rate : float
        Input frames a second.
    silence : float
        Value of digital silence in the features, with which clips that are too short for the network are made longer.
    batch_size : int
        Most clips at a time; only clips of equal length share a batch, and long ones as far as `MAX_FRAMES` allows.

    Returns
    -------
    frame_scores, clip_scores : DataFrame
        See `sedpool.scores`.
    """
    by_clip: dict[str, tuple[Float32Array, Float32Array]] = {}
    for filenames in _equal_length_batches(features, list(durations), batch_size):
        batch = np.stack([padded(features[name], detector.min_frames, silence) for name in filenames])
        output = detector.predict(batch)
        frames, clips = (np.clip(output[key], 0, 1) for key in ("frames", "clip"))
        by_clip.update({name: (frames[row], clips[row]) for row, name in enumerate(filenames)})
    tables = [
        frame_scores(
            name, by_clip[name][0], _edges(detector, len(by_clip[name][0]), seconds, frame_rate), detector.classes
        )
        for name, seconds in durations.items()
    ]
    clip_table = pd.DataFrame([by_clip[name][1] for name in durations], columns=list(detector.classes))
    clip_table.insert(0, "filename", list(durations))
    return pd.concat(tables, ignore_index=True), clip_table


def _equal_length_batches(
    features: Mapping[str, Float32Array], filenames: Sequence[str], batch_size: int
) -> Iterator[list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for name in filenames:
        groups[n_frames(features, name)].append(name)
    for length, group in groups.items():
        size = max(1, min(batch_size, MAX_FRAMES // max(1, length)))
        for first in range(0, len(group), size):
            yield group[first : first + size]


def padded(features: Float32Array, length: int, silence: float) -> Float32Array:
    """Features (frames, n_mels) of at least `length` frames: silence is added at the end of shorter ones."""
    missing = max(0, length - len(features))
    return np.pad(features, ((0, missing), (0, 0)), constant_values=silence)


def _edges(detector: Detector, n_frames: int, seconds: float, frame_rate: float) -> npt.NDArray[np.float64]:
    edges = np.minimum(np.arange(n_frames + 1) * detector.reduction / frame_rate, seconds)
    edges[-1] = seconds
    return edges
