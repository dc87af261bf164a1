"""Which recordings there are, and which of their events count."""

import io

import pandas as pd
import pytest

from sedpool.errors import DataError
from sedpool.inference.recordings import Selection, find_recordings


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


def test_brackets_of_a_folder_that_exists_are_no_pattern(folder):
    (folder / "north").rename(folder / "station [B]")
    assert ids(find_recordings([f"{folder}/station [B]/*.wav"])) == ["a.wav"]
    assert ids(find_recordings([f"{folder}/s[o]uth/*.wav"])) == ["a.wav"]
    with pytest.raises(
        DataError, match=r"no file has such a name: nothing in .* matches station \[C\]; .* for a bracket"
    ):
        find_recordings([f"{folder}/station [C]"])


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


def test_a_file_that_is_named_in_several_ways_counts_once(folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = find_recordings(["north", "./north/a.wav", str(folder / "north/a.wav"), "south/../north/a.wav"])
    assert ids(found) == ["a.wav", "b.FLAC"]


def test_no_two_recordings_have_one_id(folder):
    (folder / "other/north").mkdir(parents=True)
    (folder / "other/north/a.wav").write_bytes(b"")
    found = find_recordings([str(folder / name) for name in ("north", "south", "other")])
    assert ids(found) == ["north/a.wav", "north/b.FLAC", "south/a.wav", "other/north/a.wav"]


def test_snippets_are_recordings_only_where_they_are_asked_for(folder):
    (folder / "out/clips/dog").mkdir(parents=True)
    (folder / "out/clips/dog/0.900_a_1.000s.wav").write_bytes(b"")
    (folder / "out/clips/clips.tsv").write_text("path\tsentence\n")
    assert "out/clips/dog/0.900_a_1.000s.wav" in ids(find_recordings([str(folder)]))
    table = "event_label\tfilename\tonset\toffset\tconfidence\tclip\n"
    (folder / "out/clips/clips.tsv").write_text(table)
    assert ids(find_recordings([str(folder)])) == ["c.mp3", "north/a.wav", "north/b.FLAC", "south/a.wav"]
    assert ids(find_recordings([str(folder / "out/clips")])) == ["dog/0.900_a_1.000s.wav"]
    with pytest.raises(DataError, match="no audio"):
        find_recordings([str(folder / "out")])
