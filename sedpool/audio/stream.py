"""Reading sound as a stream: mono, at a known rate and in blocks, with the memory of one block for any length.

The samples are those of `sedpool.audio.read`, to the last bit, however they are cut.
"""

import os
import warnings
from collections.abc import Iterator

import numpy as np
import soxr

from sedpool.audio.decoding import Decoder
from sedpool.errors import AudioError, DataError
from sedpool.runtime.arrays import Float32Array


def blocks(
    path: str | os.PathLike[str],
    sr: int,
    *,
    block_seconds: float = 60.0,
    onset: float = 0.0,
    duration: float | None = None,
    channel: int | None = None,
) -> Iterator[Float32Array]:
    """Read a recording of any length, or a part of it, as mono at the rate `sr`, block by block.

    Parameters
    ----------
    path : path-like
        The recording.
    sr : int
        Sampling rate of the result in Hz.
    block_seconds : float
        Length of a block in seconds.
    onset : float
        Start in seconds.
    duration : float, optional
        Seconds to read, or fewer if the file ends before; by default the rest of the file.
    channel : int, optional
        Number of the channel to read, from 1; by default the mean over all.

    Yields
    ------
    block : ndarray of float32, shape (round(block_seconds * sr),)
        Only the last block is shorter.

    Raises
    ------
    AudioError
        As `sedpool.audio.read` does, after the blocks before the fault.
    """
    size = max(1, round(block_seconds * sr))
    kept: list[Float32Array] = []
    missing = size
    for samples in mono(path, sr, onset=onset, duration=duration, channel=channel):
        while len(samples) >= missing:
            yield np.concatenate([*kept, samples[:missing]])
            samples, kept, missing = samples[missing:], [], size
        kept.append(samples)
        missing -= len(samples)
    if missing < size:
        yield np.concatenate(kept)


def mono(
    path: str | os.PathLike[str],
    sr: int,
    *,
    onset: float = 0.0,
    duration: float | None = None,
    channel: int | None = None,
) -> Iterator[Float32Array]:
    """Read a recording, or a part of it, as mono at the rate `sr`, in pieces of any length.

    The parameters and errors are those of `sedpool.audio.read`.
    """
    with Decoder(path) as decoder:
        resampler = Resampler(decoder.samplerate, sr, channel=channel)
        resampled = 0
        for piece in decoder.pieces(onset, duration):
            try:
                samples = resampler.push(piece)
            except DataError as error:
                raise AudioError(f"{path}: {error}") from None
            resampled += len(samples)
            if len(samples):
                yield samples
        if resampler.cancels:
            warnings.warn(f"{path}: the channels cancel each other; the mono mix is near-silent", stacklevel=3)
        samples = resampler.finish()
        if not resampled + len(samples):
            raise AudioError(f"{path}: holds no samples at {sr} Hz; it is too short")
        if len(samples):
            yield samples


class Resampler:
    """A conversion of sound that comes in pieces to mono at another rate.

    The result is the same to the last bit however the sound is cut.

    Parameters
    ----------
    native_sr : float
        Rate of the sound in Hz.
    sr : int
        Rate of the result in Hz.
    channel : int, optional
        Number of the channel to keep, from 1; by default the mean over all.
    """

    def __init__(self, native_sr: float, sr: int, *, channel: int | None = None) -> None:
        self._stream = None if native_sr == sr else soxr.ResampleStream(native_sr, sr, 1, quality="HQ")
        self._channel = channel
        self._energy = self._mono_energy = 0.0

    def push(self, samples: Float32Array) -> Float32Array:
        """Return what is known of the result after more sound.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,) or (n, channels)
            The next piece.

        Returns
        -------
        resampled : ndarray of float32, shape (m,)

        Raises
        ------
        DataError
            If the sound does not have the channel to keep.
        """
        single = self._mixed(samples) if samples.ndim > 1 else samples
        if self._stream is None:
            return single
        resampled: Float32Array = self._stream.resample_chunk(single)
        return resampled

    def finish(self) -> Float32Array:
        """Return the rest of the result once all of the sound was pushed."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        rest: Float32Array = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        return rest

    @property
    def cancels(self) -> bool:
        """Whether the channels so far cancel each other in the mono mix: it is 60 dB below them."""
        return self._mono_energy < 1e-6 * self._energy

    def _mixed(self, samples: Float32Array) -> Float32Array:
        channels = samples.shape[1]
        if self._channel is not None:
            if not 1 <= self._channel <= channels:
                raise DataError(f"there is no channel {self._channel}; expected 1 to {channels}")
            return np.ascontiguousarray(samples[:, self._channel - 1])
        if channels == 1:
            return samples[:, 0]
        if channels < 8:  # the bits of the mean, in a fraction of its time
            mixed = samples[:, 0] + samples[:, 1]
            for channel in range(2, channels):
                mixed += samples[:, channel]
            mixed /= np.float32(channels)
        else:
            mixed = samples.mean(axis=1, dtype=np.float32)
        self._energy += float(np.einsum("tc,tc->", samples, samples)) / channels
        self._mono_energy += float(np.einsum("t,t->", mixed, mixed))
        return mixed
