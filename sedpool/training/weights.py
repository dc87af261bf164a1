"""Weights on disk: one array a variable, a hash beside them, and a strict comparison when they are loaded."""

import io
from pathlib import Path

import keras
import numpy as np

from sedpool import storage
from sedpool.errors import StorageError


def save_weights(network: keras.Model, path: Path) -> None:
    """Write all variables of `network`, statistics included, to `path` (npz) and their SHA-256 beside it."""
    arrays = {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in _variables(network).items()}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    storage.write_bytes(path, buffer.getvalue())
    storage.write_text(_hash_path(path), storage.sha256_file(path) + "\n")


def load_weights(network: keras.Model, path: Path) -> None:
    """Load weights written by `save_weights`.

    Raises
    ------
    StorageError
        If the file is missing, differs from its hash, or belongs to another architecture (the difference is named).
    """
    if not path.is_file() or not _hash_path(path).is_file():
        raise StorageError(f"{path}: weights or their sha256 are missing; run the training again")
    if storage.sha256_file(path) != _hash_path(path).read_text(encoding="utf-8").strip():
        raise StorageError(f"{path}: differs from its sha256; the file is damaged, restore it or train again")
    with np.load(path, allow_pickle=False) as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    variables = _variables(network)
    _compare({name: array.shape for name, array in stored.items()}, network, path)
    for name, variable in variables.items():
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


def _hash_path(path: Path) -> Path:
    return path.with_suffix(".sha256")
