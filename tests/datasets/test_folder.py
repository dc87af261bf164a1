from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from sedpool import formats
from sedpool.datasets.base import manifest_of
from sedpool.datasets.folder import load_folder
from sedpool.datasets.folder_splits import drawn_splits
from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, events_from_rows
from sedpool.soundscapes.spec import SPLITS
from tests.miniatures.sounds import observation, write_jams

SR = 8000


def record(path: Path, seconds: float = 4.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.zeros(round(seconds * SR)), SR)
    return path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def audacity(tmp_path: Path) -> Path:
    """Ten recordings of 4 s with a label track each; a README belongs to none of them."""
    for index in range(10):
        record(tmp_path / f"day 1/rec {index}.wav")
        write(tmp_path / f"day 1/rec {index}.txt", f"0.5\t1.5\t{'dog, big' if index % 2 else 'cat'}\n")
    write(tmp_path / "README.txt", "Recorded in May, by us, at home.\n")
    return tmp_path


def test_label_tracks_beside_recordings_just_work(audacity: Path) -> None:
    dataset = load_folder(audacity)
    assert dataset.classes == ("cat", "dog, big")
    assert dataset.clips["filename"].tolist() == [f"day 1/rec {index}.wav" for index in range(10)]
    assert dataset.clips["split"].value_counts().to_dict() == {"train": 6, "validate": 2, "test": 2}
    assert set(dataset.clips["duration"]) == {4.0}
    assert len(dataset.events) == 10
    assert dataset.weak_splits == ()
    for part in SPLITS:
        assert dataset.split(part).tags.any().all()
    assert len(load_folder(audacity, "test")) == 2


def test_draw_follows_from_the_seed(audacity: Path) -> None:
    first, again, other = (load_folder(audacity, seed=seed).clips["split"].tolist() for seed in (0, 0, 1))
    assert first == again
    assert first != other


