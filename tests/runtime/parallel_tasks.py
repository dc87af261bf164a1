"""What tests do in other processes, which import it by its name."""

import os
import signal
import time
from pathlib import Path

import numpy as np

from sedpool.errors import DataError


def slowly_squared(folder: Path, number: int) -> tuple[int, int]:
    (folder / f"{number}-{os.getpid()}").touch()
    time.sleep(0.05)
    return number**2, os.getpid()


def refused(number: int) -> int:
    raise DataError(f"{number}: refused")


def killed(folder: Path, number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def product(number: int) -> bytes:
    values = np.random.default_rng(number).normal(size=(300, 700)).astype(np.float32)
    return (values @ values.T).tobytes()
