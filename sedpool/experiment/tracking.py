"""MLflow copies of what a run folder holds, so that many runs can be sorted and compared in its user interface.

The run folder stays the truth: if the tracking server cannot be reached, the run is complete all the same.
"""

import logging
import os
import socket
import warnings
from contextlib import AbstractContextManager, nullcontext
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

from filelock import FileLock

from sedpool.comparison.run_names import flat_settings
from sedpool.run_folder import RunFolder

if TYPE_CHECKING:
    from mlflow.entities import Metric

Status = Literal["FINISHED", "FAILED"]

_ARTIFACTS = (
    "config.yaml",
    "environment.json",
    "metrics.json",
    "history.csv",
    "alpha.csv",
    "gradient_share.csv",
    "report.html",
    "events.tsv",
    "tuned_events.tsv",
)


_ENVIRONMENT = {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""No word to anybody but the server that was named, which is not waited for longer than people wait."""
_OF_TRAINING = {"mlflow.experimentKind": "custom_model_development"}
"""Tag of an experiment by which its page opens on training runs, not on traces of language models."""
_CONNECT_SECONDS = 5.0


def log_run(folder: RunFolder, *, uri: str, experiment: str, status: Status = "FINISHED") -> bool:
    """Copy a run to MLflow; if that fails, a warning says how to repeat it.

    Parameters
    ----------
    folder : RunFolder
        A run that has ended; of one that failed, what there is.
    uri : str
        Tracking URI, e.g. ``sqlite:///mlruns.db``; a SQLite database is created where it does not exist.
    experiment : str
        Name of the MLflow experiment.
    status : {'FINISHED', 'FAILED'}
        How the run ended.

    Returns
    -------
    is_logged : bool
        Whether it is there now.
    """
    try:
        _log(folder, uri, experiment, status)
    except Exception as error:  # whatever the tracking store raises, the run itself is complete
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        later = f"; later: sedpool track {folder.path} --uri {uri}" if folder.is_done else ""
        warnings.warn(f"{folder.path}: not logged to {uri} ({reason}); the folder holds it all{later}", stacklevel=2)
        return False
    return True


def _refuse_unreachable(uri: str) -> None:
    """Try the connection to a server once, without the patience and the retries of MLflow's own client."""
    server = urlsplit(uri)
    if server.scheme in ("http", "https") and server.hostname:
        port = server.port or {"http": 80, "https": 443}[server.scheme]
        if not getproxies().get(server.scheme):
            socket.create_connection((server.hostname, port), _CONNECT_SECONDS).close()


def _log(folder: RunFolder, uri: str, experiment: str, status: Status) -> None:
    _refuse_unreachable(uri)
    for variable, value in _ENVIRONMENT.items():  # read when MLflow is imported
        os.environ.setdefault(variable, value)
    from mlflow.entities import Param
    from mlflow.tracking import MlflowClient

    for name in ("mlflow", "alembic"):  # the making of a database is no news
        logging.getLogger(name).setLevel(logging.WARNING)
    lock: AbstractContextManager[Any] = nullcontext()
    artifacts = None
    if uri.startswith("sqlite:///"):  # a server needs no lock
        database = Path(uri.removeprefix("sqlite:///")).absolute()
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(database.with_name(f"{database.name}.lock"), timeout=120)
        artifacts = database.with_name("mlruns").as_uri()
    with lock:  # concurrent first uses of a database collide in its migrations
        client = MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(experiment)
        identifier = found.experiment_id if found else client.create_experiment(experiment, artifacts, _OF_TRAINING)
        if found and not _OF_TRAINING.keys() & found.tags.keys():
            for key, value in _OF_TRAINING.items():
                client.set_experiment_tag(identifier, key, value)
    started = int(folder.file("config.yaml").stat().st_mtime * 1000)
    tags = {"mlflow.runName": folder.path.name, "run_folder": str(folder.path.resolve())}
    run_id = client.create_run(identifier, start_time=started, tags=tags).info.run_id
    parameters = [Param(key, str(value)[:500]) for key, value in flat_settings(folder.config)]
    metrics = _metrics(folder, started)
    client.log_batch(run_id, params=parameters[:100])
    for first in range(0, len(metrics), 1000):
        client.log_batch(run_id, metrics=metrics[first : first + 1000])
    for name in _ARTIFACTS:
        if folder.file(name).is_file() and not folder.file(name).is_symlink():  # a link could send any file away
            client.log_artifact(run_id, str(folder.file(name)))
    client.set_terminated(run_id, status)


def _metrics(folder: RunFolder, started: int) -> "list[Metric]":
    """Return what metrics.json and history.csv hold, the latter by epoch."""
    from mlflow.entities import Metric

    scores = folder.metrics if folder.file("metrics.json").is_file() else {}
    overall: dict[str, Any] = {"validation_f1": scores["validation"]["f1"]} if "validation" in scores else {}
    for level, average in product(("clip", "segment", "event"), ("micro", "macro")):
        if scores.get(level):
            numbers = {key: value for key, value in scores[level][average].items() if isinstance(value, int | float)}
            overall[f"test_{level}_{average}"] = numbers
    metrics = [Metric(key, value, started, 0) for key, value in flat_settings(overall) if value is not None]
    for row in folder.history.to_dict("records") if folder.file("history.csv").is_file() else ():
        epoch = int(row.pop("epoch"))
        metrics += [Metric(str(key), float(value), started, epoch) for key, value in row.items()]
    return metrics
