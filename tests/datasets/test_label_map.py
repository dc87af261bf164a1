import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool.datasets.base import Dataset
from sedpool.datasets.label_map import map_detections, map_labels
from sedpool.errors import DataError
from sedpool.events import active_seconds, events_from_rows, merge_events, tags_from_events
from sedpool.regions import of_each_class

CLASSES = ("barn owl", "dog", "tawny owl", "thump")
NAMES = ["a.wav", "b.wav", "c.wav"]
EVENTS = events_from_rows(
    [
        ("a.wav", 0, 4, "barn owl"),
        ("a.wav", 3, 6, "tawny owl"),
        ("a.wav", 5, 9, "thump"),
        ("b.wav", 1, 2, "dog"),
        ("b.wav", 1.5, 3, "dog"),
    ]
)


def made(events: pd.DataFrame = EVENTS, *, weak: bool = False, split: str = "train") -> Dataset:
    clips = pd.DataFrame({"filename": NAMES, "path": NAMES, "duration": 10.0, "split": split})
    return Dataset("x", CLASSES, clips, tags_from_events(events, NAMES, CLASSES), None if weak else events)


def rows(table: pd.DataFrame) -> list[tuple]:
    return sorted(table[["filename", "onset", "offset", "event_label"]].itertuples(index=False, name=None))


def shown(dataset: Dataset) -> dict[str, str]:
    """The tags of each class, a letter for each clip."""
    return {
        label: "".join("?" if pd.isna(tag) else "yn"[not tag] for tag in dataset.tags[label])
        for label in dataset.classes
    }


def test_classes_are_renamed_and_merged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sedpool"):
        mapped = map_labels(made(), {"barn owl": "owl", "tawny owl": "owl", "thump": "knock", "bat": "owl"})
    assert mapped.classes == ("owl", "dog", "knock")
    assert rows(mapped.events) == [
        ("a.wav", 0.0, 6.0, "owl"),
        ("a.wav", 5.0, 9.0, "knock"),
        ("b.wav", 1.0, 2.0, "dog"),  # overlaps another of its own class, as in the corpus
        ("b.wav", 1.5, 3.0, "dog"),
    ]
    assert shown(mapped) == {"owl": "ynn", "dog": "nyn", "knock": "ynn"}
    assert mapped.tags.dtypes.unique().tolist() == [np.dtype(bool)]
    assert mapped.manifest.notes == {"events_renamed": 1, "events_merged": 2, "events_joined": 1}
    assert caplog.messages == [
        "dataset x: no label bat, which the label map names",
        "dataset x: events by the label map: 1 renamed, 2 merged, 1 joined",
    ]


def test_classes_are_dropped() -> None:
    mapped = map_labels(made(), {"dog": "-", "thump": "-"})
    assert shown(mapped) == {"barn owl": "ynn", "tawny owl": "ynn"}
    assert rows(mapped.events) == [row for row in rows(EVENTS) if row[3].endswith("owl")]
    assert mapped.manifest.notes == {"events_dropped": 3}
    assert mapped.regions.empty


def test_where_a_sound_is_of_an_unknown_class_all_are_unknown_that_are_not_annotated() -> None:
    mapped = map_labels(made(), {"barn owl": "owl", "tawny owl": "owl", "thump": ""})
    assert mapped.classes == ("owl", "dog")
    assert rows(mapped.regions) == [("a.wav", 5.0, 6.0, "dog"), ("a.wav", 6.0, 9.0, "")]
    assert shown(mapped) == {"owl": "ynn", "dog": "?yn"}
    assert mapped.manifest.notes == {"events_merged": 2, "events_unknown": 1, "events_joined": 1}


def test_all_others() -> None:
    mapped = map_labels(made(), {"dog": "dog", "*": ""})
    assert mapped.classes == ("dog",)
    assert rows(mapped.regions) == [("a.wav", 0.0, 9.0, "")]
    assert shown(mapped) == {"dog": "?yn"}
    assert map_labels(made(), {"dog": "pet", "*": "-"}).classes == ("pet",)
    assert map_labels(made(), {"*": "sound"}).classes == ("sound",)


def test_tags_without_times() -> None:
    mapped = map_labels(made(weak=True), {"barn owl": "owl", "tawny owl": "owl", "thump": ""})
    assert mapped.events is None
    assert shown(mapped) == {"owl": "ynn", "dog": "?yn"}
    assert mapped.manifest.notes == {"tags_merged": 2, "tags_unknown": 1}
    assert mapped.regions.empty


