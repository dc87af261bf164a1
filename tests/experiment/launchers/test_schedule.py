import pytest

from sedpool.errors import TrainingError
from sedpool.experiment.jobs import Progress, State
from sedpool.experiment.launchers.schedule import Remainder, duration, forecast, measure_together, remaining
from sedpool.run_folder import RunFolder

MINUTE = 60.0


@pytest.mark.parametrize(
    ("runs", "n_jobs", "usual", "expected"),
    [
        ([Remainder(MINUTE, 30)] * 4, 1, None, "at most 2 h 0 min"),
        ([Remainder(MINUTE, 30)] * 4, 2, None, "at most 1 h 0 min"),
        ([Remainder(MINUTE, 30)] * 4, 2, 10.0, "about 20 min, at most 1 h 0 min"),
        ([Remainder(MINUTE, 30)], 2, None, "at most 30 min"),  # one run is no faster for a second process
        ([Remainder(MINUTE, 30, done=20)], 1, 25.0, "about 5 min, at most 10 min"),
        ([Remainder(MINUTE, 30, done=29)], 1, 25.0, "about 1 min, at most 1 min"),  # past the usual end
        ([Remainder(MINUTE, 30)], 1, 100.0, "about 30 min, at most 30 min"),
    ],
)
def test_the_remaining_time(runs: list[Remainder], n_jobs: int, usual: float | None, expected: str) -> None:
    assert remaining(runs, n_jobs, usual) == expected


def test_times_are_rounded_up() -> None:
    assert duration(1) == "1 min"
    assert duration(61) == "2 min"
    assert duration(3600) == "1 h 0 min"


def progress(state: State, kind: str = "a", seconds: tuple[float, ...] = (), budget: int = 10) -> Progress:
    return Progress(RunFolder("run"), state, "", "", (), "", kind, budget, seconds)


@pytest.mark.parametrize(
    ("runs", "measured", "expected"),
    [
        ([progress("left")], {}, "time left unknown before the first epoch has ended"),
        ([progress("left")], {"a": MINUTE}, "at most 10 min"),
        ([progress("left"), progress("running", seconds=(MINUTE,) * 5)], {"a": 1.0}, "at most 15 min"),
        ([progress("left"), progress("done", seconds=(MINUTE,) * 4)], {}, "about 4 min, at most 10 min"),
        (
            [progress("left"), progress("left", "b", seconds=(MINUTE,))],
            {},
            "time left unknown before an epoch of each kind of run has ended",
        ),
    ],
)
def test_a_forecast_from_epochs(runs: list[Progress], measured: dict[str, float], expected: str) -> None:
    assert forecast(runs, 1, measured) == expected


def test_first_steps_that_fail_are_named() -> None:
    with pytest.raises(TrainingError, match=r"^demo, cap: its first steps failed: supervision is missing"):
        measure_together({"corpus": "demo", "method": "cap"}, 1)
