from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool.datasets.layout import read_layout
from sedpool.errors import DataError
from tests.miniatures.sounds import observation, write_jams

CLASSES = ("siren", "horn")


def read(root: Path, **options: object):
    return read_layout(root, "small", CLASSES, clip_duration=10.0, **options)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for split in ("train", "validate", "test"):
        (tmp_path / "audio" / split).mkdir(parents=True)
        for index in range(2):
            stem = f"{split}{index}"
            write_jams(tmp_path / "annotations" / split / f"{stem}.jams", observation("siren"))
            (tmp_path / "annotations" / split / f"{stem}.txt").write_text("1.0\t3.0\tsiren\n")
            sf.write(tmp_path / "audio" / split / f"{stem}.wav", np.zeros(10), 44100)
    return tmp_path


@pytest.mark.parametrize("annotations", ["jams", "txt"])
def test_reads_every_split(corpus: Path, annotations: str) -> None:
    dataset = read(corpus, annotations=annotations)
    assert dataset.clips["split"].tolist() == ["train"] * 2 + ["validate"] * 2 + ["test"] * 2
    assert dataset.clips["filename"].iloc[0] == "train0.wav"
    assert Path(dataset.clips["path"].iloc[0]).is_file()
    assert dataset.tags.to_numpy().tolist() == [[True, False]] * 6
    assert dataset.events["offset"].tolist() == [3.0] * 6
    assert read(corpus, split="test").clips["filename"].tolist() == ["test0.wav", "test1.wav"]


def test_fault_04_missing_audio(corpus: Path) -> None:
    (corpus / "audio" / "test" / "test1.wav").unlink()
    with pytest.raises(DataError, match=r"1 clips without audio \(test1\.wav\)"):
        read(corpus)
    dataset = read(corpus, allow_missing=True)
    assert dataset.manifest.missing == ("test1.wav",)
    assert [path is None for path in dataset.clips["path"]] == [False] * 5 + [True]
    assert len(dataset.available()) == 5


def test_fault_04_audio_without_annotation(corpus: Path) -> None:
    (corpus / "annotations" / "test" / "test1.jams").unlink()
    with pytest.raises(DataError, match=r"1 clips without annotation \(audio/test/test1\.wav\)"):
        read(corpus)
    assert read(corpus, allow_missing=True).manifest.extra == ("audio/test/test1.wav",)


def test_fault_04_missing_split(corpus: Path) -> None:
    for path in (corpus / "annotations" / "test").iterdir():
        path.unlink()
    with pytest.raises(DataError, match="no annotations for test"):
        read(corpus)
    with pytest.raises(DataError, match="no annotations for test"):
        read(corpus, split="test", allow_missing=True)
    assert len(read(corpus, allow_missing=True)) == 4


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(DataError, match="no folder annotations in it"):
        read(tmp_path)


@pytest.mark.parametrize("options", [{"split": "dev"}, {"annotations": "csv"}])
def test_wrong_argument(corpus: Path, options: dict[str, str]) -> None:
    with pytest.raises(DataError, match="expected"):
        read(corpus, **options)


def test_unknown_label_names_the_file(corpus: Path) -> None:
    write_jams(corpus / "annotations" / "train" / "train1.jams", observation("whale"))
    with pytest.raises(
        DataError,
        match=r"train1\.jams: annotation 0, observation 0: unknown label 'whale'; expected one of siren, horn",
    ):
        read(corpus)


def test_same_name_in_two_splits(corpus: Path) -> None:
    for kind, suffix in (("audio", "wav"), ("annotations", "jams"), ("annotations", "txt")):
        (corpus / kind / "test" / f"test0.{suffix}").rename(corpus / kind / "test" / f"train0.{suffix}")
    with pytest.raises(DataError, match=r"train0\.wav is in more than one split"):
        read(corpus)


def test_resource_forks_are_no_clips(corpus: Path) -> None:
    (corpus / "audio" / "train" / "._train0.wav").write_bytes(b"\0")
    (corpus / "annotations" / "train" / "._train0.jams").write_bytes(b"\0")
    assert len(read(corpus)) == 6


def test_fault_13_events_past_the_end_are_counted(corpus: Path) -> None:
    write_jams(corpus / "annotations" / "train" / "train1.jams", observation(duration=12.0))
    dataset = read(corpus)
    assert dataset.manifest.notes == {"events_clipped_at_the_end": 1}
    assert dataset.events["offset"].max() == 10.0


def test_fault_15_overlaps_are_kept_and_counted(corpus: Path) -> None:
    write_jams(corpus / "annotations" / "train" / "train1.jams", observation(), observation(time=2.0))
    dataset = read(corpus)
    assert dataset.manifest.notes == {"events_overlapping_own_class": 1}
    assert len(dataset.events) == 7
