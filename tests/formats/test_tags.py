from pathlib import Path

import pytest

from sedpool.errors import DataError
from sedpool.formats import is_tag_list, read_events, read_tags, recordings
from sedpool.formats.options import LabelOptions

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


def test_labels_between_commas_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "tags.tsv"
    path.write_text("file\tart\na.wav\tGrille, Möwe\nb.wav\tMöwe\n", encoding="utf-8")
    assert read_tags(path, LabelOptions({"event_label": "art"}))["event_label"].tolist() == ["Grille, Möwe", "Möwe"]
    assert any(
        "each is one label, though with commas: 1 rows, as 'Grille, Möwe'; if these are several labels, say so: "
        "--columns 'event_labels=art'" in message
        for message in caplog.messages
    )
    path.write_text("file\tlabel\na.wav\tGrille, Möwe\n", encoding="utf-8")
    caplog.clear()
    several = read_tags(path, LabelOptions({"event_labels": "label"}))["event_label"].tolist()
    assert several == ["Grille", "Möwe"]
    assert "each is one label" not in caplog.text


def test_a_table_without_labels_and_one_with_times(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("filename\tscore\na.wav\t0.5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.tsv: no column event_label"):
        read_tags(tmp_path / "a.tsv")
    (tmp_path / "b.tsv").write_text("filename\tonset\toffset\tevent_label\n", encoding="utf-8")
    assert not is_tag_list(tmp_path / "b.tsv")
    assert not is_tag_list(tmp_path)
