"""Ranges of settings, checked before any work is done."""

import pytest

from sedpool.datasets.folder import load_folder
from sedpool.errors import ConfigError
from sedpool.settings.compose import compose
from sedpool.settings.schema import EvaluationSettings, check_types, checked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("resolution", value) for value in (1e-9, 0.0, 1e12, 1e308, float("inf"), float("nan"))),
        *(("collar", value) for value in (-1.0, 1e308, float("inf"))),
        *((name, value) for name in ("max_gap", "min_duration", "median_filter") for value in (-1.0, 1e12, 1e308)),
        ("median_filter", 601.0),
        ("offset_tolerance_ratio", 1.1),
    ],
)
def test_numbers_out_of_range_are_refused(name, value):
    settings = dict(compose([])["evaluation"])
    assert checked(EvaluationSettings, settings, "evaluation").resolution == 1.0
    with pytest.raises(ConfigError, match=rf"evaluation\.{name}") as raised:
        checked(EvaluationSettings, settings | {name: value}, "evaluation")
    assert len(str(raised.value).splitlines()) == 1


def test_a_text_where_a_list_belongs_is_shown_as_a_list():
    check_types(load_folder, {"tiers": ["plover"]}, "dataset")
    with pytest.raises(ConfigError, match=r"dataset\.tiers=plover: expected a list, \[plover\]"):
        check_types(load_folder, {"tiers": "plover"}, "dataset")
