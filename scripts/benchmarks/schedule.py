"""How long the paper's whole URBAN-SED schedule would take here, from 200 steps on synthetic features.

Each backend and precision runs in a process of its own, as ``train.py`` would run it: the recipe of
``configs/training/paper.yaml`` with epochs of 200 batches, checkpoints included. The first epoch compiles and is left
out. The peer is Keras's own ``fit`` on the same network and backend, without validation and checkpoints.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

BATCHES, EPOCHS = 200, 4
CLIPS, FRAMES, MELS, CLASSES = 512, 430, 128, 10
RECIPE = Path(__file__).parents[2] / "configs" / "training" / "paper.yaml"


def measure(backends: list[str], precisions: list[str]) -> list[dict[str, object]]:
    """Return one row per backend and precision: milliseconds of steps, and minutes of the whole schedule."""
    rows: list[dict[str, object]] = []
    for backend in backends:
        for precision in precisions:
            command = [sys.executable, "-P", "-m", "benchmarks.schedule", precision]
            environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(sys.path)}
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            if done.returncode:
                reason = (done.stderr.splitlines() or [f"exit status {done.returncode}"])[-1]
                rows.append({"backend": backend, "precision": precision, "device": f"failed: {reason}"})
            else:
                rows.append({"backend": backend, "precision": precision, **json.loads(done.stdout.splitlines()[-1])})
    columns = dict.fromkeys(column for row in sorted(rows, key=len, reverse=True) for column in row)
    return [{column: row.get(column, np.nan) for column in columns} for row in rows]


def measure_here(precision: str) -> dict[str, object]:
    """Measure the backend of this process."""
    from sedpool.runtime import backend

    backend.configure(seed=0, threads=None, precision=precision)

    import keras

    from sedpool import pooling
    from sedpool.models import build_detector, paper_cnn
    from sedpool.training.batches import Patches
    from sedpool.training.loop import compile_for_training, train
    from sedpool.training.recipe import Recipe
    from sedpool.training.sampling import from_active_clips

    begins: list[float] = []
    clock = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: begins.append(time.perf_counter()))

    paper = Recipe(**yaml.safe_load(RECIPE.read_text()))
    assert paper.batches_per_epoch is not None
    assert paper.validation_batches is not None
    rng = np.random.default_rng(0)
    features = {str(i): rng.normal(-40, 15, (FRAMES, MELS)).astype("float32") for i in range(CLIPS)}
    targets = {name: rng.random(CLASSES) < 0.3 for name in features}
    detector = build_detector(paper_cnn(), pooling.cap(), classes=[str(i) for i in range(CLASSES)])
    drawn: dict[str, Any] = {
        "patch_frames": FRAMES,
        "batch_size": paper.batch_size,
        "silence": -80.0,
        "n_batches": BATCHES,
    }
    sampling = from_active_clips(paper.active_clips or 0, paper.patches_per_clip or 0, paper.max_patches_per_clip or 0)
    with tempfile.TemporaryDirectory() as folder:
        result = train(
            detector,
            Patches(features, targets, seed=0, sampling=sampling, **drawn),
            Patches(features, targets, seed=1, **drawn),
            replace(paper, epochs=EPOCHS),
            folder=Path(folder),
            progress=False,
            meters=[clock],
        )
    history = result.history.iloc[1:-1]  # when the last one ended is not known
    step = paper.batch_size / history["clips_per_second"]
    check = history["seconds"] / BATCHES - step
    rest = np.diff(begins)[1:] - history["seconds"]
    epoch = paper.batches_per_epoch * step + paper.validation_batches * check + rest

    compile_for_training(training_model := detector.training_model, paper)
    x, y = np.stack(list(features.values())), np.stack(list(targets.values())).astype("float32")
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        training_model.fit(x, y, batch_size=paper.batch_size, verbose=0)
        taken.append((time.perf_counter() - began) / (CLIPS / paper.batch_size))
    return {
        "device": device(),
        "step_ms": 1000 * float(step.median()),
        "validation_ms": 1000 * float(check.median()),
        "waiting_for_data": float(history["data_wait"].median()),
        "keras_fit_step_ms": 1000 * min(taken),
        "schedule_minutes": paper.epochs * float(epoch.median()) / 60,
    }


def device() -> str:
    """Name of the device that the backend computes on."""
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    if backend == "torch":
        import torch

        return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    import tensorflow as tf

    devices = [tf.config.experimental.get_device_details(gpu) for gpu in tf.config.list_physical_devices("GPU")]
    return str(devices[0].get("device_name", "GPU")) if devices else "cpu"


if __name__ == "__main__":
    print(json.dumps(measure_here(sys.argv[1])))
