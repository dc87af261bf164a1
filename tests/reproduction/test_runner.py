import errno
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock

from sedpool.errors import ConfigError, DataError, StorageError
from sedpool.experiment.plan import RunKey
from sedpool.reproduction.records import FOLDER, add_row, keys_of, read_results, record_file, recorded, write_record
from sedpool.reproduction.runner import Places, reproduce
from sedpool.reproduction.studies import ESC10, URBANSED
from sedpool.run_folder import RunFolder, find_runs
from tests.reproduction import small_studies
from tests.reproduction.small_studies import write_run

STUDY = ESC10.select(methods=["max", "mean", "cap"], folds=[1, 4])
TABLE = "study/results.csv"
PlacesOf = Callable[..., Places]


@pytest.fixture
def here(places: PlacesOf) -> Places:
    return places(foreground=Path("esc10"), background=Path("backgrounds"))


def test_every_run_gets_a_row_and_a_record(made_up_training: list[str], here: Places, tmp_path: Path) -> None:
    assert reproduce(STUDY, here) == {}
    rows = read_results(tmp_path / TABLE)
    assert keys_of(rows) == [
        RunKey("", method, fold, 0) for fold in (1, 4) for method in ("cap", "max", "mean")
    ]  # sorted, so that versions of the table can be compared
    assert sorted(rows["run"]) == sorted(made_up_training)
    records = {run.name: run for run in find_runs(here.study)}
    assert set(records) == set(rows["run"])
    for row in rows.itertuples():
        run = RunFolder(tmp_path / "runs" / row.run)
        assert row.clip_f1_macro == run.metrics["clip"]["macro"]["f1"]
        assert (row.epochs, row.kept_epoch, row.seconds, row.threads) == (10, 2, 25.0, 1)
        assert row.valid
        assert records[row.run].score_hashes == run.score_hashes
        assert not records[row.run].file("scores.parquet").exists()


