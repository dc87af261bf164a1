"""The labels in a folder of the user's own: the files that hold them, and the recordings that they belong to.

A file that is named after a recording beside it holds that recording's labels; any other file that names its recordings
is a table for several. Other files, e.g. a README, are ignored.
"""

import logging
import os
from collections.abc import Sequence
from pathlib import Path, PurePath, PurePosixPath

import numpy as np
import pandas as pd

from sedpool.datasets.folder_names import RecordingNames
from sedpool.datasets.folder_splits import with_splits
from sedpool.errors import ConfigError, DataError
from sedpool.events import EVENT_COLUMNS, empty_events, optional_columns, validate_events
from sedpool.formats import listing, table
from sedpool.formats.annotators import resolve_annotators
from sedpool.formats.clip import clip_name
from sedpool.formats.columns import recognise
from sedpool.formats.detect import (
    annotation_files,
    detect_format,
    of_low_confidence,
    read_file,
)
from sedpool.formats.jams import read_tags
from sedpool.formats.notes import note
from sedpool.formats.options import RECOGNISED, LabelOptions
from sedpool.formats.recordings import recordings as named_recordings
from sedpool.formats.regions import read_regions
from sedpool.formats.texts import tidied_text
from sedpool.text_tables import TextTable

_OTHERS = frozenset(
    {"elan", "jams", "json", "label studio", "raven", "soundevent", "textgrid"}
)  # cannot be anything else
UNKNOWN_FILES = ("unknown.tsv", "unknown.csv")
_COLUMNS = "'dataset.columns={filename: NAME, onset: NAME, offset: NAME, event_label: NAME}'"
COLUMNS = ("filename", "onset", "offset", "event_label", "strong", "split", "source")


def read_labels(
    root: Path,
    recordings: Sequence[str],
    labels: str | None,
    options: LabelOptions = RECOGNISED,
    *,
    unknown: Path | None = None,
) -> pd.DataFrame:
    """Read every label in a folder.

    Parameters
    ----------
    root : Path
        The folder.
    recordings : sequence of str
        Its audio files, as POSIX paths relative to `root`, in Unicode's composed form (NFC).
    labels : str, optional
        The only file to read, as a path from `root` or, if that has no such file, from the current folder; by default
        all in `root`.
    options : LabelOptions
        What the user says of them.
    unknown : Path, optional
        A table that is none of labels.

    Returns
    -------
    rows : DataFrame
        One row per label with the columns `COLUMNS` and any of `sedpool.events.OPTIONAL_COLUMNS`: `strong` says whether
        it has times, `source` which file it comes from, `split` is None if its table has no such column. A recording
        without events has a row with an empty label.

    Raises
    ------
    DataError
        If there are no labels, a file is wrong, two files hold the events of one recording, or a name is ambiguous.
    """
    files = annotation_files(root) if labels is None else [stated_file(root, labels)]
    files = [path for path in files if unknown is None or path.resolve() != unknown.resolve()]
    owners = {PurePosixPath(name).with_suffix("").as_posix(): name for name in recordings}
    names = RecordingNames(recordings)
    tables: list[pd.DataFrame] = []
    ignored: list[str] = []
    for path in files:
        source = Path(os.path.relpath(path, root))
        owner = _owner(source, owners)
        found = _read(path, owner, options, asked=labels is not None)
        if found is None:
            ignored.append(source.as_posix())
            continue
        found = _of_table(found, path, source, names) if owner is None else _of_recording(found, path, owner)
        found = found.assign(source=source.as_posix())
        tables.append(found.reindex(columns=[*COLUMNS, *optional_columns(found)]))
    if not tables:
        raise DataError(f"{root}: no labels in it{_what_is_there(root, recordings, ignored, options)}")
    if ignored:
        note(root, f"not read as labels: {', '.join(ignored[:3])}{', …' if ignored[3:] else ''}", level=logging.INFO)
    rows = _annotated_once(pd.concat(tables, ignore_index=True), options, root)
    low = of_low_confidence(rows, options, root)
    return rows.assign(event_label=rows["event_label"].mask(low, "")) if low.any() else rows


