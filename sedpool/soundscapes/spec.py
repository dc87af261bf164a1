"""The specification of a soundscape: how many events, their classes, times, levels and changes.

The terms are Scaper's. Every distribution can be given for all classes and for each, in YAML::

    n_events: [uniform, 1, 6]
    event: {duration: [uniform, 0.5, 3.0], snr: [uniform, 6, 30]}
    classes:
      rain: {duration: [truncnorm, 4, 1, 2, 8], max_polyphony: 1}

Distributions are written as Scaper writes them: ``[const, 3]``, ``[choose, [1, 2, 4]]``, ``[uniform, 0.5, 3]``,
``[normal, mean, deviation]`` and ``[truncnorm, mean, deviation, low, high]``. A number alone is a constant; a value
that ``choose`` lists twice is twice as likely.
"""

import dataclasses
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass
from scipy.special import ndtr, ndtri

from sedpool.errors import ConfigError, DataError
from sedpool.settings.schema import Seconds, checked
from sedpool.text_tables import utf8_bytes
from sedpool.untrusted import parse_yaml

SPLITS = ("train", "validate", "test")
"""The parts of a corpus, each a folder of its audio and of its annotations."""
SHORTEST_EVENT = 0.050
"""Seconds: a shorter event is not asked for, and a recording with less sound is not used."""
MOST_EVENTS = 100_000
"""In one soundscape."""
LOUDEST = 200.0
"""dB between an event and its background, at most: samples stay finite."""
_STRICT = ConfigDict(extra="forbid")
_FASTEST, _SLOWEST = 0.1, 10.0
_DRAWS = 1000
"""Draws from an unbounded distribution before it counts as one that never falls within its limits."""
_SHAPES = {
    "const": "[const, value]",
    "choose": "[choose, [value, ...]]",
    "uniform": "[uniform, low, high]",
    "normal": "[normal, mean, deviation]",
    "truncnorm": "[truncnorm, mean, deviation, low, high]",
}


