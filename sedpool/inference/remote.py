"""Results that go to an address such as ``s3://bucket/folder``: written here, and sent whole, the journal last."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sedpool import storage
from sedpool.errors import DataError
from sedpool.formats.detections import JOURNAL
from sedpool.runtime import addresses

_EVERY = 30.0  # seconds between two sendings


class RemoteFolder:
    """A folder elsewhere and its copy here, in which the results are written.

    What the journal there lists is complete: files are sent before it. So a command that was interrupted loses what was
    found since the last sending, and the same command goes on there.

    Parameters
    ----------
    address : str
        The folder elsewhere.
    folder : Path
        An empty folder of this machine.

    Raises
    ------
    DataError
        If it cannot be reached, or holds files and no journal.
    """

    def __init__(self, address: str, folder: Path) -> None:
        self._address, self.folder = address.rstrip("/"), folder
        self._sent: dict[str, str] = {}
        self._looked_at: dict[str, int] = {}
        self._last = time.monotonic()
        there = {name for _, name in addresses.find(self._address)}
        self._is_begun = JOURNAL in there
        if there and not self._is_begun:
            raise DataError(f"{address}: holds something else ({min(there)}); give another --out")
        if not there:
            return
        self._fetch(JOURNAL)
        for line in (folder / JOURNAL).read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry.get("sha256"):
                self._sent[entry["written"]] = entry["sha256"]
        self._sent = {name: digest for name, digest in self._sent.items() if name in there}
        for name in self._sent:
            self._fetch(name)

    def _fetch(self, name: str) -> None:
        with addresses.fetched(f"{self._address}/{name}") as path, storage.atomic_path(self.folder / name) as target:
            shutil.copyfile(path, target)

    def send(self, *, at_once: bool = False) -> None:
        """Send what is new, if it is time; then the journal, by which others see what is there."""
        if not at_once and time.monotonic() - self._last < _EVERY:
            return
        journal = self.folder / JOURNAL
        if not journal.is_file():
            return
        if not self._is_begun:  # one that lists nothing yet says whose folder it is
            with journal.open("rb") as lines, storage.atomic_path(self.folder / ".head") as head:
                head.write_bytes(lines.readline())
            addresses.send(self.folder / ".head", f"{self._address}/{JOURNAL}")
            self._is_begun = True
        for path in sorted(self.folder.rglob("*")):
            name, changed = path.relative_to(self.folder).as_posix(), path.stat().st_mtime_ns
            if not path.is_file() or path.name.startswith(".") or path == journal:
                continue
            if self._looked_at.get(name) != changed and self._sent.get(name) != (digest := storage.sha256_file(path)):
                addresses.send(path, f"{self._address}/{name}")
                self._sent[name] = digest
            self._looked_at[name] = changed
        addresses.send(journal, f"{self._address}/{JOURNAL}")
        self._last = time.monotonic()


@contextmanager
def remote_folder(address: str) -> Iterator[RemoteFolder]:
    """Yield a folder for results, and send at the end what has not been sent; what an error leaves is sent too."""
    with tempfile.TemporaryDirectory(prefix="sedpool-") as folder:
        remote = RemoteFolder(address, Path(folder))
        try:
            yield remote
        finally:
            remote.send(at_once=True)
