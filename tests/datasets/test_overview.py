from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.folder import load_folder
from sedpool.datasets.label_map import map_labels
from sedpool.datasets.overview import overview
from sedpool.events import events_from_rows, tags_from_events
from sedpool.soundscapes.spec import SPLITS

SR = 8000


def record(path: Path, seconds: float = 10.0, *, sr: int = SR, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.zeros((round(seconds * sr), channels)), sr)


def folder(root: Path, labels: dict[str, str], **form: float) -> Path:
    """Recordings by name, each with an Audacity label track."""
    for name, track in labels.items():
        record(root / f"{name}.wav", **form)
        (root / f"{name}.txt").write_text(track, encoding="utf-8")
    return root


BALANCED = {f"{split}/{n}": f"1\t2\t{label}\n" for split in SPLITS for n, label in enumerate(["owl", "gull"])}


def test_recordings_at_a_lower_rate_than_the_features_are_said_once(tmp_path: Path) -> None:
    dataset = load_folder(folder(tmp_path, BALANCED))
    (said,) = overview(dataset, highest_frequency=22050.0).warnings
    assert said.startswith("recordings of 8000 Hz hold nothing above 4000 Hz, and the features reach up to 22050 Hz:")
    assert said.endswith("features.sr=8000 leaves these out")
    assert overview(dataset, highest_frequency=4000.0).warnings == []


def test_a_folder_in_order_gives_no_warnings(tmp_path: Path) -> None:
    found = overview(load_folder(folder(tmp_path, BALANCED)), supervision="strong")
    assert found.warnings == []
    assert found.splits.to_dict("index") == {
        split: {"recordings": 2, "clips": 2, "seconds": 20.0} for split in ("train", "validate", "test")
    }
    assert found.labels["test"].to_dict("index") == {
        label: {"clips": 1, "without": 1, "events": 1, "seconds": 1.0} for label in ("gull", "owl")
    }
    assert (found.forms, found.shorter, found.longer, found.notes) == ({(SR, 1): 6}, 0, 0, {})


def test_seconds_count_once_where_events_overlap(tmp_path: Path) -> None:
    labels = folder(tmp_path, BALANCED | {"train/0": "1\t4\towl\n2\t5\towl\n"})
    found = overview(load_folder(labels))
    assert found.labels.loc["owl", "train"].to_dict() == {"clips": 1, "without": 1, "events": 2, "seconds": 4.0}
    assert found.notes == {"events_overlapping_own_class": 1}


def test_classes_that_scores_say_nothing_about(tmp_path: Path) -> None:
    labels = BALANCED | {"train/0": "1\t2\towl\n3\t4\tcrane\n", "test/1": "1\t2\tgull\n3\t4\towl\n"}
    one, part, everywhere = overview(load_folder(folder(tmp_path, labels))).warnings
    assert one == "in one recording only, so that nothing tests what is learned of it: crane (train/0.wav)"
    assert part.endswith("scored: crane (only in train)")
    assert everywhere.startswith("in every clip, so that clip F1 says nothing")
    assert everywhere.endswith("absent: owl (test); add recordings without it (docs/negative-recordings.md)")
    labels = {name: "1\t2\towl\n" for name in BALANCED} | {"validate/0": "1\t2\tgull\n", "train/0": "1\t2\tgull\n"}
    warnings = overview(load_folder(folder(tmp_path, labels))).warnings
    assert [line.rpartition(": ")[2] for line in warnings] == [
        "gull (not in test)",
        "owl (test); add recordings without it (docs/negative-recordings.md)",
    ]
    found = overview(load_folder(tmp_path, classes=["owl", "gull", "eagle"]))
    assert found.warnings[0].endswith("scored: gull (not in test), eagle (nowhere)")


