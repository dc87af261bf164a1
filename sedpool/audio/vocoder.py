"""The pitch and the tempo of a sound, one changed without the other."""

import numpy as np
import numpy.typing as npt
import scipy.fft
import soxr
from scipy.ndimage import maximum_filter1d

from sedpool.errors import ConfigError
from sedpool.runtime.arrays import Float32Array

_WINDOW = 1536  # samples of a phase vocoder's frame: 35 ms at 44.1 kHz, between clear tones and sharp onsets
_HOP = _WINDOW // 4

VOCODER = f"phase-locked-1-{_WINDOW}"  # rename whenever shifted sounds change


def time_stretch(samples: Float32Array, rate: float) -> Float32Array:
    """Make a sound longer or shorter without changing its pitch.

    A phase vocoder with identity phase locking: the phase of every spectral peak continues that of one hop before, and
    the bins around it keep their phases relative to it, which preserves clicks and noise.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono audio.
    rate : float
        Length of the result relative to `samples`, as Scaper counts: 2 lasts twice as long.

    Returns
    -------
    stretched : ndarray of float32, shape (round(n * rate),)

    Raises
    ------
    ConfigError
        If `rate` is not a positive number.

    References
    ----------
    J. Laroche and M. Dolson, "Improved phase vocoder time-scale modification of audio", IEEE Transactions on Speech and
    Audio Processing 7(3), 1999, section III-C; the phase advance is measured over one hop, as in M. Puckette,
    "Phase-locked vocoder", WASPAA 1995.
    """
    if not 0 < rate < np.inf:
        raise ConfigError(f"time stretch by {rate}; expected a positive number, 1 for no change")
    length = round(len(samples) * rate)
    centres = np.round(np.arange(-1, length // _HOP + 3) * _HOP / rate).astype(np.intp)
    current, before = _spectra(samples, centres), _spectra(samples, centres - _HOP)
    nearest = _nearest_peak(np.abs(current))
    for t in range(1, len(centres)):
        turn = current[t - 1] * before[t].conj()
        size = np.abs(turn)
        turn = np.divide(turn, size, out=np.ones_like(turn), where=size > 0)
        current[t] *= turn[nearest[t]]
    return _overlap_add(current)[_WINDOW // 2 + _HOP :][:length]


def pitch_shift(samples: Float32Array, sr: int, semitones: float) -> Float32Array:
    """Raise or lower the pitch of a sound without changing its length.

    The sound is stretched, then resampled to its former length.

    Parameters
    ----------
    samples : ndarray of float32, shape (n,)
        Mono audio.
    sr : int
        Sampling rate in Hz.
    semitones : float
        How far to raise the pitch; below 0 to lower it.

    Returns
    -------
    shifted : ndarray of float32, shape (n,)
    """
    ratio = 2.0 ** (semitones / 12)
    resampled: Float32Array = soxr.resample(time_stretch(samples, ratio), sr * ratio, sr, quality="HQ")
    return np.pad(resampled, (0, max(0, len(samples) - len(resampled))))[: len(samples)]


def _hann() -> Float32Array:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)).astype(np.float32)


def _spectra(samples: Float32Array, centres: npt.NDArray[np.intp]) -> npt.NDArray[np.complex64]:
    """Return the spectra of the frames centred on the samples `centres`, with silence around the sound."""
    left, right = max(0, -int(centres[0])), max(0, int(centres[-1]) - len(samples))
    padded = np.pad(samples, (left + _WINDOW // 2, right + _WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[centres + left]
    spectra: npt.NDArray[np.complex64] = scipy.fft.rfft(frames * _hann())
    return spectra


def _nearest_peak(magnitude: Float32Array) -> npt.NDArray[np.intp]:
    """Return the bin of the nearest peak to every bin of every frame; a peak is the largest of five bins."""
    bins = np.arange(magnitude.shape[1])
    is_peak = maximum_filter1d(magnitude, 5, axis=1) == magnitude
    below = np.maximum.accumulate(np.where(is_peak, bins, -len(bins)), axis=1)
    above = np.minimum.accumulate(np.where(is_peak, bins, 2 * len(bins))[:, ::-1], axis=1)[:, ::-1]
    return np.where(bins - below <= above - bins, below, above)


def _overlap_add(spectra: npt.NDArray[np.complex64]) -> Float32Array:
    frames = scipy.fft.irfft(spectra, _WINDOW) * _hann()
    samples = np.zeros((len(frames) + 3) * _HOP, np.float32)
    for quarter in range(4):
        part = frames[:, quarter * _HOP : (quarter + 1) * _HOP].ravel()
        samples[quarter * _HOP :][: part.size] += part
    return samples / np.float32(1.5)  # the sum of four squared Hann windows a quarter apart
