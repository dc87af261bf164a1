"""What an interruption leaves of detections."""

import errno
import json

import pandas as pd
import pytest

from sedpool.errors import DataError, StorageError
from sedpool.inference.journal import Journal
from sedpool.inference.recordings import Detected, Recording

FOUND = pd.DataFrame(
    [("a.wav", 0.0, 1.0, "dog", 0.6), ("a.wav", 0.5, 2.0, "cat", 0.9), ("a.wav", 3.0, 4.0, "dog", 0.8)],
    columns=["filename", "onset", "offset", "event_label", "confidence"],
)


@pytest.fixture
def detected(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"sound")
    return Detected(Recording("a.wav", path), 5.0, 44100, 2, FOUND, Recording("a.wav", path).state())


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
    journal.add(detected)  # the sound changed while it was read
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


def test_a_full_disk_is_named(tmp_path, detected, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(tmp_path / "detections.jsonl", {})
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match=r"detections\.jsonl: the disk is full"):
        journal.add(detected)
