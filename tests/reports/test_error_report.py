import numpy as np
import pandas as pd
import pytest
import yaml

from sedpool import storage
from sedpool.datasets.base import manifest_of
from sedpool.datasets.demo import load_demo
from sedpool.datasets.statistics import duration_percentiles
from sedpool.errors import ConfigError, DataError
from sedpool.experiment.load import dataset_of
from sedpool.reports.error_report import FIGURES, error_tables, write_error_report
from tests.miniatures.runs import made_dataset, made_reference


@pytest.fixture
def mixing():
    reference = made_reference()
    details = reference[["filename", "onset", "event_label"]]
    return details.assign(snr=np.linspace(5, 30, len(details)), source_file="")


def test_every_table_has_a_figure_and_a_file(make_run, mixing):
    run = make_run()
    tables = error_tables(run, made_dataset(), duration_percentiles(made_dataset()), mixing, run.events)
    assert set(tables) == {
        "confusion",
        "false_alarms",
        "detection_by_duration",
        "detection_by_polyphony",
        "detection_by_snr",
        "boundaries",
        "clip_calibration",
        "frame_calibration",
        "alpha",
    }
    assert set(FIGURES) == set(tables) - {"frame_calibration"}
    page = write_error_report(run, tables, "as set").read_text(encoding="utf-8")
    assert page.count("data:image/svg+xml;base64,") == 8
    written = {path.stem for path in run.file("errors").iterdir()}
    assert written == set(tables)
    pd.testing.assert_frame_equal(pd.read_csv(run.file("errors/alpha.csv")), tables["alpha"], check_dtype=False)


def test_weak_labels_leave_calibration_alone(make_run):
    run = make_run("max", weak=True)
    tables = error_tables(run, made_dataset(weak=True), None, None, run.events)
    assert set(tables) == {"clip_calibration"}
    assert "weak labels only" in write_error_report(run, tables, "as set").read_text(encoding="utf-8")


def test_without_scapers_annotations_nothing_is_said_about_snr(make_run):
    run = make_run()
    tables = error_tables(run, made_dataset(), None, None, run.events)
    assert "detection_by_snr" not in tables
    assert "give no signal-to-noise ratio" in write_error_report(run, tables, "as set").read_text(encoding="utf-8")


def set_dataset(run, **node):
    labels = {"bag_duration": None, "drop": 0.0, "add": 0.0, "seed": 0}
    run.config.update(dataset=node, labels=labels)
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(dict(run.config)))


def test_a_run_that_is_not_done_has_no_errors_yet(make_run):
    run = make_run()
    run.file("DONE").unlink()
    with pytest.raises(ConfigError, match="not finished"):
        dataset_of(run)


def test_fault_25_a_run_folder_cannot_name_code_to_run(make_run):
    run = make_run()
    set_dataset(run, _target_="joblib.load", filename="evil.pickle")
    with pytest.raises(ConfigError, match=r"dataset is made by joblib\.load, code outside sedpool"):
        dataset_of(run)


def test_a_corpus_that_is_nowhere_is_not_made_there(make_run, tmp_path):
    run = make_run()
    set_dataset(run, _target_="sedpool.load_demo", root="data/demo")
    with pytest.raises(ConfigError, match="no such folder"):
        dataset_of(run, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_a_corpus_that_another_folder_lacks_is_not_made_there(make_run, tmp_path):
    run, elsewhere = make_run(), tmp_path / "elsewhere"
    elsewhere.mkdir()
    set_dataset(run, _target_="sedpool.load_demo", n_train=2, n_validate=2, n_test=2, n_jobs=1)
    with pytest.raises(
        DataError,
        match=r"elsewhere: no corpus demo-[0-9a-f]{12} in it; give .*; make it: sedpool data prepare demo --root=",
    ):
        dataset_of(run, elsewhere)
    assert not any(elsewhere.iterdir())


@pytest.mark.parametrize("is_same", [True, False])
def test_another_corpus_than_the_runs_is_said_to_be_so(make_run, tmp_path, capsys, is_same):
    run = make_run()
    sizes = {"n_train": 1, "n_validate": 1, "n_test": 1, "n_jobs": 1}
    manifest = manifest_of(load_demo(tmp_path / "corpus", **sizes))
    storage.write_json(run.file("manifest.json"), manifest if is_same else manifest | {"hash": "0" * 64})
    set_dataset(run, _target_="sedpool.load_demo", **sizes)
    dataset_of(run, tmp_path / "corpus")
    said = f"{tmp_path / 'corpus'}: other clips or labels than {run.path} was made with"
    assert (said in capsys.readouterr().err) == (not is_same)
