"""Augmentation: random changes of training patches.

`settings` holds kinds and strengths, `patches` the augmentations of batches on their way to the network, and `pitch`
the one that needs the audio and is therefore computed beforehand, into the feature store.
"""

from sedpool.augment.patches import Augmenter
from sedpool.augment.pitch import PitchShifted, PitchVariants
from sedpool.augment.settings import NONE, Augmentation

__all__ = ["NONE", "Augmentation", "Augmenter", "PitchShifted", "PitchVariants"]
