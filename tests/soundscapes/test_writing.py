from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sedpool import storage
from sedpool.datasets.demo import ProceduralSources
from sedpool.errors import ConfigError, DataError
from sedpool.formats.audacity import read_rows
from sedpool.formats.table import read_tsv
from sedpool.soundscapes import files
from sedpool.soundscapes.mixing import Sound
from sedpool.soundscapes.spec import make_spec
from sedpool.soundscapes.writing import Plan, make_corpus, write_corpus

SPEC = make_spec(
    {
        "n_events": ["uniform", 0, 2],
        "event": {"duration": ["uniform", 0.3, 0.6], "snr": ["uniform", 6, 30], "time_stretch": ["uniform", 0.8, 1.2]},
        "duration": 1.0,
    }
)
SIZES = {"train": 10, "validate": 1, "test": 1}


def plan(seed: int = 0, *, isolated: bool = False, **sizes: int) -> Plan:
    return Plan("small", seed, SIZES | sizes, SPEC, {"kind": "procedural"}, isolated)


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): storage.sha256_file(path) for path in folder.rglob("*") if path.is_file()
    }


def test_same_bytes_for_every_number_of_workers(tmp_path: Path) -> None:
    one, two = (make_corpus(tmp_path / str(n), plan(), ProceduralSources, n_jobs=n) for n in (1, 2))
    assert one.name == two.name
    assert content(one) == content(two)
    assert len(content(one)) == 3 * 12 + 3 + 1


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


class Killed(ProceduralSources):
    """Fails at the fifth event, as a synthesis that is killed."""

    left = 4

    def event(self, *arguments: Any) -> Sound:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().event(*arguments)


def test_a_killed_synthesis_goes_on_and_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_corpus(tmp_path / "made", plan(), Killed, n_jobs=1)
    assert not (tmp_path / "made").exists()
    (partial,) = tmp_path.glob(".made-*.partial")
    done = sorted((partial / "annotations").rglob("*.jams"))
    assert done
    # What was written to disk only in part, or not at all, is made again.
    audio = partial / "audio" / "train" / f"{done[0].stem}.wav"
    audio.write_bytes(audio.read_bytes()[:1000])
    written = []
    original = files.write_soundscape
    monkeypatch.setattr(files, "write_soundscape", lambda *a, **k: (written.append(a[2]), original(*a, **k)))
    assert write_corpus(tmp_path / "made", plan(), ProceduralSources, n_jobs=1)
    assert len(written) == 12 - len(done) + 1
    whole = tmp_path / "whole"
    write_corpus(whole, plan(), ProceduralSources, n_jobs=1)
    assert content(tmp_path / "made") == content(whole)
    assert list(tmp_path.glob(".*.partial")) == []


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    assert write_corpus(folder, plan(), ProceduralSources, n_jobs=1)
    assert not write_corpus(folder, plan(), lambda: pytest.fail("made again"), n_jobs=1)
    with pytest.raises(DataError, match="holds a corpus made with other settings"):
        write_corpus(folder, plan(seed=1), ProceduralSources, n_jobs=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(DataError, match="holds something else"):
        write_corpus(tmp_path / "mine", plan(), ProceduralSources, n_jobs=1)


def test_fault_43_two_at_once_make_one_corpus(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        made = [threads.submit(write_corpus, tmp_path / "made", plan(), ProceduralSources, n_jobs=1) for _ in range(2)]
    assert sorted(future.result() for future in made) == [False, True]


def test_tsv_lists_every_soundscape_also_those_without_events(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path, plan(), ProceduralSources, n_jobs=1)
    table = pd.read_csv(folder / "train.tsv", sep="\t")
    assert table["filename"].nunique() == 10
    assert table["event_label"].isna().any()
    events, lines = read_tsv(folder / "train.tsv"), []
    for path in sorted((folder / "annotations" / "train").glob("*.txt")):
        lines += [(f"{path.stem}.wav", *row) for row in read_rows(path)]
    assert list(events["event_label"]) == [line[3] for line in lines]
    np.testing.assert_allclose(events[["onset", "offset"]], [line[1:3] for line in lines], atol=1e-6)


def test_fault_46_a_root_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="corpora cannot be made here"):
        make_corpus(tmp_path / "file" / "made", plan(), ProceduralSources, n_jobs=1)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"train": 0}])
def test_wrong_plan(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        plan(**wrong)
