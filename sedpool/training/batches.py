"""Batches: which patches of which clips, as a pure function of (seed, epoch, index)."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.features.logmel import TOP_DB

Array = npt.NDArray[np.float32]


class Patches(keras.utils.PyDataset):
    """Batches of patches with their targets.

    Parameters
    ----------
    features : mapping of str to ndarray
        Features (frames, n_mels) of every clip.
    targets : mapping of str to ndarray
        Per clip either the labels of the whole clip, shape (classes,), or of every input frame, shape
        (frames, classes).
    patch_frames : int
        Input frames of a patch.
    batch_size : int
        Patches in a batch.
    n_batches : int or None
        Batches in an epoch; None for one pass over the clips.
    seed : int or None
        Draws clips and positions; None for every clip once, in order, from its middle.
    """

    def __init__(
        self,
        features: Mapping[str, Array],
        targets: Mapping[str, Array],
        *,
        patch_frames: int,
        batch_size: int,
        n_batches: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self.features = features
        self.targets = targets
        self.filenames = list(targets)
        self.patch_frames = patch_frames
        self.batch_size = batch_size
        self.n_batches = n_batches or -(-len(self.filenames) // batch_size)
        self.seed = seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the clips and positions of an epoch."""
        n_patches, n_clips = self.n_batches * self.batch_size, len(self.filenames)
        if self.seed is None:
            self._order = np.arange(n_clips)
            self._position = np.full(n_clips, 0.5)
            return
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, epoch])))
        rounds = -(-n_patches // n_clips)
        self._order = np.concatenate([generator.permutation(n_clips) for _ in range(rounds)])[:n_patches]
        self._position = generator.random(n_patches)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self.n_batches

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        """Features (batch, frames, n_mels) and targets (batch, classes) or (batch, frames, classes)."""
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        pairs = [
            self._patch(self.filenames[clip], position)
            for clip, position in zip(self._order[rows], self._position[rows], strict=True)
        ]
        return np.stack([x for x, _ in pairs]), np.stack([y for _, y in pairs])

    def _patch(self, filename: str, position: float) -> tuple[Array, Array]:
        features, target = self.features[filename], self.targets[filename]
        start = int(position * (max(0, len(features) - self.patch_frames) + 1))
        patch = fit_length(features[start : start + self.patch_frames], self.patch_frames, -TOP_DB)
        if target.ndim == 1:
            return patch, target
        return patch, fit_length(target[start : start + self.patch_frames], self.patch_frames, 0.0)


class SetEpoch(keras.callbacks.Callback):
    """Tells the batches which epoch begins; ``PyDataset.on_epoch_end`` fires more often than epochs end."""

    def __init__(self, patches: Patches) -> None:
        super().__init__()
        self.patches = patches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Draw the clips and positions of `epoch`."""
        self.patches.set_epoch(epoch)


def fit_length(array: Array, length: int, fill: float) -> Array:
    """Bring the first axis to `length`: cut, or pad at the end with `fill`."""
    if len(array) >= length:
        return array[:length]
    padded = np.full((length, *array.shape[1:]), fill, dtype=np.float32)
    padded[: len(array)] = array
    return padded


def clip_targets(tags: pd.DataFrame) -> dict[str, Array]:
    """Weak targets: shape (classes,) per clip."""
    return dict(zip(tags.index, tags.to_numpy(dtype=np.float32), strict=True))


def frame_targets(
    events: pd.DataFrame, n_frames: Mapping[str, int], classes: Sequence[str], frame_rate: float
) -> dict[str, Array]:
    """Strong targets: shape (frames, classes) per clip; a frame has a class if the event covers the frame's middle.

    Parameters
    ----------
    events : DataFrame
        Event table.
    n_frames : mapping of str to int
        Input frames of every clip; clips without events have targets too.
    classes : sequence of str
        Class names.
    frame_rate : float
        Input frames a second.
    """
    targets = {filename: np.zeros((count, len(classes)), dtype=np.float32) for filename, count in n_frames.items()}
    column = {label: index for index, label in enumerate(classes)}
    first = np.ceil(events["onset"].to_numpy() * frame_rate - 0.5).astype(int)
    last = np.ceil(events["offset"].to_numpy() * frame_rate - 0.5).astype(int)
    for filename, label, start, stop in zip(events["filename"], events["event_label"], first, last, strict=True):
        targets[filename][max(start, 0) : stop, column[label]] = 1.0
    return targets
