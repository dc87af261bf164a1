from pathlib import Path

import numpy as np
import pytest

from sedpool import storage
from sedpool.errors import StorageError
from sedpool.training.arrays import hash_path, read_arrays, write_arrays


def test_arrays_come_back_by_name_and_type(tmp_path: Path) -> None:
    arrays = {"a/0": np.arange(3), "b": np.ones((2, 2), dtype=np.float32)}
    write_arrays(tmp_path / "x.npz", arrays)
    read = read_arrays(tmp_path / "x.npz")
    assert list(read) == list(arrays)
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype
        assert np.array_equal(read[name], array)


def test_fault_29_a_damaged_hash_is_refused_like_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": np.arange(3)})
    digits = bytearray(hash_path(path).read_bytes())
    digits[0] |= 0x80  # no longer UTF-8
    hash_path(path).write_bytes(digits)
    with pytest.raises(StorageError, match="differs from its sha256"):
        read_arrays(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_fault_33_what_is_no_archive_of_arrays_is_refused_though_its_hash_is_right(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    hash_path(path).write_text(storage.sha256_file(path))
    with pytest.raises(StorageError, match="not an archive of plain arrays"):
        read_arrays(path)
