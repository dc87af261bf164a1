"""Scores of each method as one property of the data changes, as a table."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.comparison.means import run_mean
from sedpool.comparison.method_tables import alpha_trajectories, by_method, kept_alphas, mean_score
from sedpool.run_folder import RunFolder

_F1 = ("segment", "micro", "f1")


def axis_table(conditions: Mapping[str, Sequence[RunFolder]]) -> pd.DataFrame:
    """Collect what each method reached under each condition.

    Parameters
    ----------
    conditions : mapping of str to sequence of RunFolder
        Finished runs with strong labels, by the value of the property, in order.

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
            mean = run_mean(own)
            intervals = {} if mean is None else mean.intervals(lambda key: key == ("micro", "", "f1"))
            low, high = intervals.get(("micro", "", "f1"), (np.nan, np.nan))
            rows.append(
                {
                    "condition": condition,
                    "method": method,
                    "f1": mean_score(own, *_F1),
                    "low": low,
                    "high": high,
                    "own_stretched": mean_score(own, "baselines", "clip_decisions_stretched", *_F1),
                    "alpha": float(kept["alpha"].mean()),
                    "bound": float(kept["bound"].max()),
                }
            )
    return pd.DataFrame(rows)
