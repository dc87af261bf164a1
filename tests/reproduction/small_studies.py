"""Studies in small: every run in this process, so that the backend starts once."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sedpool import storage
from sedpool.errors import SedpoolError
from sedpool.experiment.jobs import Job
from sedpool.experiment.run import run
from sedpool.run_folder import RunFolder, run_name
from sedpool.scores import write_scores
from sedpool.settings.compose import compose
from sedpool.settings.schema import LauncherSettings

SMALL = (
    "model=tiny",
    "training.epochs=1",
    "training.batch_size=4",
    "training.batches_per_epoch=1",
    "training.validation=random",
    "training.validation_batches=1",
    "training.threads=null",
    "jobs=1",
)
"""Settings that make a run take seconds."""


def train(config: Mapping[str, Any]) -> None:
    """What each job of `LocalHere` does."""
    run(config)


class LocalHere:
    """What `sedpool.experiment.launchers.local.Local` is to its callers, at work in this process."""

    def __init__(self, settings: LauncherSettings) -> None:
        self.left: deque[Job] = deque()

    def start(self, jobs: Sequence[Job]) -> None:
        self.left.extend(jobs)

    def ended(self, timeout: float) -> list[tuple[Job, str | None]]:
        job = self.left.popleft()
        try:
            train(job.config)
        except SedpoolError as error:
            return [(job, str(error))]
        return [(job, None)]

    def stop(self) -> None:
        """Nothing to stop."""


def compose_once(overrides: Sequence[str], folders: Mapping[str, str], **dataset: str) -> dict[str, Any]:
    """What `compose` gives, for which it is asked only once, whatever the folders are."""
    text = _composed(tuple(overrides), tuple(folders), tuple(dataset))
    for name, path in (folders | dataset).items():
        text = text.replace(f"<{name}>", json.dumps(path)[1:-1])
    return json.loads(text)


@cache
def _composed(overrides: Sequence[str], folders: Sequence[str], dataset: Sequence[str]) -> str:
    """The configuration as JSON, with the names of folders in place of them."""
    places, corpus = ({name: f"<{name}>" for name in names} for names in (folders, dataset))
    return json.dumps(compose(overrides, places, **corpus))


def history(n_epochs: int, kept: int) -> pd.DataFrame:
    epochs = np.arange(1, n_epochs + 1)
    accuracy = np.where(epochs == kept, 0.9, 0.8)
    return pd.DataFrame({"epoch": epochs, "val_accuracy": accuracy, "seconds": 2.5, "clips_per_second": 50.0})


def write_run(config: dict[str, Any], *, n_epochs: int = 10, kept: int = 2, alpha: pd.DataFrame | None = None) -> str:
    """A finished run folder, as training would leave it, with scores that follow from its name."""
    folder = RunFolder(Path(config["runs"], run_name(config, {})))
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(config))
    environment = {"git_commit": "c0ffee", "precision": "float32", "threads": 1, "device": "abacus"}
    storage.write_json(folder.file("environment.json"), environment)
    storage.write_text(folder.file("history.csv"), history(n_epochs, kept).to_csv(index=False))
    if alpha is not None:
        storage.write_text(folder.file("alpha.csv"), alpha.to_csv(index=False))
    value = int(run_name(config, {})[-4:], 16) / 0x10000
    write_scores(pd.DataFrame({"filename": ["a.wav"], "dog": [value]}), folder.file("clip_scores.parquet"))
    frames = pd.DataFrame({"filename": ["a.wav"], "onset": [0.0], "offset": [1.0], "dog": [value]})
    write_scores(frames, folder.file("scores.parquet"))
    clip = {"micro": {"f1": value}, "macro": {"f1": value}}
    storage.write_json(folder.file("metrics.json"), {"clip": clip, "segment": None})
    folder.mark_done()
    return str(folder.path)
