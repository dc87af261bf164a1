"""What front-ends there are to get: their terms, who made them, and where their weights lie on disk."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FrontEnd:
    """A pretrained network, as runs, reports and cards name it.

    Attributes
    ----------
    name : str
        What it is called in commands and settings.
    sha256 : str
        Hash of its weights: as sedpool converted them, or of the user's own file.
    licence : str
        Terms under which its weights may be used and passed on; empty if nobody stated them.
    attribution : str
        Who made it, as its terms ask to be said; empty if nobody stated it.
    caution : str
        What a reader of results must know about the data that it learnt from; empty for the user's own.
    command : str
        What to type to have it on another machine.
    """

    name: str
    sha256: str
    licence: str
    attribution: str
    caution: str
    command: str


AISFX = FrontEnd(
    name="aisfx",
    sha256="f3cc691d7080f5a4142d0f261f75d0ba2bccfea49ae46bf3a948cfd6149186b2",
    licence="CC BY 4.0",
    attribution=(
        "aiSFX by Alison B. Ma and Alexander Lerch (Representation Learning for the Automatic Indexing of Sound "
        "Effects Libraries, ISMIR 2022), converted: batch normalisation is folded into the convolutions, and the "
        "classifiers are left out"
    ),
    caution="trained on commercial libraries; overlap with ESC-10's sources possible and unknown",
    command="sedpool models get aisfx",
)
"""The network of the Python package of this name, version 0.1.2."""


def front_end_of(extractor: Any) -> FrontEnd | None:
    """Return the pretrained network that features come from; None if they come from none.

    Raises
    ------
    ConfigError
        If its weights are not there.
    """
    found: FrontEnd | None = getattr(extractor, "front_end", None)
    return found


def models_folder() -> Path:
    """Return the folder of front-ends: below ``$SEDPOOL_DATA`` or, if that is not set, below ``data``."""
    return Path(os.environ.get("SEDPOOL_DATA", "data")) / "models"
