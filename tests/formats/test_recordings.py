import os
from pathlib import Path

import pytest

from sedpool.errors import DataError
from sedpool.formats import read_events, read_sources, recordings


def test_sources_are_read_between_tabs_or_commas(tmp_path: Path) -> None:
    for separator in "\t,":
        (tmp_path / "sources").write_text(f"source{separator}filename\nx{separator}a.wav\n", encoding="utf-8")
        assert read_sources(tmp_path / "sources").to_dict("list") == {"filename": ["a.wav"], "source": ["x"]}
    (tmp_path / "sources").write_text("filename,recording\na.wav,x\n", encoding="utf-8")
    with pytest.raises(DataError, match="sources: no column source; expected filename and source"):
        read_sources(tmp_path / "sources")


@pytest.mark.parametrize("suffix", [".tsv", ".txt", ".json", ".jams", ".eaf", ".TextGrid"])
def test_fault_68_labels_that_are_a_pipe_are_not_waited_for(tmp_path: Path, suffix: str) -> None:
    os.mkfifo(tmp_path / f"a{suffix}")
    for path in (tmp_path / f"a{suffix}", tmp_path):
        for read in (read_events, recordings):
            with pytest.raises(DataError, match=rf"a\{suffix}: a pipe; expected a file"):
                read(path)
