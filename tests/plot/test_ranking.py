import pandas as pd

from sedpool.plot.ranking import critical_difference_figure, interval_figure


def test_every_method_is_named_with_its_rank_and_groups_have_bars():
    ranks = pd.Series({"cap": 1.9, "rap": 1.6, "auto": 2.6, "max": 4.0, "mean": 4.9})
    axes = critical_difference_figure(ranks, 1.2).axes[0]
    texts = " ".join(text.get_text() for text in axes.texts)
    for method, rank in ranks.items():
        assert method in texts
        assert f"{rank:.2f}" in texts
    assert "critical difference 1.20" in texts
    bars = [line for line in axes.lines if line.get_linewidth() == 3.5]
    assert len(bars) == 2  # rap, cap and auto; max and mean


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
