import io
import tracemalloc
import zipfile
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


def _of_header(header: bytes) -> bytes:
    """Return an archive whose only array has this header and nothing else."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("a.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    return archive.getvalue()


def _of_kind(**arrays: object) -> bytes:
    archive = io.BytesIO()
    np.savez(archive, **arrays)
    return archive.getvalue()


def _bomb() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written, written.open("a.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (1 << 24,)})
        for _ in range(1 << 6):
            member.write(bytes(1 << 20))
    return archive.getvalue()


def _encrypted(content: bytes) -> bytes:
    changed = bytearray(content)
    changed[content.index(b"PK\x03\x04") + 6] |= 1
    changed[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "content",
    [
        _of_kind(a=np.arange(3))[:-30],
        _encrypted(_of_kind(a=np.arange(3))),
        _bomb(),
        _of_header(b"(" * 64),
        _of_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,), }"),
        _of_header(b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }"),
        _of_header(b"{'descr': [('a', '<f4'), ('b', 'O')], 'fortran_order': False, 'shape': (1,), }"),
        _of_kind(a=np.array(["1", "2"])),
        _of_kind(a=np.array([1j])),
        (lambda stream: np.save(stream, np.arange(3)) or stream.getvalue())(io.BytesIO()),
        (lambda stream: zipfile.ZipFile(stream, "w").writestr("a.txt", "x") or stream.getvalue())(io.BytesIO()),
    ],
)
def test_fault_66_arrays_of_a_right_hash_that_are_none_are_refused_in_little_memory(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    hash_path(path).write_text(storage.sha256_file(path))
    tracemalloc.start()
    with pytest.raises(StorageError, match=r"x\.npz: .*; refused$") as caught:
        read_arrays(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 24
    tracemalloc.stop()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_fault_33_what_is_no_archive_of_arrays_is_refused_though_its_hash_is_right(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    hash_path(path).write_text(storage.sha256_file(path))
    with pytest.raises(StorageError, match="not an archive of plain arrays"):
        read_arrays(path)
