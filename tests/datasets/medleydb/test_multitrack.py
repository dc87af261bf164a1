from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from sedpool.datasets.medleydb.multitrack import find, read_activations, read_artists, read_multitrack
from sedpool.errors import DataError


def test_metadata_names_stems_and_instruments(corpus: Path) -> None:
    track = read_multitrack(corpus / "Metadata" / "Second_Other_METADATA.yaml")
    assert track.artist == "Second"
    assert track.stems[2].instruments == ("female singer", "vocalists")
    assert track.instruments == {"drum set", "female singer", "vocalists", "electric bass"}
    assert track.stems_without("vocalists") == [1, 3]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"artist": None}, "artist"),
        ({"stems": {"S01": {"filename": "x.wav"}}}, r"stems.*instrument"),
        ({"stems": {"first": {}}}, "stems"),
        ({"stems": None}, "stems"),
    ],
)
def test_wrong_metadata_are_named(corpus: Path, change: dict[str, object], message: str) -> None:
    path = corpus / "Metadata" / "First_Song_METADATA.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | change))
    with pytest.raises(DataError, match=rf"First_Song_METADATA\.yaml: {message}"):
        read_multitrack(path)


def test_metadata_that_are_no_yaml_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: [1,\n")
    with pytest.raises(DataError, match=r"x\.yaml: not readable YAML"):
        read_multitrack(tmp_path / "x.yaml")


def test_a_stem_sounds_from_the_threshold_on_until_the_next_frame(tmp_path: Path) -> None:
    path = tmp_path / "x.lab"
    path.write_text("time,S01,S02\n0.0,0.5,0.0\n0.1,0.49,0.0\n0.2,0.2,0.6\n0.3,0.9,0.1\n0.4,0.9,0.0\n")
    activations = read_activations(path, [1, 2])
    assert activations.active([1]) == [(0.0, 0.1), (0.3, 0.5)]
    assert activations.active([1, 2]) == [(0.0, 0.1), (0.2, 0.5)]
    assert activations.active([]) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a table of activation confidences"),
        ("time,S01\n", "lacks the column time or rows; fetch the annotations again"),
        ("time,S02\n0,1\n1,1\n", "lacks S01"),
        ("time,S01\n\n0,x\n1,1\n", r"line 3 \(x\) in column S01 is no finite number; fetch"),
        ("time,S01\n0,1\n1,nan\n", r"line 3 \(nan\) in column S01 is no finite number; fetch"),
        ("time,S01\n1,1\n0,1\n", r"line 3 \(0\.0\) is no later time than the one before; fetch"),
    ],
)
def test_wrong_activations_are_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "x.lab"
    path.write_text(content)
    with pytest.raises(DataError, match=rf"x\.lab: {message}"):
        read_activations(path, [1])


def test_annotations_are_found_as_the_package_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "data" / "Metadata").mkdir(parents=True)
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "artist_index.json").write_text('{"A_B": "A"}')
    assert find(tmp_path, "Metadata") == tmp_path / "data" / "Metadata"
    assert read_artists(tmp_path) == {"A_B": "A"}
    assert find(tmp_path, "none") is None


def test_instruments_sound_when_the_distributed_source_ids_say(shared_data: Path) -> None:
    """MedleyDB's own lists, made from the same confidences: equal onsets; an offset is a frame's start, not its end."""
    root, compared = shared_data / "medleydb", 0
    for path in sorted((root / "Source_ID").glob("*.lab")):
        name = path.name.removesuffix("_SOURCEID.lab")
        track = read_multitrack(root / "Metadata" / f"{name}_METADATA.yaml")
        lab = root / "Activation_Confidence_v2" / f"{name}_ACTIVATION_CONF.lab"
        activations = read_activations(lab, track.stems)
        hop = float(np.diff(activations.times).mean())
        listed = pd.read_csv(path)
        for label, rows in listed.groupby("instrument_label"):
            stems = [stem for stem, content in track.stems.items() if label in content.instruments]
            if len(stems) == 1:
                ours = np.array(activations.active(stems))
                assert ours[:, 0] == pytest.approx(rows["start_time"].to_numpy(), abs=1e-3)
                assert ours[:-1, 1] == pytest.approx(rows["end_time"].to_numpy()[:-1] + hop, abs=1e-3)
                compared += len(rows)
    assert compared > 100
