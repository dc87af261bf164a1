"""Events written in a format by its name come back, and what a format says of recordings is right."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool import formats
from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, OPTIONAL_COLUMNS, empty_events, events_from_rows, validate_events
from sedpool.formats import RecordingInfo, write_events
from sedpool.formats.texts import tidied_text
from sedpool.formats.write import WRITERS

from .test_round_trips import LABELS, TIMES

NAMES = ("a.wav", "day 1/b c.flac", "day 2/ü.wav")
RECORDINGS = {name: RecordingInfo(2001.0 + index, f"/field/{name}", 8000.0) for index, name in enumerate(NAMES)}
SEVERAL = [name for name, writer in WRITERS.items() if writer.holds_several]
ROWS = st.lists(st.tuples(st.sampled_from(NAMES), TIMES, LABELS), max_size=8)
VALUES = st.tuples(st.floats(0, 1), st.integers(1, 9), st.floats(0, 100), st.floats(100, 1e5))
OPTIONAL = st.lists(st.one_of(st.just((None,) * 4), VALUES), min_size=8, max_size=8)


def events_of(*rows: tuple, **optional: object) -> pd.DataFrame:
    return validate_events(events_from_rows(rows).assign(**optional))


@pytest.fixture(autouse=True)
def needed(request: pytest.FixtureRequest) -> None:
    """Skip the formats whose library is not installed."""
    if request.node.callspec.params.get("format") == "textgrid" if hasattr(request.node, "callspec") else False:
        pytest.importorskip("praatio")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


@pytest.mark.parametrize("format", SEVERAL)
@given(rows=ROWS, optional=OPTIONAL)
def test_events_of_several_recordings_come_back(folder: Path, format: str, rows: list, optional: list) -> None:
    events = events_from_rows([(name, *times, label) for name, times, label in rows])
    if rows:
        events = validate_events(
            events.join(pd.DataFrame(optional[: len(rows)], columns=list(OPTIONAL_COLUMNS), dtype=float))
        )
    path = folder / f"all{WRITERS[format].suffix}"
    write_events(events, path, format, recordings=RECORDINGS)
    back = formats.read_events(path)
    for column in ("filename", "event_label"):
        assert back[column].tolist() == [tidied_text(text) for text in events[column]]
    assert np.allclose(back[["onset", "offset"]], events[["onset", "offset"]], atol=1e-6, rtol=0)
    lost = ("confidence", "channel") if format == "soundevent" else ()
    filled = {"channel": 1, "low_frequency": 0.0, "high_frequency": 8000.0} if format == "raven" else {}
    for column in OPTIONAL_COLUMNS:
        expected = (
            events.drop(columns=[*lost], errors="ignore")
            .get(column, pd.Series(np.nan, events.index))
            .astype(float)
            .fillna(filled.get(column, np.nan))
        )
        found = back.get(column, pd.Series(np.nan, events.index)).astype(float)
        assert np.allclose(found, expected, atol=1e-6, rtol=0, equal_nan=True)


@pytest.mark.parametrize("format", WRITERS)
def test_events_of_one_recording_come_back(tmp_path: Path, format: str) -> None:
    events = events_of(("a.wav", 0.5, 2, "dog"), ("a.wav", 1, 2, "cat"), confidence=[0.5, None], low_frequency=100)
    (tmp_path / "a.wav").touch()
    path = tmp_path / f"a{WRITERS[format].suffix}"
    write_events(events, path, format, recordings={"a.wav": RecordingInfo(10.0)})
    assert formats.read_events(path)[list(EVENT_COLUMNS)].equals(events[list(EVENT_COLUMNS)])
    assert {item.name for item in tmp_path.iterdir()} == {"a.wav", path.name}


@pytest.mark.parametrize("format", WRITERS)
def test_what_each_format_needs(tmp_path: Path, format: str) -> None:
    writer, path = WRITERS[format], tmp_path / "x"
    one = events_of(("a.wav", 0.5, 2, "dog"))
    two = events_of(("a.wav", 0.5, 2, "dog"), ("b.wav", 0.5, 2, "dog"))
    if format == "soundevent":
        for events in (one, two):
            with pytest.raises(DataError, match=r"give that of a\.wav in `recordings`"):
                write_events(events, path, format)
        return
    if format in ("jams", "textgrid"):
        with pytest.raises(DataError, match="states the length of the one recording; give it"):
            write_events(one, path, format)
        with pytest.raises(DataError, match="states the length of the one recording; give it"):
            write_events(empty_events(), path, format, recordings=RECORDINGS)
    else:
        write_events(one, path, format)
    if not writer.holds_several or writer.needs_recordings:
        with pytest.raises(DataError, match="events of 2 recordings"):
            write_events(two, path, format)
    else:
        write_events(two, path, format)


def test_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=r"format 'srt': unknown; expected tsv, csv, json, jams, audacity, raven, textgrid, soundevent",
    ):
        write_events(empty_events(), tmp_path / "x", "srt")


def test_jams_names_a_recording_without_events(tmp_path: Path) -> None:
    write_events(empty_events(), tmp_path / "x.jams", "jams", recordings={"a.wav": RecordingInfo(3.0)})
    assert formats.recordings(tmp_path / "x.jams") == {"a.wav": 3.0}


def test_raven_opens_several_recordings_as_one_sound(tmp_path: Path) -> None:
    events = events_of(("day/b.wav", 1, 2, "dog"), ("a.wav", 0.5, 2, "cat"), confidence=[0.25, None], channel=[2, None])
    recordings = {"a.wav": RecordingInfo(60.0), "day/b.wav": RecordingInfo(30.0, "/field/day/b.wav", 24000.0)}
    write_events(events, tmp_path / "x.txt", "raven", recordings=recordings)
    table = pd.read_csv(tmp_path / "x.txt", sep="\t")
    expected = {
        "Selection": [1, 2],
        "View": ["Spectrogram 1"] * 2,
        "Channel": [2, 1],
        "Begin Time (s)": [61.0, 0.5],
        "End Time (s)": [62.0, 2.0],
        "Low Freq (Hz)": [0.0, 0.0],
        "High Freq (Hz)": [24000.0, 20000.0],
        "Begin File": ["day/b.wav", "a.wav"],
        "Begin Path": ["/field/day/b.wav", "a.wav"],
        "File Offset (s)": [1.0, 0.5],
        "Annotation": ["dog", "cat"],
        "Confidence": [0.25, np.nan],
    }
    pd.testing.assert_frame_equal(table, pd.DataFrame(expected))
    with pytest.raises(DataError, match=r"day/b\.wav is not one of the recordings given; give the length of all"):
        write_events(events, tmp_path / "x.txt", "raven", recordings={"a.wav": RecordingInfo(60.0)})


BEFORE = """\
Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tBegin File\tAnnotation
1\tSpectrogram 1\t1\t0.500000000\t2.000000000\t0.0\t20000.0\ta.wav\tdog
"""


def test_files_for_events_without_optional_columns_stay_the_same(tmp_path: Path) -> None:
    events = events_of(("a.wav", 0.5, 2, "dog"))
    expected = {
        "tsv": "filename\tonset\toffset\tevent_label\na.wav\t0.500000\t2.000000\tdog\n",
        "csv": "filename,onset,offset,event_label\na.wav,0.500000,2.000000,dog\n",
        "audacity": "0.500000\t2.000000\tdog\n",
        "raven": BEFORE,
    }
    for format, text in expected.items():
        write_events(events, tmp_path / "x", format)
        assert (tmp_path / "x").read_bytes() == text.encode()


def test_json_is_a_list_of_objects_in_utf_8(tmp_path: Path) -> None:
    events = events_of(("ä.wav", 0, 0.1, "Müll"), ("ä.wav", 1, 2, "dog"), confidence=[None, 0.5], channel=[2, None])
    write_events(events, tmp_path / "x.json", "json")
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "Müll" in text
    assert json.loads(text) == [
        {"filename": "ä.wav", "onset": 0.0, "offset": 0.1, "event_label": "Müll", "channel": 2},
        {"filename": "ä.wav", "onset": 1.0, "offset": 2.0, "event_label": "dog", "confidence": 0.5},
    ]
    write_events(empty_events(), tmp_path / "x.json", "json")
    assert (tmp_path / "x.json").read_text() == "[]\n"
    assert formats.read_json(tmp_path / "x.json").empty


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", "not valid JSON"),
        ("{}", "not a list of events; expected objects with filename, onset"),
        ("[1]", "not a list of events"),
        ('[{"onset": 0, "offset": 1}]', "no column filename, event_label"),
        ('[{"filename": "a", "onset": 0, "offset": 1, "event_label": null}]', "event 1: event_label is None; expected"),
        ('[{"filename": 3, "onset": 0, "offset": 1, "event_label": "x"}]', "event 1: filename is 3; expected a name"),
        ('[{"filename": "a", "onset": 2, "offset": 1, "event_label": "x"}]', "does not end after it starts"),
        ("[" * 100_000, "not valid JSON"),
    ],
)
def test_wrong_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(DataError, match=rf"x\.json: .*{message}") as caught:
        formats.read_events(tmp_path / "x.json")
    assert "\n" not in str(caught.value)


def test_other_json_in_a_folder_of_labels_is_left_alone(tmp_path: Path) -> None:
    write_events(events_of(("a.wav", 0.5, 2, "dog")), tmp_path / "labels.json", "json")
    (tmp_path / "camera.json").write_text('{"model": "x"}')
    (tmp_path / "package.json").write_text('[{"name": "x"}]')
    assert formats.read_events(tmp_path)["event_label"].tolist() == ["dog"]
