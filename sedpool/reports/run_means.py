"""How sure is the mean of a method's runs? Seeds share their test clips; folds have clips of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sedpool.evaluation.counts import ClipCounts, paired
from sedpool.evaluation.counts_table import counts_of
from sedpool.evaluation.statistics.replicates import Statistic, count_statistic, mean_statistic
from sedpool.evaluation.statistics.sources import Membership, membership
from sedpool.runs import RunFolder


@dataclass(frozen=True)
class RunMean:
    """The mean over runs as a statistic of their test clips, for `sedpool.evaluation.statistics.bootstrap`.

    Attributes
    ----------
    statistic : Statistic
        From weights of all test clips, fold after fold, to every metric's mean over the runs.
    n_clips : int
        How many clips that are, each once for all seeds.
    sources : Membership or None
        Which recordings each clip was made from; None where no clips share any.
    """

    statistic: Statistic
    n_clips: int
    sources: Membership | None


def run_mean(runs: Sequence[RunFolder], level: str = "segment", *, tuned: bool = False) -> RunMean | None:
    """The mean over runs of one method.

    Parameters
    ----------
    runs : sequence of RunFolder
        Their corpora are the folds, by name; in one fold all have the same test clips.
    level : str
        Clip, segment or event.
    tuned : bool
        Whether decisions are those tuned on validation.

    Returns
    -------
    mean : RunMean or None
        None if a run holds no such counts.

    Raises
    ------
    EvaluationError
        If runs of one fold differ in their clips or classes.
    """
    folds: dict[str, ClipCounts] = {}
    own_clips: dict[str, slice] = {}
    parts: list[tuple[Statistic, slice]] = []
    n_clips = 0
    for run in runs:
        counts = _counts(run, level, tuned)
        if counts is None:
            return None
        fold = str(run.config["corpus"])
        if fold not in folds:
            folds[fold], own_clips[fold] = counts, slice(n_clips, n_clips + len(counts))
            n_clips += len(counts)
        parts.append((count_statistic(paired(folds[fold], counts)), own_clips[fold]))
    return RunMean(mean_statistic(parts), n_clips, _sources(runs, folds))


def _counts(run: RunFolder, level: str, tuned: bool) -> ClipCounts | None:
    table = run.tuned_counts if tuned else run.counts
    return None if table is None else counts_of(table, level)


def _sources(runs: Sequence[RunFolder], folds: dict[str, ClipCounts]) -> Membership | None:
    """Recordings of the clips of all folds; where they are not known, a clip tested in two folds is one recording."""
    known = {str(run.config["corpus"]): run.sources for run in runs if run.sources is not None}
    if len(folds) == 1 and not known:
        return None
    names, tables = [], []
    for fold, counts in folds.items():
        names += [f"{fold}/{filename}" for filename in counts.filenames]
        themselves = pd.DataFrame({"filename": counts.filenames, "source": counts.filenames})
        table = known.get(fold, themselves)
        tables.append(table.assign(filename=fold + "/" + table["filename"]))
    return membership(names, pd.concat(tables))
