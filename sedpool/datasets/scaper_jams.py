"""How a soundscape's annotation is read from and written to JAMS, as Scaper lays it out.

Scaper 0.1 wrote the namespace ``sound_event``, which today's jams does not know; later versions write ``scaper``.
Both hold the same observations, so they are read here as plain JSON and checked observation by observation: jams'
own schema accepts negative and NaN times.
"""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sedpool.errors import DataError

NAMESPACES = ("scaper", "sound_event")
ROUNDING = 0.010
"""Seconds by which an event may pass the clip's end before it counts as wrong rather than rounded."""


@dataclass(frozen=True)
class Annotation:
    """What one soundscape's annotation says.

    Attributes
    ----------
    duration : float
        Length of the soundscape in seconds.
    events : tuple of (float, float, str)
        Onset and offset in seconds and the label of every foreground event, in the file's order.
    n_clipped : int
        Events that passed the end by more than 10 ms and were cut there, or dropped where they start after it.
    """

    duration: float
    events: tuple[tuple[float, float, str], ...]
    n_clipped: int = 0


def read(path: str | os.PathLike[str]) -> Annotation:
    """Read the foreground events of a Scaper JAMS file.

    An event lasts for its observation's ``duration``: the ``event_duration`` inside the value is that of the
    recording before time stretching.

    Raises
    ------
    DataError
        If the file is not JAMS with one Scaper annotation, or an observation lacks a field or has an impossible time.
        The message names the file and the observation.
    """
    document = _parse(path)
    duration = _number(_field(document, ("file_metadata", "duration"), str(path)), f"{path}: file_metadata.duration")
    if duration <= 0:
        raise DataError(f"{path}: file_metadata.duration is {duration} s; expected more than 0")
    rows = []
    for index, observation in enumerate(_observations(document, path)):
        where = f"{path}: observation {index}"
        if _field(observation, ("value", "role"), where) == "foreground":
            rows.append(_event(observation, where))
    return clip(duration, rows)


def clip(duration: float, rows: Sequence[tuple[float, float, str]]) -> Annotation:
    """Annotation of a soundscape of `duration` seconds whose events end with it at the latest."""
    kept = tuple((onset, min(offset, duration), label) for onset, offset, label in rows if onset < duration)
    return Annotation(duration, kept, sum(offset > duration + ROUNDING for _, offset, _ in rows))


def check_times(onset: float, offset: float, where: str) -> None:
    """Refuse an event that starts before 0 s, does not end after it starts or has a time that is not finite."""
    if not (math.isfinite(onset) and math.isfinite(offset)):
        raise DataError(f"{where}: onset {onset}, offset {offset}; expected finite seconds")
    if onset < 0:
        raise DataError(f"{where}: starts at {onset} s; expected 0 s or later")
    if offset <= onset:
        raise DataError(f"{where}: lasts from {onset} s to {offset} s; expected an end after the start")


def _parse(path: str | os.PathLike[str]) -> Any:
    try:
        return json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON ({error}); the file is cut or damaged, fetch it again") from None


def _observations(document: Any, path: str | os.PathLike[str]) -> list[Any]:
    annotations = _list(document, "annotations", str(path))
    namespaces = [_field(annotation, ("namespace",), str(path)) for annotation in annotations]
    known = [index for index, namespace in enumerate(namespaces) if namespace in NAMESPACES]
    if len(known) != 1:
        found = ", ".join(map(str, namespaces)) or "none"
        raise DataError(f"{path}: annotations of namespace {found}; expected one of {' or '.join(NAMESPACES)}")
    return _list(annotations[known[0]], "data", str(path))


def _event(observation: Any, where: str) -> tuple[float, float, str]:
    onset = _number(_field(observation, ("time",), where), f"{where}: time")
    length = _number(_field(observation, ("duration",), where), f"{where}: duration")
    check_times(onset, onset + length, where)
    label = _field(observation, ("value", "label"), where)
    if not isinstance(label, str) or not label:
        raise DataError(f"{where}: label is {label!r}; expected a name")
    return onset, onset + length, label


def _field(value: Any, keys: tuple[str, ...], where: str) -> Any:
    for depth, key in enumerate(keys):
        if not isinstance(value, dict) or value.get(key) is None:
            raise DataError(f"{where}: {'.'.join(keys[: depth + 1])} is missing or null")
        value = value[key]
    return value


def _list(value: Any, key: str, where: str) -> list[Any]:
    found = _field(value, (key,), where)
    if not isinstance(found, list):
        raise DataError(f"{where}: {key} is {found!r}; expected a list")
    return found


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DataError(f"{where} is {value!r}; expected seconds")
    return float(value)


def document(duration: float, values: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> dict[str, Any]:
    """JAMS document in the namespace ``scaper``.

    Parameters
    ----------
    duration : float
        Length of the soundscape in seconds.
    values : sequence of mapping
        One event each, background included: `label`, `source_file`, `source_time`, `event_time`, `event_duration`
        (seconds), `snr` (dB), `role`, `pitch_shift`, `time_stretch`.
    settings : mapping
        How the soundscape was made; kept in the annotation's sandbox.
    """
    observations = [
        {"time": value["event_time"], "duration": value["event_duration"], "value": dict(value), "confidence": 1.0}
        for value in values
    ]
    blank = ("version", "corpus", "annotation_tools", "annotation_rules", "validation", "data_source")
    metadata = {"curator": {"name": "", "email": ""}, "annotator": {}, **dict.fromkeys(blank, "")}
    annotation = {
        "namespace": "scaper",
        "annotation_metadata": metadata,
        "time": 0.0,
        "duration": duration,
        "data": observations,
        "sandbox": {"scaper": dict(settings)},
    }
    identity = {"title": "", "artist": "", "release": "", "identifiers": {}, "jams_version": "0.3.5"}
    return {"annotations": [annotation], "file_metadata": {"duration": duration, **identity}, "sandbox": {}}
