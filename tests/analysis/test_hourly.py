from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.analysis.hourly import hourly_detections
from sedpool.audio.start_time import later
from sedpool.events import empty_events, events_from_rows

CLASSES = ["owl", "frog"]


def test_recordings_without_events_or_time_count() -> None:
    events = events_from_rows([("b.wav", 10, 11, "owl"), ("c.wav", 1, 2, "frog"), ("c.wav", 3, 4, "cow")])
    starts = {"a.wav": datetime(2024, 6, 1, 5, 0), "b.wav": None}
    table = hourly_detections(events, {"a.wav": 1800.0, "b.wav": 7200.0, "c.wav": 36.0}, starts, CLASSES)
    assert table.to_numpy().tolist() == [
        ["a.wav", "2024-06-01T05:00:00", "owl", 0, 0.5],
        ["a.wav", "2024-06-01T05:00:00", "frog", 0, 0.5],
        ["b.wav", "", "owl", 1, 2.0],
        ["b.wav", "", "frog", 0, 2.0],
        ["c.wav", "", "owl", 0, 0.01],
        ["c.wav", "", "frog", 1, 0.01],
    ]
    assert hourly_detections(empty_events(), {}, {}, CLASSES).empty


def test_the_hour_that_a_clock_change_repeats_is_two_hours() -> None:
    start = datetime(2024, 10, 27, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    table = hourly_detections(empty_events(), {"a.wav": 3 * 3600.0}, {"a.wav": start}, ["owl"])
    assert table["hour"].tolist() == [
        "2024-10-27T01:00:00+02:00",
        "2024-10-27T02:00:00+02:00",
        "2024-10-27T02:00:00+01:00",
        "2024-10-27T03:00:00+01:00",
    ]
    assert table["hours_listened"].tolist() == [0.5, 1.0, 1.0, 0.5]


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1), timezones=st.sampled_from([None, UTC])),
    st.floats(0.01, 50_000),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(CLASSES))),
)
def test_each_event_counts_in_the_hour_of_its_own_time(
    start: datetime, duration: float, drawn: list[tuple[float, str]]
) -> None:
    start = start.replace(microsecond=0)
    events = events_from_rows([("a.wav", int(share * duration), duration + 1, label) for share, label in drawn])
    table = hourly_detections(events, {"a.wav": duration}, {"a.wav": start}, CLASSES)
    expected = Counter(
        (later(start, onset).replace(minute=0, second=0).isoformat(), label)
        for onset, label in zip(events["onset"], events["event_label"], strict=True)
    )
    counted = {(row.hour, row.event_label): row.detections for row in table.itertuples() if row.detections}
    assert counted == expected
    assert table.drop_duplicates("hour")["hours_listened"].sum() == pytest.approx(duration / 3600)
