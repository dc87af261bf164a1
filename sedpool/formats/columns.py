"""What the columns of a text table mean: recognised from its header and first rows, or given by the user.

One description serves every table: separator, header, decimal sign, unit of time, and which column holds what.
"""

import csv
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd

from sedpool.audio.files import EXTENSIONS
from sedpool.errors import ConfigError, DataError
from sedpool.formats.options import NAMES, UNITS, LabelOptions
from sedpool.text_tables import TextTable, refuse_rows, utf8_bytes

TIMES = ("onset", "offset", "duration", "file_offset")

FORMS: Mapping[str, tuple[str, ...]] = {
    "T": ("filename",),
    "NNT": ("onset", "offset", "event_label"),
    "TNNT": ("filename", "onset", "offset", "event_label"),
    "TTNNT": ("filename", "scene", "onset", "offset", "event_label"),
    "TNNTN": ("filename", "onset", "offset", "event_label", "confidence"),
    "TT": ("filename", "event_label"),
}
"""Columns of tables without a header, by the kinds of their fields: text, or numbers and times."""

_UNIT = re.compile(
    r"[\s_(\[]{1,3}(?:in )?(s|secs?|seconds?|ms|msec|milliseconds?|samples?|hz|(?:hh?:)?mm?:ss[.,s]*)\.?[)\]]?$"
)
_CLOCK = re.compile(r"(?:(\d+):([0-5]?\d)|(\d+)):([0-5]?\d(?:[.,]\d*)?)")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?inf|nan")
_GROUPS = re.compile(r"([+-]?\d{1,3}([ '\u2019\u00a0\u202f,.])\d{3}(?:\2\d{3})*)([.,]\d*)?")  # 1,234.5
_STATED_SEPARATOR = re.compile(rb'"?sep=([;,|\t])"?\r?\n', re.IGNORECASE)  # the first line of Excel's own files
SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "vertical bars"}
_NO_VALUE = frozenset({"", "nan", "na", "n/a", "none", "null", "-"})
SAMPLE = 50  # rows that are looked at


@dataclass(frozen=True)
class Layout:
    """How a text table is to be read.

    Attributes
    ----------
    source : TextTable
        The file, with its separator and whether it has a header.
    header : tuple of str
        Names of the columns; empty if there is none.
    columns : dict of str to int
        Number of a column, from 0, by its meaning.
    units : dict of str to float
        Units that make a second, by the meaning of the column, where its name states the unit.
    kinds : str
        Kinds of the columns where there is no header, T for text and N for numbers.
    """

    source: TextTable
    header: tuple[str, ...]
    columns: dict[str, int]
    units: dict[str, float]
    kinds: str = ""

    @property
    def found(self) -> str:
        """The columns that there are, for messages."""
        n_columns = len(self.kinds)
        names = (" ".join(name.split())[:40] for name in self.header)
        return ", ".join(names) if self.header else f"{n_columns} columns without names"

    def column(self, meaning: str) -> str:
        """Return what a column is called in messages."""
        index = self.columns[meaning]
        return self.header[index] if self.header else str(index + 1)

    @property
    def description(self) -> str:
        """What was recognised and is not as DCASE writes it, for the user to check; empty if nothing."""
        is_raven = "Begin Time (s)" in self.header  # its columns are always called the same, except that of labels
        meanings = {"event_label"} & set(self.columns) if is_raven else self.columns.keys() - {"selection", "view"}
        said = {meaning: self.column(meaning) for meaning in self.columns if meaning in meanings}
        parts = [f"{name} as {meaning}" for meaning, name in said.items() if self.header and name != meaning]
        if self.source.separator in ";|":
            parts.append(f"between {SEPARATORS[self.source.separator]}")
        return ", ".join(parts)


