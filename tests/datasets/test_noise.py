from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.datasets.base import Dataset, Manifest
from sedpool.datasets.transforms import add_label_noise
from sedpool.errors import ConfigError

CLASSES = ("a", "b", "c")
N = 1000


def corpus(n: int = N) -> Dataset:
    names = [f"{index}.wav" for index in range(2 * n)]
    clips = pd.DataFrame({"filename": names, "path": None, "duration": 10.0, "split": ["train", "test"] * n})
    values = np.random.default_rng(0).random((2 * n, len(CLASSES))) < 0.3
    tags = pd.DataFrame(values, index=pd.Index(names, name="filename"), columns=list(CLASSES))
    return Dataset("made", CLASSES, clips, tags, manifest=Manifest(notes={"kept": 1}))


CORPUS = corpus()


def flips(clean: Dataset, noisy: Dataset, split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Share of the right tags that are gone, and of the wrong ones that came, by class."""
    before, after = clean.split(split).tags.to_numpy(), noisy.split(split).tags.to_numpy()
    return (before & ~after).sum(axis=0) / before.sum(axis=0), (~before & after).sum(axis=0) / (~before).sum(axis=0)


@given(drop=st.floats(0, 1), add=st.floats(0, 1), seed=st.integers(0, 1000))
def test_rates_are_those_asked_for(drop: float, add: float, seed: int) -> None:
    dropped, added = flips(CORPUS, add_label_noise(CORPUS, drop=drop, add=add, seed=seed))
    assert np.abs(dropped - drop).max() < 6 * 0.5 / np.sqrt(0.25 * N)  # six standard errors, of 250 tags at least
    assert np.abs(added - add).max() < 6 * 0.5 / np.sqrt(0.6 * N)


def test_rates_by_class() -> None:
    dropped, added = flips(corpus(), add_label_noise(corpus(), drop={"b": 1.0}, add={"c": 1.0}))
    assert dropped.tolist() == [0, 1, 0]
    assert added.tolist() == [0, 0, 1]


def test_other_splits_stay_clean_unless_asked_for() -> None:
    noisy = add_label_noise(CORPUS, drop=0.5, add=0.5)
    assert noisy.split("test").tags.equals(corpus().split("test").tags)
    both = add_label_noise(corpus(), drop=1.0, splits=("train", "test"))
    assert not both.tags.to_numpy().any()


def test_seeds_reproduce_and_differ() -> None:
    tags = [add_label_noise(CORPUS, drop=0.3, add=0.1, seed=seed).tags for seed in (1, 1, 2)]
    assert tags[0].equals(tags[1])
    assert not tags[0].equals(tags[2])


@given(low=st.floats(0, 1), high=st.floats(0, 1), seed=st.integers(0, 1000))
def test_more_noise_contains_less(low: float, high: float, seed: int) -> None:
    low, high = sorted((low, high))
    clean = corpus(20).tags
    less, more = (add_label_noise(corpus(20), drop=rate, add=rate, seed=seed).tags ^ clean for rate in (low, high))
    assert not (less & ~more).to_numpy().any()


def test_no_noise_changes_nothing_and_the_manifest_counts() -> None:
    assert add_label_noise(corpus()).tags.equals(corpus().tags)
    assert add_label_noise(corpus()).manifest.notes == {"kept": 1}
    train = corpus().split("train").tags.to_numpy()
    notes = add_label_noise(corpus(), drop=1, add=1).manifest.notes
    assert notes == {"kept": 1, "tags_dropped": train.sum(), "tags_added": (~train).sum()}


def test_unknown_tags_stay_unknown() -> None:
    clean = corpus(20)
    unknown = np.random.default_rng(1).random(clean.tags.shape) < 0.5
    noisy = add_label_noise(replace(clean, tags=clean.tags.astype("boolean").mask(unknown)), drop=1.0, add=1.0)
    assert noisy.tags.isna().to_numpy().tolist() == unknown.tolist()
    train = (clean.clips["split"] == "train").to_numpy()
    changed = noisy.tags.to_numpy(dtype=bool, na_value=False) != clean.tags.to_numpy()
    assert changed[train][~unknown[train]].all()


def test_wrong_rates_are_named() -> None:
    for settings, message in (
        ({"drop": 1.5}, r"drop=1\.5"),
        ({"add": float("nan")}, "add=nan"),
        ({"drop": {"dog": 0.1}}, "drop names dog; expected some of a, b, c"),
        ({"seed": -1}, "seed=-1"),
    ):
        with pytest.raises(ConfigError, match=message):
            add_label_noise(corpus(1), **settings)  # type: ignore[arg-type]
