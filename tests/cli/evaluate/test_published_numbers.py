"""Other people's files, and what they say about them."""

import json

import pytest
import sed_eval
from dcase_util.containers import MetaDataContainer

from sedpool.formats import read_events

from .conftest import assert_one_line, metrics


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


def test_sed_evals_own_example(evaluate, shared_data):
    """Five columns against four; one annotated event ends when it starts, which sed_eval counts."""
    folder = shared_data / "sed_eval" / "tests_data" / "sound_event"
    paths = folder / "street_fold1_reference.txt", folder / "street_fold1_detected.txt"
    compared = ["-r", paths[0], "-e", paths[1]]
    assert_one_line(evaluate(*compared), "line 25", "224.691453", "--zero-length keep")
    found, error = kept(evaluate, *compared)
    assert "street_fold1_reference.txt: counted, although they end when they start: 1 events" in error
    assert found["segment"]["micro"]["f1"] == pytest.approx(0.31014823261117447, abs=1e-12)
    assert found["segment"]["micro"]["error_rate"] == pytest.approx(1.0616698292220115, abs=1e-12)
    assert_as_sed_eval(found, *paths)


def kept(evaluate, *arguments):
    """Return the numbers with events that end when they start, and what the command says of them."""
    shown = evaluate(*arguments, "--zero-length", "keep", "--json", "-")
    return json.loads(shown.output), shown.error


def assert_as_sed_eval(found, reference, estimated):
    """Compare with what sed_eval says of the files themselves, which it reads on its own."""
    true, detected = (loaded(path) for path in (reference, estimated))
    labels = sorted(set(true.unique_event_labels) | set(detected.unique_event_labels))
    scorers = {
        "segment": sed_eval.sound_event.SegmentBasedMetrics(labels, time_resolution=1.0),
        "event": sed_eval.sound_event.EventBasedMetrics(labels, t_collar=0.2, percentage_of_length=0.2),
    }
    for name in true.unique_files:
        in_file = sorted(true.filter(filename=name), key=_order), sorted(detected.filter(filename=name), key=_order)
        for scorer in scorers.values():
            scorer.evaluate(*map(MetaDataContainer, in_file))
    for level, scorer in scorers.items():
        results = scorer.results_overall_metrics()
        for name in ("precision", "recall"):
            assert found[level]["micro"][name] == pytest.approx(results["f_measure"][name], abs=1e-12)
        assert found[level]["micro"]["error_rate"] == pytest.approx(results["error_rate"]["error_rate"], abs=1e-12)
        averages = scorer.results_class_wise_average_metrics()["error_rate"]["error_rate"]
        assert found[level]["sed_eval_macro"]["error_rate"] == pytest.approx(averages, abs=1e-12)


def loaded(path):
    """Load a list by dcase_util, which guesses another form of some if the columns are not named."""
    columns = ["filename", "scene_label", "onset", "offset", "event_label"]
    if path.read_text().partition("\n")[0].count("\t") == 3:
        columns.remove("scene_label")
    return sed_eval.io.load_event_list(str(path), fields=columns, csv_header=False, delimiter="\t")


def _order(event):
    return event.onset, event.offset, event.event_label


def test_the_ground_truth_of_dcase_2017(evaluate, shared_data, tmp_path):
    """36 of the 688 rows end when they start; sed_eval counts them as events, and in no segment, as they are at 0 s."""
    truth = shared_data / "dcase2017_task4" / "groundtruth_release" / "groundtruth_strong_label_testing_set.csv"
    rows = [line.split("\t") for line in truth.read_text().splitlines()]
    shifted = [(name, max(float(on) - 0.15, 0), min(float(end) + 0.3, 10), label) for name, on, end, label in rows[::2]]
    estimated = tmp_path / "estimated.txt"
    estimated.write_text("".join("\t".join(map(str, row)) + "\n" for row in shifted))
    found, error = kept(evaluate, "-r", truth, "-e", estimated)
    assert "counted, although they end when they start: 36 events" in error
    assert found["event"]["micro"]["n_ref"] == len(rows) == 688
    assert_as_sed_eval(found, truth, estimated)
    dropped = evaluate("-r", truth, "-e", estimated, "--zero-length", "drop", "--json", "-")
    assert json.loads(dropped.output)["event"]["micro"]["n_ref"] == 688 - 36
    assert "left out, as they end when they start: 36 events" in dropped.error


def test_psds_of_operating_points(evaluate, shared_data):
    folder = shared_data / "desed_predictions"
    past_end = r"operating points: (325 events last longer than their clip|22 events begin after their clip's end)"
    with pytest.warns(UserWarning, match=past_end) as warned:
        found = metrics(
            evaluate,
            *("-r", folder / "validation.tsv", "-e", folder / "student" / "predictions0.5.csv", "-m", "psds"),
            *("--durations", folder / "validation_durations.tsv", "--past-end", "extend"),
            *("--operating-points", folder / "student" / "predictions_operating_points"),
        )
    assert len(warned) == 2
    # psds_eval keeps events past the clips' end and ignores the time there: 0.33447 and 0.52810.
    assert found["psds"]["scenario1"] == pytest.approx(0.33447, abs=1e-4)
    assert found["psds"]["scenario2"] == pytest.approx(0.52810, abs=1e-4)


def test_sed_eval_itself_is_asked(evaluate, files, shared_data):
    folder = shared_data / "sed_eval" / "tests_data" / "sound_event"
    compared = ["-r", folder / "office_snr0_high_v2.txt", "-e", folder / "office_snr0_high_v2_detected.txt"]
    found = metrics(evaluate, *compared, "--official", "-m", "segment", "-m", "event", "-m", "onset")
    for level in ("segment", "event", "onset"):
        official = found["official"][level]
        for name in ("f1", "precision", "recall", "error_rate"):
            assert found[level]["micro"][name] == pytest.approx(official[name], abs=1e-12)
    said = evaluate(*compared, "--official").output
    assert f"sed_eval {found['official']['version']} counts the same: segment F1 " in said
    assert "official" not in metrics(evaluate, *compared)
