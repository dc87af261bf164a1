"""Scaper JAMS with everything that is needed to render a soundscape again: sources, times, levels and changes.

`sedpool.formats.jams` reads only the events, from any JAMS.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sedpool.errors import DataError
from sedpool.formats import jams
from sedpool.untrusted import parse_json

Finite = Annotated[float, Field(allow_inf_nan=False)]
Time = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Length = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="ignore"))
class Value:
    """The value of one observation in the namespace ``scaper``.

    Attributes
    ----------
    label : str
        Class, or kind of background.
    source_file : str
        The recording.
    source_time, event_time, event_duration : float
        Seconds: start in the recording, start in the soundscape, and length in the recording, before any stretch.
    snr : float
        Level over the background in dB.
    role : {"background", "foreground"}
    pitch_shift : float or None
        Semitones.
    time_stretch : float or None
        Factor by which it gets longer.
    """

    label: Annotated[str, Field(min_length=1)]
    source_file: Annotated[str, Field(min_length=1)]
    source_time: Time
    event_time: Time
    event_duration: Length
    snr: Finite
    role: Literal["background", "foreground"]
    pitch_shift: Finite | None = None
    time_stretch: Length | None = None


@dataclass(frozen=True)
class Scene:
    """One soundscape: its length in seconds, background, events, and the settings in its JAMS' sandbox."""

    duration: float
    background: Value
    events: tuple[Value, ...]
    settings: Mapping[str, Any]


def read_scene(path: str | os.PathLike[str]) -> Scene:
    """Read the soundscape that a Scaper JAMS describes.

    Raises
    ------
    DataError
        If the file is not a Scaper JAMS, an observation lacks a field or has an impossible value, or there is not
        exactly one background. The message names the file and the observation.
    """
    duration = jams.read_annotation(path).duration
    document = parse_json(Path(path).read_bytes())
    namespaces = [annotation["namespace"] for annotation in document["annotations"]]
    index = next((n for n, namespace in enumerate(namespaces) if namespace in jams.SCAPER_NAMESPACES), None)
    if index is None:
        raise DataError(
            f"{path}: annotations of namespace {', '.join(namespaces)}; expected scaper, as Scaper writes it"
        )
    annotation, where = document["annotations"][index], f"{path}: annotation {index}, observation"
    values = [_value(item.get("value"), f"{where} {n}") for n, item in enumerate(annotation["data"])]
    backgrounds = [value for value in values if value.role == "background"]
    if len(backgrounds) != 1:
        raise DataError(f"{path}: {len(backgrounds)} backgrounds; expected one")
    settings = (annotation.get("sandbox") or {}).get("scaper") or {}
    return Scene(duration, backgrounds[0], tuple(value for value in values if value.role == "foreground"), settings)


def _value(found: Any, where: str) -> Value:
    try:
        return TypeAdapter(Value).validate_python(found)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, ("value", *first["loc"][:1])))
        raise DataError(f"{where}: {key}={first['input']!r}: {first['msg']}") from None


def duration_in_scene(value: Mapping[str, Any]) -> float:
    """Return the length of an event in the soundscape in seconds, after any time stretch."""
    return float(value["event_duration"]) * float(value.get("time_stretch") or 1.0)


def document(duration: float, values: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Make a JAMS document in the namespace ``scaper``.

    Parameters
    ----------
    duration : float
        Length of the soundscape in seconds.
    values : sequence of mapping
        One per event, background included: `label`, `source_file`, `source_time`, `event_time`, `event_duration`
        (seconds of the recording, before any stretch), `snr` (dB), `role`, `pitch_shift` (semitones), `time_stretch`
        (factor; None for 1).
    settings : mapping
        Settings of the mix, written to the annotation's sandbox.
    """
    observations = [
        {"time": value["event_time"], "duration": duration_in_scene(value), "value": dict(value), "confidence": 1.0}
        for value in values
    ]
    return jams.document("scaper", duration, observations, sandbox={"scaper": dict(settings)})
