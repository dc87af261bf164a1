"""What another backend makes of given weights and batches: ``KERAS_BACKEND=... python other_backend.py FOLDER``.

Runs in an environment of its own, without TensorFlow. The folder holds ``given.npz``: the weights by their order, the
batch, the number of steps. What comes out is written to ``made.npz``.
"""

import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from sedpool import pooling
from sedpool.models import Detector, build_detector, compact_cnn
from sedpool.training.gradient_share import frame_shares
from sedpool.training.loop import compile_for_training
from sedpool.training.recipe import STUDY

CLASSES = ("a", "b", "c")


def small_network() -> Detector:
    """A detector of every layer that the paper's network has."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    backbone = compact_cnn(n_mels=32, filters=(8, 8), head_filters=16)
    return build_detector(backbone, pooling.AutoPool(), classes=CLASSES, patch_frames=64)


def losses_and_outputs(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs and shares of the gradient for the first batch with the given weights, then the loss of each step."""
    detector = small_network()
    detector.network.set_weights([given[f"weight{i}"] for i in range(len(detector.network.weights))])
    output = detector.network(given["x"][0], training=False)
    made = {name: keras.ops.convert_to_numpy(value) for name, value in output.items()}
    made["shares"] = frame_shares(detector.pooling, detector.pooling_inputs.predict_on_batch(given["x"][0]))
    training_model = detector.training_model
    compile_for_training(training_model, replace(STUDY, alpha_lr_multiplier=10.0))
    losses = [
        training_model.train_on_batch(x, y, return_dict=True)["loss"]
        for x, y in zip(given["x"], given["y"], strict=True)
    ]
    return {**made, "losses": np.array(losses), "mixed_losses": np.array(mixed_losses(given))}


def mixed_losses(given: dict[str, np.ndarray]) -> list[float]:
    """The loss of each step with times in some clips, a tag in others, and some labels unknown."""
    detector = small_network()
    detector.network.set_weights([given[f"weight{i}"] for i in range(len(detector.network.weights))])
    training_model = detector.clip_and_frame_model
    recipe = replace(STUDY, clip_loss_weight=0.5)
    compile_for_training(training_model, recipe, reduction=detector.reduction, partly_known=True)
    labels = np.repeat(given["y"][:, :, np.newaxis], 1 + given["x"].shape[2], axis=2)
    labels[:, ::2, 1:] = np.nan
    labels[:, 1::4, :, 0] = np.nan
    return [
        training_model.train_on_batch(x, y, return_dict=True)["loss"] for x, y in zip(given["x"], labels, strict=True)
    ]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with np.load(folder / "given.npz") as arrays:
        made = losses_and_outputs(dict(arrays))
    assert "tensorflow" not in sys.modules
    np.savez(folder / "made.npz", **made)
