"""A sweep as a user starts it: twelve trainings, four of which end in the ways in which trainings end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sedpool.run_folder import find_runs

ROOT = Path(__file__).parents[3]
FAULTS = """
import os, resource, signal, sys
import sedpool as sp


def pooling(fault):
    if not os.path.exists("mended"):
        if fault == 2:
            raise RuntimeError("the fault of the third job")
        if fault == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == 6:
            sys.exit(3)
        if fault == 8:
            resource.setrlimit(resource.RLIMIT_AS, (1 << 34, 1 << 34))
            bytearray(1 << 40)
    return sp.Softmax(axis=1)
"""
SMALL = (
    "model=tiny",
    "training.epochs=1",
    "training.batches_per_epoch=1",
    "training.validation_batches=1",
    "training.patch_duration=2",
    "dataset.n_train=8",
    "dataset.n_validate=4",
    "dataset.n_test=4",
    "tracking=none",
    "jobs=1",
)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local", "cluster"])
def test_twelve_trainings_of_which_four_fail_and_the_same_command_finishes_them(
    where: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    launcher = request.getfixturevalue("slurm").kind if where == "cluster" else where
    (tmp_path / "faults.py").write_text(FAULTS)
    faults = ("pooling._target_=faults.pooling", "+pooling.fault=range(0,12)")
    sweep = (*faults, f"launcher={launcher}", "launcher.jobs=2")

    def train() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "train.py"), "-m", *sweep, *SMALL],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "SEDPOOL_DATA": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            check=False,
        )

    first = train()
    assert first.returncode == 1
    assert len(first.stdout.splitlines()) == 8
    summary = first.stderr[first.stderr.index("error: 4 of 12 jobs failed") :].splitlines()
    reasons = ("the fault of the third job", "killed by signal 9", "exited with status 3", "MemoryError")
    for fault, reason, line in zip((2, 4, 6, 8), reasons, summary[1:], strict=True):
        assert line.startswith(f"  job {fault + 1} (+pooling.fault={fault}): ")
        assert reason in line
        assert line.endswith("/output.txt)")
    (tmp_path / "mended").touch()
    second = train()
    assert second.returncode == 0, second.stderr
    assert second.stderr.count("finished earlier, skipped") == 8
    assert len(second.stdout.splitlines()) == 12
    assert all(run.is_done for run in find_runs(tmp_path / "experiments/runs"))
