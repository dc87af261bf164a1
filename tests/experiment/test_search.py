"""Searches: what is proposed, and the sweeper of Hydra around it."""

import sys
from functools import partial
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydra_plugins.sedpool_search import Search
from sedpool.errors import ConfigError
from sedpool.experiment.search import METHODS, AtRandom, ByOptuna, Interval, Proposal, Space

SPACE: Space = {
    "a": ["x", "y"],
    "b": Interval(1e-5, 1e-1, log=True),
    "c": Interval(3, 9, whole=True),
    "d": Interval(-1, 1),
}


def is_within(proposal: Proposal) -> bool:
    ranges = 1e-5 <= float(proposal["b"]) <= 1e-1 and -1 <= float(proposal["d"]) <= 1
    return list(proposal) == list(SPACE) and proposal["a"] in ("x", "y") and proposal["c"] in range(3, 10) and ranges


@given(st.integers(0, 2**32))
def test_random_proposals_are_within_the_space_and_follow_from_the_seed(seed: int) -> None:
    first, second = ([method.propose() for _ in range(5)] for method in (AtRandom(SPACE, seed), AtRandom(SPACE, seed)))
    assert first == second
    assert all(map(is_within, first))


def test_orders_of_magnitude_are_equally_likely() -> None:
    method = AtRandom(SPACE, 0)
    assert median(float(method.propose()["b"]) for _ in range(500)) == pytest.approx(1e-3, rel=0.5)


@pytest.mark.parametrize(("low", "high", "log"), [(1, 1, False), (2, 1, False), (0, 1, True), (-1, 1, True)])
def test_an_empty_interval_or_one_without_a_logarithm_is_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(ConfigError, match=r"interval\(.*expected"):
        Interval(low, high, log=log)


def test_optuna_proposes_within_the_space_again_what_it_did_and_nears_the_best() -> None:
    pytest.importorskip("optuna", reason="needs the extra `search`")

    def proposals() -> list[Proposal]:
        method, made = ByOptuna(SPACE, 0), []
        for index in range(30):
            made.append(method.propose())
            method.learn(None if index == 3 else -abs(float(made[-1]["d"]) - 0.5))
        return made

    made = proposals()
    assert made == proposals()
    assert all(map(is_within, made))
    assert median(abs(float(one["d"]) - 0.5) for one in made[-10:]) < 0.2


def test_optuna_may_propose_several_before_it_learns_what_they_led_to_in_their_order() -> None:
    pytest.importorskip("optuna", reason="needs the extra `search`")
    method = ByOptuna(SPACE, 0)
    made = [method.propose() for _ in range(3)]
    for objective in (0.1, None, 0.3):
        method.learn(objective)
    trials = method._study.trials
    assert [trial.value for trial in trials] == [0.1, None, 0.3]
    assert [trial.params for trial in trials] == made


def test_without_optuna_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"sedpool\[search\]"):
        ByOptuna(SPACE, 0)


class Launcher:
    """Stands for Hydra's: the objective of a job is its second override's number."""

    def __init__(self) -> None:
        self.jobs: list[list[str]] = []
        self.calls: list[int] = []

    def launch(self, jobs: list[list[str]], initial_job_idx: int) -> list[SimpleNamespace]:
        assert initial_job_idx == len(self.jobs)
        self.jobs += jobs
        self.calls.append(initial_job_idx)
        return [SimpleNamespace(return_value=partial(float, job[-1].split("=")[1])) for job in jobs]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_sweeper_launches_as_many_jobs_as_it_may_and_hands_their_objectives_on(
    n_jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[float | None] = []
    spaces: list[Space] = []

    class Spy(AtRandom):
        def __init__(self, space: Space, seed: int) -> None:
            spaces.append(space)
            super().__init__(space, seed)

        def learn(self, objective: float | None) -> None:
            learnt.append(objective)

    monkeypatch.setitem(METHODS, "random", Spy)
    search = Search("random", n_trials=3, seed=1, params={"pooling": "max,mean", "x.y": "interval(0.5,1)"})
    search._loader, search._launcher, search._n_jobs = None, Launcher(), n_jobs
    search.sweep(["pooling=rap", "~z", "training.epochs=range(2,5)", "x.y=tag(log,int(interval(1,10)))"])
    assert spaces == [{"training.epochs": ["2", "3", "4"], "x.y": Interval(1, 10, log=True, whole=True)}]
    assert search._launcher.calls == [[0, 1, 2], [0, 2]][n_jobs - 1]
    assert len(search._launcher.jobs) == 3
    for job, objective in zip(search._launcher.jobs, learnt, strict=True):
        assert job[:2] == ["pooling=rap", "~z"]
        assert float(job[2].removeprefix("x.y=")) in range(1, 11)
        assert float(job[3].removeprefix("training.epochs=")) == objective


@pytest.mark.parametrize("wrong", [{"n_trials": 0}, {"n_trials": "ten"}, {"seed": "x"}, {"method": "grid"}])
def test_fault_40_settings_of_a_search_that_make_no_sense_are_named(wrong: dict[str, object]) -> None:
    settings: dict[str, Any] = {"method": "random", "n_trials": 3, "seed": 1, "params": None} | wrong
    with pytest.raises(ConfigError, match=r"hydra\.sweeper\.{}={}: ".format(*next(iter(wrong.items())))):
        Search(**settings).sweep(["pooling=max,mean"])
