"""``scripts/reproduce.py`` as a user meets it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def reproduce(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("HYDRA_FULL_ERROR", "SEDPOOL_DATA")}
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "reproduce.py"), *arguments],
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
        (["medleydb", "--root", "nowhere", "--augment"], "error: study medleydb: no condition augmented"),
        (["dcase2017", "--root", "nowhere", "--axes"], "error: study dcase2017: no axes"),
        (["urbansed", "--root", "nowhere", "training.lrr=1"], "error: training.lrr: no such setting"),
        (["urbansed", "--report-only"], "error: experiments/urbansed: no results in it"),
    ],
)
def test_wrong_input_ends_in_one_line_before_anything_trains(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    done = reproduce(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(expected)
    assert "Traceback" not in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_help_imports_no_backend(tmp_path: Path) -> None:
    report = "atexit.register(lambda: print(any(m in sys.modules for m in ('tensorflow', 'pandas', 'librosa'))))"
    script = ROOT / "scripts" / "reproduce.py"
    code = (
        f"import atexit, runpy, sys; {report}; sys.argv = ['reproduce.py', '--help']; "
        f"runpy.run_path({str(script)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "esc10-soundscapes" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"
