"""Which settings to try next: drawn at random, or proposed by Optuna from what was found so far.

A proposal follows from the seed and the objectives that are known by then. So the same command proposes the same jobs
again, and those that are finished are skipped: a search that was stopped goes on, and needs no database for that.
"""

import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sedpool.errors import ConfigError


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, both of them included.

    Attributes
    ----------
    low, high : float
        Limits.
    log : bool
        Whether each order of magnitude is as likely as the others.
    whole : bool
        Whether only whole numbers count.

    Raises
    ------
    ConfigError
        If there is nothing between the limits, or no logarithm of them.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """Check the limits."""
        if not self.low < self.high or (self.log and self.low <= 0):
            needed = "0 < low < high" if self.log else "low < high"
            raise ConfigError(f"interval({self.low}, {self.high}): expected {needed}")


Space = Mapping[str, Sequence[str] | Interval]
"""What to search: by key of the configuration, the values to choose from or an interval."""

Proposal = dict[str, str | float]


class Method(Protocol):
    """A way to search a space for the highest objective."""

    def propose(self) -> Proposal:
        """Propose settings to try next."""

    def learn(self, objective: float | None) -> None:
        """Take in what the oldest proposal led to that nothing is known of; None if the job failed."""


class AtRandom:
    """Draws each setting on its own, whatever was found before.

    Parameters
    ----------
    space : mapping
        See `Space`.
    seed : int
        Draws.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self.space = space
        self._random = random.Random(seed)

    def propose(self) -> Proposal:
        """Draw settings."""
        return {key: self._draw(values) for key, values in self.space.items()}

    def learn(self, objective: float | None) -> None:
        """Learn nothing."""

    def _draw(self, values: Sequence[str] | Interval) -> str | float:
        if not isinstance(values, Interval):
            return self._random.choice(values)
        if values.whole and not values.log:
            return self._random.randint(int(values.low), int(values.high))
        if not values.log:
            return self._random.uniform(values.low, values.high)
        drawn = math.exp(self._random.uniform(math.log(values.low), math.log(values.high)))
        return round(drawn) if values.whole else min(max(drawn, values.low), values.high)


class ByOptuna:
    """Proposes what Optuna's tree-structured Parzen estimator expects to be better; the first ten are random.

    Parameters
    ----------
    space : mapping
        See `Space`.
    seed : int
        Draws.

    Raises
    ------
    ConfigError
        If Optuna is not installed.
    """

    def __init__(self, space: Space, seed: int) -> None:
        try:
            import optuna
        except ImportError:
            raise ConfigError(
                "hydra/sweeper=optuna needs Optuna: pip install 'sedpool[search]', or use hydra/sweeper=random"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.space = space
        self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self._trials: deque[Any] = deque()

    def propose(self) -> Proposal:
        """Ask for settings."""
        trial = self._study.ask()
        self._trials.append(trial)
        return {key: _suggested(trial, key, values) for key, values in self.space.items()}

    def learn(self, objective: float | None) -> None:
        """Tell the objective of the oldest settings that nothing is known of."""
        trial = self._trials.popleft()
        if objective is None:
            from optuna.trial import TrialState

            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, objective)


def _suggested(trial: Any, key: str, values: Sequence[str] | Interval) -> Any:
    if not isinstance(values, Interval):
        return trial.suggest_categorical(key, values)
    if values.whole:
        return trial.suggest_int(key, int(values.low), int(values.high), log=values.log)
    return trial.suggest_float(key, values.low, values.high, log=values.log)


METHODS: Mapping[str, Callable[[Space, int], Method]] = {"random": AtRandom, "optuna": ByOptuna}
"""By the name that ``hydra/sweeper=`` takes."""