def test_a_recording_without_the_class_ends_the_warning(tmp_path: Path) -> None:
    root = folder(tmp_path, {f"{split}/{n}": "1\t2\towl\n" for split in SPLITS for n in "ab"})
    (warning,) = overview(load_folder(root)).warnings
    assert "owl (train, validate, test)" in warning
    folder(tmp_path, {f"{split}/silent": "" for split in SPLITS})
    assert overview(load_folder(root)).warnings == []


def test_unknown_tags_count_neither_way(tmp_path: Path) -> None:
    dataset = load_folder(folder(tmp_path, BALANCED))
    unknown = pd.DataFrame({"filename": ["train/1.wav"], "onset": 0.0, "offset": np.inf, "event_label": "owl"})
    found = overview(dataset.with_unknown(unknown))
    assert found.labels.loc["owl", "train"].to_dict() == {"clips": 1, "without": 0, "events": 1, "seconds": 1.0}
    unknown_times, everywhere = found.warnings
    assert unknown_times.startswith("1 tags and 1 stretches of time are unknown, and neither training nor scores count")
    assert "absent: owl (train)" in everywhere


def test_only_a_few_names_stand_in_a_sentence(tmp_path: Path) -> None:
    track = "".join(f"1\t2\tclass {n}\n" for n in range(8))
    warnings = overview(load_folder(folder(tmp_path, BALANCED | {"train/0": track}))).warnings
    assert all("class 4" in line and "class 5" not in line for line in warnings[:2])
    assert warnings[0].endswith(" and 3 more")


def test_rates_channels_and_lengths(tmp_path: Path) -> None:
    root = folder(tmp_path, BALANCED)
    record(root / "train/0.wav", sr=16000, channels=2)
    record(root / "test/0.wav", 4.0)
    record(root / "train/1.wav", 25.0)
    found = overview(load_folder(root))
    assert found.forms == {(SR, 1): 5, (16000, 2): 1}
    assert (found.shorter, found.longer) == (1, 1)
    assert found.splits.loc["train"].to_dict() == {"recordings": 2, "clips": 4, "seconds": 35.0}
    rates, short = found.warnings
    assert rates.startswith("several sampling rates: 8000 Hz (5), 16000 Hz (1); above 4000 Hz nothing is in")
    assert short.startswith("1 of 6 recordings are shorter than a training patch (10 s, training.patch_duration)")
    whole = load_folder(root, clip_duration=None)
    assert any("1 of 2 training clips are longer" in line for line in overview(whole).warnings)
    for options in ({"supervision": "strong"}, {"min_activity": 0.1}, {"patch_duration": 30.0}):
        assert not any("longer" in line for line in overview(whole, **options).warnings)


def test_events_that_are_far_too_short_have_another_unit(tmp_path: Path) -> None:
    root = folder(tmp_path, dict.fromkeys(BALANCED, ""))
    for sound in root.rglob("*.wav"):
        sound.with_suffix(".txt").unlink()
    rows = "".join(f"{name}.wav,1,2,owl\n" for name in BALANCED)
    (root / "labels.csv").write_text(f"filename,onset,offset,event_label\n{rows}", encoding="utf-8")
    said = "half of the events last at most 0.001 s; is the unit right (dataset.unit)?"
    assert said in overview(load_folder(root, unit="ms")).warnings
    assert said not in overview(load_folder(root)).warnings


def test_a_recording_that_cannot_be_read_is_left_to_those_who_read_it(tmp_path: Path) -> None:
    root = folder(tmp_path, BALANCED)
    (root / "train/0.wav").write_bytes(b"<html>")
    assert overview(load_folder(root)).forms == {(SR, 1): 5}


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    root = folder(tmp_path, BALANCED)
    (root / "labels.csv").write_text("filename,onset,offset,event_label\ntrain/3.wav,1,2,owl\n")
    record(root / "train/4.wav")
    found = overview(load_folder(root, allow_missing=True))
    assert found.labels.loc["owl", "train"].to_dict() == {"clips": 1, "without": 1, "events": 1, "seconds": 1.0}
    assert found.warnings == [
        "1 recordings have labels but no audio, and are left out: train/3.wav",
        "1 recordings have audio but no labels, and are left out: train/4.wav",
    ]


