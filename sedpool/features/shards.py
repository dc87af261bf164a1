"""Shards of the feature store: files that are written whole, of an index and the features of its clips.

A shard begins with `HEADER`: a mark with the format number, and the checksum of its index. The index is `COUNTS`, the
numbers of clips and of bands, and one `RECORD` per clip: its key, number of frames and checksum. From the next multiple
of 64 bytes on, the frames of one clip follow those of another as 32-bit floats. All numbers are little-endian. Where a
clip lies follows from the numbers of frames, so that an index is read without any of its features.

Format 1 was two files, ``NNNNN.npy`` and ``NNNNN.json``. It is still read, and no longer written.
"""

import mmap
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from sedpool import storage
from sedpool.errors import StorageError
from sedpool.runtime.arrays import Float32Array, IntArray

FORMAT = 2
SUFFIX = ".shard"
FORMER_SUFFIX = ".npy"

KEY = np.dtype([("source", "V16"), ("onset", "<i8"), ("duration", "<i8")])
"""A digest of a recording's path, size and modification time; microseconds of a part of it, -1 for all of it."""
RECORD = np.dtype([("key", KEY), ("frames", "<u4"), ("checksum", "<u4")])
HEADER = struct.Struct("<8sI")
COUNTS = struct.Struct("<II")

_MARK = b"sedpool" + bytes([FORMAT])
_ALIGNMENT = 64
_FORMER_KEY = re.compile(r"(.*\|\d+\|\d+)(?:\|(-?\d+\.\d{6})\|(-?\d+\.\d{6}))?", re.DOTALL)


@dataclass(frozen=True)
class Index:
    """Which clips shards hold, and where.

    Attributes
    ----------
    paths : tuple of Path
        The shards.
    records : ndarray of RECORD, shape (clips,)
        Key, number of frames and checksum of every clip.
    shard, start : ndarray of int, shape (clips,)
        Position in `paths` and first frame of every clip.
    """

    paths: tuple[Path, ...]
    records: npt.NDArray[Any]
    shard: IntArray
    start: IntArray


def source_digest(text: str) -> bytes:
    """Return 16 bytes that identify the recording which `text` describes."""
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()


def write_shard(path: Path, records: npt.NDArray[Any], features: Sequence[Float32Array]) -> None:
    """Write a shard; it appears when it is complete.

    Parameters
    ----------
    path : Path
        The file, whose name ends in `SUFFIX`.
    records : ndarray of RECORD, shape (clips,)
        One per clip.
    features : sequence of ndarray, shape (frames, bands)
        Features of the clips in the order of the records; an array may hold several clips.
    """
    index = COUNTS.pack(len(records), features[0].shape[1]) + records.tobytes()
    with storage.atomic_path(path) as temporary, temporary.open("wb") as stream:
        stream.write(HEADER.pack(_MARK, storage.checksum(memoryview(index))) + index)
        stream.write(bytes(_first_byte(len(records)) - stream.tell()))
        for array in features:
            stream.write(np.ascontiguousarray(array, dtype="<f4").data)


def read_index(folder: Path) -> Index:
    """Read the indices of all shards in a folder.

    What is damaged or of a later format is left out, as are clips whose features a shard no longer holds.
    """
    paths: list[Path] = []
    parts: list[tuple[npt.NDArray[Any], IntArray]] = []
    files = [path for path in folder.iterdir() if path.suffix in (SUFFIX, FORMER_SUFFIX) and path.stem.isdecimal()]
    for path in sorted(files, key=lambda file: int(file.stem)):
        try:
            records, n_frames = (_records if path.suffix == SUFFIX else _former_records)(path)
        except (OSError, ValueError, TypeError, OverflowError, StorageError):
            continue
        stop = np.cumsum(records["frames"], dtype=np.int64)
        there = stop <= n_frames
        parts.append((records[there], (stop - records["frames"])[there]))
        paths.append(path)
    counts = [len(records) for records, _ in parts]
    return Index(
        tuple(paths),
        np.concatenate([np.empty(0, RECORD), *(records for records, _ in parts)]),
        np.repeat(np.arange(len(paths)), counts),
        np.concatenate([np.empty(0, np.int64), *(start for _, start in parts)]),
    )


def map_shard(path: Path) -> Float32Array:
    """Map a shard into memory; shape (frames, bands).

    Raises
    ------
    StorageError
        If it is gone or damaged.
    """
    try:
        if path.suffix == FORMER_SUFFIX:
            former: Float32Array = np.load(path, mmap_mode="r", allow_pickle=False)
            return former
        with path.open("rb") as stream:
            _, n_clips, n_bands = _header(stream)
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        first = _first_byte(n_clips)
        n_frames = (len(mapped) - first) // (4 * n_bands)
        values = np.frombuffer(mapped, np.dtype("<f4"), count=n_frames * n_bands, offset=first)
        return values.reshape(n_frames, n_bands)
    except Exception as error:  # NumPy parses a header of format 1 as Python, which ends in whatever a parser raises
        raise StorageError(f"{path}: not readable ({error}); run again to compute its features anew") from None


def _first_byte(n_clips: int) -> int:
    """Return where features begin in a shard of so many clips."""
    end = HEADER.size + COUNTS.size + n_clips * RECORD.itemsize
    return -(-end // _ALIGNMENT) * _ALIGNMENT


def _header(stream: BinaryIO) -> tuple[int, int, int]:
    """Read the checksum of a shard's index and its numbers of clips and bands."""
    content = stream.read(HEADER.size + COUNTS.size)
    if not content.startswith(_MARK) or len(content) < HEADER.size + COUNTS.size:
        raise ValueError(f"not a shard of format {FORMAT}")
    return int(HEADER.unpack_from(content)[1]), *COUNTS.unpack_from(content, HEADER.size)


def _records(path: Path) -> tuple[npt.NDArray[Any], int]:
    """Read the records of a shard, and how many frames it holds."""
    with path.open("rb") as stream:
        checksum, n_clips, n_bands = _header(stream)
        n_values = (path.stat().st_size - _first_byte(n_clips)) // 4
        if n_values < 0:
            raise ValueError("it ends within its index")
        stream.seek(HEADER.size)
        index = stream.read(COUNTS.size + n_clips * RECORD.itemsize)
    if storage.checksum(memoryview(index)) != checksum:
        raise ValueError("its index is damaged")
    return np.frombuffer(index, RECORD, offset=COUNTS.size), n_values // n_bands


def _former_records(path: Path) -> tuple[npt.NDArray[Any], int]:
    """Read the records of a shard of format 1, whose clips lie one after another too."""
    rows = storage.read_json(path.with_suffix(".json"))
    records = np.zeros(len(rows), RECORD)
    for record, (text, _, frames, checksum) in zip(records, rows, strict=True):
        match = _FORMER_KEY.fullmatch(text)
        if match is None:
            raise ValueError(f"{text}: not a key")
        source, onset, duration = match.groups()
        window = (-1, -1) if onset is None else (round(1e6 * float(onset)), round(1e6 * float(duration)))
        record["key"] = (source_digest(source), *window)
        record["frames"], record["checksum"] = frames, checksum
    return records, len(map_shard(path))
