"""What other evaluations accept in silence."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest

from .conftest import DURATIONS, ESTIMATED, HEADER, REFERENCE, assert_one_line, metrics


def test_fault_14_an_estimate_that_ends_before_it_starts(evaluate, files):
    shown = evaluate(*files(estimated=HEADER + "a.wav\t3\t2\tdog\n"))
    assert_one_line(shown, "estimated.tsv", "line 2 (a.wav, 3.0, 2.0, dog)", "does not end after it starts")


def test_fault_15_overlapping_events_of_one_class_are_kept(evaluate, files):
    rows = HEADER + "a.wav\t0\t4\tdog\na.wav\t2\t6\tdog\n"
    found = metrics(evaluate, *files(rows, rows))
    assert (found["event"]["micro"]["n_ref"], found["event"]["micro"]["f1"]) == (2, 1.0)


def test_fault_16_a_class_never_detected_counts_as_zero(evaluate, files):
    found = metrics(evaluate, *files(estimated=HEADER + "b.wav\t0.0\t2.0\tsiren\n"))
    assert found["segment"]["class_wise"]["dog"]["f1"] == 0.0
    assert found["segment"]["macro"]["n_classes"] == 2


@pytest.mark.parametrize("estimated", [ESTIMATED, HEADER])
def test_faults_17_18_an_empty_reference_is_undefined(evaluate, files, tmp_path, estimated):
    (tmp_path / "classes.txt").write_text("dog\nsiren\n")
    reference = HEADER + "a.wav\t\t\t\nb.wav\t\t\t\n"
    options = [*files(reference, estimated), "--classes", tmp_path / "classes.txt"]
    shown = evaluate(*options, "--json", "-")
    assert "no row has a label: 2 rows mean recordings without events" in shown.error
    micro = json.loads(shown.output)["segment"]["micro"]
    assert (micro["f1"], micro["error_rate"]) == (None, None)
    assert micro["note"] == "undefined: the reference is empty"
    assert "–" in evaluate(*options).output


@pytest.mark.parametrize("metric", ["clip", "segment", "event", "onset", "intersection"])
def test_fault_19_an_unknown_label_is_named_for_every_metric(evaluate, files, metric):
    shown = evaluate(*files(estimated=ESTIMATED.replace("dog", "unicorn")), "--metric", metric)
    assert_one_line(shown, "estimated.tsv: 1 unknown label (unicorn)", "expected (dog; siren)", "--classes")


@pytest.mark.parametrize("time", ["nan", "inf"])
def test_fault_20_a_time_that_is_not_finite_is_an_error_with_the_line(evaluate, files, time):
    shown = evaluate(*files(estimated=HEADER + f"a.wav\t0\t1\tdog\na.wav\t1\t{time}\tdog\n"))
    assert_one_line(shown, "estimated.tsv", "line 3", "not a finite number")


def test_fault_21_estimates_for_unknown_files_are_listed(evaluate, files):
    assert_one_line(
        evaluate(*files(estimated=ESTIMATED + "stray.wav\t0\t1\tdog\n")), "estimated.tsv: 1 file is not in", "stray.wav"
    )


def test_swapped_arguments_are_suspected(evaluate, files):
    assert_one_line(evaluate(*files(ESTIMATED, REFERENCE + "c.wav\t0\t1\tdog\n")), "c.wav", "swapped?")


def test_fault_22_clips_without_a_label_or_a_detection_count(evaluate, files):
    false_alarm = ESTIMATED + "silent.wav\t0\t2\tdog\n"
    found = metrics(evaluate, *files(estimated=false_alarm))
    assert found["segment"]["micro"]["precision"] == 5 / 8
    assert found["coverage"]["scored"] == 3
    nothing = metrics(evaluate, *files(estimated=HEADER))
    assert nothing["segment"]["micro"]["recall"] == 0.0
    assert nothing["coverage"]["without_detections"] == 3


@pytest.mark.parametrize(("past_end", "n_sys"), [("cut", 10), ("extend", 30)])
def test_fault_23_estimates_past_the_clips_end_are_cut_with_a_warning_or_extend_it(
    evaluate, files, tmp_path, past_end, n_sys
):
    (tmp_path / "durations.csv").write_text(DURATIONS.replace("\t", ","))
    options = [*files(estimated=HEADER + "a.wav\t0\t30\tdog\n"), "--durations", tmp_path / "durations.csv"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = metrics(evaluate, *options, "--past-end", past_end)
    assert found["segment"]["micro"]["n_sys"] == n_sys
    texts = [str(warning.message) for warning in caught]
    assert texts == (["estimate: 1 event lasts longer than its clip and was cut at its end"] * (past_end == "cut"))


def test_events_after_the_clips_end_are_counted_apart(evaluate, files, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    late = "b.wav\t11\t12\tdog\n"
    options = [*files(REFERENCE + late, ESTIMATED + late + late + "a.wav\t9\t12\tdog\n")]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = metrics(evaluate, *options, "--durations", tmp_path / "durations.tsv")
    assert [str(warning.message) for warning in caught] == [
        "reference: 1 event begins after its clip's end and was left out",
        "estimate: 1 event lasts longer than its clip and was cut at its end",
        "estimate: 2 events begin after their clip's end and were left out",
    ]
    assert (found["event"]["micro"]["n_ref"], found["event"]["micro"]["n_sys"]) == (3, 3)


def test_fault_24_nan_in_scores_is_an_error(evaluate, files, scores):
    table = pd.read_parquet(scores)
    table.loc[3, "dog"] = np.nan
    table.to_parquet(scores)
    assert_one_line(evaluate(*files()[:2], "--scores", scores), "a.wav, class dog: nan is not a probability")


def _changed(scores, change):
    table = pd.read_parquet(scores)
    change(table).to_parquet(scores)
    return ["--scores", scores]


@pytest.mark.parametrize(
    ("column", "value"), [("onset", np.nan), ("offset", np.nan), ("offset", np.inf), ("onset", -0.5), ("offset", 1e12)]
)
@pytest.mark.parametrize("metric", ["event", "ranking"])
def test_a_time_of_a_frame_that_is_none_is_an_error(evaluate, files, scores, column, value, metric):
    def change(table):
        table.loc[25, column] = value
        return table

    shown = evaluate(*files()[:2], *_changed(scores, change), "-m", metric)
    assert_one_line(shown, "scores: b.wav has a frame from", f"{value} s", "expected seconds from 0")


def test_frames_with_gaps_or_out_of_order_are_an_error(evaluate, files, scores):
    shown = evaluate(*files()[:2], *_changed(scores, lambda table: table.drop(index=[5, 6])))
    assert_one_line(shown, "a.wav jumps from 2.5 s to 3.5 s")
    shown = evaluate(*files()[:2], *_changed(scores, lambda table: table.iloc[::-1]))
    assert_one_line(shown, "without gaps, in the order of time")


def test_clips_without_scores_are_an_error(evaluate, files, scores):
    shown = evaluate(*files()[:2], *_changed(scores, lambda table: table[table["filename"] != "silent.wav"]))
    assert_one_line(shown, "scores: 1 clip of the reference is missing (silent.wav)")


@pytest.mark.parametrize("metric", [["event"], ["ranking"], ["psds", "event"]])
@pytest.mark.parametrize(
    ("part", "shown", "share"),
    [
        (
            "onset >= 5 or filename != 'a.wav'",
            "1 of 3 clips are covered in part, 83.3% of the time in all (first a.wav: 5",
            25,
        ),
        (
            "offset <= 5",
            "3 of 3 clips are covered in part, 50.0% of the time in all (first a.wav: 0 to 5 s of 10 s)",
            15,
        ),
    ],
)
def test_scores_of_a_part_of_a_clip_show_how_much_they_cover(
    evaluate, files, scores, tmp_path, part, shown, share, metric
):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files()[:2], *_changed(scores, lambda table: table.query(part)), *(f"-m{one}" for one in metric)]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = metrics(evaluate, *options, "--durations", tmp_path / "durations.tsv")
        output = evaluate(*options, "--durations", tmp_path / "durations.tsv").output
    assert found["scores_cover"] == pytest.approx(share / 30)
    assert len(caught) == 2  # one each
    assert shown in str(caught[0].message)
    assert f"Scores cover {share / 30:.1%} of the clips' time; nothing is detected in the rest." in output


def test_a_last_frame_that_is_not_whole_may_be_missing(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*_changed(scores, lambda table: table.query("offset <= 9.5")), "--durations", tmp_path / "durations.tsv"]
    assert metrics(evaluate, *files()[:2], *options)["scores_cover"] == pytest.approx(0.95)


def test_half_a_time_axis_is_an_error(evaluate, files, scores):
    shown = evaluate(*files()[:2], *_changed(scores, lambda table: table.drop(columns="offset")))
    assert_one_line(shown, "onset alone; frame scores have onset and offset")


@pytest.mark.parametrize("option", ["--resolution", "--collar"])
@pytest.mark.parametrize("value", ["1e-9", "1e308", "inf", "nan", "-1"])
def test_settings_out_of_range_are_refused(evaluate, files, option, value):
    shown = evaluate(*files(), option, value)
    if (option, value) == ("--collar", "1e-9"):
        assert not shown.error
        return
    assert option.strip("-") in shown.error
    assert "Traceback" not in shown.error + shown.output


@pytest.mark.parametrize("time", ["1.7e9", "1e12", "1e308"])
def test_times_out_of_range_are_refused(evaluate, files, time):
    row = f"a.wav\t0\t{time}\tdog\n"
    assert_one_line(evaluate(*files(estimated=HEADER + row)), "line 2", "115 days")
    assert_one_line(evaluate(*files(reference=HEADER + row)), "line 2", "115 days")