def _of_table(rows: pd.DataFrame, path: Path, source: Path, names: RecordingNames) -> pd.DataFrame:
    """Find the recordings that a table names: `path`, or `source` from the folder of the recordings."""
    is_at_top = source.parent == PurePath() or source.parts[0] == os.pardir
    folder = "" if is_at_top else source.parent.as_posix()
    written = np.asarray(rows["filename"].unique(), dtype=object)  # text in Arrow iterates slowly
    recordings = {name: names.find(name, folder=folder, source=path) for name in written}
    return rows.assign(filename=rows["filename"].map(recordings).astype(str))


def _of_recording(rows: pd.DataFrame, path: Path, owner: str) -> pd.DataFrame:
    """Give the labels in a file to the recording that it is named after."""
    if len(rows["filename"].unique()) > 1:
        raise DataError(f"{path}: holds labels of several recordings, but is named after {owner}; rename it")
    if rows.empty:
        return pd.DataFrame({"filename": [owner], "event_label": "", "strong": True})
    return rows.assign(filename=owner)


def _what_is_there(root: Path, recordings: Sequence[str], ignored: Sequence[str], options: LabelOptions) -> str:
    """Say what a folder without labels holds, and what may be meant by it."""
    seen = ""
    if ignored:
        seen = f"; ignored {', '.join(ignored[:3])}"
        layout = recognise(root / ignored[0], options)
        if layout is not None and len(layout.header or layout.kinds) > 1:
            seen += f"; {ignored[0]} has {layout.found}: if these are labels, say which is which with {_COLUMNS}"
    elif any("/" in name for name in recordings):
        seen = "; if its folders are named after what sounds in them, set dataset.label_from=folder"
    return f"{seen}; see docs/labels.md for the formats"


def folder_names(root: Path, recordings: Sequence[str], labels: str | None) -> pd.DataFrame:
    """Return rows as `read_labels`, a tag for every recording: the name of the folder that it is in.

    Raises
    ------
    ConfigError
        If a file of labels is named, too.
    DataError
        If there are no recordings, or some are in no folder.
    """
    if labels is not None:
        raise ConfigError(f"labels={labels}: with label_from=folder no file of labels is read; leave out one of them")
    if not recordings:
        raise DataError(f"{root}: no recordings in it; expected one folder of them for each class")
    if at_top := [name for name in recordings if "/" not in name]:
        raise DataError(
            f"{root}: {len(at_top)} recordings are in no folder that label_from=folder could name them after "
            f"({at_top[0]}); move them into one"
        )
    rows = pd.DataFrame(
        {"filename": recordings, "event_label": [PurePosixPath(name).parent.name for name in recordings]}
    )
    return rows.assign(strong=False, source="folders").reindex(columns=COLUMNS)


def stated_file(root: Path, name: str) -> Path:
    """Return a file that is named by its path from a folder or, if that has no such file, from the current one."""
    return Path(name) if Path(name).is_file() and not (root / name).is_file() else root / name


def unknown_file(root: Path, unknown: str | None) -> Path | None:
    """Return the table of what nobody knows: the one that is named, or that in the folder, if there is one."""
    if unknown is not None:
        return stated_file(root, unknown)
    return next((root / name for name in UNKNOWN_FILES if (root / name).is_file()), None)


def read_unknown(path: Path | None, recordings: Sequence[str]) -> pd.DataFrame:
    """Read the table of what nobody knows; its recordings are found as those of labels are."""
    if path is None:
        return empty_events()
    regions, known = read_regions(path), RecordingNames(recordings)
    names = {name: known.find(name, folder="", source=path) for name in regions["filename"].unique().tolist()}
    return regions.assign(filename=regions["filename"].map(names).astype(str))


def _owner(path: Path, owners: dict[str, str]) -> str | None:
    """Find the recording that a file is named after: ``a.wav`` for ``a.txt`` and ``a.Table.1.selections.txt``."""
    stem = tidied_text(path.as_posix())
    while "." in PurePosixPath(stem).name:
        stem = stem.rpartition(".")[0]
        if stem in owners:
            return owners[stem]
    return None


