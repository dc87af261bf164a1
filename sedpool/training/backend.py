"""Settings of the numerical backend that a run depends on: threads, precision, determinism, seed."""

import keras

from sedpool.errors import ConfigError


def configure(*, seed: int, threads: int | None, precision: str) -> None:
    """Set up the backend for one run; call it before the model is built.

    The same seed, threads and precision on the same CPU give the same bits.

    Parameters
    ----------
    seed : int
        Seeds the initial weights and dropout.
    threads : int or None
        Threads within one operation; None for the backend's default.
    precision : str
        Keras dtype policy, e.g. ``'float32'``.

    Raises
    ------
    ConfigError
        If the number of threads can no longer be changed in this process.
    """
    keras.utils.clear_session()
    keras.config.set_dtype_policy(precision)
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        _configure_tensorflow(threads)


def _configure_tensorflow(threads: int | None) -> None:
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() != threads:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            raise ConfigError(
                f"training.threads={threads}: TensorFlow has already started with other threads in this process; "
                "start a new one"
            ) from None
