"""How is the gradient of a clip's prediction shared among its frames? Max gives it to one frame, the mean to all alike.

With too narrow a share a class is learnt from one frame of a clip at a time; with too wide a share from frames too in
which it is silent (McFee, Salamon and Bello 2018, section III).
"""

from collections.abc import Iterator, Mapping
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sedpool.models.detector import Detector
from sedpool.pooling import Pooling
from sedpool.training.batches import Patches
from sedpool.training.callbacks import ClassHistory

N_CLIPS = 12
"""Clips looked at after each epoch: few, so that it takes less than a hundredth of an epoch of 600 clips."""


class GradientShare(ClassHistory):
    """Records before training and after each epoch how a few validation clips share their gradient among frames.

    The share of frame i is |∂P/∂p_i| / Σ |∂P/∂p_j|, P being the clip's and p a frame's probability of a class that the
    clip has. Of each class are recorded the means over its clips of the largest share and of the effective number of
    frames, 1 / Σ share². Nothing random is drawn and nothing is changed: training gives the same bits without it.

    Parameters
    ----------
    detector : Detector
        One whose pooling is trained.
    validation : Patches
        Up to `N_CLIPS` of its clips, the classes taking turns, are looked at: the middle patch of each.
    path : Path or None
        The CSV file; None keeps the rows in memory only.
    """

    columns = "epoch", "event_label", "clips", "frames", "largest_share", "effective_frames"
    """A class without clips has no row."""

    def __init__(self, detector: Detector, validation: Patches, path: Path | None) -> None:
        super().__init__(path)
        self.detector = detector
        self._pooling_inputs = detector.pooling_inputs
        chosen = varied_clips(validation.targets, N_CLIPS)
        self._clips = Patches(
            validation.features,
            {name: validation.targets[name] for name in chosen},
            patch_frames=validation.patch_frames,
            batch_size=N_CLIPS,
            silence=validation.silence,
            min_activity=validation.min_activity,
            clip_row=validation.clip_row,
        )

    def class_rows(self, epoch: int) -> Iterator[list[Any]]:
        """Measure the shares of every class that the clips have."""
        for x, tags in map(self._clips.__getitem__, range(len(self._clips))):
            shares = frame_shares(self.detector.pooling, self._pooling_inputs.predict_on_batch(x))
            for column, label in enumerate(self.detector.classes):
                of_class = shares[self._clips.clip_labels(tags)[:, column] > 0, :, column]
                if len(of_class):
                    effective = 1 / np.square(of_class).sum(axis=1)
                    means = float(of_class.max(axis=1).mean()), float(effective.mean())
                    yield [epoch, label, *of_class.shape, *means]


def varied_clips(targets: Mapping[str, npt.NDArray[Any]], n_clips: int) -> list[str]:
    """Names of up to `n_clips` clips that have any class: one of the first class, one of the second and so on.

    Parameters
    ----------
    targets : mapping of str to ndarray
        Per clip, shape (classes,) or (frames, classes); NaN where unknown.
    n_clips : int
        How many.
    """
    names = list(targets)
    active = np.stack([(np.atleast_2d(target) > 0).any(axis=0) for target in targets.values()])
    by_class = [[names[row] for row in np.flatnonzero(of_class)] for of_class in active.T]
    in_turn = dict.fromkeys(chain.from_iterable(zip_longest(*by_class)))
    return [name for name in in_turn if name is not None][:n_clips]


def frame_shares(pooling: Pooling, inputs: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Each frame's share of the gradient of the clip prediction.

    Parameters
    ----------
    pooling : Pooling
        The pooling operator.
    inputs : mapping
        What it is called with, arrays or tensors: `p`, shape (batch, frames, classes), and `logits` if it needs them.

    Returns
    -------
    shares : ndarray, shape (batch, frames, classes)
        At least 0, summing to 1 over the frames; equal ones where there is no gradient at all.
    """
    size = np.abs(_gradient(pooling, **{name: keras.ops.convert_to_tensor(value) for name, value in inputs.items()}))
    total = size.sum(axis=1, keepdims=True)
    shares: npt.NDArray[np.float64] = np.where(total > 0, size / np.where(total > 0, total, 1), 1 / size.shape[1])
    return shares


def _gradient(pooling: Pooling, p: Any, **logits: Any) -> npt.NDArray[np.float64]:
    """∂P/∂p, shape (batch, frames, classes): the gradient of the sum, since no clip or class acts on another."""

    def total(p: Any) -> Any:
        return keras.ops.sum(pooling(p, **logits))

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(p)
            clips = total(p)
        gradient = tape.gradient(clips, p)
    elif backend == "jax":
        import jax

        gradient = jax.grad(total)(p)
    else:
        import torch

        p = p.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(total(p), p)
    return np.asarray(keras.ops.convert_to_numpy(gradient), dtype=np.float64)
