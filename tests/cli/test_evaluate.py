"""``sedpool evaluate`` as a shell user has it: anybody's files in, numbers out, or one line that says what is wrong."""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from sedpool.cli.app import main
from sedpool.formats import read_events
from sedpool.scores import frame_scores, write_scores

HEADER = "filename\tonset\toffset\tevent_label\n"
REFERENCE = HEADER + "a.wav\t0.0\t4.0\tdog\na.wav\t2.0\t6.0\tsiren\nb.wav\t0.0\t2.0\tsiren\nsilent.wav\t\t\t\n"
ESTIMATED = HEADER + "a.wav\t1.0\t5.0\tdog\nb.wav\t0.1\t2.0\tsiren\n"
DURATIONS = "filename\tduration\na.wav\t10\nb.wav\t10\nsilent.wav\t10\n"


class Shown(NamedTuple):
    output: str
    error: str


Command = Callable[..., Shown]


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process; its error is the line that would be on standard error."""
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Shown:
        monkeypatch.setattr(sys, "argv", ["sedpool", "evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Shown(captured.out, captured.err if isinstance(ended.value.code, int) else str(ended.value.code))

    return run


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[object]]:
    """Write both tables; return the options that name them."""

    def write(reference: str = REFERENCE, estimated: str = ESTIMATED) -> list[object]:
        (tmp_path / "reference.tsv").write_text(reference, encoding="utf-8")
        (tmp_path / "estimated.tsv").write_text(estimated, encoding="utf-8")
        return ["--reference", tmp_path / "reference.tsv", "--estimated", tmp_path / "estimated.tsv"]

    return write


def metrics(evaluate: Command, *arguments: object) -> dict:
    shown = evaluate(*arguments, "--json", "-")
    assert not shown.error
    return json.loads(shown.output)


def assert_one_line(shown: Shown, *parts: str) -> None:
    assert shown.error.startswith("error: ")
    assert len(shown.error.splitlines()) == 1
    assert not shown.output
    for part in parts:
        assert part in shown.error


def test_the_default_is_segments_and_events(evaluate, files):
    output = evaluate(*files()).output
    assert "Clips: 3 (each as long as its last event says), 1 without any detection." in output
    assert "segments of 1 s" in output
    assert "events, 0.2 s and 20%" in output
    # As by hand in tests/evaluation: P 5/6, R 5/10.
    assert "0.833  0.500" in output


def test_answers_that_locate_nothing_stand_below(evaluate, files):
    output = evaluate(*files()).output
    for title in ("own clip decisions, stretched", "true tags, stretched", "every class, always"):
        assert output.count(title) == 2
    baselines = metrics(evaluate, *files(), "-m", "segment", "-m", "clip")["baselines"]
    # Lengths unknown, a.wav ends after 6 s, b.wav after 2 s: true tags cover 6 + 6 + 2 seconds, 10 of them rightly.
    assert baselines["oracle_tags_stretched"]["segment"]["micro"]["precision"] == 10 / 14
    assert set(baselines["oracle_tags_stretched"]) == {"segment"}


def test_json_has_the_keys_of_a_run(evaluate, files):
    found = metrics(evaluate, *files(), "-m", "clip", "-m", "onset", "-m", "intersection", "-m", "segment")
    assert found["segment"]["micro"]["error_rate"] == 0.5
    assert found["clip"]["micro"]["recall"] == 2 / 3
    assert found["onset"]["class_wise"]["siren"]["f1"] == pytest.approx(2 / 3)
    assert found["intersection"]["micro"]["n_ref"] == 3
    assert found["event"] is None
    assert found["coverage"] == {"scored": 3, "expected": 3, "without_detections": 1}
    assert (found["format"], found["resolution"], found["collar"], found["offset_share"]) == (1, 1.0, 0.2, 0.2)


def test_files_are_written(evaluate, files, tmp_path):
    shown = evaluate(
        *files(), "--json", tmp_path / "o.json", "--csv", tmp_path / "o.csv", "--html", tmp_path / "o.html"
    )
    assert "segments of 1 s" in shown.output
    assert json.loads((tmp_path / "o.json").read_text())["segment"]["micro"]["n_ref"] == 10
    table = pd.read_csv(tmp_path / "o.csv", keep_default_na=False)
    assert (table["average"] == "class_wise").sum() == 2 * 2
    page = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "0.833" in page
    assert "href=" not in page
    assert "src=" not in page


def test_fault_45_labels_are_shown_as_they_are(evaluate, files, tmp_path):
    label = "<script>[bold] Ümlaut, 1"
    rows = HEADER + f"a.wav\t0\t1\t{label}\n"
    shown = evaluate(*files(rows, rows), "--html", tmp_path / "o.html")
    assert label in shown.output
    page = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;[bold] Ümlaut, 1" in page


def test_jams_hold_the_detections_and_the_clips_numbers(evaluate, files, tmp_path):
    options = files()
    evaluate(*options, "--jams", tmp_path / "jams")
    back = read_events(tmp_path / "jams")
    pd.testing.assert_frame_equal(back, read_events(options[3]))
    document = json.loads((tmp_path / "jams" / "b.jams").read_text())
    assert document["annotations"][0]["sandbox"]["metrics"]["segment"]["f1"] == 1.0
    again = metrics(evaluate, "-r", options[1], "-e", tmp_path / "jams")
    assert again == metrics(evaluate, *options)


@pytest.mark.parametrize(("option", "target"), [("--jams", "file"), ("--html", "folder"), ("--json", "file/o.json")])
def test_a_place_that_cannot_be_written_is_named(evaluate, files, tmp_path, option, target):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    assert_one_line(evaluate(*files(), option, tmp_path / target), str(tmp_path), "cannot be written")


@pytest.mark.parametrize("name", ["../a.wav", "/elsewhere/a.wav"])
def test_names_that_lead_elsewhere_are_not_written_to(evaluate, files, tmp_path, name):
    rows = HEADER + f"{name}\t0\t1\tdog\n"
    assert_one_line(evaluate(*files(rows, rows), "--jams", tmp_path / "jams"), name, "leads out of")
    assert not (tmp_path / "a.jams").exists()


@pytest.fixture
def scores(tmp_path):
    """Frames of 0.5 s whose events at 0.5 are those of ESTIMATED, but that b.wav's siren starts at 0 s."""
    tables = []
    for name in ("a.wav", "b.wav", "silent.wav"):
        values = np.full((20, 2), 0.1)
        if name == "a.wav":
            values[2:10, 0] = 0.9
        if name == "b.wav":
            values[0:4, 1] = 0.8
        tables.append(frame_scores(name, values, np.arange(0, 10.5, 0.5), ["dog", "siren"]))
        folder = tmp_path / "scores"
        folder.mkdir(exist_ok=True)
        tables[-1].drop(columns="filename").to_csv(folder / name.replace(".wav", ".tsv"), sep="\t", index=False)
    write_scores(pd.concat(tables, ignore_index=True), tmp_path / "scores.parquet")
    return tmp_path / "scores.parquet"


