"""Label files as people have them: each is made here in the form of what annotation tools and spreadsheets leave."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from sedpool import formats
from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS
from sedpool.formats import read_events

DCASE = "filename\tonset\toffset\tevent_label\n"
VIEWS = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
NORTH = ("north.wav", 0.5, 1.75, "plover")
SOUTH = ("south.wav", 2.0, 3.25, "gull")


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def rows(events: pd.DataFrame) -> list[tuple]:
    return list(events[list(EVENT_COLUMNS)].itertuples(index=False, name=None))


RAVEN = {
    "selections of two recordings in one table": (
        f"{VIEWS}Begin File\tFile Offset (s)\tSpecies\n"
        "1\tSpectrogram 1\t1\t1.0\t2.0\t0\t4000\tnorth.wav\t1.0\tplover\n"
        "2\tSpectrogram 1\t1\t3.0\t3.5\t0\t4000\tnorth.wav\t3.0\tplover\n"
        "1\tSpectrogram 1\t1\t6.0\t7.0\t0\t4000\tsouth.wav\t1.0\tgull\n",
        [("north.wav", 1.0, 2.0, "plover"), ("north.wav", 3.0, 3.5, "plover"), ("south.wav", 1.0, 2.0, "gull")],
    ),
    "two views": (
        f"{VIEWS}Begin File\tFile Offset (s)\tSpecies\n"
        "1\tWaveform 1\t1\t1.0\t2.0\t\t\tnorth.wav\t1.0\tplover\n"
        "1\tSpectrogram 1\t1\t1.0\t2.0\t0\t4000\tnorth.wav\t1.0\tplover\n",
        [("north.wav", 1.0, 2.0, "plover")],
    ),
    "two channels": (
        f"{VIEWS}Species\n1\tSpectrogram 1\t1\t1\t2\t0\t9\tplover\n1\tSpectrogram 1\t2\t1\t2\t0\t9\tplover\n",
        [("x.wav", 1.0, 2.0, "plover")],
    ),
    "the same row twice": (
        f"{VIEWS}Species\n1\tSpectrogram 1\t1\t1\t2\t0\t9\tplover\n1\tSpectrogram 1\t1\t1\t2\t0\t9\tplover\n",
        [("x.wav", 1.0, 2.0, "plover")] * 2,
    ),
    "a header that ends with a tab": (
        f"{VIEWS}Begin File\tFile Offset (s)\tSpecies\t\n"
        "1\tSpectrogram 1\t1\t1.0\t2.0\t0\t4000\tnorth.wav\t1.0\tplover\n",
        [("north.wav", 1.0, 2.0, "plover")],
    ),
    "a file offset without its unit": (
        f"{VIEWS}Begin File\tFile Offset\tSpecies\n1\tSpectrogram 1\t1\t61.0\t62.0\t0\t4000\tnorth.wav\t1.0\tplover\n",
        [("north.wav", 1.0, 2.0, "plover")],
    ),
    "a species code": (
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies Code\n1\tSpectrogram 1\t1\t1.0\t2.0\tplov\n",
        [("x.wav", 1.0, 2.0, "plov")],
    ),
    "between commas": (
        "Selection,View,Channel,Begin Time (s),End Time (s),Begin File,File Offset (s),Annotation\n"
        '1,Spectrogram 1,1,61.0,62.0,north.wav,1.0,"plover, male"\n',
        [("north.wav", 1.0, 2.0, "plover, male")],
    ),
    "milliseconds": (
        "Selection\tView\tChannel\tBegin Time (ms)\tEnd Time (ms)\tAnnotation\n"
        "1\tWaveform 1\t1\t500\t1750\tplover\n1\tSpectrogram 1\t1\t500\t1750\tplover\n",
        [("x.wav", 0.5, 1.75, "plover")],
    ),
    "a header alone": (VIEWS.rstrip("\t") + "\n", []),
    "four columns": (
        "Begin Time (s)\tEnd Time (s)\tBegin File\tSpecies\n1.0\t2.0\tnorth.wav\tplover\n",
        [("north.wav", 1.0, 2.0, "plover")],
    ),
    "a quote": (f'{VIEWS}Species\n1\tS\t1\t1\t2\t0\t9\t"so-called" plover\n', [("x.wav", 1, 2, '"so-called" plover')]),
    "BirdNET's table of two recordings": (
        f"{VIEWS}Common Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
        "1\tSpectrogram 1\t1\t0.0\t3.0\t0\t15000\tTawny Owl\ttawowl1\t0.91\t/mnt/card/marsh.wav\t0.0\n"
        "2\tSpectrogram 1\t1\t12.0\t15.0\t0\t15000\tTawny Owl\ttawowl1\t0.12\t/mnt/card/ridge.wav\t6.0\n",
        [("marsh.wav", 0.0, 3.0, "Tawny Owl"), ("ridge.wav", 6.0, 9.0, "Tawny Owl")],
    ),
}


@pytest.mark.parametrize("kind", RAVEN)
def test_raven_tables(tmp_path: Path, kind: str) -> None:
    text, expected = RAVEN[kind]
    events = read_events(written(tmp_path / "x.txt", text))
    assert rows(events) == expected
    if "BirdNET" in kind:
        assert events["confidence"].tolist() == [0.91, 0.12]
    if kind == "two views":
        assert events[["low_frequency", "high_frequency"]].to_numpy().tolist() == [[0.0, 4000.0]]
    assert set(formats.recordings(tmp_path / "x.txt")) == ({row[0] for row in expected} or {"x.wav"})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2\tS\t1\t5\t6\t0\t9\t", r"line 3 \(x\.wav, 5\.0, 6\.0, \) has no label; give it one"),
        (
            "1\tS\t1\t5\t6\t0\t9\tplover",
            r"line 3 \(1, x\.wav, 5\.0, 6\.0, plover\) has the number of another selection",
        ),
        ("1\tW\t1\t1\t2\t0\t9\tgull", r"line 3 \(1, x\.wav, 1\.0, 2\.0, gull\) has the number of another selection"),
    ],
)
def test_wrong_raven_rows_are_named(tmp_path: Path, row: str, message: str) -> None:
    path = written(tmp_path / "x.txt", f"{VIEWS}Species\n1\tS\t1\t1\t2\t0\t9\tplover\n{row}\n")
    with pytest.raises(DataError, match=rf"x\.txt: {message}"):
        read_events(path)


TABLES = {
    "semicolons and decimal commas": (
        "filename;onset;offset;event_label\nnorth.wav;0,5;1,75;plover\nsouth.wav;2,0;3,25;gull\n",
        [NORTH, SOUTH],
    ),
    "no header": ("north.wav,0.5,1.75,plover\nsouth.wav,2.0,3.25,gull\n", [NORTH, SOUTH]),
    "no header, semicolons": ("north.wav;0,5;1,75;plover\nsouth.wav;2;3,25;gull\n", [NORTH, SOUTH]),
    "no header, the recording last": ("0.5,1.75,plover,north.wav\n2.0,3.25,gull,south.wav\n", [NORTH, SOUTH]),
    "no header, the label first": ("plover,0.5,1.75,north.wav\ngull,2.0,3.25,south.wav\n", [NORTH, SOUTH]),
    "vertical bars": ("file|start|end|label\nnorth.wav|0.5|1.75|plover\n", [NORTH]),
    "a stated separator": ("sep=;\nfilename;onset;offset;event_label\nnorth.wav;0,5;1,75;plover\n", [NORTH]),
    "blank rows of a spreadsheet": (
        ",,,,\nfilename,onset,offset,event_label,\nnorth.wav,0.5,1.75,plover,\n,,,,\nsouth.wav,2.0,3.25,gull,\n,,,,\n",
        [NORTH, SOUTH],
    ),
    "spaces before quotes": (
        '"filename", "onset", "offset", "event_label"\n"north.wav", 0.5, 1.75, "plover"\n',
        [NORTH],
    ),
    "line breaks in quotes": (
        "filename,onset,offset,event_label,notes\n"
        'north.wav,0.5,1.75,plover,"windy\nand, loud"\nsouth.wav,2,3.25,gull,\n',
        [NORTH, SOUTH],
    ),
    "thousands apart": (
        'filename,onset,offset,event_label\nx.wav,"1,234.5",1 235.75,plover\n',
        [("x.wav", 1234.5, 1235.75, "plover")],
    ),
    "thousands apart, decimal commas": (
        "filename;onset;offset;event_label\nx.wav;1.234,5;1\u202f235,75;plover\n",
        [("x.wav", 1234.5, 1235.75, "plover")],
    ),
    "names in one word": ("AudioFile,startTime,EndSec,EventLabel\nnorth.wav,0.5,1.75,plover\n", [NORTH]),
    "units in other words": (
        "file,start time in ms,duration (sec.),label\nnorth.wav,500,1.25,plover\n",
        [NORTH],
    ),
    "times of a clock by name": (
        "file,start (hh:mm:ss),end (mm:ss),label\nnorth.wav,00:00:00.5,0:01.75,plover\nlong.wav,1:00:00,75:00,gull\n",
        [NORTH, ("long.wav", 3600.0, 4500.0, "gull")],
    ),
    "no header, confidence": ("north.wav\t0.5\t1.75\tplover\t0.5\n", [NORTH]),
    "other names": ("file,start,end,label\nnorth.wav,0.5,1.75,plover\n", [NORTH]),
    "other names, units": ("File name\tStart (ms)\tEnd [ms]\tSpecies\nnorth.wav\t500\t1750\tplover\n", [NORTH]),
    "a name that only its values give away": ("datei;start;end;label\nnorth.wav;0,5;1,75;plover\n", [NORTH]),
    "a date in a name": (f"{DCASE}north.wav\t0.5\t1.75\tplover\nmarsh 2020 05 01.wav\n", [NORTH]),
    "a duration": ("filename,onset,duration,event_label\nnorth.wav,0.5,1.25,plover\n", [NORTH]),
    "times of a clock": ("filename,onset,offset,event_label\nnorth.wav,0:00.5,00:00:01.750,plover\n", [NORTH]),
    "one recording": ("onset,offset,event_label\n0.5,1.75,plover\n", [("x.wav", *NORTH[1:])]),
    "a comment": ("  # labels of the spring survey\nnorth.wav\t0.5\t1.75\tplover\n", [NORTH]),
    "comments around a header": (
        f"# made by hand, in May\n{DCASE}north.wav\t0.5\t1.75\tplover\n# the end\n",
        [NORTH],
    ),
    "a header that is a comment": (f"#{DCASE}north.wav\t0.5\t1.75\tplover\n", [NORTH]),
    "a name that looks like a comment": (f"{DCASE}#1.wav\t0.5\t1.75\tplover\n", [("#1.wav", *NORTH[1:])]),
    "words for no value": (f"{DCASE}north.wav\t0.5\t1.75\tplover\nsouth.wav\tnan\tNaN\t\n", [NORTH]),
    "spaces and other Unicode": (f"{DCASE}north.wav \t0.5\t 1.75\t\u00a0plover \n", [NORTH]),
    "BirdNET": (
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n0.0,3.0,Strix aluco,Tawny Owl,0.91,marsh.wav\n",
        [("marsh.wav", 0.0, 3.0, "Tawny Owl")],
    ),
    "several labels at a time": (
        'filename,onset,offset,labels\nx.wav,1,2,"a,b"\n',
        [("x.wav", 1, 2, "a"), ("x.wav", 1, 2, "b")],
    ),
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables(tmp_path: Path, kind: str) -> None:
    text, expected = TABLES[kind]
    for encoding, line_end in (("utf-8", "\r\n"), ("utf-8-sig", "\r"), ("utf-16", "\r\n")):
        path = written(tmp_path / "x.csv", text.replace("\n", line_end), encoding)
        assert rows(read_events(path)) == expected
    assert {row[0] for row in expected} <= set(formats.recordings(path))


def test_a_row_without_a_label_beside_labels_of_its_recording(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "events.csv"
    path.write_text("filename,onset,offset,event_label\na.wav,0,1,dog\na.wav\nb.wav\nb.wav,,,\n")
    assert len(formats.read_events(path)) == 1
    assert caplog.messages == [f"{path}: rows without a label, though others label their recording: 1"]


def test_a_table_without_a_label_in_any_row(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "x.csv", "filename,site,onset,offset,event_label\nnorth.wav,marsh\nsouth.wav,marsh\n")
    assert read_events(path).empty
    assert caplog.messages == [f"{path}: no row has a label: 2 rows mean recordings without events"]


AUDACITY = {
    "decimal commas": "0,500000\t1,750000\tplover\n2,000000\t3,250000\tgull\n",
    "times of a clock": "00:00:00.500\t00:00:01.750\tplover\n00:00:02.000\t00:00:03.250\tgull\n",
    "tabs at the end": "0.5\t1.75\tplover\t\n2.0\t3.25\tgull\t\n",
    "points": "0.5\t1.75\tplover\n\\\t100\t200\n2.0\t3.25\tgull\n",
}


@pytest.mark.parametrize("kind", AUDACITY)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_label_tracks_of_any_country(tmp_path: Path, kind: str, encoding: str) -> None:
    text = AUDACITY[kind]
    path = written(tmp_path / "x.txt", "\ufeff" + text if encoding == "utf-16-be" else text, encoding)
    assert rows(read_events(path)) == [("x.wav", *NORTH[1:]), ("x.wav", *SOUTH[1:])]


REFUSED = {
    "another separator": (
        "north.wav\t0.0\t1.0\tplover\nsouth.wav 0.0 1.0 gull\n",
        r"line 2 \(south\.wav 0\.0 1\.0 gull\) is one",
    ),
    "another separator below a header": (
        f"{DCASE}a.wav\t0\t1\tx\nb.wav,0,1,x\n",
        r"line 3 \(b\.wav,0,1,x\) is one field where",
    ),
    "another separator, without names": (
        "start,end,label\n0,1,x\n1 2 x\n",
        r"line 3 \(1 2 x\) is one field where other rows have 3",
    ),
    "prose below a header": (f"{DCASE}a.wav\t0\t1\tx\nand so on\n", r"line 3 \(and so on\) is one field where"),
    "a cut row of an export of ELAN": (
        "calls\tann\t0.5\t1.75\tplover\ncalls\tgull\n",
        r"line 2 \(calls, gull, , , \) has no time and no label; expected 5 fields in every row",
    ),
    "prose in a list": (
        "north.wav\t0.0\t1.0\tplover\nand so on\n",
        r"line 2 \(and so on\) is one field where other rows have 4",
    ),
    "a quote that is not closed": (
        f'{DCASE}a.wav\t0\t1\t"plover\nb.wav\t0\t1\tgull"\n',
        "line 2: a quote is not closed",
    ),
    "a quote to the end": (
        f'{DCASE}a.wav\t0\t1\t"plover\nb.wav\t0\t1\tgull\n',
        "line 2: a quote is not closed on its line",
    ),
    "a web page": (
        "<!DOCTYPE html>\n<html><body>\n<td>a.wav</td>\t<td>0</td>\t<td>1</td>\n",
        "line 1: a web page and no",
    ),
    "labels without quotes": (
        "filename,onset,offset,tags\na.wav,0,1,plover,gull\n",
        "line 2 has 5 fields; expected 4: .*quotes",
    ),
    "soft labels": ("0.0\t1.0\tbirds\t0.226\n0.0\t1.0\tfootsteps\t1.0\n", "soft labels .*confidence=4"),
    "columns that are not known": (
        "datei;von;bis;art\na.wav;0,5;1;x\n",
        r".*found datei, von, bis, art; expected filename, onset",
    ),
    "no column for the end": (
        "file,start,label\na.wav,0.5,x\n",
        "no column offset; found file, start, label; expected",
    ),
    "decimal signs that differ": (
        f"{DCASE}a.wav\t0.5\t1\tx\nb.wav\t0,5\t1\tx\n",
        r"line 3 \(b\.wav, 0,5, 1, x\) has a decimal comma",
    ),
    "times of a calendar": (
        f"{DCASE}a.wav\t1700000001\t1700000002\tx\n",
        r".* ends after 1e\+07 s, 115 days; are these milli",
    ),
    "a huge time": (f"{DCASE}a.wav\t0\t1e308\tx\n", r".* ends after 1e\+07 s"),
    "times that no clock shows": (f"{DCASE}a.wav\t0:75:00\t1:76:00\tx\n", ".* has no number in onset"),
    "a row without its recording": (
        f"{DCASE}a.wav\t0\t1\tx\n\t1\t2\tx\n",
        r"line 3 \(, 1\.0, 2\.0, x\) names no recording; name it in every row",
    ),
    "UTF-16 without a mark": ("a\0.\0w\0a\0v\0\t\0", "holds NUL characters: .* save it as UTF-8"),
    "a title above a header": (
        "Spring survey\nfilename,onset,offset,event_label\na.wav,0,1,x\n",
        r"line 1 \(Spring survey\) is not the name of a recording; .*comments that begin with #",
    ),
    "an infinite time": (f"{DCASE}a.wav\t0\tinf\tx\n", ".* not a finite number"),
    "samples of an unknown rate": (
        "file\tstart_sample\tend_sample\tlabel\na.wav\t0\t1\tx\n",
        ".* counts samples; give their rate",
    ),
    "text that is not UTF-8": (
        f"{DCASE}a.wav\t0\t1\tM\udcfcll\n",
        r"not UTF-8 text .*; save it as UTF-8 \(in Excel: CSV UTF-8\)",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    text, message = REFUSED[kind]
    (tmp_path / "x.txt").write_bytes(text.encode(errors="surrogateescape"))
    for read in (read_events, formats.read_tags, formats.recordings):
        if read is read_events or not ("time" in kind or "column" in kind):  # times of tags do not matter
            with pytest.raises(DataError, match=rf"x\.txt: {message}") as caught:
                read(tmp_path / "x.txt")
            assert "\n" not in str(caught.value)


def test_columns_and_unit_that_are_given(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", "datei;von;bis;art;wer\nnorth.wav;500;1750;plover;ann\n")
    columns = {"filename": "datei", "onset": "von", "offset": "bis", "event_label": "art"}
    assert rows(read_events(path, columns=columns, unit="ms")) == [NORTH]
    assert rows(read_events(path, columns=columns, unit="samples:1000")) == [NORTH]
    path = written(tmp_path / "x.txt", "plover\t0.5\t1.75\tnorth.wav\t0.5\n")
    columns = {"filename": 4, "onset": "2", "offset": 3, "event_label": 1}
    assert rows(read_events(path, columns=columns)) == [NORTH]
    with pytest.raises(ConfigError, match=r"columns: .*x\.txt: no column 9 for onset; found 5 columns without names"):
        read_events(path, columns={"onset": 9})
    with pytest.raises(ConfigError, match="columns: start is no meaning of a column; expected filename, onset"):
        read_events(path, columns={"start": 1})
    for unit in ("m", "samples", "samples:0", "ms:1", "samples:x"):
        with pytest.raises(ConfigError, match=f"unit={unit}: expected s, ms, or samples:RATE"):
            read_events(path, unit=unit)


def test_a_column_that_is_not_to_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "x.tsv", f"{DCASE.rstrip()}\tchannel\nnorth.wav\t0.5\t1.75\tplover\tleft\n")
    with pytest.raises(DataError, match=r"line 2 \(north\.wav, 0\.5, left\) has no number in channel"):
        read_events(path)
    assert rows(read_events(path, columns={"channel": ""})) == [NORTH]


def test_what_was_recognised_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    for name in ("a", "b"):
        written(tmp_path / f"{name}.csv", f"file;start;end;label\n{name}.wav;0,5;1,75;plover\n")
    read_events(tmp_path / "a.csv")
    said = "file as filename, start as onset, end as offset, label as event_label, between semicolons"
    assert caplog.messages == [f"{tmp_path / 'a.csv'}: {said}"]
    caplog.clear()
    read_events(tmp_path)
    assert caplog.messages == [f"2 files of labels ({tmp_path / 'a.csv'}, {tmp_path / 'b.csv'}): {said}"]
    caplog.clear()
    read_events(written(tmp_path / "c.tsv", f"{DCASE}north.wav\t0.5\t1.75\tplover\n"))
    assert not caplog.messages


def test_labels_that_look_alike(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    composed, decomposed = "f\u00fcnf", "fu\u0308nf"
    text = "a.wav\t0\t1\tplover\na.wav\t1\t2\tplover \nb.wav\t0\t1\t\u00a0plover\nb.wav\t1\t2\tPlover\n"
    text += f"b.wav\t2\t3\t{composed}\nb.wav\t3\t4\t{decomposed}\n"
    events = read_events(written(tmp_path / "x.tsv", DCASE + text))
    assert events["event_label"].value_counts().to_dict() == {"plover": 3, "Plover": 1, composed: 2}
    (message,) = caplog.messages
    assert message.startswith(
        f"{tmp_path / 'x.tsv'}: labels that look alike are different classes: Plover (1) and plover (3)"
    )


def test_confidence_is_said_to_be_ignored_or_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = f"{DCASE.rstrip()}\tconfidence\na.wav\t0\t1\tx\t0.03\na.wav\t1\t2\tx\t0.96\na.wav\t2\t3\tx\t\n"
    path = written(tmp_path / "x.tsv", text)
    assert len(read_events(path)) == 3
    assert caplog.messages == [
        f"{path}: confidence is not looked at (2 events with one); --min-confidence (dataset.min_confidence) leaves "
        "out those with less"
    ]
    caplog.clear()
    assert read_events(path, min_confidence=0.5)["onset"].tolist() == [1.0, 2.0]
    assert caplog.messages == [f"{path}: left out, of a confidence below 0.5: 1 events"]
    with pytest.raises(ConfigError, match=r"min_confidence=50: expected a number from 0 to 1"):
        read_events(path, min_confidence=50)


def test_scores_that_are_no_confidence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path / "x.csv", "filename,onset,offset,event_label,score\na.wav,0,1,x,-12.5\n")
    assert list(read_events(path).columns) == list(EVENT_COLUMNS)
    assert caplog.messages == [f"{path}: column score is no confidence, as it is not from 0 to 1"]


def test_weak_labels_between_quotes(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", 'filename,tags\nnorth.wav,"plover,gull"\nsouth.wav,gull\n')
    tags = formats.read_tags(path)
    assert list(tags.itertuples(index=False, name=None)) == [
        ("north.wav", "plover"),
        ("north.wav", "gull"),
        ("south.wav", "gull"),
    ]
    for text in (
        "filename,tags\nnorth.wav,plover; gull\nsouth.wav,gull\n",
        "filename;tags\nnorth.wav;plover|gull\nsouth.wav;gull\n",
        "filename,tags\nnorth.wav,\"['plover', 'gull']\"\nsouth.wav,['gull']\n",
        "north.wav,plover\nnorth.wav,gull\nsouth.wav,gull\n",
    ):
        assert formats.read_tags(written(path, text)).equals(tags)
    written(path, "filename,event_labels\nnorth.wav,plover,gull\nsouth.wav,gull\n")
    with pytest.raises(DataError, match=r"line 2 has 3 fields; expected 2: remove the surplus comma, or put quotes"):
        formats.read_tags(path)


@pytest.mark.parametrize("name", ["x.tsv", "x.txt"])
def test_rows_that_end_when_they_start(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    text = (DCASE if name == "x.tsv" else "") + "north.wav\t1.0\t2.0\tplover\nsouth.wav\t0.0\t0.0\tgull\n"
    path = written(tmp_path / name, text)
    with pytest.raises(DataError, match=r"\(south\.wav, 0\.0, 0\.0, gull\) does not end after .*--zero-length drop"):
        read_events(path)
    assert rows(read_events(path, zero_length="drop")) == [("north.wav", 1.0, 2.0, "plover")]
    assert caplog.messages == [f"{path}: left out, as they end when they start: 1 events"]
    assert list(formats.recordings(path)) == ["north.wav", "south.wav"]
    caplog.clear()
    kept = read_events(path, zero_length="keep")
    assert rows(kept) == [("north.wav", 1.0, 2.0, "plover"), ("south.wav", 0.0, 0.0, "gull")]
    assert caplog.messages == [f"{path}: counted, although they end when they start: 1 events"]
    with pytest.raises(ConfigError, match="zero_length=leave: expected error, drop or keep"):
        read_events(path, zero_length="leave")
    written(path, text.replace("0.0\t0.0\tgull", "0.5\t0.4\tgull"))
    with pytest.raises(DataError, match=r"gull\) ends before it starts"):
        read_events(path, zero_length="keep")


@pytest.mark.parametrize(
    "text",
    [
        "datei;start;end;label\na.wav;0,0;1,25;dog\n=fox\na.wav;1,5;2,75;owl\n",
        "filename,event_label\na.wa-,dog\na.wav,cat\na.wav,fox\na.wav|owl\n",
        'filename,event_labels\na.wav,"dog,x"\na.wwav,"jay,x"\na.wav,"cat,x"\na.wav."owl.x"\n',
    ],
)
def test_a_row_of_one_field_is_refused_though_other_names_are_damaged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=r"line \d .* is one field where other rows have \d"):
        formats.read_tags(path)
