"""Every config composes, and states exactly what its target takes."""

import dataclasses
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from sedpool.augment import Augmentation
from sedpool.errors import ConfigError
from sedpool.experiment.run import check
from sedpool.run_folder import former_run_name, run_name
from sedpool.settings.compose import compose, compose_launcher, config_folder
from sedpool.settings.identity import LATER, RENAMED, upgraded, without_places
from sedpool.settings.schema import TrackingSettings, check_types
from sedpool.soundscapes.spec import read_spec
from sedpool.training.recipe import Recipe

GROUPS = ("dataset", "features", "augment", "model", "pooling", "training", "evaluation", "tracking")
OPTIONS = [(group, path.stem) for group in GROUPS for path in sorted((config_folder() / group).glob("*.yaml"))]
EXPERIMENTS = [
    path.relative_to(config_folder() / "experiment").with_suffix("").as_posix()
    for path in sorted((config_folder() / "experiment").rglob("*.yaml"))
]
BUILT = ("dataset", "features", "model", "pooling")
SETTINGS = {"augment": Augmentation, "training": Recipe, "tracking": TrackingSettings}
FOLDERS = ["dataset.foreground=fg", "dataset.background=bg"]
MANDATORY = {
    ("dataset", "soundscapes"): FOLDERS,
    ("dataset", "folder"): ["dataset.root=recordings"],
    ("features", "aisfx"): ["model=aisfx"],
    ("features", "aisfx_block3"): ["model=aisfx_finetune"],
    ("features", "onnx"): ["model=onnx", "model.path=mine.onnx"],
    ("model", "onnx"): ["model.path=mine.onnx"],
}


def composed(*overrides: str) -> dict[str, Any]:
    return compose(overrides)


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes_into_a_valid_recipe(group: str, option: str) -> None:
    extra = MANDATORY.get((group, option), [])
    config = composed(f"{group}={option}", *extra)
    assert Recipe(**config["training"])
    assert run_name(config, {})


@pytest.mark.parametrize("kind", [path.stem for path in sorted((config_folder() / "launcher").glob("*.yaml"))])
def test_every_launcher_composes_into_what_it_is_named_after(kind: str) -> None:
    launcher = compose_launcher([f"launcher={kind}", "launcher.jobs=3"])
    assert (launcher.kind, launcher.jobs) == (kind, 3)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_composes_and_passes_the_checks_of_a_run(name: str) -> None:
    needs_folders = "soundscapes" in name or name == "weak_to_strong"
    config = composed(f"experiment={name}", *(FOLDERS if needs_folders else []))
    assert check(config) == Recipe(**config["training"])


def test_an_experiment_has_the_last_word_but_for_the_command_line() -> None:
    preset = "experiment=mcfee2018/urbansed"
    assert composed(preset)["seed"] == 20170612
    assert composed(preset, "seed=3")["seed"] == 3
    assert composed(preset, "augment=none")["augment"]["pitch_shift"] == []
    assert composed(preset, "training.epochs=2")["training"]["epochs"] == 2


@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if pair[0] in SETTINGS])
def test_settings_are_all_stated_and_in_range(group: str, option: str) -> None:
    node = composed(f"{group}={option}")[group]
    assert set(node) == {field.name for field in dataclasses.fields(SETTINGS[group])}
    assert SETTINGS[group](**node)


