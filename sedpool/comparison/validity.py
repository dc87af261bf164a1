"""May a run's numbers be compared with others'? Only if its training had come to an end, and α with it.

A run is valid if

- it ended by early stopping, neither with its last epoch nor by hand: after the kept epoch came as many epochs
  without a better one as the recipe asks for;
- where α is learned, it had flattened: in these last epochs no class's α moved by more than a tenth of the way that it
  had come since its start, nor, where it had hardly moved, by more than a tenth;
- under CAP, the bound is active for some class in the kept epoch: without that the run is AutoPool's.

A run that is not valid keeps its numbers and is flagged with the reasons.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from sedpool.comparison.labels import counted
from sedpool.run_folder import AT_BOUND, RunFolder, kept_epoch

FLAT = 0.1
"""Largest change of α after the kept epoch, as a share of the way from its start or absolute."""


def validity_issues(run: RunFolder) -> list[str]:
    """List why the numbers of a finished run should not be compared; empty if it is valid.

    Parameters
    ----------
    run : RunFolder
        With its configuration, ``history.csv`` and, where α is learned, ``alpha.csv``.
    """
    found = [_stopped_by_budget(run)]
    if run.alpha is not None:
        kept = kept_epoch(run.history)
        found += [_not_flat(run.alpha, kept), _bound_inactive(run.alpha, kept)]
    return [issue for issue in found if issue]


def flagged_runs(runs: Iterable[RunFolder]) -> list[RunFolder]:
    """Select the runs that are not valid."""
    return [run for run in runs if validity_issues(run)]


def rests_on(flagged: Iterable[RunFolder]) -> str:
    """Say that a result rests on flagged runs, and on which; empty if there are none."""
    names = [f"{run.method}{'' if run.fold is None else f' fold {run.fold}'} s{run.config['seed']}" for run in flagged]
    return f"rests on {counted(len(names), 'marked run')} ({', '.join(names)})" if names else ""


def _stopped_by_budget(run: RunFolder) -> str:
    since = len(run.history) - kept_epoch(run.history)
    patience = run.config["training"]["early_stopping_patience"]
    if since >= patience:
        return ""
    if len(run.history) < run.config["training"]["epochs"]:
        return f"was stopped after {len(run.history)} epochs, {since} after the kept one (patience {patience})"
    return f"ended with its budget of {len(run.history)} epochs, {since} after the kept one (patience {patience})"


def _not_flat(alpha: pd.DataFrame, kept: int) -> str:
    trajectory = alpha.pivot_table(index="epoch", columns="event_label", values="alpha")
    way = (trajectory.loc[kept] - trajectory.iloc[0]).abs()
    moved = (trajectory.loc[kept:] - trajectory.loc[kept]).abs().max()
    excess: pd.Series[float] = moved / np.maximum(way, 1.0)
    if excess.max() <= FLAT:
        return ""
    label = str(excess.idxmax())
    return f"α of {label} was still moving: by {moved[label]:.2f} after the kept epoch, {way[label]:.2f} until then"


def _bound_inactive(alpha: pd.DataFrame, kept: int) -> str:
    values = alpha.loc[alpha["epoch"] == kept]
    bounds = values["bound"]
    if bounds.isna().all() or (values["alpha"].abs() >= AT_BOUND * bounds).any():
        return ""
    return f"CAP's bound {bounds.max():.2f} is active for no class (largest |α| {values['alpha'].abs().max():.2f})"
