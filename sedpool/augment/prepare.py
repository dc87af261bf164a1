"""Computing what augmentation needs from audio before training: shifted recordings and backgrounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sedpool import audio
from sedpool.augment.pitch import PitchShifted
from sedpool.augment.settings import NONE, Augmentation
from sedpool.errors import DataError
from sedpool.features.prepare import PreparedDataset, compute_features
from sedpool.features.store import FeatureStore
from sedpool.runtime.arrays import Float32Array


@dataclass(frozen=True)
class AugmentationInputs:
    """The augmentations of training patches and the features that they need; by default none.

    Attributes
    ----------
    settings : Augmentation
        Kinds and strengths.
    versions : mapping of float to mapping
        Features of every clip by semitones of its pitch shift; empty for the recordings alone.
    backgrounds : sequence of ndarray
        Features of recordings to mix with the patches.
    """

    settings: Augmentation = NONE
    versions: Mapping[float, Mapping[str, Float32Array]] = field(default_factory=dict)
    backgrounds: Sequence[Float32Array] = ()


def prepare_augmentation(
    train: PreparedDataset,
    settings: Augmentation,
    *,
    cache: str | Path,
    n_jobs: int | None = None,
    progress: bool = True,
) -> AugmentationInputs:
    """Compute the features that augmentation of the training split needs: shifted recordings and backgrounds.

    Raises
    ------
    DataError
        If there is no usable recording in the folder of backgrounds.
    """
    clips = train.dataset.clips
    paths = dict(zip(clips["filename"], clips["path"], strict=True))
    versions: dict[float, Mapping[str, Float32Array]] = {}
    for semitones in settings.pitch_shift:
        extractor = PitchShifted(train.extractor, semitones) if semitones else train.extractor
        store = FeatureStore(cache, extractor)
        versions[semitones], _ = compute_features(store, paths, train.dataset.windows, n_jobs, progress)
    backgrounds: Sequence[Float32Array] = ()
    if settings.background:
        names = audio.list_files(settings.background, "augment.background")
        files = {name: str(Path(settings.background, name)) for name in names}
        features, _ = compute_features(FeatureStore(cache, train.extractor), files, {}, n_jobs, progress)
        backgrounds = list(features.values())
    if settings.background and not backgrounds:
        raise DataError(f"augment.background={settings.background}: no usable recording in this folder")
    return AugmentationInputs(settings, versions, backgrounds)
