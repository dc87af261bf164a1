import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jams
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from sedpool import storage
from sedpool.audio.loudness import DEFINITIONS, lufs
from sedpool.datasets.demo import ProceduralSources
from sedpool.datasets.soundscapes import load_soundscapes, load_synthesised, synthesise
from sedpool.errors import ConfigError, DataError
from sedpool.formats.audacity import read_rows
from sedpool.formats.jams import read_annotation
from sedpool.formats.scaper_jams import Value, read_scene
from sedpool.formats.table import read_tsv
from sedpool.soundscapes import writing
from sedpool.soundscapes.mixing import Sound
from sedpool.soundscapes.spec import make_spec
from sedpool.soundscapes.splits import SplitRule
from sedpool.soundscapes.writing import Plan, make_corpus, write_corpus

SPEC = make_spec(
    {
        "n_events": ["uniform", 0, 2],
        "event": {"duration": ["uniform", 0.3, 0.6], "snr": ["uniform", 6, 30], "time_stretch": ["uniform", 0.8, 1.2]},
        "duration": 1.0,
    }
)
SIZES = {"train": 10, "validate": 1, "test": 1}


def plan(seed: int = 0, *, isolated: bool = False, **sizes: int) -> Plan:
    return Plan("small", seed, SIZES | sizes, SPEC, {"kind": "procedural"}, isolated)


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): storage.sha256_file(path) for path in folder.rglob("*") if path.is_file()
    }


def test_same_bytes_for_every_number_of_workers(tmp_path: Path) -> None:
    one, two = (make_corpus(tmp_path / str(n), plan(), ProceduralSources, n_jobs=n) for n in (1, 2))
    assert one.name == two.name
    assert content(one) == content(two)
    assert len(content(one)) == 3 * 12 + 3 + 1


def test_size_of_a_split_changes_none_of_its_soundscapes(tmp_path: Path) -> None:
    fewer, more = (
        make_corpus(tmp_path, plan(train=n), ProceduralSources, n_jobs=1) / "audio" / "train" for n in (2, 3)
    )
    assert content(fewer).items() <= content(more).items()


def test_other_settings_get_another_folder(tmp_path: Path) -> None:
    one, other = (make_corpus(tmp_path, plan(seed), ProceduralSources, n_jobs=1) for seed in (0, 1))
    assert one != other
    clips = [set(content(folder / "audio").values()) for folder in (one, other)]
    assert not clips[0] & clips[1]


def test_a_second_call_makes_nothing(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path, plan(), ProceduralSources, n_jobs=1)
    tmp_path.chmod(0o500)
    try:
        assert make_corpus(tmp_path, plan(), lambda: pytest.fail("made again"), n_jobs=1) == folder
    finally:
        tmp_path.chmod(0o700)


class Killed(ProceduralSources):
    """Fails at the fifth event, as a synthesis that is killed."""

    left = 4

    def event(self, *arguments: Any) -> Sound:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return super().event(*arguments)


