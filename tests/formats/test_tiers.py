"""TextGrids and ELAN's files: intervals on tiers."""

import logging
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, empty_events, events_from_rows
from sedpool.formats import read_events
from sedpool.formats.elan import MAX_DEPTH
from sedpool.formats.textgrid import read_textgrid, write_textgrid
from sedpool.formats.texts import tidied_text

PLOVER = ("north.wav", 0.5, 1.75, "plover")
CLICK = ("north.wav", 2.5, 2.75, "click")
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "calls"
        xmin = 0
        xmax = 5
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.75
            text = "plover"
        intervals [3]:
            xmin = 1.75
            xmax = 5
            text = ""
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 5
        points: size = 1
        points [1]:
            number = 2.5
            mark = "click"
"""
SHORT = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n5\n<exists>\n1\n"IntervalTier"\n"calls"\n0\n5\n3\n'
    '0\n0.5\n""\n0.5\n1.75\n"plover"\n1.75\n5\n""\n'
)


def rows(events) -> list[tuple]:
    return list(events[list(EVENT_COLUMNS)].itertuples(index=False, name=None))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("text", [LONG, SHORT], ids=["long", "short"])
def test_textgrids(tmp_path: Path, text: str, encoding: str) -> None:
    (tmp_path / "north.TextGrid").write_text(text, encoding=encoding)
    assert rows(read_events(tmp_path / "north.TextGrid")) == [PLOVER]
    (tmp_path / "north.flac").touch()
    assert rows(read_events(tmp_path)) == [("north.flac", *PLOVER[1:])]


def test_tiers_and_points_are_chosen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    path = tmp_path / "north.TextGrid"
    path.write_text(LONG)
    read_events(path)
    assert [message.split(": ", 1)[1] for message in caplog.messages] == [
        "not read, as they have no length: 1 points; --point-duration SECONDS (dataset.point_duration) gives them one",
        "read from every tier that labels the sound; labels are the texts on them, not their names; "
        "--label-from tier (dataset.label_from=tier) takes the names of tiers; --tiers (dataset.tiers) chooses",
    ]
    assert rows(read_events(path, point_duration=0.25)) == [PLOVER, CLICK]
    assert rows(read_events(path, tiers=["clicks"], point_duration=0.25)) == [CLICK]
    assert rows(read_events(path, tiers=["calls"])) == [PLOVER]
    with pytest.raises(ConfigError, match=r"tiers: .*: no tier songs; found calls, clicks"):
        read_events(path, tiers=["songs"])
    with pytest.raises(ConfigError, match="point_duration=0: expected seconds above 0"):
        read_events(path, point_duration=0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prose",
        LONG[:300],
        LONG[: LONG.index('text = "plover"')],
        LONG.replace("xmax = 1.75", "xmax = x"),
        LONG.replace("intervals: size = 3", "intervals: size = 2"),
        LONG.replace("size = 2", "size = 1"),
        LONG.replace('"IntervalTier"', '"PitchTier"'),
        SHORT[:-20],
        SHORT + '"more"\n',
    ],
)
def test_what_is_no_textgrid_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.TextGrid").write_text(text)
    with pytest.raises(DataError, match=r"a\.TextGrid: not a TextGrid that can be read") as caught:
        read_events(tmp_path / "a.TextGrid")
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="no such file"):
        read_events(tmp_path / "b.TextGrid")


def test_other_forms_of_textgrids(tmp_path: Path) -> None:
    path = tmp_path / "north.TextGrid"
    path.write_text(LONG.replace("xmin = 0.5", "xmin = -0.5"))
    with pytest.raises(DataError, match=r"tier calls, plover: starts at -0\.5 s"):
        read_events(path)
    path.write_text(LONG.replace("number = 2.5", "time = 2.5").replace('"plover"', '"item [1]: ""plover"" = 1"'))
    labelled = ("north.wav", 0.5, 1.75, 'item [1]: "plover" = 1')
    assert rows(read_events(path, point_duration=0.25)) == [labelled, CLICK]
    path.write_text(LONG.replace('"clicks"', '"calls"').replace("\n", "\r"))
    assert rows(read_events(path, tiers=["calls (2)"], point_duration=0.25)) == [CLICK]
    path.write_text('File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n5\n<absent>\n')
    assert read_events(path).empty
    (tmp_path / "south.txt").write_text(SHORT, encoding="utf-16")
    assert rows(read_events(tmp_path / "south.txt")) == [("south.wav", *PLOVER[1:])]


def test_praatio_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "praatio", None)
    with pytest.raises(ConfigError, match=r"^writing TextGrids needs praatio: pip install 'sedpool\[formats\]'$"):
        write_textgrid(empty_events(), tmp_path / "a.TextGrid", duration=1.0)


TIMES = st.tuples(st.integers(0, 10**7), st.integers(1, 10**7)).map(lambda pair: (pair[0] / 1e4, sum(pair) / 1e4))
TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=9).filter(str.strip)
LABELS = TEXT | st.sampled_from(["x", "x 2", 'a "quoted" call', "IntervalTier", "text =", "class"])
LABELS = LABELS.filter(lambda label: not re.search(r"item\s*\[", label))


@given(drawn=st.lists(st.tuples(TIMES, LABELS), max_size=6))
def test_written_textgrids_come_back(tmp_path_factory: pytest.TempPathFactory, drawn: list) -> None:
    pytest.importorskip("praatio")
    path = tmp_path_factory.mktemp("grid") / "a.TextGrid"
    events = events_from_rows([("a.wav", *times, label) for times, label in drawn])
    write_textgrid(events, path, duration=10.0)
    found = [(onset, offset, label) for _, onset, offset, label in rows(read_textgrid(path))]
    assert found == sorted((onset, offset, tidied_text(label)) for _, onset, offset, label in rows(events))
    with pytest.raises(DataError, match=r"label 'item \[1\]' contains 'item \[', which a TextGrid cannot hold"):
        write_textgrid(events_from_rows([("a.wav", 0, 1, "item [1]")]), path, duration=10.0)
    write_textgrid(empty_events(), path, duration=10.0)
    assert read_textgrid(path).empty


HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
EAF = """<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="file:///mnt/my%20card/north.wav"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1750"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER TIER_ID="calls"><ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>plover</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>gull</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="quality"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
<ANNOTATION_VALUE>good</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>
"""


def test_elan_documents(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "tiers.eaf"
    path.write_text(HEAD + EAF)
    assert rows(read_events(path)) == [PLOVER]
    assert caplog.messages[0] == f"{path}: not read, as they have no time: 1 annotations"
    assert rows(read_events(path, tiers=["quality"])) == [("north.wav", 0.5, 1.75, "good")]
    path.write_text(HEAD + EAF.replace('"1750"', '"1_750"'))
    with pytest.raises(DataError, match=r"not an ELAN document .*1_750"):
        read_events(path)
    path.write_text(HEAD + EAF.replace("<MEDIA_DESC", '<MEDIA_DESCRIPTOR MEDIA_URL="file:///v/north.mp4"/><MEDIA_DESC'))
    assert rows(read_events(path)) == [PLOVER]
    path.write_text(HEAD + EAF.replace("file:///mnt/my%20card/north.wav", ""))
    assert rows(read_events(path)) == [("tiers.wav", *PLOVER[1:])]


def test_labels_are_the_names_of_tiers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="sedpool")
    path = tmp_path / "north.TextGrid"
    marked = LONG.replace('"plover"', '"x"').replace('"click"', '""').replace('"clicks"', '"click"')
    path.write_text(marked.replace('"calls"', '"plover"'))
    assert rows(read_events(path, point_duration=0.25)) == [(*PLOVER[:3], "x")]
    assert "takes the names of tiers" in caplog.text
    caplog.clear()
    assert rows(read_events(path, label_from="tier", point_duration=0.25)) == [PLOVER, CLICK]
    assert [message.split(": ", 1)[1] for message in caplog.messages] == [
        "read from every tier that labels the sound; labels are their names; --tiers (dataset.tiers) chooses"
    ]
    path.write_text(marked.replace('"calls"', '"click"'))
    twice = [("north.wav", 0.5, 1.75, "click"), CLICK]
    assert rows(read_events(path, label_from="tier", point_duration=0.25)) == twice
    with pytest.raises(ConfigError, match="label_from=tiers: expected text or tier"):
        read_events(path, label_from="tiers")


def test_a_label_of_one_character_may_be_a_mark(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.TextGrid").write_text(SHORT.replace("plover", "x"))
    read_events(tmp_path / "a.TextGrid")
    assert caplog.messages == [
        f"{tmp_path / 'a.TextGrid'}: every label is a single character; --label-from tier (dataset.label_from=tier) "
        "takes the names of tiers"
    ]


@pytest.mark.parametrize("label_from", ["text", "tier"])
def test_a_tier_without_texts_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture, label_from: str) -> None:
    """Praat's intervals fill a tier: without texts nobody knows which of them are events."""
    path = tmp_path / "a.TextGrid"
    path.write_text(SHORT.replace("plover", ""))
    assert read_events(path, label_from=label_from).empty
    assert caplog.messages == [
        f"{path}: not read, as no interval of their tier has a text: 3 intervals; write one into those that are "
        "events; with --label-from tier (dataset.label_from) x will do"
    ]


