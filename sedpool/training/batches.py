"""Batches: which patches of which clips, as a pure function of (seed, epoch, index)."""

import time
from collections import deque
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from sedpool.augment.patches import Augmenter
from sedpool.features.store import n_frames
from sedpool.runtime.arrays import Float32Array
from sedpool.storage import checksum, hash_value
from sedpool.training.sampling import Sampling, in_turn
from sedpool.training.targets import highest_label, patch_tags

Batch = tuple[Float32Array, Float32Array]

_THREADS, _AHEAD = 2, 4


class Patches:
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
    silence : float
        Value of digital silence in the features, which fills the end of clips that are shorter than a patch.
    n_batches : int or None
        Batches in an epoch; None for one pass over the clips.
    seed : int or None
        Seed by which clips and positions are drawn; None takes every clip once, in order, from its middle.
    sampling : callable
        Chooses the clips of an epoch; see `sedpool.training.sampling`.
    min_activity : float or None
        Turns frame labels into labels of the patch: a class counts if it is active in this share of it. None leaves
        targets as they are.
    augmenter : Augmenter or None
        Changes the batches.
    bag_frames : (int, int) or None
        Fewest and most input frames of a patch, drawn for each batch; None for `patch_frames`.
    clip_row : bool
        Whether targets have a row for the clip before those of its frames. NaN in it: as the frames say.
    """

    def __init__(
        self,
        features: Mapping[str, Float32Array],
        targets: Mapping[str, npt.NDArray[Any]],
        *,
        patch_frames: int,
        batch_size: int,
        silence: float,
        n_batches: int | None = None,
        seed: int | None = None,
        sampling: Sampling = in_turn,
        min_activity: float | None = None,
        augmenter: Augmenter | None = None,
        bag_frames: tuple[int, int] | None = None,
        clip_row: bool = False,
    ) -> None:
        self.features = features
        self.targets = targets
        self.filenames = list(targets)
        self.patch_frames = patch_frames
        self.batch_size = batch_size
        self.silence = silence
        self.n_batches = n_batches or -(-len(self.filenames) // batch_size)
        self.seed = seed
        self.sampling = sampling
        self.min_activity = min_activity
        self.augmenter = augmenter
        self.bag_frames = bag_frames
        self.clip_row = clip_row
        self.set_epoch(0)

    @property
    def identity(self) -> str:
        """Hash of what may not change when a run is resumed: clips, their lengths and labels, augmentation."""
        augmentation = self.augmenter and self.augmenter.identity
        clips = [
            [name, n_frames(self.features, name), checksum(np.ascontiguousarray(target).data)]
            for name, target in self.targets.items()
        ]
        return hash_value([augmentation, clips])

    def set_epoch(self, epoch: int) -> None:
        """Choose the clips and positions of an epoch."""
        self.epoch = epoch
        n_patches, n_clips = self.n_batches * self.batch_size, len(self.filenames)
        if self.seed is None:
            self._order = np.arange(n_clips)
            self._position = np.full(n_clips, 0.5)
            return
        generator = _generator(self.seed, epoch)
        self._order = self.sampling(n_patches, n_clips, generator)
        self._position = generator.random(n_patches)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self.n_batches

    def __getitem__(self, index: int) -> Batch:
        """Features (batch, frames, n_mels) and targets (batch, classes) or (batch, frames, classes).

        With `clip_row` targets are (batch, 1 + frames, classes), the clip before its frames.
        """
        generator = _generator(self.seed or 0, self.epoch, index + 1)  # a key that ends in 0 is that of the epoch
        length = int(generator.integers(*self.bag_frames, endpoint=True)) if self.bag_frames else self.patch_frames
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        pairs = [
            self._patch(self.filenames[clip], position, length)
            for clip, position in zip(self._order[rows], self._position[rows], strict=True)
        ]
        batch = np.stack([x for x, _ in pairs]), np.stack([y for _, y in pairs]).astype(np.float32)
        return self.augmenter(*batch, generator) if self.augmenter else batch

    def _patch(self, filename: str, position: float, length: int) -> tuple[Float32Array, npt.NDArray[Any]]:
        features, target = self.features[filename], self.targets[filename]
        start = int(position * (max(0, len(features) - length) + 1))
        shown = slice(start, start + length)
        patch = fit_length(features[shown], length, self.silence)
        if target.ndim == 1:
            return patch, target
        if self.clip_row:
            return patch, with_clip_row(target[0], target[1:][shown], length)
        if self.min_activity is not None:
            return patch, patch_tags(target[shown], self.min_activity)
        return patch, fit_length(target[shown], length, 0)

    def clip_labels(self, labels: Float32Array) -> Float32Array:
        """Return the labels of the clips of a batch, shape (batch, classes), from its targets; NaN where unknown."""
        if self.clip_row:
            return labels[:, 0]
        return labels if labels.ndim == 2 else np.stack([highest_label(frames) for frames in labels])


class Prefetched:
    """Batches that threads prepare while earlier ones are in use.

    Parameters
    ----------
    patches : Patches
        Of the current epoch.
    first : int
        Index of the first batch.
    place : callable, optional
        Moves an array to the device that computes with it.

    Attributes
    ----------
    waited : float
        Seconds that the caller has waited for batches so far.
    """

    def __init__(self, patches: Patches, first: int = 0, place: Callable[[Float32Array], Any] | None = None) -> None:
        self.patches = patches
        self.first = first
        self.place = place
        self.waited = 0.0

    def __iter__(self) -> Generator[Batch]:
        """Iterate over the batches from `first` to the end of the epoch."""
        coming: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(_THREADS) as threads:
            for index in range(self.first, len(self.patches) + _AHEAD):
                if index < len(self.patches):
                    coming.append(threads.submit(self._batch, index))
                if index >= self.first + _AHEAD:
                    began = time.perf_counter()
                    batch = coming.popleft().result()
                    self.waited += time.perf_counter() - began
                    yield batch

    def _batch(self, index: int) -> Batch:
        x, y = self.patches[index]
        return (self.place(x), self.place(y)) if self.place else (x, y)


def _generator(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def fit_length(array: npt.NDArray[Any], length: int, fill: float) -> npt.NDArray[Any]:
    """Bring the first axis to `length`: cut, or pad at the end with `fill`."""
    if len(array) >= length:
        return array[:length]
    padded = np.full((length, *array.shape[1:]), fill, dtype=array.dtype)
    padded[: len(array)] = array
    return padded


def with_clip_row(tags: Float32Array, frames: Float32Array, length: int) -> Float32Array:
    """Return the labels of a patch, shape (1 + length, classes): those of the clip, then those of its frames.

    Parameters
    ----------
    tags : ndarray, shape (classes,)
        Labels of the clip. NaN for a class: as the frames of the patch say.
    frames : ndarray, shape (frames, classes)
        Labels of the frames that the patch shows. The rest of the patch is silence, in which no class is active;
        classes without any labelled frame stay unknown there.
    length : int
        Frames of the patch.
    """
    padded = fit_length(frames, length, 0)
    padded[len(frames) :, np.isnan(frames).all(axis=0)] = np.nan
    return np.concatenate([np.where(np.isnan(tags), highest_label(frames), tags)[np.newaxis], padded])
