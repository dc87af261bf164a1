"""What happens in a soundscape before any audio exists: which events, when, how long, how loud.

A soundscape is a pure function of (seed, split, index): its generator is seeded by these three alone, so that any
number of workers, in any order, writes the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sedpool.datasets.layout import SPLITS
from sedpool.errors import ConfigError

Range = tuple[float, float]


@dataclass(frozen=True)
class Recipe:
    """The distributions that events are drawn from, all uniform.

    Attributes
    ----------
    n_events : (int, int)
        Fewest and most events in a soundscape.
    snr : (float, float)
        Level of an event over the background in dB (see `sedpool.datasets.soundscapes.mixer`).
    event_duration : (float, float)
        Length of an event in seconds.
    class_durations : mapping of str to (float, float)
        Lengths of the classes that differ from `event_duration`.
    duration : float
        Length of a soundscape in seconds.
    """

    n_events: tuple[int, int]
    snr: Range
    event_duration: Range
    class_durations: Mapping[str, Range] = field(default_factory=dict)
    duration: float = 10.0

    def __post_init__(self) -> None:
        lengths = {"event_duration": self.event_duration, **self.class_durations}
        for name, value in {"n_events": self.n_events, "snr": self.snr, **lengths}.items():
            _check_range(name, value)
        for name, (low, high) in lengths.items():
            if low <= 0 or high > self.duration:
                raise ConfigError(f"{name} is ({low}, {high}) s; expected more than 0 and at most {self.duration} s")
        if self.n_events[0] < 0 or any(count != int(count) for count in self.n_events):
            raise ConfigError(f"n_events is {tuple(self.n_events)}; expected whole numbers, 0 or more")


def _check_range(name: str, value: Sequence[float]) -> None:
    numbers = isinstance(value, Sequence) and all(isinstance(end, int | float) for end in value)
    if not numbers or len(value) != 2 or not value[0] <= value[1]:
        raise ConfigError(f"{name} is {value}; expected two numbers, the smaller first")


@dataclass(frozen=True)
class EventSpec:
    """One event as drawn: its class, its onset and length in seconds, its level over the background in dB."""

    label: str
    onset: float
    duration: float
    snr: float


def generator(seed: int, split: str, index: int) -> np.random.Generator:
    """Random generator of one soundscape."""
    return np.random.default_rng(np.random.SeedSequence((seed, SPLITS.index(split), index)))


def draw_events(recipe: Recipe, classes: Sequence[str], rng: np.random.Generator) -> list[EventSpec]:
    """Draw the events of one soundscape; every event ends within it."""
    low, high = recipe.n_events
    return [_draw_event(recipe, classes, rng) for _ in range(int(rng.integers(low, high + 1)))]


def _draw_event(recipe: Recipe, classes: Sequence[str], rng: np.random.Generator) -> EventSpec:
    label = classes[int(rng.integers(len(classes)))]
    length = float(rng.uniform(*recipe.class_durations.get(label, recipe.event_duration)))
    onset = float(rng.uniform(0.0, recipe.duration - length))
    return EventSpec(label, onset, length, float(rng.uniform(*recipe.snr)))
