import errno
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sedpool import storage
from sedpool.errors import StorageError


def test_written_file_has_the_content_and_no_temporary_remains(tmp_path: Path) -> None:
    storage.write_text(tmp_path / "a" / "x.txt", "é\n")
    assert (tmp_path / "a" / "x.txt").read_bytes() == "é\n".encode()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["x.txt"]


def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    path = tmp_path / f"{'é' * 125}.wav"
    storage.write_text(path, "x")
    assert path.read_text() == "x"


def test_failed_write_leaves_the_old_file_and_no_temporary(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old")

    def write_half() -> None:
        with storage.atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_fault_31_disk_full_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.txt"
    target.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full; free some space"):
        storage.write_text(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_fault_31_disk_full_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(StorageError, match=r"x\.txt: the disk is full; free some space"):
        storage.write_text(tmp_path / "x.txt", "new")


@pytest.mark.parametrize(
    ("path", "reason"), [("file/x/y.txt", "a file is in the place of a folder"), ("folder", "Is a directory")]
)
def test_fault_70_what_is_in_the_way_is_said(tmp_path: Path, path: str, reason: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=rf"{path}: cannot be written \({reason}\); choose another place, or make"):
        storage.write_text(tmp_path / path, "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_fault_70_the_outermost_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=rf"^{tmp_path}/made: cannot be written"), storage.writing(tmp_path / "made"):
        storage.write_text(tmp_path / "file/.made.partial", "x")


def test_other_errors_of_the_system_are_left_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), storage.full_disk_named(tmp_path):
        tmp_path.mkdir()


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".notes-abcdefgh.txt").touch()
    killed = storage.atomic_path(tmp_path / "x.npz")
    assert killed.__enter__().is_file()  # never left
    storage.remove_abandoned(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".notes-abcdefgh.txt"]


def test_files_are_readable_by_others_as_the_umask_says(tmp_path: Path) -> None:
    previous = os.umask(0o022)
    try:
        storage.write_text(tmp_path / "x", "")
    finally:
        os.umask(previous)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o644


def test_json_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        storage.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


def test_damaged_json_is_an_error_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"a": ')
    with pytest.raises(StorageError, match=r"x\.json: not valid JSON"):
        storage.read_json(tmp_path / "x.json")
    with pytest.raises(StorageError, match="no such file"):
        storage.read_json(tmp_path / "y.json")


def test_hash_value_knows_values_from_order() -> None:
    assert storage.hash_value([1, 2]) != storage.hash_value([2, 1])
    assert storage.hash_value({"a": [1.0]}) != storage.hash_value({"a": [1.5]})


SCORES = pa.table({"filename": ["a.wav", "a.wav"], "onset": [0.0, 1.0], "offset": [1.0, 2.0], "dog": [0.2, 0.7]})


def described(text: bytes) -> pa.Table:
    """Return scores with what pandas would have stated of them."""
    return SCORES.replace_schema_metadata({b"pandas": text})


def test_parquet_needs_nothing_that_pandas_states(tmp_path: Path) -> None:
    pq.write_table(SCORES, tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(storage.read_parquet(tmp_path / "x.parquet"), SCORES.to_pandas())


@pytest.mark.parametrize(
    "table",
    [
        described(b"{"),
        described(b"[]"),
        described(b"{}"),
        described(b"[" * 100_000),
        described(b'{"columns": [], "column_indexes": [], "index_columns": ["nothing"]}'),
        described(
            b'{"columns": [{"field_name": "dog", "name": "dog", "numpy_type": "none", "pandas_type": "x"}],'
            b' "column_indexes": [], "index_columns": []}'
        ),
        pa.Table.from_arrays([SCORES["dog"], SCORES["dog"]], names=["dog", "dog"]),
    ],
)
def test_fault_67_parquet_that_pandas_cannot_make_a_table_of_is_one_line(tmp_path: Path, table: pa.Table) -> None:
    pq.write_table(table, tmp_path / "x.parquet")
    with pytest.raises(StorageError, match=r"x\.parquet: not a readable parquet file \(") as caught:
        storage.read_parquet(tmp_path / "x.parquet")
    assert "\n" not in str(caught.value)


def test_fault_67_parquet_that_unpacks_to_gigabytes_is_refused_before(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    piece = pa.table({"dog": np.full(5_000_000, 0.5)})
    with pq.ParquetWriter(path, piece.schema, compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(piece)
    assert path.stat().st_size < 1 << 20
    began = time.process_time()
    with pytest.raises(StorageError, match="states 100000000 rows, more than a file of its size holds"):
        storage.read_parquet(path)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("read", [storage.read_json, storage.read_parquet])
def test_fault_81_a_folder_in_place_of_a_file_is_one_line(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(StorageError, match="directory") as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(caught.value)


def test_scores_that_never_change_are_read_though_they_take_little_space(tmp_path: Path) -> None:
    pq.write_table(pa.table({"dog": np.zeros(10_000_000)}), tmp_path / "x.parquet", compression="zstd")
    assert len(storage.read_parquet(tmp_path / "x.parquet")) == 10_000_000