def test_an_interrupted_study_goes_on_to_the_same_rows(
    made_up_training: list[str], here: Places, places: PlacesOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = small_studies.train

    def interrupted(config: dict[str, Any]) -> str:
        if len(made_up_training) == 3:
            raise KeyboardInterrupt
        return train(config)

    monkeypatch.setattr("tests.reproduction.small_studies.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reproduce(STUDY, here)
    assert len(read_results(tmp_path / TABLE)) == 3
    monkeypatch.setattr("tests.reproduction.small_studies.train", train)
    assert reproduce(STUDY, here) == {}
    assert len(made_up_training) == 6
    together = (tmp_path / TABLE).read_bytes()
    (tmp_path / TABLE).unlink()
    reproduce(STUDY, here, rerun=True)
    assert (tmp_path / TABLE).read_bytes() == together


def test_what_has_a_row_is_not_repeated_wherever_it_was_made(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    reproduce(STUDY.select(folds=[4]), here)
    for run in find_runs(here.general["runs"]):
        run.forget()
    reproduce(STUDY, here)
    assert len(made_up_training) == len(set(made_up_training)) == 6
    reproduce(STUDY, here)
    assert len(made_up_training) == 6


def test_a_finished_folder_without_a_row_is_entered_and_not_trained(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    (planned,) = STUDY.select(folds=[4], methods=["cap"]).plan()
    write_run(planned.config(here.general, here.corpus))
    reproduce(STUDY.select(folds=[4]), here)
    assert len(made_up_training) == 2
    assert len(read_results(tmp_path / TABLE)) == 3


@pytest.mark.parametrize(
    ("name", "content"), [("metrics.json", '{"format": 1}'), ("history.csv", "epoch\n1\n"), ("environment.json", "{")]
)
def test_a_finished_folder_that_is_damaged_is_named_and_the_others_are_not_held_up(
    made_up_training: list[str], here: Places, tmp_path: Path, name: str, content: str
) -> None:
    study = STUDY.select(folds=[4])
    (planned,) = study.select(methods=["cap"]).plan()
    damaged = RunFolder(write_run(planned.config(here.general, here.corpus)))
    damaged.file(name).write_text(content)
    ((settings, reason),) = reproduce(study, here).items()
    assert "pooling=cap" in settings
    assert reason.startswith(f"{damaged.file(name)}: ")
    assert reason.endswith(f"; delete {damaged.path}, and the same command trains it again")
    rows = read_results(tmp_path / TABLE)
    assert {run.name for run in find_runs(here.study)} == set(rows["run"])
    assert len(rows) == 2
    shutil.rmtree(damaged.path)
    assert reproduce(study, here) == {}
    assert len(made_up_training) == len(read_results(tmp_path / TABLE)) == 3


def test_force_repeats_finished_folders_that_have_no_row(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    study = STUDY.select(folds=[4])
    reproduce(study.select(methods=["max"]), here)
    (planned,) = study.select(methods=["cap"]).plan()
    RunFolder(write_run(planned.config(here.general, here.corpus))).file("metrics.json").write_text("")
    assert reproduce(replace(study, settings=("force=true",)), here) == {}
    assert [name[:16] for name in made_up_training] == ["esc10-fold4-max-", "esc10-fold4-mean", "esc10-fold4-cap-"]


def test_what_is_to_be_made_is_said_and_where_the_rest_is(
    made_up_training: list[str], here: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for study, said in [
        (STUDY.select(folds=[4], methods=["cap"]), "1 of 1 run to be made\n"),
        (STUDY, f"5 of 6 runs to be made; the rest is in {tmp_path / TABLE}\n"),
        (STUDY, f"0 of 6 runs to be made; the rest is in {tmp_path / TABLE}\n"),
    ]:
        reproduce(study, here)
        assert capsys.readouterr().err.startswith(f"esc10-soundscapes: {said}")


def test_rerun_repeats_what_was_chosen_and_nothing_else(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    reproduce(STUDY, here)
    before = read_results(tmp_path / TABLE)
    made_up_training.clear()
    reproduce(STUDY.select(folds=[4], methods=["cap"]), here, rerun=True)
    assert [name[:15] for name in made_up_training] == ["esc10-fold4-cap"]
    pd.testing.assert_frame_equal(read_results(tmp_path / TABLE), before)


def test_no_record_is_left_of_a_run_that_was_repeated_with_other_settings(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    study = STUDY.select(folds=[4], methods=["cap", "max"])
    reproduce(study, here)
    reproduce(replace(study.select(methods=["cap"]), settings=("training.epochs=50",)), here, rerun=True)
    rows = read_results(tmp_path / TABLE)
    assert len(rows) == 2
    assert {run.name for run in find_runs(here.study)} == set(rows["run"])


def test_a_record_that_was_left_half_written_is_no_run(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    reproduce(STUDY.select(folds=[4], methods=["cap"]), here)
    (name,) = read_results(tmp_path / TABLE)["run"]
    (tmp_path / TABLE).unlink()
    record = record_file(here.study, name)
    record.rename(record.with_name(f".writing-{record.name}"))
    reproduce(STUDY.select(folds=[4], methods=["cap"]), here)
    assert [run.name for run in find_runs(here.study)] == [name]


def test_a_record_of_an_earlier_version_is_a_folder_and_gives_way_to_the_file(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    reproduce(STUDY.select(folds=[4], methods=["cap"]), here)
    (name,) = read_results(tmp_path / TABLE)["run"]
    file, folder = record_file(here.study, name), here.study / FOLDER / name
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    content = file.read_bytes()
    file.unlink()
    (earlier,) = recorded(here.study, STUDY.results).values()
    assert earlier.path == folder
    (run,) = find_runs(here.general["runs"])
    assert write_record(run, here.study).path.read_bytes() == content  # the same run makes the same bytes
    assert [run.path for run in find_runs(here.study)] == [file]


def test_fault_31_a_record_on_a_full_disk_is_an_error_and_leaves_the_earlier_one(
    made_up_training: list[str], here: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reproduce(STUDY.select(folds=[4], methods=["cap"]), here)
    (run,) = find_runs(here.general["runs"])

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match="the disk is full"):
        write_record(run, here.study)
    assert [record.name for record in find_runs(here.study)] == [run.name]


def test_a_run_that_fails_is_named_and_the_others_are_not_held_up(
    made_up_training: list[str], here: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = small_studies.train

    def failing(config: dict[str, Any]) -> str:
        if config["method"] == "mean":
            raise DataError("clip x.wav is broken")
        return train(config)

    monkeypatch.setattr("tests.reproduction.small_studies.train", failing)
    failures = reproduce(STUDY, here, n_jobs=2)
    assert [reason.partition(" (its output: ")[0] for reason in failures.values()] == ["clip x.wav is broken"] * 2
    assert all(reason.endswith("/output.txt)") for reason in failures.values())
    assert all("pooling=mean" in overrides for overrides in failures)
    assert len(read_results(tmp_path / TABLE)) == 4


def test_a_dry_run_lists_and_trains_nothing(
    made_up_training: list[str], here: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduce(STUDY, here, n_jobs=2, dry_run=True) == {}
    said = capsys.readouterr().err
    assert len(re.findall(r"^experiment=esc10_soundscapes pooling=\w+ ", said, re.MULTILINE)) == 6
    assert "6 runs, 2 at a time: at most 3 h 0 min" in said  # 6 runs of 60 epochs of a minute each
    assert made_up_training == []
    assert not list(here.study.glob("*.csv"))


def test_the_time_left_becomes_about_when_runs_have_stopped_early(
    made_up_training: list[str], here: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    reproduce(STUDY.select(folds=[4]), here)
    capsys.readouterr()
    reproduce(STUDY, here, dry_run=True)
    assert "3 runs, 1 at a time: about 30 min, at most 3 h 0 min" in capsys.readouterr().err


def test_a_damaged_table_is_refused_before_anything_trains(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    reproduce(STUDY.select(folds=[4]), here)
    table, content = tmp_path / TABLE, (tmp_path / TABLE).read_text()
    lines = content.splitlines()
    made_up_training.clear()
    for damaged, message in [
        (content.replace("kept_epoch", "kept"), "column kept_epoch is missing"),
        (content.replace(",4,0,", ",four,0,"), "damaged"),
        (content.replace(",4,0,", ",4,zero,"), "damaged"),
        ("\n".join([*lines, lines[1]]), "cap, fold 4, seed 0 is in two rows"),
        (content[: content.rindex("True")], "damaged"),
        (content[: content.rindex("esc10")], "a row names no run"),
        ("", "damaged"),
        (content.replace("kept_epoch", "kept_epoch,colour", 1), "column colour is unknown|damaged"),
    ]:
        table.write_text(damaged)
        with pytest.raises(StorageError, match=f"results.csv: ({message})") as caught:
            reproduce(STUDY, here)
        assert "\n" not in str(caught.value)
        assert table.read_text() == damaged
    assert made_up_training == []


def test_wrong_settings_and_roots_are_named_before_anything_trains(places: PlacesOf, tmp_path: Path) -> None:
    study = URBANSED.select(methods=["max"])
    with pytest.raises(DataError, match="urbansed: nowhere: no such folder"):
        reproduce(study, places(root=Path("nowhere")))
    with pytest.raises(ConfigError, match=r"training\.epochs=0"):
        reproduce(replace(study, settings=("training.epochs=0",)), places(root=Path("nowhere")))
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / TABLE).exists()


def test_two_commands_cannot_work_on_one_study(made_up_training: list[str], here: Places) -> None:
    here.study.mkdir()
    with FileLock(here.study / ".lock"), pytest.raises(ConfigError, match="another command is at work"):
        reproduce(STUDY, here)
    assert made_up_training == []


def test_a_study_folder_that_cannot_be_is_named(made_up_training: list[str], here: Places) -> None:
    here.study.write_text("a file")
    with pytest.raises(ConfigError, match=r"study: results cannot be kept here \(File exists\); choose"):
        reproduce(STUDY, here)


def test_a_row_of_an_earlier_version_may_lack_metrics(
    made_up_training: list[str], here: Places, tmp_path: Path
) -> None:
    reproduce(STUDY.select(folds=[4]), here)
    table = tmp_path / TABLE
    before = read_results(table)
    before.drop(columns="psds1").to_csv(table, index=False)
    pd.testing.assert_frame_equal(read_results(table), before)


def test_numbers_come_back_to_the_bit(tmp_path: Path, made_up_training: list[str], here: Places) -> None:
    reproduce(STUDY.select(folds=[4], methods=["cap"]), here)
    table = tmp_path / TABLE
    row = read_results(table).iloc[0].to_dict() | {"segment_f1_micro": 0.1 + 0.2, "psds1": 1 / 3}
    add_row(table, row)
    read = read_results(table).iloc[0]
    assert (read["segment_f1_micro"], read["psds1"]) == (0.1 + 0.2, 1 / 3)
    assert len(read_results(table)) == 1
