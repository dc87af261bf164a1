"""Spectrograms in dB: the log-mel spectrogram of the paper (section IV.C), or one of fixed reference."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sedpool import audio
from sedpool.errors import ConfigError
from sedpool.features.spectrum import BandSpectrogram
from sedpool.settings.identity import recorded_form

FORMAT = 1
AMIN = 1e-10
FLOOR = {"window": -80.0, "fixed": -120.0}
"""In dB, by reference. That of ``window`` is the paper's; that of ``fixed`` is the power of the dithered quantisation
noise of 16-bit audio in a bin of 2048 samples, so that no recording lies below it."""


@dataclass(frozen=True)
class LogMel(BandSpectrogram):
    """Mel spectrogram in dB.

    The defaults are McFee, Salamon and Bello 2018, section IV.C, and their code: 128 mel bands of the power
    spectrogram in dB, floor 80 dB below the maximum, reflected at the edges, 43.07 frames per second.

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
    reference : {'window', 'fixed'}
        What 0 dB is. ``'window'``: the maximum of all that is given at once, a clip or a window of a recording, with
        the floor 80 dB below it; one loud event shifts all values. ``'fixed'``: a sine at full scale, in the bin of
        its frequency; a band is the weighted mean of its bins, and its floor is -120 dB. Values then depend on nothing
        but the sound around a frame.

    Raises
    ------
    ConfigError
        If a setting is out of range, or bands are so narrow that there is no bin in them.
    """

    reference: Literal["window", "fixed"] = "window"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reference not in FLOOR:
            raise ConfigError(f"features.reference={self.reference}: expected window or fixed")

    @property
    def unit(self) -> str:
        """What values are in."""
        return "dB"

    @property
    def silence(self) -> float:
        """Value of digital silence in dB: the floor."""
        return FLOOR[self.reference]

    @property
    def is_local(self) -> bool:
        """Whether values do not depend on where a recording is cut; with ``reference='window'`` they do."""
        return self.reference == "fixed"

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on, which key the feature store."""
        settings = recorded_form("sedpool.LogMel", asdict(self))
        return {"kind": "logmel", "format": FORMAT, "resampler": audio.RESAMPLER, **settings}

    def __call__(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Compute the features of a recording.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at the rate `sr`. Fewer than `n_fft` samples are padded with zeros.

        Returns
        -------
        features : ndarray of float32, shape (frames, n_mels)
            dB. With ``reference='window'`` between -80 and 0, and all 0 if everything is digital silence; with
            ``'fixed'`` at least -120, which is digital silence, and about 0 at most.
        """
        if self.reference == "window":
            return self._relative(samples)
        powers = np.maximum(self.powers(samples), np.finfo(np.float32).tiny)
        return np.asarray(np.maximum(10 * np.log10(powers), self.silence), dtype=np.float32)

    def _relative(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Compute decibels relative to the maximum, with the bits of the first version, which stores keep.

        The last bit of some depends on the number of threads of BLAS.
        """
        import librosa

        spectra = librosa.stft(self._padded(samples), n_fft=self.n_fft, hop_length=self.hop_length, pad_mode="reflect")
        powers = np.einsum("ft,mf->mt", np.abs(spectra) ** 2.0, self._filters, optimize=True)
        decibels = librosa.power_to_db(powers, ref=np.max, amin=AMIN, top_db=-self.silence)
        n_frames = max(1, len(samples) // self.hop_length)
        return np.ascontiguousarray(decibels.T[:n_frames], dtype=np.float32)
