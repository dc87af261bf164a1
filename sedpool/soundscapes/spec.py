"""What is asked of a soundscape: how many events of which classes, when, how long, how loud, how changed.

The terms are Scaper's. Every distribution can be given for all classes and for each, in YAML::

    n_events: [uniform, 1, 6]
    event: {duration: [uniform, 0.5, 3.0], snr: [uniform, 6, 30]}
    classes:
      rain: {duration: [truncnorm, 4, 1, 2, 8], max_polyphony: 1}
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from sedpool.errors import ConfigError
from sedpool.settings.schema import Seconds, checked
from sedpool.soundscapes.distributions import Distribution, parse

SHORTEST_EVENT = 0.050
"""Seconds: a shorter event is not asked for, and a recording with less sound is not used."""
_STRICT = ConfigDict(extra="forbid")
_FASTEST, _SLOWEST = 0.1, 10.0

Drawn = Annotated[Distribution, BeforeValidator(parse)]
MaybeDrawn = Annotated[Distribution | None, BeforeValidator(lambda value: None if value is None else parse(value))]
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
        How many events of the class may sound at a time; 1 for no overlap.
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
        What holds for every class that `classes` does not name.
    classes : mapping of str to EventSpec
        What holds for these.
    labels : tuple of str, optional
        The classes that events are drawn from, each as likely; one listed twice is twice as likely. None: all.
    max_polyphony : int, optional
        How many events may sound at a time; 1 for no overlap.
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
        _refuse_outside("n_events", self.n_events, 0, math.inf)
        if self.n_events.name in ("const", "choose", "uniform") and any(n % 1 for n in self.n_events.parameters):
            raise ConfigError(f"n_events={self.n_events}: expected whole numbers")
        groups = {"event": self.event, **{f"classes.{label}": event for label, event in self.classes.items()}}
        for group, event in groups.items():
            for key, (low, high) in self.limits().items():
                _refuse_outside(f"{group}.{key}", getattr(event, key), low, high)

    def limits(self) -> dict[str, tuple[float, float]]:
        """Least and greatest possible value of every quantity."""
        return {
            "duration": (SHORTEST_EVENT, self.duration),
            "snr": (-math.inf, math.inf),
            "onset": (0.0, self.duration),
            "source_time": (0.0, math.inf),
            "pitch_shift": (-24.0, 24.0),
            "time_stretch": (_FASTEST, _SLOWEST),
        }

    def of(self, label: str) -> EventSpec:
        """Distributions of a class."""
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
    if distribution is None or distribution.name == "normal":  # drawn again until it is within
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
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    try:
        return make_spec(values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def make_spec(values: Any) -> SoundscapeSpec:
    """Spec from the values of a YAML file; what a class leaves out is as in ``event``.

    Raises
    ------
    ConfigError
        The message names the key.
    """
    values = dict(_mapping("the spec", values))
    event = {"duration": None, "snr": None} | _mapping("event", values.get("event"))
    base = checked(EventSpec, event, "event")
    classes = {
        str(label): checked(EventSpec, _values(base) | _mapping(f"classes.{label}", own), f"classes.{label}")
        for label, own in _mapping("classes", values.get("classes", {})).items()
    }
    return checked(SoundscapeSpec, {"n_events": None} | values | {"event": base, "classes": classes})


def _values(event: EventSpec) -> dict[str, Any]:
    return {field.name: getattr(event, field.name) for field in fields(event)}


def _mapping(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{key} is {value!r}; expected keys and values")
    return dict(value)


def uniform(key: str, ends: Sequence[float]) -> Distribution:
    """Uniform distribution between two ends.

    Raises
    ------
    ConfigError
        If `ends` are not two numbers, the smaller first; the message names `key`.
    """
    try:
        return parse(["uniform", *ends])
    except (TypeError, ValueError):
        raise ConfigError(f"{key} is {ends}; expected two numbers, the smaller first") from None
