"""The numerical backend: started without its banner, with the threads and precision of a run."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from sedpool.errors import ConfigError
from sedpool.runtime.arrays import Float32Array
from sedpool.runtime.environment import keras_backend, processor_facts

PRECISIONS = ("float32", "mixed_bfloat16")
"""Keras dtype policies that a run may use."""


def import_backend(threads: int | None = None) -> None:
    """Import Keras and start its backend; what they write on standard error shows only if that fails.

    TensorFlow writes remarks on processors and missing GPUs before its own log level is in force, so that a
    descriptor has to be put aside for a moment.

    Parameters
    ----------
    threads : int or None
        Threads of TensorFlow, which must know them before it starts; None for its default. In a process where it has
        started already nothing changes.

    Raises
    ------
    ConfigError
        If there is no such backend, or it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with stderr_aside():
        try:
            import keras
        except (ImportError, ValueError) as error:
            raise ConfigError(
                f"KERAS_BACKEND={keras_backend()}: {error}; expected tensorflow, jax or torch, and installed"
            ) from None

        if threads is not None and keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            with suppress(RuntimeError):
                tf.config.threading.set_intra_op_parallelism_threads(threads)
                tf.config.threading.set_inter_op_parallelism_threads(threads)
        keras.ops.zeros(1)


@contextmanager
def stderr_aside() -> Iterator[None]:
    """Put aside what is written on standard error within the block, and show it only if the block fails."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def configure(*, seed: int, threads: int | None, precision: str) -> None:
    """Set up the backend for one run; call it before the model is built.

    The same seed, threads and precision on the same CPU give the same bits.

    Parameters
    ----------
    seed : int
        Seeds the initial weights and dropout.
    threads : int or None
        Threads that `sedpool.runtime.backend.import_backend` started TensorFlow with; None for the backend's default.
    precision : str
        Keras dtype policy, e.g. ``'float32'``, or ``'auto'``.

    Raises
    ------
    ConfigError
        If the number of threads can no longer be changed in this process.
    """
    import keras

    keras.utils.clear_session()
    keras.config.set_dtype_policy(policy(precision))
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
        if threads is not None and tf.config.threading.get_intra_op_parallelism_threads() != threads:
            raise ConfigError(
                f"training.threads={threads}: TensorFlow has already started with other threads in this process; "
                "start a new one"
            )


def policy(precision: str) -> str:
    """Keras dtype policy: `precision` itself, or the faster one that this machine is made for if it is ``'auto'``."""
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if _multiplies_bfloat16() else "float32"


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Build what is built within the block, with names counted anew, under a dtype policy."""
    import keras

    before = keras.config.dtype_policy()
    keras.utils.clear_session()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def compiled(network: Any) -> Callable[[Float32Array], Mapping[str, Float32Array]]:
    """Compile a network for inference on batches of any size and length.

    Keras compiles anew for shapes that it has not seen, which costs more than scoring a short recording.

    Parameters
    ----------
    network : keras.Model
        From one input, shape (batch, frames, bands), to a dictionary of outputs.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return lambda batch: {
            name: keras.ops.convert_to_numpy(x) for name, x in network.predict_on_batch(batch).items()
        }
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)]
    run = tf.function(lambda batch: network(batch, training=False), input_signature=signature)
    return lambda batch: {name: x.numpy() for name, x in run(batch).items()}


def _multiplies_bfloat16() -> bool:
    import keras

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        devices = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
        if devices:
            return all(details.get("compute_capability", (0, 0)) >= (8, 0) for details in devices)
    if backend == "jax":
        import jax

        if jax.default_backend() != "cpu":
            return True
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(processor_facts().get("flags", "").split())
