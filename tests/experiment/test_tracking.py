import os
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sedpool import storage
from sedpool.cli.app import app
from sedpool.experiment.tracking import log_run
from sedpool.run_folder import RunFolder

METRICS = {"segment": {"micro": {"f1": 0.5, "precision": None}, "macro": {"f1": 0.25}}, "clip": None}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    path = tmp_path / "demo-cap-s0-abc"
    storage.write_text(path / "config.yaml", "seed: 0\npooling: {max_weight: 0.5}\n")
    storage.write_json(path / "metrics.json", METRICS)
    pd.DataFrame({"epoch": [1, 2], "loss": [0.7, 0.5]}).to_csv(path / "history.csv", index=False)
    return RunFolder(path)


LOG = """
import sys
from sedpool.run_folder import RunFolder
from sedpool.experiment.tracking import log_run
log_run(RunFolder(sys.argv[1]), uri=sys.argv[2], experiment="test")
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
        log_run(folder, uri=f"sqlite:///{tmp_path / 'file' / 'x' / 'mlruns.db'}", experiment="test")


def test_fault_42_of_a_run_that_failed_no_later_upload_is_offered(tmp_path: Path, folder: RunFolder) -> None:
    (tmp_path / "file").write_text("")
    with pytest.warns(UserWarning, match=r"abc: not logged to .*; the folder holds it all$"):
        log_run(folder, uri=f"sqlite:///{tmp_path / 'file' / 'x' / 'mlruns.db'}", experiment="test", status="FAILED")


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
from sedpool.experiment.tracking import log_run
assert log_run(RunFolder(sys.argv[1]), uri=sys.argv[2], experiment="test")
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
