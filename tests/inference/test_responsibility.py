import keras
import numpy as np
import pytest

from sedpool import pooling
from sedpool.inference.responsibility import responsibility
from sedpool.models import build_detector, compact_cnn

FEATURES = np.random.default_rng(0).normal(-40, 10, (430, 16)).astype("float32")


def detector(operator):
    backbone = compact_cnn(n_mels=16, filters=(4, 4, 4), head_filters=4)
    return build_detector(backbone, operator, classes=("a", "b", "c"))


@pytest.mark.parametrize(
    "operator",
    [
        pooling.AutoPool(),
        pooling.Max(),
        pooling.Attention(),
        pooling.Hierarchical(pooling.Softmax(3.0), [3, 3]),
        pooling.Hierarchical(pooling.cap()),
    ],
)
def test_weights_explain_the_clip_prediction(operator):
    made = detector(operator)
    weights = responsibility(made, FEATURES, -80.0)
    output = {name: keras.ops.convert_to_numpy(value)[0] for name, value in made.network(FEATURES[None]).items()}
    assert weights.shape == output["frames"].shape == (26, 3)
    assert weights.sum(axis=0) == pytest.approx(1, abs=1e-5)
    assert (weights * output["frames"]).sum(axis=0) == pytest.approx(output["clip"], abs=1e-5)


@pytest.mark.parametrize("operator", [pooling.NoisyOr(), pooling.Hierarchical(pooling.NoisyOr())])
def test_operators_that_are_no_weighted_mean_have_none(operator):
    assert responsibility(detector(operator), FEATURES, -80.0) is None


def test_a_clip_shorter_than_an_output_frame_has_one_weight():
    assert responsibility(detector(pooling.AutoPool()), FEATURES[:3], -80.0) == pytest.approx(np.ones((1, 3)))
