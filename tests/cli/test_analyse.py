"""``sedpool analyse`` takes events as tuned unless asked otherwise, and says so."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sedpool.analysis.boundaries import boundary_deviations
from sedpool.analysis.confusion import confusion
from sedpool.analysis.timeline import timeline
from sedpool.cli.app import app
from sedpool.experiment.load import dataset_of, events_of
from sedpool.formats import read_tsv
from sedpool.run_folder import RunFolder


@pytest.mark.parametrize(
    ("options", "name", "said"),
    [
        ([], "tuned_events.tsv", "as tuned on 8 validation clips by segment F1, 1 s"),
        (["--decode", "set"], "events.tsv", "as set, not as tuned on validation"),
    ],
)
def test_events_as_tuned_or_as_set_are_analysed(
    finished: RunFolder, tmp_path: Path, options: list[str], name: str, said: str
) -> None:
    run = RunFolder(shutil.copytree(finished.path, tmp_path / finished.path.name))
    result = CliRunner().invoke(app, ["analyse", str(run.path), *options], catch_exceptions=False)
    assert said in result.stderr
    assert f"events decoded {said}" in run.file("errors.html").read_text(encoding="utf-8")
    events, test = read_tsv(run.file(name)), dataset_of(run, None).split("test")
    found = timeline(test.events, events, durations=test.durations, classes=test.classes)
    written = pd.read_csv(run.file("errors/confusion.csv"), keep_default_na=False)
    pd.testing.assert_frame_equal(written, confusion(found), check_dtype=False, rtol=1e-4, atol=1e-4)
    boundaries = pd.read_csv(run.file("errors/boundaries.csv"))
    assert len(boundaries) == len(boundary_deviations(test.events, events))


def test_the_files_of_events_are_those_of_the_scores(finished: RunFolder) -> None:
    tables = []
    for name, tuned in (("tuned_events.tsv", True), ("events.tsv", False)):
        decoded = events_of(finished, tuned)[0]
        pd.testing.assert_frame_equal(read_tsv(finished.file(name)), decoded, rtol=0, atol=1e-6)
        tables.append(decoded)
    assert not tables[0].equals(tables[1])
