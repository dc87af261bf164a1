"""``sedpool tune`` on a finished run over a corpus of annotations."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner, Result

from sedpool import storage
from sedpool.cli.app import app
from sedpool.datasets.urbansed import CLASSES
from sedpool.errors import ConfigError, DataError, SedpoolError, StorageError
from sedpool.formats import read_tsv
from sedpool.run_folder import RunFolder
from sedpool.scores import frame_scores, write_scores
from tests.test_configs import composed

EDGES = np.arange(0.0, 10.5, 0.5)


def sedpool(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def sedpool_bytes(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command as shells do: its arguments are bytes."""
    code = "from sedpool.cli.app import main; main()"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)


def scores(names: list[str]) -> pd.DataFrame:
    """A siren of probability 0.3 from 2 s to 6 s, over 0.1 of everything."""
    values = np.full((20, len(CLASSES)), 0.1)
    values[4:12, CLASSES.index("siren")] = 0.3
    return pd.concat([frame_scores(name, values, EDGES, CLASSES) for name in names], ignore_index=True)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return made(tmp_path)


def made(tmp_path: Path) -> RunFolder:
    """A finished run, and the annotations of its corpus, below a folder."""
    for split in ("train", "validate", "test"):
        for index in range(3):
            storage.write_text(tmp_path / f"corpus/annotations/{split}/{split}{index}.txt", "2.0\t6.0\tsiren\n")
    folder = RunFolder(tmp_path / "runs" / "made")
    config = composed("dataset=urbansed", "dataset.annotations=txt", "allow_missing=true")
    config["dataset"]["root"] = str(tmp_path / "corpus")
    storage.write_text(folder.file("config.yaml"), yaml.safe_dump(config))
    for split, prefix in (("validate", "validation_"), ("test", "")):
        frames = scores([f"{split}{index}.wav" for index in range(3)])
        write_scores(frames, folder.file(f"{prefix}scores.parquet"))
        clips = frames.groupby("filename")[list(CLASSES)].max().reset_index()
        write_scores(clips, folder.file(f"{prefix}clip_scores.parquet"))
    storage.write_json(folder.file("environment.json"), {"python": "3.11"})
    history = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,clips_per_second,seconds"
    storage.write_text(folder.file("history.csv"), f"{history}\n1,0.5,0.7,0.6,0.7,0.001,9.0,2.0\n")
    folder.mark_done()
    return folder


@pytest.mark.parametrize("parameters", ["global", "per_class", "all"])
def test_tuned_stands_beside_one_half_and_is_written(run: RunFolder, parameters: str) -> None:
    shown = sedpool("tune", run.path.parent, "--parameters", parameters)
    assert shown.exit_code == 0, shown.exception
    for title in ("this run, at 0.5", "this run, tuned", "own clip decisions, stretched, tuned", "true tags"):
        assert title in shown.stdout
    metrics = run.metrics
    assert metrics["segment"]["micro"]["f1"] == 0.0
    assert metrics["tuned"]["segment"]["micro"]["f1"] == 1.0
    assert metrics["paper_compat"]["dynamic"]["micro"]["recall"] == 0.0
    written = storage.read_json(run.file("tuned.json"))
    assert written["decoding"] == metrics["tuned"]["decoding"]
    assert (written["parameters"], written["n_clips"], written["objective"]) == (parameters, 3, "segment F1, 1 s")
    assert "as tuned on 3 validation clips" in run.file("report.html").read_text(encoding="utf-8")


def test_several_runs_are_tuned_into_one_table(run: RunFolder) -> None:
    shutil.copytree(run.path, run.path.with_name("another"))
    shown = sedpool("tune", run.path.parent)
    assert shown.exit_code == 0, shown.exception
    rows = [line.split() for line in shown.stdout.splitlines() if line.strip().startswith(("made", "another"))]
    assert [name for name, *_ in rows] == ["another", "made"]
    assert all(scores[2:4] == ["0.000", "1.000"] for _, *scores in rows)  # segment F1, as set and as tuned
    assert "own clip decisions" not in shown.stdout


def test_a_run_that_saw_no_times_is_tuned_without_them(run: RunFolder) -> None:
    config = yaml.safe_load(run.file("config.yaml").read_text(encoding="utf-8"))
    config["labels"]["times"] = "test"
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    assert sedpool("tune", run.path, "--parameters", "all").exit_code == 0
    tuned = storage.read_json(run.file("tuned.json"))
    assert tuned["objective"] == "clip F1 of detected events (validation has weak labels only)"
    assert tuned["parameters"] == "all"
    assert not isinstance(tuned["decoding"]["median_filter"], dict)  # tags choose one filter for all classes
    assert RunFolder(run.path).metrics["tuned"]["segment"]["micro"]["f1"] == 1.0  # test clips keep their times


