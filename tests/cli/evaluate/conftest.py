"""The command as a shell user has it: anybody's files in, numbers out, or one line that says what is wrong."""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from sedpool.cli.app import main
from sedpool.scores import frame_scores, write_scores

HEADER = "filename\tonset\toffset\tevent_label\n"
REFERENCE = HEADER + "a.wav\t0.0\t4.0\tdog\na.wav\t2.0\t6.0\tsiren\nb.wav\t0.0\t2.0\tsiren\nsilent.wav\t\t\t\n"
ESTIMATED = HEADER + "a.wav\t1.0\t5.0\tdog\nb.wav\t0.1\t2.0\tsiren\n"
DURATIONS = "filename\tduration\na.wav\t10\nb.wav\t10\nsilent.wav\t10\n"


class Shown(NamedTuple):
    output: str
    error: str


Command = Callable[..., Shown]


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in this process; its error is the line that would be on standard error."""
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Shown:
        monkeypatch.setattr(sys, "argv", ["sedpool", "evaluate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Shown(captured.out, captured.err if isinstance(ended.value.code, int) else str(ended.value.code))

    return run


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[object]]:
    """Write both tables; return the options that name them."""

    def write(reference: str = REFERENCE, estimated: str = ESTIMATED) -> list[object]:
        (tmp_path / "reference.tsv").write_text(reference, encoding="utf-8")
        (tmp_path / "estimated.tsv").write_text(estimated, encoding="utf-8")
        return ["--reference", tmp_path / "reference.tsv", "--estimated", tmp_path / "estimated.tsv"]

    return write


def metrics(evaluate: Command, *arguments: object) -> dict:
    shown = evaluate(*arguments, "--json", "-")
    assert not shown.error
    return json.loads(shown.output)


def assert_one_line(shown: Shown, *parts: str) -> None:
    assert shown.error.startswith("error: ")
    assert len(shown.error.splitlines()) == 1
    assert not shown.output
    for part in parts:
        assert part in shown.error


@pytest.fixture
def scores(tmp_path):
    """Frames of 0.5 s whose events at 0.5 are those of ESTIMATED, but that b.wav's siren starts at 0 s."""
    tables = []
    for name in ("a.wav", "b.wav", "silent.wav"):
        values = np.full((20, 2), 0.1)
        if name == "a.wav":
            values[2:10, 0] = 0.9
        if name == "b.wav":
            values[0:4, 1] = 0.8
        tables.append(frame_scores(name, values, np.arange(0, 10.5, 0.5), ["dog", "siren"]))
        folder = tmp_path / "scores"
        folder.mkdir(exist_ok=True)
        tables[-1].drop(columns="filename").to_csv(folder / name.replace(".wav", ".tsv"), sep="\t", index=False)
    write_scores(pd.concat(tables, ignore_index=True), tmp_path / "scores.parquet")
    return tmp_path / "scores.parquet"


@pytest.fixture
def clip_scores(tmp_path):
    """The dog is ranked b, a, silent, and the siren b, silent, a."""
    table = pd.DataFrame(
        {"filename": ["a.wav", "b.wav", "silent.wav"], "dog": [0.4, 0.8, 0.1], "siren": [0.1, 0.9, 0.15]}
    )
    write_scores(table, tmp_path / "clip_scores.parquet")
    return tmp_path / "clip_scores.parquet"
