"""JAMS: the annotation of one recording in any of the namespaces for sound events.

Scaper 0.1 wrote the namespace ``sound_event``, which today's jams does not know; later versions write ``scaper``.
``segment_open`` and ``tag_open`` are the namespaces of JAMS itself for free labels. All hold the same observations, so
they are read here as plain JSON and checked one by one: the schema of jams accepts negative and NaN times.
"""

import os
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from gettext import ngettext
from typing import Any, NamedTuple

import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import LATEST, clip_to_duration
from sedpool.formats.annotators import resolve_annotators
from sedpool.formats.clip import (
    Annotation,
    Row,
    check_label,
    check_times,
    clip_events,
    clip_name,
    clip_rows,
    number_in,
    only_clip,
    rows_of,
    values_of,
)
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.texts import tidied_text
from sedpool.text_tables import utf8_bytes
from sedpool.untrusted import parse_json

SCAPER_NAMESPACES = ("scaper", "sound_event")
"""Namespaces whose values are mappings with `label` and `role`; only the foreground counts."""
OPEN_NAMESPACES = ("segment_open", "tag_open")
"""Namespaces whose values are labels."""
NAMESPACES = SCAPER_NAMESPACES + OPEN_NAMESPACES

PathLike = str | os.PathLike[str]


def read_jams(path: PathLike, filename: str | None = None, options: LabelOptions = RECOGNISED) -> pd.DataFrame:
    """Read the events of one recording; from Scaper's annotations, those in the foreground.

    Parameters
    ----------
    path : path-like
        A JAMS file with annotations in a namespace for sound events (`NAMESPACES`).
    filename : str, optional
        Id of the recording; by default the one that `write_jams` wrote, else that of the audio file beside the
        annotation with the same stem, else ``stem.wav``.
    options : LabelOptions
        What becomes of several annotations.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`. If the file states the recording's length, events are cut at its end; a warning counts
        those that passed it by more than 10 ms.

    Raises
    ------
    DataError
        If the file is not JAMS, or an observation lacks a field or has an impossible time. The message names the
        file, the annotation and the observation, both counted from 0.
    """
    document = _parse(path)
    metadata = _field(document, ("file_metadata",), str(path))
    name = filename or _stated_name(metadata) or clip_name(path)
    tables, annotators = [], []
    for annotation in _annotations(document, path):
        found = list(_sound_events(annotation))
        rows = [_event(observation, label_at, where) for observation, label_at, where in found]
        confidence = [_confidence(observation, where) for observation, _, where in found]
        annotator = annotation.annotator if annotation.annotator not in annotators else str(annotation.number)
        annotators.append(annotator)
        tables.append(clip_events(rows, path, name, {"confidence": confidence}).assign(annotator=annotator))
    events = pd.concat(tables, ignore_index=True)
    events = resolve_annotators(events, {name: annotators}, options.annotators, path)
    if isinstance(metadata, dict) and metadata.get("duration") is not None:
        events, n_clipped = clip_to_duration(events, {name: _duration(document, path)})
        if n_clipped:
            past = ngettext("event passes", "events pass", n_clipped)
            warnings.warn(f"{path}: {n_clipped} {past} the recording's end; cut there", stacklevel=2)
    return events


def recording(path: PathLike, filename: str | None = None) -> tuple[str, float | None]:
    """Return the name of the recording that a JAMS file annotates, and its length if the file states it."""
    document = _parse(path)
    metadata = _field(document, ("file_metadata",), str(path))
    stated = isinstance(metadata, dict) and metadata.get("duration") is not None
    return filename or _stated_name(metadata) or clip_name(path), _duration(document, path) if stated else None


def read_annotation(path: PathLike, classes: Collection[str] | None = None) -> Annotation:
    """Read the events of a recording whose length the file states; see `read_jams`. Refuse labels outside `classes`.

    The length of an event is its observation's ``duration``: the ``event_duration`` inside Scaper's value is the
    length of the source before time stretching.
    """
    document = _parse(path)
    rows = [_event(*found, classes) for found in _sound_events(_annotation(document, path))]
    return clip_rows(_duration(document, path), rows)


