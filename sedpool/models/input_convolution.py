"""The first layers of every backbone, batch normalisation and a convolution, as one map of the standardised input.

A convolution of γ x̂ + β is a convolution of the two channels x̂ and 1 with the kernels γ w and β w. Written so, γ and β
learn through the gradient of the kernel, which is needed anyway. Written as two layers they need the gradient of the
whole input, one channel of full resolution, which is among the dearest operations of a training step on a CPU.
"""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="sedpool")
class InputConvolution(layers.Layer):
    """``Conv2D(BatchNormalization(image))`` with ReLU, for an image of one channel that no gradient has to reach.

    Parameters
    ----------
    filters, kernel_size, strides, padding
        As for ``keras.layers.Conv2D``.
    **kwargs
        What every Keras layer takes. Statistics and weights are float32 whatever the dtype policy.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: tuple[int, int],
        strides: int | tuple[int, int] = 1,
        padding: str = "same",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.autocast = False
        self.norm = layers.BatchNormalization(name="norm", dtype="float32")
        self.convolution = layers.Conv2D(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            kernel_initializer="he_normal",
            dtype="float32",
            name="convolution",
        )

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the variables of both layers."""
        self.norm.build(input_shape)
        self.convolution.build(input_shape)

    def call(self, image: Any, training: bool | None = None) -> Any:
        """Feature maps (batch, frames, bands, filters) of an image (batch, frames, bands, 1)."""
        image = ops.cast(image, "float32")
        mean, variance = self._moments(image, bool(training and self.trainable))
        standard = (image - mean) * ops.rsqrt(variance + self.norm.epsilon)
        kernel = self.convolution.kernel
        outputs = ops.conv(
            ops.cast(ops.concatenate([standard, ops.ones_like(standard)], axis=-1), self.compute_dtype),
            ops.cast(ops.concatenate([self.norm.gamma * kernel, self.norm.beta * kernel], axis=2), self.compute_dtype),
            strides=self.convolution.strides,
            padding=self.convolution.padding,
            data_format="channels_last",
        )
        bias = ops.reshape(ops.cast(self.convolution.bias, self.compute_dtype), (1, 1, 1, -1))
        return ops.relu(ops.add(outputs, bias))

    def _moments(self, image: Any, training: bool) -> tuple[Any, Any]:
        norm = self.norm
        if not training:
            return norm.moving_mean, norm.moving_variance
        mean, variance = ops.moments(image, axes=(0, 1, 2))
        for moving, value in ((norm.moving_mean, mean), (norm.moving_variance, variance)):
            moving.assign(moving * norm.momentum + value * (1 - norm.momentum))
        return mean, variance

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> Any:
        """Shape of the feature maps."""
        return self.convolution.compute_output_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """Arguments that build this layer anew."""
        given = self.convolution
        in_time, in_frequency = given.strides
        return {
            **super().get_config(),
            "filters": given.filters,
            "kernel_size": given.kernel_size,
            "strides": in_time if in_time == in_frequency else given.strides,
            "padding": given.padding,
        }
