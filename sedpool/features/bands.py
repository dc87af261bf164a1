"""Frequency bands: overlapping triangles that are evenly spaced on the mel scale, in Hz or in octaves."""

from functools import lru_cache
from typing import Literal

import numpy as np

from sedpool.runtime.arrays import Float32Array, Float64Array

Scale = Literal["mel", "linear", "log"]


def band_edges(n_bands: int, fmin: float, fmax: float, scale: Scale) -> Float64Array:
    """Return the frequencies in Hz that `n_bands` triangles reach over.

    Parameters
    ----------
    n_bands : int
        Number of triangles.
    fmin, fmax : float
        Where the first begins and the last ends, in Hz; `fmin` is above 0 if `scale` is ``'log'``.
    scale : {'mel', 'linear', 'log'}
        On which they are evenly spaced; the mel scale is that of Slaney's Auditory Toolbox.

    Returns
    -------
    edges : ndarray, shape (n_bands + 2,)
        Triangle i begins at ``edges[i]``, has its peak at ``edges[i + 1]`` and ends at ``edges[i + 2]``.
    """
    if scale == "linear":
        return np.linspace(fmin, fmax, n_bands + 2)
    if scale == "log":
        return np.geomspace(fmin, fmax, n_bands + 2)
    import librosa

    edges: Float64Array = librosa.mel_frequencies(n_bands + 2, fmin=fmin, fmax=fmax)
    return edges


@lru_cache(maxsize=8)
def band_filters(sr: int, n_fft: int, n_bands: int, fmin: float, fmax: float, scale: Scale) -> Float32Array:
    """Return the weights of spectral bins in triangles of unit area, as those of `librosa.filters.mel`.

    Parameters
    ----------
    sr : int
        Sampling rate in Hz.
    n_fft : int
        Length of the window in samples.
    n_bands, fmin, fmax, scale
        See `band_edges`.

    Returns
    -------
    filters : ndarray of float32, shape (n_bands, n_fft // 2 + 1)
        Per Hz; not to be written to.
    """
    edges = band_edges(n_bands, fmin, fmax, scale)
    bins = np.fft.rfftfreq(n_fft, 1 / sr)
    widths = np.diff(edges)[:, None]
    rising = -(edges[:-2, None] - bins) / widths[:-1]
    falling = (edges[2:, None] - bins) / widths[1:]
    filters = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    filters *= (2.0 / (edges[2:] - edges[:-2]))[:, None]
    filters.setflags(write=False)
    return filters
