from pathlib import Path

import pytest

from sedpool.errors import DataError
from sedpool.formats import read_sources


def test_sources_are_read_between_tabs_or_commas(tmp_path: Path) -> None:
    for separator in "\t,":
        (tmp_path / "sources").write_text(f"source{separator}filename\nx{separator}a.wav\n", encoding="utf-8")
        assert read_sources(tmp_path / "sources").to_dict("list") == {"filename": ["a.wav"], "source": ["x"]}
    (tmp_path / "sources").write_text("filename,recording\na.wav,x\n", encoding="utf-8")
    with pytest.raises(DataError, match="sources: no column source; expected filename and source"):
        read_sources(tmp_path / "sources")
