import pytest

from sedpool.experiment.launchers.schedule import Remainder, duration, remaining

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