def recognise(path: str | os.PathLike[str], options: LabelOptions, *, separator: str | None = None) -> Layout:
    """Recognise how a text table is to be read.

    Parameters
    ----------
    path : path-like
        The file.
    options : LabelOptions
        What the user says of it.
    separator : str, optional
        The separator, if it is known.

    Raises
    ------
    DataError
        If the file is missing, no text, or a web page, or two columns have the name of one that counts.
    ConfigError
        If a column of `options` is not there.
    """
    data = utf8_bytes(path)
    if re.match(rb"\s*<(!doctype|html)\b", data[:200], re.IGNORECASE):
        raise DataError(f"{path}: line 1: a web page and no table; download the file itself")
    stated = _STATED_SEPARATOR.match(data)
    found = separator or (stated[1].decode() if stated else _separator(data, options))
    tables = TextTable(path, found, comments=_comments(data, found))
    rows = tables.first_rows()
    has_header = bool(rows) and (_is_header(rows[0], options) or _names_numbers(rows))
    source = TextTable(path, found, has_header, tables.comments)
    header = tuple(name.strip() for name in rows[0]) if has_header else ()
    kinds = "" if has_header else _kinds(rows)
    if options.label_from == "tier" and re.fullmatch("TTN{2,9}", kinds):
        kinds += "T"  # the values of ELAN's export, all blank
    columns, units = _by_name(header) if has_header else (_by_form(kinds, rows), {})
    named = [index for index in range(len(header)) if _holds_recordings(rows[1:SAMPLE], index)]
    if named:
        columns.setdefault("filename", named[0])
    if options.label_from == "tier" and "tier" in columns:
        columns["event_label"] = columns["tier"]
    for meaning, name in options.columns.items():
        columns.pop(meaning, None)
        units.pop(meaning, None)
        if str(name) != "":
            columns[meaning] = _chosen(path, meaning, name, header, len(header or kinds))
    if options.columns.get("event_labels") and "event_label" not in options.columns:
        columns.pop("event_label", None)
    repeated = {name for name, count in Counter(header).items() if name and count > 1}
    for meaning, index in columns.items():
        if repeated and header[index] in repeated and not str(options.columns.get(meaning)).isdecimal():
            raise DataError(
                f"{path}: two columns {header[index]}; say by its number which is the {meaning}: --columns "
                f"{meaning}=NUMBER (dataset.columns)"
            )
    _refuse_header(source, header, columns, rows[1:])
    return Layout(source, header, columns, units, kinds)


