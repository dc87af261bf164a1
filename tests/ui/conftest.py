"""A server of the pages, its folders, and a browser to look at them."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from sedpool import storage
from sedpool.run_folder import RunFolder
from sedpool.ui.library import Library
from sedpool.ui.site import Site
from sedpool.ui.trials import Trials
from tests.listening.conftest import Visit, browser, write_clip
from tests.miniatures.runs import write_run

__all__ = ["browser"]

HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;"
TOKEN = "a-token-of-the-tests"


@dataclass
class Served:
    """A server that runs."""

    site: Site
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Address of the list of runs."""
        return f"http://127.0.0.1:{self.port}/{TOKEN}/"

    def visit(self, browser: Any, width: int = 1280, path: str = "") -> Visit:
        """Open a page in a browser."""
        visit = Visit(browser, None, width=width)
        visit.page.goto(self.url + path)
        return visit

    def elsewhere(self, visit: Visit) -> list[str]:
        """What a page asked for that is not this server's."""
        own = ("data:", "blob:", f"http://127.0.0.1:{self.port}/{TOKEN}/")
        return [url for url in visit.requests if not url.startswith(own)]


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Start servers that stop after the tests."""
    servers: list[tuple[uvicorn.Server, threading.Thread, socket.socket, Trials]] = []

    def start(*folders: Path, slower: int = 1) -> Served:
        listening = socket.create_server(("127.0.0.1", 0))
        port, trials = listening.getsockname()[1], Trials(slower)
        site = Site(Library(folders), trials, tmp_path_factory.mktemp("uploads"))
        app = site.app(TOKEN, (f"127.0.0.1:{port}", f"localhost:{port}"))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        servers.append((server, thread, listening, trials))
        return Served(site, folders[0], port)

    yield start
    for server, thread, listening, trials in servers:
        server.should_exit = True
        thread.join()
        listening.close()
        trials.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three finished runs, one that is not, one damaged, one of hostile names, and two recordings."""
    folder = tmp_path_factory.mktemp("ui")
    runs = [
        write_run(folder / "runs", method, seed=seed, scores_seed=seed) for seed, method in ((1, "cap"), (2, "max"))
    ]
    write_run(folder / "runs", "mean", seed=3, weak=True)
    RunFolder(folder / "runs/begun").make()
    shutil.copy(runs[0].file("config.yaml"), folder / "runs/begun/config.yaml")
    shutil.copytree(runs[0].path, folder / "runs/damaged")
    (folder / "runs/damaged/metrics.json").write_text("{", encoding="utf-8")
    hostile = shutil.copytree(runs[1].path, folder / f"runs/{HOSTILE}")
    settings = {"corpus": HOSTILE, "method": HOSTILE, "seed": HOSTILE, "training": {"epochs": HOSTILE}}
    storage.write_text(hostile / "config.yaml", yaml.safe_dump(settings))
    storage.write_text(runs[0].file("report.html"), "<title>Report</title><script>document.title = 'ran'</script>")
    write_clip(folder / "recordings/a.wav", 0)
    write_clip(folder / f"recordings/{HOSTILE}.flac", 1)
    return folder


@pytest.fixture(scope="module")
def served(serve: Callable[..., Served], folder: Path) -> Served:
    """These folders, served."""
    return serve(folder)
