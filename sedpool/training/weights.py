"""Weights on disk: one array a variable, and a strict comparison when they are loaded."""

from pathlib import Path

import keras
import numpy as np

from sedpool.errors import StorageError
from sedpool.training.arrays import read_arrays, write_arrays


def save_weights(network: keras.Model, path: Path) -> None:
    """Write all variables of `network`, statistics included, to `path` (npz) and their SHA-256 beside it."""
    write_arrays(
        path, {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in _variables(network).items()}
    )


def load_weights(network: keras.Model, path: Path) -> None:
    """Load weights written by `save_weights`.

    Raises
    ------
    StorageError
        If the file is missing, differs from its hash, or belongs to another architecture (the difference is named).
    """
    stored = read_arrays(path)
    _compare({name: array.shape for name, array in stored.items()}, network, path)
    if odd := [name for name, array in stored.items() if not np.isfinite(array).all()]:
        raise StorageError(f"{path}: {odd[0]} holds numbers that are not finite; restore the file or train again")
    for name, variable in _variables(network).items():
        variable.assign(stored[name])


def _compare(stored: dict[str, tuple[int, ...]], network: keras.Model, path: Path) -> None:
    expected = {name: tuple(variable.shape) for name, variable in _variables(network).items()}
    problems = [f"{name} is missing" for name in expected.keys() - stored.keys()]
    problems += [f"{name} is unknown" for name in stored.keys() - expected.keys()]
    problems += [
        f"{name} has shape {stored[name]}, expected {shape}"
        for name, shape in expected.items()
        if name in stored and stored[name] != shape
    ]
    if problems:
        raise StorageError(f"{path}: weights of another architecture: {'; '.join(sorted(problems)[:5])}")


def _variables(network: keras.Model) -> dict[str, keras.Variable]:
    return {variable.path: variable for variable in network.weights}
