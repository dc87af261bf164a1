"""The help of the training command, as text."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from sedpool.errors import ConfigError
from sedpool.settings.compose import config_folder
from sedpool.settings.help import render_help


def shown(*overrides: str, width: int = 80, folders: tuple[Path, ...] = ()) -> str:
    return render_help("sedpool train", overrides, [config_folder(), *folders], width)


@pytest.mark.parametrize("width", [80, 120])
def test_it_fits_the_terminal_and_explains_everything(width: int) -> None:
    lines = shown(width=width).splitlines()
    assert max(map(len, lines)) <= width
    for line, following in pairwise(lines):
        if re.match(r"([* ] [a-z][\w/]*|  [a-z_.]+=\S+( \S+)*)$", line):  # a name alone: its line comes next
            assert following.startswith(" " * 24)


def test_the_settings_are_those_of_what_is_chosen() -> None:
    text = shown("dataset=urbansed", "pooling=rap", "training.epochs=7")
    assert "* urbansed" in text
    assert re.search(r"training\.epochs=7 +the most epochs", text)
    assert re.search(r"pooling\.l2=0\.001 +weight of the penalty", text)
    assert "pooling=rap (sedpool.rap)" in text
    assert "model=paper (sedpool.paper_cnn)" in text


def test_a_search_shows_its_settings() -> None:
    assert "hydra.sweeper.n_trials=20" in shown("hydra/sweeper=random")
    assert "hydra.sweeper" not in shown()


def test_options_of_ones_own_are_listed(tmp_path: Path) -> None:
    (tmp_path / "pooling").mkdir()
    (tmp_path / "pooling/mine.yaml").write_text("# My pooling.\n_target_: mine.Layer\npower: 3 # the power\n")
    text = shown("pooling=mine", folders=(tmp_path,))
    assert re.search(r"\* mine +My pooling\.", text)
    assert re.search(r"pooling\.power=3 +the power", text)


def test_a_wrong_choice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"pooling=capp: no such option; did you mean pooling=cap\?"):
        shown("pooling=capp")
