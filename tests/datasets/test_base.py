from dataclasses import replace

import pandas as pd
import pytest

from sedpool.datasets.base import Dataset, Manifest, manifest_of, usable_and_listed
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


@pytest.mark.parametrize("change", ["unusable", "events", "tags", "classes", "split"])
def test_the_hash_changes_with_every_clip_and_label(change: str) -> None:
    dataset = made()
    changed = {
        "unusable": lambda: manifest_of(dataset, ["a.wav"]),
        "events": lambda: manifest_of(made(events=EVENTS.assign(offset=EVENTS["offset"] + 1e-6))),
        "tags": lambda: manifest_of(made(tags=~dataset.tags)),
        "classes": lambda: manifest_of(made(classes=("dog", "bat"), tags=dataset.tags.rename(columns={"cat": "bat"}))),
        "split": lambda: manifest_of(made(clips=dataset.clips.assign(split="train"))),
    }[change]()
    assert changed["hash"] != manifest_of(dataset)["hash"]
