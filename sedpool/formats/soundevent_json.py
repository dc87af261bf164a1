"""JSON of Whombat and of the package soundevent (AOEF): annotations of many recordings, with tags and shapes.

Its tables refer to one another by ids. They are read here without soundevent, which passes over ids that lead nowhere.
"""

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal, TypeVar
from uuid import NAMESPACE_URL, uuid5

import pandas as pd
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from sedpool import storage
from sedpool.errors import ConfigError, DataError
from sedpool.events import events_from_rows, validate_events
from sedpool.formats.clip import ROUNDING, RecordingInfo, check_times, number_in, rows_of, short_names, values_of
from sedpool.formats.notes import note
from sedpool.formats.options import NAMES, RECOGNISED, LabelOptions
from sedpool.formats.texts import tidied_text
from sedpool.text_tables import file_bytes, utf8_bytes
from sedpool.untrusted import parse_json

KEY = "label"
"""Key of the tags that are written."""
_NEEDED = ConfigDict(extra="ignore")
_Number = Annotated[float, Field(allow_inf_nan=False)]
_T = TypeVar("_T")


@dataclass(config=_NEEDED)
class _Tag:
    id: int
    key: str
    value: str


@dataclass(config=_NEEDED)
class _Recording:
    uuid: str
    path: str
    duration: Annotated[_Number, Field(gt=0)]


@dataclass(config=_NEEDED)
class _Geometry:
    type: str
    coordinates: Any


@dataclass(config=_NEEDED)
class _SoundEvent:
    uuid: str
    recording: str
    geometry: _Geometry


@dataclass(config=_NEEDED)
class _Annotation:
    sound_event: str
    tags: list[int] | None = None


@dataclass(config=_NEEDED)
class _Clip:
    uuid: str
    recording: str
    start_time: _Number
    end_time: _Number


@dataclass(config=_NEEDED)
class _AnnotatedClip:
    clip: str
    tags: list[int] | None = None


@dataclass(config=_NEEDED)
class _Collection:
    collection_type: Literal["annotation_set", "annotation_project", "evaluation_set"]
    tags: list[_Tag] | None = None
    recordings: list[_Recording] | None = None
    sound_events: list[_SoundEvent] | None = None
    clips: list[_Clip] | None = None
    sound_event_annotations: list[_Annotation] | None = None
    clip_annotations: list[_AnnotatedClip] | None = None


@dataclass(config=_NEEDED)
class _Document:
    data: _Collection


def is_soundevent(path: Path) -> bool:
    """Return whether a JSON file begins as one of soundevent does."""
    head = file_bytes(path, 1 << 16)
    return re.match(rb"(\xef\xbb\xbf)?\s*\{", head) is not None and b'"collection_type"' in head


def read_soundevent(
    path: str | os.PathLike[str], filename: str | None = None, options: LabelOptions = RECOGNISED
) -> pd.DataFrame:
    """Read the sound events of an annotation set, annotation project or evaluation set.

    Parameters
    ----------
    path : path-like
        The file.
    filename : str, optional
        Not used: the file names its recordings.
    options : LabelOptions
        Keys of the tags that are labels, as `tiers`; by default the only key, else the one that comes first in
        `sedpool.formats.options.NAMES`. How long time stamps and points last.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`; of a shape its extent in time and frequency. A sound event with several tags of the keys
        is one event for each.

    Raises
    ------
    DataError
        If the file is no such set, an id leads nowhere, a time is impossible, or no key is known as that of labels.
    ConfigError
        If no sound event has a tag with a chosen key.
    """
    found = _parsed(path)
    tags = {tag.id: tag for tag in found.tags or ()}
    sounds = {sound.uuid: sound for sound in found.sound_events or ()}
    names = _names(found)
    annotated: list[tuple[_SoundEvent, list[_Tag], str]] = []
    for number, annotation in enumerate(found.sound_event_annotations or ()):
        where = f"{path}: sound event annotation {number}"
        tagged = [_of(tags, tag, where) for tag in annotation.tags or ()]
        annotated.append((_of(sounds, annotation.sound_event, where), tagged, where))
    keys = _keys([tag.key for _, tagged, _ in annotated for tag in tagged], options, path)
    rows: list[tuple[str, float, float, str]] = []
    bands: list[tuple[float, float] | tuple[None, None]] = []
    n_without = n_points = n_shapes = 0
    for sound, tagged, where in annotated:
        labels = [text for tag in tagged if tag.key in keys and (text := tidied_text(tag.value))]
        onset, offset, band = _extent(sound.geometry, where)
        n_without += not labels
        n_shapes += bool(labels) and sound.geometry.type.endswith(("String", "Polygon", "MultiPoint"))
        if onset == offset:
            n_points += bool(labels) and options.point_duration is None
            offset = onset + (options.point_duration or 0.0)
        if onset < offset:
            check_times(onset, offset, where)
            rows += [(_of(names, sound.recording, where), onset, offset, label) for label in labels]
            bands += [band] * len(labels)
    n_tags = sum(len(clip.tags or ()) for clip in found.clip_annotations or ())
    advice = "--point-duration SECONDS (dataset.point_duration) gives them one"
    for count, text in (
        (n_without, f"not read, as they have no tag {' or '.join(keys) or 'at all'}: {{n}} sound events"),
        (n_points, f"not read, as they have no length: {{n}} points; {advice}"),
        (n_shapes, "read by their extent in time and frequency: {n} lines, polygons or groups of points"),
        (n_tags, "not read, as they have no times: {n} tags of whole clips"),
        (_n_partial(found), "annotated in part only: {n} recordings; the rest of them counts as without events"),
    ):
        if count:
            note(path, text, count)
    low, high = zip(*bands, strict=True) if bands else ((), ())
    optional = {"low_frequency": low, "high_frequency": high} if any(band[0] is not None for band in bands) else {}
    events = events_from_rows(rows).assign(**{name: pd.array(v, "Float64") for name, v in optional.items()})
    return validate_events(events, source=str(path))


