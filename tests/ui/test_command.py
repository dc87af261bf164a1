"""The command, and the page about it."""

import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner

from sedpool.cli.app import app
from sedpool.errors import ConfigError
from tests.listening.conftest import write_clip
from tests.miniatures.runs import write_run

PAGE = Path(__file__).parents[2] / "docs/ui.md"


def test_commands_on_the_page_show_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "experiments/runs", "cap")
    write_clip(tmp_path / "data/a.wav", 0)
    write_clip(tmp_path / "recordings/b.wav", 0)
    monkeypatch.setattr("sedpool.ui.server.secrets.token_urlsafe", lambda n: "token")
    run, pages = uvicorn.Server.run, []

    def run_until_seen(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        def look() -> None:
            while not server.started:
                time.sleep(0.02)
            with urllib.request.urlopen(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/token/") as answer:
                pages.append(answer.read().decode())
            server.should_exit = True

        thread = threading.Thread(target=look)
        thread.start()
        run(server, sockets)
        thread.join()

    monkeypatch.setattr(uvicorn.Server, "run", run_until_seen)
    commands = re.findall(r"^sedpool ui.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        assert re.fullmatch(r"Open http://127\.0\.0\.1:\d+/token/\n", result.stdout)
        assert "demo-cap-s0" in pages[-1]
        for name in ("a.wav", "b.wav"):
            assert (name in pages[-1]) == (
                (name == "a.wav" and "data" in command) or (name == "b.wav" and "recordings" in command)
            )


def test_what_cannot_be_served_is_refused_in_one_line(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ui", str(tmp_path / "none")])
    assert isinstance(result.exception, ConfigError)
    assert "no such folder" in str(result.exception)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(app, ["ui", str(tmp_path), "--port", str(taken.getsockname()[1])])
    assert isinstance(result.exception, ConfigError)
    assert "--port" in str(result.exception)


@pytest.mark.slow
def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from sedpool.cli.app import main; sys.argv[0] = 'sedpool'; main()",
        "ui",
        ".",
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Open ").strip()
        with urllib.request.urlopen(address) as answer:
            assert "No run here yet" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
