"""Every published number beside the one that our runs give, and whether the two agree.

A published number is only compared with runs on the same, whole corpus, with or without augmentation as published; it
has nothing beside it if there are no such runs.

**Which interval.** The published number comes from one run (on MedleyDB from ten splits) on the same test clips as
ours. The two differ by chance in training, so the right interval is that of one further run: with five or more seeds or
splits, mean ± t · s · √(1/n + 1/k), where the published number is the mean of k runs. Fewer runs do not estimate s well
enough; then the interval is the bootstrap over test clips of the mean over runs, by the published evaluation. It takes
clips as independent, which is not quite true for the contaminated reference of URBAN-SED. Without counts per clip, two
or more runs have the first interval, however wide, and a single run has none.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import BASELINE_TITLES, UNDEFINED
from sedpool.comparison.means import run_mean
from sedpool.comparison.tables import look_up, metric_values
from sedpool.comparison.validity import flagged_runs
from sedpool.datasets.base import usable_and_listed
from sedpool.errors import DataError
from sedpool.evaluation.paper_compat import CORPORA, static_rule
from sedpool.reports.document import Cell, Section, TableBlock, TableRow, number_cell
from sedpool.reproduction.published import (
    COLUMN_GROUPS,
    COLUMN_TITLES,
    COLUMNS,
    METHODS,
    METRICS,
    TABLES,
    TITLES,
    published_cells,
    read_tables,
)
from sedpool.run_folder import RunFolder
from sedpool.stats.replicates import MetricKey
from sedpool.stats.resampling import CONFIDENCE_LEVEL

TOLERANCE = 0.02
"""How far outside our interval a published number may lie and still count as reproduced."""
ENOUGH_RUNS = 5
"""From how many seeds or splits their standard deviation is used."""
N_CLIPS = {"urbansed": 10_000, "dcase2017": 52_763, "medleydb": 531}
"""Clips listed in all splits of each corpus of the paper, with or without audio."""
_PUBLISHED_RUNS = {"urbansed": 1, "dcase2017": 1, "medleydb": 10}
_KEYS = ("dataset", "augmented", "method", "column")
_NUMBERS = ("paper_compat", "low", "high", "correct", "tuned", "own_stretched", "true_tags", "spread", "coverage")
_OURS = (*_NUMBERS, "interval", "n_runs", "n_flagged")
_ROW_TITLES = {"paper_compat": "ours, published evaluation", "correct": "ours, correct", "tuned": "ours, tuned"}


def published_comparison(groups: Iterable[RunGroup]) -> pd.DataFrame:
    """Compare every published number with that of our runs.

    Parameters
    ----------
    groups : iterable of RunGroup
        Any runs; those on other corpora than the paper's, or on a part of one, are ignored.

    Returns
    -------
    table : DataFrame
        The columns of `sedpool.reproduction.published.published_cells` and these: the mean over runs by the published
        evaluation (`paper_compat`) with its 95 % interval (`low`, `high`) and the source of the interval (`interval`:
        ``"clips"``, ``"runs"`` or empty); the mean by the correct evaluation at threshold 0.5 (`correct`) and with
        thresholds tuned on validation (`tuned`); for dynamic metrics, the score of the runs' own clip decisions at 0.5
        (`own_stretched`) and of the true tags (`true_tags`), both stretched over the clip; the standard deviation of
        `paper_compat` over seeds or splits (`spread`); `n_runs`, and how many of these are not valid (`n_flagged`);
        `coverage`, the share of test clips that were scored; and `verdict`: ``"inside"`` our interval ± `TOLERANCE`,
        ``"ours is lower"`` or ``"ours is higher"``. NaN and empty where there are no runs.

    Raises
    ------
    DataError
        If two groups of runs are on the same corpus, both with augmentation or both without.
    """
    found: dict[tuple[str, bool], RunGroup] = {}
    for group in filter(is_whole, groups):
        corpus, augmented = group.corpus, is_augmented(group)
        if (other := found.setdefault((corpus, augmented), group)) is not group:
            raise DataError(
                f"{other.name} and {group.name}: both are runs on {corpus} {'with' if augmented else 'without'} "
                "augmentation, but only one can be compared with the published numbers; leave the other out"
            )
    rows = [
        {"dataset": corpus, "augmented": augmented, "method": method} | row
        for (corpus, augmented), group in found.items()
        for method, runs in group.runs.items()
        for row in _compare_method(corpus, list(runs))
    ]
    ours = pd.DataFrame(rows, columns=[*_KEYS, *_OURS]).astype({"augmented": bool})
    table = published_cells().merge(ours, how="left", on=list(_KEYS))
    table = table.fillna({"interval": "", "n_runs": 0, "n_flagged": 0})
    verdicts = [
        _verdict(*row)
        for row in table[["n_runs", "published", "paper_compat", "low", "high"]].itertuples(index=False, name=None)
    ]
    return table.assign(verdict=verdicts).astype({"n_runs": int, "n_flagged": int} | dict.fromkeys(_NUMBERS, float))


def is_augmented(group: RunGroup) -> bool:
    """Return whether the runs were trained on clips with shifted pitch too."""
    return any(run.config.get("augment", {}).get("pitch_shift") for run in group)


def is_whole(group: RunGroup) -> bool:
    """Return whether the runs are on a whole corpus of the paper, not on a part of it or on another of its name."""
    if group.corpus not in N_CLIPS:
        return False
    expected = N_CLIPS[group.corpus]
    listed = [usable_and_listed(run.manifest)[1] if run.manifest else 0 for run in group]
    # Annotations were revised after publication, so the number of clips may differ a little.
    return all(abs(n_clips - expected) <= expected / 20 for n_clips in listed)


def _compare_method(corpus: str, runs: Sequence[RunFolder]) -> Iterator[dict[str, Any]]:
    """Compute our numbers of one method, a row for every column of a published table."""
    values = pd.DataFrame([metric_values(run) | {"fold": run.fold, "seed": run.config["seed"]} for run in runs])
    by_part = values.groupby("fold" if len(set(values["fold"])) > 1 else "seed").mean()
    intervals = _clip_intervals(corpus, runs) if len(by_part) < ENOUGH_RUNS else {}
    coverage = min(run.metrics["coverage"]["scored"] / run.metrics["coverage"]["expected"] for run in runs)
    for column, metric in METRICS.items():
        parts = by_part[f"paper_{column}"]
        low, high = intervals.get(column) or further_runs_interval(parts.to_numpy(), _PUBLISHED_RUNS[corpus])
        yield {
            "column": column,
            "paper_compat": values[f"paper_{column}"].mean(),
            "low": low,
            "high": high,
            "interval": "clips" if column in intervals else "" if np.isnan(low) else "runs",
            "correct": values[metric].mean(),
            "tuned": values[f"tuned_{metric}"].mean(),
            "own_stretched": _stretched(runs, "clip_decisions_stretched", column),
            "true_tags": _stretched(runs, "oracle_tags_stretched", column),
            "spread": parts.std(ddof=1),
            "n_runs": len(runs),
            "n_flagged": len(flagged_runs(runs)),
            "coverage": coverage,
        }


def _stretched(runs: Sequence[RunFolder], baseline: str, column: str) -> float:
    """Average a baseline's score in a dynamic column over runs; return NaN for a static one, which has none."""
    level, _, metric = column.partition("_")
    if level == "static":
        return float("nan")
    found = [look_up(run.metrics, ("baselines", baseline, "segment", "micro", metric)) for run in runs]
    return float(pd.Series(found, dtype=float).mean())


