"""Finding 4: whether learned α falls as a class's events last longer, and whether CAP's bound is reached."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sedpool.analysis.alpha import alpha_and_duration, rank_correlation
from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import UNDEFINED
from sedpool.comparison.method_tables import event_durations
from sedpool.comparison.validity import flagged_runs, rests_on
from sedpool.reports.document import Cell, TableBlock, TableRow, number_cell
from sedpool.reproduction.contrasts import OTHER_CLAIMS
from sedpool.reproduction.effects import Verdict
from sedpool.run_folder import AT_BOUND, RunFolder
from sedpool.stats.power import SIGNIFICANCE_LEVEL

COLUMNS = (
    *("study", "finding", "claim", "method", "effect", "n_classes", "n_runs", "agreeing", "p_value"),
    *("n_flagged", "verdict", "remark"),
)


def alpha_table(groups: Iterable[RunGroup]) -> pd.DataFrame:
    """Judge finding 4 in every group that has runs of Auto or CAP.

    Returns
    -------
    table : DataFrame
        `COLUMNS`. For 4a, `effect` is Spearman's ρ over classes between the mean α of all runs and the median duration
        of events, `agreeing` is the number of runs (of `n_runs`) with a negative ρ, and `p_value` is one-sided. For
        4b, `effect` is the share of classes at the bound over all runs, and `agreeing` is the number of runs with all
        classes at it; it held if this is true of every run. A single run decides neither. `n_flagged` of the runs are
        not valid.
    """
    rows: list[dict[str, Any]] = []
    for group in groups:
        for method, judge in (("auto", _judge_fall), ("cap", _judge_bound)):
            runs = [run for run in group.runs.get(method, ()) if run.alpha is not None]
            if runs:
                flagged = flagged_runs(runs)
                row: dict[str, Any] = {
                    "study": group.name,
                    "method": method,
                    "n_runs": len(runs),
                    "n_flagged": len(flagged),
                }
                row |= judge(runs)
                if len(runs) < 2:
                    row["verdict"] = "not decidable"
                rows.append(row | {"remark": "; ".join(filter(None, [row["remark"], rests_on(flagged)]))})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def mean_alpha_and_duration(runs: Iterable[RunFolder]) -> pd.DataFrame:
    """Average over runs the α and the median event duration of every class with events.

    Returns
    -------
    table : DataFrame
        Of `sedpool.analysis.alpha.alpha_and_duration`; empty if no run says how long events last.
    """
    known = [run for run in runs if run.durations is not None]
    durations = event_durations(known)
    if durations is None:
        return pd.DataFrame(columns=["event_label", "alpha", "median"])
    return alpha_and_duration(pd.concat([run.kept_alpha for run in known if run.kept_alpha is not None]), durations)


def falls_with_duration(table: pd.DataFrame) -> tuple[float, float, Verdict]:
    """Test whether α falls with duration: compute Spearman's ρ over classes, its one-sided p-value and the verdict.

    The claim that α falls **held** if p ≤ 0.05 (see `rank_correlation`); it did **not hold** if α rises as clearly;
    otherwise it is **not decidable** with so few classes.

    Parameters
    ----------
    table : DataFrame
        The result of `mean_alpha_and_duration`.
    """
    if len(table) < 2:
        return float("nan"), float("nan"), "not decidable"
    rho, p_falls = rank_correlation(table)
    _, p_rises = rank_correlation(table.assign(alpha=-table["alpha"]))
    verdict: Verdict = (
        "held" if p_falls <= SIGNIFICANCE_LEVEL else "not held" if p_rises <= SIGNIFICANCE_LEVEL else "not decidable"
    )
    return rho, p_falls, verdict


def _judge_fall(runs: list[RunFolder]) -> dict[str, Any]:
    """Judge 4a on the runs of Auto."""
    table = mean_alpha_and_duration(runs)
    rho, p_value, verdict = falls_with_duration(table)
    each = [rank_correlation(mean_alpha_and_duration([run]))[0] for run in runs if run.durations is not None]
    if len(table):
        remark = f"typical events last {table['median'].min():.2f} to {table['median'].max():.2f} s"
    else:
        remark = "runs do not say how long events last: `sedpool tune` scores them again"
    return {
        "finding": "4a",
        "claim": OTHER_CLAIMS["4a"],
        "effect": rho,
        "p_value": p_value,
        "verdict": verdict,
        "n_classes": len(table),
        "agreeing": int((np.array(each) < 0).sum()),
        "remark": remark,
    }


def _judge_bound(runs: list[RunFolder]) -> dict[str, Any]:
    """Judge 4b on the runs of CAP."""
    kept = [run.kept_alpha for run in runs if run.kept_alpha is not None]
    reached = [part["alpha"].abs() >= AT_BOUND * part["bound"] for part in kept]
    free = pd.concat([part.loc[~at, "event_label"] for part, at in zip(kept, reached, strict=True)]).value_counts()
    share = float(np.mean([at.mean() for at in reached]))
    staying = ", ".join(f"{label} {n}" for label, n in free.items())
    return {
        "finding": "4b",
        "claim": OTHER_CLAIMS["4b"],
        "effect": share,
        "p_value": float("nan"),
        "verdict": "held" if share == 1 else "not held",
        "n_classes": len(reached[0]),
        "agreeing": sum(bool(part.all()) for part in reached),
        "remark": f"runs in which a class stays free of it: {staying}" if staying else "",
    }


def alpha_blocks(alphas: pd.DataFrame) -> list[TableBlock]:
    """Write `alpha_table` as a table of the report; none if it is empty."""
    if alphas.empty:
        return []
    rows = [
        TableRow(
            f"{row['study']}, {row['finding']}: {row['claim']}",
            [
                number_cell(row["effect"]),
                Cell(f"{row['agreeing']} of {row['n_runs']}"),
                Cell(UNDEFINED if math.isnan(row["p_value"]) else f"{row['p_value']:.4f}"),
                Cell(row["verdict"]),
                Cell(row["remark"]),
            ],
            is_flagged=row["n_flagged"] > 0,
        )
        for row in alphas.to_dict("records")
    ]
    note = "4a: Spearman's ρ over classes; p is one-sided, by permutation. 4b: share of classes at the bound, all runs."
    columns = ("ρ or share", "runs agreeing", "p", "verdict", "remark")
    return [TableBlock("", "Finding 4: α and event durations", columns, rows, row_title="claim", note=note)]
