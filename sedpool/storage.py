"""Writing files atomically, recognising them by hash, and archives of several files.

Files are written to a temporary file in the target's own folder, flushed to disk and then renamed, so that a reader
sees the old file or the new one and never a part of either.
"""

import errno
import hashlib
import io
import json
import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sedpool.errors import StorageError
from sedpool.untrusted import parse_json

if TYPE_CHECKING:
    import pandas as pd

_CHUNK = 1 << 20
LARGEST_ARCHIVE = 2**31
"""Bytes of an archive, at most: it is read at once."""

_TEMPORARY = ".writing-"
_DATE = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644
_PLENTY = 1 << 28  # bytes, which any file may unpack to
_LARGEST_RATIO = 64  # bytes of a table to one of its file: scores that never change have more
_SHOWN = 40  # letters of a name in that of its temporary file, which may be no longer than others


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` that replaces it if the block succeeds.

    Parameters
    ----------
    path : path-like
        The final path; its folder is created. The temporary path keeps the suffix, by which many writers choose
        their format.

    Raises
    ------
    StorageError
        If it cannot be written, as on a full disk; an earlier file at `path` is intact.
    """
    path = Path(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(
            prefix=f"{_TEMPORARY}{path.stem[:_SHOWN]}-", suffix=path.suffix, dir=path.parent
        )
        os.close(descriptor)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise a one-line error that names `path` if the system refuses anything within the block.

    Parameters
    ----------
    path : path-like
        The file or folder that is written, for the message. The outermost block names it, so that nobody reads the
        name of a folder that was to be renamed at the end.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise _cannot_write(path, error) from error
    except StorageError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise _cannot_write(path, error.__cause__) from error.__cause__


@contextmanager
def full_disk_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Raise a one-line error if a disk takes no more within a block that also does other things than writing.

    Parameters
    ----------
    path : path-like
        The file or folder that is written, for the message.

    Raises
    ------
    StorageError
        If the disk, or the user's share of it, is full or has become read-only, or a file may not be so large.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _OF_WRITING:
            raise
        raise _cannot_write(path, error) from error


_FULL = "the disk is full; free some space and run the same command again"
_OF_WRITING = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: "larger than files may be here; raise the limit (ulimit -f) or take another disk, and run it again",
    errno.EROFS: "cannot be written, the disk is read-only; choose another place",
}
"""What the system says only of writing."""


def _cannot_write(path: str | os.PathLike[str], error: OSError) -> StorageError:
    """Say in one line why a path cannot be written."""
    reason = _OF_WRITING.get(error.errno or 0)
    if reason is None:
        in_the_way = error.errno in (errno.EEXIST, errno.ENOTDIR)
        why = "a file is in the place of a folder" if in_the_way else error.strerror or error
        reason = f"cannot be written ({why}); choose another place, or make this one writable"
    return StorageError(f"{os.fspath(path)}: {reason}")


def remove_abandoned(folder: str | os.PathLike[str]) -> None:
    """Remove temporary files of killed processes from a folder that no other process writes to."""
    for temporary in Path(folder).glob(f"{_TEMPORARY}*"):
        temporary.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    r"""Write `text` to `path` atomically, as UTF-8 with ``\n`` line ends.

    What is no character, as in names of files that are not UTF-8, is written as its code (``\udcff``).
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_csv(path: str | os.PathLike[str], table: "pd.DataFrame") -> None:
    """Write `table` to `path` atomically as CSV, without its index."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` to `path` atomically as indented JSON; NaN is refused, since JSON has none."""
    write_text(path, json_text(value))


def json_text(value: Any) -> str:
    """Return indented JSON, as written to files; NaN is refused, since JSON has none."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises
    ------
    StorageError
        If the file is missing, no plain file, or is not JSON.
    """
    refuse_special(path)
    try:
        return parse_json(Path(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise StorageError(f"{path}: no such file") from None
    except OSError as error:
        raise StorageError(f"{path}: not readable ({error.strerror}); expected a file") from None
    except ValueError as error:
        raise StorageError(f"{path}: not valid JSON ({error}); it is damaged, delete it and run again") from None


def archive(parts: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of files, uncompressed, with one date, so that equal files make equal bytes.

    Parameters
    ----------
    parts : mapping of str to bytes
        Content by name, in the order that the archive gets.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as opened:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, _PLAIN_FILE << 16
            opened.writestr(entry, content)
    return buffer.getvalue()


def read_archive_file(path: Path, kind: str) -> bytes:
    """Read the file of an archive, which is read at once, unless it is larger than any that sedpool writes.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What it is meant to be, for messages, such as ``package``.

    Raises
    ------
    StorageError
        If it is too large.
    """
    size = path.stat().st_size
    if size > LARGEST_ARCHIVE:
        raise StorageError(f"{path}: {size} bytes, no {kind}; expected at most {LARGEST_ARCHIVE}")
    return path.read_bytes()


def read_archive(content: bytes, path: str | os.PathLike[str], kind: str) -> dict[str, bytes]:
    """Take apart an archive that `archive` made, wherever it comes from.

    Parameters
    ----------
    content : bytes
        What is in the file.
    path : path-like
        The file, for messages.
    kind : str
        What it is meant to be, for messages, such as ``package``.

    Returns
    -------
    parts : dict of str to bytes
        Content by name; a name has no folders in it.

    Raises
    ------
    StorageError
        If it is damaged, or holds anything but plain uncompressed files, each once, of the size that it has.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = opened.infolist()
            names = [entry.filename for entry in entries]
            if len(set(names)) < len(names):
                raise StorageError(f"{path}: holds {max(names, key=names.count)} twice; nothing of it is used")
            if outside := [name for name in names if Path(name).name != name or name.startswith(".")]:
                raise StorageError(f"{path}: holds {outside[0]!r}, which is no name of a file; nothing of it is used")
            for entry in entries:
                is_plain = entry.compress_type == zipfile.ZIP_STORED and entry.external_attr >> 16 == _PLAIN_FILE
                if not is_plain or entry.flag_bits:
                    raise StorageError(f"{path}: {entry.filename} is no plain uncompressed file; nothing of it is used")
            if sum(entry.file_size for entry in entries) > len(content):
                raise StorageError(f"{path}: states more bytes than it has; damaged or altered, get it again")
            return {entry.filename: opened.read(entry) for entry in entries}
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, struct.error) as error:
        reason = " ".join(str(error).split())
        raise StorageError(f"{path}: not a readable {kind} ({reason}); get it again") from None


