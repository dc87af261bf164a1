"""How much do scores differ between trainings that differ by their seed alone? Mean and standard deviation."""

from collections.abc import Sequence

import pandas as pd


def over_seeds(table: pd.DataFrame, *, by: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    """Compute mean and standard deviation of each metric over the runs of each group.

    Parameters
    ----------
    table : DataFrame
        One row per run.
    by : sequence of str
        Columns that name a group, e.g. dataset and method.
    metrics : sequence of str
        Columns to average.

    Returns
    -------
    summary : DataFrame
        One row per group: the columns `by`, `n_runs`, and for every metric ``<metric>_mean`` and ``<metric>_sd``. The
        standard deviation is that of a sample (divided by one less than the runs), NaN for a single run.

    Examples
    --------
    >>> runs = pd.DataFrame({"method": ["cap", "cap"], "seed": [0, 1], "f1": [0.5, 0.7]})
    >>> over_seeds(runs, by=["method"], metrics=["f1"]).round(3)
      method  n_runs  f1_mean  f1_sd
    0    cap       2      0.6  0.141
    """
    groups = table.groupby(list(by), sort=False)
    columns: dict[str, pd.Series] = {"n_runs": groups.size()}
    for metric in metrics:
        columns |= {f"{metric}_mean": groups[metric].mean(), f"{metric}_sd": groups[metric].std(ddof=1)}
    return pd.DataFrame(columns).reset_index()
