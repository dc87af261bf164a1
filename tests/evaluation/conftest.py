"""A pair of clips, small enough to score by hand."""

import numpy as np
import pandas as pd
import pytest

from sedpool.datasets.base import Dataset
from sedpool.events import events_from_rows, tags_from_events
from sedpool.formats import read_tsv

CLASSES = ("dog", "siren", "drill")
DURATIONS = {"a.wav": 10.0, "b.wav": 10.0, "silent.wav": 10.0}


@pytest.fixture
def reference():
    return events_from_rows([("a.wav", 0.0, 4.0, "dog"), ("a.wav", 2.0, 6.0, "siren"), ("b.wav", 0.0, 2.0, "siren")])


@pytest.fixture
def estimated():
    return events_from_rows([("a.wav", 1.0, 5.0, "dog"), ("b.wav", 0.1, 2.0, "siren")])


@pytest.fixture
def dataset(reference):
    names = list(DURATIONS)
    clips = pd.DataFrame(
        {"filename": names, "path": names, "duration": [DURATIONS[name] for name in names], "split": "test"}
    )
    return Dataset("tiny", CLASSES, clips, tags_from_events(reference, names, CLASSES), reference)


@pytest.fixture(scope="session")
def desed(shared_data):
    folder = shared_data / "desed_predictions"
    reference = read_tsv(folder / "validation.tsv")
    estimated = pd.read_csv(folder / "student" / "predictions0.5.csv")
    listed = pd.read_csv(folder / "validation_durations.tsv", sep="\t").set_index("filename")["duration"]
    # A few events outlast their clip; the published numbers let them.
    last = pd.concat([reference, estimated]).groupby("filename")["offset"].max()
    return {
        "reference": reference,
        "estimated": estimated,
        "durations": listed.combine(last, max, fill_value=0.0).to_dict(),
        "classes": sorted(set(reference["event_label"])),
    }


def read_sed_eval_list(path, columns):
    table = pd.read_csv(path, sep="\t", header=None, names=columns)
    # One annotated event has no length; sed_eval gives it a segment, as it gives an event of a microsecond.
    table["offset"] = np.maximum(table["offset"], table["onset"] + 1e-6)
    return table


@pytest.fixture(scope="session")
def street(shared_data):
    folder = shared_data / "sed_eval" / "tests_data" / "sound_event"
    columns = ["filename", "scene", "onset", "offset", "event_label"]
    reference = read_sed_eval_list(folder / "street_fold1_reference.txt", columns)
    detected = read_sed_eval_list(folder / "street_fold1_detected.txt", [name for name in columns if name != "scene"])
    both = pd.concat([reference, detected])
    return {
        "reference": reference,
        "estimated": detected,
        "durations": both.groupby("filename")["offset"].max().to_dict(),
        "classes": sorted(set(both["event_label"])),
    }


@pytest.fixture
def sed_scores_eval(monkeypatch):
    """The package, where it is installed; its compiled code gets copies, since arrays of pandas 3 are read-only."""
    package = pytest.importorskip("sed_scores_eval", exc_type=ImportError)
    compiled = package.base_modules.statistics.onset_offset_curves

    def given_copies(*arrays):
        return compiled(*(np.array(array) if isinstance(array, np.ndarray) else array for array in arrays))

    monkeypatch.setattr(package.base_modules.statistics, "onset_offset_curves", given_copies)
    return package
