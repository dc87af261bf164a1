"""Soundscapes rendered again, against the audio they were written with and against a renderer after Scaper."""

import json
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile as sf

from sedpool.audio.loudness import lufs_as_scaper
from sedpool.datasets.soundscapes import synthesise
from sedpool.errors import DataError
from sedpool.formats import scaper_jams
from sedpool.soundscapes.render import find_source, render_files
from sedpool.soundscapes.spec import make_spec
from sedpool.soundscapes.splits import SplitRule

SR = 44100
SCAPER = {"sr": SR, "ref_db": -50, "n_channels": 1, "fade_in_len": 0.01, "fade_out_len": 0.01, "reverb": None}


def value(role: str = "foreground", **change: object) -> dict[str, object]:
    common = {"role": role, "pitch_shift": None, "time_stretch": None, "source_time": 0.3}
    if role == "background":
        return (
            common
            | {"label": "park", "source_file": "x/bg/park/0.wav", "event_time": 0.0, "event_duration": 10.0, "snr": 0}
            | change
        )
    place = {"label": "hum", "source_file": "x/fg/001 - Low hum/1-101-A.wav", "event_time": 2.0, "event_duration": 1.2}
    return common | place | {"snr": 20.0} | change


def write(path: Path, *values: dict[str, object], **settings: object) -> Path:
    path.write_text(json.dumps(scaper_jams.document(10.0, values, SCAPER | settings)))
    return path


def lufs(samples: np.ndarray) -> float:
    repeats = int(np.ceil(0.5 * SR / len(samples)))
    return max(pyloudnorm.Meter(SR).integrated_loudness(np.tile(samples, repeats).astype(float)), -70.0)


def cut(path: Path, start: float, length: float) -> np.ndarray:
    samples, native = sf.read(path)
    if native != SR:
        samples = np.interp(np.arange(0, len(samples) / native, 1 / SR), np.arange(len(samples)) / native, samples)
    return samples[round(start * SR) :][: round(length * SR)]


def as_scaper(values: list[dict], foreground: Path, background: Path) -> np.ndarray:
    """What Scaper's documentation says it does: gains by LUFS, sine fades, events placed and summed."""
    mixed = np.zeros(10 * SR)
    for item in values:
        root = background if item["role"] == "background" else foreground
        samples = cut(root.joinpath(*Path(item["source_file"]).parts[2:]), item["source_time"], item["event_duration"])
        if item["role"] == "foreground":
            ramp = np.sin(np.linspace(0, np.pi / 2, 441))
            samples[:441] *= ramp
            samples[-441:] *= ramp[::-1]
        first = round(item["event_time"] * SR)
        mixed[first : first + len(samples)] += 10 ** ((-50 + item["snr"] - lufs(samples)) / 20) * samples
    return mixed


