import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import yaml

from sedpool import audio
from sedpool.datasets.base import Dataset
from sedpool.datasets.medleydb.library import REMOVED, SEPARATOR
from sedpool.datasets.medleydb.load import CLASSES, load_medleydb
from sedpool.datasets.medleydb.splits import read_split
from sedpool.errors import DataError
from tests.miniatures.medleydb import HOP, SR, coefficient, stem_samples

from .conftest import TRACKS

MIXES = {
    "First_Song---",
    "First_Song---male singer",
    "First_Song---piano",
    "Second_Song---",
    "Second_Song---cello",
    "Second_Song---drum set",
    "Second_Other---",
    "Second_Other---drum set",
    "Second_Other---electric bass",
    "Second_Other---female singer",
    "Second_Other---vocalists",
    "Third_Song---",
    "Third_Song---acoustic guitar",
    "Third_Song---flute",
    "Third_Song---violin",
}


def load(corpus: Path, **settings: object) -> Dataset:
    return load_medleydb(corpus, **({"cache": corpus.parent / "cache", "n_jobs": 1} | settings))  # type: ignore[arg-type]


def path_of(dataset: Dataset, name: str) -> Path:
    return Path(dataset.clips.set_index("filename").loc[name, "path"])


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_listed_instrument_is_removed_once_and_a_single_stem_is_no_mix(corpus: Path) -> None:
    dataset = load(corpus)
    assert set(dataset.clips["filename"]) == MIXES
    assert dataset.clips["duration"].tolist() == pytest.approx([1.0] * len(MIXES))


def test_a_remix_is_the_weighted_sum_of_all_stems_without_the_instrument(corpus: Path) -> None:
    samples = audio.read(path_of(load(corpus), "First_Song---piano"), SR)
    expected = sum(coefficient(n) * stem_samples(n).mean(axis=1) for n in (2, 4))
    scale = np.abs(expected).max()
    assert scale > 1
    assert samples == pytest.approx(expected / scale, abs=5 / 32768)  # stems, too, are rounded to 16 bits
    quiet = audio.read(path_of(load(corpus), "Second_Song---cello"), SR)
    assert quiet == pytest.approx(coefficient(1) * stem_samples(1).mean(axis=1), abs=2 / 32768)


def test_a_full_mix_is_the_recording(corpus: Path) -> None:
    assert path_of(load(corpus), "First_Song---") == corpus / "Audio" / "First_Song" / "First_Song_MIX.wav"


def test_events_are_the_activity_of_the_stems_that_are_left(corpus: Path) -> None:
    dataset = load(corpus)
    assert dataset.events is not None
    rows = {name: table for name, table in dataset.events.groupby("filename")}
    full = rows["First_Song---"].set_index("event_label")
    assert full.loc["piano", ["onset", "offset"]].tolist() == pytest.approx([HOP, 9 * HOP], abs=1e-4)
    assert full.loc["male singer", ["onset", "offset"]].tolist() == pytest.approx([2 * HOP, 8 * HOP], abs=1e-4)
    assert set(rows["First_Song---piano"]["event_label"]) == {"male singer"}
    assert set(rows["Second_Other---vocalists"]["event_label"]) == {"drum set", "electric bass"}
    assert dataset.tags.loc["Third_Song---violin"].to_dict() == {name: name == "acoustic guitar" for name in CLASSES}


def test_remixes_are_rendered_once_and_again_when_a_stem_changes(corpus: Path) -> None:
    before = files(corpus)
    path = path_of(load(corpus), "First_Song---piano")
    made = files(corpus.parent / "cache")
    assert files(corpus) == before  # fault 46: nothing is written to the corpus
    load(corpus)
    assert files(corpus.parent / "cache") == made
    audio.write_wav(corpus / "Audio/First_Song/First_Song_STEMS/First_Song_STEM_02.wav", np.zeros(SR), SR)
    assert path_of(load(corpus), "First_Song---piano") != path


def test_any_number_of_workers_gives_the_same_bytes(corpus: Path) -> None:
    one, two = (load(corpus, cache=corpus.parent / str(n), n_jobs=n) for n in (1, 2))
    for name in MIXES:
        assert path_of(one, name).read_bytes() == path_of(two, name).read_bytes()


def test_a_split_renders_its_own_remixes_only(corpus: Path) -> None:
    test = load(corpus, split="test")
    assert len(list((corpus.parent / "cache").rglob("*.wav"))) == sum(not n.endswith("---") for n in test.durations)
    assert load(corpus).split("test").clips.equals(test.clips)


def test_folds_keep_artists_apart(corpus: Path) -> None:
    for fold in range(3):
        clips = load(corpus, fold=fold).clips
        artist = clips["filename"].map(lambda name: TRACKS[name.partition(SEPARATOR)[0]][0])
        assert artist[clips["split"] == "test"].nunique() == 1
        assert not set(artist[clips["split"] == "test"]) & set(artist[clips["split"] != "test"])


