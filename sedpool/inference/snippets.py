"""Snippets of detected events to listen to: which events, under which names, cut with a margin."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

import pandas as pd

from sedpool import audio, storage
from sedpool.formats.clip import RecordingInfo, with_datetimes
from sedpool.text_tables import table_text

MARGIN = 1.0
"""Seconds before and after an event."""
TABLE = "clips.tsv"
_COLUMNS = ("event_label", "filename", "onset", "offset", "confidence")

_LONGEST_NAME = 160  # bytes; file systems take 255, and confidence, onset, a number and a suffix are added
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def choose_events(events: pd.DataFrame, n: int, by: Literal["confidence", "random"]) -> pd.DataFrame:
    """Choose so many events of each class: the most confident ones, or any, the same each time.

    Parameters
    ----------
    events : DataFrame
        Event table with a column `confidence`.
    n : int
        Number of events of each class; all of a class that has fewer.
    by : {"confidence", "random"}
        Which are chosen. Of events of equal confidence the first ones are.

    Returns
    -------
    chosen : DataFrame
        By class; then by confidence, or in their order in `events`.
    """
    chosen = []
    for _, of_class in events.groupby("event_label"):
        if by == "random":
            chosen.append(of_class.sample(min(n, len(of_class)), random_state=0).sort_index())
        else:
            chosen.append(of_class.sort_values("confidence", ascending=False, kind="stable").head(n))
    return pd.concat(chosen, ignore_index=True) if chosen else events.iloc[:0]


def write_snippets(
    chosen: pd.DataFrame, recordings: Mapping[str, RecordingInfo], folder: Path, *, margin: float = MARGIN
) -> Path:
    """Write a WAV file of each event, in a folder for each class, and a table of them.

    Parameters
    ----------
    chosen : DataFrame
        Event table with a column `confidence`.
    recordings : mapping of str to RecordingInfo
        The recordings, with their paths.
    folder : Path
        Folder of the snippets.
    margin : float
        Seconds before and after an event, as far as the recording goes.

    Returns
    -------
    table : Path
        ``clips.tsv``: the events, each with its snippet in the column `clip`. It has no rows until all are written.

    Raises
    ------
    AudioError
        If a recording cannot be read.
    """
    columns = list(_COLUMNS)
    rows = list(zip(*(chosen[column].tolist() for column in columns), strict=True))
    labels = list(dict.fromkeys(chosen["event_label"]))
    folders = dict(zip(labels, distinct([plain_name(label) for label in labels]), strict=True))
    names = [f"{row[4]:.3f}_{plain_name(audio.stem(row[1]))}_{row[2]:.3f}s" for row in rows]
    clips = [f"{folders[row[0]]}/{name}.wav" for row, name in zip(rows, distinct(names), strict=True)]
    storage.write_text(folder / TABLE, "\t".join([*columns, "clip"]) + "\n")
    for clip, (_, filename, onset, offset, _) in zip(clips, rows, strict=True):
        begin = max(0.0, onset - margin)
        audio.copy_part(
            recordings[filename].path or filename, folder / clip, onset=begin, duration=offset + margin - begin
        )
    table = with_datetimes(chosen, recordings).assign(clip=clips)
    table = table[[*columns, *table.columns.drop(columns)]]
    storage.write_text(folder / TABLE, table_text(table))
    return folder / TABLE


def without_snippets(root: str, names: Sequence[str]) -> list[str]:
    """Leave out the recordings in folders of snippets below a folder; if it is one itself, all are kept.

    Parameters
    ----------
    root : str
        The folder.
    names : sequence of str
        Names of recordings, relative to it.
    """

    @cache
    def holds_snippets(folder: PurePosixPath) -> bool:
        if folder == PurePosixPath():
            return False
        with suppress(OSError), Path(root, folder, TABLE).open("rb") as table:
            if table.readline().startswith("\t".join(_COLUMNS).encode()):
                return True
        return holds_snippets(folder.parent)

    return [name for name in names if not holds_snippets(PurePosixPath(name).parent)]


def plain_name(text: str) -> str:
    """Make a name of a text that every file system takes, of letters, digits and ``+-.`` alone.

    Examples
    --------
    >>> [plain_name(text) for text in ("dog: bark?", "north/20240601_053000", "con", "..", "Ü")]
    ['dog_bark_', 'north_20240601_053000', 'con_', '_', 'Ü']
    """
    letters = re.sub(r"[^\w+.-]+", "_", unicodedata.normalize("NFC", text))
    plain = letters.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(".") or "_"
    return f"{plain}_" if _RESERVED.match(plain) else plain


def distinct(names: Sequence[str]) -> list[str]:
    """Add a number to each name that another before it has, where case is ignored.

    Examples
    --------
    >>> distinct(["Dog", "dog", "cat", "dog"])
    ['Dog', 'dog-2', 'cat', 'dog-3']
    """
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        number, new = 1, name
        while new.casefold() in taken:
            number += 1
            new = f"{name}-{number}"
        taken.add(new.casefold())
        found.append(new)
    return found
