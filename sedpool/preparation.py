"""Everything about a corpus that is computed before training: features, and what augmentation needs of the audio.

Training and ``sedpool data prepare`` share it, and so the feature stores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from joblib import cpu_count
from rich.console import Console
from rich.progress import track

from sedpool import audio
from sedpool.augment import NONE, Augmentation, PitchShifted
from sedpool.datasets.dataset import Dataset
from sedpool.errors import DataError
from sedpool.features.logmel import LogMel
from sedpool.features.store import Array, Features, FeatureStore
from sedpool.log import say


@dataclass(frozen=True)
class Part:
    """A dataset with its features.

    Attributes
    ----------
    dataset : Dataset
        The clips that can be read.
    features : Features
        Features of each.
    extractor : LogMel
        What made them.
    """

    dataset: Dataset
    features: Features
    extractor: LogMel

    def split(self, name: str) -> "Part":
        """One split, e.g. ``"train"``."""
        return replace(self, dataset=self.dataset.split(name))


@dataclass(frozen=True)
class Augmented:
    """What is done to training patches, and what that needs; by default nothing.

    Attributes
    ----------
    settings : Augmentation
        Kinds and strengths.
    versions : mapping of float to mapping
        Features of every clip by semitones of its pitch shift; empty for the recordings alone.
    backgrounds : sequence of ndarray
        Features of what is mixed under the patches.
    """

    settings: Augmentation = NONE
    versions: Mapping[float, Mapping[str, Array]] = field(default_factory=dict)
    backgrounds: Sequence[Array] = ()


def prepare(
    dataset: Dataset,
    extractor: LogMel,
    *,
    cache: str | Path,
    n_jobs: int | None = None,
    allow_missing: bool = False,
    progress: bool = True,
) -> Part:
    """Compute the features that are not in the store yet.

    Raises
    ------
    DataError
        If a recording cannot be used, unless `allow_missing`; every one is named on standard error.
    """
    here = dataset.available()
    if not len(here):
        raise DataError(f"dataset {dataset.name}: none of its {len(dataset)} clips has audio on disk; complete it")
    paths = dict(zip(here.clips["filename"], here.clips["path"], strict=True))
    features, broken = _computed(FeatureStore(cache, extractor), paths, here.windows, n_jobs, progress)
    if broken and not allow_missing:
        raise DataError(
            f"{len(broken)} of {len(set(paths.values()))} recordings cannot be used (listed above); "
            "repair them, or set allow_missing=true to go on without them"
        )
    usable = here.select([name for name in here.clips["filename"] if name in features])
    return Part(usable, features, extractor)


def prepare_augmentation(
    part: Part, settings: Augmentation, *, cache: str | Path, n_jobs: int | None = None, progress: bool = True
) -> Augmented:
    """Compute what the augmentation of a training part needs beforehand: shifted recordings, and backgrounds.

    Raises
    ------
    DataError
        If there is no usable recording in the folder of backgrounds.
    """
    clips = part.dataset.clips
    paths = dict(zip(clips["filename"], clips["path"], strict=True))
    versions: dict[float, Mapping[str, Array]] = {}
    for semitones in settings.pitch_shift:
        extractor = PitchShifted(part.extractor, semitones) if semitones else part.extractor
        store = FeatureStore(cache, extractor)
        versions[semitones], _ = _computed(store, paths, part.dataset.windows, n_jobs, progress)
    backgrounds: Sequence[Array] = ()
    if settings.background:
        names = audio.list_files(settings.background, "augment.background")
        files = {name: str(Path(settings.background, name)) for name in names}
        features, _ = _computed(FeatureStore(cache, part.extractor), files, {}, n_jobs, progress)
        backgrounds = list(features.values())
    if settings.background and not backgrounds:
        raise DataError(f"augment.background={settings.background}: no usable recording in this folder")
    return Augmented(settings, versions, backgrounds)


def _computed(
    store: FeatureStore,
    paths: Mapping[str, str],
    windows: Mapping[str, tuple[float, float]],
    n_jobs: int | None,
    progress: bool,
) -> tuple[Features, dict[str, str]]:
    """Features of the clips that can be used, and why other files cannot, by path; that is said too."""
    console = Console(stderr=True)
    bar = (
        (lambda shards, total: track(shards, "features", total, console=console, transient=True)) if progress else None
    )
    features, reasons = store.prepare(paths, windows=windows, n_jobs=n_jobs or cpu_count(), track=bar)
    broken = {paths[filename]: reason for filename, reason in reasons.items()}
    for reason in broken.values():
        say(f"left out: {reason}")
    return features, broken
