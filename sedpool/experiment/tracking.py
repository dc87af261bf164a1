"""MLflow copies of run folders, so that many runs can be followed, sorted and compared in its user interface.

The run folder stays the truth: if the tracking server cannot be reached, the run is complete all the same.
"""

import json
import logging
import os
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

from filelock import FileLock

from sedpool.comparison.run_names import flat_settings
from sedpool.run_folder import RunFolder
from sedpool.settings.identity import without_places

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run
    from mlflow.tracking import MlflowClient

Status = Literal["FINISHED", "FAILED", "KILLED"]

_ARTIFACTS = (
    "config.yaml",
    "environment.json",
    "manifest.json",
    "metrics.json",
    "tuned.json",
    "history.csv",
    "alpha.csv",
    "gradient_share.csv",
    "report.html",
    "events.tsv",
    "tuned_events.tsv",
    "log.txt",
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
"""Tag of an experiment that holds training runs, not traces of language models."""
_CONNECT_SECONDS = 5.0
_LONGEST_PARAMETER = 6000
_LOCK = 0x5EDB001  # of PostgreSQL's advisory locks


class Tracker:
    """The copy of one run in MLflow: begun before training, continued after every epoch, ended with the run.

    Whatever the tracking store raises is a warning, and the run goes on. A run that is killed leaves its copy begun,
    which the same command takes up.

    Parameters
    ----------
    folder : RunFolder
        The run.
    uri : str or None
        Tracking URI, e.g. ``sqlite:///mlruns.db``; a SQLite database is created where it does not exist. With None
        nothing is copied.
    experiment : str
        Name of the MLflow experiment.
    """

    def __init__(self, folder: RunFolder, *, uri: str | None, experiment: str) -> None:
        self._folder = folder
        self._uri = where = uri or ""
        if where.startswith("sqlite:///"):  # the same from whatever folder
            where = f"sqlite:///{Path(where.removeprefix('sqlite:///')).absolute()}"
        self._note = {"uri": where, "experiment": experiment}
        self._client: MlflowClient | None = None
        self._run_id = ""
        self._epochs: set[int] = set()
        self._is_given_up = self._is_interrupted = uri is None

    def begin(self) -> None:
        """Begin the copy with settings, tags and corpus, or take up the one that a killed run left."""
        if self._is_given_up:
            return
        left = self._folder.begun_copy or {}
        if not self._note.items() <= left.items():
            self._folder.note_copy(self._note)
        self._is_given_up = not self._attempt(self._begin)
        if self._is_given_up and "run_id" not in left:
            self._folder.note_copy(None)

    def log_epoch(self, training_round: int | None, row: Mapping[str, Any]) -> None:
        """Copy a row of ``history.csv`` as soon as it is there; what could not be copied follows at the end.

        Parameters
        ----------
        training_round : int or None
            The round of self-training that it belongs to; None for the last, whose rows the folder keeps.
        row : mapping
            The row.
        """
        if self._client and not self._is_interrupted:
            self._is_interrupted = not self._attempt(partial(self._log_epoch, self._client, training_round, row))

    def end(self, status: Status) -> bool:
        """Complete the copy with what the folder holds, and say how the run ended.

        Parameters
        ----------
        status : {'FINISHED', 'FAILED', 'KILLED'}
            What was killed may be taken up later.

        Returns
        -------
        is_logged : bool
            Whether it is all there now.
        """
        if self._client is None:
            self.begin()
        if self._client is None:
            return False
        is_logged = self._attempt(partial(self._end, self._client, status))
        if is_logged and status != "KILLED":
            self._folder.note_copy(None)
        return is_logged

    def abandon(self) -> None:
        """Mark the copy that a killed run left as killed for good, as the run is not taken up."""
        if not self._is_given_up and "run_id" in (self._folder.begun_copy or {}):
            self._attempt(self._abandon)
        self._folder.note_copy(None)

    def _attempt(self, step: Callable[[], None]) -> bool:
        """Take a step; if it fails, a warning says so, and how to copy the run later."""
        try:
            step()
        except Exception as error:  # whatever the tracking store raises, the run itself is complete
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            when = "later" if self._folder.is_done else "once it has finished"
            warnings.warn(
                f"{self._folder.path}: not logged to {self._uri} ({reason}); the folder holds it all; "
                f"{when}: sedpool track {self._folder.path} --uri {self._uri}",
                stacklevel=3,
            )
            return False
        return True

    def _begin(self) -> None:
        client, experiment = _connect(self._uri, self._note["experiment"])
        run = self._left(client, experiment)
        if run is None:
            started = int(self._folder.file("config.yaml").stat().st_mtime * 1000)
            run = client.create_run(experiment, start_time=started, tags=_tags(self._folder))
            self._folder.note_copy(self._note | {"run_id": run.info.run_id})
        else:
            client.update_run(run.info.run_id, status="RUNNING")
            self._epochs = {metric.step for metric in client.get_metric_history(run.info.run_id, "loss")}
        self._run_id = run.info.run_id
        if not run.data.params:
            self._log(client, parameters=_parameters(without_places(self._folder.config)))
            _log_corpus(client, self._run_id, self._folder)
        self._client = client

    def _left(self, client: "MlflowClient", experiment: str) -> "Run | None":
        """Return the copy of this run that was begun there and never completed."""
        left = self._folder.begun_copy or {}
        if not self._note.items() <= left.items() or "run_id" not in left:
            return None
        found = client.search_runs([experiment], f"attributes.run_id = '{left['run_id']}'")
        ours = [run for run in found if run.data.tags.get("run_folder") == str(self._folder.path.resolve())]
        return ours[0] if ours else None

    def _abandon(self) -> None:
        client, experiment = _connect(self._uri, self._note["experiment"])
        if run := self._left(client, experiment):
            client.set_terminated(run.info.run_id, "KILLED")

    def _log_epoch(self, client: "MlflowClient", training_round: int | None, row: Mapping[str, Any]) -> None:
        _refuse_unreachable(self._uri)
        if training_round is not None:
            self._log(client, metrics=_of_epoch(row, prefix=f"round_{training_round}."))
        elif row["epoch"] not in self._epochs:  # a run that was killed may repeat its last one
            self._log(client, metrics=_of_epoch(row))
            self._epochs.add(row["epoch"])

    def _end(self, client: "MlflowClient", status: Status) -> None:
        from mlflow.entities import Metric

        _refuse_unreachable(self._uri)
        folder, now = self._folder, int(time.time() * 1000)
        history: list[dict[Any, Any]] = []
        if folder.file("history.csv").is_file():
            history = folder.history.to_dict("records")
        metrics = [metric for row in history if row["epoch"] not in self._epochs for metric in _of_epoch(row)]
        if folder.file("metrics.json").is_file():
            metrics += [Metric(key, value, now, 0) for key, value in flat_settings(_scores(folder.metrics))]
        self._log(client, metrics=metrics)
        if folder.tuned:
            self._log(client, parameters=_parameters({"tuned": folder.tuned["decoding"]}))
        for name in _ARTIFACTS:
            if folder.file(name).is_file() and not folder.file(name).is_symlink():  # a link could send any file away
                client.log_artifact(self._run_id, str(folder.file(name)))
        ended = int(folder.file("DONE").stat().st_mtime * 1000) if folder.is_done else None  # None: now
        client.set_terminated(self._run_id, status, ended)

    def _log(
        self, client: "MlflowClient", *, parameters: Mapping[str, str] | None = None, metrics: "Sequence[Metric]" = ()
    ) -> None:
        """Send parameters and metrics, in as many requests as they need."""
        from mlflow.entities import Param

        entries = [Param(key, value) for key, value in (parameters or {}).items()]
        for first in range(0, len(entries), 100):
            client.log_batch(self._run_id, params=entries[first : first + 100])
        for first in range(0, len(metrics), 1000):
            client.log_batch(self._run_id, metrics=metrics[first : first + 1000])


def _refuse_unreachable(uri: str) -> None:
    """Try the connection to a server once, without the patience and the retries of MLflow's own client."""
    server = urlsplit(uri)
    if server.scheme in ("http", "https") and server.hostname:
        port = server.port or {"http": 80, "https": 443}[server.scheme]
        if not getproxies().get(server.scheme):
            socket.create_connection((server.hostname, port), _CONNECT_SECONDS).close()


def _connect(uri: str, experiment: str) -> "tuple[MlflowClient, str]":
    """Return a client and the identifier of the experiment, which is made where there is none."""
    _refuse_unreachable(uri)
    for variable, value in _ENVIRONMENT.items():  # read when MLflow is imported
        os.environ.setdefault(variable, value)
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
    elif uri.startswith("postgresql"):
        lock = _alone_in(uri)
    with lock:  # concurrent first uses of a database collide in its migrations
        client = MlflowClient(tracking_uri=uri)
        found = client.get_experiment_by_name(experiment)
        identifier = found.experiment_id if found else client.create_experiment(experiment, artifacts, _OF_TRAINING)
        if found and not _OF_TRAINING.keys() & found.tags.keys():
            for key, value in _OF_TRAINING.items():
                client.set_experiment_tag(identifier, key, value)
    return client, identifier


@contextmanager
def _alone_in(uri: str) -> Iterator[None]:
    """Keep others, on whatever machine, out of the block that use the same PostgreSQL database."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:  # its end releases the lock, even if this process is killed
        connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_lock(_LOCK)))
        yield


def _tags(folder: RunFolder) -> dict[str, str]:
    """Return what runs are found and grouped by, in MLflow's own names where it has one."""
    tags = {
        "mlflow.runName": folder.path.name,
        "mlflow.source.name": "sedpool",
        "mlflow.source.type": "LOCAL",
        "run_folder": str(folder.path.resolve()),
    }
    if folder.file("environment.json").is_file() and (commit := folder.environment.get("git_commit")):
        tags["mlflow.source.git.commit"] = commit
    if "corpus" in folder.config:
        tags |= {"dataset": folder.study, "method": folder.method, "split": str(folder.fold or "")}
    return {name: value for name, value in tags.items() if value}


def _parameters(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return settings by name, e.g. ``pooling``: ``cap`` and ``pooling.max_weight``: ``0.5``.

    What is deeper, as thresholds by class, is one text: MLflow does not take every class as a name.
    """
    parameters = {}
    for group, node in settings.items():
        for key, value in node.items() if isinstance(node, Mapping) else [("", node)]:
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping | list) else str(value)
            if key in ("", "_target_"):
                parameters[group] = text.removeprefix("sedpool.")[:_LONGEST_PARAMETER]
            else:
                parameters[f"{group}.{key}"] = text[:_LONGEST_PARAMETER]
    return parameters


def _log_corpus(client: "MlflowClient", run_id: str, folder: RunFolder) -> None:
    """Name the corpus where MLflow has a column for it, with its hash and the sizes of its splits."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    if (manifest := folder.manifest) is None:
        return
    source = json.dumps(without_places(folder.config["dataset"]), ensure_ascii=False)
    corpus = Dataset(folder.dataset, manifest["hash"][:36], "local", source, profile=json.dumps(manifest["splits"]))
    client.log_inputs(run_id, [DatasetInput(corpus, [InputTag("mlflow.data.context", ", ".join(manifest["splits"]))])])


def _of_epoch(row: Mapping[str, Any], prefix: str = "") -> "list[Metric]":
    """Return the numbers of one epoch, which is their step."""
    from mlflow.entities import Metric

    now, epoch = int(time.time() * 1000), int(row["epoch"])
    return [Metric(f"{prefix}{key}", float(value), now, epoch) for key, value in row.items() if key != "epoch"]


def _scores(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the numbers that runs are compared by: of validation, and of test decoded as set and as tuned."""
    scores: dict[str, Any] = {"validation_f1": metrics["validation"]["f1"]} if "validation" in metrics else {}
    for prefix, decoded in (("test", metrics), ("test_tuned", metrics.get("tuned") or {})):
        for level, average in product(("clip", "segment", "event"), ("micro", "macro")):
            if decoded.get(level):
                scores[f"{prefix}_{level}_{average}"] = decoded[level][average]
        scores[f"{prefix}_psds"] = decoded.get("psds") or {}
    return {key: value for key, value in flat_settings(scores) if isinstance(value, int | float)}