def test_a_clip_mask_counts_in_the_run_and_as_tuned(run: RunFolder) -> None:
    clips = run.clip_scores.assign(siren=[0.9, 0.2, 0.9])  # of test clips; each has a siren
    write_scores(clips, run.file("clip_scores.parquet"))
    config = yaml.safe_load(run.file("config.yaml").read_text(encoding="utf-8"))
    config["evaluation"] |= {"clip_mask": True, "threshold": 0.25}
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    assert sedpool("tune", run.path).exit_code == 0
    run = RunFolder(run.path)
    assert run.metrics["segment"]["micro"]["recall"] == pytest.approx(2 / 3)
    assert run.metrics["psds_by_class"]["scenario1"]["class_wise"]["siren"] < 1
    tuned = run.metrics["tuned"]
    assert tuned["decoding"]["clip_mask"] is True
    assert tuned["decoding"]["clip_threshold"]["siren"] == 0.3  # as of all validation clips
    assert tuned["segment"]["micro"]["recall"] == pytest.approx(2 / 3)
    assert set(read_tsv(run.file("tuned_events.tsv"))["filename"]) == {"test0.wav", "test2.wav"}


def test_test_scores_under_another_name_are_refused(run: RunFolder) -> None:
    shutil.copy(run.file("scores.parquet"), run.file("validation_scores.parquet"))
    shown = sedpool("tune", run.path)
    assert isinstance(shown.exception, SedpoolError)
    assert "are test clips (test0.wav" in str(shown.exception)
    assert not run.file("tuned.json").exists()


def lacks(name: str, column: str) -> Callable[[RunFolder], None]:
    return lambda run: storage.write_csv(run.file(name), pd.read_csv(run.file(name)).drop(columns=column))


def other_level(level: str, value: object) -> Callable[[RunFolder], None]:
    return lambda run: storage.write_json(run.file("metrics.json"), {**run.metrics, level: value})


def piped(name: str) -> Callable[[RunFolder], None]:
    def change(run: RunFolder) -> None:
        run.file(name).unlink()
        os.mkfifo(run.file(name))

    return change


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that was tuned, for tests that copy it."""
    folder = made(tmp_path_factory.mktemp("tuned"))
    assert sedpool("tune", folder.path).exit_code == 0
    return RunFolder(folder.path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lacks("history.csv", "epoch"), "history.csv: no column epoch"),
        (lacks("curve.csv", "threshold"), "curve.csv: no column threshold"),
        (other_level("clip", 3), "metrics.json: clip=3: expected its numbers by name"),
        (other_level("clip", {}), "metrics.json: no micro in it"),
        (other_level("segment", [1]), "metrics.json: segment=[1]: expected its numbers by name"),
        (other_level("tuned", {"event": 3}), "metrics.json: tuned.event=3: expected its numbers by name"),
        (other_level("baselines", {"x": {"clip": {"micro": "y"}}}), "metrics.json: baselines.x.clip.micro=y: expected"),
        (other_level("event", {"class_wise": {"dog": 0.5}}), "metrics.json: event.class_wise.dog=0.5: expected its"),
        (other_level("coverage", 5), "metrics.json: coverage=5: expected its numbers by name"),
        (other_level("ceiling", {"event": 5}), "metrics.json: ceiling.event=5: expected its numbers by name"),
        (piped("metrics.json"), "metrics.json: a pipe or a device; expected a file"),
        (piped("history.csv"), "history.csv: a pipe or a device; expected a file"),
    ],
)
def test_fault_63_a_run_of_another_shape_is_one_line(
    tuned: RunFolder, tmp_path: Path, damage: Callable[[RunFolder], None], message: str
) -> None:
    run = RunFolder(shutil.copytree(tuned.path, tmp_path / "run"))
    damage(run)
    shown = sedpool("report", run.path)
    assert isinstance(shown.exception, StorageError)
    assert message in str(shown.exception)
    assert "\n" not in str(shown.exception)


def test_fault_63_labels_are_not_waited_for_at_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "labels.tsv")
    with pytest.raises(DataError, match=r"labels\.tsv: a pipe; expected a file"):
        read_tsv(tmp_path / "labels.tsv")


KILLED = """
import os, signal, sys
from pathlib import Path
from sedpool import storage
from sedpool.cli.app import main

