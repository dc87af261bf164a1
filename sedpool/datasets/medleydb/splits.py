"""The split of each mix: drawn by artist as in the paper, or read from the authors' lists.

The paper (section IV.A) draws ten times: 80 % of the artists for training and 20 % for testing; then a fifth of the
training mixes, regardless of artist, for validation.
"""

from collections.abc import Mapping
from math import ceil
from pathlib import Path

import numpy as np

from sedpool import storage
from sedpool.errors import ConfigError, DataError
from sedpool.soundscapes.spec import SPLITS

HELD_OUT = 0.2
"""Share of the artists for testing, and of the remaining mixes for validation; numbers are rounded up."""


def draw_split(artists: Mapping[str, str], *, fold: int, seed: int) -> dict[str, str]:
    """Assign mixes to splits.

    Parameters
    ----------
    artists : mapping of str to str
        Artist of every mix, by its id.
    fold : int
        Number of the draw, 0 or more.
    seed : int
        Seed of all draws.

    Returns
    -------
    splits : dict of str to str
        ``"train"``, ``"validate"`` or ``"test"`` of every mix; independent of the order of `artists`.

    Raises
    ------
    ConfigError
        If `fold` or `seed` is negative.
    DataError
        If there are fewer than two artists, or too few mixes for three splits.
    """
    if fold < 0 or seed < 0:
        raise ConfigError(f"medleydb: fold={fold}, seed={seed}; expected 0 or more")
    rng = np.random.default_rng(np.random.SeedSequence([seed, fold]))
    names = sorted(set(artists.values()))
    tested = set(rng.permutation(names)[: ceil(HELD_OUT * len(names))])
    others = [mix for mix in sorted(artists) if artists[mix] not in tested]
    validated = set(rng.permutation(others)[: ceil(HELD_OUT * len(others))])
    splits = {
        mix: "test" if artist in tested else "validate" if mix in validated else "train"
        for mix, artist in artists.items()
    }
    if empty := sorted(set(SPLITS) - set(splits.values())):
        raise DataError(f"medleydb: {len(artists)} mixes by {len(names)} artists are too few: nothing for {empty[0]}")
    return splits


def read_split(folder: Path, fold: int) -> dict[str, str]:
    """Read the split of every mix from the lists of the paper's authors.

    Parameters
    ----------
    folder : Path
        Holds ``index_train00.json``, ``index_validate00.json``, ``index_test00.json`` and so on, each with the ids of
        its mixes under the key ``id``.
    fold : int
        The number in their names.

    Raises
    ------
    DataError, StorageError
        If a list is missing or is not one, or a mix is in two.
    """
    splits: dict[str, str] = {}
    for split in SPLITS:
        path = folder / f"index_{split}{fold:02d}.json"
        content = storage.read_json(path)
        if not isinstance(content, dict) or not isinstance(content.get("id"), list):
            raise DataError(f"{path}: expected a list of mixes under the key id")
        for mix in content["id"]:
            if mix in splits:
                raise DataError(f"{path}: {mix} is in {splits[mix]} too; expected every mix in one split")
            splits[str(mix)] = split
    return splits
