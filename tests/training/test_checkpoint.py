"""Runs that are killed, and checkpoints that are damaged."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sedpool import storage
from sedpool.errors import ConfigError, StorageError
from sedpool.training import session
from sedpool.training.checkpoint import Checkpoints, Snapshot
from tests.training import small_run as small

ROOT = Path(__file__).parents[2]
TIMES = ["clips_per_second", "data_wait", "seconds"]


def assert_same_run(folder: Path, expected: Path) -> None:
    assert (folder / "weights.sha256").read_text() == (expected / "weights.sha256").read_text()
    assert (folder / "alpha.csv").read_bytes() == (expected / "alpha.csv").read_bytes()
    ours, theirs = (pd.read_csv(path / "history.csv").drop(columns=TIMES) for path in (folder, expected))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def newest(folder: Path) -> str:
    """Name of the newest checkpoint; nothing if there is none."""
    return max((path.name for path in folder.glob("checkpoint/*.sha256")), default="")


def kill_after(seconds: float, folder: Path, python: str = sys.executable, **variables: str) -> None:
    """Start or continue the run in a process of its own, and kill it that long after its first checkpoint."""
    command = [python, small.__file__, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | variables
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begins\n"
        before = newest(folder)
        while newest(folder) == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


def check_kills(n_kills: int, longest: float, folder: Path, expected: Path) -> None:
    moments = random.Random(0)
    for _ in range(n_kills):
        kill_after(moments.uniform(0.0, longest), folder)
    small.small_run(folder)
    assert_same_run(folder, expected)


def test_fault_28_a_killed_run_ends_with_the_bits_of_an_uninterrupted_one(tmp_path: Path, uninterrupted: Path) -> None:
    check_kills(2, 0.5, tmp_path, uninterrupted)


@pytest.mark.slow
def test_fault_28_ten_times(tmp_path: Path, uninterrupted: Path) -> None:
    check_kills(10, 0.5, tmp_path, uninterrupted)


class Stop(Exception):
    """Stands for a crash."""


def crash_at(batch: int, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Run until that many batches are measured, a checkpoint being made after each of training, and stop there."""
    add, count = session.Position.add, 0

    def add_or_stop(*arguments: object) -> None:
        nonlocal count
        add(*arguments)
        count += 1
        if count == batch:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(session, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(session.Position, "add", add_or_stop)
        with pytest.raises(Stop):
            small.small_run(folder)


@pytest.fixture(scope="module")
def crash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that crashed in the second epoch, for tests that copy it."""
    folder = tmp_path_factory.mktemp("crash")
    with pytest.MonkeyPatch.context() as patch:
        crash_at(24, patch, folder)  # 12 of training, 4 of validation, 8 of the next epoch
    return folder


@pytest.fixture
def crashed(crash: Path, tmp_path: Path) -> Path:
    return shutil.copytree(crash, tmp_path, dirs_exist_ok=True)


def test_a_run_goes_on_within_an_epoch(crashed: Path, uninterrupted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small.small_run(crashed)
    assert "going on from epoch 2, batch 8" in capsys.readouterr().err
    assert_same_run(crashed, uninterrupted)


def test_the_time_of_an_epoch_counts_what_was_spent_before_a_crash(
    crashed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resume = session.Session._resume

    def resume_late(running: session.Session) -> None:
        resume(running)
        running.position.seconds += 1000.0

    monkeypatch.setattr(session.Session, "_resume", resume_late)
    history = small.small_run(crashed).history
    assert (history["seconds"] > 1000).tolist() == [epoch == 2 for epoch in history["epoch"]]


def test_a_run_that_crashed_after_training_is_not_trained_again(tmp_path: Path, uninterrupted: Path) -> None:
    shutil.copytree(uninterrupted, tmp_path, dirs_exist_ok=True)
    (tmp_path / "weights.npz").unlink()
    before = (tmp_path / "history.csv").read_bytes()
    small.small_run(tmp_path)
    assert (tmp_path / "history.csv").read_bytes() == before
    assert_same_run(tmp_path, uninterrupted)


def test_two_checkpoints_are_kept(crashed: Path) -> None:
    assert len(list((crashed / "checkpoint").glob("*.npz"))) == 2
    assert len(list((crashed / "checkpoint").glob("*.sha256"))) == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_fault_29_and_30_the_checkpoint_before_a_damaged_one_is_used_and_it_is_said(
    crashed: Path, uninterrupted: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    newest = sorted((crashed / "checkpoint").glob("*.npz"))[-1]
    damaged(newest, damage)
    small.small_run(crashed)
    said = capsys.readouterr().err
    assert f"checkpoint refused: {newest}" in said
    assert "going on from epoch 2, batch 7" in said
    assert_same_run(crashed, uninterrupted)


@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_fault_30_a_run_without_an_intact_checkpoint_is_refused(crashed: Path, damage: str) -> None:
    for path in (crashed / "checkpoint").glob("*.npz"):
        damaged(path, damage)
    with pytest.raises(StorageError, match=r"no checkpoint is intact; force=true"):
        small.small_run(crashed)


def damaged(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if how == "remove":
        path.unlink()
    else:
        path.write_bytes(content if how == "flip" else content[: len(content) // 2])


def test_a_checkpoint_whose_writing_was_interrupted_does_not_count(crashed: Path, uninterrupted: Path) -> None:
    sorted((crashed / "checkpoint").glob("*.sha256"))[-1].unlink()
    small.small_run(crashed)
    assert_same_run(crashed, uninterrupted)


def test_fault_31_a_full_disk_leaves_the_checkpoint_before_intact(
    crashed: Path, uninterrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in (crashed / "checkpoint").iterdir()}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(session, "CHECKPOINT_SECONDS", 0.0)
        patch.setattr(storage.os, "fsync", full)
        with pytest.raises(StorageError, match="the disk is full; free some space"):
            small.small_run(crashed)
    assert {path: path.read_bytes() for path in (crashed / "checkpoint").iterdir()} == before
    small.small_run(crashed)
    assert_same_run(crashed, uninterrupted)


def test_fault_33_a_checkpoint_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "000001.npz"
    with path.open("wb") as stream:
        np.savez(stream, state=np.array([{"a": 1}], dtype=object))
    path.with_suffix(".sha256").write_text(storage.sha256_file(path) + "\n")
    with pytest.raises(StorageError, match="no checkpoint is intact"):
        Checkpoints(tmp_path).load()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CLASSES", ("low", "medium"), "other classes: low, high, now low, medium"),
        ("RECIPE", replace(small.RECIPE, epochs=9), "other settings"),
        ("N_CLIPS", 39, "other training clips or labels"),
        ("N_VALIDATION", 19, "other validation clips or labels"),
    ],
)
def test_fault_44_a_checkpoint_of_other_classes_clips_or_settings_is_refused(
    crashed: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object, message: str
) -> None:
    monkeypatch.setattr(small, name, value)
    with pytest.raises(ConfigError, match=message):
        small.small_run(crashed)


def test_a_checkpoint_says_its_format(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(Snapshot({"network": [np.arange(3)]}, {"a": float("-inf")}))
    loaded = checkpoints.load()
    assert loaded is not None
    assert loaded.state == {"a": float("-inf")}
    assert np.array_equal(loaded.arrays["network"][0], np.arange(3))
    with np.load(tmp_path / "000001.npz") as arrays:
        assert json.loads(arrays["state"].tobytes())["format"] == 1