def test_scores_alone_are_decoded(evaluate, files, scores, tmp_path):
    reference = files()[:2]
    found = metrics(evaluate, *reference, "--scores", scores)
    assert found["segment"]["micro"]["precision"] == 5 / 6
    assert metrics(evaluate, *reference, "--scores", tmp_path / "scores") == found
    assert metrics(evaluate, *reference, "--scores", scores, "--threshold", 0.85)["segment"]["micro"]["n_sys"] == 4


def test_scores_give_psds_and_confidences(evaluate, files, scores, tmp_path):
    (tmp_path / "durations.tsv").write_text(DURATIONS)
    options = [*files(), "--scores", scores, "--durations", tmp_path / "durations.tsv", "-m", "psds"]
    found = metrics(evaluate, *options, "--jams", tmp_path / "jams")
    # The dog and one siren of two are found without a false positive: mean 0.75 less standard deviation 0.25.
    assert found["psds"] == pytest.approx({"scenario1": 0.5, "scenario2": 0.5})
    assert "PSDS, scenario 1: 0." in evaluate(*options).output
    observation = json.loads((tmp_path / "jams" / "b.jams").read_text())["annotations"][0]["data"][0]
    assert observation["confidence"] == 0.8


def test_psds_needs_scores_and_lengths(evaluate, files, scores):
    assert_one_line(evaluate(*files(), "-m", "psds"), "--scores or --operating-points")
    assert_one_line(evaluate(*files(), "-m", "psds", "--scores", scores), "--durations")