def test_annotations_without_a_text_are_events_of_their_tier(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, export = tmp_path / "tiers.eaf", tmp_path / "north.txt"
    path.write_text(HEAD + EAF.replace("plover", "").replace('"calls"', '"plover"'))
    assert read_events(path).empty
    assert caplog.messages[1] == (
        f"{path}: not read, as they have no label: 1 intervals; --label-from tier (dataset.label_from=tier) takes the "
        "names of tiers"
    )
    assert rows(read_events(path, label_from="tier")) == [PLOVER]
    export.write_text("plover\t\t00:00:00.500\t0.5\t00:00:01.750\t1.75\t00:00:01.250\t1.25\t\n")
    assert rows(read_events(export, label_from="tier")) == [PLOVER]
    export.write_text("plover\t\t0.5\t1.75\t1.25\tx\nclick\t\t2.5\t2.75\t0.25\tx\n")
    assert rows(read_events(export, label_from="tier")) == [PLOVER, CLICK]
    export.write_text("Tier\tBegin Time\tEnd Time\tText\nplover\t0.5\t1.75\tx\n")
    assert rows(read_events(export, label_from="tier")) == [PLOVER]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + BOMB + EAF.replace("plover", "&b;"), "has a document type, which could hide entities"),
        (HEAD + "<a>" * (MAX_DEPTH + 5), "an XML document of a; expected ELAN's"),
        ("<ANNOTATION_DOCUMENT>" + "<a>" * 10**5, f"elements are nested more than {MAX_DEPTH} deep"),
        (HEAD + EAF[:400], "not an ELAN document"),
        (HEAD + EAF.replace('"500"', '"soon"'), "not an ELAN document"),
        (HEAD + EAF.replace('"a2"', '"a1"'), "annotation a1 is there twice"),
        (
            HEAD + EAF.replace('<TIER TIER_ID="calls">', "").replace("</TIER>\n<TIER", "<TIER"),
            "annotation a1 is on no tier",
        ),
        (HEAD + EAF.replace('"1750"', '"1e12"'), "tier calls, plover: ends at 1e.09 s; expected less than 1e.07 s"),
        (HEAD + EAF.replace('"1750"', '"500"'), "tier calls, plover: lasts from 0.5 s to 0.5 s"),
        ("", "not an ELAN document"),
    ],
)
def test_what_is_no_elan_document_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.eaf").write_text(text)
    with pytest.raises(DataError, match=rf"a\.eaf: {message}") as caught:
        read_events(tmp_path / "a.eaf")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        "calls\t\t00:00:00.500\t0.5\t00:00:01.750\t1.75\t00:00:01.250\t1.25\tplover",
        "calls\t\t00:00:00.500\t0.5\t500\t00:00:01.750\t1.75\t1750\t00:00:01.250\t1.25\t1250\tplover",
        "calls\tann\t0.5\t1.75\tplover",
        "calls\t\t00:00:00.500\t00:00:01.750\t00:00:01.250\tplover",
    ],
)
def test_elans_tab_export(tmp_path: Path, line: str) -> None:
    path = tmp_path / "north.txt"
    path.write_text(f"{line}\n{line.replace('calls', 'noise').replace('plover', 'rain')}\n")
    assert rows(read_events(path)) == [PLOVER, ("north.wav", 0.5, 1.75, "rain")]
    assert rows(read_events(path, tiers=["calls"])) == [PLOVER]


def test_a_row_of_a_tab_export_that_is_cut(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("calls\tann\t0.5\t1.75\t1.25\tplover\ncalls\n")
    with pytest.raises(DataError, match=r"x\.txt: line 2 \(calls\) is one field where other rows have 6"):
        read_events(tmp_path / "x.txt")


def test_an_export_whose_only_row_lacks_its_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.txt"
    path.write_text("calls\t\t00:00:00.0\t0.0\t00:00:01.25\t")
    with pytest.raises(DataError, match="no labels recognised"):
        read_events(path)


def test_what_was_left_out_is_said_before_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.TextGrid").write_text(LONG)
    (tmp_path / "b.TextGrid").write_text("cut")
    with pytest.raises(DataError, match=r"b\.TextGrid"):
        read_events(tmp_path)
    assert "not read, as they have no length: 1 points" in caplog.messages[0]
