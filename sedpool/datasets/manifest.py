"""``manifest.json``: what of a corpus is there, what is not, and a hash to recognise it by.

Two runs with the same hash were given the same clips with the same labels, wherever these lie on disk.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sedpool import storage
from sedpool.datasets.dataset import Dataset

FORMAT = 1


def manifest_of(dataset: Dataset, unusable: Collection[str] = ()) -> dict[str, Any]:
    """The content of ``manifest.json``.

    Parameters
    ----------
    dataset : Dataset
        Every listed clip, those without audio included.
    unusable : collection of str
        The `filename` of clips whose audio is there but cannot be used.

    Returns
    -------
    manifest : dict
        ``{"format", "corpus", "classes", "splits": {name: {"listed", "usable"}}, "missing", "unusable", "extra",
        "notes", "hash"}``; lists are of file names.
    """
    clips = dataset.clips
    usable = clips["path"].notna() & ~clips["filename"].isin(list(unusable))
    splits = {
        str(name): {"listed": len(part), "usable": int(part.sum())}
        for name, part in usable.groupby(clips["split"], sort=False)
    }
    return {
        "format": FORMAT,
        "corpus": dataset.name,
        "classes": list(dataset.classes),
        "splits": splits,
        "missing": clips.loc[clips["path"].isna(), "filename"].tolist(),
        "unusable": sorted(unusable),
        "extra": list(dataset.manifest.extra),
        "notes": dict(dataset.manifest.notes),
        "hash": _hash(dataset, usable),
    }


def corpus_hash(dataset: Dataset) -> str:
    """Return the hash that tells a corpus from every other, wherever it lies.

    Parameters
    ----------
    dataset : Dataset
        The whole corpus as it was loaded.

    Returns
    -------
    digest : str
        Of the plan of a made corpus; otherwise of clips, splits and labels, and of what is in the recordings where
        they are the user's own.
    """
    if dataset.manifest.plan is not None:
        return dataset.manifest.plan
    labels = str(manifest_of(dataset)["hash"])
    if not dataset.manifest.has_own_audio:
        return labels
    paths = dict.fromkeys(dataset.clips["path"].dropna())
    return storage.hash_value([labels, storage.sha256_files(paths)])


def usable_and_listed(manifest: Mapping[str, Any]) -> tuple[int, int]:
    """Number of clips that can be used, and of all that are listed."""
    splits = manifest["splits"].values()
    return sum(part["usable"] for part in splits), sum(part["listed"] for part in splits)


def _hash(dataset: Dataset, usable: "pd.Series[bool]") -> str:
    """SHA-256 of the usable clips and all their labels, to the microsecond."""
    digest = hashlib.sha256()
    tables = [dataset.clips[["filename", "split", "duration"]].assign(usable=usable)]
    tables += [] if dataset.events is None else [dataset.events]
    for table in tables:
        digest.update(table.to_csv(sep="\t", index=False, float_format="%.6f", lineterminator="\n").encode())
    digest.update("\t".join(dataset.classes).encode() + np.packbits(dataset.tags.to_numpy(dtype=bool)).tobytes())
    return digest.hexdigest()