def further_runs_interval(values: npt.ArrayLike, n_further: int) -> tuple[float, float]:
    """Compute the 95 % prediction interval for the mean of further runs.

    Parameters
    ----------
    values : array_like of float, shape (runs,)
        Scores of the runs that there are.
    n_further : int
        Number of further runs in the mean.

    Returns
    -------
    low, high : float
        Mean ± t · s · √(1/n + 1/k), Student's t with n − 1 degrees of freedom; NaN for fewer than two runs.

    Examples
    --------
    >>> low, high = further_runs_interval([0.50, 0.51, 0.52, 0.53, 0.54], 1)
    >>> round(low, 3), round(high, 3)
    (0.472, 0.568)
    """
    given = np.asarray(values, dtype=np.float64)
    if given.size < 2:
        return float("nan"), float("nan")
    quantile = stats.t.ppf((1 + CONFIDENCE_LEVEL) / 2, given.size - 1)
    half = quantile * given.std(ddof=1) * math.sqrt(1 / given.size + 1 / n_further)
    return float(given.mean() - half), float(given.mean() + half)


def _clip_intervals(corpus: str, runs: Sequence[RunFolder]) -> dict[str, tuple[float, float]]:
    """Bootstrap each column's mean over runs; leave out columns for which a run has no counts per clip."""
    found: dict[str, tuple[float, float]] = {}
    for level, part in (("static", static_rule(corpus)), ("dynamic", "dynamic")):
        keys: dict[str, MetricKey] = {
            # All are micro averages except static F1.
            column: ("macro" if column == "static_f1" else "micro", "", column.partition("_")[2])
            for column in METRICS
            if column.startswith(level)
        }
        mean = run_mean(runs, part, table="paper_counts")
        ends = {} if mean is None else mean.intervals(set(keys.values()).__contains__)
        found |= {column: ends[key] for column, key in keys.items() if key in ends}
    return found


def _verdict(n_runs: float, published: float, ours: float, low: float, high: float) -> str:
    if not n_runs or math.isnan(ours):
        return ""
    low, high = (ours if math.isnan(end) else end for end in (low, high))
    if low - TOLERANCE <= published <= high + TOLERANCE:
        return "inside"
    return "ours is lower" if published > high else "ours is higher"


