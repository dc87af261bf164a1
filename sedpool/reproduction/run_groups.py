"""Runs that may be compared: those of one corpus under one condition, by method and by fold and seed.

A *block* is a fold and seed. Methods are compared on the blocks that all of them ran on, so that each difference is
between runs that saw the same clips in training and test.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from sedpool.errors import DataError
from sedpool.evaluation.counts import ClipCounts, concatenate, paired
from sedpool.evaluation.statistics.sources import Membership, membership
from sedpool.reports.significance import Metric
from sedpool.runs import RunFolder


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
        """Name of the corpus as its loader gives it; that of the group where the runs do not say."""
        manifest = next(iter(self)).manifest
        return str(manifest["corpus"]) if manifest else self.name

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

    def counts(self, method: str, metric: Metric, blocks: Sequence[Block]) -> ClipCounts | None:
        """Counts of a method's test clips on some blocks; None if a run has none.

        Those of several seeds are summed clip by clip, and those of folds joined, a clip's name after its fold: a test
        clip stays one observation however often it was scored.
        """
        by_fold: dict[int | None, ClipCounts] = {}
        for block in blocks:
            counts = _counts(self.runs[method][block], metric)
            if counts is None:
                return None
            earlier = by_fold.get(block.fold)
            by_fold[block.fold] = counts if earlier is None else _sum(earlier, counts)
        return concatenate([_named_after(fold, counts) for fold, counts in by_fold.items()])

    def sources(self, method: str, blocks: Sequence[Block], filenames: Sequence[str]) -> Membership | None:
        """Which recordings the clips of a method's `counts` share; None if no recording is in two clips.

        A clip without known recordings is its own, so that splits that overlap share it.
        """
        any_run = {block.fold: self.runs[method][block] for block in blocks}
        table = pd.concat([_sources(run, fold, filenames) for fold, run in any_run.items()], ignore_index=True)
        return membership(filenames, table) if table["source"].duplicated().any() else None


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
            by_block = groups.setdefault(run.study, {}).setdefault(str(run.config["method"]), {})
            block = Block(run.fold, int(run.config["seed"]))
            if block in by_block:
                raise DataError(
                    f"{run.path} and {by_block[block].path}: both are {run.config['method']} on "
                    f"{run.config['corpus']} with seed {block.seed}; leave one out, or give one another corpus="
                )
            by_block[block] = run
    return [RunGroup(name, groups[name]) for name in sorted(groups)]


@lru_cache(maxsize=1024)  # contrasts ask for the same counts many times
def _counts(run: RunFolder, metric: Metric) -> ClipCounts | None:
    return metric.counts(run)


def _sum(first: ClipCounts, second: ClipCounts) -> ClipCounts:
    second = paired(first, second)
    names = [field.name for field in fields(ClipCounts)[2:] if getattr(first, field.name) is not None]
    return replace(first, **{name: getattr(first, name) + getattr(second, name) for name in names})


def _named_after(fold: int | None, counts: ClipCounts) -> ClipCounts:
    return replace(counts, filenames=tuple(_prefix(fold) + name for name in counts.filenames))


def _prefix(fold: int | None) -> str:
    return "" if fold is None else f"fold {fold}: "


def _sources(run: RunFolder, fold: int | None, filenames: Sequence[str]) -> pd.DataFrame:
    """``filename, source`` of the clips of a fold."""
    prefix = _prefix(fold)
    own = pd.DataFrame({"source": [name.removeprefix(prefix) for name in filenames if name.startswith(prefix)]})
    own["filename"] = own["source"]
    if run.sources is None:
        known = own
    else:
        known = pd.concat([run.sources, own[~own["filename"].isin(run.sources["filename"])]], ignore_index=True)
    return known.assign(filename=prefix + known["filename"])
