"""Importing the numerical backend without its banner."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


def import_backend() -> None:
    """Import Keras and its backend; what they write on standard error shows only if the import fails.

    TensorFlow writes remarks on processors and missing GPUs before its own log level is in force, so that a
    descriptor has to be put aside for a moment.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _stderr_aside():
        import keras

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
