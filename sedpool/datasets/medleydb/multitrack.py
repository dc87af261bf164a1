"""Reading MedleyDB's annotations of a multitrack: its artist, its stems and when each stem sounds.

Metadata, activation confidences, artists and mixing coefficients come with the annotations
(https://github.com/marl/medleydb), separately from the recordings; both may be in one folder or in two.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sedpool import storage
from sedpool.errors import DataError
from sedpool.text_tables import TextTable, refuse_rows, utf8_bytes
from sedpool.untrusted import parse_yaml

INNER_FOLDERS = ("", "data", "data/Annotations", "Annotations", "resources")
"""Folders of the annotations below their root: beside each other, or as in the package ``medleydb``."""
ACTIVE = 0.5
"""Least activation confidence of a sounding stem (section IV.A)."""
_AGAIN = "fetch the annotations again"

Confidences = dict[int, npt.NDArray[np.float64]]
StemNumber = Annotated[int, BeforeValidator(lambda key: str(key).removeprefix("S"))]
Labels = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]


class Stem(BaseModel):
    """One stem: its file, and the instruments in it (several if they were recorded together)."""

    model_config = ConfigDict(frozen=True)

    filename: str
    instruments: Labels = Field(alias="instrument")


class Multitrack(BaseModel):
    """A multitrack's metadata from ``<Track>_METADATA.yaml``; `stems` by their number."""

    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True)

    artist: str
    mix_filename: str
    stem_dir: str
    stems: dict[StemNumber, Stem]

    @property
    def instruments(self) -> frozenset[str]:
        """Instruments of all stems."""
        return frozenset(label for stem in self.stems.values() for label in stem.instruments)

    def stems_without(self, instrument: str) -> list[int]:
        """Return the numbers of the stems that remain when all stems of an instrument are removed."""
        return [number for number, stem in self.stems.items() if instrument not in stem.instruments]


@dataclass(frozen=True)
class Activations:
    """When the stems of a multitrack sound.

    Attributes
    ----------
    times : ndarray, shape (frames + 1,)
        Start in seconds of every frame, and the end of the last.
    confidences : dict of int to ndarray, shape (frames,)
        Activation confidence of every stem.
    """

    times: npt.NDArray[np.float64]
    confidences: Confidences

    def active(self, stems: Collection[int]) -> list[tuple[float, float]]:
        """Return the onsets and offsets in seconds between which at least one of `stems` sounds."""
        if not stems:
            return []
        sounding = np.maximum.reduce([self.confidences[stem] for stem in stems]) >= ACTIVE
        edges = np.flatnonzero(np.diff(np.concatenate([[False], sounding, [False]]).astype(np.int8)))
        return [(float(self.times[on]), float(self.times[off])) for on, off in edges.reshape(-1, 2)]


def find(folder: Path, *names: str) -> Path | None:
    """Return the first of `names` that is in the folder of the annotations or in one of its inner folders."""
    candidates = (folder / inner / name for name in names for inner in INNER_FOLDERS)
    return next((path for path in candidates if path.exists()), None)


def read_multitrack(path: Path) -> Multitrack:
    """Read ``<Track>_METADATA.yaml``.

    Raises
    ------
    DataError
        If the file is not YAML or lacks a key; the message names the file and the key.
    """
    try:
        return Multitrack.model_validate(_read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def read_activations(path: Path, stems: Collection[int]) -> Activations:
    """Read ``<Track>_ACTIVATION_CONF.lab``: rows of a time and the confidences of all stems, ``time,S01,S02,…``.

    Raises
    ------
    DataError
        If it cannot be read, lacks one of `stems` or holds a value that is no number; the message names the line.
    """
    source = TextTable(path, ",")
    texts = source.read("a table of activation confidences")
    table = texts.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    for column in texts.columns:
        wrong = ~np.isfinite(table[column])
        refuse_rows(texts[[column]], wrong, f"in column {column} is no finite number; {_AGAIN}", source)
    numbers = {name: int(name[1:]) for name in texts.columns if name[:1] == "S" and name[1:].isdecimal()}
    table = table.rename(columns=numbers)
    missing = [f"S{stem:02d}" for stem in stems if stem not in table.columns]
    if missing or "time" not in table.columns or len(table) < 2:
        raise DataError(f"{path}: lacks {', '.join(missing) or 'the column time or rows'}; {_AGAIN}")
    falls = np.diff(table["time"], prepend=-np.inf) <= 0
    refuse_rows(table[["time"]], falls, f"is no later time than the one before; {_AGAIN}", source)
    starts = table["time"].to_numpy()
    times = np.append(starts, 2 * starts[-1] - starts[-2])
    return Activations(times, {stem: table[stem].to_numpy() for stem in stems})


def read_artists(folder: Path) -> Mapping[str, str]:
    """Read the artist of each multitrack from the index of artists; empty if there is no index.

    The index makes distinctions that the metadata lacks: each piece that Music Delta commissioned has an artist of its
    own, and art songs are listed by their singers.
    """
    path = find(folder, "artist_index.json", "medley_artist_index.json")
    return dict(storage.read_json(path)) if path else {}


def read_coefficients(folder: Path) -> Mapping[str, Mapping[int, float]]:
    """Read the factor of every stem in its multitrack's mix from ``mixing_coefficients.yaml``.

    Raises
    ------
    DataError
        If there is no such file.
    """
    path = find(folder, "mixing_coefficients.yaml")
    if path is None:
        raise DataError(f"medleydb: {folder}: no mixing_coefficients.yaml in it; copy it from medleydb/resources")
    return dict(_read_yaml(path))


def _read_yaml(path: Path) -> Any:
    try:
        return parse_yaml(utf8_bytes(path).decode())
    except ValueError as error:
        raise DataError(f"{path}: not readable YAML ({error})") from None
