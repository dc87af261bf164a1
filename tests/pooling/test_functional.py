"""Parameters of the functions: a number, or one for each class."""

import keras
import numpy as np
import pytest

from sedpool.errors import ConfigError
from sedpool.pooling import functional

P = np.random.default_rng(0).random((4, 6, 3), dtype="float32")
FUNCTIONS = {
    functional.softmax_pool: "alpha",
    functional.softmax_weights: "alpha",
    functional.power_weights: "exponent",
    functional.generalized_mean: "exponent",
    functional.log_sum_exp: "sharpness",
}


def array(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("shape", [(2,), (4,), (6, 1), (4, 1, 3), (0,), (1, 1, 1, 3)])
def test_a_parameter_of_another_size_is_refused_by_its_name(function, shape):
    with pytest.raises(ConfigError, match=f"{FUNCTIONS[function]} has the shape .* each of 3 classes"):
        function(P, np.ones(shape))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("as_given", [list, np.array, keras.ops.array, lambda values: np.array(values)[None, None]])
def test_each_class_has_its_own_parameter(function, as_given):
    values = [0.5, 2.0, 4.0]
    together = array(function(P, as_given(values)))
    for c, value in enumerate(values):
        alone = array(function(P[..., c : c + 1], value))
        np.testing.assert_allclose(together[..., c : c + 1], alone, rtol=1e-5)
