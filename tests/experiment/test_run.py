"""The whole way, on a small made corpus: configuration to report."""

import json
import logging
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from sedpool import audio, storage
from sedpool.datasets.base import manifest_of
from sedpool.errors import ConfigError, DataError, StorageError, TrainingError
from sedpool.experiment.launchers.sweep import Sweep
from sedpool.experiment.load import dataset_of, identify_data, load
from sedpool.experiment.run import find_folder, run
from sedpool.run_folder import RunFolder, former_run_name, run_name
from sedpool.settings.instantiate import build
from tests.test_configs import composed

SMALL = ("dataset.n_train=24", "dataset.n_validate=8", "dataset.n_test=8", "training.epochs=2", "tracking=none")
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
    "validation_clip_scores.parquet",
    "validation_scores.parquet",
    "weights.npz",
    "weights.sha256",
}


@pytest.fixture(scope="module")
def data_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that holds the small demo corpus."""
    root = tmp_path_factory.mktemp("data")
    build(small(root, root), "dataset")
    return root


def small(data_root: Path, runs: Path, *overrides: str) -> dict[str, Any]:
    return composed(*SMALL, f"data_root={data_root}", f"runs={runs}", *overrides)


@pytest.fixture(scope="module")
def finished(data_root: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(run(small(data_root, tmp_path_factory.mktemp("runs"))))


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what takes half the time of so short a run: its page."""
    monkeypatch.setattr("sedpool.experiment.run._report", lambda *_: None)


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


