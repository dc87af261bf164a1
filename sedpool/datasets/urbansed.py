"""URBAN-SED: 10,000 soundscapes of 10 s made by Scaper from UrbanSound8K, with strong labels.

Versions 1 and 2 have the same layout; their JAMS differ in the namespace (see `sedpool.formats.jams`).
"""

import os

from sedpool.datasets.base import Dataset
from sedpool.datasets.layout import read_layout

CLASSES = (
    "air_conditioner",
    "car_horn",
    "children_playing",
    "dog_bark",
    "drilling",
    "engine_idling",
    "gun_shot",
    "jackhammer",
    "siren",
    "street_music",
)
CLIP_DURATION = 10.0


def load_urbansed(
    root: str | os.PathLike[str],
    split: str | None = None,
    *,
    annotations: str = "jams",
    allow_missing: bool = False,
) -> Dataset:
    """Load URBAN-SED v1 or v2 as distributed.

    Events are foreground events as annotated, clamped to the clip; those that overlap another of their own class are
    kept and counted in the manifest's notes.

    Parameters
    ----------
    root : path-like
        The unpacked corpus: the folder that holds ``audio`` and ``annotations``.
    split : {"train", "validate", "test"}, optional
        The part to load; all by default.
    annotations : {"jams", "txt"}
        Which of the two distributed forms to read; both hold the same labels.
    allow_missing : bool
        Load clips without audio too (`path` is None) and list them in the manifest.

    Returns
    -------
    dataset : Dataset
        10 s clips with events and tags of ten classes.
    """
    return read_layout(
        root,
        "urbansed",
        CLASSES,
        clip_duration=CLIP_DURATION,
        split=split,
        annotations=annotations,
        allow_missing=allow_missing,
    )
