"""Every preset of the paper from end to end, on a dozen made clips in the exact layout of its corpus."""

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sedpool.experiment.plan import RunKey, Study
from sedpool.reproduction.records import LEFT_BEHIND, keys_of, read_results, record_file, record_run, recorded
from sedpool.reproduction.report import write_study_report
from sedpool.reproduction.runner import Places, reproduce
from sedpool.reproduction.studies import DCASE2017, MEDLEYDB, URBANSED
from sedpool.run_folder import Record, RunFolder
from tests.miniatures.dcase2017 import write_dcase2017
from tests.miniatures.medleydb import write_medleydb
from tests.miniatures.urbansed import write_urbansed
from tests.reproduction.small_studies import SMALL

WEAK = {
    "training": [f"{name}_0.000_10.000.wav\t{label}" for name, label in zip("abcdef", ["Car", "Bus"] * 3, strict=True)],
    "testing": ["g_0.000_10.000.wav\tBus", "h_0.000_10.000.wav\tCar", "i_0.000_10.000.wav\tCar"],
    "evaluation": ["j_0.000_10.000.wav\tTrain", "k_0.000_10.000.wav\tCar", "l_0.000_10.000.wav\tBus"],
}
STRONG = {"testing": [("1.000", "2.500", "Bus")], "evaluation": [("0.250", "3.000", "Train")]}
TRACKS: dict[str, tuple[str, list[str | list[str]]]] = {
    "First_Song": ("First", ["piano", "male singer"]),
    "Second_Song": ("Second", ["drum set", "electric bass", "piano"]),
    "Second_Other": ("Second", ["drum set", "female singer"]),
    "Third_Song": ("Third", ["acoustic guitar", "clean electric guitar"]),
}


def noise(seconds: int, sr: int) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(seconds * sr)


def urbansed(root: Path) -> Path:
    return write_urbansed(root)


def dcase2017(root: Path) -> Path:
    return write_dcase2017(root, WEAK, STRONG, noise(10, 8000), 8000)


def medleydb(root: Path) -> Path:
    return write_medleydb(root, TRACKS, seconds=12)


@pytest.mark.usefixtures("in_this_process", "hasty")
@pytest.mark.parametrize(
    ("study", "write", "n_methods"),
    [
        (URBANSED.select(conditions=["augmented"], methods=["auto", "cap", "strong"]), urbansed, 3),
        pytest.param(URBANSED.select(conditions=["augmented"]), urbansed, 9, marks=pytest.mark.slow),
        (DCASE2017.select(conditions=["augmented"], methods=["auto", "cap"]), dcase2017, 2),
        pytest.param(DCASE2017.select(conditions=["augmented"]), dcase2017, 8, marks=pytest.mark.slow),
        pytest.param(MEDLEYDB.select(folds=[3]), medleydb, 9, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_full_preset_from_corpus_to_records(
    study: Study, write: Callable[[Path], Path], n_methods: int, places: Callable[..., Places], tmp_path: Path
) -> None:
    root = write(tmp_path / study.name)
    failures = reproduce(replace(study, settings=SMALL), places(root=root))
    assert failures == {}
    rows = read_results(tmp_path / "study" / "results.csv")
    assert set(keys_of(rows)) == {run.key for run in study.plan()}
    assert len(rows) == n_methods
    assert rows["segment_f1_micro"].notna().all()
    assert rows["paper_static_f1"].notna().all()
    assert not rows["valid"].any()
    assert rows["remark"].str.startswith("ended with its budget of 1 epochs").all()
    for name in rows["run"]:
        record = Record(record_file(tmp_path / "study", name))
        with zipfile.ZipFile(record.path) as archive:
            kept = set(archive.namelist())
        assert {"config.yaml", "scores.sha256", "metrics.json", "history.csv", "counts.parquet", "curve.csv"} <= kept
        assert not kept & LEFT_BEHIND
        assert record.study == study.name
        assert str(tmp_path) not in record.file("config.yaml").read_text()
    if study.name == "urbansed":
        check_report(tmp_path / "study", study)
        check_that_an_earlier_run_is_scored_again(tmp_path, rows["run"].iloc[0])


def check_report(folder: Path, study: Study) -> None:
    page = write_study_report(folder, [study])
    text = page.with_name("report.md").read_text()
    for name in ("Table I", "Table II", "Table III", "Figure 2", "Figure 3", "Figure 7", "Figure 8", "Figure 9"):
        assert f"**{name}.**" in text
    n_runs = len(study.plan())
    assert f"URBAN-SED: {n_runs} of {n_runs} runs are here." in text
    assert f"0 of {n_runs} runs are valid" in text
    assert "ended with its budget of 1 epochs" in text
    assert str(folder.parent) not in text


def check_that_an_earlier_run_is_scored_again(folder: Path, name: str) -> None:
    run = RunFolder(folder / "runs" / name)
    run.file("curve.csv").unlink()
    record_run(RunKey("", "earlier", None, 0), run, folder / "study", "earlier.csv")
    (record,) = recorded(folder / "study", "earlier.csv").values()
    assert record.curve is not None
    assert len(record.curve) == 99
