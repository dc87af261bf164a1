"""Named arrays in one file, with a hash beside it: how weights and checkpoints lie on disk."""

import io
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
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            # As `write_arrays` writes them: what is compressed may be any number of times longer than the file.
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in arrays.zip.infolist()):
                raise ValueError("it is compressed")
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, OSError, EOFError, MemoryError, RuntimeError, AttributeError, zipfile.BadZipFile) as error:
        raise StorageError(f"{path}: not an archive of plain arrays ({error}); refused") from None


def hash_path(path: Path) -> Path:
    """Where the SHA-256 of `path` lies."""
    return path.with_suffix(".sha256")