def test_a_killed_synthesis_goes_on_and_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_corpus(tmp_path / "made", plan(), Killed, n_jobs=1)
    assert not (tmp_path / "made").exists()
    (partial,) = tmp_path.glob(".made-*.partial")
    done = sorted((partial / "annotations").rglob("*.jams"))
    assert done
    # What was written to disk only in part, or not at all, is made again.
    audio = partial / "audio" / "train" / f"{done[0].stem}.wav"
    audio.write_bytes(audio.read_bytes()[:1000])
    written = []
    original = writing.write_soundscape
    monkeypatch.setattr(writing, "write_soundscape", lambda *a, **k: (written.append(a[2]), original(*a, **k)))
    assert write_corpus(tmp_path / "made", plan(), ProceduralSources, n_jobs=1)
    assert len(written) == 12 - len(done) + 1
    whole = tmp_path / "whole"
    write_corpus(whole, plan(), ProceduralSources, n_jobs=1)
    assert content(tmp_path / "made") == content(whole)
    assert list(tmp_path.glob(".*.partial")) == []


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    assert write_corpus(folder, plan(), ProceduralSources, n_jobs=1)
    assert not write_corpus(folder, plan(), lambda: pytest.fail("made again"), n_jobs=1)
    with pytest.raises(DataError, match="holds a corpus made with other settings"):
        write_corpus(folder, plan(seed=1), ProceduralSources, n_jobs=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(DataError, match="holds something else"):
        write_corpus(tmp_path / "mine", plan(), ProceduralSources, n_jobs=1)


def test_fault_43_two_at_once_make_one_corpus(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        made = [threads.submit(write_corpus, tmp_path / "made", plan(), ProceduralSources, n_jobs=1) for _ in range(2)]
    assert sorted(future.result() for future in made) == [False, True]


def test_tsv_lists_every_soundscape_also_those_without_events(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path, plan(), ProceduralSources, n_jobs=1)
    table = pd.read_csv(folder / "train.tsv", sep="\t")
    assert table["filename"].nunique() == 10
    assert table["event_label"].isna().any()
    events, lines = read_tsv(folder / "train.tsv"), []
    for path in sorted((folder / "annotations" / "train").glob("*.txt")):
        lines += [(f"{path.stem}.wav", *row) for row in read_rows(path)]
    assert list(events["event_label"]) == [line[3] for line in lines]
    np.testing.assert_allclose(events[["onset", "offset"]], [line[1:3] for line in lines], atol=1e-6)


def test_fault_46_a_root_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="corpora cannot be made here"):
        make_corpus(tmp_path / "file" / "made", plan(), ProceduralSources, n_jobs=1)


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"train": 0}])
def test_wrong_plan(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        plan(**wrong)


SR = 44100
SCENES = {
    "n_events": ["uniform", 1, 3],
    "event": {"duration": ["uniform", 0.2, 1.4], "snr": ["uniform", 6, 30]},
    "classes": {"low_hum": {"time_stretch": ["uniform", 0.8, 1.2], "pitch_shift": ["uniform", -2, 2]}},
}
SCENE_SIZES = {"train": 4, "validate": 2, "test": 2}


def make(folder: Path, foreground: Path, background: Path, spec: dict[str, Any], *, isolated: bool = False) -> Path:
    options = {"sizes": SCENE_SIZES, "split_rule": SplitRule(r"-(?P<source>\d+)-"), "isolated": isolated, "n_jobs": 1}
    synthesise(folder, foreground, background, make_spec(spec), **options)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, foreground: Path, background: Path) -> Path:
    return make(tmp_path_factory.mktemp("made") / "corpus", foreground, background, SCENES, isolated=True)


def annotations(corpus: Path) -> list[Path]:
    return sorted((corpus / "annotations").rglob("*.jams"))


def audio_of(path: Path) -> Path:
    return Path(str(path).replace("annotations", "audio")).with_suffix(".wav")


def isolated_of(path: Path) -> dict[str, np.ndarray]:
    folder = Path(str(path.with_suffix("")).replace("annotations", "isolated_events"))
    return {file.stem: sf.read(file, dtype="float32")[0] for file in sorted(folder.iterdir())}


def events_of(path: Path) -> list[tuple[Value, np.ndarray]]:
    alone = isolated_of(path)
    events = read_scene(path).events
    return [(event, alone[f"foreground{n}_{event.label}"]) for n, event in enumerate(events)]


def test_the_signal_to_noise_ratio_is_the_one_stated(corpus: Path) -> None:
    errors = []
    for path in annotations(corpus):
        settings = read_scene(path).settings
        assert settings["snr_definition"] == DEFINITIONS["lufs"]
        background = lufs(next(samples for name, samples in isolated_of(path).items() if "background" in name), SR)
        gain_db = 20 * np.log10(settings["peak_normalization_scale_factor"])
        assert 20 * np.log10(background) - gain_db == pytest.approx(settings["ref_db"], abs=0.05)
        for event, samples in events_of(path):
            onset, offset = event.event_time, event.event_time + event.event_duration * (event.time_stretch or 1)
            level = lufs(samples[round(onset * SR) : round(offset * SR)], SR)
            errors.append(20 * np.log10(level / background) - event.snr)
    assert len(errors) > 8
    assert np.abs(errors).max() < 0.1


