"""Which frequencies a soundscape holds: those of its background, and a faint noise above them.

Many backgrounds are sampled at 16 or 22 kHz and hold nothing above 8 or 11 kHz. Events cut from recordings of a wider
band would be marked by their treble alone, and a detector would learn that instead of the sounds. Events are therefore
low-passed where their background ends, and a noise floor of constant level keeps the band above from being empty.
"""

import numpy as np
import numpy.typing as npt
import scipy.fft
from scipy.signal import welch

SR = 44100
FLOOR_DB = -50.0
"""RMS level of the noise floor in dB relative to the background's: about that of 16-bit rounding."""

_MARGIN_DB = 3.0  # by which a background's spectrum must exceed the floor to count as sound
_TRANSITION = 800.0  # Hz below the band's edge in which the low-pass falls; wide enough not to ring for long
_PAD = 2048  # samples beside an event in which its low-pass rings out

FloatArray = npt.NDArray[np.float32]


def rms(samples: FloatArray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples), dtype=np.float64)))


def noise_floor(n: int, background_level: float, rng: np.random.Generator) -> FloatArray:
    """White noise at a fixed level below the background, so that no band is ever empty."""
    level = background_level * 10 ** (FLOOR_DB / 20)
    # Uniform noise has a variance of 1/12; it is as white as normal noise and drawn several times faster.
    return (rng.random(n, dtype=np.float32) - np.float32(0.5)) * np.float32(level * 12**0.5)


def band_edge(samples: FloatArray) -> float:
    """Highest frequency in Hz at which a background at 44.1 kHz stands out of the noise floor that it will get.

    A recording that was resampled, or decoded from a lossy format, falls below the floor where its band ends, whatever
    the rate that its file states.
    """
    frequencies, density = welch(samples, SR, nperseg=2048)
    floor_density = np.square(rms(samples) * 10 ** (FLOOR_DB / 20)) / (SR / 2)
    audible = np.flatnonzero(density > floor_density * 10 ** (_MARGIN_DB / 10))
    return float(frequencies[audible[-1]]) if len(audible) else 0.0


def lowpass(samples: FloatArray, band: float) -> tuple[FloatArray, int]:
    """Cut everything above `band` Hz, without shifting what is below.

    Returns
    -------
    filtered : ndarray of float32
        The samples, with the filter's ringing before and after them.
    pad : int
        How many samples of ringing there are on either side; none where the whole band is kept.
    """
    if band >= SR / 2:
        return samples, 0
    n = scipy.fft.next_fast_len(len(samples) + 2 * _PAD, real=True)
    spectrum = scipy.fft.rfft(np.pad(samples, (_PAD, n - len(samples) - _PAD)))
    distance = np.clip((band - scipy.fft.rfftfreq(n, 1 / SR)) / _TRANSITION, 0.0, 1.0)
    spectrum *= (0.5 - 0.5 * np.cos(np.pi * distance)).astype(np.float32)
    filtered: FloatArray = scipy.fft.irfft(spectrum, n)[: len(samples) + 2 * _PAD]
    return filtered, _PAD
