import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from sedpool.events import events_from_rows
from sedpool.plot.example import example_figure, method_example_figure
from sedpool.plot.style import data_uri
from sedpool.plot.training import alpha_trajectory_figure, largest_share_figure
from tests.miniatures.runs import CLASSES, made_alpha, made_gradient_share


def labels_of(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


@pytest.fixture
def run(make_run):
    return make_run()


def test_three_panels_share_the_time_axis(run, example):
    figure = example_figure(example, run.scores, run.clip_scores, run.events)
    mel, reference, predictions = figure.axes[:3]
    assert mel.get_title(loc="left") == example.filename
    assert predictions.get_xlabel() == "time (s)"
    assert predictions.get_xlim() == pytest.approx((0.0, 430 * 1024 / 44100))
    assert labels_of(reference) == labels_of(predictions) == list(CLASSES)
    assert len(reference.patches) == len(example.reference_events)


def test_without_strong_labels_there_is_no_reference_panel(run, example):
    figure = example_figure(replace(example, reference_events=None), run.scores, run.clip_scores, run.events)
    assert [axes.get_title(loc="left") for axes in figure.axes].count("reference events") == 0


def test_frame_weights_have_a_panel_where_the_pooling_operator_has_weights(run, example):
    weights = np.full((26, len(CLASSES)), 1 / 26)
    figure = example_figure(replace(example, weights=weights), run.scores, run.clip_scores, run.events)
    panel = figure.axes[3]
    assert panel.get_title(loc="left").startswith("frame weights")
    assert panel.collections[0].get_array().sum() == pytest.approx(len(CLASSES))


def test_of_many_classes_only_those_that_occur_are_drawn(run, example):
    extra = {f"class {index}": 0.1 for index in range(20)}
    reference = events_from_rows([(example.filename, 1.0, 2.0, "class 7")])
    events = run.events.loc[run.events["event_label"] == "siren"]
    figure = example_figure(
        replace(example, reference_events=reference),
        run.scores.assign(**extra),
        run.clip_scores.assign(**extra),
        events,
    )
    assert labels_of(figure.axes[1]) == ["siren", "class 7"]


def test_methods_on_one_clip_stand_under_its_reference(run, example):
    clip = run.scores[run.scores["filename"] == example.filename]
    figure = method_example_figure({"cap": clip, "max": clip}, example.reference_events)
    reference, *methods = figure.axes[:3]
    assert [axes.get_title(loc="left") for axes in methods] == ["max", "cap"]
    occurring = set(example.reference_events["event_label"])
    assert labels_of(reference) == labels_of(methods[0]) == [label for label in CLASSES if label in occurring]
    detected = run.events[(run.events["filename"] == example.filename) & run.events["event_label"].isin(occurring)]
    assert len(methods[0].patches) == len(detected)


def test_trajectory_of_alpha_has_a_line_a_class_and_the_bound():
    axes = alpha_trajectory_figure(made_alpha(5, np.log(25)), kept_epoch=4).axes[0]
    assert [line.get_label() for line in axes.lines] == [*CLASSES, "kept", "CAP's bound, 3.22"]


def test_gradient_share_has_a_line_a_class():
    axes = largest_share_figure(made_gradient_share(5), kept_epoch=4).axes[0]
    assert [line.get_label() for line in axes.lines] == [*CLASSES, "kept"]
    assert axes.lines[0].get_ydata()[0] == pytest.approx(0.2)


def test_figures_leave_pyplot_and_the_global_style_alone(run, example):
    import matplotlib

    before = dict(matplotlib.rcParams)
    data_uri(example_figure(example, run.scores, run.clip_scores, run.events))
    assert dict(matplotlib.rcParams) == before
    heavy = "{'matplotlib.pyplot', 'tensorflow'}"
    modules = "sys, sedpool.reports.run_report, sedpool.reports.study_figures"
    code = f"import {modules}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
