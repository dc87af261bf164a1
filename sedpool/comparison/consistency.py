"""Consistency of a run's files: its metrics against the counts that comparisons start from."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from sedpool.evaluation.counts_table import counts_of
from sedpool.run_folder import RunFolder

_LEVELS = ("clip", "segment", "event")
_ROUNDING = 1e-9


def contradiction(run: RunFolder) -> str | None:
    """Name the first number in ``metrics.json`` that differs from what follows from the run's counts.

    Returns one line, or None if all agree or there are no counts. What an earlier version did not write is ignored.
    """
    for where, file, table, metrics in (
        ("", "counts.parquet", run.counts, run.metrics),
        ("tuned ", "tuned_counts.parquet", run.tuned_counts, run.metrics.get("tuned")),
    ):
        if table is None or metrics is None:
            continue
        for place, counted, written in _pairs(table, metrics):
            if counted is not written and (counted is None or written is None or abs(counted - written) > _ROUNDING):
                return f"{run.name}: metrics.json has {where}{place} {written}, {file} gives {counted}"
    return None


def _pairs(table: pd.DataFrame, metrics: Mapping[str, Any]) -> Iterator[tuple[str, float | None, float | None]]:
    """Yield the place of every number, its value by the counts, and the value that is written."""
    for level in _LEVELS:
        counts, written = counts_of(table, level), metrics.get(level)
        if counts is None or written is None:
            continue
        counted = counts.metrics()
        parts = {"micro": (counted["micro"], written["micro"])}
        parts |= {
            label: (rates, written["class_wise"].get(label, {})) for label, rates in counted["class_wise"].items()
        }
        for place, (rates, others) in parts.items():
            for name in rates:
                if name in others and name != "note":
                    yield f"{level} {place} {name}", rates[name], others[name]
