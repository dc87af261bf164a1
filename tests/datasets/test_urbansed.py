from pathlib import Path

import numpy as np
import pytest

from sedpool.datasets.urbansed import CLASSES, load_urbansed
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS

COUNTS = {"train": (1000, 4919, 538), "validate": (500, 2504, 301)}


@pytest.mark.parametrize("split", COUNTS)
def test_counts(shared_data: Path, split: str) -> None:
    dataset = load_urbansed(shared_data / "urbansed_annotations", split, allow_missing=True)
    overlapping = dataset.manifest.notes["events_overlapping_own_class"]
    assert (len(dataset), len(dataset.events), overlapping) == COUNTS[split]
    assert dataset.classes == CLASSES
    assert len(dataset.manifest.missing) == len(dataset)
    assert (dataset.events["offset"] <= 10.0).all()


@pytest.mark.parametrize(("split", "segments"), [("train", 13201), ("validate", 6599)])
def test_class_segments_of_one_second(shared_data: Path, split: str, segments: int) -> None:
    events = load_urbansed(shared_data / "urbansed_annotations", split, allow_missing=True).events
    active = {
        (row.filename, row.event_label, second)
        for row in events.itertuples()
        for second in range(int(np.floor(row.onset)), int(np.ceil(row.offset)))
    }
    assert len(active) == segments


def test_jams_and_txt_agree(shared_data: Path) -> None:
    jams, txt = (
        load_urbansed(shared_data / "urbansed_annotations", annotations=form, allow_missing=True)
        for form in ("jams", "txt")
    )
    one, other = (
        dataset.events.sort_values(list(EVENT_COLUMNS), ignore_index=True, kind="stable") for dataset in (jams, txt)
    )
    assert one["event_label"].equals(other["event_label"])
    np.testing.assert_allclose(one[["onset", "offset"]], other[["onset", "offset"]], atol=1e-9)
    assert jams.tags.equals(txt.tags)


def test_fault_04_annotations_without_audio(shared_data: Path) -> None:
    with pytest.raises(DataError, match=r"1000 clips without audio \(soundscape_train_.*allow_missing=true"):
        load_urbansed(shared_data / "urbansed_annotations", "train")
