"""Figures of many runs: what is drawn, of plain tables."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb

from sedpool.plot.alpha import alpha_durations_figure, alpha_trajectories_figure, learned_alpha_figure
from sedpool.plot.class_scores import class_score_figure
from sedpool.plot.corpus import duration_figure
from sedpool.plot.style import BLACK, method_styles
from sedpool.plot.threshold import threshold_figure

METHODS = ("max", "mean", "softmax", "rap_1e-2", "rap_1e-3", "rap_1e-4", "cap", "auto", "strong")
CLASSES = ("Fire engine, fire truck (siren)", "dog_bark", "rain", "siren")
BOUND = float(np.log(25))


def visible(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def titles(figure):
    return [axes.get_title(loc="left") for axes in visible(figure)]


@pytest.fixture
def scores():
    rows = [
        (method, label, 0.1 * row, 0.1 * row - 0.05, 0.1 * row + 0.05, 0.02 * row)
        for row, method in enumerate(METHODS, start=1)
        for label in CLASSES
    ]
    return pd.DataFrame(rows, columns=["method", "event_label", "estimate", "low", "high", "own_stretched"])


@pytest.fixture
def trajectories():
    rows = []
    for method in ("cap", "auto"):
        for run in ("s0", "s1"):
            for number, label in enumerate(CLASSES):
                for epoch in range(5):
                    alpha = 1 + epoch * (0.9 - 0.25 * number)
                    bound = BOUND if method == "cap" else np.nan
                    rows.append((method, run, epoch, label, np.fmin(alpha, bound), bound, epoch == 3))
    return pd.DataFrame(rows, columns=["method", "run", "epoch", "event_label", "alpha", "bound", "is_kept"])


@pytest.fixture
def kept(trajectories):
    return trajectories[trajectories["is_kept"]]


@pytest.fixture
def durations():
    median = np.array([0.5, 1.0, 2.0, 4.0])
    scales = {5: 0.5, 25: 0.8, 50: 1.0, 75: 1.5, 95: 2.0}
    columns = {f"duration_{percent}": scale * median for percent, scale in scales.items()}
    return pd.DataFrame({"events": 10, **columns}, index=pd.Index(CLASSES, name="event_label"))


def test_methods_look_the_same_in_every_set_and_differ_in_more_than_colour():
    alone = method_styles(["cap"])["cap"]
    styles = method_styles([*METHODS, "attention", "isr"])
    assert styles["cap"] == alone
    assert list(styles) == [*METHODS, "attention", "isr"]
    assert len(set(styles.values())) == len(styles)
    assert len({style.marker for method, style in styles.items() if method in METHODS}) == len(METHODS)
    assert len({style.color for method, style in styles.items() if method in METHODS}) == len(METHODS)


def test_the_three_strengths_of_rap_differ_when_printed_grey():
    greys = [np.dot(to_rgb(method_styles([name])[name].color), (0.299, 0.587, 0.114)) for name in METHODS[3:6]]
    assert greys == sorted(greys, reverse=True)
    assert np.diff(greys).max() < -0.1


def test_every_class_has_a_panel_with_each_method_its_interval_and_its_stretched_tags(scores):
    figure = class_score_figure(scores)
    assert titles(figure) == ["Fire engine, fire truck\n(siren)", "dog_bark", "rain", "siren"]
    axes = visible(figure)[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(METHODS)
    intervals = [collection.get_segments()[0][:, 0] for collection in axes.collections]
    points = [line.get_xdata()[0] for line in axes.lines]
    np.testing.assert_allclose(intervals, scores[["low", "high"]].to_numpy()[:: len(CLASSES)])
    np.testing.assert_allclose(points[::2], scores["estimate"][:: len(CLASSES)])
    np.testing.assert_allclose(points[1::2], scores["own_stretched"][:: len(CLASSES)])


def test_a_method_without_a_class_leaves_its_row_empty(scores):
    axes = visible(class_score_figure(scores[(scores["method"] != "cap") | (scores["event_label"] != "rain")]))
    assert [len(panel.collections) for panel in axes] == [9, 9, 8, 9]


def test_learned_alphas_are_those_of_each_run_and_their_mean_beside_the_bound(kept):
    axes = learned_alpha_figure(kept).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    bound, cap_runs, cap_mean = axes.lines[:3]
    assert bound.get_xdata()[0] == pytest.approx(BOUND, abs=1e-4)
    assert len(cap_runs.get_xdata()) == 2 * len(CLASSES)
    np.testing.assert_allclose(cap_mean.get_xdata(), [BOUND, 2.95, 2.2, 1.45])
    assert (np.abs(np.round(cap_mean.get_ydata()) - range(len(CLASSES))) < 0.5).all()


def test_runs_that_are_not_valid_are_ringed(kept):
    auto = kept[kept["method"] == "auto"]
    flagged = auto["run"].iloc[0]
    rings = [
        line for line in learned_alpha_figure(auto, {flagged}).axes[0].lines if line.get_markerfacecolor() == "none"
    ]
    found = np.concatenate([ring.get_xdata() for ring in rings])
    np.testing.assert_allclose(found, auto.loc[auto["run"] == flagged, "alpha"])


def test_numbers_that_nobody_knows_are_not_explained(scores):
    unknown = scores.assign(low=np.nan, high=np.nan, own_stretched=np.nan)
    assert not class_score_figure(unknown).legends


def test_trajectories_run_over_all_epochs_and_mark_the_kept_one(trajectories):
    panel = visible(alpha_trajectories_figure(trajectories))[0]
    lines = [line for runs in panel.collections for line in runs.get_segments()]
    assert [len(line) for line in lines] == [5] * 4  # two methods, two runs
    first = trajectories[(trajectories["event_label"] == CLASSES[0]) & (trajectories["run"] == "s0")]
    np.testing.assert_allclose(lines[0], first.loc[first["method"] == "cap", ["epoch", "alpha"]])
    marks = [line for line in panel.lines if line.get_marker() != "None"]
    assert [list(mark.get_xdata()) for mark in marks] == [[3, 3], [3, 3]]
    assert panel.get_ylim()[1] >= BOUND


@pytest.mark.parametrize("n_runs", [2, 50])
def test_more_runs_are_no_more_artists(trajectories, n_runs):
    parts = [trajectories[trajectories["run"] == "s0"].assign(run=f"s{number}") for number in range(n_runs)]
    panel = visible(alpha_trajectories_figure(pd.concat(parts), {"s1"}))[0]
    assert len(panel.collections) == 2
    assert len(panel.lines) == 1 + 2 + 1  # the bound, the marks of each method, the rings


def test_classes_are_numbered_by_duration_and_the_correlation_is_in_the_title(kept, durations):
    figure = alpha_durations_figure(kept, durations)
    # One of the 24 orders of four classes is as low.
    assert titles(figure) == ["cap: ρ = -1.00, p = 0.042", "auto: ρ = -1.00, p = 0.042"]
    key = [text.get_text() for text in figure.legends[0].get_texts()]
    assert key == [f"{label}, {seconds} s" for label, seconds in zip(CLASSES, ("0.5", "1", "2", "4"), strict=True)]
    assert [text.get_text() for text in visible(figure)[0].texts] == ["1", "2", "3", "4"]


def test_alpha_without_a_bound_has_no_line_for_it(kept):
    figure = learned_alpha_figure(kept[kept["method"] == "auto"])
    assert not any("bound" in text.get_text() for text in figure.legends[0].get_texts())


def test_the_mark_lies_on_the_mean_of_the_runs_at_one_half():
    thresholds = np.arange(1, 100) / 100
    runs = [
        pd.DataFrame(
            {"method": "cap", "run": run, "threshold": thresholds, "precision": precision, "recall": 1 - thresholds}
        )
        for run, precision in (("s0", 0.6), ("s1", 0.8))
    ]
    axes = threshold_figure(pd.concat(runs)).axes[0]
    mark = axes.lines[-1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (pytest.approx(0.5), pytest.approx(0.7))
    assert mark.get_markeredgecolor() == BLACK


def test_durations_are_drawn_from_short_to_long(durations):
    axes = duration_figure(durations.iloc[::-1]).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    assert axes.get_xscale() == "log"
    medians = [line.get_xdata()[0] for line in axes.lines if to_hex(line.get_color()) == BLACK]
    np.testing.assert_allclose(medians, durations["duration_50"])