write = storage.write_bytes
name, command, run = sys.argv[1:]

def killed(path, data):
    if Path(path).name == name:
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, data)

storage.write_bytes = killed
sys.argv = ["sedpool", command, run]
main()
"""


@pytest.mark.parametrize("name", ["events.tsv", "metrics.json", "report.html"])
def test_fault_59_a_run_half_renewed_says_that_it_must_be_repeated(run: RunFolder, name: str) -> None:
    assert sedpool("tune", run.path).exit_code == 0
    whole = {path.name: path.read_bytes() for path in run.path.iterdir() if not path.name.startswith(".")}
    assert "RENEWAL" not in whole
    assert subprocess.run([sys.executable, "-c", KILLED, name, "tune", run.path]).returncode == -signal.SIGKILL
    for command in (["report", run.path], ["analyse", run.path], ["compare", run.path], ["pack", run.path, "x"]):
        shown = sedpool(*command)
        assert isinstance(shown.exception, StorageError), command
        assert (
            f"half renewed, as sedpool tune was interrupted or is still at work; repeat it: sedpool tune {run.path}"
            in str(shown.exception)
        )
    assert sedpool("tune", run.path).exit_code == 0
    assert {path.name for path in run.path.iterdir() if not path.name.startswith(".")} == set(whole)
    assert run.file("metrics.json").read_bytes() == whole["metrics.json"]


def test_fault_78_a_run_that_another_process_renews_is_left_alone(run: RunFolder) -> None:
    before = run.file("metrics.json").read_bytes() if run.file("metrics.json").exists() else None
    held = "import sys, filelock; lock = filelock.FileLock(sys.argv[1]); lock.acquire(); "
    held += "print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", held, run.file(".lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        shown = sedpool("tune", run.path)
        other.stdin.close()
    assert isinstance(shown.exception, ConfigError)
    assert f"{run.path}: another process is running this configuration; wait for it" in str(shown.exception)
    assert (run.file("metrics.json").read_bytes() if run.file("metrics.json").exists() else None) == before
    assert not run.file("RENEWAL").exists()
    assert sedpool("tune", run.path).exit_code == 0


@pytest.mark.parametrize("command", [["report"], ["compare"], ["analyse"], ["tune"], ["pack", "x.sedpool"]])
def test_fault_69_a_run_folder_whose_name_is_not_utf8_is_one_line(run: RunFolder, command: list[str]) -> None:
    odd = run.path.rename(run.path.with_name(os.fsdecode(b"r\xff")))
    name, *rest = command
    shown = sedpool_bytes(name, odd, *rest)
    assert shown.returncode == 1
    assert shown.stderr.partition("/runs/")[2] == "r\\udcff: the name is not in UTF-8; rename the folder\n"


def test_fault_59_what_cannot_be_tuned_is_as_whole_as_before(run: RunFolder) -> None:
    run.file("validation_scores.parquet").unlink()
    assert isinstance(sedpool("tune", run.path).exception, StorageError)
    assert not run.file("RENEWAL").exists()


@pytest.mark.parametrize("where", ["_target_", "root"])
def test_fault_25_a_run_that_names_other_code_is_refused(run: RunFolder, where: str) -> None:
    config = dict(run.config)
    config["dataset"][where] = "os.getcwd" if where == "_target_" else {"_target_": "os.getcwd"}
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    shown = sedpool("tune", run.path)
    assert isinstance(shown.exception, SedpoolError)
    assert "made by os.getcwd, code outside sedpool" in str(shown.exception)


@pytest.mark.parametrize(
    ("command", "name", "page"),
    [("report", "report.md", "report/index.html"), ("analyse", "confusion.csv", "errors.html")],
)
def test_fault_71_a_page_half_renewed_says_that_it_must_be_repeated(
    run: RunFolder, command: str, name: str, page: str
) -> None:
    assert sedpool("tune", run.path).exit_code == 0
    assert sedpool(command, run.path).exit_code == 0
    whole = run.file(page).read_bytes()
    assert subprocess.run([sys.executable, "-c", KILLED, name, command, run.path]).returncode == -signal.SIGKILL
    assert b"Half renewed" in run.file(page).read_bytes()
    assert sedpool(command, run.path).exit_code == 0
    assert run.file(page).read_bytes() == whole
