"""The mean over a method's runs as a statistic of test clips: seeds share them, folds have clips of their own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy.typing as npt
import pandas as pd

from sedpool.evaluation.counts import ClipCounts, paired
from sedpool.evaluation.counts_table import counts_of
from sedpool.run_folder import RunFolder
from sedpool.runtime.arrays import Float64Array
from sedpool.stats.clusters import Membership, membership
from sedpool.stats.replicates import MetricKey, Statistic, count_statistic, mean_statistic
from sedpool.stats.resampling import clip_weights, interval_table

Table = Literal["counts", "tuned_counts", "paper_counts"]


@dataclass(frozen=True)
class RunMean:
    """The mean over runs as a statistic of their test clips, for `sedpool.stats.resampling`.

    Attributes
    ----------
    statistic : Statistic
        Maps weights of all test clips, fold after fold, to every metric's mean over the runs.
    clips : tuple of str
        The clips, each once for all seeds: the name of the corpus, a slash and the file's name.
    sources : Membership or None
        The recordings that each clip was made from; None where no clips share any.
    """

    statistic: Statistic
    clips: tuple[str, ...]
    sources: Membership | None

    def intervals(self, wanted: Callable[[MetricKey], bool]) -> dict[MetricKey, tuple[float, float]]:
        """Compute the 95 % intervals over test clips of the metrics that are wanted; none if there is a single clip."""
        if len(self.clips) < 2:
            return {}

        def statistic(weights: npt.ArrayLike) -> dict[MetricKey, Float64Array]:
            return {key: values for key, values in self.statistic(weights).items() if wanted(key)}

        table = interval_table(statistic, clip_weights(len(self.clips)), sources=self.sources)
        keys = table[["average", "event_label", "metric"]].itertuples(index=False, name=None)
        return dict(zip(keys, table[["low", "high"]].itertuples(index=False, name=None), strict=True))


def run_mean(runs: Sequence[RunFolder], level: str = "segment", *, table: Table = "counts") -> RunMean | None:
    """Average the runs of one method.

    Parameters
    ----------
    runs : sequence of RunFolder
        Each corpus name is a fold; in one fold all runs have the same test clips.
    level : str
        A level of the table; see `sedpool.evaluation.run_folder` and `sedpool.evaluation.paper_compat`.
    table : {"counts", "tuned_counts", "paper_counts"}
        Counts of decisions at 0.5, as tuned on validation, or by the paper's published evaluation.

    Returns
    -------
    mean : RunMean or None
        None if a run holds no such counts.

    Raises
    ------
    EvaluationError
        If runs of one fold differ in their clips or classes.
    """
    return run_means(runs, [level], table=table)[level]


def run_means(
    runs: Sequence[RunFolder], levels: Iterable[str], *, table: Table = "counts"
) -> dict[str, RunMean | None]:
    """Average the runs of one method at several levels, for which each run's table is read once; see `run_mean`."""
    counts: dict[str, list[ClipCounts | None]] = {level: [] for level in levels}
    for run in runs:
        run_counts: pd.DataFrame | None = getattr(run, table)
        for level, found in counts.items():
            found.append(None if run_counts is None else counts_of(run_counts, level))
    return {level: _mean(runs, found) for level, found in counts.items()}


def _mean(runs: Sequence[RunFolder], counts: Sequence[ClipCounts | None]) -> RunMean | None:
    """Average the runs of one method by their counts; None if a run has none."""
    folds: dict[str, ClipCounts] = {}
    own_clips: dict[str, slice] = {}
    parts: list[tuple[Statistic, slice]] = []
    clips: list[str] = []
    for run, own in zip(runs, counts, strict=True):
        if own is None:
            return None
        fold = run.dataset
        if fold not in folds:
            folds[fold], own_clips[fold] = own, slice(len(clips), len(clips) + len(own))
            clips += [f"{fold}/{filename}" for filename in own.filenames]
        parts.append((count_statistic(paired(folds[fold], own)), own_clips[fold]))
    return RunMean(mean_statistic(parts), tuple(clips), _sources(runs, folds, clips))


def _sources(runs: Sequence[RunFolder], folds: dict[str, ClipCounts], clips: Sequence[str]) -> Membership | None:
    """Find the recordings of the clips of all folds; if unknown, each clip is one, also when tested in two folds."""
    known = {run.dataset: run.sources for run in runs if run.sources is not None}
    if len(folds) == 1 and not known:
        return None
    tables = []
    for fold, counts in folds.items():
        themselves = pd.DataFrame({"filename": counts.filenames, "source": counts.filenames})
        table = known.get(fold, themselves)
        tables.append(table.assign(filename=fold + "/" + table["filename"]))
    return membership(clips, pd.concat(tables))
