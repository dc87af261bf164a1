import os
import subprocess
import sys

import keras
import pytest

from sedpool.errors import ConfigError
from sedpool.runtime.backend import configure

START = """
from sedpool.runtime.backend import import_backend
import_backend(1)
from sedpool.runtime.backend import configure
configure(seed=0, threads=1, precision="float32")
import tensorflow as tf
print(tf.config.threading.get_intra_op_parallelism_threads(), tf.config.threading.get_inter_op_parallelism_threads())
"""


def test_a_fresh_process_computes_with_the_threads_asked_for_and_is_quiet_about_it() -> None:
    shown = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=False)
    assert shown.stdout.split() == ["1", "1"], shown.stderr
    assert shown.stderr == ""


def test_a_backend_that_does_not_exist_is_one_line() -> None:
    code = """
from sedpool.errors import ConfigError
from sedpool.runtime.backend import import_backend
try:
    import_backend()
except ConfigError as error:
    print(error)
"""
    environment = os.environ | {"KERAS_BACKEND": "jacks"}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert shown.stdout.startswith("KERAS_BACKEND=jacks: "), shown.stderr
    assert shown.stderr == ""


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="other backends take no threads")
def test_a_process_that_has_started_otherwise_is_refused() -> None:
    keras.ops.zeros(1)
    with pytest.raises(ConfigError, match=r"training\.threads=97: TensorFlow has already started"):
        configure(seed=0, threads=97, precision="float32")
