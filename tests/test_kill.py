"""``kill -9`` of the whole command at any moment, and the same command again: the bits of a run that was left alone."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
N_KILLS = 10
SETTINGS = [
    "model=tiny",
    "augment=light",
    "training.epochs=6",
    "dataset.n_train=160",
    "dataset.n_validate=32",
    "dataset.n_test=16",
    "tracking=none",
]


def started(folder: Path) -> subprocess.Popen[bytes]:
    """The training command, in a process group of its own, with everything it makes in `folder`."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *SETTINGS, f"data_root={folder / 'data'}", f"runs={folder / 'runs'}"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def finished(folder: Path) -> dict[str, bytes]:
    """Let the command end; its weights and numbers."""
    assert started(folder).wait() == 0
    (run,) = (folder / "runs").glob("demo-cap-*")
    assert (run / "DONE").is_file()
    return {name: (run / name).read_bytes() for name in ("weights.npz", "metrics.json", "scores.parquet", "alpha.csv")}


@pytest.mark.slow
def test_fault_28_the_command_killed_ten_times_ends_with_the_same_bits(tmp_path: Path) -> None:
    began = time.monotonic()
    expected = finished(tmp_path / "alone")
    longest = time.monotonic() - began
    moments, killed = random.Random(0), 0
    while killed < N_KILLS:
        process = started(tmp_path / "killed")
        try:
            process.wait(moments.uniform(0, longest))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        else:  # it was quicker: compare, and begin anew
            assert finished(tmp_path / "killed") == expected
            shutil.rmtree(tmp_path / "killed")
    assert finished(tmp_path / "killed") == expected
