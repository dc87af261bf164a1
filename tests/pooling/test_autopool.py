import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import AutoPool, Max, Mean, Softmax, cap, rap


@pytest.fixture
def p():
    return np.random.default_rng(0).random((4, 26, 3), dtype="float32")


def output(pool, p, mask=None):
    return keras.ops.convert_to_numpy(pool(p, mask=mask))


def test_cap_with_an_unknown_bag_size_refuses_to_build(p):
    with pytest.raises(ConfigError, match="bag_size"):
        cap()(p)


def test_cap_told_its_bag_size_bounds_alpha_by_log_of_the_other_frames(p):
    pool = cap().with_bag_size(26)
    pool(p)
    assert pool.alpha_bound == pytest.approx(np.log(25))


def test_rap_adds_the_squared_alphas_to_the_loss(p):
    pool = rap(l2=0.1)
    pool(p)
    assert float(sum(pool.losses)) == pytest.approx(0.1 * 3)


@pytest.mark.parametrize("pool", [Max(), Mean(), Softmax(), AutoPool()], ids=lambda pool: type(pool).__name__)
def test_masked_frames_do_not_count(pool, p):
    mask = np.arange(26) < np.array([26, 10, 1, 0])[:, None]
    padded = np.where(mask[..., None], p, np.nan).astype("float32")
    np.testing.assert_allclose(output(pool, padded, mask)[1], output(pool, p[1:2, :10])[0], rtol=1e-6)
    np.testing.assert_array_equal(output(pool, padded, mask)[3], 0)
