import numpy as np
import pandas as pd
import pytest

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.layout import read_layout
from sedpool.datasets.mixing import clip_backgrounds, clip_sources, mixing_details
from sedpool.datasets.urbansed import CLASSES
from sedpool.errors import DataError
from sedpool.formats import scaper_jams


def event(onset, label, source, snr, role="foreground"):
    times = {"event_time": onset, "event_duration": 1.0, "source_time": 0.0}
    shape = {"pitch_shift": None, "time_stretch": None}
    return {"label": label, "source_file": source, "snr": snr, "role": role, **times, **shape}


EVENTS = [
    event(0.0, "noise", "brown.wav", 0, role="background"),
    event(1.0, "siren", "/banks/siren/77751-7-0-1.wav", 12.5),
    event(2.0, "siren", "/banks/siren/77751-7-1-3.wav", None),
    event(3.0, "dog_bark", "procedural/dog_bark", 6.0),
]


@pytest.fixture
def corpus(tmp_path):
    for kind in ("audio", "annotations"):
        (tmp_path / kind / "test").mkdir(parents=True)
    (tmp_path / "audio" / "test" / "a.wav").touch()
    storage.write_json(tmp_path / "annotations" / "test" / "a.jams", scaper_jams.document(10.0, EVENTS, {}))
    return read_layout(tmp_path, "made", ["siren", "dog_bark"], clip_duration=10.0, split="test")


def test_ratios_and_sources_of_the_foreground(corpus):
    details = mixing_details(corpus)
    assert details["onset"].tolist() == [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(details["snr"], [12.5, np.nan, 6.0])


def test_slices_of_one_recording_are_one_source_and_made_sounds_are_none(corpus):
    assert clip_sources(mixing_details(corpus)).to_numpy().tolist() == [["a.wav", "77751"]]


def test_the_background_of_a_clip_is_named(corpus, tmp_path):
    assert clip_backgrounds(corpus).to_numpy().tolist() == [["a.wav", "brown.wav"]]
    storage.write_json(tmp_path / "annotations" / "test" / "a.jams", scaper_jams.document(10.0, EVENTS[1:], {}))
    assert clip_backgrounds(corpus).empty


def test_a_corpus_without_scapers_annotations_tells_nothing(tmp_path):
    clips = pd.DataFrame(
        {"filename": ["a"], "path": [str(tmp_path / "x" / "y" / "a.wav")], "duration": 1.0, "split": "test"}
    )
    dataset = Dataset("plain", ("dog",), clips, pd.DataFrame({"dog": [True]}, index=pd.Index(["a"], name="filename")))
    assert mixing_details(dataset) is None
    assert clip_backgrounds(dataset).empty
    assert mixing_details(Dataset("plain", ("dog",), clips.assign(path=None), dataset.tags)) is None


def test_a_ratio_that_is_no_number_is_an_error(corpus, tmp_path):
    document = scaper_jams.document(10.0, [event(1.0, "siren", "x.wav", "loud")], {})
    storage.write_json(tmp_path / "annotations" / "test" / "a.jams", document)
    with pytest.raises(DataError, match=r"a\.jams: annotation 0, observation 0: snr is 'loud'; expected decibels"):
        mixing_details(corpus)


def test_urban_sed_shares_recordings_between_clips(shared_data):
    folder = shared_data / "urbansed_annotations"
    dataset = read_layout(folder, "urbansed", CLASSES, clip_duration=10.0, split="validate", allow_missing=True)
    audio = [str(folder / "audio" / "validate" / name) for name in dataset.clips["filename"]]
    details = mixing_details(Dataset("urbansed", CLASSES, dataset.clips.assign(path=audio), dataset.tags))
    assert len(details) == 2504
    assert details["snr"].between(5, 31).all()
    sources = clip_sources(details)
    assert sources["filename"].nunique() == 500
    assert sources["source"].nunique() == 247
