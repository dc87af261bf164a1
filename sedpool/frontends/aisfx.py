"""The front-end aisfx: embeddings of a network that was trained on sound effects libraries."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.sparse

from sedpool import audio
from sedpool.errors import ConfigError
from sedpool.features.spectrum import powers_in_bands
from sedpool.frontends.aisfx_grid import REACH, STRIDES, Layer, context
from sedpool.frontends.aisfx_weights import read_weights, require_weights, weights_file
from sedpool.frontends.catalog import AISFX, FrontEnd
from sedpool.runtime.arrays import Float32Array
from sedpool.runtime.backend import compiled, import_backend

FORMAT = 1
SR, N_FFT, HOP = 44100, 2048, 1024
HIGHEST = 9.457798957824707
"""What the authors divide their spectrograms by: the highest value of those that they trained on."""

_PIECE, _MARGIN = 1024, 40  # spectrogram frames of a long recording that are worked on at a time, and around them
_building = threading.Lock()


@dataclass(frozen=True)
class Aisfx:
    """Embeddings of aisfx [1]_: 512 values per frame of a network trained on sound effects libraries.

    Its weights are got once with ``sedpool models get aisfx``. They are under CC BY 4.0.

    Parameters
    ----------
    frame_period : {186, 93, 46, 23}
        Milliseconds between embeddings. The network's own is 186; the finer ones are its exact values for the sound
        moved in time, not interpolated.
    gain : float
        Change of level before the spectrogram in dB. With 0 samples are taken as they are, as the authors did.
    peak_window : float or None
        Stretches of so many seconds, each by itself, are brought to a peak of full scale before `gain` applies; the
        last one counts back from the end. None keeps levels.
    layer : {'embedding', 'block3'}
        Which output: the embedding, or 3072 values of the block before the last, for networks that train the last one
        further.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    References
    ----------
    .. [1] A. B. Ma and A. Lerch, "Representation learning for the automatic indexing of sound effects libraries",
       ISMIR 2022.
    """

    frame_period: int = 93
    gain: float = 0.0
    peak_window: float | None = None
    layer: Layer = "embedding"

    def __post_init__(self) -> None:
        if self.frame_period not in STRIDES:
            raise ConfigError(f"features.frame_period={self.frame_period}: expected 186, 93, 46 or 23 ms")
        if not abs(self.gain) <= 100:
            raise ConfigError(f"features.gain={self.gain}: expected dB from -100 to 100")
        if self.peak_window is not None and not HOP / SR <= self.peak_window < np.inf:
            raise ConfigError(f"features.peak_window={self.peak_window}: expected seconds, or null to keep levels")
        if self.layer not in REACH:
            raise ConfigError(f"features.layer={self.layer}: expected embedding or block3")

    @property
    def front_end(self) -> FrontEnd:
        """What network it is; raises a `sedpool.errors.ConfigError` if its weights are not there."""
        require_weights()
        return AISFX

    @property
    def sr(self) -> int:
        """Sampling rate in Hz; audio is resampled to it."""
        return SR

    @property
    def stride(self) -> int:
        """Spectrogram frames from one embedding to the next."""
        return STRIDES[self.frame_period]

    @property
    def n_features(self) -> int:
        """Values per frame."""
        return 512 if self.layer == "embedding" else 3072

    @property
    def frame_rate(self) -> float:
        """Embeddings per second."""
        return SR / (HOP * self.stride)

    @property
    def unit(self) -> str:
        """What values are in."""
        return "activations"

    @property
    def silence(self) -> float:
        """Value that short features are made longer with: no filter is active."""
        return 0.0

    @property
    def context(self) -> int:
        """Frames at either end of a part of a recording whose values depend on what is beyond it."""
        return context(self.stride, self.layer)

    @property
    def is_local(self) -> bool:
        """Whether, except for `context`, the values of a frame do not depend on where a recording is cut."""
        return self.peak_window is None

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on, which key the feature store."""
        weights = {"weights": AISFX.sha256}
        return {"kind": "aisfx", "format": FORMAT, "resampler": audio.RESAMPLER, **weights, **asdict(self)}

    def n_frames(self, duration: float) -> int:
        """Return the number of frames of a clip of `duration` seconds; at least 1.

        Examples
        --------
        >>> Aisfx().n_frames(10.0), Aisfx(186).n_frames(10.0)
        (107, 53)
        """
        return max(1, round(duration * SR) // HOP // self.stride)

    def spectrogram(self, samples: Float32Array) -> Float32Array:
        """Compute what the network is fed: a mel spectrogram on a logarithmic scale, 0 for silence.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at 44,100 Hz.

        Returns
        -------
        spectrogram : ndarray of float32, shape (n // 1024, 96)
        """
        n_frames = max(1, len(samples) // HOP)
        long_enough = np.pad(samples, (0, max(0, N_FFT - len(samples))))
        powers = powers_in_bands(long_enough, *_window_and_filters(), HOP)[:n_frames]
        factor = np.full(n_frames, 10 ** (self.gain / 20), np.float32)
        if self.peak_window is not None:
            length = round(self.peak_window * SR / HOP)
            for first in range(0, n_frames, length):
                start = max(0, min(first, n_frames - length))
                peak = np.abs(samples[start * HOP : (start + length) * HOP]).max(initial=0)
                factor[first : first + length] /= peak or 1
        return np.asarray(np.log10(1 + 1e4 * powers * factor[:, None] ** 2) / HIGHEST, dtype=np.float32)

    def __call__(self, samples: Float32Array) -> Float32Array:
        """Compute the embeddings of a recording.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at 44,100 Hz.

        Returns
        -------
        features : ndarray of float32, shape (frames, 512), or (frames, 3072) for ``layer='block3'``
            At least 0.
        """
        return self.embed(self.spectrogram(samples))

    def embed(self, spectrogram: Float32Array) -> Float32Array:
        """Apply the network to a spectrogram, shape (frames, 96), piece by piece if it is long."""
        stride, n_frames = self.stride, len(spectrogram)
        spectrogram = np.pad(spectrogram, ((0, max(0, stride - n_frames)), (0, 0)))
        with _building:
            network = _network(str(weights_file()), stride, self.layer)
        if n_frames <= _PIECE + 2 * _MARGIN:
            whole: Float32Array = network(spectrogram[None])["features"][0]
            return whole
        rows = []
        for first in range(0, n_frames, _PIECE):
            begin, last = max(0, first - _MARGIN), min(first + _PIECE, n_frames)
            piece = network(spectrogram[None, begin : last + _MARGIN])["features"][0]
            rows.append(piece[(first - begin) // stride : (last - begin) // stride])
        return np.concatenate(rows)


@lru_cache(maxsize=1)
def _window_and_filters() -> tuple[Float32Array, scipy.sparse.csr_array]:
    """Return Hann's window, and triangles on the mel scale of HTK whose weights sum to 1."""
    from librosa.filters import mel

    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    filters = mel(sr=SR, n_fft=N_FFT, n_mels=96, htk=True, norm=1.0)
    return window.astype(np.float32), scipy.sparse.csr_array(filters)


@lru_cache(maxsize=4)
def _network(path: str, stride: int, layer: Layer) -> Callable[..., Mapping[str, Any]]:
    """Return the compiled network with the weights that lie at `path`."""
    import_backend()
    from sedpool.frontends.aisfx_network import build_network

    return compiled(build_network(read_weights(), stride, layer))
