"""Recordings at other pitches: features computed beforehand, and clips that come in several versions.

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
    """A feature extractor that hears everything higher or lower; its store is another than that of the plain one.

    Parameters
    ----------
    extractor : Extractor
        The plain one.
    semitones : float
        By how much.
    """

    extractor: Extractor
    semitones: float

    @property
    def sr(self) -> int:
        """Sampling rate in Hz that audio is brought to."""
        return self.extractor.sr

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything that the values depend on."""
        shift = {"semitones": self.semitones, "vocoder": vocoder.VOCODER}
        return {**self.extractor.parameters, "pitch_shift": shift}

    def __call__(self, samples: Float32Array) -> Float32Array:
        """Features of the shifted recording, as many frames as the plain one has."""
        return self.extractor(vocoder.pitch_shift(samples, self.sr, self.semitones))


class PitchVariants(Mapping[str, Value]):
    """Each clip's values in every version, under names of their own.

    Parameters
    ----------
    versions : mapping of float to mapping
        By semitones, then by `filename`.
    """

    def __init__(self, versions: Mapping[float, Mapping[str, Value]]) -> None:
        self._versions = {f"{semitones:+g}": values for semitones, values in versions.items()}

    def __getitem__(self, name: str) -> Value:
        """Value of ``<semitones> <filename>``."""
        version, _, filename = name.partition(" ")
        return self._versions[version][filename]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return (f"{version} {filename}" for version, values in self._versions.items() for filename in values)

    def __len__(self) -> int:
        """Return the number of clips times that of their versions."""
        return sum(len(values) for values in self._versions.values())
