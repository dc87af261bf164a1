"""Intervals of one run's scores over its test clips, as a table that says nothing of the clips themselves."""

import pandas as pd

from sedpool.comparison.means import Table, run_mean
from sedpool.run_folder import RunFolder

KEY_COLUMNS = ("decoding", "level", "average", "event_label", "metric")
COLUMNS = (*KEY_COLUMNS, "low", "high")
DECODINGS: dict[str, Table] = {"as set": "counts", "tuned": "tuned_counts"}
"""The counts that hold the decisions of each decoding."""
_SHOWN = {(average, "f1") for average in ("micro", "macro", "class_wise")} | {
    ("micro", "precision"),
    ("micro", "recall"),
}
"""Average and metric of the scores that get an interval."""


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
            found = {} if mean is None else mean.intervals(lambda key: key[::2] in _SHOWN)
            rows += [(decoding, level, *key, *ends) for key, ends in found.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))
