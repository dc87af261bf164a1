import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sedpool.errors import ConfigError
from sedpool.experiment.jobs import all_progress
from sedpool.experiment.launchers.sweep import Sweep
from sedpool.settings.schema import LauncherSettings
from tests.test_configs import composed

SweepOf = Callable[..., Sweep]
TWELVE = ("0.1", "0.2", "raise", "0.3", "kill", "0.4", "exit", "0.5", "memory", "0.6", "0.7", "0.8")
REASONS = {
    "raise": "ValueError: clip x.wav is broken",
    "kill": "killed by signal 9; out of memory?",
    "exit": "exited with status 3 before its end",
    "memory": "MemoryError",
}


def check_twelve(sweep: SweepOf, settings: LauncherSettings, capsys: pytest.CaptureFixture[str]) -> None:
    first = sweep(*TWELVE, settings=settings)
    assert len(first.objectives) == len(capsys.readouterr().out.splitlines()) == 8
    assert first.summary().startswith("error: 4 of 12 jobs failed; the same command runs only these again")
    assert first.summary().splitlines()[1:] == [
        f"  job {TWELVE.index(do) + 1} ({do}): {reason} (its output: runs/{do}/output.txt)"
        for do, reason in REASONS.items()
    ]
    assert [run.reason for run in all_progress(Path("runs")) if run.state == "failed"] == [
        REASONS[do] for do in sorted(REASONS)
    ]
    done = {do: Path("runs", do, "DONE").stat().st_mtime_ns for do in TWELVE if do not in REASONS}
    Path("mended").touch()
    second = sweep(*TWELVE, settings=settings)
    assert not second.failures
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"runs/{do}" for do in TWELVE]
    assert said.err.count("finished earlier, skipped") == 8
    assert {do: Path("runs", do, "DONE").stat().st_mtime_ns for do in done} == done
    assert {run.state for run in all_progress(Path("runs"))} == {"done"}


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_fault_35_36_37_four_of_twelve_jobs_fail_each_in_its_way_and_the_same_command_finishes_them(
    sweep: SweepOf, n_jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    check_twelve(sweep, LauncherSettings("local", n_jobs), capsys)


def test_fault_35_36_37_on_a_cluster_too(
    sweep: SweepOf, slurm: LauncherSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    check_twelve(sweep, slurm, capsys)


def test_a_job_that_exits_well_without_a_finished_run_has_failed(sweep: SweepOf) -> None:
    ((name, reason),) = sweep("0.1", "stop").failures.items()
    assert name == "job 2 (stop)"
    assert reason.startswith("exited with status 0 before its end (its output: ")


def test_a_setting_that_makes_no_sense_costs_only_its_job(capsys: pytest.CaptureFixture[str]) -> None:
    sweep = Sweep()
    objective = sweep.add("seed=x", {**composed(), "seed": "x"}, ["seed=x"], LauncherSettings("local", 1))
    assert "job 1 (seed=x): failed: seed=x: " in capsys.readouterr().err
    assert objective() is None
    assert list(sweep.failures) == ["job 1 (seed=x)"]


def test_equal_jobs_of_a_search_run_once(sweep: SweepOf, capsys: pytest.CaptureFixture[str]) -> None:
    same = sweep("0.5", "0.5", "raise", "raise")
    assert sorted(job.name for job in same.objectives) == ["job 1 (0.5)", "job 2 (0.5)"]
    assert list(same.failures) == ["job 3 (raise)", "job 4 (raise)"]
    assert Path("runs/0.5/output.txt").read_text().count("0.5 in") == 1
    assert Path("runs/raise/output.txt").read_text().count("Traceback") == 1


def test_the_best_settings_are_those_with_the_highest_mean_over_seeds(
    sweep: SweepOf, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep("x=a 0.5", "x=b 0.75").best() == "best on validation, F1 0.7500: x=b 0.75"
    seeds = sweep("x=a seed=0 0.5", "x=a seed=1 0.5", "x=c seed=0 undefined")
    said = capsys.readouterr().err
    assert "job 1 (x=a 0.5): F1 on validation 0.5000" in said
    assert "job 3 (x=c seed=0 undefined): F1 on validation unknown; `sedpool tune` measures it" in said
    assert seeds.best() is None  # one setting with a number, of two seeds


def test_without_slurm_the_remedy_is_said(sweep: SweepOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError, match=r"launcher=slurm: no squeue on this machine; .*launcher=local"):
        sweep("0.1", settings=LauncherSettings("slurm", 1))


PARENT = """
import sys, time
from pathlib import Path
from sedpool.experiment import jobs
from sedpool.experiment.launchers.local import Local
from sedpool.run_folder import RunFolder
from sedpool.settings.schema import LauncherSettings

CHILD = "import os, time; from sedpool.experiment.launchers.parent import end_with_parent; end_with_parent()"
CHILD += "; print(os.getpid(), flush=True); time.sleep(600)"
jobs.Job.command = property(lambda job: [sys.executable, "-c", CHILD])
Path("run").mkdir()
local = Local(LauncherSettings("local", 1))
local.start([jobs.Job("a", (), {}, RunFolder("run"))])
time.sleep(600)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the process in /proc")
def test_a_job_ends_with_the_process_that_started_it_even_if_that_is_killed(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    output = tmp_path / "run" / "output.txt"
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=tmp_path, env=environment) as parent:
        wait_until(lambda: output.is_file() and output.read_text().endswith("\n"))
        parent.kill()
    job = int(output.read_text())
    wait_until(lambda: not is_running(job))


def test_an_interrupt_stops_the_jobs_and_leaves_them_to_the_same_command(
    sweep: SweepOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        wait_until(lambda: Path("runs/sleep/output.txt").is_file() and Path("runs/sleep/output.txt").read_text() != "")
        raise KeyboardInterrupt

    monkeypatch.setattr("sedpool.experiment.launchers.local.wait", interrupt)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sweep("sleep", "0.1", settings=LauncherSettings("local", 1))
    assert time.monotonic() - began < 300
    assert [run.state for run in all_progress(Path("runs"))] == ["left", "left"]
    assert not Path("runs/0.1/output.txt").exists()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process: int) -> bool:
    """Whether it exists and is no zombie, as which a container's first process may leave it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