@pytest.mark.usefixtures("without_page")
def test_a_finished_run_is_skipped_and_force_repeats_it_to_the_bit(
    finished: RunFolder, data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = RunFolder(shutil.copytree(finished.path, tmp_path / finished.path.name))
    before = {name: again.file(name).read_bytes() for name in ("weights.npz", "metrics.json", "events.tsv")}
    changed = again.file("weights.npz").stat().st_mtime_ns
    assert run(small(data_root, tmp_path)) == again.path
    assert "skipped; force=true repeats it" in capsys.readouterr().err
    assert again.file("weights.npz").stat().st_mtime_ns == changed

    run(small(data_root, tmp_path, "force=true"))
    assert again.file("weights.npz").stat().st_mtime_ns != changed
    assert {name: again.file(name).read_bytes() for name in before} == before
    pd.testing.assert_frame_equal(again.scores, finished.scores, check_exact=True)


def folder_of(config: dict[str, Any]) -> RunFolder:
    return find_folder(config, *identify_data(config))


def test_a_run_that_another_process_finished_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = small(tmp_path, tmp_path / "runs")
    folder = folder_of(config)

    def slow(*_: object) -> tuple[None, None, None]:
        folder.make()
        folder.mark_done()
        return None, None, None

    monkeypatch.setattr("sedpool.experiment.run.build_all", slow)
    assert run(config) == folder.path
    assert "another process has finished it meanwhile" in capsys.readouterr().err
    assert not folder.file("config.yaml").exists()


def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("sedpool.experiment.run.build_all", lambda *_: (None, None, None))
    with pytest.raises(StorageError, match=r"a run cannot be kept here \(.*\); choose .*runs=FOLDER"):
        run(small(tmp_path, tmp_path / "file"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_fault_31_a_disk_that_is_full_when_the_log_is_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small(tmp_path, tmp_path / "runs")
    folder = folder_of(config)

    def full(*_: object) -> None:
        folder.file("log.txt").symlink_to("/dev/full")
        logging.getLogger("sedpool").info("epoch 1")

    monkeypatch.setattr("sedpool.experiment.run.build_all", lambda *_: (None, None, None))
    monkeypatch.setattr("sedpool.experiment.run._run", full)
    with pytest.raises(StorageError, match=rf"{folder.path.name}: the disk is full; free some space"):
        run(config)


def test_a_run_of_another_backend_is_skipped_with_a_warning_and_not_gone_on_with(
    finished: RunFolder,
    data_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    run(small(data_root, finished.path.parent))
    assert "made with KERAS_BACKEND=tensorflow, now jax" in capsys.readouterr().err
    begun = tmp_path / finished.path.name
    (begun / "checkpoint").mkdir(parents=True)
    shutil.copy(finished.file("environment.json"), begun)
    with pytest.raises(ConfigError, match=r"begun with KERAS_BACKEND=tensorflow, now jax; .*force=true"):
        run(small(data_root, tmp_path))


@pytest.mark.usefixtures("without_page")
@pytest.mark.parametrize("moment", ["training", "scoring"])
def test_fault_28_a_crashed_run_goes_on_to_the_same_bits(
    finished: RunFolder, data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    from sedpool.inference import trained_detector
    from sedpool.training.session import Session

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*((Session, "_save") if moment == "training" else (trained_detector, "score")), crash)
        patch.setattr("sedpool.training.session.CHECKPOINT_SECONDS", 0.0)
        with pytest.raises(KeyboardInterrupt):
            run(small(data_root, tmp_path))
    (crashed,) = tmp_path.iterdir()
    assert list(crashed.glob("checkpoint/*.npz"))
    for name in (".writing-alpha-x.csv", "checkpoint/.writing-000001-x.npz"):  # as a kill leaves them
        (crashed / name).touch()
    folder = RunFolder(run(small(data_root, tmp_path)))
    for name in ("weights.sha256", "metrics.json"):
        assert folder.file(name).read_bytes() == finished.file(name).read_bytes()
    assert not folder.file("checkpoint").exists()
    assert not list(crashed.glob(".writing-*"))
    assert "going on from epoch" in folder.file("log.txt").read_text(encoding="utf-8")


def test_fault_38_a_sweep_run_again_skips_what_finished_and_resumes_what_was_killed(
    finished: RunFolder,
    data_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    shutil.copytree(finished.path, tmp_path / finished.path.name)
    with monkeypatch.context() as patch:
        patch.setattr("sedpool.inference.trained_detector.score", die)
        with pytest.raises(KeyboardInterrupt):
            run(small(data_root, tmp_path, "seed=1"))
    sweep = Sweep()
    jobs = [sweep.run(small(data_root, tmp_path, f"seed={seed}"), [f"seed={seed}"]) for seed in (0, 1)]
    assert not sweep.failures
    assert f"{finished.path.name}: finished earlier, skipped" in capfd.readouterr().err
    first, second = (RunFolder(job.folder) for job in jobs if job is not None)
    assert first.file("weights.npz").stat().st_mtime_ns == finished.file("weights.npz").stat().st_mtime_ns
    assert second.is_done
    assert "going on from epoch" in second.file("log.txt").read_text(encoding="utf-8")


def own_folder(folder: Path, level: float = 0.0) -> Path:
    for index in range(5):
        audio.write_wav(folder / f"{index}.wav", np.full(8000, level), 8000)
        storage.write_text(folder / f"{index}.txt", "0.2\t0.5\tdog\n")
    return folder


def test_a_folder_of_ones_own_is_recognised_by_what_is_in_it(tmp_path: Path) -> None:
    def folder(root: Path) -> Path:
        return folder_of(composed("dataset=folder", f"dataset.root={root}", "dataset.name=own")).path

    here = folder(own_folder(tmp_path / "here"))
    assert here.name.startswith("own-cap-s0-")
    assert folder(own_folder(tmp_path / "there")) == here
    assert folder(own_folder(tmp_path / "louder", level=0.5)) != here
    storage.write_text(tmp_path / "there/3.txt", "0.2\t0.6\tdog\n")
    assert folder(tmp_path / "there") != here


@pytest.mark.parametrize("setting", ["augment.background", "training.init_from"])
def test_backgrounds_and_weights_are_recognised_by_what_is_in_them(
    finished: RunFolder, data_root: Path, tmp_path: Path, setting: str
) -> None:
    def made(folder: Path, level: float) -> Path:
        if setting == "augment.background":
            return own_folder(folder, level)
        shutil.copytree(finished.path, folder)
        if level:
            folder.joinpath("weights.npz").write_bytes(b"others")
        return folder

    def name(folder: Path) -> str:
        return folder_of(small(data_root, tmp_path, f"{setting}={folder}")).path.name

    first = name(made(tmp_path / "na/noises", 0.0))
    assert name(made(tmp_path / "nb/sounds", 0.0)) == first
    assert name(made(tmp_path / "nc/noises", 0.5)) != first


def test_a_run_of_sedpool_01_is_found_if_it_was_given_the_same_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_folder(tmp_path / "own")
    config = composed("dataset=folder", f"dataset.root={tmp_path / 'own'}", f"runs={tmp_path / 'runs'}")
    former = RunFolder(tmp_path / "runs" / str(former_run_name(config)))
    assert former.path.name.startswith("folder-cap-s0-")
    storage.write_text(former.file("config.yaml"), yaml.safe_dump(config))
    storage.write_json(former.file("environment.json"), {})
    storage.write_json(former.file("manifest.json"), manifest_of(build(config, "dataset")))
    former.mark_done()
    assert run(config) == former.path
    assert "skipped; force=true repeats it" in capsys.readouterr().err
    storage.write_text(tmp_path / "own/3.txt", "0.2\t0.6\tdog\n")
    assert folder_of(config).path.name == run_name(config, identify_data(config)[0])
    assert "had the same settings and other data" in capsys.readouterr().err


def test_a_loaded_run_scores_as_the_run_did(finished: RunFolder, data_root: Path) -> None:
    loaded = load(finished.path, cache=data_root / "features")
    assert loaded.result.best_epoch in (1, 2)
    test = dataset_of(finished).split("test")
    pd.testing.assert_frame_equal(loaded.predict(test), finished.scores)


def test_fault_25_a_run_from_elsewhere_executes_no_code_unless_trusted(finished: RunFolder, tmp_path: Path) -> None:
    for target in ("joblib.load", "sedpool.storage.os.system", "sedpool.datasets.demo.Path", "keras.layers.Lambda"):
        node = finished.config["pooling"] | {"_target_": target}
        with pytest.raises(ConfigError, match=f"pooling is made by {target}, code outside sedpool"):
            load(copied(finished, tmp_path / target, pooling=node))
    nested = {"_target_": "sedpool.AutoPool", "kernel_constraint": {"_target_": "os.system", "command": "true"}}
    with pytest.raises(ConfigError, match=r"made by os\.system"):
        load(copied(finished, tmp_path / "nested", pooling=nested))
    known = {"_target_": "sedpool.AutoPool", "kernel_constraint": {"_target_": "keras.constraints.NonNeg"}}
    assert load(copied(finished, tmp_path / "known", pooling=known)).detector.classes == finished.classes
    foreign = finished.config["model"] | {"_target_": f"{__name__}.their_model"}
    untrusted = copied(finished, tmp_path / "foreign", model=foreign)
    with pytest.raises(ConfigError, match="trust_code=True"):
        load(untrusted)
    assert load(untrusted, trust_code=True).detector.classes == finished.classes


def their_model(**settings: Any) -> Any:
    from sedpool.models import compact_cnn

    return compact_cnn(**settings)


def copied(run: RunFolder, target: Path, **changes: Any) -> Path:
    shutil.copytree(run.path, target)
    (target / "config.yaml").write_text(yaml.safe_dump(run.config | changes))
    return target


@pytest.mark.usefixtures("without_page")
def test_a_run_starts_from_the_weights_of_another(finished: RunFolder, data_root: Path, tmp_path: Path) -> None:
    start = f"training.init_from={finished.path}"
    tuned = RunFolder(run(small(data_root, tmp_path, start, "training.learning_rate=1e-6", "training.epochs=1")))
    first = finished.history["loss"].iloc[0]
    assert tuned.history["loss"].iloc[0] < 0.9 * first
    with pytest.raises(StorageError, match=r"weights of another architecture.*pooling\._target_=\S+ \(here \S+\)"):
        run(small(data_root, tmp_path, start, "pooling=max"))
    with pytest.raises(ConfigError, match="nowhere: no run in it"):
        run(small(data_root, tmp_path, "training.init_from=nowhere"))


def test_fault_44_weights_for_other_classes_are_refused(finished: RunFolder, data_root: Path, tmp_path: Path) -> None:
    other = copied(finished, tmp_path / "other")
    table = pd.read_parquet(other / "clip_scores.parquet").rename(columns={"siren": "alarm"})
    table.to_parquet(other / "clip_scores.parquet")
    with pytest.raises(ConfigError, match=r"only the detector: siren; only the run: alarm"):
        run(small(data_root, tmp_path / "runs", f"training.init_from={other}"))


def test_fault_41_a_run_that_becomes_nan_fails_keeps_its_checkpoint_and_tracking_says_so(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"sqlite:///{tmp_path / 'mlruns.db'}"
    monkeypatch.setattr("sedpool.training.callbacks.np.isfinite", become_nan(after=3))
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


@pytest.mark.parametrize("overrides", [["supervision=strong"], ["pooling=attention", "model=paper"]])
def test_other_supervision_pooling_and_model(data_root: Path, tmp_path: Path, overrides: list[str]) -> None:
    folder = RunFolder(run(small(data_root, tmp_path, *overrides, "training.epochs=1", "dataset.n_train=24")))
    assert folder.is_done
    assert folder.alpha is None
    assert np.isfinite(folder.history["loss"]).all()


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


def test_targets_that_do_not_exist_or_refuse_their_arguments_are_one_line() -> None:
    with pytest.raises(ConfigError, match=r"pooling\._target_=nowhere\.Layer: .*No module named"):
        build({"pooling": {"_target_": "nowhere.Layer"}}, "pooling")
    with pytest.raises(ConfigError, match=r"features .*LogMel"):
        build({"features": {"_target_": "sedpool.features.LogMel", "colour": 1}}, "features")


def test_metrics_are_valid_json(finished: RunFolder) -> None:
    text = finished.file("metrics.json").read_text()
    assert json.loads(text, parse_constant=lambda name: pytest.fail(name))
