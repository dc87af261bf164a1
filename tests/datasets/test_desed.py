from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from sedpool.datasets.desed import CLASSES, load_desed
from sedpool.errors import DataError

LISTS = {
    "train/weak": "filename\tevent_labels\nYa_0.000_10.000.wav\tDog,Speech\nYb_30.000_34.000.wav\tCat\n",
    "train/unlabel_in_domain": "filename\nYu_0.000_10.000.wav\n",
    "validation/validation": "filename\tonset\toffset\tevent_label\nYc_0.000_10.000.wav\t1.0\t2.0\tDog\n"
    "Yc_0.000_10.000.wav\t1.5\t9.0\tDog\nYe_0.000_10.000.wav\t\t\t\n",
    "eval/public": "filename\tonset\toffset\tevent_label\n1Ro_120_130.wav\t0.0\t2.081\tSpeech\n",
}
AUDIO = ("train/weak/Ya_0.000_10.000", "train/weak/Yb_30.000_34.000", "train/unlabel_in_domain/Yu_0.000_10.000")
STRONG_AUDIO = ("validation/validation/Yc_0.000_10.000", "validation/Ye_0.000_10.000", "eval/public/1Ro_120_130")


def write_desed(root: Path) -> Path:
    """DESED in small, as distributed."""
    for name, text in LISTS.items():
        path = root / "metadata" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in AUDIO + STRONG_AUDIO:
        path = root / "audio" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, np.zeros(4 * 8000), 8000)
    return root


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_desed(tmp_path)


def test_labelled_parts_are_read(corpus: Path) -> None:
    dataset = load_desed(corpus)
    assert dataset.classes == CLASSES
    assert dataset.clips["split"].tolist() == ["train", "train", "validate", "validate", "test"]
    assert dataset.clips["path"].notna().all()
    assert dataset.tags.loc["Ya_0.000_10.000.wav"].pipe(lambda row: list(row.index[row])) == ["Dog", "Speech"]
    assert not dataset.tags.loc["Ye_0.000_10.000.wav"].any()
    assert dataset.split("train").events is None
    assert dataset.split("validate").events["offset"].tolist() == [2.0, 4.0]
    assert dataset.manifest.notes == {"events_clipped_at_the_end": 1, "events_overlapping_own_class": 1}
    assert load_desed(corpus, "train").events is None


def test_nothing_is_known_of_unlabelled_clips(corpus: Path) -> None:
    dataset = load_desed(corpus, "unlabelled")
    assert (len(dataset), dataset.classes, dataset.events) == (1, (), None)


def test_fault_04_missing_and_extra(corpus: Path) -> None:
    path = corpus / "audio" / f"{AUDIO[0]}.wav"
    path.rename(path.with_name("other.wav"))
    with pytest.raises(DataError, match=r"1 clips without audio \(Ya_0\.000_10\.000\.wav\)"):
        load_desed(corpus)
    manifest = load_desed(corpus, allow_missing=True).manifest
    assert (manifest.missing, manifest.extra) == (("Ya_0.000_10.000.wav",), ("audio/train/weak/other.wav",))


def test_fault_04_absent_list(corpus: Path) -> None:
    (corpus / "metadata" / "eval" / "public.tsv").unlink()
    with pytest.raises(DataError, match=r"public\.tsv: no such file; .*allow_missing=true"):
        load_desed(corpus)
    with pytest.raises(DataError, match=r"public\.tsv: no such file"):
        load_desed(corpus, "test", allow_missing=True)
    assert set(load_desed(corpus, allow_missing=True).clips["split"]) == {"train", "validate"}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "train/weak",
            "filename\tevent_labels\nYa_0.000_10.000.wav\tWhale\n",
            r"line 2 \(Ya_0.*, Whale\) has an unknown label",
        ),
        ("train/weak", "when\tevent_labels\nmonday\tDog\n", "no column filename"),
        (
            "train/weak",
            "filename\tevent_labels\na.wav\tDog\n",
            r"line 2 \(a\.wav\) is another name than expected, <id>_",
        ),
        ("eval/public", "filename\tevent_label\n1Ro_120_130.wav\tDog\n", "no column onset, offset"),
        (
            "eval/public",
            "filename\tonset\toffset\tevent_label\n1Ro_120_130.wav\t2\t1\tDog\n",
            "line 2 .* does not end after",
        ),
        ("train/weak", "filename\tevent_labels\nYa_0.000_10.000.wav\tDog,Cat\n\nx\tCat,Owl\n", r"line 4 \(x, Owl\)"),
    ],
)
def test_wrong_list_is_named(corpus: Path, name: str, text: str, message: str) -> None:
    (corpus / "metadata" / f"{name}.tsv").write_text(text)
    with pytest.raises(DataError, match=message):
        load_desed(corpus)


def test_wrong_arguments(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no split 'dev'; expected train, validate, test, unlabelled"):
        load_desed(tmp_path, "dev")
    with pytest.raises(DataError, match="no metadata in it"):
        load_desed(tmp_path, allow_missing=True)


def test_counts_of_the_real_lists(shared_data: Path) -> None:
    dataset = load_desed(shared_data / "desed", allow_missing=True)
    counts = {name: len(dataset.split(name)) for name in ("train", "validate", "test")}
    assert counts == {"train": 1578, "validate": 1168, "test": 692}
    assert len(dataset.split("validate").events) == 4239 - 15  # clips without events have a row too
    assert len(dataset.split("test").events) == 2765
    assert (~dataset.split("validate").tags.any(axis=1)).sum() == 15
    assert len(load_desed(shared_data / "desed", "unlabelled", allow_missing=True)) == 14412
