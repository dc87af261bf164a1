from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool import events as ev
from sedpool.errors import DataError

NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(lambda s: f"c{s}.wav")
ROWS = st.lists(
    st.tuples(NAMES, st.floats(0, 1000), st.floats(0.001, 1000), NAMES).map(lambda r: (r[0], r[1], r[1] + r[2], r[3])),
    max_size=8,
)


@given(rows=ROWS)
def test_fault_45_tsv_returns_the_events_to_the_microsecond(
    tmp_path_factory: pytest.TempPathFactory, rows: list
) -> None:
    path = tmp_path_factory.mktemp("tsv") / "events.tsv"
    table = ev.events_from_rows(rows)
    ev.write_tsv(table, path)
    back = ev.read_tsv(path)
    assert back[["filename", "event_label"]].equals(table[["filename", "event_label"]])
    assert np.allclose(back[["onset", "offset"]], table[["onset", "offset"]], atol=1e-6, rtol=0)


@pytest.mark.parametrize("label", ["Train, horn", 'a "quoted" label', "Müll", "tab\there", "line\nbreak"])
def test_fault_45_awkward_labels_survive(tmp_path: Path, label: str) -> None:
    table = ev.events_from_rows([("a b.wav", 0.0, 1.0, label)])
    ev.write_tsv(table, tmp_path / "x.tsv")
    assert ev.read_tsv(tmp_path / "x.tsv").equals(table)


def test_fault_45_crlf_and_byte_order_mark(tmp_path: Path) -> None:
    text = "filename\tonset\toffset\tevent_label\r\na.wav\t0.5\t1.5\tdog\r\n"
    (tmp_path / "x.tsv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert ev.read_tsv(tmp_path / "x.tsv").equals(ev.events_from_rows([("a.wav", 0.5, 1.5, "dog")]))


def test_file_without_events_adds_no_event(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t\t\t\nb.wav\t0\t1\tdog\n")
    assert list(ev.read_tsv(tmp_path / "x.tsv")["filename"]) == ["b.wav"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a.wav", np.nan, 1.0, "dog"), "not a finite number"),
        (("a.wav", 0.0, np.inf, "dog"), "not a finite number"),
        (("a.wav", -0.1, 1.0, "dog"), "starts before 0 s"),
        (("a.wav", 1.0, 1.0, "dog"), "does not end after it starts"),
        (("a.wav", 0.0, 1.0, "cat"), "unknown label; expected one of dog"),
    ],
)
def test_wrong_rows_are_named(row: tuple, message: str) -> None:
    table = ev.events_from_rows([("a.wav", 0.0, 1.0, "dog"), row])
    with pytest.raises(DataError, match=rf"row 1 \(a\.wav, .*{message}"):
        ev.validate_events(table, classes=["dog"])


def test_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="no column event_label"):
        ev.validate_events(ev.empty_events().drop(columns="event_label"))


def test_clip_to_duration_counts_only_what_is_more_than_rounding() -> None:
    table = ev.events_from_rows([("a", 0, 10.005, "x"), ("a", 5, 12, "x"), ("a", 11, 12, "x"), ("a", 1, 2, "x")])
    clipped, changed = ev.clip_to_duration(table, {"a": 10.0})
    assert list(clipped["offset"]) == [10.0, 10.0, 2.0]
    assert changed == 2


def test_tags_keep_clips_without_events() -> None:
    table = ev.events_from_rows([("b", 0, 1, "dog"), ("b", 2, 3, "dog")])
    tags = ev.tags_from_events(table, ["a", "b"], ["cat", "dog"])
    assert tags.to_numpy().tolist() == [[False, False], [False, True]]
    assert list(tags.index) == ["a", "b"]


def test_stretched_tags_cover_the_clip() -> None:
    tags = pd.DataFrame([[True, False], [True, True]], index=["a", "b"], columns=["x", "y"])
    stretched = ev.stretch_tags(tags, {"a": 4.0, "b": 6.0})
    expected = ev.events_from_rows([("a", 0, 4, "x"), ("b", 0, 6, "x"), ("b", 0, 6, "y")])
    assert stretched.equals(expected)


def test_stretching_nothing_gives_no_events() -> None:
    tags = pd.DataFrame([[False]], index=["a"], columns=["x"])
    assert ev.stretch_tags(tags, {"a": 1.0}).empty
