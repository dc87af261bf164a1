from pathlib import Path

import pytest

from sedpool import storage
from sedpool.datasets.demo import ProceduralSources
from sedpool.datasets.soundscapes.specs import Recipe
from sedpool.datasets.soundscapes.writer import Plan, make_corpus
from sedpool.errors import ConfigError, DataError

RECIPE = Recipe((1, 2), (6.0, 30.0), (0.3, 0.6), duration=1.0)
SIZES = {"train": 10, "validate": 1, "test": 1}


def plan(seed: int = 0, **sizes: int) -> Plan:
    return Plan("small", seed, SIZES | sizes, RECIPE, {"kind": "procedural"})


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): storage.sha256_file(path) for path in folder.rglob("*") if path.is_file()
    }


def test_same_bytes_for_every_number_of_workers(tmp_path: Path) -> None:
    one, two = (make_corpus(tmp_path / str(n), plan(), ProceduralSources, n_jobs=n) for n in (1, 2))
    assert one.name == two.name
    assert content(one) == content(two)
    assert len(content(one)) == 3 * 12 + 1


def test_size_of_a_split_changes_none_of_its_soundscapes(tmp_path: Path) -> None:
    fewer, more = (
        make_corpus(tmp_path, plan(train=n), ProceduralSources, n_jobs=1) / "audio" / "train" for n in (2, 3)
    )
    assert content(fewer).items() <= content(more).items()


def test_other_settings_get_another_folder(tmp_path: Path) -> None:
    one, other = (make_corpus(tmp_path, plan(seed), ProceduralSources, n_jobs=1) for seed in (0, 1))
    assert one != other
    clips = [set(content(folder / "audio").values()) for folder in (one, other)]
    assert not clips[0] & clips[1]


def test_a_second_call_makes_nothing(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path, plan(), ProceduralSources, n_jobs=1)
    tmp_path.chmod(0o500)
    try:
        assert make_corpus(tmp_path, plan(), lambda: pytest.fail("made again"), n_jobs=1) == folder
    finally:
        tmp_path.chmod(0o700)


def test_nothing_is_left_of_a_corpus_that_fails(tmp_path: Path) -> None:
    class Failing(ProceduralSources):
        def event(self, *_: object) -> None:
            raise ValueError("no sound")

    with pytest.raises(ValueError, match="no sound"):
        make_corpus(tmp_path, plan(), Failing, n_jobs=1)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_fault_46_a_root_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="corpora cannot be made here"):
        make_corpus(tmp_path / "file" / "made", plan(), ProceduralSources, n_jobs=1)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"train": 0}])
def test_wrong_plan(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        plan(**wrong)
