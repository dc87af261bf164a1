"""Pitch shift of recordings: features computed beforehand, and clips in several versions.

McFee, Salamon and Bello (2018, section IV.C) shifted their training data by −2, −1, 0, 1 and 2 semitones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sedpool.audio import vocoder
from sedpool.features.store import Extractor
from sedpool.runtime.arrays import Float32Array

Value = TypeVar("Value")


@dataclass(frozen=True)
class PitchShifted:
    """A feature extractor for recordings shifted in pitch; its store differs from that of the plain extractor.

    Parameters
    ----------
    extractor : Extractor
        The plain extractor.
    semitones : float
        Shift, upwards if positive.
    """

    extractor: Extractor
    semitones: float

    @property
    def sr(self) -> int:
        """Sampling rate in Hz; audio is resampled to it."""
        return self.extractor.sr

    @property
    def frame_rate(self) -> float:
        """Frames per second."""
        return self.extractor.frame_rate

    @property
    def unit(self) -> str:
        """What values are in."""
        return self.extractor.unit

    @property
    def silence(self) -> float:
        """Value of digital silence."""
        return self.extractor.silence

    @property
    def context(self) -> int:
        """Frames at either end whose values depend on what is beyond it."""
        return self.extractor.context

    @property
    def is_local(self) -> bool:
        """Whether values do not depend on where a recording is cut."""
        return self.extractor.is_local

    @property
    def parameters(self) -> dict[str, Any]:
        """All settings that the values depend on."""
        shift = {"semitones": self.semitones, "vocoder": vocoder.VOCODER}
        return {**self.extractor.parameters, "pitch_shift": shift}

    def n_frames(self, duration: float) -> int:
        """Return the number of frames of a clip of `duration` seconds; at least 1."""
        return self.extractor.n_frames(duration)

    def __call__(self, samples: Float32Array) -> Float32Array:
        """Compute the features of the shifted recording, with as many frames as those of the plain one."""
        return self.extractor(vocoder.pitch_shift(samples, self.sr, self.semitones))


class PitchVariants(Mapping[str, Value]):
    """Values of each clip in every version, each under its own name ``<semitones> <filename>``.

    Parameters
    ----------
    versions : mapping of float to mapping
        By semitones, then by `filename`.
    """

    def __init__(self, versions: Mapping[float, Mapping[str, Value]]) -> None:
        self._versions = {f"{semitones:+g}": values for semitones, values in versions.items()}

    def __getitem__(self, name: str) -> Value:
        """Return the value of ``<semitones> <filename>``."""
        version, _, filename = name.partition(" ")
        return self._versions[version][filename]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return (f"{version} {filename}" for version, values in self._versions.items() for filename in values)

    def __len__(self) -> int:
        """Return the number of clips times the number of versions."""
        return sum(len(values) for values in self._versions.values())
