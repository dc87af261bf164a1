"""The `sedpool` command as a shell sees it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer

from sedpool.cli.app import app, main

FINISHED = Path(__file__).parents[1] / "golden/fixtures/runs/demo-cap-s0-aaddf8ec49"
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
    assert "== Groups (group=option" in sedpool("train", "--help").stdout


def commands(path: tuple[str, ...] = (), command: Any = None) -> Iterator[tuple[str, Any]]:
    command = command or typer.main.get_command(app)
    yield " ".join(("sedpool", *path)), command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands((*path, name), inner)


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_and_option_is_explained(name: str, command: Any) -> None:
    assert command.help
    assert [parameter.name for parameter in command.params if not parameter.help] == []


def test_no_remark_of_the_backend_comes_before_detections(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hiss.wav", np.random.default_rng(0).normal(0, 0.1, 2 * 44100), 44100)
    done = sedpool("detect", str(FINISHED), str(tmp_path / "hiss.wav"), "--html", str(tmp_path / "made"))
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"{FINISHED.name}: decodes as tuned"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["trian"], "'train'"),
        (["data", "lits"], "'list'"),
        (["check", "sounds"], "'sedpool data check'"),
        (["tune", "--parametrs", "all"], "--parameters"),
        (["train", "--epochs", "5"], "training.epochs=5"),
    ],
)
def test_a_misspelt_command_or_option_gets_the_nearest(arguments: list[str], meant: str) -> None:
    shown = sedpool(*arguments)
    assert shown.returncode != 0
    assert meant in shown.stderr


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


def test_an_interruption_of_training_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sedpool.experiment.main._prepare_command_line", interrupted)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.setattr("warnings.formatwarning", None)
    monkeypatch.setattr(sys, "argv", ["sedpool", "train"])
    with pytest.raises(SystemExit, match="130"):
        main()
    assert capsys.readouterr().err.strip() == "interrupted; the same command goes on where it stopped"


@pytest.mark.parametrize("variable", ["MPLBACKEND", "KERAS_BACKEND", "OMP_NUM_THREADS", "COLUMNS"])
def test_fault_86_nonsense_in_the_environment_is_no_traceback(tmp_path: Path, variable: str) -> None:
    environment = os.environ | {variable: "nonsense"}
    command = [*RUN, "compare", str(FINISHED), "--output", str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert "Traceback" not in shown.stderr
    assert shown.returncode == 0
    assert (tmp_path / "comparison.md").is_file()
