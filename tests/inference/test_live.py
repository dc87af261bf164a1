"""Sound that goes on, against the recording that it makes."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import sedpool as sp
from sedpool.cli.app import app
from sedpool.errors import AudioError, ConfigError
from sedpool.features.logmel import LogMel
from sedpool.inference.decode import Decoder
from sedpool.inference.live import LiveDetector, read_pcm
from sedpool.inference.recordings import Method, Selection
from sedpool.inference.trained_detector import TrainedDetector
from sedpool.models.backbones import compact_cnn
from sedpool.models.detector import build_detector
from sedpool.pooling import Max

FIXED = LogMel(sr=8000, n_fft=256, hop_length=128, n_mels=32, reference="fixed")
STEP = 16 * 128 / 8000  # seconds of an output frame


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(3)
    detector = build_detector(compact_cnn(32, (4, 6, 8), 8), Max(), classes=("dog", "cat"), patch_frames=256)
    plain = TrainedDetector(detector, None, FIXED, Path("unused"), 256)
    # Its weights are random: half of all frames are made active.
    median = plain.scores(sound(30), sr=8000)[["dog", "cat"]].median().to_dict()
    decoder = Decoder(threshold=median, median_filter=3 * STEP, max_gap=STEP, min_duration=2 * STEP)
    return replace(plain, decoder=decoder)


def sound(seconds, seed=0):
    """Noise whose level changes every half second, so that there is something to detect."""
    rng = np.random.default_rng(seed)
    levels = np.repeat(10 ** rng.uniform(-4, 0, int(2 * seconds) + 1), 4000)[: int(seconds * 8000)]
    return (levels * rng.normal(0, 0.3, len(levels))).astype(np.float32)


def ended(changes):
    return [
        (c.event.event_label, round(c.event.onset, 6), round(c.event.offset, 6)) for c in changes if c.kind == "end"
    ]


@given(cuts=st.lists(st.integers(0, 30 * 8000), max_size=12).map(sorted), seed=st.integers(0, 20))
@settings(max_examples=15, deadline=None)
def test_live_sound_gives_the_events_of_the_recording(trained, cuts, seed):
    samples = sound(30, seed)
    live = LiveDetector(Method((trained,), trained.decoder), 8000)
    changes = [change for piece in np.split(samples, cuts) for change in live.push(piece)] + list(live.finish())
    expected = trained.detect(samples, sr=8000)
    assert len(expected) > 3
    rows = expected[["event_label", "onset", "offset"]].round(6).itertuples(index=False, name=None)
    assert sorted(ended(changes)) == sorted(rows)
    open_events = set()
    for change in changes:
        key = (change.event.event_label, change.event.onset)
        assert (key in open_events) == (change.kind != "begin")
        (open_events.discard if change.kind == "end" else open_events.add)(key)
    assert not open_events


def test_an_event_is_known_a_margin_and_half_a_filter_after_its_end(trained):
    samples, live, found = sound(30), LiveDetector(Method((trained,), trained.decoder), 8000), 0
    for first in range(0, len(samples), 800):
        for change in live.push(samples[first : first + 800]):
            if change.kind == "end":
                found += 1
                # The frame after it, a frame of margin, a frame of the filter, the gap, and a block.
                assert live.duration - change.event.offset <= 4 * STEP + STEP + 0.1 + 1e-6
    assert found > 0


def test_a_selection_by_itself_applies_and_one_over_all_events_is_refused(trained):
    with pytest.raises(ConfigError, match="--top"):
        LiveDetector(Method((trained,), trained.decoder, Selection(top=3)), 8000)
    with pytest.raises(ConfigError, match="box_filter"):
        LiveDetector(Method((trained,), Decoder(box_filter=0.5), Selection()), 8000)
    with pytest.raises(ConfigError, match="clip_mask"):
        LiveDetector(Method((trained,), Decoder(clip_mask=True), Selection()), 8000)
    live = LiveDetector(Method((trained,), trained.decoder, Selection(classes=("cat",))), 8000)
    changes = [*live.push(sound(20)), *live.finish()]
    assert {change.event.event_label for change in changes} <= {"cat"}


class Trickle(io.BytesIO):
    """Standard input that never has more than a few bytes."""

    def read1(self, size=-1):
        return super().read1(min(size, 7))


@pytest.mark.parametrize(("encoding", "bits"), [("s16", 16), ("s24", 24), ("s32", 32), ("f32", None)])
def test_raw_samples_are_read_as_they_come(encoding, bits):
    values = np.array([[0.5, -0.5], [0.25, -1.0], [0.0, 0.125]])
    if bits is None:
        data = values.astype("<f4").tobytes()
    else:
        whole = np.round(values * 2 ** (bits - 1)).astype("<i4")
        data = whole.reshape(-1, 1).view(np.uint8)[:, : bits // 8].tobytes()
    blocks = list(read_pcm(Trickle(data), encoding, 2))
    np.testing.assert_allclose(np.concatenate(blocks), values, atol=1e-6)
    with pytest.raises(AudioError, match="ends within a sample"):
        list(read_pcm(Trickle(data[:-1]), encoding, 2))


def test_samples_that_are_not_finite_are_refused():
    with pytest.raises(AudioError, match="not finite"):
        list(read_pcm(io.BytesIO(np.array([0, np.nan], "<f4").tobytes()), "f32", 1))


@pytest.mark.parametrize("partial", [False, True])
def test_the_command_prints_events_as_they_end(finished, partial):
    rng = np.random.default_rng(0)
    samples = (rng.normal(0, 0.1, 15 * 44100) * np.abs(np.sin(np.arange(15 * 44100) / 44100))).astype("<f4")
    options = ["--stream", "--encoding", "f32", "--threshold", "0.05", *(["--partial"] if partial else [])]
    if partial:
        printed = CliRunner().invoke(app, ["detect", str(finished.path), *options], input=samples.tobytes()).stdout
    else:  # in a shell
        command = [sys.executable, "-c", "from sedpool.cli.app import main; main()", "detect", finished.path, *options]
        printed = subprocess.run(command, input=samples.tobytes(), capture_output=True, check=True).stdout.decode()
    decoder = replace(sp.load(finished.path).decoder, threshold=0.05)
    expected = sp.load(finished.path).detect(samples, sr=44100, decoder=decoder)
    if partial:
        rows = [row for row in map(json.loads, printed.splitlines()) if row["kind"] == "end"]
    else:
        rows = pd.read_csv(io.StringIO(printed), sep="\t").to_dict("records")
    assert len(rows) == len(expected) > 0
    found = sorted((row["onset"], row["event_label"], row["offset"]) for row in rows)
    wanted = sorted(zip(expected["onset"], expected["event_label"], expected["offset"], strict=True))
    for one, other in zip(found, wanted, strict=True):
        assert one == (pytest.approx(other[0], abs=1e-6), other[1], pytest.approx(other[2], abs=1e-6))


def test_a_missing_microphone_is_one_line(finished):
    error = CliRunner().invoke(app, ["listen", str(finished.path), "--seconds", "0.1"]).exception
    assert isinstance(error, ConfigError | AudioError)
    assert "microphone" in str(error)


def test_no_sound_gives_no_events(trained):
    assert list(LiveDetector(Method((trained,), Decoder(threshold=0.0)), 8000).finish()) == []


def test_a_file_with_a_header_is_no_raw_sound():
    with pytest.raises(AudioError, match="a file with a header"):
        list(read_pcm(io.BytesIO(b"RIFF" + bytes(40)), "s16", 1))