def read_tags(path: PathLike) -> list[str] | None:
    """Read the labels of a recording whose annotation states no times (``tag_open``); None for other annotations."""
    annotations = _annotations(_parse(path), path)
    if any(annotation.namespace != "tag_open" for annotation in annotations):
        return None
    return [
        _label(entry, ("value",), f"{annotation.where} {index}")
        for annotation in annotations
        for index, entry in enumerate(annotation.observations)
    ]


def read_mixing(path: PathLike) -> list[tuple[float, str, float, str]]:
    """Read how Scaper mixed each foreground event: onset, label, signal-to-noise ratio in dB, source file.

    A ratio that is not stated is NaN, a source that is not stated is empty. For annotations in other namespaces
    the list is empty.
    """
    annotation = _annotation(_parse(path), path)
    mixed = []
    for index, observation in enumerate(annotation.observations if annotation.namespace in SCAPER_NAMESPACES else []):
        where = f"{annotation.where} {index}"
        if _field(observation, ("value", "role"), where) == "foreground":
            onset, _, label = _event(observation, ("value", "label"), where)
            snr, source = (observation["value"].get(key) for key in ("snr", "source_file"))
            ratio = float("nan") if snr is None else number_in(snr, f"{where}: snr", expected="decibels")
            mixed.append((onset, label, ratio, str(source or "")))
    return mixed


def read_backgrounds(path: PathLike) -> list[str]:
    """Read which recordings Scaper put behind the events; none where that is not stated."""
    annotation = _annotation(_parse(path), path)
    observations = annotation.observations if annotation.namespace in SCAPER_NAMESPACES else []
    values = [
        observation["value"]
        for index, observation in enumerate(observations)
        if _field(observation, ("value", "role"), f"{annotation.where} {index}") == "background"
    ]
    return [str(value["source_file"]) for value in values if value.get("source_file")]


def _parse(path: PathLike) -> Any:
    try:
        return parse_json(utf8_bytes(path))
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON ({error}); the file is cut or damaged, fetch it again") from None


def _duration(document: Any, path: PathLike) -> float:
    duration = number_in(_field(document, ("file_metadata", "duration"), str(path)), f"{path}: file_metadata.duration")
    if not 0 < duration <= LATEST:
        raise DataError(f"{path}: file_metadata.duration is {duration} s; expected more than 0 and at most {LATEST:g}")
    return duration


def _stated_name(metadata: Any) -> str | None:
    identifiers = metadata.get("identifiers") if isinstance(metadata, dict) else None
    name = identifiers.get("filename") if isinstance(identifiers, dict) else None
    return tidied_text(name) or None if isinstance(name, str) else None


class _SoundAnnotation(NamedTuple):
    """One annotation of sound events: its number, who made it, and the place of its observations for messages."""

    number: int
    annotator: str
    namespace: str
    observations: list[Any]
    where: str


def _sound_events(annotation: _SoundAnnotation) -> Iterator[tuple[Any, tuple[str, ...], str]]:
    """Iterate over the observations of events: each with the keys of its label, and its place for messages."""
    for index, observation in enumerate(annotation.observations):
        where = f"{annotation.where} {index}"
        if annotation.namespace in OPEN_NAMESPACES:
            yield observation, ("value",), where
        elif (role := _field(observation, ("value", "role"), where)) == "foreground":
            yield observation, ("value", "label"), where
        elif role != "background":
            raise DataError(f"{where}: role is {str(role)[:40]!r}; expected foreground or background")


def _annotation(document: Any, path: PathLike) -> _SoundAnnotation:
    """Return the only annotation of sound events."""
    annotations = _annotations(document, path)
    if len(annotations) > 1:
        who = ", ".join(annotation.annotator for annotation in annotations)
        raise DataError(f"{path}: {len(annotations)} annotations of sound events ({who}); expected one")
    return annotations[0]


def _annotations(document: Any, path: PathLike) -> list[_SoundAnnotation]:
    """Return all annotations of sound events."""
    annotations = _list(document, "annotations", str(path))
    namespaces = [
        _field(annotation, ("namespace",), f"{path}: annotation {index}")
        for index, annotation in enumerate(annotations)
    ]
    known = [index for index, namespace in enumerate(namespaces) if namespace in NAMESPACES]
    if not known:
        found = ", ".join(map(str, namespaces)) or "none"
        raise DataError(f"{path}: annotations of namespace {found}; expected one of {', '.join(NAMESPACES)}")
    return [
        _SoundAnnotation(
            index,
            _annotator(annotations[index].get("annotation_metadata")) or str(index),
            namespaces[index],
            _list(annotations[index], "data", f"{path}: annotation {index}"),
            f"{path}: annotation {index}, observation",
        )
        for index in known
    ]


