"""A run folder with made-up but plausible content: three clips, four classes, CAP."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import yaml

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.evaluation.evaluate import count_run
from sedpool.evaluation.run_folder import write_curve_and_example, write_durations, write_run_counts
from sedpool.evaluation.tuning import Tuned
from sedpool.events import events_from_rows, tags_from_events
from sedpool.formats import write_tsv
from sedpool.inference.decode import Decoder, SystemOutput, decode
from sedpool.plot.example import Example
from sedpool.run_folder import RunFolder
from sedpool.scores import frame_scores, write_scores

CLASSES = ("car_horn", "dog_bark", "engine_idling", "siren")
NAMES = ("soundscape_0.wav", "soundscape_1.wav", "soundscape_2.wav")
BOUND = float(np.log(25))
EDGES = np.append(np.arange(27) * 16 * 1024 / 44100, 10.0)[:27]


def made_reference():
    generator = np.random.default_rng(0)
    rows = []
    for name in NAMES:
        for onset in generator.uniform(0, 8, size=4):
            label = str(generator.choice(CLASSES))
            rows.append((name, onset, min(10.0, onset + generator.uniform(0.5, 4)), label))
    return events_from_rows(rows)


def made_scores(reference, generator):
    tables = []
    for name in NAMES:
        probabilities = generator.beta(1, 8, size=(26, len(CLASSES)))
        for _, onset, offset, label in reference.loc[reference["filename"] == name].itertuples(index=False, name=None):
            inside = (EDGES[:-1] < offset) & (EDGES[1:] > onset)
            probabilities[inside, CLASSES.index(label)] = generator.beta(4, 2, size=inside.sum())
        tables.append(frame_scores(name, probabilities, EDGES, CLASSES))
    return pd.concat(tables, ignore_index=True)


def made_history(n_epochs):
    epoch = np.arange(1, n_epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "loss": 0.6 * np.exp(-epoch / 8) + 0.1,
            "accuracy": 0.95 - 0.3 * np.exp(-epoch / 6),
            "val_loss": 0.5 * np.exp(-epoch / 8) + 0.15 + 0.002 * epoch,
            "val_accuracy": 0.9 - 0.25 * np.exp(-epoch / 6) - 0.0005 * epoch,
            "learning_rate": np.where(epoch < 0.7 * n_epochs, 1e-3, 1e-4),
            "clips_per_second": 95 + 3 * np.sin(epoch),
            "seconds": 21.0,
        }
    )


def made_alpha(n_epochs, bound):
    speed = {"car_horn": 0.30, "dog_bark": 0.2, "engine_idling": -0.02, "siren": 0.08}
    rows = []
    for epoch in range(n_epochs + 1):
        for label in CLASSES:
            alpha = 1 + speed[label] * epoch
            rows.append((epoch, label, alpha if bound is None else min(alpha, bound), bound))
    return pd.DataFrame(rows, columns=["epoch", "event_label", "alpha", "bound"])


def made_gradient_share(n_epochs):
    rows = [
        (epoch, label, 4, 26, 1 - 0.8 * np.exp(-epoch / (3 + index)), 1 + 25 * np.exp(-epoch / (3 + index)))
        for epoch in range(n_epochs + 1)
        for index, label in enumerate(CLASSES)
    ]
    return pd.DataFrame(rows, columns=["epoch", "event_label", "clips", "frames", "largest_share", "effective_frames"])


def made_dataset(corpus="demo", *, weak=False):
    reference = made_reference()
    table = pd.DataFrame({"filename": NAMES, "path": NAMES, "duration": 10.0, "split": "test"})
    tags = tags_from_events(reference, NAMES, CLASSES)
    return Dataset(corpus, CLASSES, table, tags, None if weak else reference)


def write_run(folder, method="cap", *, seed=0, scores_seed=1, alpha_max=BOUND, weak=False, corpus="demo"):
    """Write a finished run folder and return it."""
    run = RunFolder(folder / f"{corpus}-{method}-s{seed}")
    reference = made_reference()
    frames = made_scores(reference, np.random.default_rng(scores_seed))
    clips = frames.groupby("filename")[list(CLASSES)].max().reset_index()
    dataset = made_dataset(corpus, weak=weak)
    config = {
        "corpus": corpus,
        "method": method,
        "seed": seed,
        "training": {"epochs": 20, "early_stopping_patience": 5},
    }
    storage.write_text(run.file("config.yaml"), yaml.safe_dump(config))
    storage.write_json(run.file("environment.json"), {"format": 1, "python": "3.11", "seeds": {"training": seed}})
    storage.write_text(run.file("history.csv"), made_history(20).to_csv(index=False))
    storage.write_text(run.file("gradient_share.csv"), made_gradient_share(20).to_csv(index=False))
    if method in ("cap", "auto"):
        storage.write_text(run.file("alpha.csv"), made_alpha(20, alpha_max).to_csv(index=False))
    write_scores(frames, run.file("scores.parquet"))
    write_scores(clips, run.file("clip_scores.parquet"))
    write_tsv(decode(frames), run.file("events.tsv"))
    tuned = Tuned(Decoder(threshold=0.4, clip_threshold=0.3), "global", "segment F1, 1 s", n_clips=7)
    counted = count_run(SystemOutput(frames, clips), dataset, tuned=tuned)
    storage.write_json(run.file("metrics.json"), counted.metrics())
    write_run_counts(run, counted.as_set)
    write_curve_and_example(run, counted.clips)
    write_durations(run, dataset)
    run.mark_done()
    return run


@pytest.fixture
def make_run(tmp_path):
    """`write_run` with a folder of its own."""
    return partial(write_run, tmp_path / "runs")


@pytest.fixture
def example():
    generator = np.random.default_rng(0)
    reference = made_reference()
    return Example(
        NAMES[0],
        generator.uniform(-80, 0, size=(430, 128)).astype(np.float32),
        frame_rate=44100 / 1024,
        unit="dB",
        reference_events=reference.loc[reference["filename"] == NAMES[0]],
    )
