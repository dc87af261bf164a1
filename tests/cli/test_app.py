"""The `sedpool` command as a shell sees it."""

import subprocess
import sys

import pytest

from sedpool.cli.app import main

RUN = [sys.executable, "-c", "from sedpool.cli.app import main; main()"]


def sedpool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, check=False)


def test_help_lists_the_commands_without_tensorflow() -> None:
    code = "import sys; sys.argv = ['sedpool', '--help']; from sedpool.cli.app import app; app(standalone_mode=False)"
    code += "; print([name for name in ('tensorflow', 'pandas', 'librosa', 'hydra') if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "train" in shown
    assert shown.splitlines()[-1] == "[]"


def test_train_hands_everything_to_hydra() -> None:
    shown = sedpool("train", "--cfg", "job", "pooling=max", "seed=7")
    assert shown.returncode == 0, shown.stderr
    assert "seed: 7" in shown.stdout


def test_train_help_is_that_of_train_py() -> None:
    assert "== Groups (group=option) ==" in sedpool("train", "--help").stdout


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_errors_end_in_one_line_unless_debug(debug: tuple[str, ...]) -> None:
    shown = sedpool(*debug, "train", "seed=-1")
    assert shown.returncode == 1
    assert "seed=-1" in shown.stderr
    assert ("Traceback" in shown.stderr) == bool(debug)


def test_an_interruption_ends_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sedpool.datasets.catalog.find", interrupted)
    monkeypatch.setattr(sys, "argv", ["sedpool", "data", "info", "demo"])
    with pytest.raises(SystemExit, match="130"):
        main()
    assert capsys.readouterr().err.strip() == "interrupted; the same command goes on where it can"
