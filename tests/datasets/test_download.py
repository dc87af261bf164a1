"""Downloads from a server on this machine that can resume, cut connections and lie."""

import hashlib
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from sedpool.datasets import download as module
from sedpool.datasets.catalog import Corpus, RemoteFile, find
from sedpool.datasets.download import download
from sedpool.errors import DataError, StorageError

from .test_archive import tar_of

CONTENT = np.random.default_rng(0).bytes(2**18 + 2**17)


class Server(BaseHTTPRequestHandler):
    """Serves `files`, in connections that end after `limit` bytes."""

    files: ClassVar[dict[str, bytes]]
    limit: ClassVar[int]
    ranges: ClassVar[bool]
    starts: ClassVar[list[int]]

    def do_GET(self) -> None:
        content = self.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted and self.ranges else 0
        self.starts.append(start)
        if start and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : start + self.limit])

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Server]]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    Server.files, Server.limit, Server.ranges, Server.starts = {"/x.bin": CONTENT}, 10**9, True, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        Server.address = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=partial(running.serve_forever, poll_interval=0.01), daemon=True).start()
        yield Server
        running.shutdown()


def corpus_of(server: type[Server], path: str = "/x.bin", **options: object) -> Corpus:
    md5 = hashlib.md5(server.files.get(path, b"")).hexdigest()
    file = RemoteFile(path.removeprefix("/"), server.address + path, options.pop("md5", md5), **options)
    return Corpus("x", "X", *[""] * 5, folder="X", layout="", files=(file,))


def get(corpus: Corpus, root: Path) -> list[str]:
    return download(corpus, root, progress=False)


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def test_a_file_arrives_once(server: type[Server], tmp_path: Path) -> None:
    assert get(corpus_of(server), tmp_path / "new") == ["x.bin"]
    assert (tmp_path / "new" / "x.bin").read_bytes() == CONTENT
    assert get(corpus_of(server), tmp_path / "new") == []
    assert len(server.starts) == 1


def test_cut_connections_are_resumed_within_one_call(server: type[Server], tmp_path: Path) -> None:
    server.limit = 2**17
    get(corpus_of(server), tmp_path)
    assert (tmp_path / "x.bin").read_bytes() == CONTENT
    assert server.starts == [0, 2**17, 2**18]


@pytest.mark.parametrize("ranges", [True, False])
def test_fault_01_an_interrupted_download_leaves_nothing_and_a_rerun_succeeds(
    server: type[Server], tmp_path: Path, ranges: bool
) -> None:
    server.limit, server.ranges = 2**16, ranges
    with pytest.raises(DataError, match="run the same command again"):
        get(corpus_of(server), tmp_path)
    assert names(tmp_path) == ["x.bin.part"]
    server.limit, server.starts = 10**9, []
    get(corpus_of(server), tmp_path)
    assert server.starts == ([5 * 2**16] if ranges else [0])
    assert names(tmp_path) == ["x.bin"]
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_fault_01_a_download_that_stopped_before_its_last_step_is_finished(
    server: type[Server], tmp_path: Path
) -> None:
    (tmp_path / "x.bin.part").write_bytes(CONTENT)
    get(corpus_of(server), tmp_path)
    assert (tmp_path / "x.bin").read_bytes() == CONTENT


def test_fault_02_a_wrong_checksum_names_both_and_leaves_nothing(server: type[Server], tmp_path: Path) -> None:
    server.files["/x.tar"] = tar_of({"audio/a.wav": b"a"})
    received = hashlib.md5(server.files["/x.tar"]).hexdigest()
    with pytest.raises(DataError, match=f"expected md5 {'0' * 32}, received {received}"):
        get(corpus_of(server, "/x.tar", md5="0" * 32, contents=("audio",)), tmp_path)
    assert names(tmp_path) == []


def test_archives_are_unpacked_once_and_not_kept(server: type[Server], tmp_path: Path) -> None:
    server.files["/x.tar"] = tar_of({"X_v1/audio/a.wav": b"a", "X_v1/README": b"read"})
    corpus = corpus_of(server, "/x.tar", contents=("audio",))
    assert get(corpus, tmp_path) == ["x.tar"]
    assert names(tmp_path) == ["README", "audio"]
    assert get(corpus, tmp_path) == []


def test_fault_03_an_unsafe_archive_leaves_nothing_unpacked(server: type[Server], tmp_path: Path) -> None:
    server.files["/x.tar"] = tar_of({"audio/a.wav": b"a", "../escaped": b"x"})
    with pytest.raises(DataError, match="outside the folder"):
        get(corpus_of(server, "/x.tar", contents=("audio",)), tmp_path / "in")
    assert names(tmp_path / "in") == ["x.tar"]
    assert names(tmp_path) == ["in"]


def test_a_half_there_corpus_is_not_touched(server: type[Server], tmp_path: Path) -> None:
    (tmp_path / "annotations").mkdir()
    corpus = corpus_of(server, contents=("audio", "annotations"))
    with pytest.raises(DataError, match="holds annotations but not audio"):
        get(corpus, tmp_path)
    assert not server.starts


def test_a_missing_file_is_named(server: type[Server], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"/gone: the server answers 404"):
        get(corpus_of(server, "/gone"), tmp_path)


def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    corpus = Corpus("x", *[""] * 7, layout="", files=(RemoteFile("x", "http://127.0.0.1:9/x", ""),))
    with pytest.raises(DataError, match=r"127\.0\.0\.1:9/x: no connection"):
        get(corpus, tmp_path)


def test_a_small_disk_is_noticed_before_anything_is_written(
    server: type[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = corpus_of(server, contents=("audio",), unpacked_bytes=10**18)
    with pytest.raises(StorageError, match="are needed; choose another disk"):
        get(corpus, tmp_path)
    assert names(tmp_path) == []


def test_fault_46_a_folder_that_cannot_be_written_is_named(server: type[Server], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="choose another folder, --root"):
        get(corpus_of(server), tmp_path / "file" / "X")


def test_the_catalogue_states_a_checksum_for_every_file() -> None:
    for name in ("urbansed", "dcase2017"):
        assert all(re.fullmatch("[0-9a-f]{32}", file.md5) for file in find(name).files)
    assert module.ATTEMPTS > 1
