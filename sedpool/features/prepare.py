"""Computing the features of a whole dataset before training, for the library and every command alike."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from sedpool.datasets.base import Dataset
from sedpool.errors import DataError
from sedpool.features.store import Extractor, Features, FeatureStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedDataset:
    """A dataset with its features.

    Attributes
    ----------
    dataset : Dataset
        The clips that can be read.
    features : Features
        Features of every clip.
    extractor : Extractor
        The extractor that computed them.
    """

    dataset: Dataset
    features: Features
    extractor: Extractor

    def split(self, name: str) -> "PreparedDataset":
        """Return one split, e.g. ``"train"``."""
        return replace(self, dataset=self.dataset.split(name))


def prepare(
    dataset: Dataset,
    extractor: Extractor,
    *,
    cache: str | Path,
    n_jobs: int | None = None,
    allow_missing: bool = False,
    progress: bool = True,
) -> PreparedDataset:
    """Compute the features of a dataset that are not in the store yet.

    Raises
    ------
    DataError
        If a recording cannot be used, unless `allow_missing`; all such recordings are named on standard error.
    """
    here = dataset.available()
    if not len(here):
        raise DataError(f"dataset {dataset.name}: none of its {len(dataset)} clips has audio on disk; complete it")
    paths = dict(zip(here.clips["filename"], here.clips["path"], strict=True))
    features, broken = compute_features(FeatureStore(cache, extractor), paths, here.windows, n_jobs, progress)
    if broken and not allow_missing:
        raise DataError(
            f"{len(broken)} of {len(set(paths.values()))} recordings cannot be used (listed above); "
            "repair them, or set allow_missing=true to go on without them"
        )
    usable = here.select([name for name in here.clips["filename"] if name in features])
    return PreparedDataset(usable, features, extractor)


def compute_features(
    store: FeatureStore,
    paths: Mapping[str, str],
    windows: Mapping[str, tuple[float, float]],
    n_jobs: int | None,
    progress: bool,
) -> tuple[Features, dict[str, str]]:
    """Compute the features of clips, leaving out unusable recordings, which are named on standard error.

    Parameters
    ----------
    store : FeatureStore
        Store to keep them in; features that it already has are not computed again.
    paths, windows : mapping
        Recording of each clip; onset and duration of clips that are a part of their recording.
    n_jobs : int or None
        Number of worker processes; None for one per core.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    features : Features
        Features of the clips that can be used.
    broken : dict of str to str
        Why a recording cannot be used, by its path.
    """
    console = Console(stderr=True)
    bar = (
        (lambda shards, total: track(shards, "features", total, console=console, transient=True)) if progress else None
    )
    # A network uses every core by itself, and processes beside each other would each load it.
    n_workers = 1 if getattr(store.extractor, "front_end", None) else n_jobs
    features, reasons = store.prepare(paths, windows=windows, n_jobs=n_workers, track=bar)
    broken = {paths[filename]: reason for filename, reason in reasons.items()}
    for reason in broken.values():
        logger.info(f"left out: {reason}")
    return features, broken
