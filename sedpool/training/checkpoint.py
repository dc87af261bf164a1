"""Checkpoints: all that a training run needs to go on, after a crash, as if it had never stopped.

A checkpoint is one npz of plain arrays, numbered, with its SHA-256 beside it; the hash is written last and makes the
checkpoint count. The newest two are kept, so that one damaged afterwards costs a few minutes and not the run.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from sedpool.errors import StorageError
from sedpool.training.arrays import hash_path, read_arrays, write_arrays
from sedpool.untrusted import parse_json

logger = logging.getLogger(__name__)

FORMAT = 1
KEPT = 2
_STATE = "state"

Arrays = list[npt.NDArray[Any]]


@dataclass(frozen=True)
class Snapshot:
    """One moment of a training run.

    Attributes
    ----------
    arrays : dict of str to list of ndarray
        Variables by group: the network's, the optimiser's, the best weights so far.
    state : dict
        Everything else, as JSON has it.
    """

    arrays: dict[str, Arrays]
    state: dict[str, Any]


class Checkpoints:
    """The checkpoints of one run.

    Parameters
    ----------
    folder : Path
        Where they lie; made by the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, snapshot: Snapshot) -> None:
        """Write a checkpoint, then remove all but the newest two.

        Raises
        ------
        StorageError
            If the disk is full; the checkpoints before are intact.
        """
        known = self._numbers()
        flat = {f"{group}/{i}": array for group, arrays in snapshot.arrays.items() for i, array in enumerate(arrays)}
        text = json.dumps({"format": FORMAT, **snapshot.state})
        flat[_STATE] = np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
        write_arrays(self._path(max(known, default=0) + 1), flat)
        for number in known[: 1 - KEPT]:
            hash_path(self._path(number)).unlink(missing_ok=True)  # first: without it the file no longer counts
            self._path(number).unlink(missing_ok=True)

    def load(self) -> Snapshot | None:
        """Return the newest intact checkpoint; None if there is none at all.

        Raises
        ------
        StorageError
            If there are checkpoints and none is intact.
        """
        numbers = self._numbers()
        for number in reversed(numbers):
            try:
                return self._read(self._path(number))
            except StorageError as error:
                logger.warning(f"checkpoint refused: {error}")
        if numbers:
            raise StorageError(f"{self.folder}: no checkpoint is intact; force=true trains from the beginning")
        return None

    def _read(self, path: Path) -> Snapshot:
        flat = read_arrays(path)
        try:
            state = parse_json(flat.pop(_STATE).tobytes())
        except (KeyError, ValueError) as error:
            raise StorageError(f"{path}: no state of a training run in it ({error}); refused") from None
        if not isinstance(state, dict) or state.pop("format", None) != FORMAT:
            raise StorageError(f"{path}: a checkpoint of another format; expected {FORMAT}")
        arrays: dict[str, Arrays] = {}
        for name, array in flat.items():
            arrays.setdefault(name.split("/")[0], []).append(array)
        return Snapshot(arrays, state)

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("[0-9]*.sha256"))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06d}.npz"


def values_of(variables: Sequence[Any]) -> Arrays:
    """Copy the values of Keras variables."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def assign(variables: Sequence[Any], values: Arrays, group: str) -> None:
    """Set Keras variables.

    Raises
    ------
    StorageError
        If their number or shapes differ: the checkpoint belongs to another network.
    """
    expected, stored = ([tuple(item.shape) for item in items] for items in (variables, values))
    if expected != stored:
        raise StorageError(f"checkpoint of another {group}: it has shapes {stored}, expected {expected}")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def remembered(callback: keras.callbacks.Callback) -> tuple[str, ...]:
    """Name the attributes that a callback carries from one epoch to the next; ours say so themselves."""
    if isinstance(callback, keras.callbacks.EarlyStopping):
        return "wait", "best", "best_epoch", "stopped_epoch"
    if isinstance(callback, keras.callbacks.ReduceLROnPlateau):
        return "wait", "best", "cooldown_counter"
    return getattr(callback, "remembered", ())
