"""Batch normalisation that runs as one kernel where the backend has one.

On TensorFlow's CPU path Keras composes batch normalisation from separate multiplications and reductions, which costs
more than the convolutions of this toolkit's networks. TensorFlow's fused operation does the same arithmetic in one
pass; elsewhere the built-in layer is used as it is.
"""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="sedpool")
class BatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation over all axes but the last, with Keras's semantics and faster on TensorFlow.

    Statistics, scale and offset are float32 whatever the precision of the input, which is also that of the output:
    half precision halves what a device has to write and read.

    Parameters
    ----------
    **kwargs
        As for ``keras.layers.BatchNormalization``, except `axis`, `dtype` and `autocast`.
    """

    def __init__(self, **kwargs: Any) -> None:
        for fixed in ("axis", "dtype", "autocast", "synchronized", "renorm"):
            kwargs.pop(fixed, None)
        super().__init__(axis=-1, dtype="float32", autocast=False, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise `inputs`, shape (batch, ..., channels)."""
        is_plain = len(inputs.shape) == 4 and self.scale and self.center
        if keras.backend.backend() != "tensorflow" or not is_plain:
            return keras.ops.cast(super().call(inputs, training=training, mask=mask), inputs.dtype)
        return self._fused(inputs, bool(training and self.trainable))

    def _fused(self, inputs: Any, training: bool) -> Any:
        import tensorflow as tf

        moving = {} if training else {"mean": self.moving_mean.value, "variance": self.moving_variance.value}
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma.value, self.beta.value, epsilon=self.epsilon, is_training=training, **moving
        )
        if training:
            # The fused operation returns the unbiased variance; Keras tracks the biased one.
            count = tf.cast(tf.size(inputs) // tf.shape(inputs)[-1], "float32")
            self._track(mean, variance * tf.maximum(count - 1, 1) / count)
        return outputs

    def _track(self, mean: Any, variance: Any) -> None:
        keep = self.momentum
        self.moving_mean.assign(self.moving_mean.value * keep + mean * (1 - keep))
        self.moving_variance.assign(self.moving_variance.value * keep + variance * (1 - keep))