FORMATS = {
    "a.jams": lambda events, path: formats.write_jams(events, path, duration=4.0),
    "a.Table.1.selections.txt": formats.write_raven,
    "a.tsv": formats.write_tsv,
    "a.csv": formats.write_csv,
    "a.txt": formats.write_list,
    "all labels.tsv": formats.write_tsv,
    "list.txt": formats.write_list,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_found(tmp_path: Path, name: str) -> None:
    record(tmp_path / "a.flac")
    events = events_from_rows([("a.flac", 0.5, 1.5, "dog"), ("a.flac", 1.0, 2.0, "dog")])
    FORMATS[name](events, tmp_path / name)
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.events[list(EVENT_COLUMNS)].equals(events)
    assert dataset.manifest.notes == {"events_overlapping_own_class": 1}


def test_confidence_is_kept_when_recordings_are_cut(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", 4.0)
    record(tmp_path / "b.wav", 4.0)
    write(tmp_path / "a.tsv", "filename\tonset\toffset\tevent_label\tconfidence\na.wav\t1\t3\tdog\t0.5\n")
    write(tmp_path / "b.txt", "0\t1\tdog\n")
    events = load_folder(tmp_path, shares=(1, 0, 0), clip_duration=2.0).events
    assert events["filename"].tolist() == ["a.wav#t=0,2", "a.wav#t=2,4", "b.wav#t=0,2"]
    assert events["confidence"].fillna(-1).tolist() == [0.5, 0.5, -1]
    assert list(events.columns) == [*EVENT_COLUMNS, "confidence"]


def test_confidence_gives_a_corpus_no_other_name(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    table = write(tmp_path / "a.tsv", "filename\tonset\toffset\tevent_label\na.wav\t1\t3\tdog\n")
    plain = manifest_of(load_folder(tmp_path, shares=(1, 0, 0)))
    table.write_text(table.read_text().replace("label\n", "label\tconfidence\n").replace("dog\n", "dog\t0.5\n"))
    assert manifest_of(load_folder(tmp_path, shares=(1, 0, 0))) == plain


TABLE = "filename\tonset\toffset\tevent_label\tconfidence\n"


@pytest.mark.parametrize(
    ("rows", "guess"),
    [
        ("a.wav\t1000\t2000\tdog\t\n", "are they milliseconds\\? then give dataset.unit=ms"),
        ("a.wav\t44100\t88200\tdog\t\n", "are they samples\\? then give dataset.unit=samples:RATE"),
        ("a.wav\t9e6\t9.1e6\tdog\t\n", "expected seconds from the start of the recording"),
    ],
)
def test_times_of_another_unit_are_refused(tmp_path: Path, rows: str, guess: str) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "labels.tsv", f"{TABLE}{rows}")
    with pytest.raises(DataError, match=rf"labels\.tsv: 1 of 1 events begin after the end .*; {guess}"):
        load_folder(tmp_path, shares=(1, 0, 0))
    if "dataset" in guess:
        unit = "ms" if "ms" in guess else "samples:44100"
        assert load_folder(tmp_path, shares=(1, 0, 0), unit=unit).events["onset"].tolist() == [1.0]


def test_events_past_the_end_are_counted_by_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    record(tmp_path / "a.wav")
    rows = "a.wav\t1\t2\tdog\t\na.wav\t3\t5\tdog\t\na.wav\t4\t5\tdog\t\n"
    table = write(tmp_path / "labels.tsv", f"{TABLE}{rows}")
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.events["offset"].tolist() == [2.0, 4.0]
    assert caplog.messages == [
        f"{table}: cut at the end of their recording, which they pass: 1 events",
        f"{table}: left out, as they begin after the end of their recording: 1 events",
    ]


def test_unsure_labels_are_left_out_and_their_recordings_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for stem in "ab":
        record(tmp_path / f"{stem}.wav")
        write(tmp_path / f"{stem}.tsv", f"{TABLE}{stem}.wav\t1\t2\tdog\t{0.2 if stem == 'a' else 0.9}\n")
    dataset = load_folder(tmp_path, shares=(1, 0, 0), min_confidence=0.5)
    assert dataset.clips["filename"].tolist() == ["a.wav", "b.wav"]
    assert dataset.events["filename"].tolist() == ["b.wav"]
    assert caplog.messages == [f"{tmp_path}: left out, of a confidence below 0.5: 1 events"]


def test_columns_of_a_folder_are_given(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "labels.csv", "datei;von;bis;art\na.wav;0,5;1,5;dog\n")
    with pytest.raises(DataError, match=r"ignored labels\.csv; labels\.csv has datei, von, bis, art: .*{filename: "):
        load_folder(tmp_path)
    with pytest.raises(DataError, match=r"labels recognised; found datei.*'dataset\.columns={filename") as error:
        load_folder(tmp_path, labels="labels.csv")
    assert "--" not in str(error.value)
    columns = {"filename": "datei", "onset": "von", "offset": "bis", "event_label": "art"}
    assert load_folder(tmp_path, shares=(1, 0, 0), columns=columns).events["offset"].tolist() == [1.5]


def test_columns_that_are_there_are_named_where_one_is_missing(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "calls.csv", "datei,start,ende,label\na.wav,0,1,plover\n")
    expected = r"calls\.csv: no column offset; found datei, start, ende, label; expected .* --columns offset=NAME"
    with pytest.raises(DataError, match=expected):
        load_folder(tmp_path)


def test_headings_taken_for_a_recording_are_named(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "labels.csv", 'Aufnahme;Arten\na.wav;"plover, gull"\n')
    with pytest.raises(
        DataError, match=r"without audio \(Aufnahme\); .*; if Aufnahme is the heading of a column, name"
    ):
        load_folder(tmp_path)
    dataset = load_folder(tmp_path, columns={"filename": "Aufnahme", "event_labels": "Arten"}, shares=(1, 0, 0))
    assert dataset.classes == ("gull", "plover")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("weak.tsv", "filename\tevent_label\na.wav\tdog\na.wav\tcat, big\nb.wav\t\n"),
        ("weak.csv", 'filename,event_label\na.wav,dog\na.wav,"cat, big"\nb.wav,\n'),
    ],
)
def test_weak_labels(tmp_path: Path, name: str, text: str) -> None:
    for stem in "ab":
        record(tmp_path / f"{stem}.wav", 12.0)
    write(tmp_path / name, text)
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.events is None
    assert dataset.classes == ("cat, big", "dog")
    assert dataset.tags.to_numpy().tolist() == [[True, True], [False, False]]
    assert dataset.manifest.notes == {"weak_recordings_longer_than_a_clip": 2}


