"""What is written comes back: the same events to the microsecond, overlaps and all."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool import formats
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, OPTIONAL_COLUMNS, empty_events, events_from_rows, validate_events
from sedpool.formats.texts import tidied_text

TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)
LABELS = TEXT.filter(str.strip) | st.sampled_from(
    ["Train, horn", 'a "quoted" label', '"all quoted"', "Müll", "null", "1"]
)
TIMES = st.tuples(st.floats(0, 1000), st.floats(0.001, 1000)).map(lambda pair: (pair[0], pair[0] + pair[1]))
ROWS = st.lists(st.tuples(TIMES, LABELS).map(lambda row: (*row[0], row[1])), min_size=1, max_size=8)
FORMATS = {
    "a b.jams": lambda events, path: formats.write_jams(events, path, duration=2001.0),
    "a b.txt": formats.write_audacity,
    "a b.selections.txt": formats.write_raven,
    "a b.tsv": formats.write_tsv,
    "a b.csv": formats.write_csv,
    "list a b.txt": formats.write_list,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("föl der")


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    for column in ("filename", "event_label"):
        assert one[column].tolist() == [tidied_text(text) for text in other[column]]
    assert np.allclose(one[["onset", "offset"]], other[["onset", "offset"]], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", FORMATS)
@given(rows=ROWS)
def test_fault_45_every_format_returns_the_events(folder: Path, name: str, rows: list) -> None:
    events = events_from_rows([("a b.wav", *row) for row in rows])
    FORMATS[name](events, folder / name)
    back = formats.read_events(folder / name)
    assert_same(back.assign(filename="a b.wav"), events)
    if name != "a b.txt":
        assert set(back["filename"]) == {"a b.wav"}


HOLDS = {
    "a b.jams": ["confidence"],
    "a b.txt": ["low_frequency", "high_frequency"],
    "a b.selections.txt": list(OPTIONAL_COLUMNS),
    "a b.tsv": list(OPTIONAL_COLUMNS),
    "a b.csv": list(OPTIONAL_COLUMNS),
    "list a b.txt": [],
}
OPTIONAL = st.tuples(st.floats(0, 1), st.integers(1, 99), st.floats(0, 1e4), st.floats(1e4, 1e5))
VALUES = st.lists(OPTIONAL, min_size=8, max_size=8)
KNOWN = st.lists(st.tuples(*[st.booleans()] * 4), min_size=8, max_size=8)


@pytest.mark.parametrize("name", HOLDS)
@given(rows=ROWS, values=VALUES, known=KNOWN)
def test_every_format_returns_the_optional_columns_that_it_holds(
    folder: Path, name: str, rows: list, values: list, known: list
) -> None:
    optional = pd.DataFrame(values[: len(rows)], columns=list(OPTIONAL_COLUMNS))
    optional = optional.where(pd.DataFrame(known[: len(rows)], columns=list(OPTIONAL_COLUMNS)))
    if name == "a b.selections.txt":  # Raven has a channel and a band for every selection
        optional = optional.fillna({"channel": 1, "low_frequency": 0.0, "high_frequency": 20000.0})
    events = validate_events(events_from_rows([("a b.wav", *row) for row in rows]).join(optional))
    FORMATS[name](events, folder / name)
    back = formats.read_events(folder / name).assign(filename="a b.wav")
    assert_same(back, events)
    held = [column for column in HOLDS[name] if events[column].notna().any()]
    assert [column for column in OPTIONAL_COLUMNS if column in back and back[column].notna().any()] == held
    assert np.allclose(back[held].astype(float), events[held].astype(float), atol=1e-6, rtol=0, equal_nan=True)


@pytest.mark.parametrize("name", FORMATS)
def test_overlaps_and_repeats_are_kept(tmp_path: Path, name: str) -> None:
    events = events_from_rows([("a b.wav", *row) for row in [(0, 2, "x"), (1, 3, "x"), (1, 3, "x"), (0.5, 0.6, "y")]])
    FORMATS[name](events, tmp_path / name)
    assert_same(formats.read_events(tmp_path / name), events)


@pytest.mark.parametrize("name", FORMATS)
def test_no_events_are_no_events(tmp_path: Path, name: str) -> None:
    FORMATS[name](empty_events(), tmp_path / name)
    assert formats.read_events(tmp_path / name).empty


@pytest.mark.parametrize("name", ["a b.tsv", "a b.csv", "list a b.txt"])
@pytest.mark.parametrize("label", ["tab\there", "line\nbreak"])
def test_fault_45_quoted_formats_hold_tabs_and_line_breaks(tmp_path: Path, name: str, label: str) -> None:
    events = events_from_rows([("a b.wav", 0.0, 1.0, label)])
    FORMATS[name](events, tmp_path / name)
    assert formats.read_events(tmp_path / name).equals(events)


@pytest.mark.parametrize("name", ["a b.txt", "a b.selections.txt"])
@pytest.mark.parametrize("label", ["tab\there", "line\nbreak", "carriage\rreturn", " "])
def test_fault_45_what_a_format_cannot_hold_is_refused(tmp_path: Path, name: str, label: str) -> None:
    with pytest.raises(DataError, match="which this format cannot hold"):
        FORMATS[name](events_from_rows([("a b.wav", 0.0, 1.0, label)]), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a b.jams", "a b.txt", "a b.selections.txt"])
def test_a_file_of_one_recording_holds_no_other(tmp_path: Path, name: str) -> None:
    events = events_from_rows([("a.wav", 0, 1, "x"), ("b.wav", 0, 1, "x")])
    with pytest.raises(DataError, match=r"events of 2 recordings \(a\.wav, b\.wav"):
        FORMATS[name](events, tmp_path / name)


@pytest.mark.parametrize("name", FORMATS)
def test_fault_45_crlf_and_byte_order_mark(tmp_path: Path, name: str) -> None:
    events = events_from_rows([("a b.wav", 0.5, 1.5, "dög"), ("a b.wav", 2.0, 3.0, "cat")])
    FORMATS[name](events, tmp_path / name)
    if not name.endswith("jams"):  # JSON has no byte order mark
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + (tmp_path / name).read_bytes().replace(b"\n", b"\r\n"))
    assert formats.read_events(tmp_path / name)[list(EVENT_COLUMNS)].equals(events)


@pytest.mark.parametrize("name", ["a b.tsv", "list a b.txt", "a b.txt", "a b.selections.txt"])
@pytest.mark.parametrize("wrong", ["nan", "inf"])
def test_fault_20_time_that_is_no_number(tmp_path: Path, name: str, wrong: str) -> None:
    FORMATS[name](events_from_rows([("a b.wav", 0.125, 1.5, "dog")]), tmp_path / name)
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace("1.500000000", wrong).replace("1.500000", wrong))
    with pytest.raises(DataError, match=r"finite|has no number in End Time"):
        formats.read_events(tmp_path / name)


@pytest.mark.parametrize("name", ["a b.tsv", "a b.csv", "list a b.txt", "a b.txt", "a b.selections.txt"])
def test_fault_14_event_without_length(tmp_path: Path, name: str) -> None:
    FORMATS[name](events_from_rows([("a b.wav", 0.125, 1.5, "dog")]), tmp_path / name)
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text.replace("1.500000000", "0.125").replace("1.500000", "0.125"))
    with pytest.raises(DataError, match=r"0\.125.*after"):
        formats.read_events(tmp_path / name)


@pytest.mark.parametrize("name", FORMATS)
def test_missing_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="no such file"):
        formats.read_events(tmp_path / name)


# jams 0.3.5 itself calls jsonschema in a way that is deprecated.
@pytest.mark.filterwarnings("ignore:Passing a schema to Validator.iter_errors:DeprecationWarning")
def test_written_jams_are_valid_and_carry_confidence(tmp_path: Path) -> None:
    import jams

    events = events_from_rows([("a.flac", 1.0, 3.0, "siren"), ("a.flac", 2.0, 4.0, "dog")])
    formats.write_jams(events.assign(confidence=[0.25, 0.75]), tmp_path / "a.jams", duration=5.0)
    annotation = jams.load(str(tmp_path / "a.jams"), validate=True, strict=True).annotations[0]
    assert annotation.namespace == "segment_open"
    assert [observation.confidence for observation in annotation.data] == [0.25, 0.75]
    assert formats.read_events(tmp_path / "a.jams").equals(events.assign(confidence=[0.25, 0.75]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert formats.read_jams(tmp_path / "a.jams", "b.wav")["filename"].unique() == ["b.wav"]
