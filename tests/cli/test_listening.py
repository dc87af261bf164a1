"""``sedpool detect --html`` and ``--linked``: what the page holds, and what is refused."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from typer.testing import CliRunner, Result

import sedpool as sp
from sedpool.cli.app import app
from sedpool.errors import ConfigError, DataError
from sedpool.run_folder import RunFolder


def detect(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["detect", *map(str, arguments)])


def content(page: Path) -> dict[str, Any]:
    """What the page's script reads."""
    (text,) = re.findall(
        r'<script id="data" type="application/json">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL
    )
    return dict(json.loads(text))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two recordings, the second longer than a picture."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, seconds in (("a.wav", 4), ("b.wav", 23)):
        samples = np.random.default_rng(seconds).normal(0, 0.1, seconds * 44100)
        sf.write(folder / name, samples * np.abs(np.sin(np.arange(len(samples)) / 44100)), 44100)
    return folder


def test_the_page_holds_what_detect_decides_by(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("a.wav\t1\t2\tsiren\na.wav\t2\t3\tanother\n", encoding="utf-8")
    command = (finished.path, recordings, "--threshold", 0.3, "--min-confidence", 0.4, "--top", 7)
    plain = detect(*command)
    result = detect(*command, "--html", tmp_path / "page.html", "--reference", tmp_path / "labels.txt")
    assert result.exit_code == 0, result.output
    assert result.stdout == plain.stdout
    for said in ("page to listen to", "1 of 2 recordings", "does not know them: another"):
        assert said in result.stderr
    page = content(tmp_path / "page.html")
    assert page["classes"] == list(finished.classes)
    assert page["decoder"]["threshold"] == [0.3] * len(finished.classes)
    assert page["selection"] == {"minConfidence": 0.4, "top": 7}
    first, second = page["recordings"]
    assert [one["label"] for one in first["reference"]] == [finished.classes.index("siren")]
    assert second["reference"] is None
    assert len(second["pictures"]["mel"]) == 3
    scores = sp.load(finished.path).scores(recordings / "b.wav")
    found = np.frombuffer(base64.b64decode(second["probabilities"]), "<f4").reshape(len(finished.classes), -1)
    np.testing.assert_allclose(found.T, scores[list(finished.classes)], atol=1e-6)


def test_a_command_that_goes_on_makes_the_page_too(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    command = (finished.path, recordings, "--out", tmp_path / "out")
    assert detect(*command).exit_code == 0
    assert detect(*command, "--linked", tmp_path / "page").exit_code == 0
    assert len(content(tmp_path / "page/index.html")["recordings"]) == 2
    assert (tmp_path / "page/1/mel-2.webp").is_file()
    assert (tmp_path / "out/detections.tsv").is_file()


def test_only_chosen_classes_are_on_the_page(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    detect(finished.path, recordings / "a.wav", "--classes", "siren", "--html", tmp_path / "page.html")
    assert content(tmp_path / "page.html")["classes"] == ["siren"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--html", "a.html", "--linked", "b"), "give one of them"),
        (("--reference", "a.tsv"), "nothing without a page"),
        (("--time-expansion", "10"), "nothing without a page"),
    ],
)
def test_options_that_go_nowhere_are_refused(finished: RunFolder, options: tuple[str, ...], said: str) -> None:
    result = detect(finished.path, "a.wav", *options)
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)


def test_a_reference_of_other_recordings_is_refused(finished: RunFolder, recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("c.wav\t1\t2\tsiren\nd.wav\t2\t3\tsiren\n", encoding="utf-8")
    html = ("--html", tmp_path / "page.html", "--reference", tmp_path / "labels.txt")
    result = detect(finished.path, recordings, *html)
    assert isinstance(result.exception, DataError)
    assert "names none of the recordings" in str(result.exception)
