"""The whole way, on a small made corpus: configuration to report."""

import json
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sedpool import audio
from sedpool.datasets.base import Dataset
from sedpool.errors import ConfigError, DataError, TrainingError
from sedpool.experiment.load import identify_data
from sedpool.experiment.run import run
from sedpool.run_folder import RunFolder
from sedpool.settings.instantiate import build
from tests.experiment.small import small
from tests.test_configs import composed

FILES = {
    "DONE",
    "alpha.csv",
    "clip_scores.parquet",
    "config.yaml",
    "curve.csv",
    "environment.json",
    "durations.csv",
    "events.tsv",
    "example_events.tsv",
    "example_scores.parquet",
    "gradient_share.csv",
    "history.csv",
    "log.txt",
    "manifest.json",
    "metrics.json",
    "report.html",
    "scores.parquet",
    "counts.parquet",
    "tuned.json",
    "tuned_counts.parquet",
    "tuned_events.tsv",
    "validation_clip_scores.parquet",
    "validation_scores.parquet",
    "weights.npz",
    "weights.sha256",
}


def test_the_run_folder_is_complete(finished: RunFolder) -> None:
    assert {path.name for path in finished.path.iterdir() if not path.name.startswith(".")} == FILES
    assert finished.path.name.startswith("demo-cap-s0-")
    assert finished.is_done
    assert len(finished.history) == 2
    assert finished.config["pooling"]["max_weight"] == 0.5
    assert {"git_commit", "seed", "threads", "precision", "device", "packages", "format"} <= set(finished.environment)


def test_the_log_keeps_what_was_said(finished: RunFolder) -> None:
    lines = finished.file("log.txt").read_text(encoding="utf-8").splitlines()
    assert "epoch   1" in lines[0]
    assert "test: clip macro F1" in lines[-1]


def test_metrics_have_the_documented_form(finished: RunFolder) -> None:
    metrics = finished.metrics
    assert metrics["format"] == 1
    assert metrics["coverage"]["scored"] == metrics["coverage"]["expected"] == 8
    for level, names in {"clip": 3, "segment": 4, "event": 4}.items():
        expected = {"f1", "precision", "recall", "error_rate"} if names == 4 else {"f1", "precision", "recall"}
        assert set(metrics[level]["class_wise"]) == set(finished.scores.columns[3:])
        for average in ("micro", "macro"):
            assert expected <= set(metrics[level][average])
    assert metrics["validation"]["objective"] == "segment F1, micro, 1 s"
    assert finished.objective == metrics["validation"]["f1"]
    assert {"oracle_tags_stretched", "clip_decisions_stretched"} <= set(metrics["baselines"])


def test_the_curve_holds_the_score_at_the_threshold_that_was_set(finished: RunFolder) -> None:
    assert finished.curve is not None
    assert finished.curve["threshold"].tolist() == [round(0.01 * step, 2) for step in range(1, 100)]
    at_half = finished.curve.set_index("threshold").loc[0.5]
    for name in ("precision", "recall", "f1"):
        expected = finished.metrics["segment"]["micro"][name]
        assert at_half[name] == pytest.approx(float("nan") if expected is None else expected, nan_ok=True)


def test_scores_cover_every_test_clip_without_gaps(finished: RunFolder) -> None:
    assert finished.scores.groupby("filename").size().tolist() == [26] * 8
    assert finished.scores.groupby("filename")["offset"].max().tolist() == [10.0] * 8
    assert len(finished.validation_clip_scores) == 8


def test_the_report_needs_no_network(finished: RunFolder) -> None:
    page = finished.file("report.html").read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script src" not in page
    assert "air_conditioner" in page.replace("<wbr>", "")


