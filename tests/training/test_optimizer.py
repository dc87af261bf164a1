import keras
import numpy as np
import pytest

from sedpool.training.optimizer import Adam


def step(optimizer: keras.optimizers.Optimizer, names: tuple[str, ...]) -> list[np.ndarray]:
    variables = [keras.Variable(np.ones(3, dtype="float32"), name=name) for name in names]
    for _ in range(3):
        optimizer.apply([keras.ops.convert_to_tensor([0.5, -1.0, 2.0])] * len(variables), variables)
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


@pytest.mark.parametrize("name", ["alpha", "exponent"])
def test_what_the_pooling_learns_moves_by_the_multiple_and_the_rest_as_with_kerass_adam(name: str) -> None:
    learned, other = step(Adam(learning_rate=1e-3, alpha_lr_multiplier=10.0), (name, "kernel"))
    (reference,) = step(keras.optimizers.Adam(learning_rate=1e-3), ("kernel",))
    assert np.array_equal(other, reference)
    assert learned - 1 == pytest.approx(10 * (reference - 1), rel=1e-3)


def test_the_multiplier_survives_serialisation() -> None:
    restored = Adam.from_config(Adam(alpha_lr_multiplier=7.0).get_config())
    assert restored.alpha_lr_multiplier == 7.0
