"""Tables over the runs of each method, for the figures of many runs.

Runs of one study differ by method, fold and seed; none of these tables needs scores or weights.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from sedpool.comparison.labels import ordered_methods
from sedpool.comparison.means import run_mean
from sedpool.comparison.tables import look_up
from sedpool.run_folder import RunFolder, kept_epoch


def by_method(runs: Iterable[RunFolder]) -> dict[str, list[RunFolder]]:
    """Group runs by their method, in the order of `sedpool.comparison.labels.ordered_methods`."""
    runs = list(runs)
    methods = ordered_methods(run.method for run in runs)
    return {method: [run for run in runs if run.method == method] for method in methods}


def class_scores(runs: Sequence[RunFolder]) -> pd.DataFrame:
    """Collect dynamic F1 of each class and method with its interval.

    Parameters
    ----------
    runs : sequence of RunFolder
        Finished runs of one study, with strong labels.

    Returns
    -------
    table : DataFrame
        ``method, event_label, estimate, low, high, own_stretched``: the mean over the method's runs, its 95 % interval
        over test clips (NaN if a run holds no counts of them), and the mean F1 of the runs' own clip decisions
        stretched over the clip.
    """
    rows = []
    for method, own in by_method(runs).items():
        mean = run_mean(own)
        intervals = {} if mean is None else mean.intervals(lambda key: key[::2] == ("class_wise", "f1"))
        for label in own[0].metrics["segment"]["class_wise"]:
            f1 = ("segment", "class_wise", label, "f1")
            stretched = mean_score(own, "baselines", "clip_decisions_stretched", *f1)
            ends = intervals.get(("class_wise", label, "f1"), (np.nan, np.nan))
            rows.append((method, label, mean_score(own, *f1), *ends, stretched))
    return pd.DataFrame(rows, columns=["method", "event_label", "estimate", "low", "high", "own_stretched"])


def mean_score(runs: Sequence[RunFolder], *keys: str) -> float:
    """Average the number at a path of keys in ``metrics.json`` over runs; undefined ones are left out."""
    return float(pd.Series([look_up(run.metrics, keys) for run in runs], dtype=float).mean())


def alpha_trajectories(runs: Sequence[RunFolder]) -> pd.DataFrame:
    """Collect α of every class, run and epoch.

    Returns
    -------
    table : DataFrame
        ``method, run, epoch, event_label, alpha, bound, is_kept``: the columns of ``alpha.csv``, the run's name and
        whether its weights of that epoch were kept. Empty if no run learnt an α.
    """
    tables = [pd.DataFrame(columns=["method", "run", "epoch", "event_label", "alpha", "bound", "is_kept"])]
    for method, own in by_method(runs).items():
        for run in own:
            if (alpha := run.alpha) is not None:
                is_kept = alpha["epoch"] == kept_epoch(run.history)
                tables.append(alpha.assign(method=method, run=run.name, is_kept=is_kept))
    return _stacked(tables)


def kept_alphas(trajectories: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of `alpha_trajectories` of the epochs whose weights were kept."""
    return trajectories[trajectories["is_kept"].astype(bool)].drop(columns="is_kept")


def threshold_curves(runs: Sequence[RunFolder]) -> pd.DataFrame:
    """Precision and recall of every run at every threshold.

    Returns
    -------
    table : DataFrame
        ``method, run, threshold, precision, recall, f1``; empty if no run holds its curve.
    """
    tables = [pd.DataFrame(columns=["method", "run", "threshold", "precision", "recall", "f1"])]
    for method, own in by_method(runs).items():
        for run in own:
            if (curve := run.curve) is not None:
                tables.append(curve.assign(method=method, run=run.name))
    return _stacked(tables)


def event_durations(runs: Sequence[RunFolder]) -> pd.DataFrame | None:
    """Percentiles of event durations, each the mean over the folds of the corpus.

    Returns
    -------
    table : DataFrame or None
        Index `event_label`; the columns of `sedpool.datasets.statistics.duration_percentiles`, `events` being the
        mean too. None if no run says.
    """
    known = {run.dataset: durations for run in runs if (durations := run.durations) is not None}
    if not known:
        return None
    return pd.concat(known.values()).groupby("event_label", sort=False).mean()


def _stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """All rows, in the columns of the first table, which is empty."""
    if len(tables) == 1:
        return tables[0]
    return pd.concat(tables[1:], ignore_index=True)[list(tables[0].columns)]
