"""The command line as a user meets it: in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT), "SEDPOOL_DATA": str(cwd / "data")},
        capture_output=True,
        text=True,
        check=False,
    )


WRONG = [
    (["pooling=capp"], ["capp", "auto cap", "softmax"]),
    (["training.lrr=1"], ["lrr"]),
    (["training.learning_rate=abc"], ["training.learning_rate=abc", "number"]),
    (["training.learning_rate=-5"], ["training.learning_rate=-5", "greater than 0"]),
    (["features.n_mels=0"], ["features.n_mels=0"]),
    (["dataset=soundscapes"], ["dataset.foreground"]),
    (["supervision=week"], ["supervision=week", "weak", "strong"]),
    (["seed=x"], ["seed=x"]),
    (["evaluation.threshold=2"], ["evaluation.threshold=2"]),
    (["pooling.max_weight=0.01"], ["max_weight"]),
    (["dataset=urbansed", "dataset.root=nowhere"], ["nowhere"]),
]


def check(tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 5
    for word in expected:
        assert word in done.stderr
    assert not list(tmp_path.glob("experiments/runs/*-*"))


@pytest.mark.parametrize(("arguments", "expected"), WRONG)
def test_fault_40_wrong_input_ends_in_a_clear_line(tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    check(tmp_path, arguments, expected)


@pytest.mark.parametrize(("arguments", "expected"), [WRONG[0], WRONG[1], WRONG[2], WRONG[5]])
def test_fault_40_in_a_sweep_too(tmp_path: Path, arguments: list[str], expected: list[str]) -> None:
    check(tmp_path, ["-m", *arguments], expected)


def test_help_lists_the_choices_without_tensorflow(tmp_path: Path) -> None:
    done = command("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "pooling: " in done.stdout
    report = "atexit.register(lambda: print('tensorflow' in sys.modules, 'keras' in sys.modules))"
    code = f"import atexit, sys; {report}; sys.argv = ['train.py', '--help']; from sedpool.main import main; main()"
    checked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert checked.stdout.splitlines()[-1] == "False False"


def test_importing_the_package_imports_no_backend() -> None:
    code = "import sys, sedpool; dir(sedpool); print(any(m in sys.modules for m in ('tensorflow', 'keras', 'librosa')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