def test_times_beside_tags_are_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    for name in ("train/a.wav", "train/b.wav", "train/c.wav", "validate/d.wav"):
        record(tmp_path / name)
    write(tmp_path / "train/a.txt", "0.1\t0.3\tdog\n")
    write(tmp_path / "validate/d.txt", "0.1\t0.3\tdog\n")
    write(tmp_path / "tags.tsv", "filename\tevent_label\ntrain/b.wav\tdog\ntrain/c.wav\t\n")
    as_tags = load_folder(tmp_path, clip_duration=0.2)
    assert as_tags.weak_splits == ("train",)
    assert not as_tags.split("train").located.any()
    dataset = load_folder(tmp_path, partial_times=True, clip_duration=0.2)
    assert dataset.weak_splits == ()
    train = dataset.split("train")
    assert train.clips["filename"].tolist() == ["train/a.wav", "train/b.wav", "train/c.wav"]  # none is cut
    assert train.events["filename"].tolist() == ["train/a.wav"]
    assert train.tags["dog"].tolist() == [True, True, False]
    assert train.located.tolist() == [True, False, True]


def test_weak_labels_between_commas_and_in_jams(tmp_path: Path) -> None:
    record(tmp_path / "a.wav")
    record(tmp_path / "b.wav")
    write(tmp_path / "x/weak.tsv", "filename\tevent_labels\na.wav\tdog,cat\n")
    write_jams(tmp_path / "b.jams", observation(time=0, duration=0) | {"value": "cat"}, namespace="tag_open")
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.events is None
    assert dataset.tags.to_numpy().tolist() == [[True, True], [True, False]]


def test_a_split_is_strong_if_all_of_it_is(tmp_path: Path) -> None:
    for name in ("train/a", "train/b", "val/c", "Test/d"):
        record(tmp_path / f"{name}.wav")
    strong = "filename\tonset\toffset\tevent_label\ntrain/b.wav\t0\t1\tdog\nval/c.wav\t0\t1\tdog\nTest/d.wav\t\t\t\n"
    write(tmp_path / "strong.tsv", strong)
    write(tmp_path / "weak.tsv", "filename\tevent_labels\ntrain/a.wav\tcat,dog\n")
    dataset = load_folder(tmp_path)
    assert dict(zip(dataset.clips["filename"], dataset.clips["split"], strict=True)) == {
        "Test/d.wav": "test",
        "train/a.wav": "train",
        "train/b.wav": "train",
        "val/c.wav": "validate",
    }
    assert dataset.weak_splits == ("train",)
    assert dataset.split("train").events is None
    assert dataset.split("train").tags.loc["train/b.wav", "dog"]
    assert dataset.events["filename"].tolist() == ["val/c.wav"]
    assert dataset.split("test").events.empty


def test_times_that_a_split_with_tags_does_not_use_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("train/a", "train/b", "test/c"):
        record(tmp_path / f"{name}.wav")
        write(tmp_path / f"{name}.txt", "0\t1\tdog\n1\t2\tdog\n")
    write(tmp_path / "train/b.csv", "filename,event_label\nb.wav,dog\n")
    assert load_folder(tmp_path).weak_splits == ()
    assert caplog.messages == []  # the tag has events
    (tmp_path / "train/b.txt").unlink()
    assert load_folder(tmp_path).weak_splits == ("train",)
    assert caplog.messages == [
        f"{tmp_path}: the times of 2 events are not used, only their tags, as the labels of 1 recordings beside "
        "them have none (train/b.wav)"
    ]


