"""``sedpool reproduce`` as a user meets it."""

import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from sedpool.cli.app import main
from sedpool.cli.reproduce import Name, reproduce
from sedpool.errors import DataError
from sedpool.experiment.plan import Study

ROOT = Path(__file__).parents[2]
COMMAND = "from sedpool.cli.app import main; main()"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("HYDRA_FULL_ERROR", "SEDPOOL_DATA")}
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "reproduce", *arguments],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["urbansed"], "error: study urbansed: --root is not given; expected --root FOLDER"),
        (["urbansed", "--root", "nowhere"], "error: urbansed: nowhere: no such folder"),
        (["medleydb", "--root", "nowhere", "--splits", "a"], "error: --folds a: not a number"),
        (
            ["medleydb", "--root", "nowhere", "--augment"],
            "error: study medleydb: no condition augmented; it has no conditions to choose from",
        ),
        (["dcase2017", "--root", "nowhere", "--axes"], "error: study dcase2017: no axes"),
        (["urbansed", "--root", "nowhere", "training.lrr=1"], "error: training.lrr: no such setting"),
        (["urbansed", "--report-only"], "error: experiments/urbansed: no results in it"),
    ],
)
def test_wrong_input_ends_in_one_line_before_anything_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEDPOOL_DATA", raising=False)
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    monkeypatch.setattr(sys, "argv", ["sedpool", "reproduce", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert str(ended.value.code).startswith(expected)
    assert "\n" not in str(ended.value.code)
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_in_a_shell_too(tmp_path: Path) -> None:
    done = run("urbansed", "--root", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: urbansed: nowhere: no such folder")
    assert "Traceback" not in done.stderr


def test_help_imports_no_backend(tmp_path: Path) -> None:
    report = "atexit.register(lambda: print(any(m in sys.modules for m in ('tensorflow', 'pandas', 'librosa'))))"
    code = f"import atexit, runpy, sys; {report}; sys.argv = ['sedpool', 'reproduce', '--help']; {COMMAND}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "esc10-soundscapes" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


@pytest.fixture
def esc10(tmp_path: Path) -> Callable[..., None]:
    """The command for the study on real recordings, in this process."""

    def command(**options: object) -> None:
        reproduce(Name.esc10_soundscapes, foreground=tmp_path, background=tmp_path, folder=tmp_path / "s", **options)

    return command


@pytest.mark.parametrize(
    ("chosen", "parts", "said"),
    [
        ({"methods": "cap,strong"}, ["results.csv"], "axes.csv is left out: study esc10-soundscapes: no method strong"),
        ({"folds": "1,4"}, ["results.csv"], "axes.csv is left out: study esc10-soundscapes: no fold 1"),
        ({"methods": "cap", "folds": "4"}, ["results.csv", "axes.csv"], ""),
    ],
)
def test_a_part_that_lacks_what_was_chosen_is_left_out_and_said(
    esc10: Callable[..., None],
    chosen: dict[str, str],
    parts: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    begun: list[str] = []

    def begin(study: Study, *_: object, **__: object) -> dict[str, str]:
        begun.append(study.results)
        return {}

    monkeypatch.setattr("sedpool.reproduction.runner.reproduce", begin)
    esc10(**chosen, dry_run=True)
    assert begun == parts
    assert capsys.readouterr().err.startswith(said)


def test_runs_that_failed_are_named_whatever_goes_wrong_after_them(
    esc10: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(study: Study, *_: object, **__: object) -> dict[str, str]:
        if study.results == "axes.csv":
            raise DataError("clip x.wav is broken")
        return {"pooling=cap": "loss is NaN"}

    monkeypatch.setattr("sedpool.reproduction.runner.reproduce", fail)
    with pytest.raises(DataError, match=r"clip x\.wav is broken"):
        esc10()
    failed, why = capsys.readouterr().err.splitlines()
    assert failed.startswith("error: 1 run failed; ")
    assert why == "  pooling=cap: loss is NaN"


def test_a_study_with_failed_runs_ends_in_status_1(
    esc10: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failures = {"pooling=cap": "loss is NaN"}
    monkeypatch.setattr("sedpool.reproduction.runner.reproduce", lambda *_, **__: failures)
    with pytest.raises(SystemExit, match="1"):
        esc10(dry_run=True)
    assert "pooling=cap: loss is NaN" in capsys.readouterr().err
