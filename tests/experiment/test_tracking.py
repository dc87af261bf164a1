import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pandas as pd
import pytest
from typer.testing import CliRunner

from sedpool import storage
from sedpool.cli.app import app
from sedpool.experiment.run import run
from sedpool.experiment.tracking import Tracker
from sedpool.run_folder import RunFolder
from tests.experiment.small import SMALL, small

ROOT = Path(__file__).parents[2]
METRICS = {"segment": {"micro": {"f1": 0.5, "precision": None}, "macro": {"f1": 0.25}}, "clip": None}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "demo-cap-s0-abc"
    storage.write_text(path / "config.yaml", "seed: 0\npooling: {max_weight: 0.5}\n")
    storage.write_json(path / "metrics.json", METRICS)
    pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.5]}).to_csv(path / "history.csv", index=False)
    return RunFolder(path)


def tracker(folder: RunFolder, database: Path) -> Tracker:
    return Tracker(folder, uri=f"sqlite:///{database}", experiment="test")


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute(query).fetchall()


EPOCHS = "select step from metrics where key = 'loss' order by step"

LOG = """
import sys
from sedpool.run_folder import RunFolder
from sedpool.experiment.tracking import Tracker
assert Tracker(RunFolder(sys.argv[1]), uri=sys.argv[2], experiment="test").end("FINISHED")
"""


def test_fault_39_jobs_that_start_at_once_on_a_new_database_are_all_logged(tmp_path: Path, folder: RunFolder) -> None:
    uri = f"sqlite:///{tmp_path / 'new' / 'mlruns.db'}"
    command = [sys.executable, "-c", LOG, str(folder.path), uri]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [process.communicate()[1] for process in processes]
    assert "not logged" not in "".join(errors)
    with sqlite3.connect(tmp_path / "new" / "mlruns.db") as database:
        logged = database.execute(
            "select key, value from latest_metrics union all select key, value from params "
            "where key = 'pooling.max_weight' order by key"
        ).fetchall()
        runs = database.execute("select experiments.name, status from runs join experiments using (experiment_id)")
        assert runs.fetchall() == [("test", "FINISHED")] * 3
    database.close()
    expected = {"loss": 0.5, "pooling.max_weight": "0.5", "test_segment_macro.f1": 0.25, "test_segment_micro.f1": 0.5}
    assert logged == [item for item in expected.items() for _ in range(3)]


def test_fault_42_an_unreachable_database_is_a_warning(tmp_path: Path, folder: RunFolder) -> None:
    (tmp_path / "file").write_text("")
    folder.mark_done()
    with pytest.warns(UserWarning, match=r"not logged to .*; later: sedpool track .*abc --uri"):
        assert not tracker(folder, tmp_path / "file/x/mlruns.db").end("FINISHED")
    assert folder.begun_copy is None


def test_fault_42_a_store_that_could_not_be_reached_is_tried_once_for_each_run(
    tmp_path: Path, folder: RunFolder
) -> None:
    (tmp_path / "file").write_text("")
    tracked = tracker(folder, tmp_path / "file/x/mlruns.db")
    with pytest.warns(UserWarning, match=r"abc: not logged to .*; once it has finished: sedpool track"):
        tracked.begin()
    tracked.log_epoch(None, {"epoch": 1, "loss": 0.5})  # a second warning would be an error
    assert not tracked.end("FAILED")


def test_fault_42_a_server_that_does_not_answer_costs_seconds_and_the_status(tmp_path: Path, folder: RunFolder) -> None:
    folder.mark_done()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    began = time.monotonic()
    with pytest.warns(UserWarning, match=r"not logged to http.*refused.*; later: sedpool track"):
        shown = CliRunner().invoke(app, ["track", str(folder.path), "--uri", f"http://127.0.0.1:{port}"])
    assert time.monotonic() - began < 30
    assert shown.exit_code == 1


ASKED = """
import socket, sys
asked, look_up = [], socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **options: (asked.append(host), look_up(host, *rest, **options))[1]
from sedpool.run_folder import RunFolder
from sedpool.experiment.tracking import Tracker
assert Tracker(RunFolder(sys.argv[1]), uri=sys.argv[2], experiment="test").end("FINISHED")
import time
time.sleep(2)
print(asked)
"""


