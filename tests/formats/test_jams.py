import json
import math
import time
from pathlib import Path

import pytest

from sedpool.errors import DataError
from sedpool.events import events_from_rows
from sedpool.formats import jams, scaper_jams
from tests.miniatures.sounds import observation, write_jams


@pytest.mark.parametrize("namespace", ["scaper", "sound_event"])
def test_reads_foreground_with_the_duration_of_the_observation(tmp_path: Path, namespace: str) -> None:
    stretched = observation("siren", 1.0, 2.0)
    stretched["value"]["event_duration"] = 1.6
    path = write_jams(
        tmp_path / "a.jams", observation("noise", 0.0, 10.0, "background"), stretched, namespace=namespace
    )
    annotation = jams.read_annotation(path)
    assert annotation.events == ((1.0, 3.0, "siren"),)
    assert annotation.duration == 10.0


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (observation(time=-0.5), "observation 1: starts at -0.5 s"),
        (observation(time=None), "observation 1: time is missing or null"),
        (observation(duration="long"), "observation 1: duration is 'long'"),
        (observation(duration=True), "observation 1: duration is True"),
        ({"time": 0.0, "duration": 1.0, "value": None}, "observation 1: value is missing or null"),
        ("text", "observation 1: value is missing or null"),
        (observation(label=""), "observation 1: label is ''"),
    ],
)
def test_fault_12_wrong_observation_is_named(tmp_path: Path, bad: object, message: str) -> None:
    path = write_jams(tmp_path / "a.jams", observation(), bad)
    with pytest.raises(DataError) as caught:
        jams.read_annotation(path)
    assert f"{path}: annotation 0, {message}" in str(caught.value)


def test_fault_12_the_annotation_is_named_among_others(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation(), observation("whale"), observation(time=-1.0))
    document = json.loads(path.read_text())
    document["annotations"].insert(0, {"namespace": "beat", "data": []})
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"a\.jams: annotation 1, observation 2: starts at -1\.0 s"):
        jams.read_jams(path)
    with pytest.raises(DataError, match=r"annotation 1, observation 1: unknown label 'whale'; expected one of siren"):
        jams.read_annotation(path, ["siren"])
    document["annotations"][0] = {}
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"a\.jams: annotation 0: namespace is missing"):
        jams.read_annotation(path)


def test_fault_12_cut_file(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"a\.jams: not valid JSON .* cut or damaged"):
        jams.read_annotation(path)


def test_fault_12_a_role_that_is_none(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation(role="middle"))
    with pytest.raises(DataError, match=r"observation 0: role is 'middle'; expected foreground or background"):
        jams.read_annotation(path)


def test_fault_12_deep_nesting(tmp_path: Path) -> None:
    (tmp_path / "a.jams").write_text('{"a":' * 100_000)
    with pytest.raises(DataError, match=r"a\.jams: not valid JSON"):
        jams.read_annotation(tmp_path / "a.jams")


@pytest.mark.parametrize("other", [[], 3, {}, *({"annotations": value} for value in ([], 3, "ab", [3], [{}]))])
def test_fault_12_other_json(tmp_path: Path, other: object) -> None:
    document = {"file_metadata": {"duration": 10.0}} | other if isinstance(other, dict) else other
    (tmp_path / "a.jams").write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"a\.jams"):
        jams.read_annotation(tmp_path / "a.jams")


@pytest.mark.parametrize("duration", [None, 0.0, "ten"])
def test_fault_12_clip_without_length(tmp_path: Path, duration: object) -> None:
    path = write_jams(tmp_path / "a.jams", observation())
    document = json.loads(path.read_text())
    document["file_metadata"]["duration"] = duration
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"a\.jams: file_metadata\.duration is"):
        jams.read_annotation(path)


def test_fault_12_unknown_namespace(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation(), namespace="beat")
    with pytest.raises(DataError, match="namespace beat; expected one of scaper, sound_event"):
        jams.read_annotation(path)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_fault_13_time_that_is_no_number(tmp_path: Path, wrong: float) -> None:
    path = write_jams(tmp_path / "a.jams", observation(time=wrong))
    with pytest.raises(DataError, match="observation 0: onset"):
        jams.read_annotation(path)


