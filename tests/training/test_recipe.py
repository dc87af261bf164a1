from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from sedpool.training.recipe import STUDY, Recipe

CONFIGS = Path(__file__).parents[2] / "configs" / "training"


def test_the_librarys_default_is_the_study_recipe() -> None:
    assert asdict(STUDY) == yaml.safe_load((CONFIGS / "study.yaml").read_text())


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