def test_tags_without_an_event_beside_events_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "a.txt", "0\t1\tdog\n")
    write(tmp_path / "tags.csv", "filename,event_label\na.wav,dog\na.wav,cat\n")
    assert load_folder(tmp_path, shares=(1, 0, 0)).tags.to_numpy().tolist() == [[True, True]]
    assert caplog.messages == [
        f"{tmp_path}: 1 tags have no event, though other labels of their recordings have times (first a.wav: cat); "
        "where a recording is cut they are left out"
    ]


@pytest.mark.parametrize("text", ["", "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies\n"])
def test_labels_without_any_event(tmp_path: Path, text: str) -> None:
    record(tmp_path / "a.wav")
    write(tmp_path / "a.txt", text)
    with pytest.raises(DataError, match="its label files hold no events, so that there is nothing to learn"):
        load_folder(tmp_path)


def test_splits_from_a_column(tmp_path: Path) -> None:
    for stem in "abc":
        record(tmp_path / f"{stem}.wav")
    table = "filename,onset,offset,event_label,split\na.wav,0,1,dog,Train\na.wav,1,2,dog,training\nb.wav,0,1,dog,dev\n"
    write(tmp_path / "labels.csv", f"{table}c.wav,,,,test\n")
    assert load_folder(tmp_path).clips["split"].tolist() == ["train", "validate", "test"]
    for wrong, message in (
        ("fold1", r"labels\.csv: line 3 \(a\.wav, fold1\) has an unknown split; expected train, validate, test"),
        ("train", r"a\.wav is in more than one split"),
    ):
        write(tmp_path / "labels.csv", table.replace("training", wrong).replace("Train", "test") + "c.wav,,,,test\n")
        with pytest.raises(DataError, match=message):
            load_folder(tmp_path)


def test_some_recordings_in_split_folders_are_not_enough(audacity: Path) -> None:
    for suffix in ("wav", "txt"):
        (audacity / "train").mkdir(exist_ok=True)
        (audacity / f"day 1/rec 1.{suffix}").rename(audacity / f"train/rec 1.{suffix}")
    with pytest.raises(DataError, match=r"9 of 10 recordings have no split \(day 1/rec 0\.wav\)"):
        load_folder(audacity)


