"""Training from tags, then from what the network itself says of frames, as far as the tags allow it."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sedpool import pooling
from sedpool.datasets.base import Dataset, clips_from_rows
from sedpool.errors import ConfigError
from sedpool.events import events_from_rows, tags_from_events
from sedpool.features.logmel import LogMel
from sedpool.features.prepare import PreparedDataset
from sedpool.inference.trained_detector import score
from sedpool.models import Detector, build_detector, compact_cnn
from sedpool.run_folder import RunFolder, kept_epoch
from sedpool.runtime.backend import configure
from sedpool.training import fit, loop, session
from sedpool.training.fit import fit_prepared
from sedpool.training.losses import clip_accuracy, frame_and_clip_loss
from sedpool.training.recipe import STUDY, Recipe
from sedpool.training.targets import pseudo_labels

CLASSES = ("low", "high")
EXTRACTOR = LogMel(sr=16000, n_fft=1024, hop_length=1000, n_mels=32)  # 16 frames a second
N_FRAMES = 64
ROUNDS = replace(
    STUDY,
    epochs=2,
    batch_size=8,
    patch_duration=N_FRAMES / 16,
    self_training_rounds=2,
    clip_loss_weight=1.0,
    monitor="map",
)


def prepared(n_clips: int, seed: int = 0, split: str = "train") -> PreparedDataset:
    """Clips of 4 s; half of them hold a burst of 0.5 s in the low or the high bands."""
    rng = np.random.default_rng(seed)
    features, rows = {}, []
    for name in (f"{split}{number}" for number in range(n_clips)):
        x = rng.normal(-60, 3, (N_FRAMES, 32)).astype(np.float32)
        for column, label in enumerate(CLASSES):
            if rng.random() < 0.5:
                start = int(rng.integers(0, N_FRAMES - 8))
                x[start : start + 8, 16 * column : 16 * column + 16] += 40
                rows.append((name, start / 16, (start + 8) / 16, label))
        features[name] = x
    events = events_from_rows(rows)
    clips = clips_from_rows([(name, name, 4.0, split) for name in features])
    dataset = Dataset("bursts", CLASSES, clips, tags_from_events(events, list(features), CLASSES), events)
    return PreparedDataset(dataset=dataset, features=features, extractor=EXTRACTOR)


def detector(seed: int = 0) -> Detector:
    configure(seed=seed, threads=None, precision="float32")
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16, time_reduction=4)
    return build_detector(backbone, pooling.AutoPool(), classes=CLASSES, patch_frames=N_FRAMES)


def trained(recipe: Recipe = ROUNDS, folder: Path | None = None, train=None, validate=None):
    built = detector()
    data = prepared(24) if train is None else train, prepared(8, 1, "validate") if validate is None else validate
    return built, fit_prepared(built, *data, recipe, seed=0, folder=folder, progress=False)


def same_weights(first: Detector, second: Detector) -> bool:
    pairs = zip(first.network.get_weights(), second.network.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@given(
    frames=arrays(np.float32, (6, 3), elements=st.floats(0, 1, width=32)),
    tags=arrays(bool, 3),
    share=st.one_of(st.none(), st.floats(0.1, 1)),
)
@settings(max_examples=200)
def test_labels_are_those_of_the_tags_and_each_has_a_surest_frame(frames, tags, share):
    labels = pseudo_labels(frames, tags, share)
    assert not labels[:, ~tags].any()
    assert (labels[:, tags].max(axis=0) == 1).all()
    assert (labels[frames.argmax(axis=0)[tags], tags.nonzero()[0]] == 1).all()
    for column in tags.nonzero()[0]:
        order = np.argsort(frames[:, column], kind="stable")
        assert (np.diff(labels[order, column]) >= 0).all()
    assert share is None or set(np.unique(labels)) <= {0, 1}


def test_the_loss_is_that_of_frames_plus_that_of_clips():
    rng = np.random.default_rng(0)
    labels = (rng.random((2, 13, 3)) < 0.3).astype("float32")  # the last input frame has no output frame
    outputs = rng.uniform(0.1, 0.9, (2, 1 + 3, 3)).astype("float32")
    loss = keras.ops.convert_to_numpy(frame_and_clip_loss(0.5, 4)(labels, outputs))

    def cross_entropy(target, p):
        return -(target * np.log(p) + (1 - target) * np.log(1 - p))

    of_frames = labels[:, :12].reshape(2, 3, 4, 3).mean(axis=2)
    expected = cross_entropy(of_frames, outputs[:, 1:]).mean(axis=(1, 2))
    expected += 0.5 * cross_entropy(labels.max(axis=1), outputs[:, 0]).mean(axis=1)
    assert loss == pytest.approx(expected, rel=1e-5)
    right = ((outputs[:, 0] > 0.5) == (labels.max(axis=1) > 0.5)).mean(axis=1)
    assert keras.ops.convert_to_numpy(clip_accuracy(labels, outputs)) == pytest.approx(right)


@pytest.mark.slow
def test_rounds_find_more_of_the_frames():
    """Max pooling teaches what a frame of the event is like; self-training also where the event ends."""
    plain = replace(ROUNDS, self_training_rounds=0, clip_loss_weight=0.0, epochs=12, learning_rate=5e-3)
    train, validate = prepared(64), prepared(32, 1, "validate")
    active = np.zeros((32, N_FRAMES, 2), dtype=bool)
    for row in validate.dataset.events.itertuples():
        clip = list(validate.features).index(row.filename)
        active[clip, int(16 * row.onset) : int(16 * row.offset), CLASSES.index(row.event_label)] = True
    active = active.reshape(32, -1, 4, 2).mean(axis=2) >= 0.5
    f1 = []
    for recipe in (plain, replace(plain, self_training_rounds=2, clip_loss_weight=1.0)):
        configure(seed=0, threads=None, precision="float32")
        backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16, time_reduction=4)
        built = build_detector(backbone, pooling.Max(), classes=CLASSES, patch_frames=N_FRAMES)
        fit_prepared(built, train, validate, recipe, seed=0, progress=False)
        found = built.predict(np.stack(list(validate.features.values())))["frames"] > 0.5
        f1.append(2 * (found & active).sum() / (found.sum() + active.sum()))
    assert f1[1] > f1[0] + 0.1
    assert f1[1] > 0.85


def test_each_round_leaves_its_history_and_the_last_one_that_of_the_run(tmp_path):
    _, result = trained(folder=tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("history.csv")) == [
        "history.csv",
        "rounds/0/history.csv",
        "rounds/1/history.csv",
    ]
    assert result.history["val_map"].between(0, 1).all()
    assert kept_epoch(result.history) == result.best_epoch == result.history["val_map"].idxmax() + 1
    run = RunFolder(tmp_path)
    assert len([folder for folder in run.checkpoints if folder.is_dir()]) == 3
    run.mark_done()
    assert not any(folder.is_dir() for folder in run.checkpoints)


@pytest.mark.parametrize("monitor", ["loss", "map"])
def test_what_is_monitored_decides_on_the_kept_epoch(monitor):
    recipe = replace(ROUNDS, self_training_rounds=0, clip_loss_weight=0.0, monitor=monitor, epochs=4)
    _, result = trained(recipe)
    judged = -result.history["val_loss"] if monitor == "loss" else result.history["val_map"]
    assert result.best_epoch == judged.idxmax() + 1


@pytest.mark.slow
def test_fresh_rounds_begin_with_the_initial_weights(monkeypatch):
    begun = []

    def recorded(built, *arguments, **options):
        begun.append(built.network.get_weights())
        return loop.train(built, *arguments, **options)

    monkeypatch.setattr(fit, "train", recorded)
    trained(replace(ROUNDS, self_training_start="fresh", epochs=1, self_training_rounds=1))
    for weights in begun[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(weights, begun[0], strict=True))
    begun.clear()
    trained(replace(ROUNDS, epochs=1, self_training_rounds=1))
    assert not all(np.array_equal(a, b) for a, b in zip(begun[1], begun[0], strict=True))


@pytest.mark.parametrize(
    "changes", [{"pseudo_labels": "hard"}, pytest.param({"self_training_start": "fresh"}, marks=pytest.mark.slow)]
)
def test_an_interrupted_round_goes_on_and_finished_ones_are_not_repeated(tmp_path, monkeypatch, changes):
    recipe = replace(ROUNDS, **changes)
    alone, _ = trained(recipe)
    trained_epochs = []
    whole = session.Session._epoch

    def interrupted(self, *arguments):
        if len(trained_epochs) == 3:
            raise KeyboardInterrupt
        whole(self, *arguments)
        trained_epochs.append(self.position.epoch)

    monkeypatch.setattr(session.Session, "_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):  # in the second epoch of the round that follows the tags
        trained(recipe, tmp_path)
    assert trained_epochs == [1, 2, 1]

    def counted(self, *arguments):
        whole(self, *arguments)
        trained_epochs.append(self.position.epoch)

    monkeypatch.setattr(session.Session, "_epoch", counted)
    resumed, result = trained(recipe, tmp_path)
    assert trained_epochs == [1, 2, 1, 2, 1, 2]
    assert len(result.history) == 2
    assert same_weights(resumed, alone)


def test_event_times_change_no_weight():
    def permuted(data):
        events = data.dataset.events
        times = events[["onset", "offset"]].sample(frac=1, random_state=0).to_numpy()
        assert not np.array_equal(times, events[["onset", "offset"]].to_numpy())
        moved = events.assign(onset=times[:, 0], offset=times[:, 1])
        return replace(data, dataset=replace(data.dataset, events=moved))

    recipe = replace(ROUNDS, epochs=1, self_training_rounds=1)
    train, validate = prepared(24), prepared(8, 1, "validate")
    with_times, _ = trained(recipe, train=train, validate=validate)
    assert same_weights(trained(recipe, train=permuted(train), validate=permuted(validate))[0], with_times)
    none = [replace(data, dataset=replace(data.dataset, events=None)) for data in (train, validate)]
    assert same_weights(trained(recipe, train=none[0], validate=none[1])[0], with_times)


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(ConfigError, match="pseudo_labels=hard: frames of events have hard labels already"):
        replace(ROUNDS, pseudo_labels="hard").check_supervision("strong")
    with pytest.raises(ConfigError, match="has a part in self-training alone"):
        replace(ROUNDS, self_training_rounds=0).check_supervision("weak")
    with pytest.raises(ValueError, match="min_activity, which needs events, must be null"):
        replace(ROUNDS, min_activity=0.1)


def test_with_events_a_round_learns_the_mean_of_labels_and_probabilities(monkeypatch):
    learnt = []

    def watched(built, training, *arguments, **options):
        learnt.append({name: np.asarray(labels, dtype=np.float64) for name, labels in training.targets.items()})
        said.append(score(built, data)[0].groupby("filename"))
        return loop.train(built, training, *arguments, **options)

    said, data = [], prepared(8)
    monkeypatch.setattr(fit, "train", watched)
    configure(seed=0, threads=None, precision="float32")
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16, time_reduction=4)
    built = build_detector(backbone, pooling.AutoPool(), classes=CLASSES, supervision="strong")
    recipe = replace(ROUNDS, epochs=1, self_training_rounds=1)
    fit_prepared(built, data, prepared(8, 1, "validate"), recipe, seed=0, progress=False)
    hard, soft = learnt
    for name, labels in hard.items():
        assert set(np.unique(labels)) <= {0, 1}
        frames = said[1].get_group(name)[list(CLASSES)].to_numpy()
        assert soft[name] == pytest.approx(
            (labels + np.repeat(frames, len(labels) // len(frames), axis=0)) / 2, abs=1e-5
        )


def test_strong_supervision_can_learn_clips_too():
    recipe = replace(STUDY, epochs=2, batch_size=8, patch_duration=4.0, clip_loss_weight=1.0, monitor="map")
    configure(seed=0, threads=None, precision="float32")
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16, time_reduction=4)
    built = build_detector(backbone, pooling.AutoPool(), classes=CLASSES, supervision="strong")
    before = keras.ops.convert_to_numpy(built.pooling.alpha).copy()
    result = fit_prepared(built, prepared(24), prepared(8, 1, "validate"), recipe, seed=0, progress=False)
    assert result.history["val_loss"].notna().all()
    assert not np.array_equal(before, keras.ops.convert_to_numpy(built.pooling.alpha))


def main(folder: Path) -> None:
    print("begins", flush=True)
    built, _ = trained(folder=folder)
    np.savez(folder / "weights.npz", *built.network.get_weights())


@pytest.mark.slow
def test_a_killed_process_goes_on_to_the_same_bits(tmp_path):
    alone, _ = trained(folder=tmp_path / "alone")
    for seconds in (1.0, 3.0, 5.0):
        command = [sys.executable, __file__, str(tmp_path / "killed")]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout
        process.stdout.readline()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
    resumed, _ = trained(folder=tmp_path / "killed")
    assert same_weights(resumed, alone)
    histories = [pd.read_csv(tmp_path / name / "history.csv") for name in ("alone", "killed")]
    pd.testing.assert_series_equal(histories[0]["loss"], histories[1]["loss"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
