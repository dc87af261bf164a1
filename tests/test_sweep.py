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


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fault_35_36_37_jobs_that_raise_exit_or_are_killed_cost_only_themselves(sweep: Sweep) -> None:
    folders = [sweep.run({"do": do}, [f"do={do}"]) for do in ("a", "raise", "crash", "exit", "kill", "b")]
    assert folders == ["runs/a", None, None, None, None, "runs/b"]
    reasons = dict(sweep.failures)
    assert reasons["do=raise"] == "clip x.wav is broken"
    assert "ZeroDivisionError" in reasons["do=crash"]
    assert "status 3" in reasons["do=exit"]
    assert "signal 9" in reasons["do=kill"]
    assert sweep.summary().startswith("error: 4 of 6 jobs failed")
    assert sweep.summary().count("\n") == 4
