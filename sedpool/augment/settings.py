"""The augmentations of a training run; see ``configs/augment/``."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from sedpool.errors import ConfigError

Share = Annotated[float, Field(ge=0, le=1)]
AtLeast0 = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, strict=True)]
Semitones = Annotated[float, Field(ge=-12, le=12)]
Decibels = Annotated[float, Field(ge=-60, le=60)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Augmentation:
    """Kinds and strengths; by default nothing is changed.

    Attributes
    ----------
    pitch_shift : tuple of float
        Semitones by which the training recordings are shifted, each shift giving another copy of them; 0 is the
        recording itself, which is used only if listed. Empty: only the recordings themselves.
    time_shift : float
        Greatest rotation in either direction, as a share of the patch.
    gain : float
        Greatest change of level in either direction, in decibels.
    background : str or None
        Folder of recordings to mix with the patches.
    background_snr : (float, float)
        Lowest and highest ratio in dB of patch to background.
    time_masks, mel_masks : int
        Stretches of time and bands of frequency that are masked [1]_.
    time_mask_share, mel_mask_share : float
        Widest mask, as a share of the patch.
    mixup : float
        Parameter of the Beta distribution of the proportion in which two patches and their labels are mixed [2]_; 0 for
        no mixing.
    bag_duration : (float, float) or None
        Shortest and longest patch in seconds; all patches of a batch have the same length. None for the recipe's
        ``patch_duration``. CAP's bound is that of the recipe's patch, regardless of the bag.

    References
    ----------
    .. [1] D. Park et al., "SpecAugment: a simple data augmentation method for automatic speech recognition",
       Interspeech 2019.
    .. [2] H. Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    """

    pitch_shift: tuple[Semitones, ...] = ()
    time_shift: Share = 0.0
    gain: AtLeast0 = 0.0
    background: str | None = None
    background_snr: tuple[Decibels, Decibels] = (0.0, 20.0)
    time_masks: Count = 0
    time_mask_share: Share = 0.1
    mel_masks: Count = 0
    mel_mask_share: Share = 0.15
    mixup: AtLeast0 = 0.0
    bag_duration: tuple[Seconds, Seconds] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(set(self.pitch_shift)) < len(self.pitch_shift):
            raise ValueError(f"pitch_shift={list(self.pitch_shift)}: a shift is listed twice")
        for name in ("background_snr", "bag_duration"):
            limits = getattr(self, name)
            if limits and limits[0] > limits[1]:
                raise ValueError(f"{name}={list(limits)}: expected the lower limit first")
        return self

    def check_unit(self, unit: str) -> None:
        """Refuse features in which a change of level is no sum of decibels.

        Raises
        ------
        ConfigError
            If levels are to be changed and `unit` is not ``"dB"``.
        """
        if unit != "dB" and (self.gain or self.background):
            asked = f"augment.gain={self.gain:g}" if self.gain else f"augment.background={self.background}"
            raise ConfigError(f"{asked}: changes levels in dB, and the features are in {unit}; use features=logmel")


NONE = Augmentation()
"""Patches as they are."""