@pytest.mark.parametrize(
    ("weak", "options", "said"),
    [
        (
            False,
            {},
            "supervision=weak: training uses only which classes each clip has, although the labels have times; ",
        ),
        (False, {"supervision": "strong"}, "supervision=strong: training uses the times of the labels"),
        (False, {"min_activity": 0.1}, "supervision=weak: training uses the tags of each patch, which follow from"),
        (True, {}, "supervision=weak: the labels of training have no times, only tags"),
        (True, {"supervision": "strong"}, "supervision=strong: the labels of training have no times, which it needs"),
    ],
)
def test_supervision_is_named_and_explained(tmp_path: Path, weak: bool, options: dict, said: str) -> None:
    root = folder(tmp_path, BALANCED)
    if weak:
        (root / "tags.csv").write_text("filename,event_label\ntrain/0.wav,owl\ntrain/1.wav,gull\n")
        for n in range(2):
            (root / f"train/{n}.txt").unlink()
    found = overview(load_folder(root), **options)
    assert found.supervision.startswith(said)
    assert found.labels["train"]["events"].isna().all() == weak
    assert found.labels["test"]["events"].notna().all()


def test_lookalikes_and_content(tmp_path: Path) -> None:
    labels = BALANCED | {"train/0": "1\t2\tbarn owl\n2\t3\tBarn_Owl\n"}
    dataset = load_folder(folder(tmp_path, labels))
    found = overview(dataset)
    assert found.lookalikes == [("Barn_Owl", "barn owl")]
    assert found.warnings[0].startswith("classes that look alike are different: Barn_Owl and barn owl; if they are one")
    merged = overview(map_labels(dataset, {"Barn_Owl": "barn owl"}))
    assert not any("look alike" in warning for warning in merged.warnings)
    storage.write_json(tmp_path / "content.json", found.content())
    read = storage.read_json(tmp_path / "content.json")
    assert read["lookalikes"] == [["Barn_Owl", "barn owl"]]
    assert read["labels"]["barn owl"]["train"] == {"clips": 1, "without": 1, "events": 1, "seconds": 1.0}
    assert read["recordings"] == [{"samplerate": SR, "channels": 1, "n": 6}]
    assert read["warnings"] == found.warnings


EVENTS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 9), st.integers(1, 5), st.sampled_from("ab")), max_size=12
)


@settings(max_examples=40)
@given(EVENTS, st.lists(st.sampled_from(SPLITS), min_size=9, max_size=9))
def test_counts_are_those_of_the_tables(rows: list[tuple[int, int, int, str]], splits: list[str]) -> None:
    names = [f"{n}.wav" for n in range(9)]
    events = events_from_rows([(f"{n}.wav", onset, onset + length, label) for n, onset, length, label in rows])
    clips = pd.DataFrame({"filename": names, "path": None, "duration": 20.0, "split": splits}).astype({"path": object})
    dataset = Dataset("x", ("a", "b"), clips, tags_from_events(events, names, ("a", "b")), events)
    found = overview(dataset)
    by_split = dict(zip(names, splits, strict=True))
    for split in set(splits):
        for label in "ab":
            own = events[(events["event_label"] == label) & (events["filename"].map(by_split) == split)]
            grid = {
                (name, second)
                for name, on, off, _ in own.itertuples(index=False)
                for second in range(int(on), int(off))
            }
            row = found.labels.loc[label, split]
            assert (row["clips"], row["events"]) == (own["filename"].nunique(), len(own))
            assert row["seconds"] == pytest.approx(len(grid))
            said = any("every clip" in line and f"{label} (" in line.split("absent: ")[1] for line in found.warnings)
            if row["clips"] == splits.count(split):
                assert said