def test_fault_41_a_run_that_becomes_nan_fails_keeps_its_checkpoint_and_tracking_says_so(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlruns.db'}"
    monkeypatch.setattr("sedpool.training.callbacks.np", SimpleNamespace(**vars(np) | {"isfinite": become_nan(3)}))
    with pytest.raises(TrainingError, match=r"the loss became .*lower training\.learning_rate"):
        run(small(data_root, tmp_path / "runs", "tracking=mlflow", f"tracking.uri={uri}"))
    monkeypatch.undo()
    (folder,) = (tmp_path / "runs").iterdir()
    assert len(list(folder.glob("checkpoint/*.npz"))) == 1
    assert not (folder / "DONE").exists()
    with sqlite3.connect(tmp_path / "mlruns.db") as database:
        assert database.execute("select status from runs").fetchall() == [("FAILED",)]
    database.close()


def become_nan(after: int) -> Any:
    """An `isfinite` that finds the loss good for that many batches; weights are always good."""
    batches = iter([True] * after)
    return lambda value: next(batches, False) if np.ndim(value) == 0 else np.ones(np.shape(value), dtype=bool)


@pytest.mark.parametrize(
    "overrides", [["supervision=strong", "training.monitor=psds1"], ["pooling=attention", "model=paper"]]
)
def test_other_supervision_pooling_and_model(data_root: Path, tmp_path: Path, overrides: list[str]) -> None:
    folder = RunFolder(run(small(data_root, tmp_path, *overrides, "training.epochs=1", "dataset.n_train=24")))
    assert folder.is_done
    assert folder.alpha is None
    assert np.isfinite(folder.history["loss"]).all()
    if "training.monitor=psds1" in overrides:
        measured = folder.history["val_psds1"]  # of so short a run 0, which is judged by the loss
        assert (
            folder.history["monitored"].tolist() == measured.where(measured > 0, -folder.history["val_loss"]).tolist()
        )


def test_fault_04_missing_clips_are_an_error_or_show_in_the_coverage(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = make_urbansed(data_root, tmp_path / "corpus")
    settings = ("dataset=urbansed", "training=demo", "model=compact", f"dataset.root={corpus}", "training.epochs=1")
    small_settings = [*settings, "tracking=none", f"data_root={data_root}", f"runs={tmp_path / 'runs'}"]
    with monkeypatch.context() as patch:
        patch.setattr("sedpool.experiment.run._report", lambda *_: None)
        metrics = RunFolder(run(composed(*small_settings))).metrics
    assert metrics["coverage"]["expected"] == 8
    assert set(metrics["paper_compat"]) == {"static", "dynamic"}
    removed = sorted(corpus.glob("audio/test/*.wav"))[0]
    removed.unlink()
    with pytest.raises(DataError, match="allow_missing=true"):
        run(composed(*small_settings, "force=true"))
    partial = RunFolder(run(composed(*small_settings, "allow_missing=true")))
    assert (partial.metrics["coverage"]["scored"], partial.metrics["coverage"]["expected"]) == (7, 8)
    assert partial.manifest is not None
    assert partial.manifest["missing"] == [removed.name]
    page = partial.file("report.html").read_text(encoding="utf-8")
    assert "test 7 of 8; 1 without audio, 0 unusable" in page
    assert partial.manifest["hash"][:12] in page


def make_urbansed(data_root: Path, target: Path) -> Path:
    """Copy the small demo corpus, which has URBAN-SED's layout and classes, to a folder of its own."""
    (corpus,) = (path for path in (data_root / "demo").iterdir() if path.is_dir())
    shutil.copytree(corpus, target)
    return target


@pytest.mark.usefixtures("without_page")
def test_training_learns_from_bags_and_noisy_tags_and_the_test_split_stays(data_root: Path, tmp_path: Path) -> None:
    bags = ("labels.bag_duration=5", "training.patch_duration=5", "labels.drop=0.5", "labels.add={siren: 0.2}")
    folder = RunFolder(run(small(data_root, tmp_path, *bags, "training.epochs=1")))
    assert folder.scores.groupby("filename")["offset"].max().tolist() == [10.0] * 8
    validated = folder.validation_scores.groupby("filename")["offset"].max()
    assert validated.tolist() == [5.0] * 16
    assert validated.index[0].endswith("#t=0,5")


@pytest.mark.usefixtures("without_page")
def test_without_times_no_event_of_training_or_validation_moves_a_weight_or_a_threshold(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(*overrides: str) -> RunFolder:
        short = ("pooling=max", "training.epochs=1", "training.self_training_rounds=1", "training.clip_loss_weight=1")
        return RunFolder(run(small(data_root, tmp_path, "labels.times=test", *short, *overrides)))

    def permuted(config: Mapping[str, Any]) -> tuple[dict[str, str], Dataset | None]:
        data, dataset = identify_data(config)
        assert dataset is not None
        assert dataset.events is not None
        learnt = dataset.clips.loc[dataset.clips["split"] != "test", "filename"]
        here = dataset.events["filename"].isin(learnt).to_numpy()
        times = dataset.events.loc[here, ["onset", "offset"]].sample(frac=1, random_state=0).to_numpy()
        assert here.sum() > 20
        events = dataset.events.copy()
        events.loc[here, ["onset", "offset"]] = times
        return data, replace(dataset, events=events)

    as_it_is = made()
    monkeypatch.setattr("sedpool.experiment.run.identify_data", permuted)
    again = made("force=true", f"runs={tmp_path / 'permuted'}")
    assert again.path != as_it_is.path
    for name in ("weights.npz", "tuned.json", "metrics.json"):
        assert again.file(name).read_bytes() == as_it_is.file(name).read_bytes()
    assert as_it_is.tuned["objective"] == "clip F1 of detected events (validation has weak labels only)"
    assert as_it_is.metrics["validation"]["objective"] == "clip F1, macro"
    with pytest.raises(ConfigError, match="the labels of train and validate have no times"):
        made("supervision=strong", "training.self_training_rounds=0")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["labels.bag_duration=5"], r"labels\.bag_duration=5.0: shorter than training\.patch_duration=10.0"),
        (["labels.bag_duration=0"], "labels.bag_duration=0"),
        (["labels.drop=1.2"], r"labels\.drop=1\.2"),
        (["labels.add={siren: -1}"], r"labels\.add"),
        (["labels.drop=0.1", "supervision=strong"], "supervision=strong training learns from events"),
        (["labels.add=0.1", "training.min_activity=0.1"], r"training\.min_activity=0\.1 training learns from events"),
        (["labels.bag_duration=0.05", "training.patch_duration=0.05"], r"lengthen training\.patch_duration"),
        (["labels.drop={cat: 0.1}"], "names cat; expected some of air_conditioner"),
    ],
)
def test_wrong_label_settings_are_named(data_root: Path, tmp_path: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        run(small(data_root, tmp_path, *overrides))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("tagged", "override", "message"),
    [
        ("train/a", "supervision=strong", "own: the labels of train have no times, which training from events needs"),
        ("train/a", "training.min_activity=0.1", "own: the labels of train have no times"),
        ("val/b", "training.monitor=psds1", "the validation clips of dataset own have tags without times; monitor map"),
    ],
)
def test_training_from_events_is_refused_early_where_there_are_none(
    tmp_path: Path, tagged: str, override: str, message: str
) -> None:
    for name in ("train/a.wav", "val/b.wav", "test/c.wav"):
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True)
        audio.write_wav(path, np.zeros(8000), 8000)
        path.with_suffix(".txt").write_text("0\t1\tdog\n")
    (tmp_path / "own" / f"{tagged}.txt").unlink()
    (tmp_path / "own/tags.csv").write_text(f"file,tags\n{tagged}.wav,dog\n")
    own = ("dataset=folder", f"dataset.root={tmp_path / 'own'}", "training.patch_duration=1", "pooling=max")
    config = composed(*own, override, f"runs={tmp_path}", f"cache={tmp_path / 'cache'}")
    with pytest.raises(ConfigError, match=message):
        run(config)
    assert not (tmp_path / "cache").exists()


def test_targets_that_do_not_exist_or_refuse_their_arguments_are_one_line() -> None:
    with pytest.raises(ConfigError, match=r"pooling\._target_=nowhere\.Layer: .*No module named"):
        build({"pooling": {"_target_": "nowhere.Layer"}}, "pooling")
    with pytest.raises(ConfigError, match=r"features .*LogMel"):
        build({"features": {"_target_": "sedpool.features.LogMel", "colour": 1}}, "features")


def test_metrics_are_valid_json(finished: RunFolder) -> None:
    text = finished.file("metrics.json").read_text()
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))
