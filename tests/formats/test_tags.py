from pathlib import Path

import pytest

from sedpool.errors import DataError
from sedpool.formats import is_tag_list, read_events, read_tags, recordings

PAIRS = [("a.wav", "dog"), ("a.wav", "cat, big"), ("b.wav", "dog")]


@pytest.mark.parametrize(
    "text",
    [
        "filename\tevent_label\na.wav\tdog\na.wav\tcat, big\nb.wav\tdog\nb.wav\tdog\nsilent.wav\t\n",
        'event_label,filename\ndog,a.wav\n"cat, big",a.wav\ndog,b.wav\n,silent.wav\n',
    ],
)
def test_every_tag_once_and_recordings_without_any(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tags.csv"
    path.write_text(text, encoding="utf-8")
    assert is_tag_list(path)
    assert list(read_tags(path).itertuples(index=False, name=None)) == PAIRS
    assert list(recordings(path)) == ["a.wav", "b.wav", "silent.wav"]
    with pytest.raises(DataError, match="no columns onset and offset"):
        read_events(path)


def test_desed_writes_several_labels_in_a_field(tmp_path: Path) -> None:
    (tmp_path / "weak.tsv").write_text("filename\tevent_labels\na.wav\tdog,cat\n", encoding="utf-8")
    assert read_tags(tmp_path / "weak.tsv")["event_label"].tolist() == ["dog", "cat"]


def test_a_table_without_labels_and_one_with_times(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("filename\tscore\na.wav\t0.5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.tsv: no column event_label"):
        read_tags(tmp_path / "a.tsv")
    (tmp_path / "b.tsv").write_text("filename\tonset\toffset\tevent_label\n", encoding="utf-8")
    assert not is_tag_list(tmp_path / "b.tsv")
    assert not is_tag_list(tmp_path)
