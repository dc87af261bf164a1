"""Loudness: the definitions of level in which signal-to-noise ratios are stated.

Levels are amplitudes relative to full scale, so that ``20 log10`` of the ratio of two is a ratio in dB.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from pyloudnorm import IIRfilter
from scipy.signal import sosfilt

from sedpool.runtime.arrays import Float32Array

_SHORTEST = 0.5  # seconds: shorter sounds are repeated to this length, since a gating block lasts 0.4 s
_LEAST_DB = -70.0  # LUFS: the absolute gate; silence counts as this loud
_STEP = 0.100  # seconds from one gating block to the next
_BLOCKS = 4  # steps that a block lasts
_OFFSET_DB = -0.691  # of the standard's scale, so that a full-scale sine of 997 Hz has -3.01 LUFS
_REFERENCE = 0.1


def rms(samples: Float32Array) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(samples), dtype=np.float64)))


def lufs_as_scaper(samples: Float32Array, sr: int) -> float:
    """Measure the integrated loudness of ITU-R BS.1770-4 as Scaper does.

    Sounds shorter than 0.5 s are repeated to that length, and the least value is -70 LUFS.

    Returns
    -------
    amplitude : float
        ``10 ** (LUFS / 20)``.
    """
    repeats = int(np.ceil(_SHORTEST * sr / len(samples)))
    loudness = integrated_loudness(np.tile(samples, repeats) if repeats > 1 else samples, sr)
    return 10 ** (max(loudness, _LEAST_DB) / 20)


def lufs(samples: Float32Array, sr: int) -> float:
    """Measure Scaper's loudness without the absolute gate: halving the amplitude halves the level of any sound.

    Returns
    -------
    amplitude : float
        ``10 ** (LUFS / 20)``; 0 for silence.
    """
    level = rms(samples)
    return level / _REFERENCE * lufs_as_scaper(samples * np.float32(_REFERENCE / level), sr) if level > 0 else 0.0


def integrated_loudness(samples: Float32Array, sr: int) -> float:
    """Measure the integrated loudness in LUFS of mono audio of at least 0.4 s; -inf if no block passes the gate.

    It uses pyloudnorm's filters and gives its numbers, in a third of its time.

    References
    ----------
    ITU-R BS.1770-4, annex 1.
    """
    weighted = sosfilt(_k_weighting(sr), samples)
    n_blocks = round((len(samples) / sr - _BLOCKS * _STEP) / _STEP) + 1
    edges = (np.arange(n_blocks + _BLOCKS) * _STEP * sr).astype(int)
    steps = np.add.reduceat(np.square(weighted[: edges[-1]]), edges[:-1], dtype=np.float64)
    power = np.convolve(steps, np.ones(_BLOCKS), "valid") / (_BLOCKS * _STEP * sr)
    audible = power[power >= 10 ** ((_LEAST_DB - _OFFSET_DB) / 10)]
    if not len(audible):
        return -np.inf
    gated = audible[audible > 0.1 * audible.mean()]  # the relative gate: 10 dB below
    return float(_OFFSET_DB + 10 * np.log10(gated.mean()))


@lru_cache(maxsize=8)
def _k_weighting(sr: int) -> npt.NDArray[np.float32]:
    shelf, high_pass = IIRfilter(4.0, 0.5**0.5, 1500.0, sr, "high_shelf"), IIRfilter(0.0, 0.5, 38.0, sr, "high_pass")
    return np.array([[*stage.b, *stage.a] for stage in (shelf, high_pass)], np.float32)


MEASURES: dict[str, Callable[[Float32Array, int], float]] = {
    "lufs": lufs,
    "rms": lambda samples, sr: rms(samples),
    "scaper": lufs_as_scaper,
}
DEFINITIONS = {
    "lufs": "LUFS (ITU-R BS.1770-4, integrated; sounds under 0.5 s repeated, absolute gate relative to the sound) of "
    "the event over its extent, after fades and band limit, over LUFS of the whole background, dB",
    "rms": "RMS of the event over its extent, after fades and band limit, over RMS of the whole background, dB",
}
"""Meaning of the signal-to-noise ratio in an annotation; without a stated definition it is that of ``scaper``."""
