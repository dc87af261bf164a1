from dataclasses import replace

import pandas as pd
import pytest

from sedpool.datasets.base import Dataset, Manifest, manifest_of, usable_and_listed
from sedpool.errors import DataError
from sedpool.events import events_from_rows, tags_from_events

NAMES = ["a.wav", "b.wav", "c.wav"]
EVENTS = events_from_rows([("a.wav", 0.0, 4.0, "dog"), ("c.wav", 2.0, 6.0, "cat")])


def made(root: str = "/x", **changes: object) -> Dataset:
    paths = [f"{root}/a.wav", f"{root}/b.wav", None]
    clips = pd.DataFrame({"filename": NAMES, "path": paths, "duration": 10.0, "split": ["train", "train", "test"]})
    tags = tags_from_events(EVENTS, NAMES, ("dog", "cat"))
    manifest = Manifest(("c.wav",), ("d.wav",), {"events_overlapping_own_class": 1})
    return replace(Dataset("x", ("dog", "cat"), clips, tags, EVENTS, manifest), **changes)


def test_the_manifest_counts_what_is_there() -> None:
    manifest = manifest_of(made(), unusable=["b.wav"])
    assert manifest["splits"] == {"train": {"listed": 2, "usable": 1}, "test": {"listed": 1, "usable": 0}}
    assert (manifest["missing"], manifest["unusable"], manifest["extra"]) == (["c.wav"], ["b.wav"], ["d.wav"])
    assert manifest["notes"] == {"events_overlapping_own_class": 1}
    assert usable_and_listed(manifest) == (1, 3)


def test_the_hash_does_not_depend_on_where_the_corpus_lies() -> None:
    assert manifest_of(made("/x"))["hash"] == manifest_of(made("/y"))["hash"]


@pytest.mark.parametrize("change", ["unusable", "events", "tags", "classes", "split", "regions", "unknown"])
def test_the_hash_changes_with_every_clip_and_label(change: str) -> None:
    dataset = made()
    changed = {
        "unusable": lambda: manifest_of(dataset, ["a.wav"]),
        "events": lambda: manifest_of(made(events=EVENTS.assign(offset=EVENTS["offset"] + 1e-6))),
        "tags": lambda: manifest_of(made(tags=~dataset.tags)),
        "regions": lambda: manifest_of(dataset.with_unknown(events_from_rows([("a.wav", 5.0, 6.0, "dog")]))),
        "unknown": lambda: manifest_of(made(tags=dataset.tags.astype("boolean").mask(~dataset.tags))),
        "classes": lambda: manifest_of(made(classes=("dog", "bat"), tags=dataset.tags.rename(columns={"cat": "bat"}))),
        "split": lambda: manifest_of(made(clips=dataset.clips.assign(split="train"))),
    }[change]()
    assert changed["hash"] != manifest_of(dataset)["hash"]


def shown(tags: pd.DataFrame) -> list[str]:
    """One text per clip, with a letter for each class."""
    letters = tags.astype(object).where(tags.notna(), None).replace({True: "y", False: "n"}).fillna("?")
    return ["".join(row) for row in letters.to_numpy()]


def test_unknown_times_make_tags_unknown_unless_the_clip_has_the_class_outside_them() -> None:
    regions = events_from_rows(
        [("a.wav", 3.0, 6.0, ""), ("b.wav", 0.0, float("inf"), "cat"), ("c.wav", 1.0, 7.0, "cat")]
    )
    dataset = made().with_unknown(regions)
    assert shown(made().tags) == ["yn", "nn", "ny"]
    assert shown(dataset.tags) == ["y?", "n?", "n?"]
    assert dataset.regions["offset"].tolist() == [6.0, 10.0, 7.0]  # to the end of the clip
    assert dataset.split("test").regions["filename"].tolist() == ["c.wav"]
    more = dataset.with_unknown(events_from_rows([("a.wav", 0.0, 3.0, "dog")]))
    assert shown(more.tags) == ["??", "n?", "n?"]


def test_a_tag_without_times_stays_right_if_a_part_of_the_clip_is_known() -> None:
    regions = events_from_rows([("a.wav", 3.0, 6.0, ""), ("c.wav", 0.0, 10.0, "cat")])
    assert shown(made(events=None).with_unknown(regions).tags) == ["y?", "nn", "n?"]
    assert shown(made(weak_splits=("train",)).with_unknown(regions).tags) == ["y?", "nn", "n?"]


def test_unknown_times_elsewhere_are_an_error() -> None:
    for row, message in (
        (
            ("z.wav", 0.0, 1.0, ""),
            r"dataset x, unknown regions: no clip z\.wav; expected clips of the dataset, such as a",
        ),
        (("a.wav", 0.0, 1.0, "owl"), "expected one of dog, cat, or none for all classes"),
    ):
        with pytest.raises(DataError, match=message):
            made().with_unknown(events_from_rows([row]))