def test_long_recordings_are_cut_with_their_events(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", 25.0)
    write(tmp_path / "a.txt", "8\t12\tdog\n13\t14\tcat\n24\t25\tdog\n")
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    names = ["a.wav#t=0,10", "a.wav#t=10,20", "a.wav#t=20,25"]
    assert dataset.clips["filename"].tolist() == names
    assert dataset.clips["duration"].tolist() == [10.0, 10.0, 5.0]
    assert dataset.tags["dog"].tolist() == [True, True, True]
    assert dataset.tags["cat"].tolist() == [False, True, False]
    expected = [(names[0], 8, 10, "dog"), (names[1], 0, 2, "dog"), (names[1], 3, 4, "cat"), (names[2], 4, 5, "dog")]
    assert dataset.events.equals(events_from_rows(expected))
    assert load_folder(tmp_path, shares=(1, 0, 0), clip_duration=None).durations == {"a.wav": 25.0}


def test_classes_can_be_chosen(audacity: Path) -> None:
    dataset = load_folder(audacity, classes=("dog, big", "whale"))
    assert dataset.classes == ("dog, big", "whale")
    assert len(dataset) == 10
    assert dataset.manifest.notes == {"labels_left_out": 5}
    with pytest.raises(DataError, match="none of the labels is one of the classes whale; found cat, dog, big"):
        load_folder(audacity, classes=("whale",))


def test_labels_can_be_one_file(audacity: Path) -> None:
    write(audacity / "other.tsv", "filename\tonset\toffset\tevent_label\nrec 0.wav\t0\t1\tbird\n")
    with pytest.raises(DataError, match=r"2 annotations of day 1/rec 0\.wav \(day 1/rec 0\.txt, other\.tsv\); unite"):
        load_folder(audacity)
    dataset = load_folder(audacity, labels="other.tsv", shares=(1, 0, 0), allow_missing=True)
    assert dataset.clips["filename"].tolist() == ["day 1/rec 0.wav"]
    with pytest.raises(DataError, match=r"none\.tsv: no such file"):
        load_folder(audacity, labels="none.tsv")


@pytest.mark.parametrize("is_absolute", [False, True])
def test_labels_lie_outside_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_absolute: bool) -> None:
    monkeypatch.chdir(tmp_path)
    for stem in "ab":
        record(tmp_path / f"audio/{stem}.wav")
    table = write(tmp_path / "labels/all.csv", "file,start,end,label\naudio/a.wav,1,2,dog\nb.wav,3,5,dog\n")
    dataset = load_folder("audio", labels=str(table) if is_absolute else "labels/all.csv", shares=(1, 0, 0))
    assert dataset.clips["filename"].tolist() == ["a.wav", "b.wav"]
    assert dataset.events["offset"].tolist() == [2.0, 4.0]
    write(tmp_path / "audio/labels/all.csv", "file,start,end,label\na.wav,1,2,cat\nb.wav,3,4,cat\n")
    if not is_absolute:  # a file in the folder comes first
        assert load_folder("audio", labels="labels/all.csv", shares=(1, 0, 0)).classes == ("cat",)
    write(table, "file,start,end,label\nc.wav,1,2,dog\n")
    (tmp_path / "audio/labels/all.csv").unlink()
    with pytest.raises(DataError, match=r"1 clips without audio \(c\.wav\)"):
        load_folder("audio", labels="labels/all.csv")


def test_fault_04_missing_and_extra(audacity: Path) -> None:
    (audacity / "day 1/rec 3.wav").rename(audacity / "day 1/unlabelled.wav")
    with pytest.raises(DataError, match=r"1 clips without audio \(day 1/rec 3\.wav\).*allow_missing=true"):
        load_folder(audacity)
    dataset = load_folder(audacity, allow_missing=True)
    assert dataset.manifest.missing == ("day 1/rec 3.wav",)
    assert dataset.manifest.extra == ("day 1/unlabelled.wav",)
    assert len(dataset.available()) == 9
    assert dataset.durations["day 1/rec 3.wav"] == 1.5  # as far as is known


def test_an_empty_label_file_says_that_nothing_is_heard(audacity: Path) -> None:
    record(audacity / "day 1/quiet.wav")
    with pytest.raises(
        DataError, match=r"1 clips without annotation \(day 1/quiet\.wav\); label them \(an empty \.txt"
    ):
        load_folder(audacity)
    write(audacity / "day 1/quiet.txt", "")
    assert not load_folder(audacity).tags.loc["day 1/quiet.wav"].any()


