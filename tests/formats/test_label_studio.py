"""Exports of Label Studio and BirdNET-Analyzer's ways to say that there is nothing."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from sedpool import formats
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS
from sedpool.formats import read_events

AUDIO = "/data/upload/1/3fa9c1-north.wav"
REGION = {"start": 0.5, "end": 1.75, "channel": 0, "labels": ["plover"]}


def rows(events) -> list[tuple]:
    return list(events[list(EVENT_COLUMNS)].itertuples(index=False, name=None))


def task(*annotations: dict, audio: str = AUDIO) -> dict:
    return {"id": 1, "data": {"audio": audio}, "annotations": list(annotations)}


def annotation(*regions: dict, by: object = 1, **more: object) -> dict:
    return {"id": 1, "completed_by": by, "result": [{"type": "labels", "value": region} for region in regions], **more}


def short(*regions: dict) -> dict:
    return {"audio": AUDIO, "id": 1, "label": list(regions), "annotator": 1, "annotation_id": 1}


def written(
    path: Path, tasks: list, columns: Sequence[str] = ("audio", "id", "label", "annotator", "annotation_id")
) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(tasks, indent=1))
    else:
        text = io.StringIO()
        table = csv.DictWriter(text, columns, delimiter="\t" if path.suffix == ".tsv" else ",")
        table.writeheader()
        for found in tasks:
            table.writerow(found | {"label": json.dumps(found["label"]) if found["label"] else ""})
        path.write_text(text.getvalue())
    return path


@pytest.mark.parametrize("name", ["full.json", "short.json", "x.csv", "x.tsv"])
def test_exports(tmp_path: Path, name: str) -> None:
    two = REGION | {"start": 2, "end": 3, "labels": ["gull", "plover"]}
    tasks = [task(annotation(REGION, two))] if name == "full.json" else [short(REGION, two)]
    events = read_events(written(tmp_path / name, tasks))
    assert rows(events) == [
        ("north.wav", 0.5, 1.75, "plover"),
        ("north.wav", 2.0, 3.0, "gull"),
        ("north.wav", 2.0, 3.0, "plover"),
    ]
    assert events["channel"].tolist() == [1, 1, 1]
    assert rows(read_events(tmp_path)) == rows(events)


@pytest.mark.parametrize(
    ("audio", "name"),
    [
        (AUDIO, "north.wav"),
        ("/data/local-files/?d=field/my%20day/north.wav", "north.wav"),
        ("s3://bucket/3fa9c1-north.flac", "3fa9c1-north.flac"),
        ("https://x.org/data/upload/3/0123abcd-a%C3%A4.ogg", "aä.ogg"),
    ],
)
def test_names_of_recordings(tmp_path: Path, audio: str, name: str) -> None:
    path = written(tmp_path / "x.json", [task(annotation(REGION), audio=audio)])
    assert read_events(path)["filename"].tolist() == [name]


FULL = task(annotation(REGION))


@pytest.mark.parametrize(
    "tasks",
    [
        [{"annotations": FULL["annotations"], "data": FULL["data"], "id": 1}],
        [FULL | {"data": {"site": "x", "media": {"video": "/x/north.mp4", "audio": [AUDIO]}}}],
        [{"id": 1, "wav": AUDIO, "tricks": [REGION], "annotator": 1}],
        [short(REGION) | {"quality": [{"choices": ["good"]}]}],
        [task(annotation(REGION | {"labels": [], "timeserieslabels": ["plover"]}))],
    ],
)
def test_exports_of_other_projects(tmp_path: Path, tasks: list) -> None:
    assert rows(read_events(written(tmp_path / "x.json", tasks))) == [("north.wav", 0.5, 1.75, "plover")]
    assert list(formats.recordings(tmp_path)) == ["north.wav"]


def test_a_project_with_two_controls_and_names_of_its_own(tmp_path: Path) -> None:
    sound = REGION | {"start": 2, "end": 3, "labels": ["gull"]}
    path = written(
        tmp_path / "x.json", [{"id": 1, "wav": AUDIO, "tricks": [REGION], "sounds": [sound], "annotator": 1}]
    )
    assert rows(read_events(path)) == [("north.wav", 0.5, 1.75, "plover"), ("north.wav", 2.0, 3.0, "gull")]
    tasks = [{"id": 1, "wav": AUDIO, "label": [REGION], "annotation_id": 1}]
    path = written(tmp_path / "x.csv", tasks, ["id", "wav", "label", "annotation_id"])
    assert rows(read_events(path)) == [("north.wav", 0.5, 1.75, "plover")]


def test_what_is_left_out_of_an_export_is_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    box = {"x": 10, "width": 20, "labels": ["plover"]}
    path = written(tmp_path / "x.json", [task(annotation(box, {"choices": ["good"]}))])
    assert read_events(path).empty
    assert caplog.messages == [f"{path}: not read, as they have no times: 2 results"]
    caplog.clear()
    written(path, [task() | {"predictions": [annotation(REGION)]}])
    assert read_events(path).empty
    assert caplog.messages == [f"{path}: not read, as predictions are no annotations: 1 tasks"]


def test_two_annotations_by_the_same_person(tmp_path: Path) -> None:
    path = written(tmp_path / "x.json", [task(annotation(REGION), annotation(REGION))])
    with pytest.raises(DataError, match=r"2 annotations of north\.wav \(1, 1 \(2\)\); unite or choose"):
        read_events(path)
    assert rows(read_events(path, annotators="1 (2)")) == [("north.wav", 0.5, 1.75, "plover")]


def test_tasks_without_a_region_are_recordings_without_events(tmp_path: Path) -> None:
    path = written(tmp_path / "x.json", [task(annotation()), task(annotation(REGION), audio="/data/south.wav")])
    assert list(formats.recordings(path)) == ["north.wav", "south.wav"]
    assert read_events(path)["filename"].tolist() == ["south.wav"]


def test_several_annotators_and_what_was_cancelled(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = REGION | {"start": 1.0, "end": 3.0}
    blank = REGION | {"labels": []}
    who = {"email": "bob@x.org"}
    tasks = [task(annotation(REGION), annotation(other, blank, by=who), annotation(other, by=3, was_cancelled=True))]
    path = written(tmp_path / "x.json", tasks)
    with pytest.raises(DataError, match=r"2 annotations of north\.wav \(1, bob@x\.org\); unite or choose"):
        read_events(path)
    assert rows(read_events(path, annotators="majority")) == [("north.wav", 1.0, 1.75, "plover")]
    assert rows(read_events(path, annotators="bob@x.org")) == [("north.wav", 1.0, 3.0, "plover")]
    assert caplog.messages[-1] == f"{path}: not read, as they have no label: 1 regions"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": 1, "data": {"audio": 3}, "annotations": []}]', "task 0: names no audio file"),
        ('[{"id": 1, "data": {"audio": "a.wav"}, "annotations": [{}]}]', "task 0, annotation 0: no list of results"),
        (
            '[{"id": 1, "audio": "a.wav", "label": [{"start": "x", "end": 1}]}]',
            "task 0, region 0: start is 'x'; expected",
        ),
        ('[{"id": 1, "audio": "a.wav", "label": [{"start": 2, "end": 1}]}]', "task 0, region 0: lasts from 2"),
        ('[{"id": 1, "audio": "a.wav", "annotations": 3}]', "task 0: no list of annotations"),
        ('[{"id": 1, "audio": "a.wav", "annotator": 1}, 3]', "not an export of Label Studio; expected a list of tasks"),
        ('[{"id": 1, "audio": "a.wav", "annotator": 1}', "not an export of Label Studio"),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=rf"x\.json: {message}") as caught:
        read_events(tmp_path / "x.json")
    assert "\n" not in str(caught.value)


DAMAGED = '"{""start"": 1, ""end"": 2, ""labels"": [""dog""]}]"'


@pytest.mark.parametrize(
    "text",
    [f"audio,id,label,annotation_id\na.wav,1,{DAMAGED},1\n", f"a.wav,1,{DAMAGED},audio,id,label,annotation_id\n"],
)
def test_damaged_regions_in_a_table_are_no_recording_without_events(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"not an export of Label Studio \(regions that are no list\)"):
        read_events(path)


BIRDNET = "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
SELECTIONS = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tCommon Name\tConfidence\tBegin Path\tFile Offset (s)\n"
)


@pytest.mark.parametrize("name", ["combined.csv", "BirdNET_SelectionTable.txt"])
def test_nocall_means_a_recording_without_events(tmp_path: Path, name: str) -> None:
    text = {
        "combined.csv": f"{BIRDNET}0,3,Strix aluco,Tawny Owl,0.9,/a/marsh.wav\n0,3,nocall,nocall,1.0,/a/ridge.wav\n",
        "BirdNET_SelectionTable.txt": f"{SELECTIONS}1\tSpectrogram 1\t1\t0\t3\tTawny Owl\t0.9\t/a/marsh.wav\t0\n"
        "2\tSpectrogram 1\t1\t3\t6\tnocall\t1.0\t/a/ridge.wav\t0\n",
    }[name]
    (tmp_path / name).write_text(text)
    names = [Path(found).name for found in formats.recordings(tmp_path / name)]
    assert names == ["marsh.wav", "ridge.wav"]
    events = read_events(tmp_path / name)
    assert events["event_label"].tolist() == ["Tawny Owl"]
    assert events["confidence"].tolist() == [0.9]
    assert formats.read_tags(tmp_path / name)["event_label"].tolist() == ["Tawny Owl"]
