"""Which runs make up a study: a preset, its methods, folds, conditions and seeds, in the order in which they run."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sedpool.errors import ConfigError
from sedpool.run_folder import RunFolder
from sedpool.settings.compose import compose

Name = TypeVar("Name", str, int)
Setting = TypeVar("Setting")


class RunKey(NamedTuple):
    """What distinguishes the runs of a study.

    Attributes
    ----------
    condition : str
        What is varied besides the method; empty where nothing is.
    method : str
        As the paper's tables name it.
    fold : int or None
        Fold or split, in a corpus that has several.
    seed : int
        Of the training.
    """

    condition: str
    method: str
    fold: int | None
    seed: int

    def __str__(self) -> str:
        """Join the parts that are set, e.g. ``cap, fold 4, seed 0``."""
        fold = "" if self.fold is None else f"fold {self.fold}"
        return ", ".join(part for part in (self.condition, self.method, fold, f"seed {self.seed}") if part)


@dataclass(frozen=True)
class PlannedRun:
    """One run of a study.

    Attributes
    ----------
    key : RunKey
        Which one.
    overrides : tuple of str
        Its settings, as ``train.py`` takes them.
    """

    key: RunKey
    overrides: tuple[str, ...]

    def config(self, folders: Mapping[str, str], dataset: Mapping[str, str]) -> dict[str, Any]:
        """Compose the resolved configuration.

        Parameters
        ----------
        folders : mapping of str to str
            `data_root`, `cache` and `runs`.
        dataset : mapping of str to str
            Folders of the group `dataset`, e.g. `root`.

        Raises
        ------
        ConfigError
            If a setting does not exist.
        """
        return compose(self.overrides, folders, **dataset)


@dataclass(frozen=True)
class Condition:
    """What is varied besides method, fold and seed.

    Attributes
    ----------
    corpus : str
        Name of the corpus in the runs' names, to which the fold is added.
    overrides : tuple of str
        Its settings.
    """

    corpus: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Study:
    """A family of runs with one table of results.

    Attributes
    ----------
    name : str
        Of the folder that its results are kept in.
    title : str
        Title in a report.
    preset : str
        The experiment, below ``configs/experiment``, that every run starts from.
    sources : tuple of str
        Folders of the corpus that must be given, by their key of the group `dataset`.
    methods : mapping of str to tuple of str
        Settings of each method.
    conditions : mapping of str to Condition
        By name; a study without any has one named ``""``.
    folds : mapping of int to tuple of str
        Settings of each fold; empty for a corpus with given splits.
    fold_word : {'fold', 'split'}
        What the corpus calls them.
    first_seed : int
        Further seeds count up from it.
    results : str
        Name of the table of results.
    settings : tuple of str
        Put on top, in every run.
    seeds : int
        Fewest seeds of a plan.
    order : callable, optional
        Puts a plan in the order in which it runs, from what the study's folder holds by then.
    keep : callable, optional
        Enters a finished run into the study's folder, whose table of results has the name that comes last; None keeps
        a row and a record.
    report : callable, optional
        Writes the report into the study's folder and returns its path; None for that of the paper's comparison.
    """

    name: str
    title: str
    preset: str
    sources: tuple[str, ...]
    methods: Mapping[str, tuple[str, ...]]
    conditions: Mapping[str, Condition]
    folds: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    fold_word: str = "fold"
    first_seed: int = 0
    results: str = "results.csv"
    settings: tuple[str, ...] = ()
    seeds: int = 1
    order: Callable[[list[PlannedRun], Path], list[PlannedRun]] | None = None
    keep: Callable[[RunKey, RunFolder, Path, str], None] | None = None
    report: Callable[[Path], Path] | None = None

    def select(
        self,
        *,
        methods: Iterable[str] | None = None,
        folds: Iterable[int] | None = None,
        conditions: Iterable[str] | None = None,
    ) -> "Study":
        """Return the study with some of its methods, folds and conditions; None keeps all.

        Raises
        ------
        ConfigError
            If the study has no such method, fold or condition.
        """
        return replace(
            self,
            methods=self._chosen("method", self.methods, methods),
            folds=self._chosen(self.fold_word, self.folds, folds),
            conditions=self._chosen("condition", self.conditions, conditions),
        )

    def _chosen(self, what: str, known: Mapping[Name, Setting], names: Iterable[Name] | None) -> Mapping[Name, Setting]:
        wanted = set(known) if names is None else set(names)
        if unknown := sorted(wanted - set(known)):
            expected = ", ".join(map(str, known))
            remedy = f"expected some of {expected}" if expected else f"it has no {what}s to choose from"
            raise ConfigError(f"study {self.name}: no {what} {str(unknown[0]) or repr('')}; {remedy}")
        return {name: value for name, value in known.items() if name in wanted}

    def check_sources(self, given: Collection[str]) -> None:
        """Check that the folders of the corpus are given, and no others.

        Raises
        ------
        ConfigError
            If not.
        """
        for name in sorted(set(self.sources) ^ set(given)):
            problem = "is not given" if name in self.sources else "is not its"
            expected = " and ".join(f"--{source} FOLDER" for source in self.sources)
            raise ConfigError(f"study {self.name}: --{name} {problem}; expected {expected}")

    def plan(self, n_seeds: int = 1) -> list[PlannedRun]:
        """List every run in its order: method by method within a fold, fold by fold, seed by seed."""
        seeds = range(self.first_seed, self.first_seed + max(n_seeds, self.seeds))
        products = product(seeds, self.conditions, self.folds or [None], self.methods)
        return [self._planned(RunKey(condition, method, fold, seed)) for seed, condition, fold, method in products]

    def _planned(self, key: RunKey) -> PlannedRun:
        condition = self.conditions[key.condition]
        fold = () if key.fold is None else self.folds[key.fold]
        suffix = "" if key.fold is None else f"-{self.fold_word}{key.fold}"
        names = (f"method={key.method}", f"corpus={condition.corpus}{suffix}", f"seed={key.seed}")
        chosen = (*condition.overrides, *self.methods[key.method], *fold)
        return PlannedRun(key, (f"experiment={self.preset}", *chosen, *names, "tracking=none", *self.settings))
