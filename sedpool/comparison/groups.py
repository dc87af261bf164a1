"""Runs that may be compared: those of one corpus under one condition, by method and by fold and seed.

A *block* is a fold and seed. Methods are compared on the blocks that all of them ran on, so that each difference is
between runs that saw the same clips in training and test.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from sedpool.comparison.labels import threshold_title
from sedpool.comparison.method_intervals import intervals_by_level
from sedpool.comparison.method_tables import by_method
from sedpool.comparison.significance import seed_notes
from sedpool.comparison.tables import look_up
from sedpool.errors import DataError
from sedpool.evaluation.counts_table import OWN_STRETCHED
from sedpool.run_folder import RunFolder


class Block(NamedTuple):
    """A fold (None in a corpus without folds) and a seed."""

    fold: int | None
    seed: int


@dataclass(frozen=True, eq=False)
class RunGroup:
    """Finished runs of one corpus under one condition.

    Attributes
    ----------
    name : str
        `RunFolder.study` of them all: the corpus without its fold.
    runs : mapping of str to sequence of RunFolder
        By method; in order of fold and seed.
    flagged : collection of RunFolder
        Runs that are not valid: shown like the others, with a mark.
    """

    name: str
    runs: Mapping[str, Sequence[RunFolder]]
    flagged: Collection[RunFolder] = ()

    def __iter__(self) -> Iterator[RunFolder]:
        """Every run, method after method."""
        return (run for runs in self.runs.values() for run in runs)

    @property
    def corpus(self) -> str:
        """`RunFolder.corpus` of them all."""
        return next(iter(self)).corpus

    @property
    def one_per_fold(self) -> list[RunFolder]:
        """A run of each fold, for what depends on the corpus alone."""
        return list({run.dataset: run for run in self}.values())

    @property
    def has_events(self) -> bool:
        """Whether the test clips have strong labels."""
        return all(run.metrics["segment"] is not None for run in self)

    def event_share(self) -> float:
        """Return the share of a clip's segments in which its classes sound: the precision of stretched true tags.

        NaN where test clips have weak labels only.
        """
        shares = [
            run.metrics["baselines"]["oracle_tags_stretched"]["segment"]["micro"]["precision"]
            for run in self
            if run.metrics["baselines"]
        ]
        return float(np.mean(shares)) if shares else float("nan")

    def missing(self, methods: Iterable[str]) -> tuple[str, ...]:
        """Return the methods without a run."""
        return tuple(method for method in methods if method not in self.runs)

    def blocks(self, methods: Iterable[str]) -> list[Block]:
        """Return the blocks that all of these methods ran on."""
        sets = [{_block(run) for run in self.runs.get(method, ())} for method in methods]
        return sorted(set.intersection(*sets), key=lambda block: (block.fold or 0, block.seed)) if sets else []

    def of(self, method: str, blocks: Iterable[Block]) -> list[RunFolder]:
        """Return a method's runs on some blocks."""
        by_block = {_block(run): run for run in self.runs[method]}
        return [by_block[block] for block in blocks]

    @property
    def repeated(self) -> list[RunFolder]:
        """Runs of the first method that ran several times on one fold with one seed; empty if there is none."""
        for runs in self.runs.values():
            (block, times), *_ = Counter(map(_block, runs)).most_common(1)
            if times > 1:
                return [run for run in runs if _block(run) == block]
        return []

    @cached_property
    def decodings(self) -> dict[str, tuple[str, ...]]:
        """Where the runs' results lie in ``metrics.json``, by title: decoded as set and, if any was, as tuned."""
        titles = {threshold_title(run.metrics["decoding"]) for run in self}
        as_set: dict[str, tuple[str, ...]] = {titles.pop() if len(titles) == 1 else "as set": ()}
        is_tuned = any(run.metrics["tuned"] for run in self)
        return as_set | ({"tuned on validation": ("tuned",)} if is_tuned else {})

    @cached_property
    def intervals(self) -> dict[tuple[str, str], pd.DataFrame]:
        """`sedpool.comparison.method_intervals.method_intervals` by level and title of decoding."""
        levels = ["clip", *(["segment", "event", OWN_STRETCHED] if self.has_events else [])]
        return {
            (level, decoding): table
            for decoding, prefix in self.decodings.items()
            for level, table in intervals_by_level(self.runs, levels, tuned=bool(prefix)).items()
        }

    @property
    def note(self) -> str:
        """How many runs the means are taken over, and which methods are not compared."""
        counts = {method: len(runs) for method, runs in self.runs.items()}
        n_runs = next(iter(counts.values()))
        if len(set(counts.values())) > 1:
            means = "Mean ± standard deviation over runs: " + ", ".join(f"{name} {n}" for name, n in counts.items())
        else:
            means = (
                f"Mean ± standard deviation over the {n_runs} runs of each method"
                if n_runs > 1
                else "One run per method"
            )
        return f"{means}. {self.not_compared}".rstrip()

    @property
    def not_compared(self) -> str:
        """Which methods have no intervals and no marks, if not all, and why."""
        compared = set(self.intervals["clip", next(iter(self.decodings))]["method"])
        left_out = [method for method in self.runs if method not in compared]
        if not compared or not left_out:
            return ""
        return (
            f"Not compared, because their runs are on other test clips than the others' or lack their counts: "
            f"{', '.join(left_out)}."
        )

    @property
    def flagged_methods(self) -> dict[str, str]:
        """The methods with flagged runs, and how many of their runs these are, as ``2 of 4``."""
        n_flagged = {method: sum(run in self.flagged for run in runs) for method, runs in self.runs.items()}
        return {method: f"{n} of {len(self.runs[method])}" for method, n in n_flagged.items() if n}

    def difference_notes(self) -> list[str]:
        """Say whether methods differ over folds (over seeds if there is one fold), and whether so few can show it."""
        path = ("segment", "micro", "f1") if self.has_events else ("clip", "macro", "f1")
        has_folds = len(self.one_per_fold) > 1
        notes = []
        for decoding, prefix in self.decodings.items():
            rows = [
                {
                    "dataset": f"{self.name}, {decoding}",
                    "method": run.method,
                    "seed": run.config["corpus" if has_folds else "seed"],
                    "f1": look_up(run.metrics, (*prefix, *path)),
                }
                for run in self
            ]
            means = pd.DataFrame(rows).groupby(["dataset", "method", "seed"])["f1"].mean().reset_index()
            notes += seed_notes(means, "f1", unit="folds" if has_folds else "seeds")
        return notes


def grouped(
    runs: Iterable[RunFolder], *, flagged: Collection[RunFolder] = (), allow_repeated: bool = False
) -> list[RunGroup]:
    """Group finished runs by corpus and condition, in alphabetical order.

    Parameters
    ----------
    runs : iterable of RunFolder
        Unfinished ones are left out.
    flagged : collection of RunFolder
        Those that are not valid.
    allow_repeated : bool
        Whether a method may have run twice on one fold with one seed.

    Raises
    ------
    DataError
        If it did and may not: nothing would say which of the two counts.
    """
    finished = [run for run in runs if run.is_done]
    groups = []
    for name in sorted({run.study for run in finished}):
        own = sorted((run for run in finished if run.study == name), key=lambda run: (run.dataset, run.config["seed"]))
        group = RunGroup(name, by_method(own), flagged)
        if group.repeated and not allow_repeated:
            first, second, *_ = group.repeated
            raise DataError(
                f"{second.path} and {first.path}: both are {first.method} on {first.dataset} with seed "
                f"{first.config['seed']}; leave one out, or give one another corpus="
            )
        groups.append(group)
    return groups


def _block(run: RunFolder) -> Block:
    return Block(run.fold, int(run.config["seed"]))