@dataclasses.dataclass(frozen=True)
class Distribution:
    """A distribution of numbers.

    Attributes
    ----------
    name : {"const", "choose", "uniform", "normal", "truncnorm"}
    parameters : tuple of float
        The constant; the choices; low and high; mean and deviation; mean, deviation, low and high.
    """

    name: str
    parameters: tuple[float, ...]

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value that can be drawn."""
        if self.name == "normal":
            return -math.inf, math.inf
        ends = self.parameters[2:] if self.name == "truncnorm" else self.parameters
        return min(ends), max(ends)

    def draw(self, rng: np.random.Generator) -> float:
        """Draw a value."""
        match self.name, self.parameters:
            case "const", (value,):
                return value
            case "uniform", (low, high):
                return float(rng.uniform(low, high))
            case "normal", (mean, deviation):
                return float(rng.normal(mean, deviation))
            case "truncnorm", (mean, deviation, low, high):
                below, above = ndtr((low - mean) / deviation), ndtr((high - mean) / deviation)
                return float(np.clip(mean + deviation * ndtri(rng.uniform(below, above)), low, high))
            case _:
                return self.parameters[int(rng.integers(len(self.parameters)))]

    def draw_count(self, rng: np.random.Generator) -> int:
        """Draw a whole number of at least 0.

        With ``uniform``, every whole number from low to high is equally likely; other distributions are rounded.
        """
        if self.name == "uniform":
            low, high = self.parameters
            return int(rng.integers(math.ceil(low), math.floor(high) + 1))
        return max(0, round(self.draw(rng)))

    def draw_within(self, low: float, high: float, rng: np.random.Generator, key: str) -> float:
        """Draw until the value is from `low` to `high`, which only ``normal`` may miss.

        Raises
        ------
        ConfigError
            If 1,000 draws fail; the message names `key`.
        """
        for _ in range(_DRAWS):
            value = self.draw(rng)
            if low <= value <= high:
                return value
        raise ConfigError(f"{key}={self}: {_DRAWS} draws gave no value from {low} to {high}; correct the distribution")

    def __str__(self) -> str:
        return f"[{', '.join(map(str, (self.name, *self.parameters)))}]"


def parse_distribution(value: Any) -> Distribution:
    """Return the distribution that a YAML value stands for.

    Raises
    ------
    ValueError
        If it stands for none; pydantic and `sedpool.settings.schema.checked` add the key.

    Examples
    --------
    >>> parse_distribution(["uniform", 0.5, 3]), parse_distribution(2)
    (Distribution(name='uniform', parameters=(0.5, 3.0)), Distribution(name='const', parameters=(2.0,)))
    """
    if isinstance(value, Distribution):
        return value
    if not isinstance(value, list | tuple):
        value = ["const", value] if _is_finite(value) else []
    if not value or not isinstance(value[0], str) or value[0] not in _SHAPES:
        raise ValueError(f"expected a number or [{' | '.join(_SHAPES)}, ...]")
    name, *given = value
    if name == "choose" and len(given) == 1 and isinstance(given[0], list | tuple):
        given = list(given[0])
    if not given or not all(map(_is_finite, given)) or (name != "choose" and len(given) != _SHAPES[name].count(",")):
        raise ValueError(f"expected {_SHAPES[name]}, all of them finite numbers")
    if name in ("uniform", "truncnorm") and given[-2] > given[-1]:
        raise ValueError(f"low {given[-2]} is above high {given[-1]}")
    if name in ("normal", "truncnorm") and given[1] <= 0:
        raise ValueError(f"deviation {given[1]}; expected more than 0")
    if name == "truncnorm" and not ndtr((given[3] - given[0]) / given[1]) > ndtr((given[2] - given[0]) / given[1]):
        raise ValueError(f"nothing is drawn from {given[2]} to {given[3]}, so far from the mean {given[0]}")
    return Distribution(name, tuple(map(float, given)))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


Drawn = Annotated[Distribution, BeforeValidator(parse_distribution)]
MaybeDrawn = Annotated[
    Distribution | None, BeforeValidator(lambda value: None if value is None else parse_distribution(value))
]
Polyphony = Annotated[int, Field(ge=1, strict=True)] | None


@dataclass(frozen=True, config=_STRICT)
class EventSpec:
    """The distributions that one event is drawn from.

    Attributes
    ----------
    duration : Distribution
        Seconds taken from the recording, before any time stretch.
    snr : Distribution
        Level over the background in dB, by the soundscape's definition of level.
    onset : Distribution, optional
        Seconds; an event that would pass the end starts earlier. None: anywhere that it fits.
    source_time : Distribution, optional
        Seconds from where the recording's sound begins. None: anywhere that is about as loud as it gets.
    pitch_shift : Distribution, optional
        Semitones.
    time_stretch : Distribution, optional
        Factor by which the event gets longer.
    max_polyphony : int, optional
        How many events of the class may sound at the same time; 1 for no overlap.
    """

    duration: Drawn
    snr: Drawn
    onset: MaybeDrawn = None
    source_time: MaybeDrawn = None
    pitch_shift: MaybeDrawn = None
    time_stretch: MaybeDrawn = None
    max_polyphony: Polyphony = None


@dataclass(frozen=True, config=_STRICT)
class SoundscapeSpec:
    """The distributions that a soundscape is drawn from.

    Attributes
    ----------
    n_events : Distribution
        Number of events; see `Distribution.draw_count`.
    event : EventSpec
        The distributions of every class that `classes` does not name.
    classes : mapping of str to EventSpec
        The distributions of single classes.
    labels : tuple of str, optional
        The classes that events are drawn from, all equally likely; one listed twice is twice as likely. None: all.
    max_polyphony : int, optional
        How many events may sound at the same time; 1 for no overlap.
    duration : float
        Length of the soundscape in seconds.
    level : {"lufs", "rms"}
        How levels are measured; see `sedpool.audio.loudness`.

    Raises
    ------
    ConfigError
        If a distribution reaches beyond what is possible; the message names its key.
    """

    n_events: Drawn
    event: EventSpec
    classes: Mapping[str, EventSpec] = Field(default_factory=dict)
    labels: tuple[str, ...] | None = None
    max_polyphony: Polyphony = None
    duration: Seconds = 10.0
    level: Literal["lufs", "rms"] = "lufs"

    def __post_init__(self) -> None:
        _refuse_outside("n_events", self.n_events, 0, MOST_EVENTS)
        if self.n_events.name == "normal" and sum(map(abs, self.n_events.parameters)) > MOST_EVENTS:
            raise ConfigError(f"n_events={self.n_events}: expected at most {MOST_EVENTS}")
        if self.n_events.name in ("const", "choose", "uniform") and any(n % 1 for n in self.n_events.parameters):
            raise ConfigError(f"n_events={self.n_events}: expected whole numbers")
        groups = {"event": self.event, **{f"classes.{label}": event for label, event in self.classes.items()}}
        for group, event in groups.items():
            for key, (low, high) in self.limits().items():
                _refuse_outside(f"{group}.{key}", getattr(event, key), low, high)

    def limits(self) -> dict[str, tuple[float, float]]:
        """Return the least and greatest possible value of every quantity."""
        return {
            "duration": (SHORTEST_EVENT, self.duration),
            "snr": (-LOUDEST, LOUDEST),
            "onset": (0.0, self.duration),
            "source_time": (0.0, math.inf),
            "pitch_shift": (-24.0, 24.0),
            "time_stretch": (_FASTEST, _SLOWEST),
        }

    def of(self, label: str) -> EventSpec:
        """Return the distributions of a class."""
        return self.classes.get(label, self.event)

    def check_labels(self, known: Sequence[str]) -> None:
        """Refuse a class that no recording has.

        Raises
        ------
        ConfigError
            The message names the class and its key.
        """
        named = {label: "labels" for label in self.labels or ()} | {label: "classes" for label in self.classes}
        for label, key in named.items():
            if label not in known:
                raise ConfigError(f"{key}: unknown class {label!r}; expected one of {', '.join(known)}")


def _refuse_outside(key: str, distribution: Distribution | None, low: float, high: float) -> None:
    if distribution is None or distribution.name == "normal":  # drawn again until the value is within the limits
        return
    least, greatest = distribution.support
    if least < low or greatest > high:
        raise ConfigError(f"{key}={distribution}: reaches from {least} to {greatest}; expected from {low} to {high}")


def read_spec(path: str | os.PathLike[str]) -> SoundscapeSpec:
    """Read a spec from YAML.

    Raises
    ------
    ConfigError
        If the file is missing or not YAML, or a key is unknown or its value wrong; the message names file and key.
    """
    try:
        values = parse_yaml(utf8_bytes(path).decode())
    except ValueError as error:
        raise ConfigError(f"{path}: not valid YAML ({error})") from None
    except DataError as error:
        raise ConfigError(str(error)) from None
    try:
        return make_spec(values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def make_spec(values: Any) -> SoundscapeSpec:
    """Make a spec from the values of a YAML file; what a class leaves out is as in ``event``.

    Raises
    ------
    ConfigError
        The message names the key.
    """
    values = dict(_mapping("the spec", values))
    event = {"duration": None, "snr": None} | _mapping("event", values.get("event"))
    base = checked(EventSpec, event, "event")
    inherited = {field.name: getattr(base, field.name) for field in dataclasses.fields(base)}
    classes = {
        str(label): checked(EventSpec, inherited | _mapping(f"classes.{label}", own), f"classes.{label}")
        for label, own in _mapping("classes", values.get("classes", {})).items()
    }
    return checked(SoundscapeSpec, {"n_events": None} | values | {"event": base, "classes": classes})


def _mapping(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key} is {value!r}; expected keys and values")
    return dict(value)


def uniform(key: str, ends: Sequence[float]) -> Distribution:
    """Make a uniform distribution between two ends.

    Raises
    ------
    ConfigError
        If `ends` are not two numbers, the smaller first; the message names `key`.
    """
    try:
        return parse_distribution(["uniform", *ends])
    except (TypeError, ValueError):
        raise ConfigError(f"{key} is {ends}; expected two numbers, the smaller first") from None
