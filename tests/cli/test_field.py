"""Field work with ``sedpool detect``: times, summaries and snippets."""

import json
from pathlib import Path

import pandas as pd
import pytest

import sedpool as sp
from sedpool.errors import ConfigError
from sedpool.run_folder import RunFolder
from tests.cli.test_detect import detect, noise, table, write


@pytest.fixture
def season(tmp_path: Path) -> Path:
    """Recordings of two evenings, one over the hour, and one of an unknown time."""
    write(tmp_path / "in/bog/20240601_215950.wav", noise(20))
    write(tmp_path / "in/bog/SM4_20240602_220000.wav", noise(10, seed=1))
    write(tmp_path / "in/monday.flac", noise(12, seed=2))
    return tmp_path / "in"


def test_times_stand_in_what_is_written_for_people(finished: RunFolder, season: Path, tmp_path: Path) -> None:
    printed = table(detect(finished.path, season, "--timezone", "Europe/Berlin"))
    arguments = [finished.path, season, "--out", tmp_path / "out", "--timezone", "Europe/Berlin"]
    assert detect(*arguments, "--format", "tsv", "--format", "json", "--format", "raven").exit_code == 0
    written = pd.read_csv(tmp_path / "out/detections.tsv", sep="\t")
    pd.testing.assert_frame_equal(written, printed)
    (first,) = written.loc[written["filename"] == "bog/SM4_20240602_220000.wav"].head(1).to_dict("records")
    assert first["datetime"] == f"2024-06-02T22:00:{first['onset']:06.3f}+02:00"
    assert written.loc[written["filename"] == "monday.flac", "datetime"].isna().all()
    objects = json.loads((tmp_path / "out/detections.json").read_text(encoding="utf-8"))
    assert [one.get("datetime") for one in objects] == written["datetime"].astype(object).where(
        written["datetime"].notna(), None
    ).tolist()
    events = sp.read_events(tmp_path / "out/detections.tsv")
    assert "datetime" not in events
    assert len(events) == len(written)


def test_a_summary_counts_hours_with_and_without_detections(finished: RunFolder, season: Path, tmp_path: Path) -> None:
    result = detect(finished.path, season, "--summary", "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert (
        "neither name nor metadata says when 1 of 3 recordings begin (0.00 h; the first is monday.flac)"
        in result.stderr
    )
    summary = pd.read_csv(tmp_path / "out/summary.tsv", sep="\t", keep_default_na=False)
    hours = ["2024-06-01T21:00:00", "2024-06-01T22:00:00", "2024-06-02T22:00:00", ""]
    assert summary["hour"].unique().tolist() == hours
    assert len(summary) == 4 * len(finished.classes)
    assert (summary["detections"] == 0).any()
    events = sp.read_events(tmp_path / "out/detections.tsv")
    assert summary["detections"].sum() == len(events)
    over_the_hour = events[events["filename"] == "bog/20240601_215950.wav"]
    counted = summary[summary["hour"] == hours[0]].set_index("event_label")["detections"]
    early = over_the_hour.loc[over_the_hour["onset"] < 10, "event_label"].value_counts()
    assert counted[counted > 0].to_dict() == early.to_dict()
    printed = detect(finished.path, season, "--summary")
    assert printed.stdout == (tmp_path / "out/summary.tsv").read_text(encoding="utf-8")
    one = table(detect(finished.path, season, "--summary", "--classes", finished.classes[0]))
    assert set(one["event_label"]) == {finished.classes[0]}


def test_snippets_are_written_with_a_table(finished: RunFolder, season: Path, tmp_path: Path) -> None:
    for by in ("confidence", "random"):
        out = tmp_path / by
        assert detect(finished.path, season, "--out", out, "--clips", "2", "--by", by).exit_code == 0
        clips = pd.read_csv(out / "clips/clips.tsv", sep="\t")
        events = sp.read_events(out / "detections.tsv")
        expected = events["event_label"].value_counts().clip(upper=2)
        assert clips["event_label"].value_counts().to_dict() == expected.to_dict()
        assert sorted(path.relative_to(out / "clips").as_posix() for path in out.rglob("clips/*/*.wav")) == sorted(
            clips["clip"]
        )
        if by == "confidence":
            best = events.groupby("event_label")["confidence"].max()
            assert clips.groupby("event_label")["confidence"].max().to_dict() == best.to_dict()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--clips", "3"], "--clips: give --out FOLDER too"),
        (["--by", "random"], "--by random: it does nothing without --clips"),
        (["--timezone", "Moon"], "timezone 'Moon': unknown"),
        (["--time-pattern", "%H"], "no date in it"),
    ],
)
def test_wrong_options_of_field_work_end_in_one_line(
    finished: RunFolder, season: Path, arguments: list[str], expected: str
) -> None:
    error = detect(finished.path, season, *arguments).exception
    assert isinstance(error, ConfigError)
    assert expected in str(error)
