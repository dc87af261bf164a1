"""Augmentations of batches: arrays in, arrays out, drawn from a given generator.

Features have the shape (batch, frames, n_mels); targets have the shape (batch, classes), (batch, frames, classes) or,
with the clip before its frames, (batch, 1 + frames, classes), NaN where they are unknown. Inputs are never changed in
place: they may be views of a store.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sedpool.augment.settings import Augmentation
from sedpool.runtime.arrays import Float32Array
from sedpool.storage import checksum

_NEPERS = np.float32(np.log(10) / 10)

Pair = tuple[Float32Array, Float32Array]


@dataclass(frozen=True)
class Augmenter:
    """Applies the augmentations of the settings in this order: background, gain, shift, mixup, masks.

    Parameters
    ----------
    settings : Augmentation
        Kinds and strengths.
    silence : float
        Value of digital silence in the features, below which none falls.
    backgrounds : sequence of ndarray
        Features (frames, n_mels) of recordings to mix with the patches; needed if `settings` name a background.
    """

    settings: Augmentation
    silence: float
    backgrounds: Sequence[Float32Array] = ()

    @property
    def identity(self) -> dict[str, Any]:
        """The settings, with checksums of the backgrounds in place of their folder, to recognise a checkpoint by."""
        settings = asdict(self.settings)
        if self.backgrounds:
            settings["background"] = [checksum(np.ascontiguousarray(each).data) for each in self.backgrounds]
        return settings

    def __call__(self, features: Float32Array, targets: Float32Array, generator: np.random.Generator) -> Pair:
        """Augment the features and targets of a batch."""
        settings = self.settings
        if settings.background:
            features = mix_backgrounds(features, self.backgrounds, settings.background_snr, self.silence, generator)
        if settings.gain:
            features = change_gain(features, settings.gain, self.silence, generator)
        if settings.time_shift:
            features, targets = rotate(features, targets, settings.time_shift, generator)
        if settings.mixup:
            features, targets = mix_up(features, targets, settings.mixup, generator)
        if settings.time_masks:
            features = mask(features, 1, settings.time_masks, settings.time_mask_share, generator)
        if settings.mel_masks:
            features = mask(features, 2, settings.mel_masks, settings.mel_mask_share, generator)
        return features, targets


def mix_backgrounds(
    features: Float32Array,
    backgrounds: Sequence[Float32Array],
    snr: tuple[float, float],
    floor: float,
    generator: np.random.Generator,
) -> Float32Array:
    """Add a stretch of a background to each patch, as powers, at a ratio of mean powers drawn from `snr` (dB).

    A background shorter than the patch is repeated. Phases are unknown, so powers are added, which for independent
    sounds is right on average.
    """
    mixed = np.empty_like(features)
    for row, patch in enumerate(features):
        background = backgrounds[int(generator.integers(len(backgrounds)))]
        start = generator.integers(len(background))
        under = np.take(background, np.arange(start, start + len(patch)), axis=0, mode="wrap")
        powers, under_powers = _power(patch), _power(under)
        ratio = powers.mean() / under_powers.mean() / 10 ** (generator.uniform(*snr) / 10)
        mixed[row] = 10 * np.log10(powers + np.float32(ratio) * under_powers)
    return np.maximum(mixed, np.float32(floor))


def change_gain(features: Float32Array, limit: float, floor: float, generator: np.random.Generator) -> Float32Array:
    """Make each patch louder or softer by up to `limit` dB; the floor, in dB, stays where it is."""
    decibels = generator.uniform(-limit, limit, size=(len(features), 1, 1)).astype(np.float32)
    return np.asarray(np.maximum(features + decibels, floor), dtype=np.float32)


def rotate(features: Float32Array, targets: Float32Array, share: float, generator: np.random.Generator) -> Pair:
    """Rotate each patch in time by up to `share` of its length; frame labels follow, and those of the clip stay."""
    n_frames = features.shape[1]
    limit = int(share * n_frames)
    steps = generator.integers(-limit, limit + 1, size=len(features))
    frames = (np.arange(n_frames) - steps[:, None]) % n_frames
    rows = np.arange(len(features))[:, None]
    if targets.ndim == 2:
        return features[rows, frames], targets
    if not (first := targets.shape[1] - n_frames):
        return features[rows, frames], targets[rows, frames]
    return features[rows, frames], np.concatenate([targets[:, :first], targets[rows, first + frames]], axis=1)


def mix_up(features: Float32Array, targets: Float32Array, parameter: float, generator: np.random.Generator) -> Pair:
    """Mix each patch with another one of the batch, features and labels in the same proportion."""
    share = generator.beta(parameter, parameter, size=len(features)).astype(np.float32)
    partner = generator.permutation(len(features))

    def mixed(values: Float32Array) -> Float32Array:
        own = share.reshape(-1, *[1] * (values.ndim - 1))
        return own * values + (1 - own) * values[partner]

    return mixed(features), mixed(targets)


def mask(features: Float32Array, axis: int, count: int, widest: float, generator: np.random.Generator) -> Float32Array:
    """Replace `count` stretches of the axis, each up to the share `widest` of it, by the patch's mean."""
    length = features.shape[axis]
    position = np.arange(length)
    hidden = np.zeros((len(features), length), dtype=bool)
    for _ in range(count):
        width = generator.integers(int(widest * length) + 1, size=(len(features), 1))
        start = generator.integers(length - width + 1)
        hidden |= (position >= start) & (position < start + width)
    where = np.expand_dims(hidden, 3 - axis)
    return np.where(where, features.mean(axis=(1, 2), keepdims=True), features)


def _power(decibels: Float32Array) -> Float32Array:
    return np.asarray(np.exp(decibels * _NEPERS), dtype=np.float32)
