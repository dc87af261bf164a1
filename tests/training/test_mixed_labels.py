"""Labels of frames, of clips, soft and unknown ones in one batch."""

import logging
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool import pooling
from sedpool.augment.patches import mix_up, rotate
from sedpool.datasets.base import Dataset, refuse_unlabelled
from sedpool.errors import ConfigError, DataError
from sedpool.events import events_from_rows
from sedpool.features.prepare import PreparedDataset
from sedpool.models import Detector, build_detector, compact_cnn
from sedpool.runtime.backend import configure
from sedpool.training.batches import Patches
from sedpool.training.fit import fit_prepared
from sedpool.training.loop import compile_for_training
from sedpool.training.losses import (
    frame_and_clip_loss,
    known_accuracy,
    known_cross_entropy,
    known_pairs,
    known_share,
    mixed_loss,
)
from sedpool.training.recipe import STUDY, Recipe
from sedpool.training.targets import frame_targets, highest_label, mixed_targets, patch_tags
from tests.training.test_self_training import CLASSES, EXTRACTOR, N_FRAMES, ROUNDS, prepared

RECIPE = replace(STUDY, epochs=2, batch_size=8, patch_duration=N_FRAMES / 16)


def detector(supervision: str = "weak", operator: pooling.Pooling | None = None) -> Detector:
    configure(seed=0, threads=None, precision="float32")
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16, time_reduction=4)
    operator = operator or pooling.AutoPool()
    return build_detector(backbone, operator, classes=CLASSES, patch_frames=N_FRAMES, supervision=supervision)


def trained(train: PreparedDataset, validate: PreparedDataset, supervision: str = "weak", recipe: Recipe = RECIPE):
    built = detector(supervision)
    result = fit_prepared(built, train, validate, recipe, seed=0, progress=False)
    return built.network.get_weights(), result


def with_tags(part: PreparedDataset, tags: pd.DataFrame) -> PreparedDataset:
    return replace(part, dataset=replace(part.dataset, tags=tags))


def unknown_clips(part: PreparedDataset, every: int) -> PreparedDataset:
    """Nobody knows the tags of some clips, and there are no events of theirs."""
    tags = part.dataset.tags.astype("boolean")
    tags.iloc[::every] = pd.NA
    names = part.dataset.clips["filename"][::every]
    events = part.dataset.events
    events = events.loc[~events["filename"].isin(names)].reset_index(drop=True)
    return replace(part, dataset=replace(part.dataset, tags=tags, events=events))


