"""JSON of Whombat and soundevent: what is read and written, and what soundevent itself reads from it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sedpool import formats
from sedpool.datasets.folder_labels import read_labels
from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, events_from_rows
from sedpool.formats import RecordingInfo, read_events, write_events

PLOVER = ("north.wav", 0.5, 1.75, "plover")
SHAPES = {
    "TimeInterval": [0.5, 1.75],
    "BoundingBox": [0.5, 1000.0, 1.75, 2000.0],
    "LineString": [[0.5, 1000.0], [1.75, 2000.0], [1.0, 1500.0]],
    "Polygon": [[[0.5, 1000.0], [1.75, 2000.0], [1.0, 1500.0]]],
    "MultiPolygon": [[[[0.5, 1000.0], [1.0, 2000.0]]], [[[1.5, 1000.0], [1.75, 2000.0]]]],
}


def rows(events) -> list[tuple]:
    return list(events[list(EVENT_COLUMNS)].itertuples(index=False, name=None))


def project(*shapes: tuple[str, Any], **changes: object) -> dict:
    """A project with one clip of 5 s in `north.wav`, and with `south.wav`, in which nothing was found."""
    numbers = range(len(shapes))
    return {
        "version": "1.1.0",
        "created_on": "2026-05-01T12:00:00",
        "data": {
            "uuid": "p",
            "name": "survey",
            "collection_type": "annotation_project",
            "users": [{"uuid": "u", "name": "ann"}],
            "tags": [
                {"id": 0, "key": "quality", "value": "good"},
                {"id": 1, "key": "dwc:scientificName", "value": "plover "},
            ],
            "recordings": [
                {"uuid": "r1", "path": "/mnt/card/north.wav", "duration": 5.0, "channels": 1, "samplerate": 44100},
                {"uuid": "r2", "path": "/mnt/card/south.wav", "duration": 6.0, "channels": 1, "samplerate": 44100},
                {"uuid": "r3", "path": "/mnt/card/later.wav", "duration": 6.0, "channels": 1, "samplerate": 44100},
            ],
            "sound_events": [
                {"uuid": f"s{n}", "recording": "r1", "geometry": {"type": kind, "coordinates": where}}
                for n, (kind, where) in enumerate(shapes)
            ],
            "clips": [
                {"uuid": "c1", "recording": "r1", "start_time": 0.0, "end_time": 5.0},
                {"uuid": "c2", "recording": "r2", "start_time": 0.0, "end_time": 6.0},
            ],
            "sound_event_annotations": [{"uuid": f"a{n}", "sound_event": f"s{n}", "tags": [0, 1]} for n in numbers],
            "clip_annotations": [
                {"uuid": "x1", "clip": "c1", "sound_events": [f"a{n}" for n in numbers]},
                {"uuid": "x2", "clip": "c2"},
            ],
            "tasks": [],
        }
        | changes,
    }


def written(path: Path, document: dict) -> Path:
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes(tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    path = written(tmp_path / "x.json", project((kind, SHAPES[kind])))
    events = read_events(path)
    assert rows(events) == [PLOVER]
    if kind != "TimeInterval":
        assert events[["low_frequency", "high_frequency"]].to_numpy().tolist() == [[1000.0, 2000.0]]
    said = (
        f"{path}: read from the tags dwc:scientificName of quality, dwc:scientificName; --tiers (dataset.tiers) chooses"
    )
    shaped = f"{path}: read by their extent in time and frequency: 1 lines, polygons or groups of points"
    assert caplog.messages == [f"{said} them", *([shaped] if "String" in kind or "Polygon" in kind else [])]
    assert formats.recordings(path) == {"north.wav": 5.0, "south.wav": 6.0}
    found = read_labels(tmp_path, ["north.wav", "south.wav"], None)
    assert found["event_label"].tolist() == ["plover", ""]


def test_tags_and_points_are_chosen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    shapes = [("TimeInterval", [0.5, 1.75]), ("TimeStamp", 2.5), ("Point", [3.0, 1000.0])]
    path = written(tmp_path / "x.json", project(*shapes))
    assert rows(read_events(path)) == [PLOVER]
    advice = "--point-duration SECONDS (dataset.point_duration) gives them one"
    assert caplog.messages[1:] == [f"{path}: not read, as they have no length: 2 points; {advice}"]
    assert [row[1:3] for row in rows(read_events(path, point_duration=0.5))] == [(0.5, 1.75), (2.5, 3.0), (3.0, 3.5)]
    assert rows(read_events(path, tiers=["quality"])) == [(*PLOVER[:3], "good")]
    assert {row[3] for row in rows(read_events(path, tiers=["quality", "dwc:scientificName"]))} == {"good", "plover"}
    with pytest.raises(ConfigError, match=r"tiers: .*x\.json: no tag sex; found quality, dwc:scientificName"):
        read_events(path, tiers=["sex"])
    unknown = [{"id": 0, "key": "quality", "value": "good"}, {"id": 1, "key": "sex", "value": "f"}]
    with pytest.raises(DataError, match=r"x\.json: tags quality, sex; say which of them are labels: --tiers KEY"):
        read_events(written(path, project(*shapes, tags=unknown)))


def test_what_is_not_read_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    document = project(("TimeInterval", [0.5, 1.75]), ("TimeInterval", [2.0, 3.0]))
    document["data"]["sound_event_annotations"][1]["tags"] = None
    document["data"]["clip_annotations"][1]["tags"] = [1]
    document["data"]["clips"][1]["end_time"] = 3.0
    path = written(tmp_path / "x.json", document)
    assert rows(read_events(path)) == [PLOVER]
    assert caplog.messages[1:] == [
        f"{path}: not read, as they have no tag dwc:scientificName: 1 sound events",
        f"{path}: not read, as they have no times: 1 tags of whole clips",
        f"{path}: annotated in part only: 1 recordings; the rest of them counts as without events",
    ]


def test_recordings_of_one_name_keep_their_paths(tmp_path: Path) -> None:
    document = project(("TimeInterval", [0.5, 1.75]))
    document["data"]["recordings"][1]["path"] = "/mnt/other card/north.wav"
    path = written(tmp_path / "x.json", document)
    assert read_events(path)["filename"].tolist() == ["card/north.wav"]
    assert list(formats.recordings(path)) == ["card/north.wav", "other card/north.wav"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda data: data.update(collection_type="recording_set"),
            "data.collection_type: Input should be .*expected an",
        ),
        (lambda data: data["sound_events"].clear(), "sound event annotation 0: nothing has the id s0"),
        (lambda data: data["recordings"].clear(), "sound event annotation 0: nothing has the id r1"),
        (lambda data: data["tags"].clear(), "sound event annotation 0: nothing has the id 0"),
        (
            lambda data: data["sound_events"][0]["geometry"].update(coordinates=[1.0, "2"]),
            ".* 0: coordinate is '2'; expected",
        ),
        (
            lambda data: data["sound_events"][0]["geometry"].update(coordinates=[1.0, float("nan")]),
            ".*coordinate is nan",
        ),
        (lambda data: data["sound_events"][0]["geometry"].update(coordinates=[]), ".*TimeInterval of 0 numbers"),
        (lambda data: data["sound_events"][0]["geometry"].update(coordinates=[-1, 2]), ".* starts at -1.0 s"),
        (
            lambda data: data["sound_events"][0]["geometry"].update(type="Polygon", coordinates=[1, 2, 3]),
            ".* 3 numbers",
        ),
        (lambda data: data["recordings"][0].update(duration=0), "data.recordings.0.duration: Input should be greater"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: Callable[[dict], object], message: str) -> None:
    document = project(("TimeInterval", [0.5, 1.75]))
    change(document["data"])
    with pytest.raises(DataError, match=rf"x\.json: {message}") as caught:
        read_events(written(tmp_path / "x.json", document))
    assert "\n" not in str(caught.value)


EVENTS = events_from_rows(
    [("north.wav", 0.5, 1.75, "plover"), ("day/a.wav", 1.0, 2.0, "gull"), ("north.wav", 1, 3, "gull")]
)
KNOWN = {name: RecordingInfo(6.0, None, 22050.0) for name in ("north.wav", "day/a.wav", "silent.wav")}


def test_what_is_written_has_silent_recordings_and_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.json", "b/a.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_events(EVENTS, tmp_path / name, "soundevent", recordings=KNOWN)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b/a.json").read_bytes()
    assert formats.recordings(tmp_path / "a.json") == dict.fromkeys(KNOWN, 6.0)
    assert rows(read_events(tmp_path / "a.json")) == rows(EVENTS)


def test_soundevent_reads_what_is_written_and_the_other_way_round(tmp_path: Path) -> None:
    io = pytest.importorskip("soundevent.io")
    banded = EVENTS.assign(low_frequency=[100.0, None, None], high_frequency=[900.0, None, None])
    write_events(banded, tmp_path / "a.json", "soundevent", recordings=KNOWN)
    loaded = io.load(tmp_path / "a.json", audio_dir=tmp_path)
    found = [
        (annotation.sound_event.recording.path.relative_to(tmp_path).as_posix(), annotation.sound_event.geometry)
        for clip in loaded.clip_annotations
        for annotation in clip.sound_events
    ]
    assert [(name, shape.type, shape.coordinates) for name, shape in found] == [
        ("north.wav", "BoundingBox", [0.5, 100.0, 1.75, 900.0]),
        ("north.wav", "TimeInterval", [1.0, 3.0]),
        ("day/a.wav", "TimeInterval", [1.0, 2.0]),
    ]
    assert len(loaded.clip_annotations) == 3
    io.save(loaded, tmp_path / "b.json", audio_dir=tmp_path)
    assert sorted(rows(read_events(tmp_path / "b.json"))) == sorted(rows(EVENTS))
    assert set(formats.recordings(tmp_path / "b.json")) == set(KNOWN)
