import os
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import ConfigError, SedpoolError

SR = 44100


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    for folder, seconds in (("events/dog", 1), ("events/siren", 1), ("beds/street", 11)):
        (tmp_path / folder).mkdir(parents=True)
        for index in range(3):
            sf.write(tmp_path / folder / f"{index}.wav", 0.1 * rng.standard_normal(seconds * SR), SR)
    return ["--foreground", str(tmp_path / "events"), "--background", str(tmp_path / "beds")]


def data(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, ["data", *map(str, arguments)])
    if isinstance(result.exception, SedpoolError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_made_and_made_again_from_its_jams(tmp_path: Path, folders: list[str]) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    make = ("synthesise", *folders, "--out", out, "--train", "2", "--validate", "1", "--test", "1", "--jobs", "1")
    assert "4 soundscapes" in data(*make, "--isolated", "--spec", "urbansed")
    assert "complete already" in data(*make, "--isolated", "--spec", "urbansed")
    assert sorted(path.name for path in out.iterdir()) == [
        "annotations",
        "audio",
        "corpus.json",
        "isolated_events",
        "test.tsv",
        "train.tsv",
        "validate.tsv",
    ]
    paths = sorted((out / "annotations" / "train").glob("*.jams"))
    assert "2 soundscapes" in data("render", *paths, *folders, "--out", again, "--jobs", "1")
    assert sorted(path.stem for path in again.iterdir()) == [path.stem for path in paths]


def test_fault_68_a_spec_that_is_a_pipe_is_not_waited_for(tmp_path: Path, folders: list[str]) -> None:
    os.mkfifo(tmp_path / "spec.yaml")
    with pytest.raises(ConfigError, match=r"spec\.yaml: a pipe; expected a file"):
        data("synthesise", *folders, "--out", tmp_path / "out", "--spec", tmp_path / "spec.yaml")


def test_a_spec_of_ones_own(tmp_path: Path, folders: list[str]) -> None:
    make = ("synthesise", *folders, "--train", "2", "--validate", "1", "--test", "1", "--jobs", "1", "--out")
    spec = tmp_path / "spec.yaml"
    spec.write_text("n_events: 2\nevent: {duration: 0.5, snr: 20}\nlabels: [dog]\n")
    data(*make, tmp_path / "out", "--spec", spec)
    assert (tmp_path / "out" / "train.tsv").read_text().count("\tdog\n") == 4
    spec.write_text("n_events: 2\nevent: {duration: 0.5, snr: 20}\nclasses: {cat: {snr: 3}}\n")
    with pytest.raises(ConfigError, match="classes: unknown class 'cat'; expected one of dog, siren"):
        data(*make, tmp_path / "other", "--spec", spec)
    with pytest.raises(
        ConfigError, match=r"--spec nothing: no such file; expected a YAML file or one of default, urbansed"
    ):
        data(*make, tmp_path / "other", "--spec", "nothing")
    assert not (tmp_path / "other").exists()
