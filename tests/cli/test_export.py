"""``sedpool export`` of a finished run, and the programs that use what it writes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

import sedpool as sp
from sedpool import audio
from sedpool.cli.app import app
from sedpool.errors import AudioError
from sedpool.inference.decode import Decoder
from sedpool.inference.export.parity import check_signal
from sedpool.inference.predict import predict
from sedpool.run_folder import RunFolder

pytest.importorskip("tf2onnx", reason="needs the extra export: pip install 'sedpool[export]'")
pytest.importorskip("onnxruntime", reason="needs the extra export: pip install 'sedpool[export]'")
pytest.importorskip("ai_edge_litert", reason="needs the extra export: pip install 'sedpool[export]'")

ROOT = Path(__file__).parents[2]
RUN = ROOT / "tests/golden/fixtures/runs/demo-cap-s0-aaddf8ec49"
EXAMPLES = {"onnx": "onnx", "litert": "tflite", "savedmodel": "savedmodel", "keras": "keras"}
BARRED = {"onnx": ("sedpool", "tensorflow"), "litert": ("sedpool", "tensorflow")}


def sedpool(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, arguments)])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    everything = [word for suffix in EXAMPLES.values() for word in ("--to", suffix)]
    shown = sedpool(RUN, *everything, "--out", folder / "demo.v1")
    assert shown.exit_code == 0, shown.exception
    assert shown.stdout.count("30.00 s") == 4
    return folder


def test_several_kinds_of_file_stand_side_by_side_each_with_its_description(exported: Path) -> None:
    names = [f"demo.v1.{suffix}" for suffix in EXAMPLES.values()]
    assert {path.name for path in exported.iterdir()} == {*names, *(f"{name}.json" for name in names)}
    tuned = json.loads((RUN / "tuned.json").read_text())["decoding"]
    for name in names:
        about = json.loads((exported / f"{name}.json").read_text())
        assert about["decoding"]["threshold"] == tuned["threshold"]
        assert about["classes"] == list(RunFolder(RUN).classes)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recordings") / "stereo.wav"
    left = check_signal(22050)[:200_003]
    soundfile.write(path, np.stack([left, np.roll(left, 3000) * 0.5], axis=1), 22050)
    return path


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_short_program_without_sedpool_finds_the_events_of_the_run(
    name: str, exported: Path, recording: Path
) -> None:
    program = ROOT / f"docs/examples/{name}_detect.py"
    lines = [line for line in program.read_text().splitlines() if line and not line.startswith('"""')]
    assert len(lines) <= 21
    barred = "".join(f"sys.modules[{module!r}] = None; " for module in BARRED.get(name, ("sedpool",)))
    code = f"import runpy, sys; {barred}sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-c", code, str(program), str(exported / f"demo.v1.{EXAMPLES[name]}"), str(recording)]
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    shown = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert shown.returncode == 0, shown.stderr
    found = [line.split("\t") for line in shown.stdout.splitlines()]
    expected = expected_events(recording)
    assert len(expected) > 5
    assert [(f"{onset:.3f}", f"{offset:.3f}", label) for onset, offset, label in expected] == [*map(tuple, found)]


def expected_events(recording: Path) -> list[tuple[float, float, str]]:
    """What sedpool itself detects, class after class as the programs print."""
    trained, decoding = sp.load(RUN), json.loads((RUN / "tuned.json").read_text())["decoding"]
    extractor, detector = trained.extractor, trained.detector
    samples = audio.read(recording, extractor.sr)
    scores, _ = predict(
        detector,
        {"recording": extractor(samples)},
        {"recording": len(samples) / extractor.sr},
        frame_rate=extractor.frame_rate,
        silence=extractor.silence,
    )
    events = Decoder(threshold=decoding["threshold"]).events(scores)
    order = events["event_label"].map(detector.classes.index)
    rows = events.assign(order=order).sort_values(["order", "onset"])[["onset", "offset", "event_label"]]
    return list(rows.itertuples(index=False, name=None))


def test_a_file_is_named_like_its_run_if_it_gets_no_name(tmp_path: Path) -> None:
    shutil.copytree(RUN, tmp_path / "mine")
    shown = sedpool(tmp_path / "mine", "--to", "keras", "--features", "outside")
    assert shown.exit_code == 0, shown.exception
    assert (tmp_path / "mine/mine.keras").is_file()
    assert (tmp_path / "mine/mine.keras.json").is_file()


def test_a_package_is_exported_beside_itself(tmp_path: Path) -> None:
    package = tmp_path / "mine.sedpool"
    sp.load(RUN).save(package)
    shown = sedpool(package, "--to", "keras")
    assert shown.exit_code == 0, shown.exception
    assert {path.name for path in tmp_path.iterdir()} == {"mine.sedpool", "mine.keras", "mine.keras.json"}


def test_a_damaged_recording_to_check_on_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"RIFF")
    shown = sedpool(RUN, "--to", "keras", "--out", tmp_path / "x", "--check", tmp_path / "no.wav")
    assert isinstance(shown.exception, AudioError)
    assert "no.wav" in str(shown.exception)
