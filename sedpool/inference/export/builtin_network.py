"""A detector's network in float32, made of nothing but Keras's own layers and operations.

sedpool's own layers train faster than Keras's, and compute the same. A network of Keras's own layers loads without
sedpool, and converters know all of its layers.
"""

from typing import Any

import keras
from keras import layers, ops

from sedpool.models.input_convolution import InputConvolution
from sedpool.models.normalization import BatchNormalization
from sedpool.pooling import AutoPool, Hierarchical, Pooling, Softmax, functional

OURS = ("keras", "sedpool")


def float32_network(network: keras.Model) -> keras.Model:
    """Return a copy of a network that computes in float32, whatever the precision that it was trained in."""
    copy = keras.models.clone_model(
        network,
        clone_function=lambda layer: type(layer).from_config({**layer.get_config(), "dtype": "float32"}),
        recursive=True,
    )
    copy.set_weights(network.get_weights())
    return copy


def builtin_network(network: keras.Model) -> keras.Model:
    """Return a network of Keras's own layers that computes what a network of sedpool's does.

    Layers of other packages stay as they are.

    Parameters
    ----------
    network : keras.Model
        In float32; see `Detector`.
    """
    features = keras.Input(network.input_shape[1:], name="features")
    rebuilt = keras.Model(features, _rebuild(network, features), name="detector")
    foreign = {type(layer).__name__: type(layer) for layer in foreign_layers(rebuilt)}
    result: keras.Model = keras.Model.from_config(_with_arrays(rebuilt.get_config()), custom_objects=foreign)
    result.set_weights(rebuilt.get_weights())
    return result


def foreign_layers(network: keras.Model) -> list[layers.Layer]:
    """List the layers of a network, and of networks inside it, that are neither Keras's nor sedpool's."""
    inner = [foreign_layers(layer) if isinstance(layer, keras.Model) else [layer] for layer in network.layers]
    return [layer for found in inner for layer in found if type(layer).__module__.split(".")[0] not in OURS]


def _rebuild(network: keras.Model, features: Any) -> Any:
    """Apply the layers of a network, and of networks inside it, each as the layer of Keras that does the same."""
    return keras.models.clone_model(
        network, input_tensors=features, clone_function=lambda layer: layer, call_function=_call_builtin
    ).output


def _call_builtin(layer: Any, *inputs: Any, **options: Any) -> Any:
    options = {name: value for name, value in options.items() if value is not None}
    if isinstance(layer, keras.Model):
        return _rebuild(layer, *inputs)
    if isinstance(layer, InputConvolution):
        normalised = _call_like(layer.norm, layers.BatchNormalization, *inputs, name=f"{layer.name}_input_norm")
        return _call_like(layer.convolution, layers.Conv2D, normalised, name=layer.name, activation="relu")
    if isinstance(layer, BatchNormalization):
        return _call_like(layer, layers.BatchNormalization, *inputs)
    if isinstance(layer, Hierarchical):
        return _pool_hierarchically(layer, inputs[0])
    if isinstance(layer, Pooling) and type(layer).__module__.startswith("sedpool."):
        return _pool(layer, inputs[0], layer.axis, **options)
    return layer(*inputs, **options)


def _call_like(layer: layers.Layer, kind: type[layers.Layer], inputs: Any, **changes: Any) -> Any:
    """Call a layer of `kind` with the settings and weights of another."""
    counterpart = kind.from_config({**layer.get_config(), **changes})
    outputs = counterpart(inputs)
    counterpart.set_weights(layer.get_weights())
    return outputs


def _pool(pooling: Pooling, p: Any, axis: int, mask: Any = None, **options: Any) -> Any:
    """Pool by single operations of Keras, in which what the operator has learned are constants."""
    operator = type(pooling).from_config({**pooling.get_config(), "axis": axis})
    operator.built = True
    for name, value in vars(pooling).items():
        if isinstance(value, keras.Variable):
            setattr(operator, name, ops.convert_to_numpy(value))
    if isinstance(operator, AutoPool | Softmax):  # their gradient in closed form takes no symbolic tensors
        return functional.weighted_mean(p, operator.frame_weights(p, mask), axis, mask)
    return operator.call(p, mask=mask, **options)


def _pool_hierarchically(pooling: Hierarchical, p: Any) -> Any:
    """Apply hierarchical pooling; its groups are cut by slices, which work for any number of frames."""
    p = ops.moveaxis(p, pooling.axis, 1)
    mask = ops.ones_like(p)
    for size in pooling.sizes:
        p, mask = _groups(p, size), _groups(mask, size)
        p, mask = _pool(pooling.operator, p, axis=2, mask=mask > 0), ops.max(mask, axis=2)
    return _pool(pooling.operator, p, axis=1, mask=mask > 0)


def _groups(x: Any, size: int) -> Any:
    """Cut (batch, frames, classes) to (batch, groups, size, classes); zeros fill the last group."""
    filled = ops.pad(x, ((0, 0), (0, size - 1), (0, 0)))
    return ops.stack([filled[:, first : first - size + 1 or None : size] for first in range(size)], axis=2)


def _with_arrays(config: Any) -> Any:
    """Turn tensors among the constants of a network's configuration into arrays.

    A tensor would be captured by a traced function from outside, and become an input of the graph that is made of it.
    """
    if isinstance(config, dict):
        if config.get("class_name") == "__tensor__":
            return {**config, "class_name": "__numpy__"}
        return {key: _with_arrays(value) for key, value in config.items()}
    return [_with_arrays(item) for item in config] if isinstance(config, list | tuple) else config
