from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from sedpool.training.recipe import STUDY, Recipe

CONFIGS = Path(__file__).parents[2] / "configs" / "training"


def test_the_librarys_default_is_the_study_recipe() -> None:
    assert asdict(STUDY) == yaml.safe_load((CONFIGS / "study.yaml").read_text())


def test_the_papers_recipe_has_the_papers_values() -> None:
    paper, dcase2017, medleydb = (
        yaml.safe_load((CONFIGS / f"{name}.yaml").read_text())
        for name in ("paper", "paper_dcase2017", "paper_medleydb")
    )
    sampling = {"active_clips": 64, "patches_per_clip": 4, "max_patches_per_clip": 128, "min_activity": None}
    schedule = {"early_stopping_patience": 30, "lr_patience": 10, "lr_factor": 0.1, "learning_rate": 1e-3}
    length = {"epochs": 150, "batches_per_epoch": 512, "batch_size": 16, "patch_duration": 10}
    validation = {"validation": "random", "validation_batches": 1024}
    expected = {**sampling, **schedule, **length, **validation, "alpha_lr_multiplier": 1}
    assert {name: paper[name] for name in expected} == expected
    assert (dcase2017["batches_per_epoch"], medleydb["batches_per_epoch"]) == (4096, 2048)
    assert medleydb["min_activity"] == 0.1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", "abc"),
        ("learning_rate", -5),
        ("learning_rate", float("nan")),
        ("epochs", 0),
        ("epochs", 1.5),
        ("lr_factor", 1.0),
        ("validation", "some"),
        ("precision", "float64"),
        ("threads", 0),
    ],
)
def test_fault_40_values_out_of_range(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        replace(STUDY, **{name: value})


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError, match="lrr"):
        Recipe(**asdict(STUDY), lrr=1)
