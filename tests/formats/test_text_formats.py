"""Files as Audacity, Raven, sed_eval and DCASE leave them."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sedpool import formats
from sedpool.datasets.folder_labels import read_labels
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, events_from_rows
from sedpool.formats import audacity, listing
from sedpool.formats.columns import recognise
from sedpool.formats.options import RECOGNISED
from sedpool.formats.score_folder import read_score_folder

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"


def rows_of_list(path: Path) -> pd.DataFrame:
    return listing.list_rows(recognise(path, RECOGNISED), RECOGNISED)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_audacity_frequency_lines_belong_to_the_label_above(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "0.5\t1.5\tdog\n\\\t6928.45\t7000.0\n2\t3\tcat\n\n4\t5\tcat\n\\\t-1\t90\n")
    events = events_from_rows([("a.wav", 0.5, 1.5, "dog"), ("a.wav", 2, 3, "cat"), ("a.wav", 4, 5, "cat")])
    bands = {"low_frequency": [6928.45, np.nan, np.nan], "high_frequency": [7000.0, np.nan, 90.0]}
    assert formats.read_audacity(path).equals(events.assign(**bands))


@pytest.mark.parametrize("line", ["\\\t1", "\\\t1\tx", "\\\t1\t2\t3"])
def test_wrong_frequency_line_is_named(tmp_path: Path, line: str) -> None:
    path = written(tmp_path / "a.txt", f"0\t1\tdog\n{line}\n")
    with pytest.raises(DataError, match=r"a\.txt: line 2: .*expected lowest and highest frequency in Hz"):
        formats.read_audacity(path)
    with pytest.raises(DataError, match=r"a\.txt: line 1: .*expected a label before its frequencies"):
        formats.read_audacity(written(path, f"{line}\n0\t1\tdog\n"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1.0 2.0 siren", "expected onset, offset and label between tabs"),
        ("1.0\tx\tsiren", "expected onset, offset and label between tabs"),
        ("1.0\t2.0", "expected onset, offset and label between tabs"),
        ("2.0\t1.0\tsiren", "expected an end after the start"),
        ("1.0\t1.0\ta point label", "expected an end after the start"),
        ("-1.0\t1.0\tsiren", "expected 0 s or later"),
        ("nan\t1.0\tsiren", "expected finite seconds"),
        ("1.0\t2.0\t", "the label is empty"),
    ],
)
def test_wrong_line_of_a_label_track_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = written(tmp_path / "a.txt", f"0.0\t1.0\tsiren\n{line}\n")
    with pytest.raises(DataError, match=rf"a\.txt: line 2: .*{message}"):
        formats.read_audacity(path)


def test_raven_selection_in_two_views_is_one_event(tmp_path: Path) -> None:
    rows = ["1\tWaveform 1\t1\t0.5\t1.5\t\t\tdog", "1\tSpectrogram 1\t1\t0.5\t1.5\t10\t20\tdog"]
    path = written(tmp_path / "a.txt", RAVEN + "Species\n" + "\n".join([*rows, "2\tWaveform 1\t1\t2\t3\t\t\tcat"]))
    events = formats.read_raven(path)
    assert events[list(EVENT_COLUMNS)].equals(events_from_rows([("a.wav", 0.5, 1.5, "dog"), ("a.wav", 2, 3, "cat")]))


@pytest.mark.parametrize(
    ("columns", "values", "expected"),
    [
        ("Channel\tConfidence", "2\t0.5", {"confidence": 0.5, "channel": 2}),
        ("Low Freq (Hz)\tHigh Freq (Hz)", "10\t20.5", {"low_frequency": 10.0, "high_frequency": 20.5}),
        ("Score\tChannel", "0.25\t ", {"confidence": 0.25}),
        ("Score", "-12.5", {}),
        ("Score\tConfidence", "0.25\t1", {"confidence": 1.0}),
    ],
)
def test_raven_keeps_confidence_channel_and_band(tmp_path: Path, columns: str, values: str, expected: dict) -> None:
    path = written(tmp_path / "a.txt", f"Begin Time (s)\tEnd Time (s)\tLabel\t{columns}\n1\t2\tdog\t{values}\n")
    events = formats.read_raven(path)
    assert events.iloc[0].to_dict() == {"filename": "a.wav", "onset": 1, "offset": 2, "event_label": "dog"} | expected


def test_raven_table_of_several_recordings(tmp_path: Path) -> None:
    rows = "1\tS\t1\t0.5\t1.5\t0\t9\tC:\\day\\a.wav\t0.5\tdog\n2\tS\t1\t60.5\t61.5\t0\t9\tday/b.wav\t0.25\tcat\n"
    path = written(tmp_path / "x.txt", f"{RAVEN}Begin File\tFile Offset (s)\tcall\n{rows}")
    events = formats.read_raven(path, label_column="call")
    assert events[list(EVENT_COLUMNS)].equals(
        events_from_rows([("a.wav", 0.5, 1.5, "dog"), ("day/b.wav", 0.25, 1.25, "cat")])
    )
    with pytest.raises(DataError, match="no column of labels"):
        formats.read_raven(path)
    written(path, path.read_text().replace("File Offset (s)", "Offset").replace("call", "label"))
    with pytest.raises(DataError, match=r"2 recordings but no column File Offset"):
        formats.read_raven(path)


def test_every_region_of_a_label_track_is_of_a_known_class(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "0.0\t1.0\tsiren\n\\\t100\t200\n\n1.0\t2.0\twhale\n")
    with pytest.raises(DataError, match=r"a\.txt: line 4: unknown label 'whale'; expected one of siren, horn"):
        audacity.read_rows(path, ["siren", "horn"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("3\t2\tdog", r"\(a\.wav, 3\.0, 2\.0, dog\) does not end after it starts"),
        ("-1\t2\tdog", "starts before 0 s"),
        ("nan\t2\tdog", r"\(a\.wav, nan, 2\.0, dog\) has no number in Begin Time \(s\); expected seconds"),
        ("\t2\tdog", r"\(a\.wav, nan, 2\.0, dog\) has no number in Begin Time \(s\); expected seconds"),
        ("1\t2 s\tdog", r"\(1, 2 s, dog\) has no number in End Time \(s\); expected seconds"),
        ("1\t2", "has no label; give it one, or remove the row"),
        ("1\t2\tdog\tcat", "has 4 fields; expected 3: remove the surplus tab"),
    ],
)
def test_wrong_line_of_a_raven_table_is_named(tmp_path: Path, row: str, message: str) -> None:
    path = written(tmp_path / "a.txt", f"\nBegin Time (s)\tEnd Time (s)\tLabel\n1\t2\tdog\n\n{row}\n")
    with pytest.raises(DataError, match=rf"a\.txt: line 5 .*{message}"):
        formats.read_raven(path)


def test_raven_table_that_is_cut_or_lacks_a_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 2 .* has no number in Begin Time"):
        formats.read_raven(written(tmp_path / "a.txt", f"{RAVEN}Label\n1\tS\t1\n"))
    with pytest.raises(DataError, match=r"no column End Time \(s\)"):
        formats.read_raven(written(tmp_path / "a.txt", "Begin Time (s)\tLabel\n1\tdog\n"))
    with pytest.raises(DataError, match="no column Begin Time"):
        formats.read_raven(written(tmp_path / "a.txt", ""))


LISTS = {
    "1\t2\tdog\n3\t4\tcat, big\n": [("x.wav", 1, 2, "dog"), ("x.wav", 3, 4, "cat, big")],
    "a.wav\t 1.5\t2\tdog\nb.wav\n": [("a.wav", 1.5, 2, "dog")],
    "a.wav\tstreet\t1\t2\tdog\nb.wav\n": [("a.wav", 1, 2, "dog")],
    "a.wav\nb.wav\n": [],
    "": [],
}


@pytest.mark.parametrize("text", LISTS)
def test_every_form_of_list_is_read(tmp_path: Path, text: str) -> None:
    path = written(tmp_path / "x.txt", text)
    assert formats.read_list(path).equals(events_from_rows(LISTS[text]))
    assert formats.read_events(path).equals(events_from_rows(LISTS[text]))


@pytest.mark.parametrize("text", ["some prose", "a.wav\tstreet\n", "a.wav\tx\t2\tdog\n", "a\tb\tc\td\te\tf\n", '"x'])
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"x\.txt: "):
        formats.read_events(written(tmp_path / "x.txt", text))


def test_rows_with_more_fields_than_columns_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "x.tsv", "filename\tonset\toffset\tevent_label\na.wav\t1\t2\tdog\t\n")
    assert formats.read_events(path).equals(events_from_rows([("a.wav", 1, 2, "dog")]))
    written(path, "filename\tonset\toffset\tevent_label\na.wav\t1\t2\tdog\nb.wav\t1\t2\tdog\t3\n")
    with pytest.raises(DataError, match=r"x\.tsv: line 3 has 5 fields; expected 4: remove the surplus tab, or put"):
        formats.read_events(path)


HEADERS = {
    "x.tsv": "filename\tonset\toffset\tevent_label\n",
    "x.csv": "filename,onset,offset,event_label\n",
    "x.txt": "",
}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("filename,onset,offset,,event_label,confidence", "6 names and rows at most 5 fields, so that column 4, which"),
        ("filename,onset,offset,even,event_label,confidence", "rows at most 5 fields, so that even may be too much"),
        ("filename,onset,offset,event_label,confidence\v", None),
        ("filename,onset,offset,event_label,scene\vmono", "line 1: unusual line breaks in the header"),
    ],
)
def test_header_of_other_columns_than_the_rows_is_refused(tmp_path: Path, header: str, message: str | None) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"{header}\na.wav,1,2,dog,0.5\n")
    if message is None:
        assert formats.read_events(path)["event_label"].tolist() == ["dog"]
        return
    with pytest.raises(DataError, match=message):
        formats.read_events(path)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b.wav\t3\t2\tdog", r"\(b\.wav, 3\.0, 2\.0, dog\) does not end after it starts; remove it or mend its offset"),
        ("b.wav\t-1\t2\tdog", r"\(b\.wav, -1\.0, 2\.0, dog\) starts before 0 s"),
        ("b.wav\tinf\t2\tdog", r"\(b\.wav, inf, 2\.0, dog\) has a time that is not a finite number"),
        ("b.wav\t1 s\t2\tdog", r"\(b\.wav, 1 s, 2, dog\) has no number in \w+; expected seconds"),
        ("b.wav\t1\t\tdog", r"\(b\.wav, .* number; expected"),
        ("b.wav\t0.1", r"\(b\.wav, 0\.1, \w*\) has a time and no label; give both, or neither"),
        ("b.wav\t1\t2\t", r"\(b\.wav, 1(\.0)?, 2(\.0)?\) has a time and no label"),
        ("b.wav\t\t2\t", r"\(b\.wav, \w*, 2(\.0)?\) has a time and no label"),
    ],
)
def test_wrong_line_of_a_table_is_named(tmp_path: Path, name: str, row: str, message: str) -> None:
    text = 'a.wav\t1\t2\t"two\nlines"\n\nc.wav\t\t\t\n' + row + "\n"
    path = written(tmp_path / name, HEADERS[name] + (text.replace("\t", ",") if name == "x.csv" else text))
    line = 5 + bool(HEADERS[name])
    with pytest.raises(DataError, match=rf"{name}: line {line} {message}") as caught:
        formats.read_events(path)
    assert "\n" not in str(caught.value)


def test_wrong_length_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "x.tsv", "filename\tduration\n\na.wav\t10\nb.wav\t10 s\n")
    with pytest.raises(DataError, match=r"x\.tsv: line 4 \(b\.wav, 10 s\) does not say how long it is; expected a dur"):
        formats.read_durations(path)
    written(path, "filename\tduration\na.wav\t10\nb.wav\t8\na.wav\t10.0\nb.wav\t9\n")
    with pytest.raises(DataError, match=r"x\.tsv: line 5 \(b\.wav, 9\) has another length in a line above"):
        formats.read_durations(path)


SCORES = "onset\toffset\tdog\tcat\n0.0\t0.5\t0.1\t0.2\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{SCORES}\n0.5\t1.0\t1.5\t0.2\n", "line 4: a.wav, class dog: 1.5 is not a probability between 0 and 1"),
        (f"{SCORES}\n0.5\t1.0\t0.5\t\n", "line 4: a.wav, class cat: nan is not a probability between 0 and 1"),
        (f"{SCORES}0.5\t1.0\t0.5\thigh\n", "line 3 (0.5, high) has no number in column cat"),
        ("dog\tcat\n0.1\t0.2\n", "columns dog, cat; expected onset, offset and the classes"),
        ("", "not a table of scores (No columns to parse from file)"),
    ],
)
def test_wrong_line_of_a_table_of_scores_is_named(tmp_path: Path, text: str, message: str) -> None:
    written(tmp_path / "a.tsv", text)
    with pytest.raises(DataError) as caught:
        read_score_folder(tmp_path, ["a.wav"])
    assert str(caught.value) == f"{tmp_path / 'a.tsv'}: {message}"


def test_rows_of_a_list_include_files_without_events(tmp_path: Path) -> None:
    table = rows_of_list(written(tmp_path / "x.txt", "a.wav\t1.5\t2\tdog\nb.wav\n"))
    assert table["filename"].tolist() == ["a.wav", "b.wav"]
    assert table["onset"].isna().tolist() == [False, True]


def test_file_without_events_adds_no_event(tmp_path: Path) -> None:
    path = written(tmp_path / "x.tsv", "filename\tonset\toffset\tevent_label\na.wav\t\t\t\nb.wav\t0\t1\tdog\n")
    assert list(formats.read_tsv(path)["filename"]) == ["b.wav"]


def test_columns_may_be_in_any_order_and_more(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", 'score,event_label,onset,offset,filename\n0.5,"a, b",1,2,x.wav\n')
    assert formats.read_events(path).equals(events_from_rows([("x.wav", 1, 2, "a, b")]).assign(confidence=0.5))


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("confidence", "87", "a number from 0 to 1"),
        ("confidence", "sure", "a number from 0 to 1"),
        ("channel", "0", "a whole number from 1"),
        ("channel", "1.5", "a whole number from 1"),
        ("low_frequency", "-1", "Hz from 0 up"),
        ("high_frequency", "inf", "Hz from 0 up"),
    ],
)
def test_impossible_value_of_an_optional_column_is_named(
    tmp_path: Path, column: str, value: str, expected: str
) -> None:
    text = f"filename\tonset\toffset\tevent_label\t{column}\na.wav\t1\t2\tdog\t\nb.wav\t1\t2\tdog\t{value}\n"
    problem = rf"x\.tsv: line 3 \(b\.wav, 1.*, {re.escape(value)}.*\) has another {column} than {expected}$"
    if value == "sure":
        problem = rf"x\.tsv: line 3 \(b\.wav, 1, sure\) has no number in {column}; expected a number"
    with pytest.raises(DataError, match=problem):
        formats.read_events(written(tmp_path / "x.tsv", text))


def test_tags_are_no_events(tmp_path: Path) -> None:
    with pytest.raises(
        DataError,
        match=r"no times in it .* only --metric clip and ranking .*; found filename, event_labels; expected filename",
    ):
        formats.read_events(written(tmp_path / "x.tsv", "filename\tevent_labels\na.wav\tdog,cat\n"))


def test_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes(b"RIFF\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8 text"):
        formats.read_events(tmp_path / "x.txt")


def test_folder_of_any_formats(tmp_path: Path) -> None:
    (tmp_path / "day 1").mkdir()
    (tmp_path / "day 1" / "b.flac").touch()
    (tmp_path / "._a.txt").write_bytes(b"\0\xff")
    formats.write_jams(events_from_rows([("c.wav", 0, 1, "x")]), tmp_path / "c.jams", duration=2.0)
    written(tmp_path / "a.txt", "1\t2\tdog\n")
    written(tmp_path / "day 1" / "b.txt", "1\t2\tcat\n")
    written(tmp_path / "day 1" / "more.tsv", "filename\tonset\toffset\tevent_label\nd.wav\t1\t2\tdog\n")
    events = formats.read_events(tmp_path)
    assert events["filename"].tolist() == ["a.wav", "c.wav", "day 1/b.flac", "d.wav"]


def test_folder_that_describes_a_recording_twice(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "1\t2\tdog\n")
    written(tmp_path / "b.tsv", "filename\tonset\toffset\tevent_label\na.wav\t1\t2\tdog\n")
    with pytest.raises(DataError, match=r"2 annotations of a\.wav \(a\.txt, b\.tsv\); unite or choose: --annotators"):
        formats.read_events(tmp_path)
    assert len(formats.read_events(tmp_path, annotators="union")) == 1
    assert len(formats.read_events(tmp_path, annotators="b.tsv")) == 1


def test_folder_without_events(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file of events in it"):
        formats.read_events(tmp_path)


COUNTS = {
    "sed_eval/tests_data/sound_event/street_fold1_detected.txt": 218,
    "sed_eval/tests_data/sound_event/office_snr0_high_v2.txt": 68,
    "sed_eval/tests_data/sound_event/audioset1.txt": 17,
    "sed_eval/tests_data/sound_event/binary2.txt": 0,
    "dcase2017_task4/groundtruth_release/groundtruth_weak_label_training_set.csv": 56131,
    "dcase2017_task4/groundtruth_release/groundtruth_weak_label_testing_set.csv": 606,
    "desed/metadata/eval/public.tsv": 2765,
    "psds_eval/tests_data/baseline_validation_AA_0.005.csv": 8942,
    "psds_eval/tests_data/test_1.det": 6,
}


@pytest.mark.parametrize("name", COUNTS)
def test_real_files_of_others(shared_data: Path, name: str) -> None:
    assert len(formats.read_events(shared_data / name)) == COUNTS[name]


def test_sed_evals_reference_has_a_row_without_length(shared_data: Path) -> None:
    path = shared_data / "sed_eval/tests_data/sound_event/street_fold1_reference.txt"
    assert len(rows_of_list(path)) == 142
    with pytest.raises(DataError, match=r"txt: line 25 \(.*224\.691453.*does not end after it starts"):
        formats.read_list(path)


@pytest.mark.parametrize("stem", ["monday 1", "2024.05.01", "a"])
@pytest.mark.parametrize("ending", ["", ".Table.1.selections", ".Table.12.selections"])
@pytest.mark.parametrize("suffix", [None, ".wav", ".flac"])
def test_a_table_as_raven_names_it_is_about_its_recording(
    tmp_path: Path, stem: str, ending: str, suffix: str | None
) -> None:
    if suffix:
        (tmp_path / f"{stem}{suffix}").touch()
    table = tmp_path / f"{stem}{ending}.txt"
    table.write_text("Selection\tBegin Time (s)\tEnd Time (s)\tAnnotation\n1\t1\t2\tdog\n", encoding="utf-8")
    assert formats.read_events(table)["filename"].tolist() == [f"{stem}{suffix or '.wav'}"]


@pytest.mark.parametrize("start", ["D:\\season 2024\\", "/field/", ""])
@pytest.mark.parametrize("columns", [("Begin File", "Begin Path"), ("Begin Path",)])
def test_recordings_of_one_name_are_told_apart_by_their_folders(
    tmp_path: Path, start: str, columns: tuple[str, ...]
) -> None:
    """A table of two stations: each has a selection 1, and recordings of the same name."""
    header = ["Selection", "Begin Time (s)", "End Time (s)", *columns, "File Offset (s)", "Annotation"]
    rows = []
    for number, station in enumerate(("station A", "station [B]")):
        value = {"Begin File": "rec.wav", "Begin Path": f"{start}{station}\\rec.wav"}
        rows.append(
            ["1", f"{10 * number + 1}", f"{10 * number + 2}", *(value[name] for name in columns), "1", "plover"]
        )
    path = tmp_path / "both.txt"
    path.write_text("".join("\t".join(row) + "\n" for row in [header, *rows]))
    names = ["station A/rec.wav", "station [B]/rec.wav"]
    assert formats.read_raven(path)["filename"].tolist() == names
    assert list(formats.recordings(path)) == names
    assert read_labels(tmp_path, names, None)["filename"].tolist() == names


def test_folders_are_left_out_where_names_differ(tmp_path: Path) -> None:
    path = tmp_path / "one.txt"
    path.write_text(
        "Selection\tBegin Time (s)\tEnd Time (s)\tBegin File\tBegin Path\tAnnotation\n"
        "1\t1\t2\trec.wav\tD:\\station A\\rec.wav\tplover\n"
    )
    assert formats.read_raven(path)["filename"].tolist() == ["rec.wav"]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.txt", "1_0\t2_0\tdog\n"), ("a.tsv", "filename\tonset\toffset\tevent_label\na.wav\t1_0\t2_0\tdog\n")],
)
def test_fault_85_an_underscore_in_a_number_is_no_number(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=r"1_0"):
        formats.read_events(tmp_path / name)