def levels_db(samples: np.ndarray, width: float) -> np.ndarray:
    n = round(width * SR)
    return 10 * np.log10((samples[: len(samples) // n * n].reshape(-1, n) ** 2).mean(axis=1) + 1e-12)


def lag(one: np.ndarray, other: np.ndarray) -> float:
    """Seconds that `other` comes after `one`, by their cross-correlation."""
    n = 2 * len(one)
    correlation = np.fft.irfft(np.fft.rfft(other, n) * np.fft.rfft(one, n).conj(), n)
    peak = int(correlation.argmax())
    return (peak - n if peak > len(one) else peak) / SR


def test_what_scaper_wrote_is_rendered_as_scaper_does(tmp_path: Path, foreground: Path, background: Path) -> None:
    values = [
        value("background"),
        value(),
        value(
            event_time=5.0, event_duration=0.3, snr=30.0, source_time=0.5, source_file="x/fg/002 - High hum/2-202-A.wav"
        ),
    ]
    path = write(tmp_path / "scene.jams", *values)
    (target,) = render_files([path], foreground, background, tmp_path / "out", n_jobs=1)
    rendered, expected = sf.read(target)[0], as_scaper(values, foreground, background)
    assert len(rendered) == 10 * SR
    assert np.abs(levels_db(rendered, 0.1) - levels_db(expected, 0.1)).max() < 0.5
    for start in (1.5, 4.9):
        window = slice(round(start * SR), round((start + 2) * SR))
        assert abs(lag(expected[window], rendered[window])) < 0.001


@pytest.mark.parametrize("change", [{}, {"pitch_shift": 2.0}, {"time_stretch": 1.5}])
def test_a_scaper_event_has_its_level_and_length(
    tmp_path: Path, foreground: Path, background: Path, change: dict[str, float]
) -> None:
    bed = render_files([write(tmp_path / "bed.jams", value("background"))], foreground, background, tmp_path, n_jobs=1)
    path = write(tmp_path / "scene.jams", value("background"), value(**change))
    with_event, without = (sf.read(file)[0] for file in (*render_files([path], foreground, background, tmp_path), *bed))
    event = with_event - without
    loud = np.flatnonzero(np.abs(event) > 2e-3) / SR
    length = 1.2 * change.get("time_stretch", 1.0)
    assert loud[0] == pytest.approx(2.0, abs=0.005)
    assert loud[-1] == pytest.approx(2.0 + length, abs=0.005)
    assert lufs(event[2 * SR : round((2 + length) * SR)]) - lufs(without) == pytest.approx(20.0, abs=0.1)


def test_a_scale_factor_and_a_short_background_are_rendered(tmp_path: Path, foreground: Path, background: Path) -> None:
    paths = [
        write(tmp_path / "whole.jams", value("background", source_time=0.0)),
        write(tmp_path / "half.jams", value("background", source_time=0.0), peak_normalization_scale_factor=0.5),
        write(tmp_path / "short.jams", value("background", source_time=8.0)),
    ]
    whole, half, short = (sf.read(file)[0] for file in render_files(paths, foreground, background, tmp_path, n_jobs=1))
    assert lufs(half) - lufs(whole) == pytest.approx(-6.02, abs=0.05)
    assert len(short) == 10 * SR
    np.testing.assert_allclose(short[: 3 * SR], short[3 * SR : 6 * SR], atol=3 / 32768)


def test_a_soundscape_of_ours_is_rendered_as_it_was(tmp_path: Path, foreground: Path, background: Path) -> None:
    event = {
        "duration": ["uniform", 0.3, 1.2],
        "snr": ["uniform", 6, 45],  # loud enough for some to be scaled
        "pitch_shift": ["choose", [-1, 0, 2]],
        "time_stretch": ["choose", [0.8, 1, 1.3]],
    }
    corpus, split_rule = tmp_path / "corpus", SplitRule(r"-(?P<source>\d+)-")
    sizes = {"train": 4, "validate": 1, "test": 1}
    spec = make_spec({"n_events": ["uniform", 1, 4], "event": event})
    synthesise(corpus, foreground, background, spec, sizes=sizes, split_rule=split_rule, n_jobs=1)
    paths = sorted((corpus / "annotations").rglob("*.jams"))
    targets = render_files(paths, foreground, background, tmp_path / "again", n_jobs=1)
    for path, target in zip(paths, targets, strict=True):
        original = Path(str(path).replace("annotations", "audio")).with_suffix(".wav")
        np.testing.assert_allclose(sf.read(target)[0], sf.read(original)[0], atol=4 / 32768)  # but for the dither


def test_scapers_own_files_are_read(shared_data: Path) -> None:
    paths = sorted((shared_data / "scaper_regression").glob("*.jams"))
    assert len(paths) == 14
    for path in paths:
        scene = scaper_jams.read_scene(path)
        durations = [scaper_jams.duration_in_scene(vars(event)) for event in scene.events]
        table = path.with_suffix(".txt")
        if table.exists():
            rows = [line.split("\t") for line in table.read_text().splitlines()]
            assert [row[2] for row in rows] == [event.label for event in scene.events]
            stated = [float(row[1]) - float(row[0]) for row in rows]
            np.testing.assert_allclose(durations, stated, atol=1e-5)


@pytest.mark.parametrize(
    ("start", "stop", "level"), [(0, 2, -50.0), (8, 10, -50.0), (5, 5.6875, -30.0), (7, 7.9675, -40.0)]
)
def test_scapers_own_audio_has_the_levels_that_its_jams_state_by_our_measure(
    shared_data: Path, start: float, stop: float, level: float
) -> None:
    """Background alone, then the events at 20 and 10 dB over it: what else sounds there adds 0.4 dB at most."""
    scene = scaper_jams.read_scene(shared_data / "scaper_regression" / "soundscape_20170928.jams")
    samples, sr = sf.read(shared_data / "scaper_regression" / "soundscape_20170928.wav", dtype="float32")
    assert level - scene.settings["ref_db"] in {0.0, *(event.snr for event in scene.events)}
    assert 20 * np.log10(lufs_as_scaper(samples[round(start * sr) : round(stop * sr)], sr)) == pytest.approx(
        level, abs=0.5
    )


def test_urban_seds_first_version_is_read(shared_data: Path) -> None:
    paths = sorted((shared_data / "urbansed_annotations").rglob("*.jams"))[:50]
    assert len(paths) == 50
    for path in paths:
        events = scaper_jams.read_scene(path).events
        stated = [line.split() for line in path.with_suffix(".txt").read_text().splitlines()]
        durations = {
            (round(event.event_time, 3), event.label): scaper_jams.duration_in_scene(vars(event)) for event in events
        }
        for onset, offset, label in stated:
            assert durations[round(float(onset), 3), label] == pytest.approx(float(offset) - float(onset), abs=1e-3)


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        ([value("background"), value(source_file="x/gone.wav")], {}, r"no x/gone\.wav in it"),
        ([value("background"), value(event_duration=7.0)], {}, r"1-101-A\.wav: ends before 7\.3 s"),
        ([value("background", source_time=60.0)], {}, r"0\.wav: ends before 60\.0 s"),
        ([value("background")], {"reverb": 0.2}, r"made with reverb 0\.2"),
        ([value("background")], {"n_channels": 2}, "made with 2 channels"),
        ([value("background")], {"sr": "fast"}, r"sandbox\.scaper\.sr is 'fast'"),
        ([value()], {}, "0 backgrounds; expected one"),
        ([value("background"), value(snr=None)], {}, r"observation 1: value\.snr=None"),
        ([value("background"), value(source_time=-1.0)], {}, r"observation 1: value\.source_time=-1\.0"),
    ],
)
def test_what_cannot_be_rendered(
    tmp_path: Path, foreground: Path, background: Path, values: list, settings: dict, message: str
) -> None:
    path = write(tmp_path / "scene.jams", *values, **settings)
    with pytest.raises(DataError, match=rf"scene\.jams.*{message}"):
        render_files([path], foreground, background, tmp_path / "out", n_jobs=1)
    assert not (tmp_path / "out" / "scene.wav").exists()


def test_reverb_may_be_left_out(tmp_path: Path, foreground: Path, background: Path) -> None:
    paths = [write(tmp_path / f"{reverb}.jams", value("background"), value(), reverb=reverb) for reverb in (None, 0.1)]
    dry, wet = (file.read_bytes() for file in render_files(paths, foreground, background, tmp_path, dry=True, n_jobs=1))
    assert dry == wet


def test_two_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2 JAMS have only 1 names"):
        render_files([tmp_path / "a" / "x.jams", tmp_path / "b" / "x.jams"], tmp_path, tmp_path, tmp_path)


def test_a_source_is_found_by_the_longest_end_of_its_path(tmp_path: Path) -> None:
    for name in ("siren/a.wav", "deep/siren/a.wav", "a.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert find_source("/data/audio/siren/a.wav", tmp_path) == tmp_path / "siren" / "a.wav"
    assert find_source("C:\\audio\\deep\\siren\\a.wav", tmp_path) == tmp_path / "deep" / "siren" / "a.wav"
    assert find_source("/elsewhere/a.wav", tmp_path) == tmp_path / "a.wav"
    with pytest.raises(DataError, match=r"no siren/\.\./\.\./b\.wav in it"):
        find_source("siren/../../b.wav", tmp_path)