def _refuse_header(
    source: TextTable, header: tuple[str, ...], columns: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> None:
    """Refuse a header that holds rows, or whose names may stand beside the fields that they mean."""
    if any(control in name for name in header for control in "\v\f\x85\u2028\u2029"):
        raise DataError(f"{source}: line 1: unusual line breaks in the header; save the table with plain ones")
    width = max((len(row) for row in rows), default=0)
    others = set(range(width)) - set(columns.values())
    if 1 < width < len(header) and header[-1] and len(header) - width <= len(others):
        name = " ".join(header[min(others)].split())[:40] or f"column {min(others) + 1}, which has no name"
        raise DataError(
            f"{source}: the header has {len(header)} names and rows at most {width} fields, so that {name} may be too "
            "much; remove it from the header, or fill up the rows"
        )


def _separator(data: bytes, options: LabelOptions) -> str:
    """Return the separator: a tab where the first row has one, else that which gives a header, numbers or columns."""
    lines = [line for line in data[: 1 << 16].decode(errors="replace").splitlines() if line.strip()]
    lines = [line for line in lines[:SAMPLE] if not line.startswith("#")] or lines[:1]
    if not lines or "\t" in lines[0]:
        return "\t"
    tables = {
        separator: list(csv.reader(lines, delimiter=separator, skipinitialspace=True)) for separator in (";", ",", "|")
    }
    for separator, rows in tables.items():
        if len(rows[0]) > 1 and (_is_header(rows[0], options) or sum(map(is_number, rows[0])) > 1):
            return separator
    for separator, rows in tables.items():
        if len(rows[0]) > 1 and {len(row) for row in rows} == {len(rows[0])} and not is_recording(lines[0]):
            return separator
    return "\t"


def _comments(data: bytes, separator: str) -> frozenset[int]:
    """Return the lines that are no rows: comments, separators without a value, and the statement of a separator.

    A comment begins with ``#`` and is neither a header nor a row of values.
    """
    begins = (b"#", b" ", separator.encode())
    found = {1} if _STATED_SEPARATOR.match(data) else set()
    if not data.startswith(begins) and not any(b"\n" + begin in data for begin in begins):
        return frozenset(found)
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.startswith(begins) and not line.strip(b" \r" + separator.encode()):
            found.add(number)
        elif line.lstrip(b" ").startswith(b"#"):
            fields = line.decode(errors="replace").strip(" \r").split(separator)
            is_row = any(map(is_number, fields[1:])) or is_recording(fields[0])
            if not is_row and len(_by_name(tuple(fields))[0]) < 2:
                found.add(number)
    return frozenset(found)


def is_number(text: str) -> bool:
    """Return whether a field is a number, with a decimal point or comma, or a time of a clock (``0:01:02.5``)."""
    text = text.strip().strip('"').lower()
    return text not in _NO_VALUE - {"nan"} and number_of(text) is not None


def is_recording(text: str) -> bool:
    """Return whether a field is the name of an audio file."""
    return PurePath(text.strip().strip('"')).suffix.lower() in EXTENSIONS


def _holds_recordings(rows: Sequence[Sequence[str]], index: int) -> bool:
    found = [row[index] for row in rows if len(row) > index and row[index].strip()]
    return 2 * sum(map(is_recording, found)) > len(found)


def _is_header(fields: Sequence[str], options: LabelOptions) -> bool:
    if any(map(is_number, fields)) or any(map(is_recording, fields)):
        return False
    chosen = {str(name).strip() for name in options.columns.values()}
    named = chosen & {field.strip().strip('"') for field in fields}
    return bool(named) or bool(_by_name(tuple(field.strip('" ') for field in fields))[0])


def _names_numbers(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a first row of texts is above columns of numbers: a header, whatever its language."""
    first, others = rows[0], rows[1:SAMPLE]
    if len(first) < 3 or any(map(is_number, first)) or any(map(is_recording, first)) or not all(map(str.strip, first)):
        return False
    return _kinds(others).count("N") > 1


def _by_name(header: tuple[str, ...]) -> tuple[dict[str, int], dict[str, float]]:
    """Return column and unit of every meaning that a header names."""
    plain, stated = [], []
    for name in header:
        text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip().strip("# ")).lower()
        unit = _UNIT.search(text)
        plain.append(re.sub(r"[\s_\-.]+", "", text[: unit.start()] if unit else text))
        stated.append(unit.group(1) if unit and ":" not in unit.group(1) else "")
    columns = {}
    for meaning, names in NAMES.items():
        joined = [name.replace(" ", "") for name in names]
        exact = next((index for index, name in enumerate(header) if name.strip() == meaning), None)
        index = next((plain.index(name) for name in joined if name in plain), None) if exact is None else exact
        if index is not None:
            columns[meaning] = index
    units = {}
    for meaning in set(TIMES) & set(columns):
        if name := stated[columns[meaning]]:
            units[meaning] = UNITS.get(name, np.nan)  # NaN: samples of a rate that is not stated
    return columns, units


def _kinds(rows: Sequence[Sequence[str]]) -> str:
    """Return the kinds of the columns of rows without a header, T for text and N for numbers.

    Blank columns at the end are none.
    """
    width = max((len(row) for row in rows), default=0)
    while width > 1 and not any(row[width - 1].strip() for row in rows if len(row) >= width):
        width -= 1
    kinds = []
    for index in range(width):
        filled = [row[index] for row in rows if len(row) > index and row[index].strip()]
        kinds.append("N" if filled and 2 * sum(map(is_number, filled)) >= len(filled) else "T")
    text = "".join(kinds)
    # Labels and names may be numbers: three columns of numbers are times and labels all the same.
    return {"NNN": "NNT", "NNNT": "TNNT", "TNNN": "TNNT", "TTNNN": "TTNNT"}.get(text, text)


def _by_form(kinds: str, rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the columns of a table without a header, or none if its form is not known.

    ELAN's export has tier, participant, begin, end and, if asked for, duration, each in one or more forms, and the
    value.
    """
    begins, ends = (any(is_recording(row[at]) for row in rows if row) for at in (0, -1))
    if kinds == "TT" and not begins:
        return {}
    if kinds in ("TNNT", "NNTT") and ends and not begins:
        return {"filename": 3, "onset": kinds.index("N"), "offset": kinds.index("NT"), "event_label": kinds.index("T")}
    has_tier = kinds == "TTNNT" and not begins
    if kinds in FORMS and not has_tier:
        return dict(zip(FORMS[kinds], range(len(kinds)), strict=True))
    if not re.fullmatch("TTN{2,9}T", kinds):
        return {}
    whole = [row[2:-1] for row in rows[:SAMPLE] if len(row) == len(kinds)]
    if not whole:
        return {}
    table = np.array([[number_of(text.strip().lower()) for text in row] for row in whole], dtype=float)
    begin = table[:, 0]
    is_other_form = [np.allclose(column, 1000 * begin) for column in table.T]  # the same times in milliseconds
    later = [
        index for index in range(table.shape[1]) if (table[:, index] > begin + 0.001).all() and not is_other_form[index]
    ]
    if not later:
        return {}
    return {"tier": 0, "onset": 2, "offset": 2 + later[0], "event_label": len(kinds) - 1}


def _chosen(path: str | os.PathLike[str], meaning: str, name: str | int, header: tuple[str, ...], width: int) -> int:
    text = str(name).strip()
    if text in header:
        return header.index(text)
    if text.isdecimal() and 1 <= int(text) <= width:
        return int(text) - 1
    found = (
        ", ".join(" ".join(column.split())[:40] for column in header)
        if header
        else f"{width} columns without names, numbered from 1"
    )
    raise ConfigError(f"columns: {path}: no column {text} for {meaning}; found {found}")


def to_numbers(texts: pd.Series, table: pd.DataFrame, problem: str, source: TextTable) -> pd.Series:
    """Convert a column of text to numbers; blanks and words for no value become NaN.

    A decimal comma and times of a clock are understood; the latter are seconds, whatever the unit of the others.

    Raises
    ------
    DataError
        If a text is none of these, or decimal points and commas are mixed; the message names the line of its row in
        `table`.
    """
    numbers = pd.to_numeric(texts, errors="coerce")
    left = numbers.isna().to_numpy()
    if not left.any():
        return numbers.astype(np.float64)
    others = texts.loc[left].str.strip().str.lower()
    values = {text: number_of(text) for text in others.unique()}
    wrong = left.copy()
    wrong[left] = [values[text] is None for text in others]
    refuse_rows(table, wrong, problem, source)
    signs = {text: _decimal_sign(text) for text in values}
    has_comma = np.zeros(len(texts), dtype=bool)
    has_comma[left] = [signs[text] == "," for text in others]
    has_point = "." in signs.values() or texts.loc[~left].str.contains(".", regex=False).any()
    if has_comma.any() and has_point:
        refuse_rows(table, has_comma, "has a decimal comma where other rows have a point; use one of them", source)
    numbers = numbers.astype(np.float64)
    filled = numbers.to_numpy(copy=True)
    filled[left] = [values[text] for text in others]
    return pd.Series(filled, texts.index)


def number_of(text: str) -> float | None:
    """Return a number with a decimal comma, seconds of a clock, or NaN for no value; None for other texts.

    Thousands may be apart where it is clear that they are.

    Examples
    --------
    >>> number_of("0,5"), number_of("1:02.5"), number_of("01:00:00,250"), number_of("soon")
    (0.5, 62.5, 3600.25, None)
    >>> number_of("1,234.5"), number_of("1.234,5"), number_of("1 234 567"), number_of("1,234")
    (1234.5, 1234.5, 1234567.0, 1.234)
    """
    if text in _NO_VALUE:
        return np.nan
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, all_minutes, seconds = clock.groups()
        return float(hours or 0) * 3600 + float(minutes or all_minutes) * 60 + float(seconds.replace(",", "."))
    if groups := _groups(text):
        return float(groups[1].replace(groups[2], "") + (groups[3] or "").replace(",", "."))
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _groups(text: str) -> "re.Match[str] | None":
    """Match a number whose thousands are apart, unless its only point or comma may be the decimal sign."""
    match = _GROUPS.fullmatch(text)
    if match is None or match[2] not in ",.":
        return match
    decimal = match[3] or ""
    return match if decimal[:1] not in ("", match[2]) or (not decimal and match[1].count(match[2]) > 1) else None


def _decimal_sign(text: str) -> str:
    """Return a number's decimal point or comma; nothing for other texts."""
    if groups := _groups(text):
        return (groups[3] or "")[:1]
    return "," if "," in text and _NUMBER.fullmatch(text) else ""
