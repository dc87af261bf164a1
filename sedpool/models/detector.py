"""A detector: a backbone, a sigmoid per frame and class, and a pooling operator that makes clip predictions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import keras
from keras import layers

from sedpool.errors import ConfigError
from sedpool.models.backbones import time_reduction
from sedpool.pooling import Pooling, as_pooling
from sedpool.runtime.arrays import Float32Array
from sedpool.runtime.backend import compiled

Supervision = Literal["weak", "strong", "mixed"]
BIAS_L2 = 0.01
"""Penalty on the bias of the output layer (McFee, Salamon and Bello 2018, section IV.B)."""


@dataclass(frozen=True)
class Detector:
    """A network and what is needed to read its output.

    Attributes
    ----------
    network : keras.Model
        From features (batch, frames, n_mels) to a dictionary: `frames`, shape (batch, output frames, classes), and
        `clip`, shape (batch, classes).
    classes : tuple of str
        Names along the class axis.
    pooling : Pooling
        The pooling operator of the network.
    reduction : int
        Input frames that one output frame covers.
    min_frames : int
        Fewest input frames that give an output.
    supervision : {'weak', 'strong', 'mixed'}
        Whether training labels the clip, every frame, or each clip as its labels allow.
    """

    network: keras.Model
    classes: tuple[str, ...]
    pooling: Pooling
    reduction: int
    min_frames: int
    supervision: Supervision = "weak"

    @property
    def n_mels(self) -> int:
        """Mel bands that the network expects."""
        return int(self.network.input_shape[-1])

    @cached_property
    def predict(self) -> Callable[[Float32Array], Mapping[str, Float32Array]]:
        """Function from features, shape (batch, frames, n_mels), to the network's outputs as arrays."""
        return compiled(self.network)

    @property
    def training_model(self) -> keras.Model:
        """The model that a loss is put on: features to clip predictions, or to frame predictions if strong."""
        output = "frames" if self.supervision == "strong" else "clip"
        return keras.Model(self.network.input, self.network.output[output], name="training_model")

    @property
    def clip_and_frame_model(self) -> keras.Model:
        """The model that a loss on both is put on: features to (batch, 1 + frames, classes), the clip before frames."""
        clip = layers.Reshape((1, len(self.classes)), dtype="float32", name="clip_row")(self.network.output["clip"])
        outputs = [clip, self.network.output["frames"]]
        joined = layers.Concatenate(axis=1, dtype="float32", name="clip_and_frames")(outputs)
        return keras.Model(self.network.input, joined, name="training_model")

    @property
    def pooling_inputs(self) -> keras.Model:
        """The model of what the pooling operator is called with: `p` and, if it needs them, `logits`."""
        outputs = {"p": self.network.output["frames"]}
        if self.pooling.needs_logits:
            outputs["logits"] = self.network.get_layer("attention_logits").output
        return keras.Model(self.network.input, outputs, name="pooling_inputs")

    def check_classes(self, classes: Sequence[str], whose: str) -> None:
        """See that the network's classes are those of something else, in the same order.

        Raises
        ------
        ConfigError
            If not; it names the difference.
        """
        if tuple(classes) != self.classes:
            only_here = ", ".join(sorted(set(self.classes) - set(classes))) or "none"
            only_there = ", ".join(sorted(set(classes) - set(self.classes))) or "none"
            raise ConfigError(
                f"detector and {whose} have other classes or another order; "
                f"only the detector: {only_here}; only the {whose.split()[0]}: {only_there}"
            )


def build_detector(
    backbone: keras.Model,
    pooling: keras.layers.Layer,
    *,
    classes: Sequence[str],
    patch_frames: int | None = 430,
    supervision: Supervision = "weak",
) -> Detector:
    """Join a backbone and a pooling operator.

    Parameters
    ----------
    backbone : keras.Model
        See `sedpool.models.backbones`.
    pooling : keras.layers.Layer
        A `Pooling`, or any layer that makes (batch, classes) of frame predictions (batch, frames, classes); see
        `sedpool.pooling.as_pooling`. For strong supervision it only makes the clip prediction and is not trained. One
        that `needs_logits` gets those of an output layer of its own, since where to look and what is there are two
        questions.
    classes : sequence of str
        Class names.
    patch_frames : int or None
        Input frames of a training patch. The bag size, on which CAP's bound depends, follows from it. None for a
        pooling operator that `configure_pooling` returned.
    supervision : {'weak', 'strong', 'mixed'}
        With ``'strong'`` the features are repeated to the input's frame rate before the output layer, as in the
        paper's strong model, so that every frame has a label. With ``'mixed'`` the network is that of weak supervision,
        and clips with times train its frames, those with tags alone its clip predictions.

    Raises
    ------
    ConfigError
        If there are no classes or a class is named twice; see also `configure_pooling`.
    """
    names = tuple(classes)
    if not names or len(set(names)) != len(names):
        raise ConfigError(f"classes: expected one or more different names, got {', '.join(names) or 'none'}")
    reduction = time_reduction(backbone)
    inputs = keras.Input(backbone.input_shape[1:], name="features")
    x = backbone(inputs)
    if supervision == "strong":
        x = layers.UpSampling1D(reduction, name="to_input_rate")(x)
    logits = layers.Dense(len(names), bias_regularizer=keras.regularizers.L2(BIAS_L2), dtype="float32", name="logits")(
        x
    )
    frames = layers.Activation("sigmoid", dtype="float32", name="frames")(logits)
    operator = as_pooling(pooling) if patch_frames is None else configure_pooling(pooling, backbone, patch_frames)
    extra = {}
    if operator.needs_logits:
        extra["logits"] = layers.Dense(len(names), dtype="float32", name="attention_logits")(x)
    clip = operator(frames, **extra)
    network = keras.Model(inputs, {"frames": frames, "clip": clip}, name="detector")
    return Detector(network, names, operator, 1 if supervision == "strong" else reduction, reduction, supervision)


def configure_pooling(pooling: keras.layers.Layer, backbone: keras.Model, patch_frames: int) -> Pooling:
    """Make a pooling operator ready for a backbone: it learns how many frames a training bag has.

    `build_detector` does it. By itself it shows a mistake before anything dear is made, as a corpus.

    Parameters
    ----------
    pooling, backbone, patch_frames
        See `build_detector`.

    Raises
    ------
    ConfigError
        If `pooling` is no Keras layer, a patch is too short for one frame of output, or CAP's bound cannot hold in bags
        of that size.
    """
    reduction = time_reduction(backbone)
    check_patch(patch_frames, reduction, "training.patch_duration")
    return as_pooling(pooling).with_bag_size(patch_frames // reduction)


def check_patch(n_frames: int, min_frames: int, setting: str) -> None:
    """See that a training patch is long enough for one frame of output.

    Raises
    ------
    ConfigError
        If not; it names the setting to change.
    """
    if n_frames < min_frames:
        raise ConfigError(
            f"a training patch has {n_frames} frames, and {min_frames} make one frame of output; lengthen {setting}"
        )