def test_two_files_without_names_are_about_the_same_recording(evaluate, tmp_path):
    for name, rows in (("true.txt", "1.2\t2.3\tevent1\n"), ("found.txt", "1.3\t2.2\tevent1\n")):
        (tmp_path / name).write_text(rows)
    found = metrics(evaluate, "-r", tmp_path / "true.txt", "-e", tmp_path / "found.txt")
    assert found["event"]["micro"]["f1"] == 1.0


def test_folders_of_any_format_are_compared_by_relative_path(evaluate, tmp_path):
    for folder in ("true", "found"):
        (tmp_path / folder / "x").mkdir(parents=True)
        (tmp_path / folder / "x" / "a.txt").write_text("0.0\t2.0\tdog\n")
    (tmp_path / "true" / "silent.txt").write_text("")
    found = metrics(evaluate, "-r", tmp_path / "true", "-e", tmp_path / "found")
    assert found["segment"]["micro"]["f1"] == 1.0
    assert found["coverage"] == {"scored": 2, "expected": 2, "without_detections": 1}


@pytest.mark.parametrize("option", ["--reference", "--estimated", "--scores", "--durations", "--classes"])
def test_a_missing_file_is_named(evaluate, files, option):
    assert_one_line(evaluate(*files(), option, "nowhere.tsv"), "nowhere.tsv", "no such file")


def test_neither_events_nor_scores(evaluate, files):
    assert_one_line(evaluate(*files()[:2]), "give --estimated, or --scores")


def test_an_unknown_metric_lists_the_known(evaluate, files):
    shown = evaluate(*files(), "--metric", "segments")
    assert "'segment'" in shown.error
    assert "'psds'" in shown.error


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
    micro = metrics(evaluate, *options)["segment"]["micro"]
    assert (micro["f1"], micro["error_rate"]) == (None, None)
    assert micro["note"] == "undefined: the reference is empty"
    assert "–" in evaluate(*options).output


@pytest.mark.parametrize("metric", ["clip", "segment", "event", "onset", "intersection"])
def test_fault_19_an_unknown_label_is_named_for_every_metric(evaluate, files, metric):
    shown = evaluate(*files(estimated=ESTIMATED.replace("dog", "unicorn")), "--metric", metric)
    assert_one_line(shown, "estimate: 1 unknown label (unicorn)", "expected dog, siren", "--classes")


@pytest.mark.parametrize("time", ["nan", "inf"])
def test_fault_20_a_time_that_is_not_finite_is_an_error_with_the_line(evaluate, files, time):
    shown = evaluate(*files(estimated=HEADER + f"a.wav\t0\t1\tdog\na.wav\t1\t{time}\tdog\n"))
    assert_one_line(shown, "estimated.tsv", "line 3", "not a finite number")


def test_fault_21_estimates_for_unknown_files_are_listed(evaluate, files):
    assert_one_line(evaluate(*files(estimated=ESTIMATED + "stray.wav\t0\t1\tdog\n")), "1 file is not in", "stray.wav")


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


def test_the_first_line_is_one_line_in_a_pipe(evaluate, files, monkeypatch):
    options = files()
    monkeypatch.setenv("COLUMNS", "80")
    assert evaluate(*options).output.splitlines()[0].endswith("Events: 3 true, 2 detected")


def test_fault_24_nan_in_scores_is_an_error(evaluate, files, scores):
    table = pd.read_parquet(scores)
    table.loc[3, "dog"] = np.nan
    table.to_parquet(scores)
    assert_one_line(evaluate(*files()[:2], "--scores", scores), "a.wav, class dog: nan is not a probability")


def test_durations_of_some_clips_are_refused(evaluate, files, tmp_path):
    (tmp_path / "durations.tsv").write_text("filename\tduration\na.wav\t10\n")
    assert_one_line(evaluate(*files(), "--durations", tmp_path / "durations.tsv"), "2 clips have no length", "b.wav")