def _read(path: Path, owner: str | None, options: LabelOptions, *, asked: bool) -> pd.DataFrame | None:
    """Read the labels in a file; None if it has none, is named after no recording (`owner`) and was not `asked` for."""
    kind = detect_format(path, options)
    holds_labels = owner is not None or asked
    if kind == "jams" and (tags := read_tags(path)) is not None:
        return pd.DataFrame({"filename": clip_name(path), "event_label": tags, "strong": False})
    if kind == "tags" or (kind in ("table", "list") and owner is None):
        rows = _table_rows(path, kind, options)
        if rows is not None:
            return rows
    if kind in ("tags", "unknown") and holds_labels:
        what = "no labels recognised" if kind == "unknown" else "neither times nor labels recognised"
        raise DataError(f"{path}: {what}; found {recognise(path, options).found}; say which is which with {_COLUMNS}")
    is_empty_track = kind == "audacity" and not path.stat().st_size
    if not holds_labels and kind not in _OTHERS and (kind != "audacity" or is_empty_track):
        return None

    events = read_file(path, owner, options)
    names_recordings = kind in ("label studio", "soundevent") or (
        kind == "raven" and "filename" in recognise(path, options).columns
    )
    if owner is None and names_recordings:  # also those in which nothing was found
        silent = [name for name in named_recordings(path, options) if name not in set(events["filename"])]
        events = pd.concat([events, pd.DataFrame({"filename": silent, "event_label": ""}, dtype=str)])
    return events.assign(strong=True)


def _table_rows(path: Path, kind: str, options: LabelOptions) -> pd.DataFrame | None:
    """Read the rows of a table or list that names its recordings; None if it has no column of labels."""
    layout = recognise(path, options)
    if kind != "list" and not {"event_label", "event_labels"} & set(layout.columns):
        return None
    if kind == "table":
        table.refuse_incomplete(layout)
    read = table.read_rows if layout.header else listing.list_rows
    rows = with_splits(table.without_nocalls(read(layout, options), layout), layout.source)
    if kind != "tags":
        return _events(rows, layout.source)
    table.note_lists(rows, layout)
    return rows.assign(strong=False)


def _events(rows: pd.DataFrame, source: TextTable) -> pd.DataFrame:
    """Return checked events, followed by the recordings that a table lists without an event."""
    events = table.labelled_rows(rows, source)
    labelled = rows["event_label"] != ""
    if "split" in rows.columns:
        events = events.assign(split=rows.loc[labelled, "split"].to_numpy())
    return pd.concat([events, rows.loc[~labelled].filter(["filename", "event_label", "split"])]).assign(strong=True)


def _annotated_once(rows: pd.DataFrame, options: LabelOptions, root: Path) -> pd.DataFrame:
    """Resolve recordings whose events are in several files."""
    sources = rows.loc[rows["strong"], ["filename", "source"]].drop_duplicates()
    twice = sources.loc[sources["filename"].duplicated(keep=False)]
    if twice.empty:
        return rows
    several = rows["strong"] & rows["filename"].isin(twice["filename"])
    annotators = {str(name): part["source"].tolist() for name, part in twice.groupby("filename", sort=False)}
    labelled = rows.loc[several & (rows["event_label"] != "")]
    columns = [*EVENT_COLUMNS, *optional_columns(rows)]
    events = resolve_annotators(
        validate_events(labelled[columns]).assign(annotator=labelled["source"].to_numpy()),
        annotators,
        options.annotators,
        root,
    )
    # A recording in which nobody, or no majority, has an event is one without events.
    silent = pd.DataFrame({"filename": [name for name in annotators if name not in set(events["filename"])]})
    silent = silent.assign(event_label="")
    splits = rows.loc[several].groupby("filename")["split"].first()
    united = pd.concat([events, silent], ignore_index=True)
    united = united.assign(
        strong=True, split=united["filename"].map(splits), source=", ".join(sources["source"].unique())
    )
    return pd.concat([rows.loc[~several], united], ignore_index=True)
