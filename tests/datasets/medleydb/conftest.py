"""A corpus in MedleyDB's layout: three artists with more than one stem."""

from pathlib import Path

import pytest

from tests.miniatures.medleydb import write_medleydb

TRACKS: dict[str, tuple[str, list[str | list[str]]]] = {
    "First_Song": ("First", ["piano", "male singer", "piano", "synthesizer"]),
    "Second_Song": ("Second", ["drum set", "cello"]),
    "Second_Other": ("Second", ["drum set", ["female singer", "vocalists"], "electric bass"]),
    "Third_Song": ("Third", ["acoustic guitar", "violin", "flute"]),
    "Lone_Stem": ("Lone", ["piano"]),
}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_medleydb(tmp_path / "MedleyDB", TRACKS)