def test_fault_13_past_the_end(tmp_path: Path) -> None:
    rounded, late, after = observation(duration=9.009), observation(duration=9.5), observation(time=10.5)
    annotation = jams.read_annotation(write_jams(tmp_path / "a.jams", rounded, late, after))
    assert [offset for _, offset, _ in annotation.events] == [10.0, 10.0]
    assert annotation.n_clipped == 2


def test_fault_14_event_without_length(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation(duration=0.0))
    with pytest.raises(DataError, match=r"observation 0: lasts from 1\.0 s to 1\.0 s"):
        jams.read_annotation(path)


@pytest.mark.parametrize("namespace", ["segment_open", "tag_open"])
def test_open_namespaces_hold_labels(tmp_path: Path, namespace: str) -> None:
    (tmp_path / "a.ogg").touch()
    path = write_jams(tmp_path / "a.jams", observation() | {"value": "dog, big"}, namespace=namespace)
    assert jams.read_jams(path).equals(events_from_rows([("a.ogg", 1, 3, "dog, big")]).assign(confidence=1.0))


@pytest.mark.parametrize("wrong", [1.5, -0.1, math.nan, "high"])
def test_confidence_that_is_none(tmp_path: Path, wrong: object) -> None:
    path = write_jams(tmp_path / "a.jams", observation(), observation() | {"confidence": wrong})
    with pytest.raises(DataError, match=r"observation 1: confidence is .*; expected a number from 0 to 1"):
        jams.read_jams(path)
    assert len(jams.read_annotation(path).events) == 2


def test_confidence_of_some_events(tmp_path: Path) -> None:
    unknown = observation() | {"confidence": None}
    events = jams.read_jams(write_jams(tmp_path / "a.jams", observation() | {"confidence": 0}, unknown))
    assert events["confidence"].isna().tolist() == [False, True]
    assert "confidence" not in jams.read_jams(write_jams(tmp_path / "b.jams", unknown))


def test_recording_of_unknown_length(tmp_path: Path) -> None:
    path = write_jams(tmp_path / "a.jams", observation(duration=99.0))
    with pytest.warns(UserWarning, match=r"a\.jams: 1 event passes the recording's end; cut there"):
        assert jams.read_jams(path)["offset"].tolist() == [10.0]
    path.write_text(path.read_text().replace('"duration": 10.0, "title"', '"duration": null, "title"'))
    assert jams.read_jams(path)["offset"].tolist() == [100.0]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        jams.read_annotation(tmp_path / "a.jams")


def test_every_real_annotation_is_parsed_in_a_second(shared_data: Path) -> None:
    paths = list((shared_data / "urbansed_annotations").rglob("*.jams"))
    started = time.process_time()  # other processes do not count
    annotations = [jams.read_annotation(path) for path in paths]
    assert time.process_time() - started < 1.0
    assert len(annotations) == 1500
    assert sum(len(annotation.events) for annotation in annotations) == 7423


def test_every_version_of_scaper_is_read(shared_data: Path) -> None:
    for path in sorted((shared_data / "scaper_regression").glob("*soundscape*.jams")):
        events = jams.read_annotation(path).events
        assert len(events) == (0 if path.name.startswith("bgonly") else 3)
        lines = path.with_suffix(".txt")
        if lines.exists():
            assert [label for *_, label in events] == [row.split("\t")[2] for row in lines.read_text().splitlines()]


# jams 0.3.5 itself calls jsonschema in a way that is deprecated.
@pytest.mark.filterwarnings("ignore:Passing a schema to Validator.iter_errors:DeprecationWarning")
def test_document_is_valid_jams(tmp_path: Path) -> None:
    import jams as reference

    value = {
        "label": "siren",
        "source_file": "siren/1.wav",
        "source_time": 0.0,
        "event_time": 1.0,
        "event_duration": 2.0,
        "snr": 6.0,
        "role": "foreground",
        "pitch_shift": None,
        "time_stretch": None,
    }
    path = tmp_path / "a.jams"
    path.write_text(json.dumps(scaper_jams.document(10.0, [value], {"seed": 1})))
    loaded = reference.load(str(path), validate=True, strict=True)
    assert loaded.annotations[0].namespace == "scaper"
    assert loaded.annotations[0].sandbox.scaper["seed"] == 1
    assert jams.read_annotation(path).events == ((1.0, 3.0, "siren"),)