@pytest.mark.parametrize(
    ("content", "reason"), [("filename\tlength\n", "no column duration"), ("filename\tduration\na.wav\t-1\n", "line 2")]
)
def test_durations_that_are_none_are_refused(evaluate, files, tmp_path, content, reason):
    (tmp_path / "durations.tsv").write_text(content)
    assert_one_line(evaluate(*files(), "--durations", tmp_path / "durations.tsv"), reason)


def test_a_reference_that_names_no_recording(evaluate, files):
    assert_one_line(evaluate(*files(reference=HEADER)), "names no recording")


def test_desed_baseline(evaluate, shared_data):
    folder = shared_data / "desed_predictions"
    found = metrics(evaluate, "-r", folder / "validation.tsv", "-e", folder / "student" / "predictions0.5.csv")
    assert found["segment"]["micro"]["f1"] == pytest.approx(0.754658, abs=5e-7)
    assert found["segment"]["micro"]["error_rate"] == pytest.approx(0.37520, abs=5e-6)
    assert found["segment"]["macro"]["f1"] == pytest.approx(0.693526, abs=5e-7)
    assert found["event"]["micro"]["f1"] == pytest.approx(0.4095, abs=5e-5)
    assert found["event"]["macro"]["f1"] == pytest.approx(0.3987, abs=5e-5)
    assert found["coverage"]["scored"] == 1168


DCASE2017 = {
    "perfect": (1, 1, 1),
    "precision_affected": (0.996710526316, 1, 0.998352553542),
    "recall_affected": (1, 0.996699669967, 0.998347107438),
    "imperfect": (0, 0, 0),
    "invalid": (1, 0.995049504950, 0.997518610422),
}


@pytest.mark.parametrize("case", DCASE2017)
def test_dcase_2017_tagging_cases(evaluate, shared_data, tmp_path, case):
    folder = shared_data / "dcase2017_task4" / "evaluation"
    paths = (
        folder / "groundtruth" / "groundtruth_weak_label_testing_set.csv",
        folder / f"prediction/{case}_prediction.csv",
    )
    labels = set(read_events(paths[0])["event_label"]) | set(read_events(paths[1])["event_label"])
    (tmp_path / "classes.txt").write_text("\n".join(sorted(labels)))
    micro = metrics(evaluate, "-r", paths[0], "-e", paths[1], "-m", "clip", "--classes", tmp_path / "classes.txt")[
        "clip"
    ]["micro"]
    assert (micro["precision"], micro["recall"], micro["f1"]) == pytest.approx(DCASE2017[case], abs=1e-11)


def test_sed_evals_own_example(evaluate, shared_data, tmp_path):
    """Five columns against four; the one annotated event without length, which is an error here, gets a microsecond."""
    folder = shared_data / "sed_eval" / "tests_data" / "sound_event"
    estimated = folder / "street_fold1_detected.txt"
    assert_one_line(evaluate("-r", folder / "street_fold1_reference.txt", "-e", estimated), "line 25", "224.691453")
    fixed = (folder / "street_fold1_reference.txt").read_text().replace("\t224.691453\tcar", "\t224.691454\tcar")
    (tmp_path / "reference.txt").write_text(fixed)
    micro = metrics(evaluate, "-r", tmp_path / "reference.txt", "-e", estimated)["segment"]["micro"]
    assert micro["f1"] == pytest.approx(0.31014823261117447, abs=1e-12)
    assert micro["error_rate"] == pytest.approx(1.0616698292220115, abs=1e-12)


def test_psds_of_operating_points(evaluate, shared_data):
    folder = shared_data / "desed_predictions"
    found = metrics(
        evaluate,
        *("-r", folder / "validation.tsv", "-e", folder / "student" / "predictions0.5.csv", "-m", "psds"),
        *("--durations", folder / "validation_durations.tsv", "--past-end", "extend"),
        *("--operating-points", folder / "student" / "predictions_operating_points"),
    )
    # psds_eval keeps events past the clips' end and ignores the time there: 0.33447 and 0.52810.
    assert found["psds"]["scenario1"] == pytest.approx(0.33447, abs=1e-4)
    assert found["psds"]["scenario2"] == pytest.approx(0.52810, abs=1e-4)