def equal(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def cross_entropy(target: np.ndarray, p: np.ndarray) -> np.ndarray:
    return -(target * np.log(p) + (1 - target) * np.log(1 - p))


@given(seed=st.integers(0, 1000), share=st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_the_loss_is_the_mean_over_what_is_known(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.random((4, 3)).astype("float32")
    labels[rng.random(labels.shape) < share] = np.nan
    outputs = rng.uniform(0.1, 0.9, labels.shape).astype("float32")
    known = ~np.isnan(labels)
    loss, accuracy = (float(function(labels, outputs)) for function in (known_cross_entropy, known_accuracy))
    if not known.any():
        assert loss == accuracy == 0
    else:
        assert loss == pytest.approx(cross_entropy(labels[known], outputs[known]).mean(), rel=1e-5)
        assert accuracy == pytest.approx(((labels > 0.5) == (outputs > 0.5))[known].mean())
    assert known_share(labels)["loss"] == pytest.approx(known.sum() / 3)


def test_each_pair_of_a_clip_and_a_class_counts_alike() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random((3, 1 + 8, 2)) < 0.3).astype("float32")
    labels[1, 1:] = np.nan  # tags alone
    labels[2, :, 0] = np.nan  # nothing is known
    labels[2, 1:5, 1] = np.nan  # half of the frames are
    outputs = rng.uniform(0.1, 0.9, (3, 1 + 2, 2)).astype("float32")
    of_frames = labels[:, 1:].reshape(3, 2, 4, 2).mean(axis=2)
    total = cross_entropy(of_frames[0], outputs[0, 1:]).mean(axis=0).sum()
    total += 0.5 * cross_entropy(labels[0, 0], outputs[0, 0]).sum()
    total += cross_entropy(labels[1, 0], outputs[1, 0]).sum()
    total += cross_entropy(of_frames[2, 1, 1], outputs[2, 2, 1]) / 2 + 0.5 * cross_entropy(
        labels[2, 0, 1], outputs[2, 0, 1]
    )
    assert float(mixed_loss(0.5, 4)(labels, outputs)) == pytest.approx(total / 4.5, rel=1e-5)
    assert known_pairs(labels, 4) == {"loss": pytest.approx(4.5 / 2), "accuracy": pytest.approx(5 / 2)}


def test_a_batch_that_is_known_throughout_has_the_losses_of_one_kind() -> None:
    rng = np.random.default_rng(1)
    frames = (rng.random((4, 8, 3)) < 0.3).astype("float32")
    labels = np.concatenate([frames.max(axis=1, keepdims=True), frames], axis=1)
    outputs = rng.uniform(0.1, 0.9, (4, 1 + 2, 3)).astype("float32")
    both = keras.ops.convert_to_numpy(frame_and_clip_loss(0.3, 4)(frames, outputs)).mean()
    assert float(mixed_loss(0.3, 4)(labels, outputs)) == pytest.approx(both, rel=1e-6)
    labels[:, 1:] = np.nan
    of_clips = cross_entropy(labels[:, 0], outputs[:, 0]).mean()
    assert float(mixed_loss(0.3, 4)(labels, outputs)) == pytest.approx(of_clips, rel=1e-5)


@pytest.mark.parametrize("supervision", ["weak", "strong", "mixed"])
def test_what_is_in_an_unknown_clip_changes_no_bit_of_an_update(supervision: str) -> None:
    """Without batch normalisation, by which all clips of a batch act on each other, whatever is learnt from them."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(6, 32, 8)).astype("float32")
    labels = (rng.random((6, 33, 2)) < 0.4).astype("float32")
    labels[[1, 4]] = np.nan
    configure(seed=0, threads=None, precision="float32")
    inputs = keras.Input((None, 8), name="features")
    backbone = keras.Model(inputs, keras.layers.Conv1D(8, 4, strides=4, activation="relu")(inputs))
    built = build_detector(backbone, pooling.AutoPool(), classes=CLASSES, patch_frames=32, supervision=supervision)
    model = built.clip_and_frame_model if supervision == "mixed" else built.training_model
    reduction = built.reduction if supervision == "mixed" else None
    compile_for_training(model, STUDY, reduction=reduction, partly_known=True)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    initial = [keras.ops.convert_to_numpy(variable) for variable in variables]

    def updated(x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        for variable, value in zip(variables, initial, strict=True):
            variable.assign(value)
        shown = {"weak": y[:, 0], "strong": y[:, 1:], "mixed": y}[supervision]
        for _ in range(3):
            model.train_on_batch(x, shown)
        return built.network.get_weights()

    noise = features.copy()
    noise[[1, 4]] = 100 * rng.normal(size=(2, 32, 8))
    assert not np.array_equal(noise, features)
    learnt = updated(features, labels)
    assert equal(updated(noise, labels), learnt)
    noise[0] += 1
    assert not equal(updated(noise, labels), learnt)
    known = [0, 2, 3, 5]
    for with_unknown, without in zip(learnt, updated(features[known], labels[known]), strict=True):
        assert with_unknown == pytest.approx(without, abs=1e-5)


@pytest.mark.parametrize("supervision", ["weak", "strong", "mixed"])
def test_a_clip_of_which_nothing_is_known_has_no_part_in_training_or_validation(supervision: str, caplog) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    parts = train, validate = unknown_clips(prepared(24), 3), unknown_clips(prepared(16, 1, "validate"), 4)
    for part in parts:
        for name in part.dataset.clips["filename"][part.dataset.tags.isna().all(axis=1).to_numpy()]:
            part.features[name][:] = np.nan  # one of them in a batch, and every weight would be lost
    recipe = replace(RECIPE, monitor="map")
    learnt, result = trained(train, validate, supervision, recipe)
    assert "8 of 24 clips are left out" in caplog.text
    assert "4 of 16 clips are left out" in caplog.text
    fewer = [
        replace(part, dataset=part.dataset.select(part.dataset.tags.dropna().index.tolist()))
        for part in (train, validate)
    ]
    without, same = trained(*fewer, supervision, recipe)
    for with_unknown, alone in zip(learnt, without, strict=True):
        assert with_unknown == pytest.approx(alone, abs=1e-4)  # the kinds of losses add in another order
    measured = ["loss", "val_loss", "val_accuracy", "val_map", "monitored"]
    pd.testing.assert_frame_equal(result.history[measured], same.history[measured], atol=1e-4)


def test_an_epoch_is_judged_by_what_is_known() -> None:
    """The means of validation are those over known labels, however they are spread over batches."""
    part = prepared(12, 1, "validate")
    tags = part.dataset.tags.astype("boolean")
    tags.iloc[:8, 0] = pd.NA
    tags.iloc[9:, 1] = pd.NA
    part = with_tags(part, tags)
    recipe = replace(RECIPE, epochs=1, learning_rate=1e-12)
    built = detector()
    result = fit_prepared(built, prepared(8), part, recipe, seed=0, progress=False)
    values = tags.to_numpy(dtype="float32", na_value=np.nan)
    x = np.stack([part.features[name] for name in tags.index])
    p = np.clip(built.predict(x)["clip"], 1e-7, 1 - 1e-7)
    known = ~np.isnan(values)
    penalty = float(sum(keras.ops.convert_to_numpy(loss) for loss in built.network.losses))
    assert result.history["val_loss"].item() == pytest.approx(
        cross_entropy(values[known], p[known]).mean() + penalty, rel=1e-4
    )
    assert result.history["val_accuracy"].item() == pytest.approx(((p > 0.5) == (values > 0.5))[known].mean())


def test_a_known_corpus_gives_the_same_bits_whatever_type_its_tags_have() -> None:
    train, validate = prepared(16), prepared(8, 1, "validate")
    plain, _ = trained(train, validate)
    soft = with_tags(train, train.dataset.tags.astype(np.float32))
    nullable = with_tags(train, train.dataset.tags.astype("boolean"))
    assert equal(plain, trained(soft, validate)[0])
    assert equal(plain, trained(nullable, validate)[0])


def test_soft_tags_are_learnt_as_they_are() -> None:
    train, validate = prepared(16), prepared(8, 1, "validate")
    tags = train.dataset.tags.astype(np.float64) * 0.6 + 0.2
    soft = with_tags(train, tags)
    assert soft.dataset.tags.equals(tags)
    learnt, result = trained(soft, validate)
    assert not equal(learnt, trained(train, validate)[0])
    assert result.history["loss"].min() > 0.45  # 0.5 is the entropy of a target of 0.2
    with pytest.raises(DataError, match=r"a tag is 1\.2; expected numbers from 0 to 1"):
        with_tags(train, train.dataset.tags * 1.2)


def test_times_count_where_they_are_known_and_tags_elsewhere() -> None:
    """A clip with an event, one with a tag alone, one without any class, and one of which nothing is known."""
    names = ["timed", "tagged", "silent", "unknown", "partly"]
    tags = pd.DataFrame(
        {"low": [True, True, False, None, True], "high": [False, False, False, None, None]},
        index=pd.Index(names, name="filename"),
        dtype="boolean",
    )
    events = events_from_rows([("timed", 1.0, 2.0, "low"), ("partly", 0.0, 1.0, "low")])
    regions = events_from_rows([("partly", 2.0, 4.0, "high")])
    targets = mixed_targets(
        tags, np.array([True, False, True, True, True]), events, dict.fromkeys(names, 4), 1.0, regions
    )
    nan = np.nan
    expected = {
        "timed": ([nan, 0, 1, 0, 0], [nan, 0, 0, 0, 0]),
        "tagged": ([1, nan, nan, nan, nan], [0, nan, nan, nan, nan]),
        "silent": ([nan, 0, 0, 0, 0], [nan, 0, 0, 0, 0]),
        "unknown": ([nan] * 5, [nan] * 5),
        "partly": ([nan, 1, 0, 0, 0], [nan, 0, 0, nan, nan]),
    }
    for name, columns in expected.items():
        np.testing.assert_array_equal(targets[name], np.array(columns).T)
    patches = Patches(
        {name: np.zeros((4, 2), "float32") for name in names},
        targets,
        patch_frames=6,
        batch_size=5,
        silence=-80.0,
        clip_row=True,
    )
    _, y = patches[0]
    np.testing.assert_array_equal(patches.clip_labels(y), [[1, 0], [1, 0], [0, 0], [nan, nan], [1, nan]])
    assert np.isnan(y[1, 1:]).all()  # the silence at its end says nothing either
    assert not y[2, 1:].any()


def test_frames_in_unknown_times_are_unknown() -> None:
    events, regions = events_from_rows([("a", 0, 2, "x")]), events_from_rows([("a", 1, 3, ""), ("b", 0, 9, "y")])
    targets = frame_targets(events, {"a": 4, "b": 2, "c": 2}, ["x", "y"], 1.0, regions, {"c": np.array([True, False])})
    np.testing.assert_array_equal(targets["a"], np.array([[1, np.nan, np.nan, 0], [0, np.nan, np.nan, 0]]).T)
    np.testing.assert_array_equal(targets["b"], np.array([[0, 0], [np.nan, np.nan]]).T)
    np.testing.assert_array_equal(targets["c"], np.array([[np.nan, np.nan], [0, 0]]).T)


@given(frames=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=1, max_size=8), least=st.floats(0, 1))
@settings(max_examples=200)
def test_the_tag_of_a_patch_is_known_if_no_way_to_fill_its_frames_changes_it(frames: list[float], least: float) -> None:
    column = np.array(frames, dtype=np.float32)[:, np.newaxis]
    ways = [np.where(np.isnan(column), value, column) > 0.5 for value in (0, 1)]
    for tag_of in (lambda some: patch_tags(some, least), highest_label):
        few, many = (bool(tag_of(way)[0]) for way in ways)
        assert np.array_equal(tag_of(column), [float(few) if few == many else np.nan], equal_nan=True)


def test_augmentation_leaves_the_row_of_the_clip_and_mixes_what_both_know() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4, 8, 2)).astype("float32")
    frames = rng.random((4, 8, 1)).astype("float32")
    labels = np.concatenate([np.full((4, 1, 1), 9, "float32"), frames], axis=1)
    plain = rotate(features, frames, 0.5, np.random.default_rng(1))
    rotated = rotate(features, labels, 0.5, np.random.default_rng(1))
    np.testing.assert_array_equal(rotated[0], plain[0])
    np.testing.assert_array_equal(rotated[1], np.concatenate([labels[:, :1], plain[1]], axis=1))
    labels[0] = np.nan
    _, mixed = mix_up(features, labels, 0.2, np.random.default_rng(2))
    assert np.isnan(mixed[0]).all()
    assert np.isnan(mixed).all(axis=(1, 2)).sum() in (1, 2)


def test_rounds_of_self_training_leave_unknown_tags_unknown() -> None:
    train = unknown_clips(prepared(24), 3)
    tags = train.dataset.tags.copy()
    tags.iloc[1, 0] = pd.NA
    train, validate = with_tags(train, tags), prepared(8, 1, "validate")
    recipe = replace(ROUNDS, self_training_rounds=1)
    learnt, result = trained(train, validate, recipe=recipe)
    assert np.isfinite(result.history[["loss", "val_loss"]].to_numpy()).all()
    for name in train.dataset.tags.index[::3]:
        train.features[name][:] = 0
    assert equal(learnt, trained(train, validate, recipe=recipe)[0])


@pytest.mark.slow
def test_times_of_a_few_clips_beside_tags_help() -> None:
    """With the times of a quarter of the clips more of the frames are found than by max pooling of tags alone."""
    train, validate, test = prepared(64), prepared(32, 1, "validate"), prepared(32, 2, "test")
    names = train.dataset.clips["filename"][::4]
    events = train.dataset.events.loc[train.dataset.events["filename"].isin(names)].reset_index(drop=True)
    train = replace(train, dataset=replace(train.dataset, events=events))
    recipe = replace(RECIPE, epochs=12, learning_rate=5e-3)
    active = frame_targets(test.dataset.events, dict.fromkeys(test.features, N_FRAMES), CLASSES, EXTRACTOR.frame_rate)
    reference = np.stack(list(active.values())).reshape(32, -1, 4, 2).mean(axis=2) > 0.5
    f1 = {}
    for supervision in ("weak", "mixed"):
        built = detector(supervision, pooling.Max())
        fit_prepared(built, train, validate, recipe, seed=0, progress=False)
        found = built.predict(np.stack(list(test.features.values())))["frames"] > 0.5
        f1[supervision] = 2 * (found & reference).sum() / (found.sum() + reference.sum())
    assert f1["mixed"] > f1["weak"] + 0.05


def test_settings_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"min_activity=0\.1: with supervision=mixed"):
        replace(STUDY, min_activity=0.1).check_supervision("mixed")
    with pytest.raises(ConfigError, match="self-training starts from labels of one kind"):
        ROUNDS.check_supervision("mixed")


def test_a_class_of_which_nothing_is_known_is_refused() -> None:
    part = prepared(8).dataset
    tags = part.tags.astype("boolean")
    tags["high"] = pd.NA
    with pytest.raises(DataError, match="class high is unknown in all clips of train; label some of them, or drop"):
        refuse_unlabelled(replace(part, tags=tags), "weak")
    tags.iloc[0, 1] = False
    refuse_unlabelled(replace(part, tags=tags), "weak")


def test_soft_tags_are_part_of_what_a_corpus_is(tmp_path: Path) -> None:
    from sedpool.datasets.base import corpus_hash

    part: Dataset = prepared(8).dataset
    soft = replace(part, tags=part.tags * 0.8)
    assert len({corpus_hash(one) for one in (part, soft, replace(part, tags=part.tags * 0.9))}) == 3
    unknown = soft.with_unknown(events_from_rows([("train0", 0, 4, "low")]))
    assert unknown.tags["low"].isna().tolist() == [True, *[False] * 7]
