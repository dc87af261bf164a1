import io

import pandas as pd
import pytest

from sedpool.plot.ranking import critical_difference_figure, interval_figure


def test_every_method_is_named_with_its_rank_and_groups_have_bars():
    ranks = pd.Series({"cap": 1.9, "rap": 1.6, "auto": 2.6, "max": 4.0, "mean": 4.9})
    axes = critical_difference_figure(ranks, 1.2).axes[0]
    texts = " ".join(text.get_text() for text in axes.texts)
    for method, rank in ranks.items():
        assert method in texts
        assert f"{rank:.2f}" in texts
    assert "critical difference 1.20" in texts
    ends = [(min(line.get_xdata()), max(line.get_xdata())) for line in axes.lines]
    for group in ([1.6, 2.6], [4.0, 4.9]):  # rap, cap and auto; max and mean
        assert sum(pair == pytest.approx(group, abs=0.05) for pair in ends) == 1


def test_the_best_is_on_top():
    table = pd.DataFrame(
        {
            "name": ["max", "cap"],
            "estimate": [0.7, 0.8],
            "low": [0.6, 0.7],
            "high": [0.75, 0.9],
            "with_best": [False, True],
        }
    )
    axes = interval_figure(table, "Segment F1").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["max", "cap"]


LONG = "cap (model=my.very.long.module.network, training.batches_per_epoch=30, features.sr=22050, seed=1) s0"


def test_long_names_leave_room_for_the_scores():
    rows = [{"name": f"{LONG}{n}", "estimate": 0.7, "low": 0.6, "high": 0.8, "with_best": True} for n in range(4)]
    figure = interval_figure(pd.DataFrame(rows), "Segment F1")
    figure.savefig(io.BytesIO(), format="png")  # a layout that does not fit is a warning, and that an error
    assert figure.axes[0].get_position().width > 0.4


def test_long_names_leave_room_for_the_ranks():
    figure = critical_difference_figure(pd.Series({f"{n} {LONG}": 1.0 + n for n in range(4)}), 1.2)
    figure.savefig(io.BytesIO(), format="png")
    assert figure.axes[0].get_position().width > 0.4
