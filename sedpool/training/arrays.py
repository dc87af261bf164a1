"""Named arrays in one file, with a hash beside it: how weights and checkpoints lie on disk."""

import io
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sedpool import storage
from sedpool.errors import StorageError


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write `arrays` to `path` (npz) and then their SHA-256 beside it; equal arrays are equal bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    storage.write_bytes(path, buffer.getvalue())
    storage.write_text(hash_path(path), storage.sha256_file(path) + "\n")


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read arrays written by `write_arrays`.

    Raises
    ------
    StorageError
        If the file or its hash is missing, the two differ, or the file holds pickled objects.
    """
    if not path.is_file() or not hash_path(path).is_file():
        raise StorageError(f"{path}: the file or its sha256 is missing; run the training again")
    if storage.sha256_file(path).encode() != hash_path(path).read_bytes().strip():
        raise StorageError(f"{path}: differs from its sha256; the file is damaged, restore it or train again")
    try:
        with zipfile.ZipFile(path) as archive:
            return {entry.filename.removesuffix(".npy"): _plain_array(archive, entry) for entry in archive.infolist()}
    except Exception as error:  # NumPy parses headers as Python, which ends in whatever a parser raises
        raise StorageError(f"{path}: not an archive of plain arrays ({error}); refused") from None


def _plain_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Return an array as `write_arrays` writes it; no other may be any number of times longer than its file."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits or not entry.filename.endswith(".npy"):
        raise ValueError(f"{entry.filename} is no plain uncompressed array")
    with archive.open(entry) as member:
        if np.lib.format.read_magic(member) != (1, 0):
            raise ValueError(f"{entry.filename} has a header of another version")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
        if dtype.kind not in "biuf" or math.prod(shape) * dtype.itemsize != entry.file_size - member.tell():
            raise ValueError(f"{entry.filename} holds no numbers, or more or fewer than it states")
    with archive.open(entry) as member:
        array: npt.NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
    return array


def hash_path(path: Path) -> Path:
    """Where the SHA-256 of `path` lies."""
    return path.with_suffix(".sha256")
