"""The detector that sedpool brings."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from typer.testing import CliRunner, Result

import sedpool as sp
from sedpool.cli.app import app
from sedpool.experiment.load import load
from sedpool.inference.package import DEMO_FILE, is_package, open_run

CLASSES = (
    "baby_cry", "chainsaw", "clock_tick", "dog_bark", "fire_crackling", "helicopter", "person_sneeze", "rain",
    "rooster", "sea_waves",
)  # fmt: skip
SR = 16000


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve seconds of soft noise with loud bursts, in a folder that has nothing else."""
    samples = np.random.default_rng(0).normal(0, 0.01, 12 * SR)
    samples[4 * SR : 7 * SR] *= 20
    sf.write(tmp_path / "recording.wav", samples, SR)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "recording.wav"


def detect(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["detect", *arguments])


@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(DEMO_FILE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_detects_right_after_installing_and_says_what_it_is(recording: Path) -> None:
    result = detect("demo", recording.name, "--threshold", "0.02")
    assert result.exit_code == 0, result.exception
    assert "demo: a demonstration that knows 10 sounds (baby_cry, chainsaw" in result.stderr
    events = pd.read_csv(io.StringIO(result.stdout), sep="\t")
    assert len(events) > 0
    assert set(events["event_label"]) <= set(CLASSES)
    assert events["offset"].max() <= 12
    frames = sp.load("demo").scores(recording)
    assert (frames["offset"] - frames["onset"]).median() == pytest.approx(0.0929, abs=1e-4)


def test_a_run_of_that_name_comes_first(recording: Path) -> None:
    assert is_package("demo")
    Path("demo").mkdir()
    assert not is_package("demo")
    assert "demo: no run in it" in str(detect("demo", recording.name).exception)


def test_it_is_small_and_in_half_precision(parts: dict[str, bytes]) -> None:
    assert DEMO_FILE.stat().st_size < 1_500_000
    with np.load(io.BytesIO(parts["weights.npz"])) as weights:
        values = [weights[name] for name in weights.files if weights[name].dtype.kind == "f"]
    assert {one.dtype for one in values} == {np.dtype(np.float16)}
    assert all(np.isfinite(one).all() for one in values)


def test_every_recording_has_an_attribution(parts: dict[str, bytes]) -> None:
    terms = parts["LICENSE"].decode()
    assert terms.startswith("CC-BY-4.0\n")
    assert "demonstration" in terms
    for maker in ("Thomas Rosen", "Pete Warden", "scikit-maad"):
        assert maker in terms
    clips = re.findall(r"^- (\d)-\d+-[A-Z]\.ogg: .+, by .+, https?://\S+, (\S+)$", terms, re.MULTILINE)
    assert len(clips) == terms.count(".ogg:") > 300
    assert {fold for fold, _ in clips} == set("1234")
    assert {licence for _, licence in clips} == {"CC0", "CC-BY"}


def test_its_card_states_what_other_detectors_scored(parts: dict[str, bytes]) -> None:
    card = parts["card.md"].decode()
    with open_run("demo") as run:
        folds, scored = run.metrics["cross_validated"], run.metrics["coverage"]["scored"]
        assert scored == 200 * folds
        assert f"cross-validation, on {scored} test clips of soundscapes of ESC-10, with {folds} detector" in card
        assert run.classes == CLASSES
        tuned = run.metrics["tuned"]
        for level in ("clip", "segment", "event"):
            assert f"{tuned[level]['micro']['f1']:.3f} [" in card.replace("\\[", "[")
        assert run.config["supervision"] == "weak"
        assert run.config["labels"]["times"] == "test"


def test_it_is_a_package_as_any_other(recording: Path) -> None:
    result = CliRunner().invoke(app, ["pack", "demo", "mine.sedpool", "--name", "mine"])
    assert result.exit_code == 0, result.exception
    pd.testing.assert_frame_equal(load("mine.sedpool").detect(recording), load("demo").detect(recording))
