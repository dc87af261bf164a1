from pathlib import Path

import numpy as np
import pytest

from sedpool.errors import DataError
from sedpool.formats.regions import read_regions

TO_END = np.inf


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("filename\tonset\toffset\tevent_label\na.wav\t1\t2\tdog\nb.wav\t\t\t\n", [(1, 2, "dog"), (0, TO_END, "")]),
        ("file;start;duration\na.wav;0,5;2\n", [(0.5, 2.5, "")]),
        ("filename,event_label\na.wav,dog\nb.wav,\n", [(0, TO_END, "dog"), (0, TO_END, "")]),
        ("filename\na.wav\nb.wav\n", [(0, TO_END, ""), (0, TO_END, "")]),
    ],
)
def test_regions_without_times_or_labels_are_whole(text: str, expected: list, tmp_path: Path) -> None:
    (tmp_path / "unknown.csv").write_text(text, encoding="utf-8")
    regions = read_regions(tmp_path / "unknown.csv")
    assert list(regions[["onset", "offset", "event_label"]].itertuples(index=False, name=None)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("onset,offset\n1,2\n", "no column filename; found onset, offset"),
        ("filename,onset,offset\na.wav,1,\n", "line 2 .* has one time of two"),
        ("filename,onset,offset\na.wav,1,2\nb.wav,3,2\n", r"line 3 \(b\.wav, 3\.0, 2\.0\) ends before it starts"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "unknown.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_regions(tmp_path / "unknown.csv")
