"""Hierarchical pooling: frames to groups, groups to larger groups, those to the bag."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import keras
from keras import ops

from sedpool.errors import ConfigError
from sedpool.pooling.foreign import ForeignPooling
from sedpool.pooling.layer import Pooling
from sedpool.pooling.masked import Tensor, prepare


@keras.saving.register_keras_serializable(package="sedpool")
class Hierarchical(Pooling):
    """Hierarchical pooling: one operator applied in stages, to ever larger groups of consecutive frames.

    Parameters
    ----------
    operator : Pooling
        What pools at every stage; any operator but attention.
    sizes : sequence of int
        Frames of a group in the first stage, groups of a group in the next and so on; a last stage pools what is left.
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Notes
    -----
    The last group of a stage may be shorter. With the mean and groups that divide the bag it is the mean, with the
    maximum always the maximum. A frame receives the product of the gradients of its groups: it is judged within its
    group first, so that a group with evidence of its own is not drowned by a louder one.

    CAP inside it bounds what counts within a group, so that its bag size is that of the smallest bag pooled at any
    stage (`with_bag_size`): in longer ones its bound holds too. `max_weight` must lie above one divided by that size.

    Proposed, with three stages, by He, Shen and Zhang (2019), *Hierarchical pooling structure for weakly labeled sound
    event detection* (arXiv 1903.11791).

    Shapes: ``(batch, frames, classes)`` to ``(batch, classes)``; exactly three axes.

    Examples
    --------
    >>> from sedpool.pooling import LinearSoftmax
    >>> bag = keras.ops.convert_to_tensor([[[0.1], [0.2], [0.9]]])
    >>> print(keras.ops.convert_to_numpy(Hierarchical(LinearSoftmax(), sizes=(2,))(bag)).round(3))
    [[0.785]]
    """

    def __init__(self, operator: Pooling, sizes: Sequence[int] = (3, 3), axis: int = 1, **kwargs: Any) -> None:
        if not isinstance(operator, Pooling) or isinstance(operator, ForeignPooling):
            raise ConfigError(f"operator={operator!r} must be a pooling layer of sedpool, as Mean()")
        if operator.needs_logits:
            raise ConfigError("hierarchical pooling cannot use attention: groups of frames have no logits")
        if operator.axis != 1:
            raise ConfigError(f"hierarchical pooling needs an operator with axis=1, got axis={operator.axis}")
        if (
            not isinstance(sizes, Sequence)
            or not sizes
            or not all(isinstance(size, Integral) and size >= 1 and not isinstance(size, bool) for size in sizes)
        ):
            raise ConfigError(f"sizes={sizes!r} must be a list of one or more group sizes, whole numbers of at least 1")
        super().__init__(axis, **kwargs)
        self.operator = operator
        self.sizes = tuple(sizes)
        self.is_weighted_mean = operator.is_weighted_mean

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the operator, unless it was read from a file and is built."""
        super().build(input_shape)
        if len(input_shape) != 3:
            raise ConfigError(f"Hierarchical got p of shape {tuple(input_shape)}: expected (batch, frames, classes)")
        if not self.operator.built:
            self.operator.build((None, None, self.compute_output_shape(input_shape)[-1]))

    @property
    def alpha(self) -> Tensor:
        """The operator's learned α, shared by all stages; None where it has none."""
        return self.operator.alpha

    @property
    def alpha_max(self) -> float | None:
        """Largest α that CAP inside allows; None without CAP."""
        return self.operator.alpha_max

    def with_bag_size(self, bag_size: int) -> Self:
        """Return a layer whose operator knows the smallest bag that it pools; this one if there is nothing to tell.

        Parameters
        ----------
        bag_size : int
            Frames in a training bag. Stages pool ``sizes[0]`` frames, ``sizes[1]`` groups and so on, at last what is
            left; groups of one leave nothing to weigh and do not count.
        """
        stages = [size for size in (*self.sizes, -(-bag_size // math.prod(self.sizes))) if size > 1]
        configured = self.operator.with_bag_size(min(stages, default=bag_size))
        if configured is self.operator:
            return self
        operator = keras.saving.serialize_keras_object(configured)
        return self.from_config({**self.get_config(), "operator": operator})

    def call(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """Pool ``p`` over the axis of the frames."""
        p, mask = self._frames_second(p, mask)
        for size in self.sizes:
            p, mask = self._pool_groups(p, mask, size)
        return self.operator(p, mask=mask)

    def frame_weights(self, p: Tensor, mask: Tensor = None) -> Tensor:
        """How much each frame counts; for an operator that is a weighted mean."""
        if not self.is_weighted_mean:
            raise ConfigError(f"{type(self.operator).__name__} is no weighted mean: its frames have no weights")
        self.ensure_built(p)
        weights = self._weights(*self._frames_second(p, mask), self.sizes)
        return ops.moveaxis(weights, 1, self.axis)

    def _weights(self, p: Tensor, mask: Tensor, sizes: Sequence[int]) -> Tensor:
        if not sizes:
            return self.operator.frame_weights(p, mask)
        within = self.operator.frame_weights(*_split(p, mask, sizes[0]))
        of_groups = self._weights(*self._pool_groups(p, mask, sizes[0]), sizes[1:])
        batch, groups, classes = ops.shape(of_groups)
        within = ops.reshape(within, (batch, groups * sizes[0], classes))
        return (within * ops.repeat(of_groups, sizes[0], axis=1))[:, : ops.shape(p)[1]]

    def _frames_second(self, p: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        p, mask = prepare(p, mask)
        mask = ops.ones_like(p, dtype="bool") if mask is None else ops.broadcast_to(mask, ops.shape(p))
        return ops.moveaxis(p, self.axis, 1), ops.moveaxis(mask, self.axis, 1)

    def _pool_groups(self, p: Tensor, mask: Tensor, size: int) -> tuple[Tensor, Tensor]:
        groups, group_mask = _split(p, mask, size)
        shape = (ops.shape(p)[0], -1, p.shape[-1])
        pooled = self.operator(groups, mask=group_mask)
        return ops.reshape(pooled, shape), ops.reshape(ops.any(group_mask, axis=1), shape)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        operator = keras.saving.serialize_keras_object(self.operator)
        return {**super().get_config(), "operator": operator, "sizes": list(self.sizes)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer that `get_config` describes."""
        operator = keras.saving.deserialize_keras_object(config["operator"])
        return cls(**{**config, "operator": operator})


def _split(p: Tensor, mask: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Cut ``(batch, frames, classes)`` to ``(batch * groups, size, classes)``; masked frames fill the last group."""
    frames = ops.shape(p)[1]
    index = ops.arange(-(-frames // size) * size)
    exists = ops.reshape(index < frames, (1, -1, 1))
    index = ops.minimum(index, frames - 1)
    shape = (-1, size, p.shape[-1])
    return ops.reshape(ops.take(p, index, axis=1), shape), ops.reshape(ops.take(mask, index, axis=1) & exists, shape)
