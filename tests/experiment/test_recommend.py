"""``training=auto``: what it chooses, and that the run is that of explicit settings."""

import re
import sys
from pathlib import Path

import pytest
import soundfile as sf

from sedpool.errors import ConfigError
from sedpool.experiment import main as command
from sedpool.experiment import recommend as module
from sedpool.experiment.recommend import MANY_CLIPS, TABLE, recommend, with_recommendation
from sedpool.frontends.catalog import AISFX
from tests.test_configs import composed

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    for index in range(10):
        sf.write(tmp_path / f"{index}.wav", [0.0] * 8000, 8000)
        (tmp_path / f"{index}.txt").write_text("0.1\t0.5\towl\n", encoding="utf-8")
    return tmp_path


@pytest.fixture(params=[True, False])
def has_weights(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    weights = tmp_path / "models/aisfx.npz"
    monkeypatch.setattr(module, "weights_file", lambda: weights)
    if request.param:
        weights.parent.mkdir()
        weights.touch()
    return request.param


@pytest.mark.parametrize("has_front_end", [True, False])
@pytest.mark.parametrize("has_times", [True, False])
@pytest.mark.parametrize("n_clips", [5, MANY_CLIPS])
def test_there_is_one_row_for_every_corpus_and_it_composes(n_clips: int, has_times: bool, has_front_end: bool) -> None:
    row = recommend(n_clips, has_times=has_times, has_front_end=has_front_end)
    config = composed(*row.settings)
    assert (config["supervision"] == "strong") is has_times
    assert (config["features"]["_target_"] == "sedpool.Aisfx") is has_front_end


def test_every_row_is_for_some_corpus() -> None:
    taken = {
        recommend(n, has_times=times, has_front_end=here)
        for n in (1, MANY_CLIPS)
        for times in (True, False)
        for here in (True, False)
    }
    assert taken == set(TABLE)


def test_the_page_shows_every_row() -> None:
    page = (ROOT / "docs/which-method.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (not here|here) \| (times|tags) \| (.+?) \| `(.+?)` \|", page, re.MULTILINE)
    sizes = {f"{MANY_CLIPS} or more": True, "fewer": False}
    shown = {(here == "here", labels == "times", sizes[size], settings) for here, labels, size, settings in rows}
    assert shown == {(row.has_front_end, row.has_times, row.has_many_clips, " ".join(row.settings)) for row in TABLE}


def test_what_it_chooses_is_said_with_its_reason(recordings: Path, has_weights: bool, caplog) -> None:
    caplog.set_level("INFO", logger="sedpool")
    folder = ["dataset=folder", f"dataset.root={recordings}"]
    chosen = with_recommendation([*folder, "training=auto"])
    assert "training=auto" not in chosen
    assert chosen[-2:] == folder
    assert "supervision=strong" in chosen
    assert ("model=aisfx" in chosen) is has_weights
    said = caplog.text
    assert "6 training clips with times: training=" in said
    assert "experiments/few-shot" in said
    assert (AISFX.command in said) is not has_weights


def test_times_that_training_lacks_choose_nothing(recordings: Path, caplog) -> None:
    caplog.set_level("INFO", logger="sedpool")
    chosen = with_recommendation(["dataset=folder", f"dataset.root={recordings}", "labels.times=test", "training=auto"])
    assert "supervision=strong" not in chosen
    assert "6 training clips with tags: " in caplog.text


def test_what_labels_were_taken_for_is_left_for_the_run_to_say(tmp_path: Path, caplog) -> None:
    for index in range(10):
        sf.write(tmp_path / f"{index}.wav", [0.0] * 8000, 8000)
    (tmp_path / "labels.csv").write_text("file,label\n" + "".join(f"{index}.wav,owl\n" for index in range(10)))
    caplog.set_level("INFO", logger="sedpool")
    with_recommendation(["dataset=folder", f"dataset.root={tmp_path}", "training=auto"])
    assert "6 training clips with tags" in caplog.text
    assert "labels.csv" not in caplog.text


def test_what_is_given_stays(recordings: Path, has_weights: bool) -> None:
    given = ["dataset=folder", f"dataset.root={recordings}", "training=auto", "pooling=max", "supervision=weak"]
    chosen = with_recommendation([*given, "training.epochs=3"])
    config = composed(*chosen)
    assert config["supervision"] == "weak"
    assert config["pooling"]["_target_"] == "sedpool.Max"
    assert config["training"]["epochs"] == 3
    assert config["training"]["batches_per_epoch"] == 30
    assert config["training"]["self_training_rounds"] == (2 if has_weights else 0)
    assert "model=aisfx" not in with_recommendation([*given, "model=compact"])


def test_the_command_composes_what_was_chosen_and_refuses_it_in_sweeps(
    recordings: Path, has_weights: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    del has_weights
    words = ["train.py", "--", "dataset=folder", f"dataset.root={recordings}", "training=auto"]
    monkeypatch.setattr(sys, "argv", list(words))
    command._choose_settings()
    assert sys.argv[:2] == words[:2]
    assert sys.argv[2:] == with_recommendation(words[2:])
    monkeypatch.setattr(sys, "argv", ["train.py", "-m", *words[1:]])
    with pytest.raises(ConfigError, match="training=auto: chooses for one run"):
        command._choose_settings()
