"""The training recipe: every hyper-parameter of a training run, checked before any work starts."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from sedpool.errors import ConfigError

Count = Annotated[int, Field(ge=1, strict=True)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Recipe:
    """How a detector is trained.

    Attributes
    ----------
    epochs : int
        Most epochs.
    batch_size : int
        Patches in a batch.
    batches_per_epoch : int or None
        Batches in an epoch; None for as many as show each clip once.
    active_clips : int or None
        Clips that patches are drawn from at a time, as in the paper; None for every clip equally often.
    patches_per_clip : float or None
        Mean number of patches of an active clip before another takes its place (Poisson's distribution).
    max_patches_per_clip : int or None
        The most patches of an active clip.
    min_activity : float or None
        For clips longer than a patch: a patch has a class if its events fill this share of the patch. None gives a
        patch the tags of its clip.
    patch_duration : float
        Length in seconds of a training patch, cut at random from a clip. Shorter clips are padded with silence.
    learning_rate : float
        Of Adam, whose other settings are its defaults.
    alpha_lr_multiplier : float
        The pooling's α, or exponent, learns this many times faster than the rest: Adam moves a weight by at most
        about its learning rate a step, so that in short runs α stays near its start (1 in the paper).
    early_stopping_patience : int
        Epochs without better validation accuracy before training stops.
    lr_patience : int
        Epochs without better validation accuracy before the learning rate is reduced.
    lr_factor : float
        By what the learning rate is multiplied then.
    validation : {'full', 'random'}
        The middle of every validation clip once, or `validation_batches` batches of random patches, drawn anew each
        epoch, as in the paper.
    validation_batches : int or None
        Batches of random validation.
    precision : {'float32', 'mixed_bfloat16', 'auto'}
        Of the convolutions; the rest is float32 always. Auto is mixed where the processor multiplies bfloat16.
    init_from : str or None
        Run folder whose weights training starts from; of the same network and classes.
    threads : int or None
        Threads of TensorFlow; None leaves it its default. Bits are equal for equal values.
    monitor : {'accuracy', 'loss', 'map', 'psds1'}
        What validation must improve, for the kept epoch, early stopping and the learning rate: binary accuracy, the
        loss, or the mean average precision of clips, which sparse classes do not drown in what is absent; or, where
        validation has events, PSDS in DCASE's first scenario, which rewards that these are located.
    self_training_rounds : int
        Rounds of self-training after training from tags; each learns frames from the network of the round before. With
        strong supervision it is self-distillation: labels are the mean of those of the events and of what the network
        says.
    self_training_start : {'same', 'fresh'}
        Whether a round goes on with the weights of the round before, or begins anew from the initial ones.
    pseudo_labels : {'soft', 'hard'}
        Labels of frames in a round: a frame's probability as a share of the clip's highest, or whether that share
        reaches `pseudo_label_share`; both for the clip's tags alone, and 0 for other classes.
    pseudo_label_share : float
        The share that makes a frame active with hard labels.
    clip_loss_weight : float
        Weight of the loss on clip predictions beside that on frames, where frames have labels: in self-training, or
        with strong supervision. With mixed supervision that of clips with times; the others have the weight 1.
    """

    epochs: Count
    batch_size: Count
    batches_per_epoch: Count | None
    active_clips: Count | None
    patches_per_clip: Positive | None
    max_patches_per_clip: Count | None
    min_activity: Annotated[float, Field(ge=0, le=1)] | None
    patch_duration: Positive
    learning_rate: Positive
    alpha_lr_multiplier: Positive
    early_stopping_patience: Count
    lr_patience: Count
    lr_factor: Annotated[float, Field(gt=0, lt=1)]
    validation: Literal["full", "random"]
    validation_batches: Count | None
    precision: Literal["float32", "mixed_bfloat16", "auto"]
    init_from: str | None
    threads: Count | None
    monitor: Literal["accuracy", "loss", "map", "psds1"] = Field(default="accuracy", kw_only=True)
    self_training_rounds: int = Field(default=0, ge=0, strict=True, kw_only=True)
    self_training_start: Literal["same", "fresh"] = Field(default="same", kw_only=True)
    pseudo_labels: Literal["soft", "hard"] = Field(default="soft", kw_only=True)
    pseudo_label_share: float = Field(default=0.5, gt=0, le=1, kw_only=True)
    clip_loss_weight: float = Field(default=0.0, ge=0, allow_inf_nan=False, kw_only=True)

    def __post_init__(self) -> None:
        """Check what belongs together."""
        if self.active_clips and not (self.patches_per_clip and self.max_patches_per_clip):
            raise ValueError("active_clips needs patches_per_clip and max_patches_per_clip")
        if self.validation == "random" and not self.validation_batches:
            raise ValueError("validation=random needs validation_batches")
        if self.self_training_rounds and self.min_activity is not None:
            raise ValueError(
                "self_training_rounds learns from tags alone; min_activity, which needs events, must be null"
            )

    def check_supervision(self, supervision: str) -> None:
        """Refuse settings that do nothing with this supervision.

        Raises
        ------
        ConfigError
            On self-training where only some frames have labels, or from tags if events are to judge it; hard
            pseudo-labels with strong supervision; a weight of the clip loss where frames have no labels; or tags of
            patches where each clip has labels of its own kind.
        """
        if supervision == "mixed" and self.min_activity is not None:
            raise ConfigError(
                f"training.min_activity={self.min_activity}: with supervision=mixed clips with times train frames; set "
                "it to null"
            )
        if supervision == "mixed" and self.self_training_rounds:
            raise ConfigError(
                f"training.self_training_rounds={self.self_training_rounds}: self-training starts from labels of one "
                "kind; set it to 0, or supervision=weak"
            )
        if supervision == "weak" and self.self_training_rounds and self.monitor == "psds1":
            raise ConfigError(
                "training.monitor=psds1: it needs events, and with supervision=weak self-training learns from tags "
                "alone; monitor map"
            )
        if supervision == "strong" and self.self_training_rounds and self.pseudo_labels == "hard":
            raise ConfigError(
                "training.pseudo_labels=hard: frames of events have hard labels already, and self-training makes them "
                "softer; set it to soft, or supervision=weak"
            )
        if supervision == "weak" and self.clip_loss_weight and not self.self_training_rounds:
            raise ConfigError(
                f"training.clip_loss_weight={self.clip_loss_weight}: with supervision=weak it has a part in "
                "self-training alone; set training.self_training_rounds, or 0 here"
            )

    def check_monitor(self, dataset: str, *, has_times: bool) -> None:
        """Refuse to judge epochs by events that validation does not have.

        Parameters
        ----------
        dataset : str
            Name of the corpus.
        has_times : bool
            Whether its validation clips have events with times.

        Raises
        ------
        ConfigError
            If they have none and PSDS is to be monitored.
        """
        if self.monitor == "psds1" and not has_times:
            raise ConfigError(
                f"training.monitor=psds1: the validation clips of dataset {dataset} have tags without times; "
                "monitor map, loss or accuracy"
            )


STUDY = Recipe(
    epochs=25,
    batch_size=16,
    batches_per_epoch=None,
    active_clips=None,
    patches_per_clip=None,
    max_patches_per_clip=None,
    min_activity=None,
    patch_duration=10.0,
    learning_rate=1e-3,
    alpha_lr_multiplier=10.0,
    early_stopping_patience=10,
    lr_patience=4,
    lr_factor=0.3,
    validation="full",
    validation_batches=None,
    precision="float32",
    init_from=None,
    threads=None,
)
"""The recipe of ``configs/training/study.yaml``; a test keeps the two equal."""