def test_fault_13_events_end_with_their_recording(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", 4.0)
    write(tmp_path / "a.txt", "3\t4.005\tdog\n3.5\t6\tcat\n5\t6\tbird\n")
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.tags.to_numpy().tolist() == [[False, True, True]]
    assert dataset.events["offset"].tolist() == [4.0, 4.0]
    assert dataset.manifest.notes == {"events_clipped_at_the_end": 2}


def test_fault_14_wrong_row_is_named(audacity: Path) -> None:
    write(audacity / "day 1/rec 2.txt", "1\t2\tdog\n2\t2\tdog\n")
    with pytest.raises(DataError, match=r"rec 2\.txt: line 2: lasts from 2\.0 s to 2\.0 s"):
        load_folder(audacity)


def test_fault_45_names_and_labels_of_any_kind(tmp_path: Path) -> None:
    folder = tmp_path / 'Wüste, "früh" 日本'
    record(folder / "a b.c.wav")
    (folder / "a b.c.txt").write_bytes('\ufeff0.5\t1.5\tHund, "groß"\r\n'.encode())
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.clips["filename"].tolist() == ['Wüste, "früh" 日本/a b.c.wav']
    assert dataset.classes == ('Hund, "groß"',)


def test_fault_46_nothing_is_written(audacity: Path) -> None:
    before = sorted(audacity.rglob("*"))
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    audacity.chmod(0o555)
    load_folder(audacity)
    assert sorted(audacity.rglob("*")) == before
    for path in [audacity, *before]:
        path.chmod(0o755)


def test_folders_without_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: no such folder \(dataset\.root\)"):
        load_folder(tmp_path / "nowhere")
    record(tmp_path / "a.wav")
    with pytest.raises(DataError, match="no labels in it; see"):
        load_folder(tmp_path)
    write(tmp_path / "README.txt", "nothing here")
    with pytest.raises(DataError, match=r"no labels in it; ignored README\.txt"):
        load_folder(tmp_path)
    write(tmp_path / "a.txt", "0\t1\tdog\n")
    with pytest.raises(ConfigError, match="1 recordings are too few"):
        load_folder(tmp_path)
    with pytest.raises(DataError, match="no split validate; it has train"):
        load_folder(tmp_path, "validate", shares=(1, 0, 0))


def test_folders_named_by_class_are_tags(tmp_path: Path) -> None:
    for label in ("sine", "square", "nothing"):
        for index in range(3):
            record(tmp_path / label / f"{index}.wav")
    with pytest.raises(DataError, match=r"no labels in it; if its folders .* set dataset\.label_from=folder; see"):
        load_folder(tmp_path)
    dataset = load_folder(tmp_path, label_from="folder", classes=["sine", "square"])
    assert dataset.events is None
    tags = dataset.tags
    assert tags.index[tags["sine"]].tolist() == ["sine/0.wav", "sine/1.wav", "sine/2.wav"]
    assert not tags.loc["nothing/0.wav"].any()
    assert load_folder(tmp_path, label_from="folder").classes == ("nothing", "sine", "square")
    with pytest.raises(ConfigError, match="no file of labels is read"):
        load_folder(tmp_path, label_from="folder", labels="labels.csv")
    record(tmp_path / "stray.wav")
    with pytest.raises(DataError, match=r"1 recordings are in no folder .*\(stray\.wav\)"):
        load_folder(tmp_path, label_from="folder")


def test_folders_say_class_and_split(tmp_path: Path) -> None:
    for split in ("train", "validation", "test"):
        record(tmp_path / split / "owl/a.wav")
    dataset = load_folder(tmp_path, label_from="folder")
    assert dataset.classes == ("owl",)
    assert dataset.clips["split"].tolist() == ["test", "train", "validate"]


def test_labels_in_hidden_folders_are_not_read(audacity: Path) -> None:
    write(audacity / ".versions/old.tsv", "filename\tonset\toffset\tevent_label\nrec 1.wav\t0\t1\twolf\n")
    write(audacity / "day 1/.trash/rec 1.txt", "0\t1\twolf\n")
    assert load_folder(audacity).classes == ("cat", "dog, big")


def test_labels_of_another_corpus_name_what_is_missing_before_splits_are_drawn(tmp_path: Path) -> None:
    for index in range(14):
        record(tmp_path / f"mine {index}.wav")
    write(tmp_path / "labels.csv", "file,label\nother 1.wav,dog\nother 2.wav,cat\n")
    with pytest.raises(DataError, match=r"name 2 recordings \(such as other 1\.wav\), and none of the 14 in it"):
        load_folder(tmp_path, allow_missing=True)  # as `sedpool data check` loads it


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0, 1, 1), (1, -1, 1), (1, float("nan"), 1)])
def test_wrong_shares(audacity: Path, shares: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="shares"):
        load_folder(audacity, shares=shares)


