"""What all pooling layers share: an axis, masks, arithmetic in float32 or wider."""

from typing import Any, ClassVar, Self

import keras

from sedpool.errors import ConfigError
from sedpool.pooling import functional
from sedpool.pooling.masked import Tensor, at_least_float32, check_mask


class Pooling(keras.layers.Layer):
    """Base of the layers that turn the frames of a bag into one prediction, and what the rest of sedpool asks of one.

    An operator of one's own overrides `call`, and of what follows what is not as it stands here.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        What every Keras layer takes: ``name``, ``dtype``, ``trainable``.

    Attributes
    ----------
    needs_logits : bool
        Whether the layer must be called with ``logits``, the scores of an attention head, of ``p``'s shape; false
        unless stated.
    is_weighted_mean : bool
        Whether the layer can say how much each frame counts, by `frame_weights`; false unless stated.
    alpha : keras.Variable or None
        The learned α of an adaptive operator, of shape ``(1, classes)``, which training records; None where there is
        none, and until the layer is built.
    alpha_max : float or None
        Largest α that CAP allows; None without CAP.

    Notes
    -----
    Called as ``pool(p, mask=None)`` with frame probabilities ``p`` of shape ``(batch, frames, classes)`` and a boolean
    ``mask`` of shape ``(batch, frames)``, true where a frame counts; returns ``(batch, classes)``. A mask that Keras
    carries along with ``p`` is used as if it were passed. A bag without a valid frame gives 0.

    The output is float32 or wider whatever the dtype policy: the eight bits of a bfloat16 would spoil the loss.
    """

    needs_logits: ClassVar[bool] = False
    is_weighted_mean: bool = False
    alpha: Tensor = None
    min_axes: ClassVar[int] = 3
    may_pool_last_axis: ClassVar[bool] = False  # although parameters are learned along it

    def __init__(self, axis: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # A narrower policy would have Keras round p before call() could widen it again.
        self.autocast = self.compute_dtype == "float64"
        self.axis = axis
        self.supports_masking = True

    @property
    def alpha_max(self) -> float | None:
        """Largest α that CAP allows; None without CAP."""
        return None

    def with_bag_size(self, bag_size: int) -> Self:
        """Return a layer that knows how many frames a training bag has; this one unless it has a use for that."""
        return self

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """How much each frame counts, of ``p``'s shape; only where `is_weighted_mean`."""
        raise ConfigError(f"{type(self).__name__} is no weighted mean: its frames have no weights")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Check the shape of ``p``; a subclass that learns adds its variables."""
        name, shape = type(self).__name__, tuple(input_shape)
        if len(shape) < self.min_axes:
            raise ConfigError(
                f"{name} got p of shape {shape}: expected (batch, frames, classes); give p the missing axes, "
                "as (batch, frames, 1) for a single class"
            )
        if not -len(shape) <= self.axis < len(shape):
            raise ConfigError(f"{name} pools over axis={self.axis}, which p of shape {shape} does not have")

    def ensure_built(self, p: Tensor) -> None:
        """Build the layer for ``p`` if it was never called."""
        if not self.built:
            self.build(tuple(p.shape))

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor = None) -> None:
        """Return None: no frames are left that a mask could describe."""

    def compute_output_shape(self, p_shape: tuple[int | None, ...], **_: Any) -> tuple[int | None, ...]:
        """Shape of the input without the axis of the frames."""
        shape = list(p_shape)
        del shape[self.axis]
        return tuple(shape)

    def compute_output_spec(self, p: Tensor, mask: Tensor = None, **_: Any) -> keras.KerasTensor:
        """Shape and dtype of the output; a mask of another shape than ``p``'s fails here, when a model is built."""
        if hasattr(mask, "shape"):
            check_mask(mask.shape, p.shape)
        return keras.KerasTensor(self.compute_output_shape(p.shape), dtype=at_least_float32(p.dtype))

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        return {**super().get_config(), "axis": self.axis}

    def add_class_weight(self, name: str, input_shape: tuple[int | None, ...], **kwargs: Any) -> Tensor:
        """Add a learned number per class (the last axis), stored as wide as it is computed with."""
        layer, shape = type(self).__name__, tuple(input_shape)
        if self.axis in (-1, len(shape) - 1) and not self.may_pool_last_axis:
            raise ConfigError(
                f"{layer} learns {name} per class, along the last axis, and cannot pool over it (axis={self.axis}, "
                f"p of shape {shape}): move the classes to the end"
            )
        if shape[-1] is None:
            raise ConfigError(f"{layer} learns {name} per class and got p of shape {shape}: state the last axis")
        dtype = at_least_float32(self.variable_dtype)
        return self.add_weight(name=name, shape=(1, shape[-1]), dtype=dtype, autocast=False, **kwargs)


class WeightedMean(Pooling):
    """Base of the operators that are weighted means of the frames; a subclass says by which weights."""

    is_weighted_mean = True

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """How much each frame counts: of ``p``'s shape, at least 0, summing to 1 over the frames of a bag."""
        raise NotImplementedError

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        return functional.weighted_mean(p, self.frame_weights(p, mask), self.axis, mask)