def write_parquet(path: str | os.PathLike[str], table: "pd.DataFrame") -> None:
    """Write `table` to `path` atomically as parquet, without its index."""
    write_bytes(path, table.to_parquet(index=False))


def read_parquet(path: str | os.PathLike[str]) -> "pd.DataFrame":
    """Read a parquet file.

    Raises
    ------
    StorageError
        If the file is missing, no plain file, no parquet, or unpacks to much more than it is.
    """
    import pandas as pd
    import pyarrow.parquet as pq

    refuse_special(path)
    try:
        with Path(path).open("rb") as stream:  # pyarrow itself opens no file whose path is not UTF-8
            file = pq.ParquetFile(stream)
            n_bytes = 8 * file.metadata.num_rows * len(file.schema_arrow)
            if n_bytes > max(_PLENTY, _LARGEST_RATIO * Path(path).stat().st_size):
                raise ValueError(f"states {file.metadata.num_rows} rows, more than a file of its size holds")
            table: pd.DataFrame = pd.read_parquet(stream)
    except FileNotFoundError:
        raise StorageError(f"{path}: no such file") from None
    except Exception as error:  # pandas trusts what another program states of index and types
        raise StorageError(f"{path}: not a readable parquet file ({error}); run what wrote it again") from None
    return table


def refuse_special(path: str | os.PathLike[str]) -> None:
    """Check that a path is no pipe, device or socket, whose reader may wait for ever; it need not exist.

    Raises
    ------
    StorageError
        If it is one.
    """
    path = Path(path)
    if path.exists() and not path.is_file() and not path.is_dir():
        raise StorageError(f"{path}: a pipe or a device; expected a file")


def sha256_file(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_files(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the SHA-256 of every file's content, in their order; several files are read at once."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(sha256_file, paths))


def hash_value(value: Any) -> str:
    """Return the SHA-256 of a JSON-like value, independent of the order of its keys.

    Examples
    --------
    >>> hash_value({"a": 1, "b": 2}) == hash_value({"b": 2, "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def checksum(data: memoryview) -> int:
    """Return the CRC-32 of a buffer: enough to notice a flipped bit, fast enough to run on every read."""
    return zlib.crc32(data)
