import json
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.datasets.medleydb.library import SEPARATOR
from sedpool.datasets.medleydb.multitrack import read_artists
from sedpool.datasets.medleydb.splits import draw_split, read_split
from sedpool.errors import ConfigError, DataError, StorageError

FOLDS = range(10)


@given(
    sizes=st.lists(st.integers(1, 8), min_size=3, max_size=20).filter(lambda sizes: sum(sizes) - max(sizes) > 3),
    fold=st.integers(0, 9),
    seed=st.integers(0, 99),
)
def test_no_artist_is_in_training_and_test(sizes: list[int], fold: int, seed: int) -> None:
    artists = {f"{artist}-{mix}": str(artist) for artist, size in enumerate(sizes) for mix in range(size)}
    if sum(sorted(sizes)[: len(sizes) - ceil(0.2 * len(sizes))]) < 2:
        return
    splits = draw_split(artists, fold=fold, seed=seed)
    assert splits.keys() == artists.keys()
    by_split = {name: {mix for mix, split in splits.items() if split == name} for name in ("train", "validate", "test")}
    tested = {artists[mix] for mix in by_split["test"]}
    others = by_split["train"] | by_split["validate"]
    assert not tested & {artists[mix] for mix in others}
    assert len(tested) == ceil(0.2 * len(sizes))
    assert len(by_split["validate"]) == ceil(0.2 * len(others))
    assert draw_split(dict(reversed(artists.items())), fold=fold, seed=seed) == splits


def test_folds_and_seeds_differ() -> None:
    artists = {str(mix): str(mix // 3) for mix in range(300)}
    drawn = [draw_split(artists, fold=fold, seed=seed) for fold in range(3) for seed in range(3)]
    assert all(first != second for index, first in enumerate(drawn) for second in drawn[:index])


def test_validation_is_not_drawn_by_artist() -> None:
    artists = {str(mix): str(mix // 3) for mix in range(300)}
    splits = draw_split(artists, fold=0, seed=0)
    assert any({splits[str(3 * artist + k)] for k in range(3)} == {"train", "validate"} for artist in range(100))


def test_too_few_artists_and_negative_folds_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        draw_split({"a": "x", "b": "x"}, fold=0, seed=0)
    with pytest.raises(ConfigError, match="fold=-1"):
        draw_split({"a": "x", "b": "y"}, fold=-1, seed=0)


def test_lists_that_are_missing_or_wrong_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"index_train03\.json: no such file"):
        read_split(tmp_path, 3)
    for split in ("train", "validate", "test"):
        (tmp_path / f"index_{split}00.json").write_text(json.dumps({"id": ["A_B---piano"]}))
    with pytest.raises(DataError, match=r"index_validate00\.json: A_B---piano is in train too"):
        read_split(tmp_path, 0)
    (tmp_path / "index_train00.json").write_text("[]")
    with pytest.raises(DataError, match=r"index_train00\.json: expected a list"):
        read_split(tmp_path, 0)


def test_the_authors_lists_follow_the_rule_and_ours_have_the_same_sizes(shared_data: Path) -> None:
    folder = shared_data / "medleydb" / "authors_splits"
    index = read_artists(folder)
    for fold in FOLDS:
        splits = read_split(folder, fold)
        artists = {mix: index[mix.partition(SEPARATOR)[0]] for mix in splits}
        assert len(splits) == 531
        assert sum(mix.endswith(SEPARATOR) for mix in splits) == 121
        tested = {artists[mix] for mix, split in splits.items() if split == "test"}
        others = [mix for mix, split in splits.items() if split != "test"]
        assert len(set(artists.values())) == 75
        assert len(tested) == 15
        assert not tested & {artists[mix] for mix in others}
        assert sum(split == "validate" for split in splits.values()) == ceil(0.2 * len(others))
        ours = draw_split(artists, fold=fold, seed=0)
        assert len({artists[mix] for mix, split in ours.items() if split == "test"}) == 15
