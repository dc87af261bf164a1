import keras
import numpy as np
import pytest

from sedpool.models import BatchNormalization

RNG = np.random.default_rng(0)
X = (RNG.normal(2, 3, (4, 6, 5, 7)) * RNG.random(7)).astype("float32")


def trained(layer: keras.layers.Layer, x: np.ndarray = X) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Output of a training step, statistics after three, and the output at inference."""
    for _ in range(3):
        y = layer(x, training=True)
    statistics = [keras.ops.convert_to_numpy(weight) for weight in layer.weights]
    return keras.ops.convert_to_numpy(y), statistics, keras.ops.convert_to_numpy(layer(x, training=False))


@pytest.mark.parametrize("shape", [(4, 6, 5, 7), (1, 1, 1, 7), (2, 1, 9, 7)])
def test_equals_kerass_layer(shape: tuple[int, ...]) -> None:
    x = np.resize(X, shape)
    ours, theirs = trained(BatchNormalization(), x), trained(keras.layers.BatchNormalization(), x)
    assert ours[0] == pytest.approx(theirs[0], abs=1e-4)
    assert ours[2] == pytest.approx(theirs[2], abs=1e-4)
    for mine, other in zip(ours[1], theirs[1], strict=True):
        assert mine == pytest.approx(other, rel=1e-5, abs=1e-6)


def test_half_precision_goes_through_with_statistics_in_float32() -> None:
    layer = BatchNormalization()
    y = layer(keras.ops.cast(X, "bfloat16"), training=True)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in layer.weights} == {"float32"}


def test_survives_saving(tmp_path: object) -> None:
    model = keras.Sequential([keras.Input((None, 5, 7)), BatchNormalization(momentum=0.5)])
    model.save(f"{tmp_path}/m.keras")
    loaded = keras.models.load_model(f"{tmp_path}/m.keras")
    assert isinstance(loaded.layers[0], BatchNormalization)
    assert loaded.layers[0].momentum == 0.5
    assert loaded.predict(X, verbose=0) == pytest.approx(model.predict(X, verbose=0))
