"""Other people's files, and what they say about them."""

import pytest

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
