"""Powers in frequency bands: what every kind of features starts from, fast enough for hours of audio.

Spectra are those of real transforms in single precision. Frames are worked on in blocks that stay in the processor's
cache, and a band adds up only the bins that it covers. The bits of a frame do not depend on the block that it is in or
on the number of threads.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
import scipy.sparse

from sedpool.errors import ConfigError
from sedpool.features.bands import Scale, band_filters
from sedpool.runtime.arrays import Float32Array

_BLOCK = 64  # frames; their spectra take half a megabyte at 2048 samples


@dataclass(frozen=True)
class BandSpectrogram:
    """Settings of a spectrogram in frequency bands, with its powers relative to full scale.

    Parameters
    ----------
    sr : int
        Sampling rate in Hz; audio is resampled to it.
    n_fft : int
        Length of the window in samples.
    hop_length : int
        Samples between frames.
    n_mels : int
        Number of bands.
    fmin : float
        Lower end of the first band in Hz.
    fmax : float or None
        Upper end of the last band in Hz; None for ``sr / 2``.
    scale : {'mel', 'linear', 'log'}
        On which the bands are evenly spaced: mel, Hz or octaves.

    Raises
    ------
    ConfigError
        If a setting is out of range, or bands are so narrow that there is no bin in them.
    """

    sr: int = 44100
    n_fft: int = 2048
    hop_length: int = 1024
    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None
    scale: Scale = "mel"

    def __post_init__(self) -> None:
        for name in ("sr", "n_fft", "hop_length", "n_mels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
                raise ConfigError(f"features.{name}={value}: expected a whole number above 0")
        if self.hop_length > self.n_fft:
            raise ConfigError(f"features.hop_length={self.hop_length} is longer than n_fft={self.n_fft}: audio is lost")
        if self.scale not in ("mel", "linear", "log"):
            raise ConfigError(f"features.scale={self.scale}: expected mel, linear or log")
        if not self.highest <= self.sr / 2:
            raise ConfigError(f"features.fmax={self.fmax} is above sr/2={self.sr / 2:g} Hz, where there is no sound")
        if not 0 <= self.fmin < self.highest:
            raise ConfigError(f"features.fmin={self.fmin}: expected at least 0 and less than fmax={self.highest:g} Hz")
        if self.scale == "log" and self.fmin == 0:
            raise ConfigError("features.fmin=0 is infinitely many octaves below fmax: set it above 0 with scale=log")
        empty = int((self._filters.max(axis=1) == 0).sum())
        if empty:
            raise ConfigError(
                f"features.n_mels={self.n_mels}: {empty} of the bands lie between two bins of the spectrum, which are "
                f"{self.sr / self.n_fft:g} Hz apart; use fewer n_mels, a larger n_fft or a higher fmin"
            )

    @property
    def highest(self) -> float:
        """Upper end of the last band in Hz."""
        return self.sr / 2 if self.fmax is None else self.fmax

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sr / self.hop_length

    @property
    def is_local(self) -> bool:
        """Whether, except for `context`, the values of a frame do not depend on where a recording is cut."""
        return True

    @property
    def context(self) -> int:
        """Frames at either end whose values depend on what is beyond it; the sound is taken to be mirrored there."""
        return -(-(self.n_fft // 2) // self.hop_length)

    def n_frames(self, duration: float) -> int:
        """Return the number of frames of a clip of `duration` seconds; at least 1.

        Examples
        --------
        >>> BandSpectrogram().n_frames(10.0)
        430
        """
        return max(1, round(duration * self.sr) // self.hop_length)

    def powers(self, samples: Float32Array) -> Float32Array:
        """Compute the power in each band, relative to that of a sine at full scale in the bin of its frequency.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at the rate `sr`. Fewer than `n_fft` samples are padded with zeros.

        Returns
        -------
        powers : ndarray of float32, shape (frames, n_mels)
            Means of the bins, weighted by the triangle of the band.
        """
        return powers_in_bands(self._padded(samples), *_full_scale(*self._bands), self.hop_length)[
            : max(1, len(samples) // self.hop_length)
        ]

    def _padded(self, samples: Float32Array) -> Float32Array:
        return np.pad(samples, (0, self.n_fft - len(samples))) if len(samples) < self.n_fft else samples

    @property
    def _bands(self) -> tuple[int, int, int, float, float, Scale]:
        return self.sr, self.n_fft, self.n_mels, self.fmin, self.highest, self.scale

    @property
    def _filters(self) -> Float32Array:
        return band_filters(*self._bands)


def powers_in_bands(
    samples: Float32Array, window: Float32Array, filters: scipy.sparse.csr_array, hop_length: int
) -> Float32Array:
    """Compute the power in each band of the frames of a recording, which is taken to be mirrored at its ends.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono audio, at least as long as the window.
    window : ndarray of float32, shape (n_fft,)
        What frames are multiplied by.
    filters : sparse array of float32, shape (bands, n_fft // 2 + 1)
        How much the squared magnitude of each bin counts in each band.
    hop_length : int
        Samples between frames.

    Returns
    -------
    powers : ndarray of float32, shape (n // hop_length, bands)
    """
    n_frames, n_fft = len(samples) // hop_length, len(window)
    mirrored = np.pad(samples, n_fft // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(mirrored, n_fft)[::hop_length][:n_frames]
    powers = np.empty((n_frames, filters.shape[0]), dtype=np.float32)
    for first in range(0, n_frames, _BLOCK):
        block = slice(first, first + _BLOCK)
        spectra = scipy.fft.rfft(frames[block] * window, axis=-1, overwrite_x=True, workers=1)
        squares = spectra.real**2
        squares += spectra.imag**2
        powers[block] = (filters @ squares.T).T
    return powers


@lru_cache(maxsize=8)
def _full_scale(
    sr: int, n_fft: int, n_bands: int, fmin: float, fmax: float, scale: Scale
) -> tuple[Float32Array, scipy.sparse.csr_array]:
    """Return Hann's window and filters that together measure a sine at full scale as 1 in its bin."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    filters = band_filters(sr, n_fft, n_bands, fmin, fmax, scale) * (sr / n_fft)
    return (window * (2 / window.sum())).astype(np.float32), scipy.sparse.csr_array(filters.astype(np.float32))
