"""Misspelt options and settings of the training command get a suggestion."""

import re
from pathlib import Path

import pytest

from sedpool.errors import ConfigError
from sedpool.settings.compose import compose, config_folder
from sedpool.settings.suggestions import refuse_unknown


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["--epochs", "5"], "training.epochs=5"),
        (["pooling=max", "--epochs", "5", "seed=1"], "training.epochs=5"),
        (["--epochs=5"], "training.epochs=5"),
        (["--batch-size", "8"], "training.batch_size=8"),
        (["--ephocs", "5"], "training.epochs=5"),
        (["--epochs"], "training.epochs=..."),
        (["--training.epochs", "5"], "training.epochs=5"),
        (["--pooling", "auto"], "pooling=auto"),
        (["--seed", "3"], "seed=3"),
        (["epochs", "5"], "training.epochs=5"),
    ],
)
def test_an_option_stands_for_a_setting(arguments: list[str], meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"no such option.* did you mean {meant}\?"):
        refuse_unknown(arguments, [config_folder()])


@pytest.mark.parametrize("arguments", [["sounds"], ["folder", "sounds"]])
def test_a_folder_stands_for_recordings_of_ones_own(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sounds").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"did you mean dataset=folder dataset\.root=sounds\?"):
        refuse_unknown(arguments, [config_folder()])


def test_an_option_like_no_setting_points_to_the_help() -> None:
    with pytest.raises(ConfigError, match=r"--zzz: no such option.*`sedpool train --help` lists the settings"):
        refuse_unknown(["--zzz"], [config_folder()])


@pytest.mark.parametrize(
    "arguments",
    [
        ["-m"],
        ["--cfg", "job"],
        ["--config-dir", "mine"],
        ["pooling=max,mean"],
        ["+pooling.x=1"],
        ["~tracking"],
        ["seed=-1"],
    ],
)
def test_a_setting_or_flag_of_hydra_passes_and_what_follows_it_is_refused(arguments: list[str]) -> None:
    refuse_unknown(arguments, [config_folder()])
    with pytest.raises(ConfigError, match=r"^--zzz: no such option"):
        refuse_unknown([*arguments, "--zzz"], [config_folder()])


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("training.epoch=5", "training.epochs"),
        ("pooling.max_wieght=0.4", "pooling.max_weight"),
        ("epochs=5", "training.epochs"),
        ("poling=max", "pooling"),
        ("sead=1", "seed"),
        ("pooling=capp", "pooling=cap"),
        ("dataset=urbansd", "dataset=urbansed"),
        ("experiment=mcfee2018/urbnsed", "experiment=mcfee2018/urbansed"),
    ],
)
def test_a_misspelt_setting_or_option_gets_the_nearest(override: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean {meant}\?"):
        compose([override])


@pytest.mark.parametrize(
    "override", ["pooling=1.5", "dataset=null", "hydra/sweeper=1.5", "+hydra/launcher=inf", "model=true"]
)
def test_a_group_that_is_given_no_name_is_refused_in_one_line(override: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{re.escape(override)}: no such option; known: "):
        refuse_unknown([override], [config_folder()])


def test_a_group_that_is_given_names_is_left_to_hydra() -> None:
    refuse_unknown(["pooling=cap,auto", "hydra/sweeper=random", "seed=1,2", "features.sr=null"], [config_folder()])
