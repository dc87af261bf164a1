"""Augmentation: training patches as they might also have sounded.

`settings` says which there are and how strong, `patches` holds those that change a batch on its way to the network,
`pitch` the one that needs the audio and is therefore computed beforehand, into the feature store.
"""

from sedpool.augment.patches import Augmenter
from sedpool.augment.pitch import PitchShifted, PitchVariants
from sedpool.augment.settings import NONE, Augmentation

__all__ = ["NONE", "Augmentation", "Augmenter", "PitchShifted", "PitchVariants"]
