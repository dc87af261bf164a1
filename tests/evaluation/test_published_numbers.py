"""What other people's scorers say about their own examples; those of PSDS and DESED stand with their metrics."""

import numpy as np
import pandas as pd
import pytest

from sedpool.evaluation import clip_metrics, event_metrics, segment_metrics
from sedpool.evaluation.sed_eval_oracle import segment_scorer
from sedpool.events import events_from_rows


@pytest.fixture(scope="module")
def dcase2017(shared_data):
    """The clips' true classes, and any of the scorer's examples of predictions."""
    folder = shared_data / "dcase2017_task4" / "evaluation"

    def tags_and_prediction(name):
        listings = [folder / "groundtruth" / "groundtruth_weak_label_testing_set.csv", folder / "prediction" / name]
        pairs = [pd.read_csv(path, sep="\t", header=None, usecols=[0, 3]) for path in listings]
        labels = sorted(set(pairs[0][3]) | set(pairs[1][3]))
        names = sorted(set(pairs[0][0]))
        return [pd.crosstab(table[0], table[3]).reindex(names, axis=0).reindex(labels, axis=1).gt(0) for table in pairs]

    return tags_and_prediction


@pytest.mark.parametrize(
    ("name", "precision", "recall", "f1"),
    [
        ("perfect_prediction.csv", 100, 100, 100),
        ("precision_affected_prediction.csv", 99.6710526316, 100, 99.8352553542),
        ("recall_affected_prediction.csv", 100, 99.6699669967, 99.8347107438),
        ("imperfect_prediction.csv", 0, 0, 0),
        ("invalid_prediction.csv", 100, 99.5049504950, 99.7518610422),
    ],
)
def test_dcase_2017_tagging(dcase2017, name, precision, recall, f1):
    true, predicted = dcase2017(name)
    assert len(true) == 488
    micro = clip_metrics(true, predicted)["micro"]
    assert micro["n_ref"] == 606
    percent = [100 * micro[name] for name in ("precision", "recall", "f1")]
    assert percent == pytest.approx([precision, recall, f1], abs=1e-9)


@pytest.fixture(scope="module")
def audioset(shared_data):
    """One file; sed_eval's list has an identifier of the class before the times and its name behind them."""
    folder = shared_data / "sed_eval" / "tests_data" / "sound_event"
    columns = ["filename", "onset", "offset", "event_label"]
    tables = [
        pd.read_csv(folder / name, sep="\t", header=None, names=columns).assign(filename="one")
        for name in ("audioset1.txt", "audioset1_detected.txt")
    ]
    end = max(table["offset"].max() for table in tables)
    return {
        "reference": tables[0],
        "estimated": tables[1],
        "durations": {"one": end},
        "classes": sorted(set(tables[0]["event_label"])),
    }


@pytest.mark.parametrize("metric", [segment_metrics, event_metrics])
def test_sed_evals_audioset_example_is_perfect(metric, audioset):
    micro = metric(**audioset)["micro"]
    assert [micro[name] for name in ("f1", "precision", "recall", "error_rate")] == [1.0, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(("length", "accuracy"), [(None, 0.84244791666), (1200.0, 0.9719907407407408)])
def test_sed_evals_street_example_at_any_length(street, length, accuracy):
    """True negatives alone depend on the length, and only the accuracy on them."""
    durations = street["durations"] if length is None else dict.fromkeys(street["durations"], length)
    arguments = street | {"durations": durations}
    assert segment_metrics(**arguments)["micro"]["error_rate"] == pytest.approx(1.0616698292220115, abs=1e-12)
    results = segment_scorer(**arguments).results_overall_metrics()
    assert results["accuracy"]["accuracy"] == pytest.approx(accuracy, abs=1e-10)


@pytest.mark.parametrize(
    ("split", "n_clips", "n_events", "n_segments"), [("train", 1000, 4919, 13_201), ("validate", 500, 2504, 6_599)]
)
def test_urban_sed_annotations(shared_data, split, n_clips, n_events, n_segments):
    texts = sorted((shared_data / "urbansed_annotations" / "annotations" / split).glob("*.txt"))
    rows = [(path.stem, *line.split("\t")) for path in texts for line in path.read_text().splitlines()]
    reference = events_from_rows(rows)
    reference["offset"] = np.minimum(reference["offset"], 10.0)
    durations = dict.fromkeys((path.stem for path in texts), 10.0)
    classes = sorted(set(reference["event_label"]))
    assert (len(durations), len(reference)) == (n_clips, n_events)
    assert segment_metrics(reference, reference, durations=durations, classes=classes)["micro"]["n_ref"] == n_segments


def test_desed_files_without_detections_are_in_the_clip_set(shared_data, desed):
    """Rows without a label name files without events; files that nothing is detected in are in no prediction list."""
    listed = pd.read_csv(shared_data / "desed_predictions" / "validation.tsv", sep="\t")
    points = shared_data / "desed_predictions" / "student" / "predictions_operating_points"
    stricter = pd.read_csv(points / "predictions_th_0.53.tsv", sep="\t")
    assert listed["event_label"].isna().sum() == 15
    assert set(listed["filename"]) == set(desed["durations"])
    missing = [len(set(desed["durations"]) - set(table["filename"])) for table in (desed["estimated"], stricter)]
    assert (len(desed["durations"]), missing) == (1168, [28, 36])
