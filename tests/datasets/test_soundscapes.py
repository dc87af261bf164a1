import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from scipy.signal import stft
from scipy.stats import rankdata

from sedpool.datasets.base import Dataset
from sedpool.datasets.soundscapes import load_soundscapes
from sedpool.errors import DataError

SIZES = {"n_train": 6, "n_validate": 3, "n_test": 3}


def values(dataset: Dataset) -> dict[str, list[dict]]:
    """Observed values of every clip's JAMS, by split."""
    found: dict[str, list[dict]] = {}
    for row in dataset.clips.itertuples():
        document = json.loads(annotation_of(row.path).read_text())
        found.setdefault(row.split, []).extend(item["value"] for item in document["annotations"][0]["data"])
    return found


def annotation_of(audio_path: str) -> Path:
    return Path(audio_path.replace("/audio/", "/annotations/")).with_suffix(".jams")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, foreground: Path, background: Path) -> Dataset:
    return load_soundscapes(tmp_path_factory.mktemp("made"), foreground, background, n_jobs=1, **SIZES)


def test_made_corpus_is_a_dataset(corpus: Dataset) -> None:
    assert corpus.classes == ("high_hum", "low_hum")
    assert len(corpus) == 12
    assert corpus.clips.groupby("filename")["path"].first().map(lambda path: sf.info(path).frames).eq(441000).all()
    per_clip = corpus.events.groupby("filename").size()
    assert per_clip.between(1, 6).all()
    assert len(per_clip) == 12
    assert (corpus.events["offset"] - corpus.events["onset"]).max() <= 1.5 + 1e-9


def test_splits_share_neither_recordings_nor_backgrounds(corpus: Dataset) -> None:
    files = {split: {value["source_file"] for value in found} for split, found in values(corpus).items()}
    assert not files["train"] & files["validate"]
    assert not files["train"] & files["test"]
    assert not files["validate"] & files["test"]


def test_annotation_carries_what_scaper_states(corpus: Dataset) -> None:
    for found in values(corpus).values():
        for value in found:
            assert value["pitch_shift"] is None
            assert value["time_stretch"] is None
            assert 6 <= value["snr"] <= 30 or value["role"] == "background"
            assert not Path(value["source_file"]).is_absolute()


def test_txt_agrees_with_jams(corpus: Dataset) -> None:
    from sedpool.formats.audacity import read_rows
    from sedpool.formats.jams import read_annotation

    for path in map(annotation_of, corpus.clips["path"]):
        assert tuple(read_rows(path.with_suffix(".txt"))) == read_annotation(path).events


def area_under_curve(scores: np.ndarray, positive: np.ndarray) -> float:
    ranks = rankdata(scores)
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(scores) - n)))


def treble_detector(dataset: Dataset) -> list[float]:
    """How well the energy above the background's band tells frames with events from others, clip by clip."""
    areas = []
    for row in dataset.clips.itertuples():
        annotation = json.loads(annotation_of(row.path).read_text())["annotations"][0]
        samples, sr = sf.read(row.path)
        frequencies, times, spectrum = stft(samples, sr, nperseg=2048, noverlap=1024, boundary=None)
        above = frequencies > annotation["sandbox"]["scaper"]["background_band"] + 2 * sr / 2048
        active = np.zeros(len(times), bool)
        for value in (item["value"] for item in annotation["data"]):
            end = value["event_time"] + value["event_duration"]
            active |= (value["role"] == "foreground") & (times >= value["event_time"]) & (times <= end)
        if above.any() and active.any() and not active.all():
            areas.append(area_under_curve((np.abs(spectrum[above]) ** 2).sum(axis=0), active))
    return areas


def assert_chance(dataset: Dataset) -> None:
    areas = treble_detector(dataset)
    assert len(areas) >= 10
    # With 430 frames, a third of them active, one clip's AUC strays by sqrt(n + 1) / sqrt(12 * n1 * n0) = 0.03;
    # neighbouring frames share half their samples, which adds a fifth. Four standard errors of the mean:
    assert abs(np.mean(areas) - 0.5) < 4 * 0.036 / np.sqrt(len(areas))
    assert max(areas) < 0.5 + 5 * 0.045