@given(st.integers(3, 200), st.integers(0, 5), st.tuples(*[st.sampled_from([1, 2, 3])] * 3))
def test_draw_meets_the_shares_and_spreads_each_class(n: int, seed: int, shares: tuple[int, ...]) -> None:
    owners = np.arange(n) % 3
    tags = pd.DataFrame({label: owners == index for index, label in enumerate("abc")})
    splits = drawn_splits(tags, shares, seed)
    for name, share in zip(SPLITS, shares, strict=True):
        expected = share / sum(shares)
        assert abs((splits == name).sum() - n * expected) <= 2
        for label in "abc":
            inside = int((splits[tags[label]] == name).sum())
            assert abs(inside - tags[label].sum() * expected) <= 3


@pytest.mark.parametrize("length", [0.0, -1.0, float("nan")])
def test_wrong_clip_duration(audacity: Path, length: float) -> None:
    with pytest.raises(ConfigError, match=r"clip_duration=.*expected seconds from 0.01"):
        load_folder(audacity, clip_duration=length)


PLACES = {
    "./north.wav": "north.wav",
    "C:\\field\\south.wav": "south.wav",
    "/mnt/card/east.wav": "east.wav",
    "west": "west.wav",
    "upper.wav": "upper.WAV",
    "blank.wav ": "blank.wav",
    "sub\\inner.wav": "sub/inner.wav",
    "inner": "sub/inner.wav",
    "../field/x/two.wav": "x/two.wav",
    "fu\u0308nf.wav": "f\u00fcnf.wav",
}


def test_recordings_are_found_however_they_are_written(tmp_path: Path) -> None:
    on_disk = set(PLACES.values()) - {"f\u00fcnf.wav"} | {"fu\u0308nf.wav", "y/two.wav"}
    for name in on_disk:
        record(tmp_path / name)
    rows = "".join(f"{written}\t0\t1\tplover\n" for written in [*PLACES, "y/two.wav"])
    write(tmp_path / "labels.tsv", f"filename\tonset\toffset\tevent_label\n{rows}")
    dataset = load_folder(tmp_path, shares=(1, 0, 0), clip_duration=None)
    assert set(dataset.clips["filename"]) == {*PLACES.values(), "y/two.wav"}
    assert dataset.events["filename"].value_counts()["sub/inner.wav"] == 2
    assert all(Path(path).exists() for path in dataset.clips["path"])


def test_ambiguous_and_similar_names(tmp_path: Path) -> None:
    for name in ("x/two.wav", "y/two.wav", "other.wav"):
        record(tmp_path / name)
    table = write(tmp_path / "labels.tsv", "filename\tonset\toffset\tevent_label\ntwo\t0\t1\tdog\n")
    with pytest.raises(DataError, match=r"labels\.tsv: two is ambiguous: x/two\.wav or y/two\.wav; write its path"):
        load_folder(tmp_path)
    table.unlink()
    write(tmp_path / "x/all/labels.tsv", "filename\tonset\toffset\tevent_label\ntwo\t0\t1\tdog\n")
    with pytest.raises(DataError, match=r"labels\.tsv: two is ambiguous"):
        load_folder(tmp_path)
    (tmp_path / "x/all/labels.tsv").rename(tmp_path / "x/labels.tsv")
    for station, where in (("x", "x/two.wav"), ("y", "y/day/two.wav")):
        if station == "y":
            record(tmp_path / where)
            (tmp_path / "y/two.wav").unlink()
            (tmp_path / "x/labels.tsv").rename(tmp_path / "y/labels.tsv")
        found = load_folder(tmp_path, shares=(1, 0, 0), allow_missing=True)
        assert found.clips["filename"].tolist() == [where]
    (tmp_path / "y/labels.tsv").unlink()
    write(table, "filename\tonset\toffset\tevent_label\nothr.wav\t0\t1\tdog\n")
    with pytest.raises(DataError, match=r"1 clips without audio \(othr\.wav\); looked for by .*; similar: other\.wav;"):
        load_folder(tmp_path)


