from pathlib import Path

import pytest

from sedpool.errors import ConfigError
from sedpool.experiment.plan import RunKey, Study
from sedpool.reproduction.published import read_tables
from sedpool.reproduction.studies import DCASE2017, ESC10, ESC10_AXES, MEDLEYDB, METHODS, STUDIES, URBANSED
from sedpool.run_folder import run_name
from sedpool.settings.compose import compose
from sedpool.settings.identity import without_places

FOLDERS = {"data_root": "some where/data", "cache": "cache", "runs": "runs"}


def configs(study: Study) -> dict[RunKey, dict]:
    corpus = {source: f"corpora/{source}" for source in study.sources}
    return {run.key: run.config(FOLDERS, corpus) for run in study.plan()}


@pytest.mark.parametrize(
    ("study", "n_runs"), [(URBANSED, 18), (DCASE2017, 16), (MEDLEYDB, 90), (ESC10, 36), (ESC10_AXES, 25)]
)
def test_a_study_has_each_run_once(study: Study, n_runs: int) -> None:
    plan = study.plan()
    assert len(plan) == len({run.key for run in plan}) == n_runs
    assert len(study.plan(n_seeds=3)) == 3 * n_runs
    names = {run.overrides for run in study.plan(n_seeds=2)}
    assert len(names) == 2 * n_runs


def test_methods_are_those_of_the_published_tables() -> None:
    tables = read_tables()
    for study in (URBANSED, DCASE2017, MEDLEYDB):
        assert set(study.methods) == set(tables.loc[tables["dataset"] == study.name, "method"])
    assert tuple(ESC10.methods) == tuple(METHODS)


def test_studies_are_found_by_their_names() -> None:
    assert all(part.name == name for name, parts in STUDIES.items() for part in parts)
    assert len({(part.name, part.results) for parts in STUDIES.values() for part in parts}) == 8


def test_every_method_is_composed_as_the_paper_describes_it() -> None:
    of = {key.method: config for key, config in configs(URBANSED.select(conditions=["augmented"])).items()}
    assert [of[f"rap_1e-{power}"]["pooling"]["l2"] for power in (2, 3, 4)] == [1e-2, 1e-3, 1e-4]
    assert of["cap"]["pooling"]["max_weight"] == 0.5
    assert of["strong"]["supervision"] == "strong"
    assert round(of["strong"]["training"]["patch_duration"] * 44100 / 1024) == 400
    for method, config in of.items():
        assert config["method"] == method
        assert config["augment"]["pitch_shift"] == [-2, -1, 0, 1, 2]
        assert config["seed"] == 20170612
        assert config["training"]["epochs"] == 150
        assert config["tracking"]["uri"] is None


def test_conditions_and_folds_have_corpora_of_their_own(tmp_path: Path) -> None:
    plain = configs(URBANSED.select(conditions=["plain"], methods=["max"]))
    (config,) = plain.values()
    assert config["corpus"] == "urbansed-plain"
    assert config["augment"]["pitch_shift"] == []
    splits = configs(MEDLEYDB.select(methods=["max"]))
    assert [config["dataset"]["fold"] for config in splits.values()] == list(range(10))
    assert [config["corpus"] for config in splits.values()] == [f"medleydb-split{k}" for k in range(10)]


def test_the_four_folds_of_esc10_are_rotated_and_each_is_tested_once() -> None:
    for key, config in configs(ESC10.select(methods=["cap"])).items():
        folds = config["dataset"]["folds"]
        assert folds["test"] == [key.fold]
        assert sorted(fold for part in folds.values() for fold in part) == [1, 2, 3, 4]
        assert len(folds["train"]) == 2
        assert config["dataset"]["root"] == f"some where/data/esc10-soundscapes/fold{key.fold}"
        assert (config["dataset"]["n_train"], config["dataset"]["n_test"]) == (1500, 400)


def test_axes_change_one_thing_each() -> None:
    of = {key.condition: config for key, config in configs(ESC10_AXES.select(methods=["cap"])).items()}
    base = of.pop("base")
    changed = {
        condition: {name for name in config if config[name] != base[name]} - {"corpus"}
        for condition, config in of.items()
    }
    assert changed == {
        "short_events": {"dataset"},
        "long_events": {"dataset"},
        "bags_5s": {"labels", "training"},
        "bags_2.5s": {"labels", "training"},
    }
    for config in (of["bags_5s"], of["bags_2.5s"]):
        assert config["labels"]["bag_duration"] == config["training"]["patch_duration"]


@pytest.mark.parametrize("study", [URBANSED, DCASE2017, MEDLEYDB], ids=lambda study: study.name)
def test_the_preset_alone_is_the_first_run_of_the_study(study: Study) -> None:
    alone = compose([f"experiment=mcfee2018/{study.name}", "pooling=max"])
    first = study.plan()[0].config(FOLDERS, {})
    assert alone["seed"] == first["seed"]
    for group in ("model", "pooling", "training", "augment", "evaluation", "features"):
        assert alone[group] == first[group]


def test_names_of_runs_do_not_depend_on_places() -> None:
    (planned,) = ESC10.select(methods=["cap"], folds=[4]).plan()
    corpus = {"foreground": "there/esc10", "background": "there/backgrounds"}
    elsewhere = planned.config({name: f"there/{name}" for name in FOLDERS}, corpus)
    assert run_name(elsewhere, {}) == run_name(planned.config(FOLDERS, corpus), {})
    assert run_name(without_places(elsewhere), {}) == run_name(elsewhere, {})
    assert "there" not in str(without_places(elsewhere))


def test_what_a_study_does_not_have_is_named() -> None:
    with pytest.raises(ConfigError, match="study dcase2017: no method strong; expected some of max"):
        DCASE2017.select(methods=["strong"])
    with pytest.raises(ConfigError, match="study medleydb: no split 10; expected some of 0, 1"):
        MEDLEYDB.select(folds=[10])
    with pytest.raises(ConfigError, match="no fold 1; it has no folds to choose from"):
        URBANSED.select(folds=[1])
    with pytest.raises(ConfigError, match="study urbansed: no method ''; expected some of max"):
        URBANSED.select(methods=[""])
    with pytest.raises(ConfigError, match="--background is not given; expected --foreground FOLDER and"):
        ESC10.check_sources({"foreground"})
    with pytest.raises(ConfigError, match="--foreground is not its; expected --root FOLDER"):
        URBANSED.check_sources({"foreground", "root"})