def _annotator(metadata: Any) -> str:
    """Return who made an annotation, as far as its metadata tell."""
    for role in ("annotator", "curator"):
        person = metadata.get(role) if isinstance(metadata, dict) else None
        name = person.get("name") if isinstance(person, dict) else None
        if isinstance(name, str) and name.strip():
            return tidied_text(name)
    return ""


def _event(observation: Any, label_at: tuple[str, ...], where: str, classes: Collection[str] | None = None) -> Row:
    onset = number_in(_field(observation, ("time",), where), f"{where}: time")
    length = number_in(_field(observation, ("duration",), where), f"{where}: duration")
    check_times(onset, onset + length, where)
    label = _label(observation, label_at, where)
    check_label(label, classes, where)
    return onset, onset + length, label


def _confidence(observation: Any, where: str) -> float | None:
    value = observation.get("confidence")
    if value is None:
        return None
    confidence = number_in(value, f"{where}: confidence", expected="a number from 0 to 1")
    if not 0 <= confidence <= 1:
        raise DataError(f"{where}: confidence is {value}; expected a number from 0 to 1")
    return confidence


def _label(observation: Any, at: tuple[str, ...], where: str) -> str:
    label = _field(observation, at, where)
    if not isinstance(label, str) or not (tidied := tidied_text(label)):
        raise DataError(f"{where}: label is {label!r}; expected a name")
    return tidied


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


def write_jams(
    events: pd.DataFrame,
    path: PathLike,
    *,
    duration: float,
    filename: str | None = None,
    sandbox: Mapping[str, Any] | None = None,
) -> None:
    """Write the events of one recording in the namespace ``segment_open``.

    Parameters
    ----------
    events : DataFrame
        Event table of one recording; its confidence is written too. The namespace has no channel and no frequencies.
    path : path-like
        The file.
    duration : float
        Length of the recording in seconds.
    filename : str, optional
        Id of the recording; that of the events by default.
    sandbox : mapping, optional
        Further information about these events.

    Raises
    ------
    DataError
        If the events belong to several recordings.
    """
    table = only_clip(events, path)
    observations = [
        {"time": onset, "duration": offset - onset, "value": label, "confidence": confidence}
        for (onset, offset, label), confidence in zip(rows_of(table), values_of(table, "confidence"), strict=True)
    ]
    name = filename or (table["filename"].iloc[0] if len(table) else None)
    identifiers = {"filename": name} if name else {}
    storage.write_json(path, document("segment_open", duration, observations, identifiers=identifiers, sandbox=sandbox))


def document(
    namespace: str,
    duration: float,
    observations: Sequence[Mapping[str, Any]],
    *,
    identifiers: Mapping[str, str] | None = None,
    sandbox: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Make a JAMS document with one annotation that spans the recording.

    Parameters
    ----------
    namespace : str
        Namespace of the observations.
    duration : float
        Length of the recording in seconds.
    observations : sequence of mapping
        `time` and `duration` (seconds), `value`, `confidence`.
    identifiers : mapping, optional
        Names of the recording.
    sandbox : mapping, optional
        Further information about the annotation.
    """
    blank = ("version", "corpus", "annotation_tools", "annotation_rules", "validation", "data_source")
    annotation = {
        "namespace": namespace,
        "annotation_metadata": {"curator": {"name": "", "email": ""}, "annotator": {}, **dict.fromkeys(blank, "")},
        "time": 0.0,
        "duration": duration,
        "data": [dict(observation) for observation in observations],
        "sandbox": dict(sandbox or {}),
    }
    identity = {"title": "", "artist": "", "release": "", "identifiers": dict(identifiers or {})}
    metadata = {"duration": duration, **identity, "jams_version": "0.3.5"}
    return {"annotations": [annotation], "file_metadata": metadata, "sandbox": {}}