def test_the_authors_lists_say_what_is_used(corpus: Path) -> None:
    folder = corpus.parent / "lists"
    folder.mkdir()
    lists = {"train": ["First_Song---piano"], "validate": ["Second_Song---"], "test": ["Third_Song---flute"]}
    for split, names in lists.items():
        (folder / f"index_{split}07.json").write_text(json.dumps({"id": names}))
    dataset = load(corpus, splits=folder, fold=7)
    assert dict(zip(dataset.clips["filename"], dataset.clips["split"], strict=True)) == {
        name: split for split, names in lists.items() for name in names
    }
    (folder / "index_test07.json").write_text(json.dumps({"id": ["Third_Song---trombone"]}))
    with pytest.raises(DataError, match="Third_Song---trombone"):
        load(corpus, splits=folder, fold=7)


def test_fault_04_missing_recordings_are_listed(corpus: Path) -> None:
    (corpus / "Audio/Second_Song/Second_Song_STEMS/Second_Song_STEM_02.wav").unlink()
    (corpus / "Audio/Third_Song/Third_Song_MIX.wav").unlink()
    with pytest.raises(DataError, match=r"2 mixes cannot be used .*allow_missing=true"):
        load(corpus)
    dataset = load(corpus, allow_missing=True)
    assert set(dataset.manifest.missing) == {"Second_Song---drum set", "Third_Song---"}
    assert len(dataset) == len(MIXES)
    assert len(dataset.available()) == len(MIXES) - 2


def test_fault_04_multitracks_without_annotations_are_listed(corpus: Path) -> None:
    (corpus / "tracklist_v1.txt").write_text("First_Song\nSecond_Song\nThird_Song\nFourth_Song\n")
    (corpus / "Metadata/Third_Song_METADATA.yaml").unlink()
    (corpus / "Activation_Confidence_v2/Second_Song_ACTIVATION_CONF.lab").unlink()
    with pytest.raises(DataError, match="too few"):
        load(corpus, allow_missing=True)
    (corpus / "tracklist_v1.txt").write_text("First_Song\nSecond_Other\nThird_Song\nFourth_Song\n")
    dataset = load(corpus, allow_missing=True)
    assert dataset.manifest.missing == ("Fourth_Song---", "Third_Song---")


def test_fault_05_a_truncated_stem_is_named(corpus: Path) -> None:
    stem = corpus / "Audio/Second_Song/Second_Song_STEMS/Second_Song_STEM_02.wav"
    stem.write_bytes(stem.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"Second_Song_STEM_02\.wav: truncated"):
        load(corpus)
    assert load(corpus, allow_missing=True).manifest.missing == ("Second_Song---drum set",)


def test_fault_46_a_cache_that_cannot_be_written_is_named(corpus: Path) -> None:
    (corpus.parent / "file").write_text("")
    with pytest.raises(DataError, match="choose a folder to write in, cache=FOLDER"):
        load(corpus, cache=corpus.parent / "file")


def test_what_is_missing_or_unknown_is_named(corpus: Path) -> None:
    with pytest.raises(DataError, match="no split 'dev'; expected train, validate, test"):
        load(corpus, split="dev")
    with pytest.raises(DataError, match="no folder Metadata"):
        load(corpus / "Audio")
    weights = yaml.safe_load((corpus / "mixing_coefficients.yaml").read_text())
    del weights["Third_Song"][3]
    (corpus / "mixing_coefficients.yaml").write_text(yaml.safe_dump(weights))
    with pytest.raises(DataError, match="none for stem 3 of Third_Song"):
        load(corpus)
    (corpus / "mixing_coefficients.yaml").unlink()
    with pytest.raises(DataError, match=r"no mixing_coefficients\.yaml"):
        load(corpus)


def test_the_distributed_annotations_load_and_give_the_authors_mixes(shared_data: Path) -> None:
    root = shared_data / "medleydb"
    dataset = load_medleydb(root, allow_missing=True)
    assert dataset.events is not None
    tracks = {name.partition(SEPARATOR)[0] for name in dataset.clips["filename"]}
    assert len(tracks) == 17
    listed = read_split(root / "authors_splits", 0)
    shared = {name for name in listed if name.partition(SEPARATOR)[0] in tracks}
    assert len({name.partition(SEPARATOR)[0] for name in shared}) == 6
    ours = {name for name in dataset.clips["filename"] if f"{name.partition(SEPARATOR)[0]}---" in listed}
    assert ours == shared
    assert {name.partition(SEPARATOR)[2] for name in listed} - {""} == set(REMOVED)
    given = load_medleydb(root, splits=root / "authors_splits", fold=3, allow_missing=True)
    assert len(given) == len(shared)
    assert len(given.manifest.missing) == 531


def test_fault_43_two_loaders_share_the_rendering(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = audio.write_wav

    def counting(path: Path, samples: np.ndarray, sr: int) -> None:
        written.append(path.name)
        write(path, samples, sr)

    monkeypatch.setattr(audio, "write_wav", counting)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: load(corpus), range(2))
    assert first.clips.equals(second.clips)
    assert len(written) == len(set(written)) == sum(not name.endswith(SEPARATOR) for name in MIXES)
