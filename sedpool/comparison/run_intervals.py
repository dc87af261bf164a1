"""Intervals of one run's scores over its test clips, as a table that says nothing of the clips themselves."""

import pandas as pd

from sedpool.comparison.means import Table, run_mean
from sedpool.run_folder import RunFolder
from sedpool.stats.replicates import MetricKey

KEY_COLUMNS = ("decoding", "level", "average", "event_label", "metric")
COLUMNS = (*KEY_COLUMNS, "low", "high")
DECODINGS: dict[str, Table] = {"as set": "counts", "tuned": "tuned_counts"}
"""The counts that hold the decisions of each decoding."""


def run_intervals(run: RunFolder) -> pd.DataFrame:
    """Compute the 95 % intervals of F1, and of micro precision and recall, at every level and decoding of a run.

    Where test clips share recordings, intervals are widened for that (see `sedpool.stats.resampling`).

    Returns
    -------
    table : DataFrame
        `COLUMNS`; no rows for a run without counts.
    """
    rows = []
    for decoding, table in DECODINGS.items():
        for level in ("clip", "segment", "event"):
            mean = run_mean([run], level, table=table)
            found = {} if mean is None else mean.intervals(_is_shown)
            rows += [(decoding, level, *key, *ends) for key, ends in found.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _is_shown(key: MetricKey) -> bool:
    average, _, metric = key
    return metric == "f1" if average in ("macro", "class_wise") else average == "micro" and metric != "error_rate"