def recordings_of(path: str | os.PathLike[str]) -> dict[str, float | None]:
    """Return the length of every recording that was annotated, also of those without a sound event."""
    found = _parsed(path)
    names, clips = _names(found), {clip.uuid: clip.recording for clip in found.clips or ()}
    annotated = {
        _of(clips, clip.clip, f"{path}: clip annotation {n}") for n, clip in enumerate(found.clip_annotations or ())
    }
    annotated |= {sound.recording for sound in found.sound_events or ()}
    return {names[item.uuid]: item.duration for item in found.recordings or () if item.uuid in annotated}


def _parsed(path: str | os.PathLike[str]) -> _Collection:
    try:
        return TypeAdapter(_Document).validate_python(parse_json(utf8_bytes(path))).data
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path}: {place}{': ' if place else ''}{first['msg']}; expected an annotation set, annotation project or "
            "evaluation set of soundevent"
        ) from None
    except ValueError as error:
        raise DataError(f"{path}: not valid JSON ({error}); the file is cut or damaged, export it again") from None


def _of(table: Mapping[Any, _T], key: str | int, where: str) -> _T:
    if key not in table:
        raise DataError(f"{where}: nothing has the id {key}; export the file again")
    return table[key]


def _names(found: _Collection) -> dict[str, str]:
    """Return the names of recordings by their ids: of absolute paths only as much as tells them apart."""
    paths = {recording.uuid: PureWindowsPath(recording.path) for recording in found.recordings or ()}
    names = short_names(str(path) for path in paths.values() if path.anchor)
    return {uuid: names.get(str(path), path.as_posix()) for uuid, path in paths.items()}


def _keys(found: Sequence[str], options: LabelOptions, path: str | os.PathLike[str]) -> list[str]:
    """Return the keys of the tags that are labels."""
    keys = list(dict.fromkeys(found))
    if options.tiers:
        if unknown := [key for key in options.tiers if key not in keys]:
            raise ConfigError(f"tiers: {path}: no tag {unknown[0]}; found {', '.join(keys) or 'none'}")
        return list(options.tiers)
    if len(keys) < 2:
        return keys
    known = [name.replace(" ", "") for name in NAMES["event_label"]]
    plain = {re.sub(r"[\s_\-.]+", "", key.rpartition(":")[2]).lower(): key for key in reversed(keys)}
    chosen = next((plain[name] for name in known if name in plain), None)
    if chosen is None:
        raise DataError(f"{path}: tags {', '.join(keys)}; say which of them are labels: --tiers KEY (dataset.tiers)")
    note(path, f"read from the tags {chosen} of {', '.join(keys)}; --tiers (dataset.tiers) chooses them", level=20)
    return [chosen]