@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if pair[0] not in SETTINGS])
def test_keys_are_the_parameters_of_the_target(group: str, option: str) -> None:
    extra = MANDATORY.get((group, option), [])
    node = dict(composed(f"{group}={option}", *extra)[group])
    module, _, name = node.pop("_target_", "sedpool.settings.schema.EvaluationSettings").rpartition(".")
    signature = inspect.signature(getattr(importlib.import_module(module), name))
    parameters = {
        key
        for key, parameter in signature.parameters.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    left_to_the_program = {"split", "axis", "allow_missing"}
    assert set(node) <= parameters
    assert parameters - set(node) <= left_to_the_program


@pytest.mark.parametrize(("group", "option"), [pair for pair in OPTIONS if pair[0] in BUILT])
def test_values_are_of_the_types_that_the_target_takes(group: str, option: str) -> None:
    node = composed(f"{group}={option}", *MANDATORY.get((group, option), []))[group]
    module, _, name = node["_target_"].rpartition(".")
    check_types(getattr(importlib.import_module(module), name), node, group)


def test_a_front_end_brings_its_features_whatever_the_corpus_brings_and_the_command_line_wins() -> None:
    for corpus in ("demo", "urbansed"):
        config = composed(f"dataset={corpus}", "model=aisfx")
        assert config["features"]["_target_"] == "sedpool.Aisfx"
        assert config["model"]["n_features"] == 512
    assert composed("model=aisfx", "features.frame_period=46")["features"]["frame_period"] == 46
    assert "n_mels" in composed("model=aisfx", "features=logmel")["features"]


def test_features_without_a_model_for_them_are_one_line() -> None:
    with pytest.raises(ConfigError, match=r"^model\.n_mels: .*'features\.n_mels' not found; choose .*model=aisfx"):
        composed("features=aisfx")


def test_a_corpus_brings_its_recipe_and_the_command_line_wins() -> None:
    assert composed("dataset=urbansed")["training"]["epochs"] == 150
    assert composed("dataset=urbansed", "training=study")["training"]["epochs"] == 25
    assert composed()["model"]["_target_"].endswith("compact_cnn")
    assert composed("model=paper")["model"]["_target_"].endswith("paper_cnn")
    assert composed("dataset=urbansed")["model"]["_target_"].endswith("paper_cnn")
    assert composed("dataset=soundscapes", *FOLDERS)["model"]["_target_"].endswith("paper_cnn")


def test_features_bring_the_augmentation_that_they_need_and_the_command_line_wins() -> None:
    fixed = composed("features=logmel_fixed")
    assert (fixed["features"]["reference"], fixed["augment"]["gain"]) == ("fixed", 10.0)
    assert composed("features=logmel_fixed", "augment=none")["augment"]["gain"] == 0.0
    assert composed("features=logmel_fixed", "augment=light")["augment"] == composed("augment=light")["augment"]
    for features in ("logmel", "pcen"):  # neither needs levels that vary
        assert composed(f"features={features}")["augment"] == composed("augment=none")["augment"]


@pytest.mark.parametrize(
    "choice",
    [
        "dataset=urbansed",
        "dataset=dcase2017",
        "dataset=medleydb",
        "training=paper",
        "training=paper_dcase2017",
        "training=paper_medleydb",
        *(f"experiment={name}" for name in EXPERIMENTS if name.startswith(("mcfee2018/", "esc10"))),
    ],
)
def test_the_papers_presets_keep_its_features(choice: str) -> None:
    config = composed(choice, *(FOLDERS if "soundscapes" in choice else []))
    assert config["features"] == composed("features=logmel")["features"]
    assert config["features"]["reference"] == "window"
    assert config["augment"]["gain"] == 0.0


def test_names_follow_from_the_choices_unless_given() -> None:
    assert composed("pooling=max")["method"] == "max"
    assert composed("pooling=max", "supervision=strong")["method"] == "strong"
    assert composed("pooling=rap", "method=rap_1e-2")["method"] == "rap_1e-2"
    assert composed()["corpus"] == "demo"


def name(*overrides: str, **data: str) -> str:
    return run_name(composed(*overrides), data)


def test_run_names_depend_on_settings_and_not_on_places() -> None:
    base = name()
    assert base.startswith("demo-cap-s0-")
    assert name("data_root=elsewhere", "runs=there", "force=true", "jobs=1", "tracking=none") == base
    assert name("tracking.energy=false") == base
    assert name("dataset.n_jobs=1", "training.patch_duration=10") == base
    assert name("seed=1") != base
    assert name("training.epochs=1") != base
    assert name("dataset.seed=1") != base


def test_run_names_depend_on_what_the_data_are_and_not_on_where_they_lie() -> None:
    libraries = ("dataset=soundscapes", "dataset.background=bg")
    here = name(*libraries, "dataset.foreground=here/ESC-10", dataset="abc")
    assert name(*libraries, "dataset.foreground=there/mine", dataset="abc") == here
    assert name(*libraries, "dataset.foreground=here/ESC-10", dataset="abd") != here
    for place in ("augment.background", "training.init_from"):
        assert name(f"{place}=/na/x", dataset="abc") == name(f"{place}=/nb/y", dataset="abc")
        assert name(f"{place}=/na/x", dataset="abc", place="1") != name(f"{place}=/na/x", dataset="abc", place="2")


@pytest.mark.parametrize("key", ["cache", "jobs", "n_jobs", "root", "tracking"])
def test_settings_of_ones_own_class_count_whatever_they_are_called(key: str) -> None:
    own = "pooling._target_=mine.Layer"
    assert name(own, f"+pooling.{key}=1") != name(own, f"+pooling.{key}=2") != name(own)


def test_ones_own_class_gives_the_method_its_name_and_gets_only_what_it_is_given() -> None:
    config = composed("pooling=cap", "pooling._target_=mine.MyPooling", "+pooling.power=3")
    assert config["method"] == "MyPooling"
    assert config["pooling"] == {"_target_": "mine.MyPooling", "power": 3}
    assert composed("dataset._target_=mine.load_birds", "+dataset.where=x")["corpus"] == "birds"
    assert composed("pooling._target_=mine.MyPooling", "method=mine")["method"] == "mine"


def test_a_folder_of_ones_own_is_a_corpus_with_a_name() -> None:
    assert composed("dataset=folder", "dataset.root=/recordings/birds")["corpus"] == "birds"
    assert composed("dataset=folder", "dataset.root=/recordings/birds", "dataset.name=owls")["corpus"] == "owls"


def test_a_setting_that_came_later_changes_no_name_at_its_neutral_default(monkeypatch: pytest.MonkeyPatch) -> None:
    later = {**LATER, "training": {**LATER["training"], "warm_up": None}}
    later["sedpool.LogMel"] = {**LATER["sedpool.LogMel"], "colour": "white"}
    base = composed()
    grown = {
        **base,
        "features": {**base["features"], "colour": "white"},
        "training": {**base["training"], "warm_up": None},
    }
    changed = {**grown, "features": {**base["features"], "colour": "pink"}}
    before = run_name(base, {}), former_run_name(base)
    assert run_name(grown, {}) != before[0]
    monkeypatch.setattr("sedpool.settings.identity.LATER", later)
    assert (run_name(grown, {}), former_run_name(grown)) == before
    assert run_name(changed, {}) != before[0]
    assert former_run_name(changed) is None
    assert upgraded(base) == grown


def test_a_renamed_setting_changes_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    base = composed()
    before = run_name(base, {}), former_run_name(base)
    monkeypatch.setattr("sedpool.settings.identity.RENAMED", {**RENAMED, "training": {"epochs": "n_epochs"}})
    today = upgraded(base)
    assert today["training"]["n_epochs"] == base["training"]["epochs"]
    assert "epochs" not in today["training"]
    assert (run_name(today, {}), former_run_name(today)) == before


@pytest.mark.parametrize("path", sorted((config_folder() / "soundscapes").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_soundscape_spec_is_one(path: Path) -> None:
    assert read_spec(path).duration == 10.0


def test_no_config_is_left_out() -> None:
    folders = {path.name for path in Path(config_folder()).iterdir() if path.is_dir()}
    assert folders - {"experiment", "hydra", "launcher", "parallel", "soundscapes"} == set(GROUPS)


def test_former_names_on_the_command_line_are_those_of_today() -> None:
    assert composed("pooling=max", "pooling._target_=sedpool.pooling.Mean")["pooling"] == {"_target_": "sedpool.Mean"}


def test_a_record_keeps_all_settings_of_ones_own_class() -> None:
    config = composed("pooling._target_=mine.Layer", "+pooling.cache=1", "+pooling.root=/a/b", "dataset.n_jobs=1")
    record = without_places(config)
    assert record["pooling"] == {"_target_": "mine.Layer", "cache": 1, "root": "/a/b"}
    assert "n_jobs" not in record["dataset"]
    assert run_name(record, {}) == run_name(config, {})
