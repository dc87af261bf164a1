"""The split of each recording in a folder: from a table, from its sub-folders, or drawn."""

from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool.errors import ConfigError, DataError
from sedpool.soundscapes.spec import SPLITS
from sedpool.text_tables import TextTable, refuse_rows

SYNONYMS = {
    "train": "train",
    "training": "train",
    "validate": "validate",
    "validation": "validate",
    "valid": "validate",
    "val": "validate",
    "dev": "validate",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}
"""Names for the splits in folders and columns, in lower case; case is ignored."""


def with_splits(rows: pd.DataFrame, source: TextTable) -> pd.DataFrame:
    """Replace a table's names for the splits, if it has a column `split`, by those in `SPLITS`.

    Raises
    ------
    DataError
        If a split has an unknown name; the message names the line.
    """
    if "split" not in rows.columns:
        return rows
    splits = rows["split"].astype(str).str.strip().str.lower().map(SYNONYMS)
    problem = f"has an unknown split; expected {', '.join(SPLITS)}"
    refuse_rows(rows.filter(["filename", "split"]), splits.isna(), problem, source)
    return rows.assign(split=splits)


def stated_splits(filenames: Sequence[str], rows: pd.DataFrame) -> pd.Series | None:
    """Return the splits given by the tables' column `split` or by folders; None if neither gives any.

    Parameters
    ----------
    filenames : sequence of str
        Recordings, as paths from the folder.
    rows : DataFrame
        Labels with the columns `filename` and `split`, as of `with_splits`.

    Raises
    ------
    DataError
        If a recording has two splits, or only some recordings have one.
    """
    pairs = rows.loc[rows["split"].notna(), ["filename", "split"]].drop_duplicates()
    if twice := pairs.loc[pairs["filename"].duplicated(), "filename"].tolist():
        raise DataError(f"folder: {twice[0]} is in more than one split")
    if len(pairs):
        found = pd.Series(filenames, dtype=object).map(pairs.set_index("filename")["split"])
    else:
        found = pd.Series([_of_folder(name.rpartition("/")[0]) for name in filenames], dtype=object)
    without = found.isna().to_numpy()
    if without.all():
        return None
    if without.any():
        first = filenames[int(without.argmax())]
        raise DataError(f"folder: {without.sum()} of {len(found)} recordings have no split ({first}); give all one")
    return found


@cache
def _of_folder(folder: str) -> str | None:
    return next((SYNONYMS[part] for part in folder.lower().split("/") if part in SYNONYMS), None)


def drawn_splits(tags: pd.DataFrame, shares: Sequence[float], seed: int) -> npt.NDArray[np.str_]:
    """Draw splits at random, stratified by class.

    Recordings are ordered by the rarest class that they have, at random within it, and each split takes its share
    evenly along this order.

    Parameters
    ----------
    tags : DataFrame of bool
        One row per recording, one column per class.
    shares : sequence of float
        Shares of training, validation and test; at least one recording goes to each that is above 0.
    seed : int
        Seed of the order.

    Returns
    -------
    splits : ndarray of str, shape (recordings,)

    Raises
    ------
    ConfigError
        If `shares` are not three numbers from 0 up, or there are too few recordings for them.
    """
    counts = _counts(len(tags), shares)
    values = tags.to_numpy()
    rarest_first = values[:, np.argsort(values.sum(axis=0), kind="stable")]
    rarest = np.where(values.any(axis=1), rarest_first.argmax(axis=1), values.shape[1])
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    order = np.lexsort((generator.random(len(tags)), rarest))
    evenly = np.argsort(np.concatenate([(np.arange(count) + 0.5) / count for count in counts if count]), kind="stable")
    splits = np.empty(len(tags), dtype=object)
    splits[order] = np.repeat(SPLITS, counts)[evenly]
    return splits


def _counts(n: int, shares: Iterable[float]) -> list[int]:
    parts = list(shares)
    if len(parts) != len(SPLITS) or not all(0 <= part < np.inf for part in parts) or not parts[0]:
        raise ConfigError(f"shares={parts}: expected shares of {', '.join(SPLITS)}, the first above 0")
    later = [max(1, int(n * part / sum(parts) + 1e-9)) if part else 0 for part in parts[1:]]
    if n <= sum(later):
        raise ConfigError(f"shares={parts}: {n} recordings are too few for these shares; add recordings")
    return [n - sum(later), *later]
