from pathlib import Path

import pytest

from sedpool.datasets.demo import CLASS_DURATIONS, load_demo
from sedpool.datasets.urbansed import CLASSES
from sedpool.errors import DataError


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def test_demo_is_made_and_loaded(root: Path) -> None:
    dataset = load_demo(root, n_train=8, n_validate=4, n_test=4, n_jobs=1)
    assert dataset.name == "demo"
    assert dataset.classes == CLASSES
    assert dataset.clips["split"].value_counts().to_dict() == {"train": 8, "validate": 4, "test": 4}
    assert dataset.events.groupby("filename").size().between(1, 9).all()
    for label, lengths in dataset.events.assign(length=lambda t: t["offset"] - t["onset"]).groupby("event_label"):
        low, high = CLASS_DURATIONS[label]
        assert lengths["length"].between(low - 1e-4, high + 1e-4).all()


def test_one_split_is_loaded(root: Path) -> None:
    dataset = load_demo(root, "test", n_train=8, n_validate=4, n_test=4, n_jobs=1)
    assert set(dataset.clips["split"]) == {"test"}


def test_nothing_is_made_among_recordings_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "monday.wav").write_bytes(b"")
    with pytest.raises(
        DataError, match=rf"holds monday\.wav and no corpus .* dataset=folder dataset\.root={tmp_path}\?"
    ):
        load_demo(tmp_path, n_train=1, n_validate=1, n_test=1, n_jobs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["monday.wav"]


def test_a_second_corpus_is_made_beside_the_first(root: Path) -> None:
    dataset = load_demo(root, n_train=1, n_validate=1, n_test=1, n_jobs=1)
    assert len(dataset) == 3
    assert len([*root.glob("*/corpus.json")]) == 2
