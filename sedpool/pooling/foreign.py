"""Keras layers that were not written for sedpool, as pooling operators."""

import inspect
import math

import keras

from sedpool.errors import ConfigError
from sedpool.pooling.layer import Pooling
from sedpool.pooling.masked import Tensor


def as_pooling(layer: keras.layers.Layer) -> Pooling:
    """Give any Keras layer that pools the contract of `Pooling`.

    Parameters
    ----------
    layer : keras.layers.Layer
        Called ``layer(p)`` or ``layer(p, mask=None)``; makes ``(batch, classes)`` of frame probabilities
        ``(batch, frames, classes)``. A `Pooling` is returned unchanged.

    Returns
    -------
    Pooling
        Calling it calls `layer`: a network made with it holds `layer` itself, whose variables keep their names.

    Raises
    ------
    ConfigError
        If `layer` is no Keras layer.

    Notes
    -----
    Two things are taken from a foreign layer where it has them: an attribute ``alpha`` that is a variable with a number
    for each class is its α, and a method ``frame_weights(p)`` or ``frame_weights(p, mask=None)`` makes it a weighted
    mean. Nothing else is looked for: an operator that needs logits or the bag size derives from `Pooling`.

    Examples
    --------
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(as_pooling(keras.layers.GlobalAveragePooling1D())(bag)).round(3))
    [[0.4]]
    """
    if isinstance(layer, Pooling):
        return layer
    if not isinstance(layer, keras.layers.Layer):
        raise ConfigError(f"pooling={layer!r} must be a Keras layer, as Mean(); a function fits in keras.layers.Lambda")
    return ForeignPooling(layer)


class ForeignPooling(Pooling):
    """The contract of `Pooling` for a layer of other origin, by `as_pooling`.

    Parameters
    ----------
    layer : keras.layers.Layer
        What pools.
    """

    def __init__(self, layer: keras.layers.Layer) -> None:
        super().__init__(name=layer.name)
        self.layer = layer
        self.is_weighted_mean = callable(getattr(layer, "frame_weights", None))
        self._n_classes: int | None = None

    @property
    def alpha(self) -> Tensor:
        """The layer's variable ``alpha``, if it has a number for each class."""
        alpha = getattr(self.layer, "alpha", None)
        return alpha if isinstance(alpha, keras.Variable) and math.prod(alpha.shape) == self._n_classes else None

    def __call__(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Call the layer in place of this one, so that a network holds it and knows its variables by their names."""
        return self.call(p, mask)

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over its second axis; a mask that the layer does not take is refused."""
        if mask is None:
            pooled = self.layer(p)
        elif "mask" in inspect.signature(self.layer.call).parameters:
            pooled = self.layer(p, mask=mask)
        else:
            raise ConfigError(f"{type(self.layer).__name__} takes no mask: pool bags of one length, or give it one")
        if len(pooled.shape) != len(p.shape) - 1 or pooled.shape[-1] != p.shape[-1]:
            raise ConfigError(
                f"{type(self.layer).__name__} made {tuple(pooled.shape)} of frame probabilities {tuple(p.shape)}: "
                "expected (batch, classes) of (batch, frames, classes)"
            )
        self._n_classes = p.shape[-1]
        return pooled

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """How much each frame counts, as the layer says."""
        if not self.is_weighted_mean:
            return super().frame_weights(p, mask)
        return self.layer.frame_weights(p) if mask is None else self.layer.frame_weights(p, mask=mask)
