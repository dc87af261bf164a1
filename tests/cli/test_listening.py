"""``sedpool detect --html`` and ``--linked``: what the page holds, and what is refused."""

import base64
import json
import re
import shlex
import shutil
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

ROOT = Path(__file__).parents[2]


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
    assert [(seconds, len(names)) for seconds, names in second["pictures"]["mel"]] == [(10, 3), (23, 1)]
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


def test_the_commands_of_the_page_about_it_run(
    finished: RunFolder, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished.path, tmp_path / "experiments/runs/RUN")
    recordings.rename(tmp_path / "recordings")
    (tmp_path / "labels.tsv").write_text("filename\tonset\toffset\tevent_label\na.wav\t1\t2\tsiren\n", encoding="utf-8")
    commands = re.findall(r"^sedpool .*$", (ROOT / "docs/listen.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        result = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
        assert result.exit_code == 0, f"{command}: {result.output}"
    page = content(tmp_path / "experiments/runs/RUN/report/listening.html")
    assert [one["name"] for one in page["recordings"]] == sorted(set(finished.scores["filename"]))
    reference = sum(len(one["reference"]) for one in page["recordings"])
    assert reference == finished.metrics["event"]["micro"]["n_ref"]
    assert content(tmp_path / "bats.html")["slower"] == 10
    assert (tmp_path / "experiments/runs/RUN/report/listening/0/sound.mp3").is_file()


def test_so_many_clips_are_on_the_page_of_a_run(finished: RunFolder, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["report", str(finished.path), "--output", str(tmp_path), "--audio", "--clips", "3"]
    )
    assert result.exit_code == 0, result.output
    assert "3 of 8 test clips" in result.stderr
    assert len(content(tmp_path / "listening.html")["recordings"]) == 3


@pytest.mark.parametrize(
    ("options", "said"), [(("--clips", "3"), "nothing without --audio"), (("--linked",), "nothing without --audio")]
)
def test_options_of_a_page_that_nobody_asks_for_are_refused(
    finished: RunFolder, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    result = CliRunner().invoke(app, ["report", str(finished.path), "--output", str(tmp_path), *options])
    assert isinstance(result.exception, ConfigError)
    assert said in str(result.exception)


def test_a_page_is_about_one_run(finished: RunFolder, tmp_path: Path) -> None:
    other = shutil.copytree(finished.path, tmp_path / "another")
    result = CliRunner().invoke(app, ["report", str(finished.path), str(other), "--output", str(tmp_path), "--audio"])
    assert isinstance(result.exception, ConfigError)
    assert "about one run, and here are 2" in str(result.exception)
