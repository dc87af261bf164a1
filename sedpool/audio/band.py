"""The frequency band of a soundscape: that of its background, with faint noise above it.

Many backgrounds are sampled at 16 or 22 kHz and hold nothing above 8 or 11 kHz. Events with a wider band would be
recognisable by their high frequencies alone, and a detector would learn these instead of the sounds. Events are
therefore low-passed where their background's band ends, and dither fills the band above. Without dither, the noise of
rounding to 16 bits would come and go with the signal and give events away too.
"""

import numpy as np
import scipy.fft
from scipy.signal import welch

from sedpool.audio.loudness import rms
from sedpool.runtime.arrays import Float32Array

SR = 44100
FLOOR_DB = 20 * np.log10(0.5 / 32768)
"""RMS level of the noise floor in dB of full scale: dither and the rounding to 16 bits together, half a step."""

_MARGIN_DB = 3.0  # by which a background's spectrum must exceed the floor to count as sound
_TRANSITION = 800.0  # Hz below the band's edge in which the low-pass falls; wide enough not to ring for long
_PAD = 2048  # samples of ringing kept on either side of a low-passed event


def dither(n: int, rng: np.random.Generator) -> Float32Array:
    """Draw triangular noise of one 16-bit step to either side, which makes the noise of rounding constant."""
    triangular = rng.random(n, dtype=np.float32) - rng.random(n, dtype=np.float32)
    return triangular * np.float32(1 / 32768)


def band_edge(samples: Float32Array, level_db: float) -> float:
    """Return the highest frequency in Hz at which a background exceeds the noise floor.

    A recording that was resampled, or decoded from a lossy format, falls below the floor where its band ends, even if
    its file states a higher rate.

    Parameters
    ----------
    samples : ndarray of float32
        The background at 44.1 kHz.
    level_db : float
        RMS level in dB of full scale that it will be mixed at.
    """
    frequencies, density = welch(samples, SR, nperseg=2048)
    floor_density = np.square(rms(samples) * 10 ** ((FLOOR_DB - level_db) / 20)) / (SR / 2)
    audible = np.flatnonzero(density > floor_density * 10 ** (_MARGIN_DB / 10))
    return float(frequencies[audible[-1]]) if len(audible) else 0.0


def lowpass(samples: Float32Array, band: float) -> tuple[Float32Array, int]:
    """Cut everything above `band` Hz, without shifting what is below.

    Returns
    -------
    filtered : ndarray of float32
        The samples, with the filter's ringing before and after them.
    pad : int
        Number of samples of ringing on either side; 0 if the whole band is kept.
    """
    if band >= SR / 2:
        return samples, 0
    n = scipy.fft.next_fast_len(len(samples) + 2 * _PAD, real=True)
    spectrum = scipy.fft.rfft(np.pad(samples, (_PAD, n - len(samples) - _PAD)))
    distance = np.clip((band - scipy.fft.rfftfreq(n, 1 / SR)) / _TRANSITION, 0.0, 1.0)
    spectrum *= (0.5 - 0.5 * np.cos(np.pi * distance)).astype(np.float32)
    filtered: Float32Array = scipy.fft.irfft(spectrum, n)[: len(samples) + 2 * _PAD]
    return filtered, _PAD
