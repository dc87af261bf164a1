"""The layers of the authors' package ``autopool``, under their names and with their defaults.

Code written for that package runs with ``from sedpool.pooling import AutoPool1D, SoftMaxPool1D`` in place of its
import, and configurations saved with its layers load with these as ``custom_objects``. New code uses `AutoPool` and
`Softmax`, whose defaults are those of the paper: axis 1, because a batch comes first, and α starting at 1.
"""

from typing import Any

import keras

from sedpool.pooling.autopool import AutoPool
from sedpool.pooling.masked import Tensor
from sedpool.pooling.means import Softmax


@keras.saving.register_keras_serializable(package="sedpool")
class AutoPool1D(AutoPool):
    """`AutoPool` as in ``autopool.tf``: it pools over axis 0 and starts as the mean.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    kernel_initializer, kernel_constraint, kernel_regularizer
        See `AutoPool`.
    **kwargs
        See `Pooling`.

    Examples
    --------
    >>> pool = AutoPool1D(axis=1, kernel_constraint=keras.constraints.NonNeg())
    >>> pool.build((None, 26, 10))
    >>> tuple(pool.kernel.shape)
    (1, 10)
    """

    may_pool_last_axis = True

    def __init__(
        self,
        axis: int = 0,
        kernel_initializer: Any = "zeros",
        kernel_constraint: Any = None,
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(axis, kernel_initializer, kernel_constraint, kernel_regularizer, **kwargs)

    @property
    def kernel(self) -> Tensor:
        """The learned α, under that package's name for it."""
        return self.alpha


@keras.saving.register_keras_serializable(package="sedpool")
class SoftMaxPool1D(Softmax):
    """`Softmax` as in ``autopool.tf``: it pools over axis 0.

    Parameters
    ----------
    axis : int
        Axis of the frames.
    **kwargs
        See `Pooling`.

    Examples
    --------
    >>> SoftMaxPool1D().axis
    0
    """

    min_axes = 1

    def __init__(self, axis: int = 0, **kwargs: Any) -> None:
        super().__init__(axis=axis, **kwargs)