def test_what_was_unknown_stays_so() -> None:
    unknown = events_from_rows([("c.wav", 1, 2, "barn owl"), ("a.wav", 3, 5, "barn owl"), ("c.wav", 4, 5, "dog")])
    mapped = map_labels(made().with_unknown(unknown), {"barn owl": "owl", "tawny owl": "owl", "dog": "-"})
    assert rows(mapped.regions) == [("c.wav", 1.0, 2.0, "owl")]  # in a.wav the other owl is there
    assert shown(mapped) == {"owl": "yn?", "thump": "ynn"}
    hidden = map_labels(made().with_unknown(unknown), {"barn owl": ""})
    assert shown(hidden)["dog"] == "?y?"


def test_maps_that_fit_nothing_are_an_error() -> None:
    for names, message in (
        ({"Dog": "pet"}, r"the label map names none of its labels \(barn owl, dog, tawny owl, thump\), but Dog"),
        ({}, "names none of its labels"),
        ({"*": "-"}, "the label map leaves no class"),
    ):
        with pytest.raises(DataError, match=message):
            map_labels(made(), names)


EVENT = st.tuples(st.sampled_from(NAMES), st.integers(0, 8), st.integers(1, 4), st.sampled_from(CLASSES))
TARGETS = st.sampled_from(["x", "y", "dog", "", "-"])


@settings(max_examples=30)
@given(
    events=st.lists(EVENT, max_size=8).map(
        lambda rows: events_from_rows(
            [(name, onset, min(onset + length, 10), label) for name, onset, length, label in rows]
        )
    ),
    names=st.dictionaries(st.sampled_from([*CLASSES, "*"]), TARGETS, min_size=1),
)
def test_every_second_is_what_the_map_makes_of_it(events: pd.DataFrame, names: dict[str, str]) -> None:
    targets = {label: names.get(label, names.get("*", label)) for label in CLASSES}
    if not set(targets.values()) - {"", "-"}:
        return
    mapped = map_labels(made(events), names)
    regions = of_each_class(mapped.regions, mapped.classes)
    for name in NAMES:
        for second in range(10):
            there = events[(events["filename"] == name) & (events["onset"] <= second) & (events["offset"] > second)]
            becomes = {targets[label] for label in there["event_label"]}
            for table, expected in (
                (mapped.events, becomes - {"", "-"}),
                (regions, set(mapped.classes) - becomes if "" in becomes else set()),
            ):
                own = table[(table["filename"] == name) & (table["onset"] <= second) & (table["offset"] > second)]
                assert set(own["event_label"]) == expected
    seconds = active_seconds(mapped.events, NAMES, mapped.classes)
    assert (seconds.gt(0) == mapped.tags.fillna(False)).all(axis=None)


def test_merging_keeps_what_else_is_known_of_events() -> None:
    events = events_from_rows([("a", 2, 4, "x"), ("a", 0, 1, "x"), ("a", 1, 3, "x"), ("a", 9, 10, "x")]).assign(
        confidence=[0.5, 0.7, np.nan, np.nan],
        channel=pd.array([pd.NA, 2, 1, pd.NA], dtype="Int64"),
        low_frequency=[100.0, 50.0, 70.0, 1.0],
        high_frequency=[400.0, 900.0, np.nan, 2.0],
    )
    merged = merge_events(events)
    assert merged.iloc[0, 1:].tolist() == [0.0, 4.0, "x", 0.7, 2, 50.0, 900.0]
    assert merged.loc[1, "onset"] == 9.0
    assert list(merged.columns) == list(events.columns)


def test_detections_are_mapped_where_they_have_other_labels() -> None:
    detected = events_from_rows([("a", 0, 1, label) for label in ("owl", "barn owl", "dog", "bat", "thump")])
    names = {"barn owl": "owl", "dog": "-", "*": ""}
    mapped, n_left_out = map_detections(detected, names, ["owl"])
    assert rows(mapped) == [("a", 0.0, 1.0, "owl")]
    assert n_left_out == 3
    mapped, _ = map_detections(detected, {"barn owl": "owl"}, ["owl"])
    assert mapped["event_label"].tolist() == ["dog", "bat", "thump", "owl"]
