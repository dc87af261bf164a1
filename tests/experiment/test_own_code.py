"""A user's own pooling, network and corpus, from a module in the current folder to a finished run."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import yaml

from sedpool.experiment.main import main
from sedpool.run_folder import RunFolder, find_runs
from sedpool.settings.instantiate import build

ROOT = Path(__file__).parents[2]
MODULE = '''
import keras
import sedpool as sp


@keras.saving.register_keras_serializable(package="mymodule")
class MyPooling(sp.Pooling):
    """Power mean with a fixed power."""

    def __init__(self, power, axis=1, **kwargs):
        super().__init__(axis, **kwargs)
        self.power = power

    def call(self, p, mask=None):
        return keras.ops.mean(p**self.power, self.axis) ** (1 / self.power)

    def get_config(self):
        return {**super().get_config(), "power": self.power}


def my_backbone(n_mels=128, width=8):
    inputs = keras.Input((None, n_mels))
    return keras.Model(inputs, keras.layers.Conv1D(width, 16, strides=16, activation="relu")(inputs))


def load_birds(where):
    return sp.load_demo(where, n_train=8, n_validate=4, n_test=4, n_jobs=1)
'''
OWN = {
    "dataset": ("dataset._target_=mymodule.load_birds", "+dataset.where=birds"),
    "model": ("model._target_=mymodule.my_backbone", "+model.width=6"),
    "pooling": ("pooling._target_=mymodule.MyPooling", "+pooling.power=3"),
}
SMALL = ("training.epochs=1", "training.patch_duration=4", "tracking=none")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mymodule.py").write_text(MODULE, encoding="utf-8")
    return tmp_path


def train(folder: Path, *arguments: str, command: tuple[str, ...]) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command, *SMALL, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def only_run(folder: Path) -> RunFolder:
    (run,) = find_runs(folder / "experiments/runs")
    assert run.is_done
    return run


SEDPOOL = ("-P", "-c", "from sedpool.cli.app import main; main()", "train")


@pytest.mark.slow
def test_all_three_together_by_sedpool_train(folder: Path) -> None:
    train(folder, *(setting for pair in OWN.values() for setting in pair), command=SEDPOOL)
    config = only_run(folder).config
    assert config["dataset"] == {"_target_": "mymodule.load_birds", "where": "birds"}
    assert config["model"] == {"_target_": "mymodule.my_backbone", "width": 6}
    assert config["pooling"] == {"_target_": "mymodule.MyPooling", "power": 3}
    assert (config["corpus"], config["method"]) == ("birds", "MyPooling")


def in_process(*arguments: str) -> None:
    sys.argv[1:] = [*arguments]
    main()


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "argv", ["train.py"])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    return folder


def test_the_current_folder_comes_last(here: Path) -> None:
    in_process("--help")
    assert sys.path[-1] == str(here)


@pytest.mark.usefixtures("here")
def test_a_job_of_a_sweep_finds_the_module_too(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        in_process("-m", "dataset._target_=mymodule.load_birds", "+dataset.where=birds", "+dataset.wrong=1")
    assert "load_birds() got an unexpected keyword argument 'wrong'" in capfd.readouterr().err


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            ("pooling._target_=mymodule.MyPoolin", "+pooling.power=3"),
            "no MyPoolin in mymodule; did you mean mymodule.MyP",
        ),
        (("pooling._target_=mymodul.MyPooling",), "Are you sure that module 'mymodul' is installed?"),
        (("pooling._target_=mymodule.MyPooling",), "the argument power is missing; add +pooling.power=..."),
        (
            ("pooling._target_=mymodule.MyPooling", "pooling.power=3"),
            "if mymodule.MyPooling takes it, add it: +pooling.p",
        ),
    ],
)
def test_what_is_wrong_with_ones_own_class_is_one_line_before_any_data(
    settings: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        in_process("dataset=folder", "dataset.root=nowhere", *settings)
    assert said in str(ended.value.code)
    assert len(str(ended.value.code).splitlines()) == 1
    assert not capfd.readouterr().err


def test_a_config_file_of_ones_own_is_an_option(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine/pooling").mkdir(parents=True)
    (here / "mine/pooling/power_mean.yaml").write_text("_target_: mymodule.MyPooling\npower: 3\n", encoding="utf-8")
    in_process("pooling=power_mean", "--config-dir", "mine", "pooling.power=2", "--cfg", "job")
    config = yaml.safe_load(capsys.readouterr().out)
    assert config["pooling"] == {"_target_": "mymodule.MyPooling", "power": 2}
    assert build(config, "pooling").power == 2
