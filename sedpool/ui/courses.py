"""Runs that train at the moment: how far they are, and their losses so far."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from sedpool.errors import SedpoolError, StorageError
from sedpool.experiment.jobs import Progress, progress_of
from sedpool.experiment.launchers.schedule import forecast
from sedpool.run_folder import RunFolder, kept_epoch
from sedpool.ui.library import Library


def courses(library: Library) -> list[dict[str, Any]]:
    """Return how far each run is that trains, as JSON takes it.

    Parameters
    ----------
    library : Library
        The folders.

    Returns
    -------
    courses : list of dict
        ``name`` of the run; ``state``: its epoch, of how many, and the time left, in words; ``training`` and
        ``validation``: the losses after each epoch; ``best``: the epoch that validation likes best, from 1;
        ``monitor``: what it is judged by.
    """
    found = []
    for progress in training(library.runs()).values():
        run, n_trained = progress.folder, len(progress.seconds)
        state = f"{n_trained} of at most {progress.budget} epochs; {forecast([progress], 1)} left"
        state = state if n_trained else "in its first epoch"
        with suppress(SedpoolError, OSError):  # the list says what is wrong with it
            monitor = run.config["training"]["monitor"]
            found.append({"name": library.name(run.path), "state": state, **_losses(run), "monitor": monitor})
    return found


def training(runs: Mapping[str, RunFolder]) -> dict[str, Progress]:
    """Return how far those of some runs are that train, by id."""
    found = {}
    for key, run in runs.items():
        with suppress(SedpoolError, OSError):
            if not run.is_done and (progress := progress_of(run)).state == "running":
                found[key] = progress
    return found


def _losses(run: RunFolder) -> dict[str, Any]:
    """Return the losses of a run, or of its round of self-training that goes on."""
    rounds = [run.path, *sorted(run.path.glob("rounds/*"), key=lambda path: int(path.name), reverse=True)]
    path = next((path for path in rounds if (path / "history.csv").is_file()), None)
    history = None if path is None else RunFolder(path).history
    if history is None or history.empty:
        return {"training": [], "validation": [], "best": None}
    losses = {name: history[column].tolist() for name, column in (("training", "loss"), ("validation", "val_loss"))}
    if not np.isfinite([*losses.values()]).all():  # JSON has no such numbers
        raise StorageError(f"{path}: a loss in history.csv is no number")
    return {**losses, "best": kept_epoch(history)}
