"""Text tables of events and tags: DCASE's TSV, CSV, lists without a header, and whatever else has such columns.

Separator, header, decimal sign and columns are recognised (`sedpool.formats.columns`). The columns of
`sedpool.events.OPTIONAL_COLUMNS` are read and written where a table has them. A column ``datetime``,
when each event begins, is written for people and not read.
"""

import logging
import os
import re

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.errors import DataError
from sedpool.events import EVENT_COLUMNS, OPTIONAL_COLUMNS, optional_columns, validate_events
from sedpool.formats.clip import DATETIME, clip_name
from sedpool.formats.columns import SAMPLE, TIMES, Layout, is_recording, recognise, to_numbers
from sedpool.formats.notes import note
from sedpool.formats.options import RECOGNISED, LabelOptions, per_second
from sedpool.formats.texts import tidy
from sedpool.text_tables import TextTable, refuse_rows, table_text

_OTHER_ROW = re.compile(r"(\S.*?[\s,;|]+)?\d[\d.:]*[\s,;|]+\d[\d.:]*([\s,;|]|$)")
_OTHER_ROW_AT_A_NAME = re.compile(r"(\S.*?[\t,;|]+)?\d[\d.:]*[\t,;|]+\d[\d.:]*[\t,;|]")


def read_tsv(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read events in DCASE's format: tab-separated, columns in any order, further columns ignored.

    A row that has only a file name means that the file has no events; it adds no event here.

    Parameters
    ----------
    path : path-like
        The table.
    filename : str, optional
        Id of the recording, for a table of a single recording that has no such column.

    Raises
    ------
    DataError
        If the file is not such a table; the message names the column or line.
    """
    return events_of(recognise(path, RECOGNISED, separator="\t"), RECOGNISED, filename)


def read_csv(path: str | os.PathLike[str], filename: str | None = None) -> pd.DataFrame:
    """Read events from a table between commas or semicolons with DCASE's columns; see `read_tsv`."""
    return read_table(path, filename)


def read_table(
    path: str | os.PathLike[str], filename: str | None = None, options: LabelOptions = RECOGNISED
) -> pd.DataFrame:
    """Read events from a text table whose columns are recognised or given; see `read_tsv`."""
    return events_of(recognise(path, options), options, filename)


def events_of(layout: Layout, options: LabelOptions, filename: str | None = None) -> pd.DataFrame:
    """Read the events of a table; see `read_tsv`."""
    refuse_incomplete(layout)
    return labelled_rows(without_nocalls(read_rows(layout, options, filename), layout), layout.source, options)


def refuse_incomplete(layout: Layout) -> None:
    """Refuse a table of events without a column of times or of labels."""
    missing = [name for name in ("onset", "offset", "event_label") if name not in layout.columns]
    missing = [name for name in missing if (name, "duration" in layout.columns) != ("offset", True)]
    if missing and not (missing == ["event_label"] and "event_labels" in layout.columns):
        raise DataError(
            f"{layout.source}: no column {', '.join(missing)}; found {layout.found}; expected filename, onset, offset "
            f"(or duration) and event_label: say which is which with --columns {missing[0]}=NAME "
            f"(dataset.columns={{{missing[0]}: NAME}})"
        )


def read_rows(layout: Layout, options: LabelOptions, filename: str | None = None) -> pd.DataFrame:
    """Read every row of a table, including those without an event.

    Parameters
    ----------
    layout : Layout
        What was recognised of it.
    options : LabelOptions
        What the user says of it.
    filename : str, optional
        Id of the recording, for a table without such a column; by default that of the audio file beside the table with
        the same stem, else ``stem.wav``.

    Returns
    -------
    rows : DataFrame
        `filename` and, as far as the table has them, `onset`, `offset` (seconds, NaN in rows without an event),
        `event_label`, `split` and `OPTIONAL_COLUMNS`. Labels between commas have become one row each. The index is the
        number of the row in the file (see `sedpool.text_tables`).

    Raises
    ------
    DataError
        If a row has too many fields or another separator, or a value is no number; the message names the line.
    """
    source = layout.source
    cells = source.read_cells(len(layout.header) or max(len(layout.kinds), 1))
    if options.tiers and "tier" in layout.columns:
        cells = cells.loc[cells[layout.columns["tier"]].isin(list(options.tiers))]
    texts = pd.DataFrame({meaning: cells[column] for meaning, column in layout.columns.items()}, index=cells.index)
    _refuse_other_rows(texts, cells, layout)
    rows = {name: tidy(texts[name]) for name in ("filename", "event_label", "event_labels", "split") if name in texts}
    rows |= {name: texts[name] for name in ("selection", "view", "begin_path") if name in texts}
    table = pd.DataFrame(rows | _numbers(texts, layout, options), index=cells.index)
    if "duration" in table and "offset" not in table and "onset" in table:
        table["offset"] = table["onset"] + table["duration"]
    if "event_labels" in table and "event_label" not in table:
        is_list = table["event_labels"].str.fullmatch(r"\[.*\]")  # as Python prints one
        parts = (
            table["event_labels"].where(~is_list, table["event_labels"].str.strip("[]")).str.split(r"[,;|]", regex=True)
        )
        table = table.assign(event_label=parts).explode("event_label")
        table["event_label"] = tidy(table["event_label"].astype(str))
        table["event_label"] = table["event_label"].where(~is_list[table.index], table["event_label"].str.strip("'\""))
    if "filename" in table:
        if "event_label" in table:
            _note_contradictions(table, source)
        shown = table.filter(["filename", "onset", "offset", "event_label"])
        refuse_rows(shown, table["filename"] == "", "names no recording; name it in every row", source)
    else:
        table.insert(0, "filename", clip_name(source.path) if filename is None else filename)
    if options.zero_length == "drop" and {"onset", "offset", "event_label"} <= set(table):
        table = _without_zero_lengths(table, source)
    is_score = "confidence" in table and layout.column("confidence").lower() in ("score", "probability")
    if is_score and not table["confidence"].dropna().between(0, 1).all():
        note(source.path, f"column {layout.column('confidence')} is no confidence, as it is not from 0 to 1")
        table = table.drop(columns="confidence")
    elif layout.description:
        note(source.path, layout.description, level=logging.INFO)
    return table.drop(columns=["duration", "event_labels"], errors="ignore")


def note_lists(rows: pd.DataFrame, layout: Layout) -> None:
    """Note labels of a tag list that may be several, between commas: each is one class."""
    if "event_label" not in layout.columns:
        return
    is_list = rows["event_label"].str.contains(r"\w\s*[,;|]\s*\w")
    if is_list.any():
        name = layout.column("event_label")
        text = (
            f"each is one label, though with commas: {{n}} rows, as {rows.loc[is_list, 'event_label'].iloc[0][:60]!r}; "
            f"if these are several labels, say so: --columns 'event_labels={name}' ('dataset.columns={{event_labels: "
            f"{name}}}')"
        )
        note(layout.source.path, text.replace("{n}", str(is_list.sum())))


def _note_contradictions(table: pd.DataFrame, source: TextTable) -> None:
    """Note rows that say that a recording has no events where other rows give it some."""
    is_blank = table["event_label"] == ""
    if not is_blank.any():
        return
    labelled = table.loc[~is_blank, "filename"]
    wrong = is_blank & table["filename"].isin(labelled) & ~table.index.isin(labelled.index)
    if wrong.any():
        n_rows = table.index[wrong].nunique()
        note(source.path, "rows without a label, though others label their recording: {n}", n_rows)


def _numbers(texts: pd.DataFrame, layout: Layout, options: LabelOptions) -> dict[str, pd.Series]:
    """Return the columns of numbers, times in seconds; optional columns without a number are left out."""
    found = {}
    times = texts.filter(["filename", *TIMES, "event_label"])
    for name in (*TIMES, *OPTIONAL_COLUMNS):
        if name not in texts:
            continue
        problem = f"has no number in {layout.column(name)}; expected {'seconds' if name in TIMES else 'a number'}"
        shown = times if name in TIMES else texts.filter(["filename", "onset", name])
        numbers = to_numbers(texts[name], shown, problem, layout.source)
        if name in TIMES:
            found[name] = numbers / _divisor(layout, options, name)
        elif numbers.notna().any():
            found[name] = numbers
    return found


def _without_zero_lengths(table: pd.DataFrame, source: TextTable) -> pd.DataFrame:
    """Let rows that end when they start be rows without a label and times, and note how many there are."""
    zero = (table["offset"] == table["onset"]) & (table["event_label"] != "")
    if not zero.any():
        return table
    note(source.path, "left out, as they end when they start: {n} events", int(zero.sum()))
    times = {name: table[name].mask(zero) for name in ("onset", "offset")}
    return table.assign(event_label=table["event_label"].mask(zero, ""), **times)


def without_nocalls(rows: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """Let rows that say that BirdNET-Analyzer found nothing be rows without a label and times."""
    silent = is_nocall(rows, layout)
    if not silent.any():
        return rows
    times = {name: rows[name].mask(silent) for name in ("onset", "offset") if name in rows}
    return rows.assign(event_label=rows["event_label"].mask(silent, ""), **times)


def is_nocall(rows: pd.DataFrame, layout: Layout) -> "pd.Series[bool]":
    """Return which rows are BirdNET-Analyzer's way to say that a recording has no event."""
    if "common name" not in [name.lower() for name in layout.header] or "event_label" not in rows:
        return pd.Series(False, index=rows.index)
    return rows["event_label"].str.lower() == "nocall"


def _divisor(layout: Layout, options: LabelOptions, name: str) -> float:
    """Return how many units of a column of times make a second."""
    divisor = layout.units.get(name, 1.0) if options.unit is None else per_second(options.unit)
    if np.isnan(divisor):
        raise DataError(
            f"{layout.source}: column {layout.column(name)} counts samples; give their rate in Hz: --unit samples:RATE "
            "(dataset.unit=samples:RATE)"
        )
    return divisor


def _refuse_other_rows(texts: pd.DataFrame, cells: pd.DataFrame, layout: Layout) -> None:
    """Refuse rows that are none: with another separator, prose, and cut ones in a table of one recording."""
    if len(cells.columns) < 2:
        return
    if not layout.header and "filename" not in layout.columns:
        is_blank = (texts.filter(["onset", "offset", "event_label"]) == "").all(axis=1) & (cells != "").any(axis=1)
        problem = f"has no time and no label; expected {len(cells.columns)} fields in every row"
        refuse_rows(cells, is_blank & (cells.drop(columns=0) != "").any(axis=1), problem, layout.source)
    alone = (cells.drop(columns=0) == "").all(axis=1) & (cells[0] != "")
    if not alone.any():
        return
    first, others = cells.loc[alone, 0], cells.loc[~alone, 0].head(SAMPLE)
    wrong = first.map(is_other_row)
    if not layout.header or (layout.columns.get("filename") == 0 and 2 * sum(others.map(is_recording)) > len(others)):
        wrong |= ~first.map(is_recording)
    refuse_rows(
        first.to_frame(),
        wrong,
        f"is one field where other rows have {len(cells.columns)}; separate all alike, and begin comments with #",
        layout.source,
    )


def is_other_row(text: str) -> bool:
    """Return whether a field is a row between other separators; dates in names of recordings may hold spaces."""
    pattern = _OTHER_ROW_AT_A_NAME if is_recording(text) else _OTHER_ROW
    return pattern.match(text) is not None


def labelled_rows(table: pd.DataFrame, source: TextTable, options: LabelOptions = RECOGNISED) -> pd.DataFrame:
    """Make an event table of the rows that have a label."""
    rows, is_kept = without_blanks(table, source), options.zero_length == "keep"
    if {"onset", "offset"} <= set(rows.columns) and rows[["onset", "offset"]].notna().all(axis=None):
        zero = rows["offset"] == rows["onset"]
        if is_kept and zero.any():
            note(source.path, "counted, although they end when they start: {n} events", int(zero.sum()))
        elif zero.any():
            problem = (
                "does not end after it starts; mend its offset, leave such rows out: --zero-length drop "
                "(dataset.zero_length=drop), or evaluate with them as sed_eval does: --zero-length keep"
            )
            refuse_rows(rows.filter(EVENT_COLUMNS), zero, problem, source)
    return validate_events(rows, source=source, allow_zero_length=is_kept)


def without_blanks(table: pd.DataFrame, source: TextTable) -> pd.DataFrame:
    """Return the rows that have a label; the others mean that a recording has no events.

    Raises
    ------
    DataError
        If a row without a label has a time: it is damaged.
    """
    if "event_label" not in table.columns:
        return table
    unlabelled = table["event_label"] == ""
    has_time = table.filter(["onset", "offset"]).notna().any(axis=1)
    shown = table.filter(["filename", "onset", "offset"])
    problem = "has a time and no label; give both, or neither if the recording has no events"
    refuse_rows(shown, unlabelled & has_time, problem, source)
    if len(table) and unlabelled.all():
        note(source.path, "no row has a label: {n} rows mean recordings without events", len(table))
    return table.loc[~unlabelled]


def write_tsv(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events in DCASE's format, times, frequencies and confidence to six decimals."""
    _write(events, path, "\t")


def write_csv(events: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write events as a comma-separated table with DCASE's columns; see `write_tsv`."""
    _write(events, path, ",")


def _write(events: pd.DataFrame, path: str | os.PathLike[str], separator: str) -> None:
    table = events.loc[:, [*EVENT_COLUMNS, *optional_columns(events), *events.columns.intersection([DATETIME])]]
    storage.write_text(path, table_text(table, separator))
