import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from sedpool import storage
from sedpool.errors import DataError
from sedpool.experiment import run as experiment
from sedpool.experiment.launchers.sweep import Sweep


def fake_run(config: dict[str, Any]) -> str:
    """Behave as the configuration says."""
    if config["do"] == "raise":
        raise DataError("clip x.wav is broken")
    if config["do"] == "crash":
        raise ZeroDivisionError
    if config["do"] == "exit":
        sys.exit(3)
    if config["do"] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    folder = Path("runs", config["do"])
    storage.write_json(folder / "metrics.json", {"validation": {"f1": config.get("f1")}})
    return str(folder)


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(experiment, "run", fake_run)
    monkeypatch.setattr(
        "sedpool.experiment.launchers.worker.START_METHOD", "fork"
    )  # so that the jobs know the function above
    return Sweep()


pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def between_others(sweep: Sweep, do: str) -> str:
    """Run a job that fails between two that do not; return why it failed, after a look at the summary."""
    jobs = [sweep.run({"do": what}, [f"do={what}"]) for what in ("a", do, "b")]
    assert [job and job.folder for job in jobs] == ["runs/a", None, "runs/b"]
    ((overrides, reason),) = sweep.failures
    assert overrides == f"do={do}"
    assert sweep.summary().startswith("error: 1 of 3 jobs failed; the same command runs only these again")
    assert sweep.summary().splitlines()[1:] == [f"  do={do}: {reason}"]
    return reason


def test_fault_35_a_job_that_raises_costs_only_itself(sweep: Sweep) -> None:
    assert between_others(sweep, "raise") == "clip x.wav is broken"


def test_fault_35_a_job_with_an_error_that_is_not_ours(sweep: Sweep) -> None:
    assert between_others(sweep, "crash").startswith("ZeroDivisionError")


def test_fault_36_a_job_that_is_killed_costs_only_itself(sweep: Sweep) -> None:
    assert between_others(sweep, "kill") == "killed by signal 9; out of memory?"


def test_fault_37_a_job_that_exits_is_counted_as_failed(sweep: Sweep) -> None:
    assert between_others(sweep, "exit") == "exited with status 3 before it finished"


def test_all_failures_are_listed(sweep: Sweep) -> None:
    for do in ("raise", "kill", "a"):
        sweep.run({"do": do}, [f"do={do}"])
    assert sweep.summary().startswith("error: 2 of 3 jobs failed")
    assert sweep.summary().count("\n") == 2


def test_the_best_settings_are_those_with_the_highest_mean_over_seeds(
    sweep: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    for value, seed, f1 in (("a", 0, 0.9), ("a", 1, 0.1), ("b", 0, 0.5), ("b", 1, 0.75), ("c", 0, None)):
        sweep.run({"do": f"{value}{seed}", "f1": f1}, ["y=1", f"x={value}", f"seed={seed}"])
    assert sweep.best() == "best on validation, F1 0.6250: x=b (mean of 2 runs)"
    said = capsys.readouterr().err
    assert "job 4: F1 on validation 0.7500" in said
    assert "job 5: F1 on validation unknown; `sedpool tune` measures it" in said
    sweep.run({"do": "d", "f1": 0.625}, ["y=1", "x=d"])
    assert sweep.best() == "best on validation, F1 0.6250: x=b (mean of 2 runs) or x=d"
