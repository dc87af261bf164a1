"""``sedpool analyse`` and ``sedpool tune`` on folders that are no finished run of this version: one clear line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from sedpool import storage
from sedpool.cli.app import app
from sedpool.datasets.urbansed import CLASSES
from sedpool.errors import SedpoolError
from sedpool.events import empty_events
from sedpool.formats import write_tsv
from sedpool.run_folder import RunFolder
from sedpool.scores import write_scores
from tests.cli.test_tune import scores
from tests.test_configs import composed


@pytest.fixture
def run(corpus: Path, tmp_path: Path) -> RunFolder:
    """A finished run of a version whose metrics did not say yet how scores were decoded."""
    folder = RunFolder(tmp_path / "runs" / "made")
    config = composed("dataset=urbansed")
    config["dataset"]["root"] = str(corpus)
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(config))
    for split, prefix in (("validate", "validation_"), ("test", "")):
        frames = scores([f"{split}{index}.wav" for index in range(2)])
        frames = frames.loc[frames["offset"] <= 1.0]
        write_scores(frames, folder.file(f"{prefix}scores.parquet"))
        write_scores(
            frames.groupby("filename")[list(CLASSES)].max().reset_index(), folder.file(f"{prefix}clip_scores.parquet")
        )
    write_tsv(empty_events(), folder.file("events.tsv"))
    storage.write_json(folder.file("metrics.json"), {"format": 1, "clip": {}})
    folder.mark_done()
    return folder


def refused(command: str, path: Path) -> str:
    """What the command says; anything but an error of ours, on one line, fails the test."""
    with pytest.raises(SedpoolError) as caught:
        CliRunner().invoke(app, [command, str(path)], catch_exceptions=False)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def without(*keys: str) -> Callable[[RunFolder], None]:
    """Take a key out of the configuration."""

    def change(run: RunFolder) -> None:
        config = dict(run.config)
        node = config
        for key in keys[:-1]:
            node = node[key]
        del node[keys[-1]]
        storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))

    return change


def configured(text: str) -> Callable[[RunFolder], None]:
    return lambda run: storage.write_text(run.file("config.yaml"), text)


def cut(name: str) -> Callable[[RunFolder], None]:
    return lambda run: storage.write_bytes(run.file(name), run.file(name).read_bytes()[:-20])


def lost(name: str) -> Callable[[RunFolder], None]:
    return lambda run: run.file(name).unlink()


@pytest.mark.parametrize("command", ["analyse", "tune"])
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lost("DONE"), "finished"),
        (lost("config.yaml"), "config.yaml"),
        (configured(""), "config.yaml: holds no keys; it is damaged, repeat the run"),
        (configured("a: ["), "config.yaml: not readable (while parsing"),
        (without("dataset"), "config.yaml: no dataset in it; an earlier version wrote it, repeat the run (force=true)"),
        (without("dataset", "_target_"), "dataset has no _target_; expected"),
        (cut("clip_scores.parquet"), "clip_scores.parquet: not a readable parquet file"),
    ],
)
def test_a_damaged_run_is_one_line(
    run: RunFolder, command: str, damage: Callable[[RunFolder], None], message: str
) -> None:
    damage(RunFolder(run.path))
    assert message in refused(command, run.path)


@pytest.mark.parametrize("command", ["analyse", "tune"])
@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path, command: str, name: str) -> None:
    assert refused(command, tmp_path / name).startswith(f"{tmp_path / name}: no ")


def test_analyse_writes_nothing_for_a_run_of_an_earlier_version(run: RunFolder) -> None:
    without("evaluation")(RunFolder(run.path))
    message = refused("analyse", run.path)
    assert message.endswith(
        "config.yaml: no evaluation in it; an earlier version wrote it, repeat the run (force=true)"
    )
    assert not run.file("errors").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("evaluation", "clip_threshold"), "config.yaml: evaluation.clip_threshold is missing; give it a value"),
        (without("evaluation"), "config.yaml: no evaluation in it"),
        (configured("evaluation: 3\n"), "config.yaml: evaluation=3: expected its settings by name"),
        (lost("validation_scores.parquet"), "validation_scores.parquet: no such file"),
    ],
)
def test_tune_needs_settings_and_validation_scores(
    run: RunFolder, damage: Callable[[RunFolder], None], message: str
) -> None:
    before = run.file("metrics.json").read_bytes()
    damage(RunFolder(run.path))
    assert message in refused("tune", run.path)
    assert run.file("metrics.json").read_bytes() == before
