"""Layers by themselves and inside models survive being written down and read again."""

import keras
import numpy as np
import pytest

from sedpool.pooling import AlphaBound, AutoPool, Hierarchical, cap, rap

FRAMES, CLASSES = 9, 3


def detector(pool):
    features = keras.Input((None, 4))
    scores = keras.layers.Dense(CLASSES)(features)
    extra = {"logits": scores} if pool.needs_logits else {}
    return keras.Model(features, pool(keras.ops.sigmoid(scores), **extra))


def output(model, x):
    return keras.ops.convert_to_numpy(model(x))


def test_a_config_makes_the_same_layer(make):
    pool = make(name="head", axis=1)
    copy = type(pool).from_config(pool.get_config())
    assert copy.get_config() == pool.get_config()


def test_a_model_survives_keras_files_in_safe_mode(make, tmp_path):
    features = np.random.default_rng(0).normal(size=(2, FRAMES, 4)).astype("float32")
    model = detector(make())
    for variable in model.trainable_variables:
        variable.assign(variable + 0.25)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(output(copy, features), output(model, features))


def test_cap_and_rap_survive_with_the_bag_size_they_were_told(tmp_path):
    model = detector(cap(max_weight=0.4, kind="nonneg", l2=1e-2).with_bag_size(26))
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    assert copy.alpha_max == model.layers[-1].alpha_max
    assert isinstance(copy.alpha.constraint, AlphaBound)
    assert copy.alpha.constraint.get_config() == model.layers[-1].alpha.constraint.get_config()
    assert float(copy.alpha.regularizer.l2) == pytest.approx(1e-2)


def test_what_a_hierarchy_applies_survives_with_it(tmp_path):
    model = detector(Hierarchical(rap(l2=1e-2), sizes=(2,)))
    model.layers[-1].operator.alpha.assign([[1.5, 2.5, 3.5]])
    model.save(tmp_path / "model.keras")
    operator = keras.saving.load_model(tmp_path / "model.keras").layers[-1].operator
    assert isinstance(operator, AutoPool)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(operator.alpha), [[1.5, 2.5, 3.5]])


def test_a_mask_travels_through_a_model(make):
    pool = make()
    if pool.needs_logits:
        pytest.skip("takes its mask as an argument")
    frames = keras.Input((None, CLASSES))
    model = keras.Model(frames, pool(keras.layers.Masking(mask_value=-1.0)(frames)))
    p = np.random.default_rng(0).random((2, FRAMES, CLASSES), dtype="float32")
    padded = np.concatenate([p, np.full((2, 5, CLASSES), -1, "float32")], axis=1)
    np.testing.assert_allclose(output(model, padded), output(model, p), rtol=1e-5)
