import keras
import numpy as np
import pytest

from sedpool.models import BatchNormalization, build_detector, paper_cnn
from sedpool.models.input_convolution import InputConvolution
from sedpool.pooling import AutoPool

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


@pytest.mark.parametrize("without", ["scale", "center"])
def test_equals_kerass_layer_without_scale_or_offset(without: str) -> None:
    ours, theirs = (
        trained(layer(**{without: False})) for layer in (BatchNormalization, keras.layers.BatchNormalization)
    )
    assert ours[0] == pytest.approx(theirs[0], abs=1e-4)
    assert ours[2] == pytest.approx(theirs[2], abs=1e-4)


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


def test_training_has_the_losses_of_kerass_layers_over_fifty_steps() -> None:
    keras.utils.set_random_seed(0)
    ours = paper_cnn(n_mels=16, filters=(4, 8), head_filters=8)
    theirs = keras.models.clone_model(ours, clone_function=built_in)
    theirs.set_weights(ours.get_weights())
    assert losses(ours) == pytest.approx(losses(theirs), rel=1e-4)


def test_gradients_are_as_near_to_those_of_double_precision_as_kerass() -> None:
    rng = np.random.default_rng(0)
    x, upstream = (rng.normal(-4, 3, (4, 16, 8, 3)), rng.normal(size=(4, 16, 8, 3)))
    exact = gradient(keras.layers.BatchNormalization(dtype="float64"), x, upstream)
    ours, theirs = (
        np.abs(gradient(layer, x.astype("float32"), upstream.astype("float32")) - exact).max()
        for layer in (BatchNormalization(), keras.layers.BatchNormalization())
    )
    assert ours <= 2 * theirs


def gradient(layer: keras.layers.Layer, x: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    tf = pytest.importorskip("tensorflow")
    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs, training=True) * upstream)
    return np.asarray(tape.gradient(total, inputs), dtype=np.float64)


def losses(backbone: keras.Model) -> np.ndarray:
    keras.utils.set_random_seed(1)
    model = build_detector(backbone, AutoPool(), classes="abc", patch_frames=32).training_model
    model.compile(keras.optimizers.SGD(1e-3), "binary_crossentropy")  # larger steps make rounding grow
    rng = np.random.default_rng(0)
    x = rng.normal(-40, 10, (50, 8, 32, 16)).astype("float32")
    y = (rng.random((50, 8, 3)) < 0.5).astype("float32")
    return np.array([model.train_on_batch(*batch) for batch in zip(x, y, strict=True)])


def built_in(layer: keras.layers.Layer) -> keras.layers.Layer:
    if isinstance(layer, BatchNormalization):
        return keras.layers.BatchNormalization(name=layer.name)
    if isinstance(layer, InputConvolution):
        convolution = keras.layers.Conv2D(layer.convolution.filters, 3, padding="same", activation="relu")
        return keras.Sequential([keras.layers.BatchNormalization(), convolution], name=layer.name)
    return type(layer).from_config(layer.get_config())
