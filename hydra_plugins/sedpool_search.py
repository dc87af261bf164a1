"""``python train.py -m hydra/sweeper=random`` and ``=optuna``; Hydra takes plugins from this namespace only."""

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from sedpool.errors import ConfigError
from sedpool.experiment.search import METHODS, Interval
from sedpool.settings.compose import launcher_of
from sedpool.settings.schema import SearchSettings, checked


class Search(Sweeper):
    """Runs as many proposed jobs at a time as the launcher does, each proposal knowing what those before led to.

    Parameters
    ----------
    method : {"random", "optuna"}
        Who proposes.
    n_trials : int
        How many jobs.
    seed : int
        Of the proposals.
    params : mapping of str to str, optional
        What to search, by key, as on the command line, which wins.
    """

    def __init__(self, method: str, n_trials: int, seed: int, params: Mapping[str, str] | None) -> None:
        self.method = method
        self.n_trials = n_trials
        self.seed = seed
        self.params = params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Take what Hydra hands to every sweeper."""
        self._loader = hydra_context.config_loader
        self._n_jobs = launcher_of(config).jobs
        self._launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Run jobs that the method proposes."""
        settings = {"method": self.method, "n_trials": self.n_trials, "seed": self.seed}
        checked(SearchSettings, settings, "hydra.sweeper")
        parser = OverridesParser.create(config_loader=self._loader)
        given = parser.parse_overrides([*(f"{key}={value}" for key, value in self.params.items()), *arguments])
        overrides = {override.get_key_element(): override for override in given}  # of equal keys the last
        fixed = [str(override.input_line) for override in overrides.values() if not override.is_sweep_override()]
        space = {key: _values(override) for key, override in overrides.items() if override.is_sweep_override()}
        if not space:
            raise ConfigError(
                f"hydra/sweeper={self.method}: nothing to search; give a range, "
                "e.g. 'pooling.l2=tag(log,interval(1e-5,1e-1))'"
            )
        method = METHODS[self.method](space, self.seed)
        for first in range(0, self.n_trials, self._n_jobs):
            proposals = [method.propose() for _ in range(min(self._n_jobs, self.n_trials - first))]
            jobs = [[*fixed, *(f"{key}={value}" for key, value in proposal.items())] for proposal in proposals]
            for job in self._launcher.launch(jobs, initial_job_idx=first):
                objective = job.return_value
                method.learn(objective() if objective else None)


def _values(override: Override) -> Sequence[str] | Interval:
    """Return the interval or the list of values to search; ``int(interval(...))`` has whole numbers only."""
    value: Any = override.value()
    if not isinstance(value, IntervalSweep):
        return list(override.sweep_string_iterator())
    low, high = value.start, value.end
    assert low is not None
    assert high is not None
    whole = isinstance(low, int) and isinstance(high, int)
    return Interval(low, high, log="log" in value.tags, whole=whole)
