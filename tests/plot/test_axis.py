import numpy as np
import pandas as pd
import pytest

from sedpool.comparison.axis import axis_table
from sedpool.plot.axis import axis_figure
from tests.miniatures.runs import BOUND, write_run


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    short = [write_run(folder, "cap", scores_seed=1), write_run(folder, "max", scores_seed=2)]
    long = [write_run(folder, "cap", scores_seed=3, corpus="long")]
    return axis_table({"short": short, "long": long})


def test_each_method_has_a_row_a_condition(table):
    assert list(zip(table["condition"], table["method"], strict=True)) == [
        ("short", "max"),
        ("short", "cap"),
        ("long", "cap"),
    ]
    assert ((table["low"] <= table["f1"]) & (table["f1"] <= table["high"])).all()
    assert table["alpha"].isna().tolist() == [True, False, False]
    assert table["bound"][1:].tolist() == pytest.approx([BOUND, BOUND])


def test_scores_and_alphas_are_drawn_over_the_conditions(table):
    scores, alphas = axis_figure(table, "events").axes
    assert [label.get_text() for label in scores.get_xticklabels()] == ["short", "long"]
    lines = {line.get_label(): line for line in scores.lines}
    np.testing.assert_allclose(lines["max"].get_ydata(), [table["f1"][0], np.nan])
    np.testing.assert_allclose(lines["cap"].get_ydata(), table["f1"][1:])
    np.testing.assert_allclose(alphas.lines[2].get_ydata(), table["alpha"][1:])


def test_without_adaptive_methods_there_is_no_panel_of_alpha(table):
    figure = axis_figure(table[table["method"] == "max"], "events")
    assert len(figure.axes) == 1
    assert "CAP's bound" not in [text.get_text() for text in figure.legends[0].get_texts()]


def test_runs_without_counts_have_no_interval(make_run):
    run = make_run("max")
    run.file("counts.parquet").unlink()
    assert pd.isna(axis_table({"any": [run]})["low"][0])
