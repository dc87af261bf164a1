"""Files that lie elsewhere, as in ``s3://bucket/folder``: found, fetched whole, and sent whole (fsspec)."""

import fnmatch
import hashlib
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sedpool.errors import DataError

_MAGIC = "*?["


def is_address(text: str) -> bool:
    """Whether a text is the address of something elsewhere, not a path."""
    return "://" in text


def find(address: str) -> list[tuple[str, str]]:
    """Find all files at or below an address, or that a pattern matches.

    Returns
    -------
    files : list of (str, str)
        Address and name of each, sorted; the name is the path below the folder that was given, or that of the file.

    Raises
    ------
    DataError
        If it cannot be looked up.
    """
    with _named(address):
        system, place = _opened(address)
        system.invalidate_cache()
        if any(letter in address for letter in _MAGIC) and not system.exists(place):
            folder = posixpath.dirname(place[: min(place.index(letter) for letter in _MAGIC if letter in place)])
            found = [path for path in system.find(folder) if fnmatch.fnmatchcase(path, place)]
            return [(system.unstrip_protocol(path), posixpath.basename(path)) for path in sorted(found)]
        if system.isfile(place):
            return [(address, posixpath.basename(place))]
        root = place.rstrip("/") + "/"
        found = sorted(system.find(place)) if system.exists(place) else []
        return [(system.unstrip_protocol(path), path.removeprefix(root)) for path in found]


def state(address: str) -> list[Any]:
    """Return what tells whether a file has changed since: its address, its size and a tag of its content or time."""
    with _named(address):
        system, place = _opened(address)
        info = system.info(place)
        tag = str(info.get("ETag") or info.get("etag") or system.ukey(place))
        return [address, int(info["size"]), hashlib.sha256(tag.encode()).hexdigest()[:16]]


@contextmanager
def fetched(address: str) -> Iterator[Path]:
    """Yield a file of this machine with the content of one elsewhere; it is gone after the block.

    Raises
    ------
    DataError
        If it cannot be fetched.
    """
    with tempfile.TemporaryDirectory(prefix="sedpool-") as folder:
        path = Path(folder, posixpath.basename(address) or "file")
        with _named(address):
            system, place = _opened(address)
            system.get_file(place, str(path))
        yield path


def send(path: Path, address: str) -> None:
    """Send a file; one that is there is replaced once it has arrived whole.

    Raises
    ------
    DataError
        If it does not arrive.
    """
    with _named(address):
        system, place = _opened(address)
        if "file" in system.protocol:
            system.makedirs(posixpath.dirname(place), exist_ok=True)
        system.put_file(str(path), place)


def _opened(address: str) -> tuple[Any, str]:
    try:
        import fsspec

        system, place = fsspec.core.url_to_fs(address)
    except ImportError:
        raise DataError(f"{address}: addresses need pip install 'sedpool[remote]'") from None
    return system, place


@contextmanager
def _named(address: str) -> Iterator[None]:
    """Name the address in whatever a file system raises, each errors of its own."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{address}: {reason}; check the address, the network and the access to it") from None
