import numpy as np
import pandas as pd

from sedpool.datasets.base import Dataset, Manifest
from sedpool.datasets.overview import overview
from sedpool.events import events_from_rows, tags_from_events
from sedpool.reports.corpus_overview import overview_sentences, overview_table

CLASSES = ("all", *(f"class {n}" for n in range(4)))


def dataset(**options: object) -> Dataset:
    splits = ["train", "train", "test"]
    names = [f"{n}.wav" for n in range(3)]
    clips = pd.DataFrame({"filename": names, "path": None, "duration": 2400.0, "split": splits}).astype(
        {"path": object}
    )
    events = events_from_rows([(name, 1.0, 2.5, label) for name in names[1:] for label in CLASSES])
    return Dataset("calls", CLASSES, clips, tags_from_events(events, names, CLASSES), events, **options)


def test_the_table_has_the_numbers_of_each_split() -> None:
    table = overview_table(overview(dataset()))
    assert table.columns == ["train clips", " events", " s", "test clips", " events", " s"]
    assert [row.title for row in table.rows] == ["all", *CLASSES]
    values = [[cell.value for cell in row.cells] for row in table.rows]
    assert values == [[2, 5, 7.5, 1, 5, 7.5]] + [[1, 1, 1.5, 1, 1, 1.5]] * 5


def test_a_long_table_is_cut_and_says_so() -> None:
    table = overview_table(overview(dataset()), 2)
    assert [row.title for row in table.rows] == ["all", *CLASSES[:2], "and 3 more"]
    assert table.rows[0].cells[1].value == 5


def test_splits_without_times_have_no_events() -> None:
    table = overview_table(overview(dataset(weak_splits=("train",))))
    assert table.columns == ["train clips", "test clips", " events", " s"]
    assert not any(np.isnan(cell.value) for row in table.rows for cell in row.cells)


def test_sentences() -> None:
    first, counted, supervision = overview_sentences(overview(dataset(manifest=Manifest(notes={"labels_left_out": 3}))))
    assert first == (
        "calls: 3 recordings (2 train, 1 test), 2.0 h; no audio; 0 shorter and 3 longer than a training patch"
    )
    assert counted == "counted while it was read: 3 labels left out"
    assert supervision.startswith("supervision=weak")