def test_treble_gives_no_event_away(corpus: Dataset) -> None:
    """The backgrounds end at 8 kHz, the events at 22 kHz."""
    assert_chance(corpus)


def test_treble_would_give_events_away(
    tmp_path: Path, foreground: Path, background: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detector of these tests does find events that are not cut."""
    monkeypatch.setattr("sedpool.soundscapes.mixing.lowpass", lambda samples, band: (samples, 0))
    dataset = load_soundscapes(tmp_path, foreground, background, n_jobs=1, **SIZES)
    assert np.mean(treble_detector(dataset)) > 0.95


def test_treble_of_real_recordings_gives_no_event_away(shared_data: Path, tmp_path: Path) -> None:
    dataset = load_soundscapes(
        tmp_path,
        shared_data / "esc10",
        shared_data / "backgrounds",
        n_train=40,
        n_validate=10,
        n_test=10,
    )
    assert_chance(dataset)
    assert len(dataset.classes) == 10
    assert "dog_bark" in dataset.classes


@pytest.fixture
def damaged(foreground: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "damaged"
    shutil.copytree(foreground, folder)
    (folder / "001 - Low hum" / "1-101-A.wav").write_bytes(b"RIFF")
    return folder


def test_fault_07_broken_recording_is_skipped_and_counted(tmp_path: Path, damaged: Path, background: Path) -> None:
    for _ in range(2):  # made, then found again: said both times
        with pytest.warns(UserWarning, match=r"recordings skipped: 1 .*1-101-A\.wav"):
            dataset = load_soundscapes(tmp_path / "made", damaged, background, n_jobs=1, **SIZES)
        assert dataset.manifest.notes["recordings_skipped"] == 1
    with pytest.raises(DataError, match=r"1 recordings cannot be used: .*1-101-A\.wav"):
        load_soundscapes(tmp_path / "made", damaged, background, n_jobs=1, strict=True, **SIZES)


def test_fault_07_strict_makes_nothing(tmp_path: Path, damaged: Path, background: Path) -> None:
    with pytest.raises(DataError, match=r"1-101-A\.wav"):
        load_soundscapes(tmp_path / "made", damaged, background, n_jobs=1, strict=True, **SIZES)
    assert [path for path in (tmp_path / "made").iterdir() if path.is_dir()] == []


def test_a_class_without_usable_recordings(tmp_path: Path, damaged: Path, background: Path) -> None:
    (damaged / "001 - Low hum" / "3-103-A.wav").write_bytes(b"RIFF")
    with pytest.raises(DataError, match=r"no usable low_hum for validate \(2 recordings cannot be used"):
        load_soundscapes(tmp_path / "made", damaged, background, n_jobs=1, **SIZES)


def test_other_recordings_make_another_corpus(tmp_path: Path, foreground: Path, background: Path) -> None:
    options = {"n_jobs": 1, "n_train": 1, "n_validate": 1, "n_test": 1, "n_events": (1, 1)}
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(foreground, elsewhere)
    folders = []
    for folder in (foreground, elsewhere):
        folders.append(load_soundscapes(tmp_path / "made", folder, background, **options).clips["path"].iloc[0])
    sf.write(elsewhere / "001 - Low hum" / "1-101-A.wav", np.full(44100, 0.1), 44100)
    folders.append(load_soundscapes(tmp_path / "made", elsewhere, background, **options).clips["path"].iloc[0])
    assert folders[0] == folders[1]
    assert folders[0] != folders[2]


def test_sources_without_folds(tmp_path: Path, foreground: Path, background: Path) -> None:
    dataset = load_soundscapes(
        tmp_path, foreground, background, folds=None, source_pattern=r"-(?P<source>\d+)-", n_jobs=1, **SIZES
    )
    files = {split: {value["source_file"] for value in found} for split, found in values(dataset).items()}
    assert not files["train"] & files["test"]
