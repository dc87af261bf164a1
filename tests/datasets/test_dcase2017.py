import csv
from pathlib import Path

import numpy as np
import pytest

from sedpool.datasets.dcase2017 import CLASSES, load_dcase2017
from sedpool.errors import DataError
from tests.miniatures.dcase2017 import RELEASE, SEGMENTED, write_dcase2017

WEAK = {
    "training": [
        "-a_0.000_10.000.wav\tTrain horn",
        "-a_0.000_10.000.wav\tCar",
        "b_5.000_15.000.wav\tAir horn, truck horn",
    ],
    "testing": ["c_0.000_10.000.wav\tBus", "c_0.000_10.000.wav\tCar"],
    "evaluation": ["d d_0.000_4.000.wav\tTrain"],
}
STRONG = {
    "testing": [("1.000", "2.500", "Bus"), ("2.000", "9.900", "Bus"), ("0.000", "0.000", "Car")],
    "evaluation": [("0.250", "3.000", "Train")],
}


def rewrite(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A recording of 2 s for each clip, under the names that the task's script gives."""
    write_dcase2017(tmp_path, WEAK, STRONG, np.zeros(2 * 8000), 8000)
    (tmp_path / "audio" / "Y-a.wav").touch()  # the script leaves whole recordings too
    return tmp_path


def test_every_split_is_read(corpus: Path) -> None:
    dataset = load_dcase2017(corpus)
    assert dataset.clips["split"].tolist() == ["train", "train", "validate", "test"]
    assert dataset.clips["filename"].iloc[0] == "-a_0.000_10.000.wav"
    assert Path(dataset.clips["path"].iloc[0]).name == "Y-a_0.000_10.000.wav"
    assert dataset.tags.loc["b_5.000_15.000.wav", "Air horn, truck horn"]
    assert dataset.tags.to_numpy().sum() == 6
    assert dataset.manifest.extra == ()


def test_training_clips_have_weak_labels_only(corpus: Path) -> None:
    dataset = load_dcase2017(corpus)
    assert dataset.split("train").events is None
    assert load_dcase2017(corpus, "train").events is None
    assert len(dataset.split("test").events) == 1
    assert len(load_dcase2017(corpus, "test").events) == 1


def test_fault_14_rows_without_length_are_dropped_and_counted_and_their_tags_stay(corpus: Path) -> None:
    validation = load_dcase2017(corpus, "validate")
    assert validation.manifest.notes["strong_rows_without_length"] == 1
    assert validation.events["event_label"].tolist() == ["Bus"]
    assert validation.tags.loc["c_0.000_10.000.wav", "Car"]


def test_clips_end_with_their_recordings(corpus: Path) -> None:
    dataset = load_dcase2017(corpus, "validate")
    assert dataset.durations == {"c_0.000_10.000.wav": 2.0}
    assert dataset.events[["onset", "offset"]].to_numpy().tolist() == [[1.0, 2.0]]
    assert dataset.manifest.notes["events_clipped_at_the_end"] == 2
    (corpus / SEGMENTED.format("evaluation") / "Yd d_0.000_4.000.wav").unlink()
    assert load_dcase2017(corpus, "test", allow_missing=True).durations == {"d d_0.000_4.000.wav": 4.0}


def test_unreadable_recording_is_left_to_the_features(corpus: Path) -> None:
    (corpus / SEGMENTED.format("evaluation") / "Yd d_0.000_4.000.wav").write_bytes(b"<html>")
    assert load_dcase2017(corpus, "test").durations == {"d d_0.000_4.000.wav": 4.0}


def test_fault_04_missing_and_extra_audio(corpus: Path) -> None:
    path = corpus / SEGMENTED.format("training") / "Yb_5.000_15.000.wav"
    path.rename(path.with_name("Yz_0.000_10.000.wav"))
    with pytest.raises(DataError, match=r"1 clips without audio \(b_5\.000_15\.000\.wav\).*allow_missing=true"):
        load_dcase2017(corpus)
    manifest = load_dcase2017(corpus, allow_missing=True).manifest
    assert manifest.missing == ("b_5.000_15.000.wav",)
    assert manifest.extra == (f"{SEGMENTED.format('training')}/Yz_0.000_10.000.wav",)
    assert load_dcase2017(corpus, "validate").manifest.extra == ()


def test_fault_04_absent_evaluation_set(corpus: Path) -> None:
    (corpus / RELEASE.format("weak", "evaluation")).unlink()
    with pytest.raises(DataError, match=r"weak_label_evaluation_set\.csv: no such file; .*allow_missing=true"):
        load_dcase2017(corpus)
    assert set(load_dcase2017(corpus, allow_missing=True).clips["split"]) == {"train", "validate"}


def test_lists_at_the_top_as_in_older_copies(corpus: Path) -> None:
    for path in (corpus / "groundtruth_release").iterdir():
        path.rename(corpus / path.name)
    assert len(load_dcase2017(corpus)) == 4


def test_fault_45_byte_order_mark_and_line_ends(corpus: Path) -> None:
    path = corpus / RELEASE.format("weak", "training")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_dcase2017(corpus).tags.to_numpy().sum() == 6


def test_lists_that_do_not_fit_are_named(corpus: Path) -> None:
    rewrite(corpus / RELEASE.format("strong", "testing"), "c_0.000", "q_0.000")
    with pytest.raises(
        DataError, match=r"testing_set\.csv: line 1 \(q_0\.000_10\.000\.wav\) has strong labels, but no list"
    ):
        load_dcase2017(corpus, "validate")
    rewrite(corpus / "testing_set.csv", "c,0.000", "e,0.000")
    with pytest.raises(
        DataError, match=r"label_testing_set\.csv: line 1 \(c_.*\) is not in .*/testing_set\.csv; expected"
    ):
        load_dcase2017(corpus, "validate")
    rewrite(corpus / RELEASE.format("weak", "training"), "Car", "Whale")
    with pytest.raises(
        DataError, match=r"training_set\.csv: line 2 \(-a_0\.000.*, Whale\) has an unknown label; expected"
    ):
        load_dcase2017(corpus, "train")


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'dev'; expected train, validate, test"):
        load_dcase2017(tmp_path, "dev")
    with pytest.raises(DataError, match="no such file"):
        load_dcase2017(tmp_path)
    with pytest.raises(DataError, match="no ground truth in it"):
        load_dcase2017(tmp_path, allow_missing=True)
    with pytest.raises(DataError, match="no such folder"):
        load_dcase2017(tmp_path / "nowhere", allow_missing=True)


def test_counts_of_the_real_lists(shared_data: Path) -> None:
    dataset = load_dcase2017(shared_data / "dcase2017_task4", allow_missing=True)
    train, validation = dataset.split("train"), dataset.split("validate")
    assert (len(train), len(validation)) == (51172, 488)
    assert (train.tags.to_numpy().sum(), validation.tags.to_numpy().sum()) == (56131, 606)
    assert len(validation.events) == 688 - 36
    assert dataset.manifest.notes["strong_rows_without_length"] == 36
    assert len(dataset.manifest.missing) == 51660


@pytest.mark.parametrize("part", ["training", "testing"])
def test_classes_and_labels_agree_with_the_real_lists(shared_data: Path, part: str) -> None:
    root = shared_data / "dcase2017_task4"
    table = (root / "sound_event_list_17_classes.txt").read_text().splitlines()[1:]
    by_id = {line.split("\t")[0]: line.split("\t")[2] for line in table}
    assert tuple(by_id.values()) == CLASSES
    tags = load_dcase2017(root, {"training": "train", "testing": "validate"}[part], allow_missing=True).tags
    with (root / f"{part}_set.csv").open(newline="") as stream:
        listed = {
            f"{row[0]}_{row[1]}_{row[2]}.wav": {by_id[key] for key in row[4].split(",")} for row in csv.reader(stream)
        }
    values, names = tags.to_numpy(), np.array(tags.columns)
    assert {name: set(names[row]) for name, row in zip(tags.index, values, strict=True)} == listed
    counts = (root / f"{part}_set_num_files_per_class.csv").open(newline="")
    with counts:
        assert {label: int(count) for label, count in csv.reader(counts)} == tags.sum().to_dict()