BIRDNET = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tCommon Name\tConfidence\tBegin Path\tFile Offset (s)\n"
)
SELECTIONS = "1\tS\t1\t0\t3\tTawny Owl\t1.0\t/card/a.wav\t0\n2\tS\t1\t4\t7\tnocall\t1.0\t/card/b.wav\t0\n"
TASKS = (
    '[{"id": 1, "audio": "/data/a.wav", "label": [{"start": 0, "end": 3, "labels": ["Tawny Owl"]}]},'
    ' {"id": 2, "audio": "/data/b.wav", "label": []}]'
)
CSV = "Start (s),End (s),Common name,Confidence,File\n0,3,Tawny Owl,1.0,/card/a.wav\n0,3,nocall,1.0,/card/b.wav\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [("all.txt", BIRDNET + SELECTIONS), ("all.json", TASKS), ("all.csv", CSV)],
    ids=["txt", "json", "csv"],
)
def test_recordings_in_which_nothing_was_found_are_labelled(tmp_path: Path, name: str, text: str) -> None:
    for stem in "ab":
        record(tmp_path / f"{stem}.wav")
    write(tmp_path / name, text)
    dataset = load_folder(tmp_path, shares=(1, 0, 0))
    assert dataset.clips["filename"].tolist() == ["a.wav", "b.wav"]
    assert dataset.events["filename"].tolist() == ["a.wav"]
    assert dataset.tags["Tawny Owl"].tolist() == [True, False]


def test_what_nobody_knows_is_read_beside_the_labels(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        record(tmp_path / f"train/{name}.wav", 12.0)
        record(tmp_path / f"validate/{name}2.wav")
    rows = "".join(f"validate/{name}2.wav\t0\t1\tdog\n" for name in "abc")
    rows = f"train/a.wav\t1\t11\tdog\ntrain/b.wav\t5\t7\tcat\n{rows}"
    write(tmp_path / "labels.tsv", f"filename\tonset\toffset\tevent_label\n{rows}")
    plain = load_folder(tmp_path, "train", clip_duration=5.0, allow_missing=True)
    unknown = "filename\tonset\toffset\tevent_label\ntrain/a\t8\t9\t\nb.wav\t\t\tdog\nc.wav\t\t\t\n"
    write(tmp_path / "unknown.tsv", unknown)
    dataset = load_folder(tmp_path, "train", clip_duration=5.0)
    assert "train/c.wav#t=0,5" in dataset.clips["filename"].tolist()  # labelled, as it is said that nobody knows it
    found = {
        name: "".join("?" if pd.isna(tag) else "ny"[tag] for tag in row)
        for name, row in zip(dataset.tags.index, dataset.tags.to_numpy(), strict=True)
    }
    assert found == {
        "train/a.wav#t=0,5": "ny",
        "train/a.wav#t=5,10": "?y",
        "train/a.wav#t=10,12": "ny",
        "train/b.wav#t=0,5": "n?",
        "train/b.wav#t=5,10": "y?",
        "train/b.wav#t=10,12": "n?",
        "train/c.wav#t=0,5": "??",
        "train/c.wav#t=5,10": "??",
        "train/c.wav#t=10,12": "??",
    }
    assert manifest_of(dataset)["hash"] != manifest_of(plain)["hash"]
    (tmp_path / "unknown.tsv").rename(tmp_path / "doubts.tsv")
    with pytest.raises(DataError, match="has a time and no label"):  # as labels
        load_folder(tmp_path)
    elsewhere = load_folder(tmp_path, "train", clip_duration=5.0, unknown="doubts.tsv", classes=["dog"])
    assert elsewhere.regions["event_label"].isin(["", "dog"]).all()
    write(tmp_path / "doubts.tsv", "filename,event_label\nc.wav,owl\n")
    with pytest.raises(DataError, match="expected one of cat, dog, or none for all classes"):
        load_folder(tmp_path, unknown="doubts.tsv")
