import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.datasets.base import Dataset
from sedpool.datasets.statistics import class_statistics, co_occurrence, polyphony, tags_per_clip
from sedpool.events import events_from_rows, tags_from_events

CLASSES = ("dog", "cat", "cow")
Rows = list[tuple[str, float, float, str]]


def dataset_of(rows: Rows, n_clips: int = 2, **options: object) -> Dataset:
    names = [f"{index}.wav" for index in range(n_clips)]
    clips = pd.DataFrame({"filename": names, "path": None, "duration": 10.0, "split": "train"})
    events = events_from_rows(rows)
    return Dataset("x", CLASSES, clips, tags_from_events(events, names, CLASSES), events, **options)


def test_class_statistics_count_clips_events_and_active_time() -> None:
    rows = [
        ("0.wav", 0.0, 4.0, "dog"),
        ("0.wav", 2.0, 6.0, "dog"),
        ("1.wav", 0.0, 2.0, "dog"),
        ("1.wav", 1.0, 2.0, "cat"),
    ]
    table = class_statistics(dataset_of(rows, n_clips=4))
    assert table["clips"].tolist() == [2, 1, 0]
    assert table["clip_share"].tolist() == [0.5, 0.25, 0.0]
    assert table["events"].tolist() == [3, 1, 0]
    assert table["duration_50"].tolist()[:2] == [4.0, 1.0]
    assert table["active_share"].tolist()[:2] == pytest.approx([(0.6 + 0.2) / 2, 0.1])
    assert table.loc["cow", ["duration_50", "active_share"]].isna().all()


def test_weak_labels_have_clip_statistics_only() -> None:
    weak = dataset_of([("0.wav", 0.0, 4.0, "dog")], weak_splits=("train",)).with_events()
    strong = dataset_of([("0.wav", 0.0, 4.0, "dog")])
    assert not len(weak)
    assert "events" in class_statistics(strong).columns
    assert not len(polyphony(weak))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0.wav", "1.wav"]),
            st.integers(0, 99),
            st.integers(1, 50),
            st.sampled_from(CLASSES),
        ),
        max_size=12,
    )
)
def test_polyphony_is_what_counting_every_instant_gives(drawn: list[tuple[str, int, int, str]]) -> None:
    rows = [(name, start / 10, min(10.0, (start + length) / 10), label) for name, start, length, label in drawn]
    levels = np.zeros(200, dtype=int)
    for name, onset, offset, _ in rows:
        first = 100 * int(name[0])
        levels[first + round(10 * onset) : first + round(10 * offset)] += 1
    expected = np.bincount(levels) / 200
    shares = polyphony(dataset_of(rows))
    assert shares[: len(expected)] == pytest.approx(expected)
    assert shares[len(expected) :] == pytest.approx(0)  # ends that meet starts


def test_co_occurrence_is_conditional_on_the_row() -> None:
    tags = pd.DataFrame({"dog": [True, True, True], "cat": [True, False, False], "cow": [False] * 3})
    shares = co_occurrence(tags)
    assert shares.loc["dog", "cat"] == pytest.approx(1 / 3)
    assert shares.loc["cat", "dog"] == 1.0
    assert shares.loc["cow"].isna().all()


def test_tags_per_clip_counts_clips() -> None:
    tags = pd.DataFrame({"dog": [True, True, False], "cat": [True, False, False]})
    assert tags_per_clip(tags).tolist() == [1, 1, 1]