def published_comparison_sections(table: pd.DataFrame) -> list[Section]:
    """Write Tables I to III with ours, and below each the details of the comparison if there are runs.

    Parameters
    ----------
    table : DataFrame
        The result of `published_comparison`.
    """
    sections = [_table_section(corpus, table[(table["dataset"] == corpus) & table["augmented"]]) for corpus in CORPORA]
    unaugmented = _details_block("Ledger of runs without augmentation", table[~table["augmented"]])
    paragraph = "The authors published the results of these runs with their code, but not in the paper."
    return [*sections, Section("URBAN-SED without augmentation", [paragraph, unaugmented])]


def _table_section(corpus: str, cells: pd.DataFrame) -> Section:
    """Write one of the paper's tables with ours below each published row."""
    ran = set(cells.loc[cells["n_runs"] > 0, "method"])
    of_corpus = read_tables().query("dataset == @corpus")
    best = {column: of_corpus[column].agg("min" if column.endswith("error_rate") else "max") for column in COLUMNS}
    rows, baselines = [], []
    for method in [method for method in METHODS if method in set(cells["method"])]:
        own = cells[cells["method"] == method].set_index("column")
        values = own["published"]
        published = [replace(published_cell(values[name]), best=values[name] == best[name]) for name in COLUMNS]
        rows.append(TableRow(f"{method}, published", published))
        if method in ran:
            is_flagged = bool(own["n_flagged"].any())
            rows += [
                TableRow(f"{method}, {title}", _number_cells(own[name]), is_flagged=is_flagged)
                for name, title in _ROW_TITLES.items()
            ]
            title = f"{method}: {BASELINE_TITLES['clip_decisions_stretched']}"
            baselines.append(TableRow(title, _number_cells(own["own_stretched"]), is_baseline=True))
    note = "The best published numbers are bold, strong included. Static F1 is a macro average, the others are micro "
    note += "averages. The paper has no published rows for stretched tags"
    if ran:
        note += ", and none of ours is compared with its methods."
        true_tags = cells.groupby("column")["true_tags"].mean()
        baselines.append(TableRow(BASELINE_TITLES["oracle_tags_stretched"], _number_cells(true_tags), is_baseline=True))
    else:
        note += "; those of the corpora of this study are in the tables of its scores. No run here was on this whole "
        note += "corpus as published, so there are no numbers of ours."
    block = TableBlock(
        f"Table {TABLES[corpus]}",
        f"{TITLES[corpus]}: published" + (" and ours" if ran else ""),
        COLUMN_TITLES,
        [*rows, *baselines],
        row_title="method",
        groups=COLUMN_GROUPS,
        note=note,
    )
    details = [_details_block(f"Ledger {TABLES[corpus]}", cells[cells["n_runs"] > 0])] if ran else []
    return Section(f"Table {TABLES[corpus]}: {TITLES[corpus]}", [block, *details])


def _number_cells(values: "pd.Series[float]") -> list[Cell]:
    return [number_cell(values[column]) for column in COLUMNS]


def published_cell(value: float) -> Cell:
    """Write a published number with the digits that were published: three decimals, or two for 1 and above."""
    return number_cell(value, digits=2 if value >= 1 else 3)


def _details_block(name: str, cells: pd.DataFrame) -> TableBlock:
    """Write one row per published number, with our interval and the verdict."""
    rows = []
    for cell in cells.to_dict("records"):
        low, high, kind = cell["low"], cell["high"], cell["interval"]
        texts = [
            published_cell(cell["published"]),
            number_cell(cell["paper_compat"]),
            Cell(f"{low:.3f} to {high:.3f} ({kind})", interval=(low, high)) if kind else Cell(UNDEFINED),
            *(number_cell(cell[key]) for key in ("correct", "tuned", "spread")),
            Cell(f"{cell['n_runs']}"),
            Cell(UNDEFINED if pd.isna(cell["coverage"]) else f"{cell['coverage']:.1%}"),
            Cell(cell["verdict"]),
        ]
        title = f"{cell['method']}, {cell['column'].replace('_', ' ')}"
        rows.append(TableRow(title, texts, is_flagged=cell["n_flagged"] > 0))
    return TableBlock(
        name,
        "Every cell, ours and the verdict",
        ("published", _ROW_TITLES["paper_compat"], "95 %", "correct", "tuned", "spread", "runs", "clips", "verdict"),
        rows,
        row_title="cell",
        note=f"Inside: the published number lies in our interval ± {TOLERANCE}. With {ENOUGH_RUNS} or more seeds or "
        "splits it is the interval of further runs, otherwise that of the bootstrap over test clips. Spread: the "
        "standard deviation over seeds or splits.",
    ).without_blank_columns()
