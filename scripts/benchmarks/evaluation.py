"""Threshold sweeps against as many sed_eval calls, a run's evaluation, and the memory that a large one takes."""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.evaluation import evaluate_run, event_sweep, psds_of_scores, segment_sweep
from sedpool.evaluation.run_folder import evaluate_folder
from sedpool.evaluation.scenarios import SCENARIO_2
from sedpool.evaluation.sed_eval_oracle import event_scorer, segment_scorer
from sedpool.events import EVENT_COLUMNS, tags_from_events
from sedpool.inference.decode import Decoder, SystemOutput, decode
from sedpool.run_folder import RunFolder
from sedpool.scores import write_scores
from sedpool.settings.schema import EvaluationSettings

THRESHOLDS = np.arange(1, 100) / 100
SAMPLED = (0.25, 0.5, 0.75)  # where sed_eval is timed; fewer and more events than usual, and as many
SECONDS = 10.0


def measure_sweeps(n_clips: int = 2_000, n_classes: int = 10, frames_per_clip: int = 100) -> list[dict[str, object]]:
    """One row a level: seconds of the sweep, of 99 sed_eval calls as three of them foretell, and their ratio."""
    dataset, output = made_up(n_clips, n_classes, frames_per_clip)
    assert dataset.events is not None
    durations, classes = dataset.durations, dataset.classes
    rows: list[dict[str, object]] = []
    for level, sweep, scorer in (("segment", segment_sweep, segment_scorer), ("event", event_sweep, event_scorer)):
        scored = partial(sweep, output.frame_scores, dataset.events, THRESHOLDS, durations=durations, classes=classes)
        swept = _seconds(scored)
        tables = [decode(output.frame_scores, threshold) for threshold in SAMPLED]
        calls = [
            _seconds(partial(scorer, dataset.events, table, durations=durations, classes=classes)) for table in tables
        ]
        official = len(THRESHOLDS) * float(np.mean(calls))
        rows.append({"what": f"{level} sweep", "seconds": swept, "sed_eval": official, "ratio": official / swept})
    detection = partial(psds_of_scores, scenario=SCENARIO_2, durations=durations, classes=classes)
    seconds = _seconds(partial(detection, output.frame_scores, dataset.events))
    rows.append({"what": "PSDS of all thresholds", "seconds": seconds, "sed_eval": None, "ratio": None})
    seconds = _evaluate_run_folder(n_clips, n_classes, frames_per_clip)
    return [*rows, {"what": "a run, thresholds tuned", "seconds": seconds, "sed_eval": None, "ratio": None}]


def _evaluate_run_folder(n_clips: int, n_classes: int, frames_per_clip: int) -> float:
    """Seconds of all that a run's evaluation reads, computes and writes, with a quarter as many clips to tune on."""
    dataset, output = made_up(n_clips + n_clips // 4, n_classes, frames_per_clip)
    is_test = dict(zip(dataset.clips["filename"], np.arange(len(dataset)) < n_clips, strict=True))
    split = dataset.clips["filename"].map(is_test).map({True: "test", False: "validate"})
    dataset = replace(dataset, clips=dataset.clips.assign(split=split))
    decoding = {field.name: getattr(Decoder(), field.name) for field in fields(Decoder)}
    criteria: dict[str, Any] = {"resolution": 1.0, "collar": 0.2, "offset_tolerance_ratio": 0.2}
    settings = EvaluationSettings(tune="per_class", tune_on="segment", paper_compat=False, **decoding, **criteria)
    with tempfile.TemporaryDirectory() as path:
        folder = RunFolder(path)
        for name, scores in (("scores", output.frame_scores), ("clip_scores", output.clip_scores)):
            of_test = scores["filename"].map(is_test)
            write_scores(scores[of_test].reset_index(drop=True), folder.file(f"{name}.parquet"))
            write_scores(scores[~of_test].reset_index(drop=True), folder.file(f"validation_{name}.parquet"))
        return _seconds(lambda: evaluate_folder(folder, dataset, settings, allow_missing=False))


def measure_size(n_clips: int = 20_000, n_classes: int = 320, frames_per_clip: int = 25) -> list[dict[str, object]]:
    """One row: seconds and peak memory in GiB of everything in ``metrics.json``, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as processes:
        return [processes.submit(_size, n_clips, n_classes, frames_per_clip).result()]


def _size(n_clips: int, n_classes: int, frames_per_clip: int) -> dict[str, object]:
    dataset, output = made_up(n_clips, n_classes, frames_per_clip)
    before = _peak_gib()
    seconds = _seconds(lambda: evaluate_run(output, dataset))
    return {
        "clips": n_clips,
        "classes": n_classes,
        "frames": n_clips * frames_per_clip,
        "seconds": seconds,
        "peak_gib_before": before,
        "peak_gib": _peak_gib(),
    }


def _peak_gib() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def made_up(n_clips: int, n_classes: int, frames_per_clip: int) -> tuple[Dataset, SystemOutput]:
    """Clips with one to nine events each, and scores that follow them through noise as smooth as a network's."""
    generator = np.random.default_rng(0)
    filenames = [f"{clip:05d}.wav" for clip in range(n_clips)]
    classes = tuple(f"class {label:03d}" for label in range(n_classes))
    clip = np.repeat(np.arange(n_clips), generator.integers(1, 10, n_clips))
    label = generator.integers(0, n_classes, len(clip))
    onset = generator.uniform(0, 0.9 * SECONDS, len(clip))
    offset = np.minimum(onset + generator.uniform(0.2, 4.0, len(clip)), SECONDS)
    columns = (np.array(filenames)[clip], onset, offset, np.array(classes)[label])
    events = pd.DataFrame(dict(zip(EVENT_COLUMNS, columns, strict=True)))

    scores = _smooth(generator.random((n_clips, frames_per_clip, n_classes), dtype=np.float32)) * np.float32(0.45)
    frame = frames_per_clip / SECONDS
    for row, column, begin, end in zip(clip, label, onset * frame, offset * frame, strict=True):
        scores[row, int(begin) : int(np.ceil(end)), column] += generator.uniform(0.1, 0.4)
    np.clip(scores, 0, 1, out=scores)
    edges = np.linspace(0, SECONDS, frames_per_clip + 1)
    table = pd.DataFrame(scores.reshape(-1, n_classes), columns=list(classes), copy=False)
    times = {"onset": np.tile(edges[:-1], n_clips), "offset": np.tile(edges[1:], n_clips)}
    index = {"filename": np.repeat(filenames, frames_per_clip)} | times
    frame_scores = pd.concat([pd.DataFrame(index), table], axis=1)
    clip_scores = pd.DataFrame(scores.max(axis=1), columns=list(classes))
    clip_scores.insert(0, "filename", filenames)

    clips = pd.DataFrame({"filename": filenames, "path": filenames, "duration": SECONDS, "split": "test"})
    dataset = Dataset("made up", classes, clips, tags_from_events(events, filenames, classes), events)
    return dataset, SystemOutput(frame_scores, clip_scores)


def _smooth(noise: np.ndarray) -> np.ndarray:
    """Mean of five neighbours along time, spread to fill [0, 1] again, in place of the noise."""
    around = np.pad(noise, ((0, 0), (2, 2), (0, 0)), mode="edge")
    noise[:] = 0
    for shift in range(5):
        noise += around[:, shift : shift + noise.shape[1]]
    return np.clip((noise / 5 - 0.5) * 2 + 0.5, 0, 1, out=noise)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
