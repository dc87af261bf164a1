"""A training run of a few seconds with everything random in it: ``python small_run.py FOLDER``."""

import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from keras import layers

from sedpool import pooling
from sedpool.inference.trained_detector import TrainingResult
from sedpool.models import BatchNormalization, Detector, build_detector
from sedpool.runtime.backend import configure
from sedpool.training import session
from sedpool.training.batches import Patches
from sedpool.training.loop import train
from sedpool.training.recipe import STUDY
from sedpool.training.sampling import from_active_clips
from sedpool.training.weights import save_weights

N_MELS, N_FRAMES = 16, 32
N_CLIPS, N_VALIDATION = 40, 20
CLASSES = ("low", "high")
RECIPE = replace(STUDY, epochs=8, batch_size=8, learning_rate=0.02, lr_patience=1, early_stopping_patience=4)


def noisy_backbone() -> keras.Model:
    """A small network with dropout and noise: its state is more than its weights."""
    inputs = keras.Input((None, N_MELS), name="features")
    x = layers.GaussianNoise(0.3)(layers.Rescaling(1 / 80)(inputs))
    x = layers.Conv1D(8, 4, strides=4, activation="relu")(x)
    x = layers.Dropout(0.3)(BatchNormalization()(x))
    return keras.Model(inputs, x, name="backbone")


def patches(n_clips: int, seed: int, n_batches: int) -> Patches:
    """Noise, half of it with a burst in the low or the high bands, in clips longer than a patch."""
    rng = np.random.default_rng(0)
    targets = {str(index): rng.random(2) < 0.5 for index in range(n_clips)}
    features = {}
    for name, target in targets.items():
        features[name] = rng.normal(-60, 3, (2 * N_FRAMES, N_MELS)).astype(np.float32)
        features[name][::3] += 30 * np.repeat(target, N_MELS // 2)
    return Patches(
        features,
        targets,
        patch_frames=N_FRAMES,
        batch_size=RECIPE.batch_size,
        silence=-80.0,
        n_batches=n_batches,
        seed=seed,
        sampling=from_active_clips(8, 4.0, 128),
    )


def small_detector() -> Detector:
    configure(seed=0, threads=None, precision="float32")
    return build_detector(noisy_backbone(), pooling.cap(), classes=CLASSES, patch_frames=N_FRAMES)


def small_run(folder: Path, detector: Detector | None = None) -> TrainingResult:
    """Train, or go on training, and leave the weights in the folder."""
    detector = detector or small_detector()
    result = train(
        detector, patches(N_CLIPS, 0, 12), patches(N_VALIDATION, 1, 4), RECIPE, folder=folder, progress=False
    )
    save_weights(detector.network, folder / "weights.npz")
    return result


if __name__ == "__main__":
    session.CHECKPOINT_SECONDS = 0.05
    built = small_detector()
    print("begins", flush=True)
    small_run(Path(sys.argv[1]), built)
