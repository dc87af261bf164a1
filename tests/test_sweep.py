import os
import signal
import sys
from typing import Any

import pytest

from sedpool import experiment
from sedpool.errors import DataError
from sedpool.sweep import Sweep


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
    return f"runs/{config['do']}"


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Sweep:
    monkeypatch.setattr(experiment, "run", fake_run)
    monkeypatch.setattr("sedpool.sweep.START_METHOD", "fork")  # so that the jobs know the function above
    return Sweep()


pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def between_others(sweep: Sweep, do: str) -> str:
    """Run a job that fails between two that do not; return why it failed, after a look at the summary."""
    assert [sweep.run({"do": what}, [f"do={what}"]) for what in ("a", do, "b")] == ["runs/a", None, "runs/b"]
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
