from pathlib import Path

import pytest
import yaml

from sedpool import storage
from sedpool.errors import ConfigError
from sedpool.run_folder import RunFolder
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
