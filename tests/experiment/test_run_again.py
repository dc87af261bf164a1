"""A run that is there already, or was interrupted: found, skipped, repeated, gone on with."""

import logging
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sedpool import audio, storage
from sedpool.datasets.base import manifest_of
from sedpool.errors import ConfigError, StorageError
from sedpool.experiment.launchers.sweep import Sweep
from sedpool.experiment.load import identify_data
from sedpool.experiment.run import find_folder, run
from sedpool.run_folder import RunFolder, former_run_name, run_name
from sedpool.settings.instantiate import build
from sedpool.settings.schema import LauncherSettings
from tests.experiment.small import SMALL, small
from tests.test_configs import composed


@pytest.mark.usefixtures("without_page")
def test_a_finished_run_is_skipped_and_force_repeats_it_to_the_bit(
    finished: RunFolder, data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = RunFolder(shutil.copytree(finished.path, tmp_path / finished.path.name))
    before = {name: again.file(name).read_bytes() for name in ("weights.npz", "metrics.json", "events.tsv")}
    changed = again.file("weights.npz").stat().st_mtime_ns
    assert run(small(data_root, tmp_path)) == again.path
    assert "skipped; force=true repeats it" in capsys.readouterr().err
    assert again.file("weights.npz").stat().st_mtime_ns == changed

    run(small(data_root, tmp_path, "force=true"))
    assert again.file("weights.npz").stat().st_mtime_ns != changed
    assert {name: again.file(name).read_bytes() for name in before} == before
    pd.testing.assert_frame_equal(again.scores, finished.scores, check_exact=True)


def folder_of(config: dict[str, Any]) -> RunFolder:
    return find_folder(config, *identify_data(config))


def test_a_run_that_another_process_finished_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = small(tmp_path, tmp_path / "runs")
    folder = folder_of(config)

    def slow(*_: object) -> tuple[None, None, None]:
        folder.make()
        folder.mark_done()
        return None, None, None

    monkeypatch.setattr("sedpool.experiment.run.build_all", slow)
    assert run(config) == folder.path
    assert "another process has finished it meanwhile" in capsys.readouterr().err
    assert not folder.file("config.yaml").exists()


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("sedpool.experiment.run.build_all", lambda *_: (None, None, None))
    with pytest.raises(StorageError, match=r"a run cannot be kept here \(.*\); choose .*runs=FOLDER"):
        run(small(tmp_path, tmp_path / "file"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_fault_31_a_disk_that_is_full_when_the_log_is_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(tmp_path, tmp_path / "runs")
    folder = folder_of(config)

    def full(*_: object) -> None:
        folder.file("log.txt").symlink_to("/dev/full")
        logging.getLogger("sedpool").info("epoch 1")

    monkeypatch.setattr("sedpool.experiment.run.build_all", lambda *_: (None, None, None))
    monkeypatch.setattr("sedpool.experiment.run._run", full)
    with pytest.raises(StorageError, match=rf"{folder.path.name}: the disk is full; free some space"):
        run(config)


def test_a_run_of_another_backend_is_skipped_with_a_warning_and_not_gone_on_with(
    finished: RunFolder,
    data_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    run(small(data_root, finished.path.parent))
    assert "made with KERAS_BACKEND=tensorflow, now jax" in capsys.readouterr().err
    begun = tmp_path / finished.path.name
    (begun / "checkpoint").mkdir(parents=True)
    shutil.copy(finished.file("environment.json"), begun)
    with pytest.raises(ConfigError, match=r"begun with KERAS_BACKEND=tensorflow, now jax; .*force=true"):
        run(small(data_root, tmp_path))


@pytest.mark.usefixtures("without_page")
@pytest.mark.parametrize("moment", ["training", "scoring"])
def test_fault_28_a_crashed_run_goes_on_to_the_same_bits(
    finished: RunFolder, data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from sedpool.inference import trained_detector
    from sedpool.training.session import Position

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*((Position, "means") if moment == "training" else (trained_detector, "score")), crash)
        patch.setattr("sedpool.training.session.CHECKPOINT_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            run(small(data_root, tmp_path))
    (crashed,) = tmp_path.iterdir()
    assert list(crashed.glob("checkpoint/*.npz"))
    for name in (".writing-alpha-x.csv", "checkpoint/.writing-000001-x.npz"):  # as a kill leaves them
        (crashed / name).touch()
    folder = RunFolder(run(small(data_root, tmp_path)))
    for name in ("weights.sha256", "metrics.json"):
        assert folder.file(name).read_bytes() == finished.file(name).read_bytes()
    assert not folder.file("checkpoint").exists()
    assert not list(crashed.glob(".writing-*"))
    assert "going on from epoch" in folder.file("log.txt").read_text(encoding="utf-8")


def test_fault_38_a_sweep_run_again_skips_what_finished_and_resumes_what_was_killed(
    finished: RunFolder,
    data_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    shutil.copytree(finished.path, tmp_path / finished.path.name)
    with monkeypatch.context() as patch:
        patch.setattr("sedpool.inference.trained_detector.score", die)
        with pytest.raises(KeyboardInterrupt):
            run(small(data_root, tmp_path, "seed=1"))
    sweep = Sweep()
    for seed in (0, 1):
        overrides = (*SMALL, f"data_root={data_root}", f"runs={tmp_path}", f"seed={seed}")
        sweep.add("", composed(*overrides), overrides, LauncherSettings("local", 1))
    sweep.run()
    assert not sweep.failures
    said = capfd.readouterr()
    assert f"{finished.path.name}: finished earlier, skipped" in said.err
    first, second = (RunFolder(line) for line in said.out.splitlines())
    assert first.file("weights.npz").stat().st_mtime_ns == finished.file("weights.npz").stat().st_mtime_ns
    assert second.is_done
    assert "going on from epoch" in second.file("log.txt").read_text(encoding="utf-8")


@pytest.mark.usefixtures("without_page")
def test_fault_61_a_run_killed_before_it_was_tracked_is_tracked_by_the_same_command(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    database = tmp_path / "mlruns.db"
    config = small(data_root, tmp_path / "runs", "tracking=mlflow", f"tracking.uri=sqlite:///{database}")
    with monkeypatch.context() as patch:
        patch.setattr("sedpool.experiment.run.Tracker.end", die)
        with pytest.raises(KeyboardInterrupt):
            run(config)
    for _ in range(2):  # and once only
        assert RunFolder(run(config)).is_done
        with sqlite3.connect(database) as opened:
            assert opened.execute("select status from runs").fetchall() == [("FINISHED",)]
        opened.close()


def own_folder(folder: Path, level: float = 0.0) -> Path:
    for index in range(5):
        audio.write_wav(folder / f"{index}.wav", np.full(8000, level), 8000)
        storage.write_text(folder / f"{index}.txt", "0.2\t0.5\tdog\n")
    return folder


def test_a_folder_of_ones_own_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    def folder(root: Path) -> Path:
        return folder_of(composed("dataset=folder", f"dataset.root={root}", "dataset.name=own")).path

    here = folder(own_folder(tmp_path / "here"))
    assert here.name.startswith("own-cap-s0-")
    assert folder(own_folder(tmp_path / "there")) == here
    assert folder(own_folder(tmp_path / "louder", level=0.5)) != here
    storage.write_text(tmp_path / "there/3.txt", "0.2\t0.6\tdog\n")
    assert folder(tmp_path / "there") != here


@pytest.mark.parametrize("setting", ["augment.background", "training.init_from"])
def test_backgrounds_and_weights_are_recognised_by_what_is_in_them(
    finished: RunFolder, data_root: Path, tmp_path: Path, setting: str
) -> None:
    def made(folder: Path, level: float) -> Path:
        if setting == "augment.background":
            return own_folder(folder, level)
        shutil.copytree(finished.path, folder)
        if level:
            folder.joinpath("weights.npz").write_bytes(b"others")
        return folder

    def name(folder: Path) -> str:
        return folder_of(small(data_root, tmp_path, f"{setting}={folder}")).path.name

    first = name(made(tmp_path / "na/noises", 0.0))
    assert name(made(tmp_path / "nb/sounds", 0.0)) == first
    assert name(made(tmp_path / "nc/noises", 0.5)) != first


def test_a_run_of_sedpool_01_is_found_if_it_was_given_the_same_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_folder(tmp_path / "own")
    config = composed("dataset=folder", f"dataset.root={tmp_path / 'own'}", f"runs={tmp_path / 'runs'}")
    former = RunFolder(tmp_path / "runs" / str(former_run_name(config)))
    assert former.path.name.startswith("folder-cap-s0-")
    storage.write_text(former.file("config.yaml"), yaml.safe_dump(config))
    storage.write_json(former.file("environment.json"), {})
    storage.write_json(former.file("manifest.json"), manifest_of(build(config, "dataset")))
    former.mark_done()
    assert run(config) == former.path
    assert "skipped; force=true repeats it" in capsys.readouterr().err
    storage.write_text(tmp_path / "own/3.txt", "0.2\t0.6\tdog\n")
    assert folder_of(config).path.name == run_name(config, identify_data(config)[0])
    assert "had the same settings and other data" in capsys.readouterr().err