def _extent(geometry: _Geometry, where: str) -> tuple[float, float, tuple[float, float] | tuple[None, None]]:
    """Return when a shape begins and ends, and its lowest and highest frequency if it has any."""
    values = list(_numbers(geometry.coordinates, where))
    has_band = geometry.type not in ("TimeStamp", "TimeInterval")
    times, frequencies = (values[::2], values[1::2]) if has_band else (values, [])
    if not times or (has_band and len(frequencies) != len(times)):
        raise DataError(
            f"{where}: a {geometry.type} of {len(values)} numbers; expected times, or times and frequencies"
        )
    return min(times), max(times), (min(frequencies), max(frequencies)) if frequencies else (None, None)


def _numbers(value: Any, where: str) -> Iterator[float]:
    if isinstance(value, list):
        for part in value:
            yield from _numbers(part, where)
    elif math.isfinite(number := number_in(value, f"{where}: coordinate", expected="a finite number")):
        yield number
    else:
        raise DataError(f"{where}: coordinate is {number}; expected a finite number")


def _n_partial(found: _Collection) -> int:
    """Return how many recordings have clips that were annotated, but do not cover them."""
    clips = {clip.uuid: clip for clip in found.clips or ()}
    covered: dict[str, float] = {}
    for annotation in found.clip_annotations or ():
        if clip := clips.get(annotation.clip):
            covered[clip.recording] = covered.get(clip.recording, 0.0) + clip.end_time - clip.start_time
    lengths = {recording.uuid: recording.duration for recording in found.recordings or ()}
    return sum(seconds < lengths.get(name, 0.0) - ROUNDING for name, seconds in covered.items())


def write_soundevent(
    events: pd.DataFrame, path: str | os.PathLike[str], *, recordings: Mapping[str, RecordingInfo]
) -> None:
    """Write events as an annotation set: boxes where both frequencies are known, else intervals, with tags ``label``.

    It has no confidence, and every recording has one channel. The same events give the same bytes.

    Parameters
    ----------
    events : DataFrame
        Event table.
    path : path-like
        The file.
    recordings : mapping of str to RecordingInfo
        What is known of each recording; those without events are annotated too.

    Raises
    ------
    DataError
        If `recordings` lacks one.
    """
    table = validate_events(events, source=str(path))
    if absent := sorted(set(table["filename"]) - set(recordings)):
        raise DataError(
            f"{path}: soundevent states the lengths of recordings; give that of {absent[0]} in `recordings`"
        )
    tags = {label: number for number, label in enumerate(table["event_label"].unique())}
    own: dict[str, list[str]] = {name: [] for name in recordings}
    sounds, annotations = [], []
    bands = zip(values_of(table, "low_frequency"), values_of(table, "high_frequency"), strict=True)
    for name, (onset, offset, label), (low, high) in zip(table["filename"], rows_of(table), bands, strict=True):
        key = f"{name}\n{len(own[name])}"
        geometry: dict[str, Any] = {"type": "TimeInterval", "coordinates": [onset, offset]}
        if low is not None and high is not None:
            geometry = {"type": "BoundingBox", "coordinates": [onset, low, offset, high]}
        sound, annotation = _uuid("sound", key), _uuid("annotation", key)
        sounds.append({"uuid": sound, "recording": _uuid("recording", name), "geometry": geometry})
        annotations.append({"uuid": annotation, "sound_event": sound, "tags": [tags[label]]})
        own[name].append(annotation)
    ids = {name: (_uuid("recording", name), _uuid("clip", name)) for name in recordings}
    collection = {
        "uuid": _uuid("set", "\n".join(recordings)),
        "name": Path(path).name,
        "collection_type": "annotation_set",
        "tags": [{"id": number, "key": KEY, "value": label} for label, number in tags.items()],
        "recordings": [
            {
                "uuid": ids[name][0],
                "path": name,
                "duration": known.duration,
                "channels": 1,
                "samplerate": round(2 * known.upper_frequency),
            }
            for name, known in recordings.items()
        ],
        "sound_events": sounds,
        "clips": [
            {"uuid": ids[name][1], "recording": ids[name][0], "start_time": 0.0, "end_time": known.duration}
            for name, known in recordings.items()
        ],
        "sound_event_annotations": annotations,
        "clip_annotations": [
            {"uuid": _uuid("annotated clip", name), "clip": ids[name][1], "sound_events": of}
            for name, of in own.items()
        ],
    }
    storage.write_json(path, {"version": "1.1.0", "data": collection})


def _uuid(kind: str, name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"sedpool {kind} {name}"))
