"""Which recordings there are, which of their events count, and what an interruption leaves."""

import io
import json

import pandas as pd
import pytest

from sedpool.errors import DataError, StorageError
from sedpool.inference.recordings import Detected, Journal, Recording, Selection, find_recordings


@pytest.fixture
def folder(tmp_path):
    for name in ("north/a.wav", "north/b.FLAC", "south/a.wav", "c.mp3", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def ids(found):
    return [recording.filename for recording in found]


def test_a_folder_names_its_recordings_by_their_path_in_it(folder):
    assert ids(find_recordings([str(folder)])) == ["c.mp3", "north/a.wav", "north/b.FLAC", "south/a.wav"]


def test_files_are_named_by_their_name_and_alike_ones_by_their_path(folder):
    north, south = str(folder / "north/a.wav"), str(folder / "south/a.wav")
    assert ids(find_recordings([north, str(folder / "c.mp3")])) == ["a.wav", "c.mp3"]
    found = find_recordings([north, south, north])
    assert [(one.filename, str(one.path)) for one in found] == [("north/a.wav", north), ("south/a.wav", south)]


def test_patterns_and_lists_on_standard_input(folder, monkeypatch):
    assert ids(find_recordings([f"{folder}/**/*.wav"])) == ["north/a.wav", "south/a.wav"]
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{folder}/c.mp3\r\n\n{folder}/missing.wav\n"))
    assert ids(find_recordings(["-"])) == ["c.mp3", "missing.wav"]
    with pytest.raises(DataError, match="no file has such a name"):
        find_recordings([f"{folder}/*.ogg"])
    with pytest.raises(DataError, match="no recordings"):
        find_recordings([])


def events(*rows):
    return pd.DataFrame(rows, columns=["filename", "onset", "offset", "event_label", "confidence"])


FOUND = events(("a.wav", 0.0, 1.0, "dog", 0.6), ("a.wav", 0.5, 2.0, "cat", 0.9), ("a.wav", 3.0, 4.0, "dog", 0.8))


@pytest.mark.parametrize(
    ("selection", "rows"),
    [
        (Selection(), [0, 1, 2]),
        (Selection(min_confidence=0.8), [1, 2]),
        (Selection(classes=("dog",)), [0, 2]),
        (Selection(top=2), [1, 2]),
        (Selection(classes=("dog",), top=1), [2]),
        (Selection(min_confidence=0.95, top=1), []),
    ],
)
def test_a_selection_keeps_the_order_of_time(selection, rows):
    pd.testing.assert_frame_equal(selection.of(FOUND), FOUND.iloc[rows].reset_index(drop=True))


@pytest.fixture
def detected(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"sound")
    return Detected(Recording("a.wav", path), 5.0, 44100, 2, FOUND)


def test_a_journal_returns_what_was_added(tmp_path, detected):
    journal = Journal(tmp_path / "out" / "detections.jsonl", {"threshold": 0.5})
    assert journal.get(detected.recording) is None
    journal.add(detected)
    again = Journal(journal.path, {"threshold": 0.5}).get(detected.recording)
    assert (again.recording, again.duration, again.sr, again.channels) == (detected.recording, 5.0, 44100, 2)
    pd.testing.assert_frame_equal(again.events, FOUND, check_dtype=False)


def test_a_journal_that_ends_in_half_a_line_goes_on(tmp_path, detected):
    journal = Journal(tmp_path / "detections.jsonl", {})
    journal.add(detected)
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + b'{"filename": "b.w')
    again = Journal(journal.path, {})
    assert again.get(detected.recording) is not None
    assert journal.path.read_bytes() == whole


def test_a_changed_recording_and_another_method_are_not_mixed_up(tmp_path, detected):
    journal = Journal(tmp_path / "detections.jsonl", {"threshold": 0.5, "top": None})
    journal.add(detected)
    detected.recording.path.write_bytes(b"other sound")
    assert Journal(journal.path, {"threshold": 0.5, "top": None}).get(detected.recording) is None
    with pytest.raises(DataError, match=r"made in another way \(top\); give another --out"):
        Journal(journal.path, {"threshold": 0.5, "top": 3})


@pytest.mark.parametrize("damage", [b"no json\n", b"[1]\n"])
def test_a_damaged_journal_is_named(tmp_path, detected, damage):
    journal = Journal(tmp_path / "detections.jsonl", {})
    journal.add(detected)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(lines[0] + damage + lines[1])
    with pytest.raises(StorageError, match="line 2: damaged"):
        Journal(journal.path, {})
    entry = json.loads(lines[1]) | {"events": [[0, 1]]}
    journal.path.write_bytes(lines[0] + json.dumps(entry).encode() + b"\n")
    with pytest.raises(StorageError, match=r"a\.wav: damaged"):
        Journal(journal.path, {}).get(detected.recording)
