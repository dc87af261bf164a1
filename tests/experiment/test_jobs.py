"""What a run folder says about a run that is not finished."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import ConfigError
from sedpool.experiment import jobs
from sedpool.experiment.jobs import Job, all_progress, at_work, failure_noted, note_failure, progress_of, write_note
from sedpool.run_folder import RunFolder
from tests.test_configs import composed

CONFIG = composed()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "demo-cap-s0-0123456789")
    Job("job 1", ("pooling=cap",), CONFIG, folder).plan()
    return folder


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_a_planned_job_is_left_and_at_work_it_runs_and_shows_signs_of_life(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_BEAT", 0.01)
    assert progress_of(folder).state == "left"
    with at_work(folder, CONFIG):
        assert progress_of(folder).state == "running"
        assert progress_of(folder).overrides == ("pooling=cap",)
        note = folder.file("job.json")
        os.utime(note, (0, 0))
        deadline = time.monotonic() + 60
        while note.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - note.stat().st_mtime < 60
    assert not note.exists()


def test_whatever_ends_it_is_noted(folder: RunFolder) -> None:
    for error, reason in [
        (ConfigError("seed=x: wrong"), "seed=x: wrong"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (SystemExit(3), "exited with status 3 before its end"),
    ]:
        with pytest.raises(type(error)), failure_noted(folder), at_work(folder, CONFIG):
            raise error
        assert (progress_of(folder).state, progress_of(folder).reason) == ("failed", reason)
    with pytest.raises(KeyboardInterrupt), failure_noted(folder), at_work(folder, CONFIG):
        raise KeyboardInterrupt
    assert progress_of(folder).state == "left"


def test_a_single_run_that_nobody_planned_leaves_no_trace_of_an_error_before_its_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError), failure_noted(RunFolder(tmp_path / "run")):
        raise ConfigError("pooling: wrong")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("host", "is_alive", "age", "state"),
    [
        ("here", True, 0, "running"),
        ("here", False, 0, "failed"),
        ("here", True, 3600, "failed"),  # another process has its number by now, or it hangs
        ("elsewhere", False, 60, "running"),
        ("elsewhere", False, 3600, "failed"),
    ],
)
def test_a_killed_job_is_known_by_its_process_here_and_by_its_signs_of_life_elsewhere(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, host: str, is_alive: bool, age: int, state: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    write_note(folder, state="running", host=host, pid=os.getpid() if is_alive else ended_process())
    then = time.time() - age
    os.utime(folder.file("job.json"), (then, then))
    assert progress_of(folder).state == state
    Job("job 1", ("pooling=cap",), CONFIG, folder).plan()
    assert progress_of(folder).state == ("running" if state == "running" else "left")
    note_failure(folder, "another process is running this configuration")
    is_own = (host, is_alive) == ("here", True) and state == "running"
    assert progress_of(folder).state == ("running" if state == "running" and not is_own else "failed")


def finished(folder: Path, config: object, n_epochs: int) -> None:
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "DONE").touch()
    (folder / "history.csv").write_text("epoch,seconds\n" + "".join(f"{n},120\n" for n in range(1, n_epochs + 1)))


def test_a_folder_of_runs_at_a_glance(folder: RunFolder, tmp_path: Path) -> None:
    config = composed("training.epochs=10")
    finished(tmp_path / "demo-max-s0-0", config, 5)
    for name in ("demo-max-s1-0", "demo-max-s2-0"):
        Job(name, (f"seed={name[-3]}",), config, RunFolder(tmp_path / name)).plan()
    write_note(folder, state="failed", reason="killed by signal 9; out of memory?")
    folder.file("output.txt").touch()
    with at_work(RunFolder(tmp_path / "demo-max-s1-0"), config):
        (tmp_path / "demo-max-s1-0/history.csv").write_text("epoch,seconds\n1,120\n")
        shown = CliRunner().invoke(app, ["jobs", str(tmp_path)])
    host = json.loads(json.dumps(os.uname().nodename))
    assert shown.output.splitlines() == [
        "4 runs: 1 done, 1 running, 1 failed, 1 left; about 18 min, at most 38 min",
        f"running: {tmp_path}/demo-max-s1-0 (on {host}, 1 of 10 epochs)",
        f"failed: {folder.path}: killed by signal 9; out of memory? (its output: {folder.path}/output.txt)",
        "  pooling=cap",
    ]


def test_a_folder_without_runs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run in it"):
        all_progress(tmp_path)


def test_who_waits_for_jobs_reads_a_history_only_when_it_has_grown(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = folder.file("history.csv")
    history.write_text("epoch,seconds\n1,2.5\n", encoding="utf-8")
    assert progress_of(folder).seconds == (2.5,)
    opened: list[Path] = []
    open_file = Path.open
    monkeypatch.setattr(Path, "open", lambda path, *_, **__: opened.append(path) or open_file(path, *_, **__))
    assert [progress_of(folder).seconds for _ in range(3)] == [(2.5,)] * 3
    assert history not in opened
    with history.open("a", encoding="utf-8") as stream:
        stream.write("2,3.5\n")
    opened.clear()
    assert [progress_of(folder).seconds for _ in range(3)] == [(2.5, 3.5)] * 3
    assert opened.count(history) == 1
