"""Importing the numerical backend without its banner."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sedpool.environment import keras_backend
from sedpool.errors import ConfigError


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
    with _stderr_aside():
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
def _stderr_aside() -> Iterator[None]:
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
