"""How sure is a whole evaluation? Intervals of all its metrics, from the same resamples of its clips."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from gettext import ngettext
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import ConfigError, EvaluationError
from sedpool.evaluation.validation import listed
from sedpool.runtime.arrays import BoolArray, Float64Array
from sedpool.stats.clusters import membership
from sedpool.stats.replicates import MetricKey, Statistic
from sedpool.stats.resampling import COLUMNS, CONFIDENCE_LEVEL, N_RESAMPLES, clip_weights, interval_table

Ends = tuple[float | None, ...]
"""Low and high end; None where they are undefined."""

FEWEST, MOST = 100, 100_000
"""Resamples: fewer have no outermost fortieth, and for more the clips would have to be drawn in parts."""


@dataclass(frozen=True)
class Intervals:
    """Intervals of the metrics of several levels.

    Attributes
    ----------
    table : DataFrame
        ``level`` and the columns of `sedpool.stats.resampling.interval_table`.
    n_resamples, seed : int
        Resamples of clips, and the seed of the draws.
    n_sources : int or None
        Recordings that the clips were made from, if intervals were widened for those that they share.
    """

    table: pd.DataFrame
    n_resamples: int
    seed: int
    n_sources: int | None

    def ends(self, level: str, key: MetricKey) -> Ends:
        """Return the interval of one metric."""
        return self._by_key.get((level, *key), (None, None))

    def description(self) -> dict[str, Any]:
        """Describe how they were found, and nest ``{level: {average: {metric: [low, high]}}}`` like the metrics.

        PSDS is ``{"psds": {scenario: [low, high]}}``. Undefined ends are None.
        """
        nested: dict[str, Any] = {}
        for (level, average, label, metric), ends in self._by_key.items():
            parts = [level] if level == "psds" else [level, average, *([label] if label else [])]
            part = reduce(lambda inner, name: inner.setdefault(name, {}), parts, nested)
            part[average if level == "psds" else metric] = list(ends)
        drawn = {"n_resamples": self.n_resamples, "seed": self.seed, "n_sources": self.n_sources}
        return {"share": CONFIDENCE_LEVEL, **drawn, **nested}

    def columns(self, metrics: Sequence[str]) -> pd.DataFrame:
        """Tabulate ``level, average, event_label, <metric>_low, <metric>_high`` of some metrics, one row per class."""
        rows: dict[tuple[str, ...], dict[str, float | None]] = {}
        for (*place, metric), (low, high) in self._by_key.items():
            rows.setdefault(tuple(place), {}).update({f"{metric}_low": low, f"{metric}_high": high})
        keys = ["level", "average", "event_label"]
        table = pd.DataFrame([dict(zip(keys, place, strict=True)) | ends for place, ends in rows.items()])
        columns = [f"{name}_{end}" for name in metrics for end in ("low", "high")]
        return table.reindex(columns=[*keys, *columns])

    @cached_property
    def _by_key(self) -> dict[tuple[str, ...], Ends]:
        keys = self.table[["level", "average", "event_label", "metric"]].itertuples(index=False, name=None)
        ends = (
            tuple(None if pd.isna(end) else float(end) for end in row) for row in self.table[["low", "high"]].to_numpy()
        )
        return dict(zip(keys, ends, strict=True))


def intervals(
    statistics: Iterable[tuple[str, Statistic]],
    filenames: Sequence[str],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    sources: pd.DataFrame | None = None,
    counted: BoolArray | None = None,
) -> Intervals:
    """Compute 95 % intervals of every metric.

    Parameters
    ----------
    statistics : iterable of (str, Statistic)
        Statistics of the same clips, each with its level; a level may have several.
    filenames : sequence of str
        The clips, in the order of the statistics.
    n_resamples, seed : int
        As in `sedpool.stats.resampling.clip_weights`.
    sources : DataFrame, optional
        `filename` and `source`: the recordings that clips were made from. Where they share any, intervals are widened.
    counted : ndarray of bool, shape (clips,), optional
        The clips to draw from, all by default; the others weigh nothing.

    Raises
    ------
    ConfigError
        If there are fewer than 100 resamples or more than 100,000, or the seed is negative.
    EvaluationError
        If there are fewer than two clips, or `sources` lack one.
    """
    if not FEWEST <= n_resamples <= MOST:
        raise ConfigError(f"resamples: {n_resamples}; expected {FEWEST} to {MOST} for 95 % intervals")
    if seed < 0:
        raise ConfigError(f"seed: {seed}; expected 0 or more")
    shared = None if sources is None else membership(filenames, sources)
    if shared is not None:
        has_source = np.asarray(shared.sum(axis=1)).ravel() > 0
        missing = [name for name, is_known in zip(filenames, has_source, strict=True) if not is_known]
        if missing:
            has = ngettext("has", "have", len(missing))
            raise EvaluationError(
                f"clip sources: {len(missing)} of {len(filenames)} clips {has} none ({listed(missing, '; ')}); "
                "give each a row, with a source of its own where it shares none"
            )
    kept = np.arange(len(filenames)) if counted is None else np.flatnonzero(counted)
    shared = None if shared is None else shared[kept]

    def of_kept(statistic: Statistic) -> Statistic:
        def weighed(weights: npt.ArrayLike) -> Mapping[MetricKey, Float64Array]:
            every = np.zeros((len(np.asarray(weights)), len(filenames)))
            every[:, kept] = weights
            return statistic(every)

        return weighed if len(kept) < len(filenames) else statistic

    weights = clip_weights(len(kept), n_resamples=n_resamples, seed=seed)
    tables = [
        interval_table(of_kept(statistic), weights, confidence_level=CONFIDENCE_LEVEL, sources=shared).assign(
            level=level
        )
        for level, statistic in statistics
    ]
    table = pd.concat(tables, ignore_index=True)[["level", *COLUMNS]]
    return Intervals(table, n_resamples, seed, None if shared is None else int(shared.shape[1]))
