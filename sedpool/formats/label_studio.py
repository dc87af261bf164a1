"""Label Studio's exports of audio regions: JSON, its short form JSON-MIN, CSV and TSV; a task is a recording."""

import csv
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

import pandas as pd

from sedpool.errors import DataError
from sedpool.events import events_from_rows, validate_events
from sedpool.formats.annotators import resolve_annotators
from sedpool.formats.clip import check_times, number_in
from sedpool.formats.columns import is_recording
from sedpool.formats.notes import note
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.texts import tidied_text
from sedpool.text_tables import file_bytes, utf8_bytes
from sedpool.untrusted import parse_json

_KEY = re.compile(rb'"(annotations|annotation_id|annotator|labels|audio)"\s*:')
_UPLOADED = re.compile(r"[0-9a-f]{6,8}-(?=.)")  # what Label Studio puts before the name of an uploaded file


def is_label_studio(path: Path) -> bool:
    """Return whether a JSON file begins as an export of Label Studio does, or a table has its columns."""
    head = file_bytes(path, 1 << 16)
    if path.suffix.lower() == ".json":
        return re.match(rb'(\xef\xbb\xbf)?\s*\[\s*\{\s*"', head) is not None and _KEY.search(head) is not None
    return re.search(rb"\bannotation_id\b", head.partition(b"\n")[0]) is not None


def read_label_studio(
    path: str | os.PathLike[str], filename: str | None = None, options: LabelOptions = RECOGNISED
) -> pd.DataFrame:
    """Read the regions of an export; channels are counted from 1.

    Parameters
    ----------
    path : path-like
        The file.
    filename : str, optional
        Not used: every task names its recording.
    options : LabelOptions
        What becomes of several annotations of a task.

    Returns
    -------
    events : DataFrame
        See `sedpool.events`; a region with several labels is one event for each.

    Raises
    ------
    DataError
        If the file is no such export, a region has an impossible time, or tasks have several annotations and `options`
        do not say which counts.
    """
    rows: list[tuple[str, float, float, str]] = []
    channels, who = [], []
    annotators: dict[str, list[str]] = {}
    n_blank = n_timeless = 0
    for name, author, regions, where in _annotations(path):
        known = annotators.setdefault(name, [])
        annotator = author if author not in known else f"{author} ({len(known) + 1})"
        known.append(annotator)
        for number, region in enumerate(regions):
            value = region.get("value", region) if isinstance(region, dict) else {}
            value = value if isinstance(value, dict) else {}
            labels = value.get("labels") or value.get("timeserieslabels") or []
            labels = labels if isinstance(labels, list) else [labels]
            if "start" not in value:
                n_timeless += 1
                continue
            onset, offset = (number_in(value.get(key), f"{where}, region {number}: {key}") for key in ("start", "end"))
            check_times(onset, offset, f"{where}, region {number}")
            n_blank += not labels
            for label in labels:
                rows.append((name, onset, offset, tidied_text(str(label))))
                channel = value.get("channel")
                channels.append(channel + 1 if isinstance(channel, int) and 0 <= channel < 1 << 16 else None)
                who.append(annotator)
    if n_blank:
        note(path, "not read, as they have no label: {n} regions", n_blank)
    if n_timeless:
        note(path, "not read, as they have no times: {n} results", n_timeless)
    events = events_from_rows(rows).assign(channel=pd.Series(channels, dtype="Int64"))
    events = validate_events(events, source=str(path)).assign(annotator=who)
    if not any(channel is not None for channel in channels):
        events = events.drop(columns="channel")
    return resolve_annotators(events, annotators, options.annotators, path)


def recordings_of(path: str | os.PathLike[str]) -> list[str]:
    """Return the recordings of all annotated tasks, also of those without a region."""
    return list(dict.fromkeys(name for name, *_ in _annotations(path)))


def _annotations(path: str | os.PathLike[str]) -> Iterator[tuple[str, str, list[Any], str]]:
    """Iterate over annotations: the recording, who made it, its regions, and its place for messages."""
    for number, task in enumerate(_tasks(path)):
        where = f"{path}: task {number}"
        stated = task.get("data")
        data: dict[str, Any] = stated if isinstance(stated, dict) else task
        audio = next((text for text in _texts(data) if is_recording(_path(text))), None)
        if audio is None:
            raise DataError(f"{where}: names no audio file; expected an export of Label Studio")
        name = _name(audio)
        if "annotations" not in task:  # the short form: its regions are under the name of the control
            regions = [region for value in task.values() if isinstance(value, list) for region in value]
            yield name, str(task.get("annotator", "")), regions, where
            continue
        if not isinstance(task["annotations"], list):
            raise DataError(f"{where}: no list of annotations; expected an export of Label Studio")
        if task.get("predictions") and not task["annotations"]:
            note(path, "not read, as predictions are no annotations: {n} tasks")
        for index, annotation in enumerate(task["annotations"]):
            if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
                raise DataError(f"{where}, annotation {index}: no list of results; expected an export of Label Studio")
            if not annotation.get("was_cancelled"):
                author = annotation.get("completed_by", annotation.get("id", index))
                author = author.get("email", author.get("id", index)) if isinstance(author, dict) else author
                yield name, str(author), annotation["result"], f"{where}, annotation {index}"


def _tasks(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    text = utf8_bytes(path).decode()
    try:
        if Path(path).suffix.lower() == ".json":
            tasks = parse_json(text)
        else:
            separator = "\t" if "\t" in text.partition("\n")[0] else ","
            table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
            if not table.fieldnames or "annotation_id" not in table.fieldnames:
                raise ValueError("no column annotation_id")
            rows = list(table)
            if any(None in row for row in rows):
                raise ValueError("a row has more fields than there are columns")
            texts = (text for row in rows for text in row.values() if text)
            stray = [*table.fieldnames, *(text for text in texts if text[0] != "[")]
            if any('"start"' in text for text in stray):
                raise ValueError("regions that are no list")
            tasks = [
                {key: parse_json(value) if value and value[0] == "[" else value for key, value in row.items()}
                for row in rows
            ]
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path}: not an export of Label Studio ({error})") from None
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise DataError(f"{path}: not an export of Label Studio; expected a list of tasks")
    return tasks


def _texts(value: Any) -> Iterator[str]:
    """Iterate over the texts in a value, also in lists and mappings in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _path(url: str) -> str:
    """Return the path in an address; that of local storage is in its query."""
    try:
        parts = urlparse(url)
    except ValueError:  # of an impossible host
        return url
    return unquote(parse_qs(parts.query).get("d", [parts.path or url])[0])


def _name(url: str) -> str:
    path = _path(url)
    name = tidied_text(path.replace("\\", "/").rpartition("/")[2])
    return _UPLOADED.sub("", name, count=1) if "upload" in path and _UPLOADED.match(name) else name
