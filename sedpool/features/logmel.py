"""The log-mel spectrogram of the paper (section IV.C)."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sedpool import audio
from sedpool.errors import ConfigError
from sedpool.settings.identity import recorded_form

FORMAT = 1
TOP_DB = 80.0
AMIN = 1e-10


@dataclass(frozen=True)
class LogMel:
    """Mel spectrogram in dB relative to the clip's own maximum.

    The defaults are McFee, Salamon and Bello 2018, section IV.C, and their code: 128 mel bands of the power
    spectrogram in dB, floor 80 dB below the clip's maximum, reflected at the edges, 43.07 frames per second.

    Parameters
    ----------
    sr : int
        Sampling rate in Hz; audio is resampled to it.
    n_fft : int
        Length of the window in samples.
    hop_length : int
        Samples between frames.
    n_mels : int
        Number of mel bands.
    """

    sr: int = 44100
    n_fft: int = 2048
    hop_length: int = 1024
    n_mels: int = 128

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
                raise ConfigError(f"features.{name}={value}: expected a whole number above 0")
        if self.hop_length > self.n_fft:
            raise ConfigError(f"features.hop_length={self.hop_length} is longer than n_fft={self.n_fft}: audio is lost")

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.sr / self.hop_length

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on, which key the feature store."""
        settings = recorded_form("sedpool.LogMel", asdict(self))
        return {"kind": "logmel", "format": FORMAT, "resampler": audio.RESAMPLER, **settings}

    def n_frames(self, duration: float) -> int:
        """Return the number of frames of a clip of `duration` seconds; at least 1.

        Examples
        --------
        >>> LogMel().n_frames(10.0)
        430
        """
        return max(1, round(duration * self.sr) // self.hop_length)

    def __call__(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Compute the features of a recording.

        Parameters
        ----------
        samples : ndarray of float32, shape (n,)
            Mono audio at the rate `sr`. Fewer than `n_fft` samples are padded with zeros.

        Returns
        -------
        features : ndarray of float32, shape (frames, n_mels)
            dB, between -80 and 0; all 0 for digital silence.
        """
        import librosa

        n_frames = max(1, len(samples) // self.hop_length)
        if len(samples) < self.n_fft:
            samples = np.pad(samples, (0, self.n_fft - len(samples)))
        mel = librosa.feature.melspectrogram(
            y=samples,
            sr=self.sr,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            n_mels=self.n_mels,
            pad_mode="reflect",
            power=2.0,
        )
        decibels = librosa.power_to_db(mel, ref=np.max, amin=AMIN, top_db=TOP_DB)
        return np.ascontiguousarray(decibels.T[:n_frames], dtype=np.float32)
