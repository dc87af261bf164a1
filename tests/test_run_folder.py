import gc
from pathlib import Path

import pytest
import yaml

from sedpool import storage
from sedpool.errors import ConfigError, StorageError
from sedpool.run_folder import Record, RunFolder, find_runs, finished
from sedpool.settings.identity import digest
from tests.test_configs import composed


@pytest.mark.parametrize(
    ("corpus", "study", "fold"),
    [
        ("esc10-fold4", "esc10", 4),
        ("medleydb-split0", "medleydb", 0),
        ("urbansed", "urbansed", None),
        ("manifold-2", "manifold-2", None),
        ("a-fold1-b", "a-fold1-b", None),
    ],
)
def test_the_study_and_the_fold_follow_from_the_corpus_name(
    tmp_path: Path, corpus: str, study: str, fold: int | None
) -> None:
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"corpus": corpus}))
    assert (RunFolder(tmp_path).study, RunFolder(tmp_path).fold) == (study, fold)


def test_what_is_repeated_keeps_no_numbers_that_a_failure_would_be_tracked_with(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for name in ("DONE", "metrics.json", "history.csv", "report.html", "checkpoint/000001.npz", "notes.txt"):
        storage.write_text(folder.file(name), "old")
    folder.forget()
    assert {path.name for path in tmp_path.iterdir()} == {"log.txt", "notes.txt"}


@pytest.mark.parametrize("value", ["inf", "nan"])
def test_a_setting_that_is_no_finite_number_is_refused_by_group(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^pooling: a setting in it is infinite or no number"):
        digest(composed(f"+pooling.power={value}"), {})


def test_labels_outside_the_corpus_name_no_run_by_where_they_lie() -> None:
    def name(labels: str) -> str:
        return digest(
            composed("dataset=folder", "dataset.root=birds", f"dataset.labels={labels}"), {"dataset": "events"}
        )

    assert name("/home/ada/labels.tsv") == name("/data/labels.tsv") == name("../labels.tsv")
    assert name("labels.tsv") != name("second/labels.tsv")


def write_record(path: Path, **files: bytes) -> Record:
    record = Record(path)
    storage.write_bytes(path, storage.archive({name.replace("_", "."): content for name, content in files.items()}))
    return record


def test_a_record_reads_like_the_folder_of_its_run(tmp_path: Path) -> None:
    record = write_record(tmp_path / "a-max-s0-0.record.zip", config_yaml=b"corpus: a-fold2\nmethod: max\n", DONE=b"1")
    write_record(tmp_path / ".a-max-s0-1.record.zip")
    (found,) = find_runs(tmp_path)
    (itself,) = find_runs(record.path)
    for run in (found, itself, finished(record.path)):
        assert (run.name, run.fold, run.method, run.tuned, run.is_done) == ("a-max-s0-0", 2, "max", None, True)
    with pytest.raises(StorageError, match=r"a-max-s0-0\.record\.zip/metrics\.json: no such file"):
        assert found.metrics


def test_files_of_a_record_are_there_as_long_as_it_is(tmp_path: Path) -> None:
    record = write_record(tmp_path / "a.record.zip", config_yaml=b"corpus: a\nmethod: max\n")
    other = record.called(method="cap") if record.method == "max" else record
    path = record.file("config.yaml")
    del record
    gc.collect()
    assert other.file("config.yaml").is_file()
    del other
    gc.collect()
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable record"),
        (b"PK\x03\x04 and no more", "not a readable record"),
        (storage.archive({"../config.yaml": b""}), "which is no name of a file"),
        (storage.archive({"config.yaml": b"corpus: a"}).replace(b"corpus", b"korpus"), "not a readable record"),
    ],
)
def test_a_damaged_record_is_one_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.record.zip").write_bytes(content)
    with pytest.raises(StorageError, match=rf"a\.record\.zip: .*{message}"):
        assert Record(tmp_path / "a.record.zip").config
