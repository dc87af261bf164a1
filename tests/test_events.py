import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool import events as ev
from sedpool.errors import DataError


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
    with pytest.raises(DataError, match=rf"row 2 \(a\.wav, .*{message}"):
        ev.validate_events(table, classes=["dog"])


def test_missing_column_is_named() -> None:
    with pytest.raises(DataError, match="no column event_label"):
        ev.validate_events(ev.empty_events().drop(columns="event_label"))


OPTIONAL = {"high_frequency": ["", 20], "channel": [2, None], "confidence": [np.nan, "0.5"], "low_frequency": [5, " "]}


def test_optional_columns_come_in_order_and_others_go() -> None:
    events = ev.events_from_rows([("a.wav", 0.0, 1.0, "dog"), ("b.wav", 0.0, 2.0, "cat")])
    table = ev.validate_events(events.assign(note="loud", **OPTIONAL))
    assert list(table.columns) == [*ev.EVENT_COLUMNS, *ev.OPTIONAL_COLUMNS]
    assert table.dtypes.astype(str).tolist()[-4:] == ["float64", "Int64", "float64", "float64"]
    assert table.iloc[0, 4:].isna().tolist() == [True, False, False, True]
    assert table.iloc[1, 4:].isna().tolist() == [False, True, True, False]
    assert ev.validate_events(table).equals(table)
    assert ev.validate_events(events.assign(note="loud")).equals(events)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"confidence": 1.01}, r"1\.01\) has another confidence than a number from 0 to 1"),
        ({"channel": 1.5}, r"1\.5\) has another channel than a whole number from 1"),
        ({"channel": 0}, r"0\) has another channel than a whole number from 1"),
        ({"channel": np.inf}, r"inf\) has another channel than a whole number from 1"),
        ({"low_frequency": np.inf}, r"inf\) has another low_frequency than Hz from 0 up"),
        ({"high_frequency": "low"}, r"low\) has another high_frequency than Hz from 0 up"),
        ({"low_frequency": 9, "high_frequency": 8}, r"9\.0, 8\.0\) has a band that ends below its start"),
    ],
)
def test_impossible_optional_values_are_named(values: dict, message: str) -> None:
    table = ev.events_from_rows([("a.wav", 0.0, 1.0, "dog")]).assign(**values)
    with pytest.raises(DataError, match=rf"row 1 \(a\.wav, 0\.0, {message}"):
        ev.validate_events(table)


def test_clips_keep_the_optional_columns_of_their_events() -> None:
    events = ev.validate_events(ev.events_from_rows([("a", 0, 12, "x"), ("a", 11, 12, "x")]).assign(**OPTIONAL))
    clipped, _ = ev.clip_to_duration(events, {"a": 10.0})
    assert clipped.equals(events.iloc[:1].assign(offset=10.0))


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


@given(st.lists(st.tuples(st.sampled_from("xy"), st.integers(0, 20), st.integers(1, 8), st.sampled_from("ab"))))
def test_active_seconds_against_counting_every_second(drawn: list[tuple[str, int, int, str]]) -> None:
    events = ev.events_from_rows(
        [(name, float(onset), float(onset + length), label) for name, onset, length, label in drawn]
    )
    seconds = ev.active_seconds(events, ["x", "y"], ["a", "b"])
    for name in "xy":
        for label in "ab":
            own = [set(range(on, on + n)) for other, on, n, kind in drawn if (other, kind) == (name, label)]
            assert seconds.loc[name, label] == len(set().union(*own))


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 5), st.sampled_from("ab")), max_size=8))
def test_overlaps_agree_with_their_definition(drawn: list[tuple[int, int, str]]) -> None:
    rows = [("clip", float(onset), float(onset + length), label) for onset, length, label in drawn]
    ordered = sorted(rows, key=lambda row: row[1])
    expected = sum(
        any(earlier[3] == row[3] and earlier[2] > row[1] for earlier in ordered[:index])
        for index, row in enumerate(ordered)
    )
    assert ev.count_overlaps(ev.events_from_rows(rows)) == expected


def test_columns_that_are_there_are_named_where_one_is_missing() -> None:
    table = pd.DataFrame({"filename": ["a.wav"], "onset": [0.0], "end": [1.0], "event_label": ["dog"]})
    with pytest.raises(
        DataError, match="x: no column offset; found filename, onset, end, event_label; expected filename"
    ):
        ev.validate_events(table, source="x")
