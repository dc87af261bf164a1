"""Compare features by their reference, on test clips as they are and with levels varied by up to 20 dB.

    python experiments/levels/measure.py --esc10 ESC-10 --backgrounds BACKGROUNDS

Runs that have rows in ``results.csv`` are passed over.
"""

import csv
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pandas as pd

import sedpool as sp
from sedpool import audio
from sedpool.datasets.base import Dataset
from sedpool.evaluation.evaluate import count_run
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.evaluation.tuning import tune
from sedpool.experiment.load import dataset_of
from sedpool.inference.decode import SystemOutput
from sedpool.inference.predict import predict
from sedpool.run_folder import RunFolder
from sedpool.settings.compose import compose

FEATURES = {
    "window": ("features=logmel",),
    "fixed": ("features=logmel_fixed", "augment=none"),
    **{f"fixed, gain {gain}": ("features=logmel_fixed", f"augment.gain={gain}") for gain in (10, 15, 20)},
    "pcen": ("features=pcen",),
}
ESC10 = (
    "experiment=esc10_soundscapes",
    "model=compact",
    "dataset.n_train=600",
    "dataset.n_validate=200",
    "dataset.n_test=200",
    "training.epochs=20",
)
FOLDS = {
    4: "dataset.folds={train:[1,2],validate:[3],test:[4]}",
    1: "dataset.folds={train:[2,3],validate:[4],test:[1]}",
}
SPREAD = 20.0
"""dB; the level of each test clip is changed by up to this much in either direction."""
COLUMNS = ("corpus", "features", "levels", "segment_f1", "segment_f1_tuned", "psds1", "clip_macro_f1", "run")


def main() -> None:
    """Train and score what has no rows yet."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--esc10", required=True)
    parser.add_argument("--backgrounds", required=True)
    parser.add_argument("--data-root", default="data")
    arguments = parser.parse_args()
    folders = {"data_root": arguments.data_root, "cache": f"{arguments.data_root}/features", "runs": "experiments/runs"}
    sources = (f"dataset.foreground={arguments.esc10}", f"dataset.background={arguments.backgrounds}")
    corpora: dict[str, tuple[str, ...]] = {"demo": ()}
    for fold, split in FOLDS.items():
        root = f"dataset.root={arguments.data_root}/levels-fold{fold}"
        corpora[f"esc10-fold{fold}"] = (*ESC10, *sources, split, root)

    results = Path(__file__).with_name("results.csv")
    done = set() if not results.exists() else set(map(tuple, pd.read_csv(results)[["corpus", "features"]].values))
    for corpus, overrides in corpora.items():
        for features, settings in FEATURES.items():
            if (corpus, features) in done:
                continue
            common = (f"corpus={corpus}", "training.threads=1", "tracking=none", "jobs=1")
            folder = sp.run(compose([*overrides, *settings, *common], folders))
            append(results, [[corpus, features, *row, folder.name] for row in score(folder, folders["cache"])])


def score(folder: Path, cache: str) -> list[list[object]]:
    """Score a run on its test clips as they are and with varied levels; thresholds are tuned on validation as it is."""
    run = RunFolder(folder)
    dataset = dataset_of(run)
    test = dataset.split("test")
    detector = sp.load_run(folder, cache=cache)
    validation = SystemOutput(run.validation_scores, run.validation_clip_scores)
    tuned = tune(ScoredClips(validation, dataset.split("validate")), held_out=test.clips["filename"])
    rows: list[list[object]] = []
    for levels, scores in {"as made": (run.scores, run.clip_scores), "varied": varied(detector, test)}.items():
        metrics = count_run(SystemOutput(*scores), test, tuned=tuned).metrics()
        f1 = (metrics["segment"]["micro"]["f1"], metrics["tuned"]["segment"]["micro"]["f1"])
        others = (metrics["psds"]["scenario1"], metrics["clip"]["macro"]["f1"])
        rows.append([levels, *(f"{value:.4f}" for value in (*f1, *others))])
    return rows


def varied(detector: sp.TrainedDetector, test: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score clips whose level is changed in the samples, by the same amount for every detector; nothing is clipped."""
    extractor = detector.extractor
    gains = np.random.default_rng(0).uniform(-SPREAD, SPREAD, len(test))
    features = {
        name: extractor(audio.read(path, extractor.sr) * np.float32(10 ** (gain / 20)))
        for name, path, gain in zip(test.clips["filename"], test.clips["path"], gains, strict=True)
    }
    return predict(
        detector.detector, features, test.durations, frame_rate=extractor.frame_rate, silence=extractor.silence
    )


def append(path: Path, rows: list[list[object]]) -> None:
    """Add rows to a table, with its header if it is new."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows] if new else rows)


if __name__ == "__main__":
    main()
