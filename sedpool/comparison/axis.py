"""How does a method fare as one property of the data changes? What it reached under each condition, as a table."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.comparison.means import run_mean
from sedpool.comparison.method_tables import alpha_trajectories, by_method, kept_alphas
from sedpool.run_folder import RunFolder
from sedpool.stats.resampling import clip_weights, interval_table

_KEY = ("micro", "", "f1")


def axis_table(conditions: Mapping[str, Sequence[RunFolder]]) -> pd.DataFrame:
    """What each method reached under each condition.

    Parameters
    ----------
    conditions : mapping of str to sequence of RunFolder
        Finished runs with strong labels, by what was different, in order.

    Returns
    -------
    table : DataFrame
        ``condition, method, f1, low, high, own_stretched, alpha, bound``: mean dynamic F1 with its 95 % interval (NaN
        for a run without counts), that of the runs' own clip decisions stretched, mean α over classes and runs, and
        CAP's bound (NaN where there are none).
    """
    rows = []
    for condition, runs in conditions.items():
        for method, own in by_method(runs).items():
            kept = kept_alphas(alpha_trajectories(own))
            stretched = [run.metrics["baselines"]["clip_decisions_stretched"] for run in own]
            rows.append(
                {
                    "condition": condition,
                    "method": method,
                    "f1": _mean_f1([run.metrics for run in own]),
                    **_interval(own),
                    "own_stretched": _mean_f1(stretched),
                    "alpha": float(kept["alpha"].mean()),
                    "bound": float(kept["bound"].max()),
                }
            )
    return pd.DataFrame(rows)


def _mean_f1(metrics: Sequence[Mapping[str, Mapping[str, Mapping[str, float]]]]) -> float:
    return float(pd.Series([one["segment"]["micro"]["f1"] for one in metrics], dtype=float).mean())


def _interval(runs: Sequence[RunFolder]) -> dict[str, float]:
    mean = run_mean(runs)
    if mean is None or len(mean.clips) < 2:
        return {"low": np.nan, "high": np.nan}
    row = interval_table(
        lambda weights: {_KEY: mean.statistic(weights)[_KEY]}, clip_weights(len(mean.clips)), sources=mean.sources
    ).iloc[0]
    return {"low": float(row["low"]), "high": float(row["high"])}