def test_fault_60_no_other_host_learns_of_a_run_and_its_experiment_is_one_of_training(
    tmp_path: Path, folder: RunFolder
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlruns.db'}"
    is_own = {"MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "CI", "PYTEST_CURRENT_TEST"}
    environment = {key: value for key, value in os.environ.items() if key not in is_own}
    command = [sys.executable, "-c", ASKED, str(folder.path), uri]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"
    with sqlite3.connect(tmp_path / "mlruns.db") as database:
        tags = database.execute("select key, value from experiment_tags").fetchall()
    database.close()
    assert tags == [("mlflow.experimentKind", "custom_model_development")]


def test_fault_73_a_run_can_be_followed_while_it_trains(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "mlruns.db"
    seen = []

    class Watched(Tracker):
        def log_epoch(self, training_round: int | None, row: Mapping[str, Any]) -> None:
            super().log_epoch(training_round, row)
            seen.append((rows(database, "select status from runs"), rows(database, EPOCHS)))

    monkeypatch.setattr("sedpool.experiment.run.Tracker", Watched)
    settings = ("tracking=mlflow", f"tracking.uri=sqlite:///{database}", "evaluation.tune=global")
    folder = RunFolder(run(small(data_root, tmp_path / "runs", *settings)))
    assert seen == [([("RUNNING",)], [(1,)]), ([("RUNNING",)], [(1,), (2,)])]
    assert rows(database, "select status from runs") == [("FINISHED",)]
    assert folder.begun_copy is None
    values = rows(database, "select value from metrics where key = 'learning_rate' order by step")
    assert values == [(rate,) for rate in folder.history["learning_rate"]]
    assert folder.tuned is not None
    parameters = dict(rows(database, "select key, value from params"))
    expected = {"pooling": "cap", "pooling.max_weight": "0.5", "dataset": "load_demo", "training.epochs": "2"}
    expected |= {"tuned.threshold": str(folder.tuned["decoding"]["threshold"])}
    assert expected.items() <= parameters.items()
    assert not [name for name in parameters if name.startswith(("data_root", "runs", "tracking", "cache"))]
    tags = dict(rows(database, "select key, value from tags"))
    assert {"dataset": "demo", "method": "cap", "mlflow.source.name": "sedpool"}.items() <= tags.items()
    assert rows(database, "select name from datasets") == [("demo",)]
    logged = {path.name for path in tmp_path.glob("mlruns/*/artifacts/*")}
    assert {"config.yaml", "manifest.json", "tuned.json", "metrics.json", "report.html", "log.txt"} <= logged


TRAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a command in the background of a shell would ignore
from sedpool.experiment.main import main
main()
"""


def command(data_root: Path, runs: Path, uri: str, *overrides: str) -> subprocess.Popen[str]:
    """The training command of a small run that is tracked."""
    settings = [*SMALL[:-1], *overrides, f"data_root={data_root}", f"runs={runs}", f"tracking.uri={uri}"]
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, *settings],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def stopped_in_training(process: subprocess.Popen[str], database: Path, number: int) -> Iterator[None]:
    """Send a signal to the command once its first epoch is in the database; an interrupt a second time."""
    while process.poll() is None and not (database.is_file() and followed(database)):
        time.sleep(0.1)
    process.send_signal(number)
    assert process.stderr is not None
    if number == signal.SIGINT and any("stopping:" in line for line in process.stderr):
        process.send_signal(number)  # the first one only ends the training, which is then scored
    _, said = process.communicate()
    assert process.returncode != 0, said
    yield


def followed(database: Path) -> bool:
    try:
        return bool(rows(database, EPOCHS))
    except sqlite3.OperationalError:  # it is still being made
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("number", "left"), [(signal.SIGKILL, "RUNNING"), (signal.SIGINT, "KILLED")])
def test_fault_74_the_copy_that_a_killed_run_left_is_taken_up_by_the_same_command(
    data_root: Path, tmp_path: Path, number: int, left: str
) -> None:
    database = tmp_path / "mlruns.db"
    place = (data_root, tmp_path / "runs", f"sqlite:///{database}", "training.epochs=6", "training.batch_size=1")
    with stopped_in_training(command(*place), database, number):
        assert rows(database, "select status from runs") == [(left,)]
    again = command(*place)
    _, said = again.communicate()
    assert again.returncode == 0, said
    assert rows(database, "select status from runs") == [("FINISHED",)]
    (path,) = (tmp_path / "runs").iterdir()
    assert rows(database, EPOCHS) == [(epoch,) for epoch in RunFolder(path).history["epoch"]]


def test_fault_75_a_run_begun_anew_leaves_no_copy_running(tmp_path: Path, folder: RunFolder) -> None:
    database = tmp_path / "mlruns.db"
    tracker(folder, database).begin()
    assert rows(database, "select status from runs") == [("RUNNING",)]
    anew = tracker(folder, database)
    anew.abandon()
    assert folder.begun_copy is None
    assert anew.end("FINISHED")
    assert rows(database, "select status from runs order by start_time, status") == [("FINISHED",), ("KILLED",)]


def test_fault_75_a_copy_of_another_folder_is_left_alone(tmp_path: Path, folder: RunFolder) -> None:
    database = tmp_path / "mlruns.db"
    tracker(folder, database).begin()
    other = RunFolder(shutil.copytree(folder.path, tmp_path / "elsewhere"))
    assert tracker(other, database).end("FINISHED")
    assert sorted(rows(database, "select status from runs")) == [("FINISHED",), ("RUNNING",)]


def test_fault_76_a_class_that_is_no_name_of_a_parameter_loses_nothing(tmp_path: Path, folder: RunFolder) -> None:
    drop = {"dog, big (barks)": 0.5, "écho: «là»": 0.1}
    storage.write_text(folder.file("config.yaml"), json.dumps({"labels": {"drop": drop}, "pooling": {"_target_": "x"}}))
    assert tracker(folder, tmp_path / "mlruns.db").end("FINISHED")
    parameters = dict(rows(tmp_path / "mlruns.db", "select key, value from params"))
    assert parameters["pooling"] == "x"
    assert json.loads(parameters["labels.drop"]) == drop


def test_a_run_that_is_copied_later_lasts_as_long_as_it_did(tmp_path: Path, folder: RunFolder) -> None:
    folder.mark_done()
    for name, seconds in (("config.yaml", 1000), ("DONE", 1060)):
        os.utime(folder.file(name), (seconds, seconds))
    assert tracker(folder, tmp_path / "mlruns.db").end("FINISHED")
    assert rows(tmp_path / "mlruns.db", "select start_time, end_time from runs") == [(1_000_000, 1_060_000)]


@contextmanager
def serving(database: Path, port: int) -> Iterator[str]:
    """A tracking server of MLflow's own, with its address."""
    options = ["--backend-store-uri", f"sqlite:///{database}", "--port", str(port), "--workers", "1"]
    program = str(Path(sys.executable).with_name("mlflow"))
    process = subprocess.Popen([program, "server", *options], stderr=subprocess.DEVNULL, start_new_session=True)
    uri = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None
            try:
                urlopen(f"{uri}/health").close()
                break
            except OSError:
                time.sleep(0.2)
        yield uri
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_fault_77_a_server_that_dies_while_a_run_trains_gets_the_rest_later(tmp_path: Path, folder: RunFolder) -> None:
    database = tmp_path / "mlruns.db"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with serving(database, port) as uri:
        tracked = Tracker(folder, uri=uri, experiment="test")
        tracked.begin()
        tracked.log_epoch(None, {"epoch": 1, "loss": 0.7})
    began = time.monotonic()
    with pytest.warns(UserWarning, match="refused.*once it has finished: sedpool track"):
        tracked.log_epoch(None, {"epoch": 2, "loss": 0.5})
    folder.mark_done()
    with pytest.warns(UserWarning, match="refused.*later: sedpool track"):
        assert not tracked.end("FINISHED")
    assert time.monotonic() - began < 10
    assert rows(database, "select status from runs") == [("RUNNING",)]
    with serving(database, port) as uri:
        shown = CliRunner().invoke(app, ["track", str(folder.path), "--uri", uri, "--experiment", "test"])
        assert shown.exit_code == 0, shown.output
    assert rows(database, "select status from runs") == [("FINISHED",)]
    assert rows(database, EPOCHS) == [(1,), (2,)]
