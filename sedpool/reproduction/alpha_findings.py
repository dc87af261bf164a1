"""Finding 4: whether learned α falls as a class's events last longer, and whether CAP's bound is reached."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sedpool.analysis.alpha import rank_correlation
from sedpool.comparison.groups import RunGroup
from sedpool.comparison.validity import flagged_runs, rests_on
from sedpool.reproduction.contrasts import OTHER_CLAIMS
from sedpool.reproduction.effects import Verdict
from sedpool.run_folder import AT_BOUND, RunFolder, kept_epoch
from sedpool.stats.power import SIGNIFICANCE_LEVEL

COLUMNS = (
    *("study", "finding", "claim", "method", "effect", "n_classes", "n_runs", "agreeing", "p_value"),
    *("n_flagged", "verdict", "remark"),
)


def alpha_table(groups: Iterable[RunGroup]) -> pd.DataFrame:
    """Finding 4 in every group that has runs of Auto or CAP.

    Returns
    -------
    table : DataFrame
        `COLUMNS`. Of 4a, `effect` is Spearman's ρ over the classes between the mean α of all runs and the median
        duration of events, `agreeing` how many of the `n_runs` have a negative one, and `p_value` one-sided. Of 4b,
        `effect` is the share of classes at the bound over all runs, and `agreeing` the runs where all are: that held if
        it is so in every run. Neither is decidable with a single run. `n_flagged` of the runs are not valid.
    """
    rows: list[dict[str, Any]] = []
    for group in groups:
        rows += [_falls(group, runs) for runs in [_runs_of("auto", group)] if runs]
        rows += [_at_bound(group, runs) for runs in [_runs_of("cap", group)] if runs]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def alpha_and_duration(runs: Iterable[RunFolder]) -> pd.DataFrame:
    """Mean α of some runs, and mean over their corpora of the median duration, of every class with events.

    Returns
    -------
    table : DataFrame
        ``event_label, alpha, median`` (seconds), by duration.
    """
    parts = [
        kept_alpha(run).merge(run.durations[["event_label", "duration_50"]].dropna(), on="event_label")
        for run in runs
        if run.durations is not None
    ]
    if not parts:
        return pd.DataFrame(columns=["event_label", "alpha", "median"])
    table = pd.concat(parts).groupby("event_label")[["alpha", "duration_50"]].mean().reset_index()
    return table.rename(columns={"duration_50": "median"}).sort_values("median", ignore_index=True)


def kept_alpha(run: RunFolder) -> pd.DataFrame:
    """α of every class in the kept epoch: ``event_label, alpha, bound``; empty if the pooling has none."""
    if run.alpha is None:
        return pd.DataFrame(columns=["event_label", "alpha", "bound"])
    kept = run.alpha["epoch"] == kept_epoch(run.history)
    return run.alpha.loc[kept, ["event_label", "alpha", "bound"]]


def falls_with_duration(table: pd.DataFrame) -> tuple[float, float, Verdict]:
    """Spearman's ρ of α and duration over the classes, its one-sided p-value, and whether α falls.

    It **held** that α falls if p ≤ 0.05 (see `rank_correlation`); it did **not hold** if α rises as clearly; otherwise
    it is **not decidable** with so few classes.

    Parameters
    ----------
    table : DataFrame
        Of `alpha_and_duration`.
    """
    if len(table) < 2:
        return float("nan"), float("nan"), "not decidable"
    rho, p_falls = rank_correlation(table)
    _, p_rises = rank_correlation(table.assign(alpha=-table["alpha"]))
    verdict: Verdict = (
        "held" if p_falls <= SIGNIFICANCE_LEVEL else "not held" if p_rises <= SIGNIFICANCE_LEVEL else "not decidable"
    )
    return rho, p_falls, verdict


def _runs_of(method: str, group: RunGroup) -> list[RunFolder]:
    return [run for run in group.runs.get(method, ()) if run.alpha is not None]


def _falls(group: RunGroup, runs: list[RunFolder]) -> dict[str, Any]:
    table = alpha_and_duration(runs)
    rho, p_value, verdict = falls_with_duration(table)
    each = [rank_correlation(alpha_and_duration([run]))[0] for run in runs if run.durations is not None]
    about_durations = "runs do not say how long events last: `sedpool tune` scores them again"
    if len(table):
        about_durations = f"typical events last {table['median'].min():.2f} to {table['median'].max():.2f} s"
    return {
        **{"study": group.name, "finding": "4a", "claim": OTHER_CLAIMS["4a"], "method": "auto"},
        **{"effect": rho, "p_value": p_value, **_remark(about_durations, runs)},
        "verdict": verdict if len(runs) > 1 else "not decidable",
        **{"n_classes": len(table), "n_runs": len(runs), "agreeing": int((np.array(each) < 0).sum())},
    }


def _at_bound(group: RunGroup, runs: list[RunFolder]) -> dict[str, Any]:
    kept = [kept_alpha(run) for run in runs]
    reached = [part["alpha"].abs() >= AT_BOUND * part["bound"] for part in kept]
    free = pd.concat([part.loc[~at, "event_label"] for part, at in zip(kept, reached, strict=True)]).value_counts()
    share = float(np.mean([at.mean() for at in reached]))
    staying = ", ".join(f"{label} {n}" for label, n in free.items())
    return {
        **{"study": group.name, "finding": "4b", "claim": OTHER_CLAIMS["4b"], "method": "cap"},
        **{"effect": share, "p_value": float("nan")},
        **_remark(f"runs in which a class stays free of it: {staying}" if staying else "", runs),
        "verdict": "not decidable" if len(runs) < 2 else "held" if share == 1 else "not held",
        **{"n_classes": len(reached[0]), "n_runs": len(runs), "agreeing": sum(bool(part.all()) for part in reached)},
    }


def _remark(said: str, runs: Iterable[RunFolder]) -> dict[str, Any]:
    """What there is to say, and on how many runs that are not valid it rests."""
    flagged = flagged_runs(runs)
    return {"n_flagged": len(flagged), "remark": "; ".join(filter(None, [said, rests_on(flagged)]))}
