"""Per-channel energy normalisation: each band relative to its own recent past instead of decibels."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt

from sedpool import audio
from sedpool.errors import ConfigError
from sedpool.features.spectrum import BandSpectrogram

FORMAT = 1
_SETTLED = 5  # time constants, after which what was before counts less than a hundredth


@dataclass(frozen=True)
class PCEN(BandSpectrogram):
    """Spectrogram with per-channel energy normalisation [1]_, as `librosa.pcen` computes it.

    Of the amplitude E in a band and its running mean M, both relative to full scale, remains
    ``(E / (eps + M) ** gain + bias) ** power - bias ** power``: steady sound and the level of a recording fade, and
    onsets stand out. The running mean starts from the mean over the first five time constants, so that values depend on
    nothing but what is given.

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
    gain : float
        Share of the level that is taken out, 0 to 1.
    bias, power : float
        Compression of what remains; above 0.
    time_constant : float
        Of the running mean, in seconds.
    eps : float
        Amplitude that counts as silence, relative to full scale; its default is -120 dB, the noise of 16-bit audio.

    Raises
    ------
    ConfigError
        If a setting is out of range, or bands are so narrow that there is no bin in them.

    References
    ----------
    .. [1] Y. Wang et al., "Trainable frontend for robust and far-field keyword spotting", ICASSP 2017.
    """

    gain: float = 0.98
    bias: float = 2.0
    power: float = 0.5
    time_constant: float = 0.4
    eps: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("bias", "power", "time_constant", "eps"):
            if not 0 < getattr(self, name) < np.inf:
                raise ConfigError(f"features.{name}={getattr(self, name)}: expected a number above 0")
        if not 0 <= self.gain <= 1:
            raise ConfigError(f"features.gain={self.gain}: expected a share from 0 to 1")

    @property
    def unit(self) -> str:
        """What values are in: a ratio to the running mean, compressed."""
        return "PCEN"

    @property
    def silence(self) -> float:
        """Value of digital silence."""
        return 0.0

    @property
    def context(self) -> int:
        """Frames at either end whose values depend on what is beyond it: at the start as far as the mean reaches."""
        return super().context + ceil(_SETTLED * self.time_constant * self.frame_rate)

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on, which key the feature store."""
        return {"kind": "pcen", "format": FORMAT, "resampler": audio.RESAMPLER, **asdict(self)}

    def __call__(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Compute the features of a recording.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at the rate `sr`. Fewer than `n_fft` samples are padded with zeros.

        Returns
        -------
        features : ndarray of float32, shape (frames, n_mels)
            At least 0, which is digital silence.
        """
        import librosa

        amplitudes = np.sqrt(self.powers(samples))
        frames = self.time_constant * self.frame_rate
        share = (np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)  # of a frame in the mean; as librosa derives it
        start = (1 - share) * amplitudes[: self.context].mean(axis=0, keepdims=True)
        normalised = librosa.pcen(
            amplitudes, gain=self.gain, bias=self.bias, power=self.power, b=share, eps=self.eps, axis=0, zi=start
        )
        return np.asarray(normalised, dtype=np.float32)
