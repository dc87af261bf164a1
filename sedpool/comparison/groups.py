"""Runs that may be compared: those of one corpus under one condition, by method and by fold and seed.

A *block* is a fold and seed. Methods are compared on the blocks that all of them ran on, so that each difference is
between runs that saw the same clips in training and test.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sedpool.errors import DataError
from sedpool.run_folder import RunFolder


class Block(NamedTuple):
    """A fold (None in a corpus without) and a seed."""

    fold: int | None
    seed: int


@dataclass(frozen=True)
class RunGroup:
    """Finished runs of one corpus under one condition.

    Attributes
    ----------
    name : str
        `RunFolder.study` of them all.
    runs : mapping of str to (mapping of Block to RunFolder)
        By method.
    """

    name: str
    runs: Mapping[str, Mapping[Block, RunFolder]]

    @property
    def corpus(self) -> str:
        """`RunFolder.corpus` of them all."""
        return next(iter(self)).corpus

    def __iter__(self) -> Iterator[RunFolder]:
        """Every run."""
        return (run for by_block in self.runs.values() for run in by_block.values())

    def missing(self, methods: Iterable[str]) -> tuple[str, ...]:
        """The methods without a run."""
        return tuple(method for method in methods if method not in self.runs)

    def blocks(self, methods: Iterable[str]) -> list[Block]:
        """The blocks that all of these methods ran on."""
        sets = [set(self.runs.get(method, ())) for method in methods]
        return sorted(set.intersection(*sets), key=lambda block: (block.fold or 0, block.seed)) if sets else []

    def event_share(self) -> float:
        """Share of a clip's segments in which its classes sound: the precision of true tags stretched over the clip.

        NaN where test clips have weak labels only.
        """
        shares = [
            run.metrics["baselines"]["oracle_tags_stretched"]["segment"]["micro"]["precision"]
            for run in self
            if run.metrics["baselines"]
        ]
        return float(np.mean(shares)) if shares else float("nan")

    def of(self, method: str, blocks: Iterable[Block]) -> list[RunFolder]:
        """A method's runs on some blocks."""
        return [self.runs[method][block] for block in blocks]


def grouped(runs: Iterable[RunFolder]) -> list[RunGroup]:
    """The finished runs by corpus and condition, in alphabetical order.

    Raises
    ------
    DataError
        If a method ran twice on one fold with one seed: nothing would say which of the two counts.
    """
    groups: dict[str, dict[str, dict[Block, RunFolder]]] = {}
    for run in runs:
        if run.is_done:
            by_block = groups.setdefault(run.study, {}).setdefault(run.method, {})
            block = Block(run.fold, int(run.config["seed"]))
            if block in by_block:
                raise DataError(
                    f"{run.path} and {by_block[block].path}: both are {run.method} on "
                    f"{run.dataset} with seed {block.seed}; leave one out, or give one another corpus="
                )
            by_block[block] = run
    return [RunGroup(name, groups[name]) for name in sorted(groups)]
