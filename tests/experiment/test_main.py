"""The command line as a user meets it; what only a process of its own shows, in one."""

import errno
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sedpool.experiment.main import main

ROOT = Path(__file__).parents[2]


def command(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "HYDRA_FULL_ERROR"}
    return subprocess.run(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT), "SEDPOOL_DATA": str(cwd / "data")} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


WRONG = [
    (["pooling=capp"], ["capp", "auto, cap", "softmax"]),
    (["training.lrr=1"], ["training.lrr", "learning_rate"]),
    (["poling=max"], ["poling", "pooling"]),
    (["dataset.n_train=abc"], ["dataset.n_train=abc", "integer"]),
    (["pooling._target_=nowhere.Layer"], ["nowhere.Layer", "No module named"]),
    (["model.filters=[]"], ["model.filters=[]"]),
    (["training.learning_rate=abc"], ["training.learning_rate=abc", "number"]),
    (["training.learning_rate=-5"], ["training.learning_rate=-5", "greater than 0"]),
    (["features.n_mels=0"], ["features.n_mels=0"]),
    (["dataset=soundscapes"], ["dataset.foreground"]),
    (["supervision=week"], ["supervision=week", "weak", "strong"]),
    (["seed=x"], ["seed=x"]),
    (["precision=auto"], ["did you mean training.precision?"]),
    (["training.init_from=nowhere"], ["nowhere: no such file or folder"]),
    (["evaluation.threshold=2"], ["evaluation.threshold=2"]),
    (["pooling.max_weight=0.01"], ["max_weight"]),
    (["dataset=urbansed", "dataset.root=nowhere"], ["nowhere"]),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of a command that runs in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEDPOOL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # the command sets both for its process
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.fixture
def refused(here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the command in this process, where it has to fail; what it says on standard error."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, str)  # which Python prints, and makes the status 1
        return capfd.readouterr().err + ended.value.code

    return run


def assert_clear(said: str, expected: list[str], folder: Path) -> None:
    assert "Traceback" not in said
    assert len(said.strip().splitlines()) <= 5
    for word in expected:
        assert word in said
    assert not list(folder.glob("experiments/runs/*-*"))


@pytest.mark.parametrize(("arguments", "expected"), WRONG)
def test_fault_40_wrong_input_ends_in_a_clear_line(
    refused: Callable[..., str], tmp_path: Path, arguments: list[str], expected: list[str]
) -> None:
    assert_clear(refused(*arguments), expected, tmp_path)


@pytest.mark.parametrize(("arguments", "expected"), [WRONG[0], WRONG[5]])
def test_fault_40_in_a_shell_too_with_and_without_a_backend_that_starts(
    tmp_path: Path, arguments: list[str], expected: list[str]
) -> None:
    done = command(*arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert_clear(done.stderr, expected, tmp_path)


def test_fault_70_a_file_that_the_system_refuses_is_one_line(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "runs/made/.lock")

    monkeypatch.setattr("sedpool.experiment.run.run", locked)
    assert refused() == "error: [Errno 13] Permission denied: 'runs/made/.lock'"


ODD = "Vögel (neu), #1 & 'alt' = [~]! {a}"
FAST = (
    "training.epochs=1",
    "training.batches_per_epoch=1",
    "model=tiny",
    "tracking=none",
    "features.sr=8000",
    "features.n_fft=256",
    "features.hop_length=128",
    "features.n_mels=16",
    "jobs=1",
)


def write_folder(folder: Path) -> None:
    """Three recordings of 1 s, and their labels beside the folder."""
    folder.mkdir(parents=True)
    rows = ["filename,onset,offset,event_label"]
    for number in range(3):
        soundfile.write(folder / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 8000), 8000)
        rows.append(f"{number}.wav,0.1,0.6,gull")
    folder.with_name("labels, all.csv").write_text("\n".join(rows), encoding="utf-8")


def test_a_run_on_a_folder_of_any_name_with_labels_outside_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_folder(here / ODD)
    monkeypatch.setenv("HOME", str(here))
    paths = (f"dataset.root={ODD}", "dataset.labels=labels, all.csv", "runs=Läufe {1}", "cache=~/zwischen (lager)")
    monkeypatch.setattr(sys, "argv", ["train.py", "dataset=folder", *paths, *FAST, "training.patch_duration=1"])
    main()
    printed, said = capfd.readouterr()
    assert Path(printed.splitlines()[-1], "DONE").is_file()
    assert printed.startswith("Läufe {1}/")
    assert f"{ODD}: 3 recordings (1 train, 1 validate, 1 test), 0.1 min; 8000 Hz mono; 0 shorter and 0" in said
    assert "supervision=weak: training uses only which classes each clip has, although" in said
    assert "warning: in every clip, so that clip F1 says nothing" in said
    assert said.index("warning: in every clip") < said.index("epoch")
    assert list(here.glob("zwischen (lager)/*"))


@pytest.mark.slow
def test_a_sweep_over_folders_of_any_name(tmp_path: Path) -> None:
    paths = ("dataset.root=käfer (1),~/2024", "dataset.labels=alle labels!.csv")
    done = command("-m", "dataset=folder", *paths, cwd=tmp_path, HOME=str(tmp_path))
    assert done.returncode == 1
    assert "2 of 2 jobs failed" in done.stderr
    for folder in ("käfer (1)", str(tmp_path / "2024")):
        assert f"folder: {folder}: no such folder (dataset.root)" in done.stderr


SEARCHES = [
    (["hydra/sweeper=random"], ["nothing to search", "interval"]),
    (["hydra/sweeper=random", "pooling.l2=tag(log,interval(0,1))"], ["0 < low < high"]),
    (["pooling.l2=interval(0,1)"], ["BasicSweeper does not support", "INTERVAL"]),
]


@pytest.mark.parametrize(("arguments", "expected"), [WRONG[0], WRONG[1], *SEARCHES])
def test_fault_40_in_a_sweep_too(
    refused: Callable[..., str], tmp_path: Path, arguments: list[str], expected: list[str]
) -> None:
    assert_clear(refused("-m", *arguments), expected, tmp_path)


def test_the_sweep_flag_may_stand_behind_the_settings(refused: Callable[..., str], tmp_path: Path) -> None:
    assert_clear(refused("seed=x", "-m"), ["job 1: failed: seed=x"], tmp_path)


def test_a_reader_of_the_help_may_leave_early() -> None:
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert process.communicate(timeout=60)[1] == ""


def test_help_lists_the_choices_without_tensorflow(tmp_path: Path) -> None:
    done = command("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "pooling: " in done.stdout
    report = "atexit.register(lambda: print('tensorflow' in sys.modules, 'keras' in sys.modules))"
    arguments = "sys.argv = ['train.py', '--help']"
    code = f"import atexit, sys; {report}; {arguments}; from sedpool.experiment.main import main; main()"
    checked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert checked.stdout.splitlines()[-1] == "False False"


@pytest.mark.parametrize("package", ["sedpool", "sedpool.pooling"])
def test_importing_a_package_imports_no_backend(package: str) -> None:
    heavy = "('tensorflow', 'keras', 'librosa')"
    code = f"import sys, {package}; dir({package}); print(any(name in sys.modules for name in {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_interrupt_is_one_line_alone_and_in_a_sweep(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SEDPOOL_DATA": str(tmp_path / "data")}
    arguments = ["-m", "pooling=max,mean", "dataset.n_train=4000"]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *arguments],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    time.sleep(2)
    os.killpg(process.pid, signal.SIGINT)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "Traceback" not in rest
    assert "interrupted" in rest
    assert first.startswith("2 runs, 1 at a time")
