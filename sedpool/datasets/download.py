"""Downloading a corpus: resumed after an interruption, checksummed, and unpacked safely.

A file appears under its own name only once it is complete and its checksum is right; until then it is ``<name>.part``,
from which the next attempt resumes.
"""

import os
import shutil
from pathlib import Path

import pooch
import requests
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from sedpool.datasets.archive import unpack
from sedpool.datasets.catalog import Corpus, RemoteFile
from sedpool.errors import DataError, StorageError

ATTEMPTS = 5
TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 16  # bytes; an interrupted connection loses at most one chunk
_PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE = 206, 416


def download(corpus: Corpus, root: str | os.PathLike[str], *, progress: bool = True) -> list[str]:
    """Fetch the files of a corpus that are not there yet, and unpack its archives.

    Parameters
    ----------
    corpus : Corpus
        What to fetch.
    root : path-like
        The corpus's folder; made if it does not exist.
    progress : bool
        Whether to show progress bars on standard error.

    Returns
    -------
    names : list of str
        The files that this call fetched.

    Raises
    ------
    DataError
        If a server cannot be reached, a checksum is wrong or an archive is not safe to unpack. The part of a file that
        was fetched before an interruption is kept, and the same call resumes from it.
    StorageError
        If the disk is too small or the folder cannot be written.
    """
    root = Path(root)
    todo = [file for file in corpus.files if not _is_here(file, root)]
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        root.mkdir(parents=True, exist_ok=True)
        with (
            FileLock(root / ".download.lock", timeout=0),
            Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not progress) as bars,
        ):
            for file in todo:
                _fetch(file, root, bars)
                if file.contents:
                    unpack(root / file.name, root, file.contents, bars)
                    (root / file.name).unlink()
    except Timeout:
        raise StorageError(f"{root}: another process is downloading to this folder; wait for it") from None
    except OSError as error:
        raise StorageError(f"{root}: cannot be written ({error.strerror}); choose another folder, --root") from None
    return [file.name for file in todo]


def _is_here(file: RemoteFile, root: Path) -> bool:
    """Return whether a file, or the contents of an archive, are in place already."""
    if not file.contents:
        return (root / file.name).is_file() and pooch.file_hash(str(root / file.name), alg="md5") == file.md5
    found = [name for name in file.contents if (root / name).exists()]
    if found and len(found) < len(file.contents):
        absent = ", ".join(sorted(set(file.contents) - set(found)))
        raise DataError(f"{root}: holds {', '.join(found)} but not {absent}; move it away, or choose another --root")
    return bool(found)


def _fetch(file: RemoteFile, root: Path, bars: Progress) -> None:
    target, part = root / file.name, root / f"{file.name}.part"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _complete(part, file, bars)
    except requests.HTTPError as error:
        answer = f"{error.response.status_code} {error.response.reason}"
        raise DataError(f"{file.url}: the server answers {answer}; see `sedpool data info` for the home page") from None
    except requests.RequestException as error:
        reason = f"no connection ({type(error).__name__})"
        raise DataError(f"{file.url}: {reason}; run the same command again to go on where it stopped") from None
    received = pooch.file_hash(str(part), alg="md5")
    if received != file.md5:
        part.unlink()
        raise DataError(f"{file.url}: wrong checksum: expected md5 {file.md5}, received {received}; nothing is kept")
    os.replace(part, target)


def _complete(part: Path, file: RemoteFile, bars: Progress) -> None:
    """Download until the server has sent everything, over up to `ATTEMPTS` connections."""
    task = bars.add_task(file.name, total=None)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _resume(part, file, bars, task)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            if attempt == ATTEMPTS:
                raise


def _resume(part: Path, file: RemoteFile, bars: Progress, task: TaskID) -> None:
    """Append the rest of the file to `part`, or start again if the server cannot send a part."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(file.url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE:
            return  # everything was sent: the checksum tells whether it is right
        response.raise_for_status()
        if response.status_code != _PARTIAL_CONTENT:
            start = 0
        left = int(response.headers.get("Content-Length", 0))
        free, needed = shutil.disk_usage(part.parent).free, left + file.unpacked_bytes
        if free < needed:
            sizes = f"{free / 1e9:.1f} GB are free and {needed / 1e9:.1f} GB are needed"
            raise StorageError(f"{part.parent}: {sizes}; choose another disk, --root")
        bars.update(task, total=start + left or None, completed=start)
        with part.open("ab" if start else "wb") as stream:
            for chunk in response.iter_content(_CHUNK):
                stream.write(chunk)
                bars.advance(task, len(chunk))
