"""Runs for ``sedpool evaluate``: which run a path belongs to, and which recordings it was tested on."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import typer

from sedpool.datasets.transforms import join_pieces, piece_onset, recording_of
from sedpool.errors import DataError
from sedpool.run_folder import RunFolder

Lengths = Mapping[str, float | None]


def run_of(path: Path | None) -> RunFolder | None:
    """Return the run in a folder; None if it holds none."""
    return RunFolder(path) if path is not None and (path / "config.yaml").is_file() else None


def run_beside(path: Path | None) -> RunFolder | None:
    """Return the run that a file of events belongs to; None if the path is of another file."""
    if path is None or path.name not in ("events.tsv", "tuned_events.tsv"):
        return None
    run = run_of(path.parent)
    return run if run is not None and run.file("scores.parquet").is_file() else None


def tested_clips(run: RunFolder, clips: Lengths) -> Lengths:
    """Select the clips of a reference that a run was tested on, with their lengths; print how many others there are.

    Raises
    ------
    DataError
        If the run was tested on none of them.
    """
    ends = run.scores.groupby("filename", sort=False)["offset"].max()
    lengths: dict[str, float] = {}
    for piece, seconds in ends.items():
        name = str(piece)
        lengths[name] = float(seconds)
        whole = recording_of(name)
        lengths[whole] = max(lengths.get(whole, 0.0), piece_onset(name) + float(seconds))
    tested = {name: lengths[name] if seconds is None else seconds for name, seconds in clips.items() if name in lengths}
    if not tested:
        first = recording_of(str(ends.index[0]))
        raise DataError(
            f"{run.path}: tested on none of the reference's recordings, but on others such as {first}; the reference "
            f"names {next(iter(clips), 'none')}"
        )
    if others := len(clips) - len(tested):
        typer.echo(
            f"{run.name}: tested on {len(tested)} recordings of the reference; the other {others} do not count",
            err=True,
        )
    return tested


def in_whole_recordings(events: pd.DataFrame, clips: Lengths) -> pd.DataFrame:
    """Join events of pieces such as ``a.wav#t=10,20`` where the reference names the whole recording instead."""
    names = events["filename"]
    is_piece = ~names.isin(list(clips)) & names.map(recording_of).isin(list(clips))
    if not is_piece.any():
        return events
    return pd.concat([events[~is_piece], join_pieces(events[is_piece])], ignore_index=True)
