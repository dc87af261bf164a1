"""The labels in a folder of one's own: which files hold them, and which recordings they are about.

A file that is named after a recording beside it holds that recording's labels; any other that names its recordings is
a table for many. What is neither, e.g. a README, is passed over.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath

import pandas as pd

from sedpool.datasets.folder_splits import with_splits
from sedpool.errors import DataError
from sedpool.formats import listing, table
from sedpool.formats.clip import clip_name, first_line
from sedpool.formats.detect import annotation_files, detect_format, read_file
from sedpool.formats.jams import read_tags
from sedpool.text_tables import TextTable

COLUMNS = ("filename", "onset", "offset", "event_label", "strong", "split", "source")


def read_labels(root: Path, recordings: Sequence[str], labels: str | None) -> pd.DataFrame:
    """Read every label in a folder.

    Parameters
    ----------
    root : Path
        The folder.
    recordings : sequence of str
        Its audio files, as POSIX paths relative to `root`.
    labels : str, optional
        The one file to read, relative to `root`; all by default.

    Returns
    -------
    rows : DataFrame
        One row a label with the columns `COLUMNS`: `strong` says whether it has times, `split` (None where a table has
        no such column) and `source` where it comes from. A recording that was looked at and has no label has a row
        with an empty one.

    Raises
    ------
    DataError
        If there are no labels, a file is wrong, or two files locate the events of one recording.
    """
    files = annotation_files(root) if labels is None else [root / labels]
    owners = {PurePosixPath(name).with_suffix("").as_posix(): name for name in recordings}
    by_name = _by_name(recordings)
    tables = []
    for path in files:
        source = path.relative_to(root)
        owner = _owner(source, owners)
        found = _of_recording(path, owner) if owner else _of_many(path, asked=labels is not None)
        if found is not None:
            names = found["filename"] if owner else _resolved(found["filename"], source.parent, by_name)
            tables.append(found.assign(filename=names, source=source.as_posix()).reindex(columns=list(COLUMNS)))
    if not tables:
        seen = f"; passed over {', '.join(path.name for path in files[:3])}" if files else ""
        raise DataError(f"{root}: no labels in it{seen}; see docs/corpora.md for the formats")
    rows = pd.concat(tables, ignore_index=True)
    _refuse_twice(rows, root)
    return rows


def _owner(path: Path, owners: dict[str, str]) -> str | None:
    """The recording that a file is named after: ``a.wav`` for ``a.txt`` and ``a.Table.1.selections.txt``."""
    stem = path.as_posix()
    while "." in PurePosixPath(stem).name:
        stem = stem.rpartition(".")[0]
        if stem in owners:
            return owners[stem]
    return None


def _of_recording(path: Path, name: str) -> pd.DataFrame:
    """Labels of the recording `name`, which a file is named after."""
    found = _tags(path)
    if found is None:
        found = read_file(path, name).assign(strong=True)
    if len(found["filename"].unique()) > 1:
        raise DataError(f"{path}: holds labels of several recordings, but is named after {name}; rename it")
    if found.empty:
        return pd.DataFrame({"filename": [name], "event_label": "", "strong": True})
    return found.assign(filename=name)


def _tags(path: Path) -> pd.DataFrame | None:
    """Labels without times, if that is what a file holds."""
    kind = detect_format(path)
    if kind == "tags":
        separator = "\t" if "\t" in first_line(path) else ","
        rows = table.read_rows(path, separator)
        known = "event_label" in rows.columns
        return with_splits(rows, TextTable(path, separator)).assign(strong=False) if known else None
    labels = read_tags(path) if kind == "jams" else None
    return (
        None if labels is None else pd.DataFrame({"filename": clip_name(path), "event_label": labels, "strong": False})
    )


def _of_many(path: Path, *, asked: bool) -> pd.DataFrame | None:
    """Labels in a file that is named after no recording; None if it seems to hold none and was not asked for."""
    tags = _tags(path)
    if tags is not None:
        return tags
    kind = detect_format(path)
    if kind in ("tsv", "csv"):
        separator = "\t" if kind == "tsv" else ","
        return _events(table.read_rows(path, separator), TextTable(path, separator))
    if kind == "list":
        return _events(listing.read_rows(path), TextTable(path, has_header=False))
    if asked or kind in ("jams", "raven") or (kind == "audacity" and path.stat().st_size):
        return read_file(path).assign(strong=True)
    return None


def _events(rows: pd.DataFrame, source: TextTable) -> pd.DataFrame:
    """Checked events, followed by the recordings that a table lists without an event."""
    rows = with_splits(rows, source)
    events = table.labelled_rows(rows, source)
    labelled = rows["event_label"] != ""
    if "split" in rows.columns:
        events = events.assign(split=rows.loc[labelled, "split"].to_numpy())
    return pd.concat([events, rows.loc[~labelled].filter(["filename", "event_label", "split"])]).assign(strong=True)


def _by_name(recordings: Sequence[str]) -> dict[str, str]:
    """Recordings by what a table may call them: their path, or their name where only one has it."""
    names = [PurePosixPath(name).name for name in recordings]
    count = Counter(names)
    alone = {name: path for name, path in zip(names, recordings, strict=True) if count[name] == 1}
    return alone | {path: path for path in recordings}


def _resolved(names: pd.Series, folder: PurePath, known: Mapping[str, str]) -> pd.Series:
    """The recordings that a table in `folder` names: seen from there, from the root, or by name alone."""
    prefix = "" if folder == PurePath() else f"{folder.as_posix()}/"
    found = [known.get(prefix + name) or known.get(name) or prefix + name for name in names.tolist()]
    return pd.Series(found, index=names.index, dtype=str)


def _refuse_twice(rows: pd.DataFrame, root: Path) -> None:
    if len(rows["source"].unique()) == 1:
        return
    sources = rows.loc[rows["strong"], ["filename", "source"]].drop_duplicates()
    twice = sources.loc[sources["filename"].duplicated(keep=False)]
    if len(twice):
        name = twice["filename"].iloc[0]
        files = twice.loc[twice["filename"] == name, "source"].tolist()
        raise DataError(f"{root}: {name} is labelled in {files[0]} and in {files[1]}; keep one of them")