def test_events_begin_and_end_when_stated(corpus: Path) -> None:
    """Where the energy of a steady sound passes 60 dB below its peak, which fades of 10 ms reach within 0.3 ms."""
    for path in annotations(corpus):
        for event, samples in events_of(path):
            loud = np.flatnonzero(np.abs(samples) > 1e-3 * np.abs(samples).max()) / SR
            offset = event.event_time + event.event_duration * (event.time_stretch or 1)
            assert loud[0] == pytest.approx(event.event_time, abs=0.001)
            assert loud[-1] == pytest.approx(offset, abs=0.001)


def test_isolated_events_add_up_to_the_soundscape(corpus: Path) -> None:
    for path in annotations(corpus):
        mixed, _ = sf.read(audio_of(path))
        np.testing.assert_allclose(sum(isolated_of(path).values()), mixed, atol=2 / 32768)  # dither and rounding


@pytest.mark.filterwarnings("ignore:Passing a schema to Validator:DeprecationWarning")  # inside jams
def test_jams_are_valid_and_say_the_same_as_the_text(corpus: Path) -> None:
    for path in annotations(corpus):
        (annotation,) = jams.load(str(path), validate=True, strict=True).annotations.search(namespace="scaper")
        events = [item for item in annotation if item.value["role"] == "foreground"]
        rows = sorted((float(item.time), float(item.time + item.duration), item.value["label"]) for item in events)
        expected = sorted(read_rows(path.with_suffix(".txt")))
        assert [row[2] for row in rows] == [row[2] for row in expected]
        np.testing.assert_allclose([row[:2] for row in rows], [row[:2] for row in expected], atol=1e-6)
        assert list(read_annotation(path).events) == read_rows(path.with_suffix(".txt"))


def test_the_folder_changes_no_byte(corpus: Path, tmp_path: Path, foreground: Path, background: Path) -> None:
    again = make(tmp_path / "elsewhere", foreground, background, SCENES, isolated=True)
    for path in (path for path in corpus.rglob("*") if path.is_file()):
        assert path.read_bytes() == (again / path.relative_to(corpus)).read_bytes()


def test_what_is_synthesised_loads(corpus: Path, tmp_path: Path) -> None:
    dataset = load_synthesised(corpus, "train")
    assert len(dataset) == 4
    assert dataset.classes == ("high_hum", "low_hum")
    with pytest.raises(DataError, match=r"no corpus\.json in it"):
        load_synthesised(tmp_path)


def test_a_source_shorter_than_its_event_gives_a_shorter_event(
    tmp_path: Path, foreground: Path, background: Path
) -> None:
    spec = {"n_events": 1, "event": {"duration": 9, "snr": 20}}
    sizes = {"n_train": 2, "n_validate": 1, "n_test": 1}
    dataset = load_soundscapes(tmp_path, foreground, background, spec=spec, n_jobs=1, **sizes)
    lengths = dataset.events["offset"] - dataset.events["onset"]
    np.testing.assert_allclose(lengths, 1.5, atol=0.001)


def test_fault_45_file_names_come_through_unchanged(tmp_path: Path, foreground: Path, background: Path) -> None:
    strange = tmp_path / 'Vögel, "quoted" & spaces'
    for source in sorted((foreground / "001 - Low hum").iterdir()):
        target = strange / "Möwe (Ruf), nah" / f"ein, {source.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    made = make(tmp_path / "made corpus", strange, background, {**SCENES, "classes": {}})
    (path, *_) = annotations(made)
    (event, *_) = read_scene(path).events
    assert event.label == "möwe_ruf_nah"
    assert event.source_file.startswith("Möwe (Ruf), nah/ein, ")
    assert json.loads((made / "corpus.json").read_text(encoding="utf-8"))["classes"] == ["möwe_ruf_nah"]
