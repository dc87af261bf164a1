"""Name the sound of ESC-10 clips after eight recordings of each class: a head on aisfx, and on log-mel statistics.

    python experiments/few-shot/measure.py --esc10 ESC-10

Draws that have rows in ``results.csv`` are passed over. ``--fold 1 --draws 1`` and the like do a part.
"""

import csv
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

import sedpool as sp
from sedpool.datasets.base import Dataset, clips_from_rows
from sedpool.features.store import Extractor
from sedpool.runtime.backend import configure, import_backend

FOLDS, DRAWS, PER_CLASS, SECONDS, THREADS = (1, 2, 3, 4), 5, 8, 5.0, 2
RECIPE = replace(
    sp.STUDY,
    epochs=30,
    batch_size=80,  # all clips
    batches_per_epoch=10,
    patch_duration=SECONDS,
    learning_rate=1e-2,
    early_stopping_patience=30,
    lr_patience=30,
    threads=THREADS,
)
COLUMNS = ("features", "fold", "draw", "accuracy", "n_test", "seconds")


def statistics(decibels: np.ndarray) -> np.ndarray:
    """Summarise a spectrogram by the mean and the standard deviation over time of each band."""
    return np.concatenate([decibels.mean(axis=0), decibels.std(axis=0)])


def maximum(embeddings: np.ndarray) -> np.ndarray:
    """Summarise embeddings by their maximum over time, as aisfx itself does."""
    return np.asarray(embeddings.max(axis=0))


@dataclass(frozen=True)
class WholeClip:
    """Other features, summarised: one frame per clip.

    Attributes
    ----------
    frames : Extractor
        The features.
    summary : callable
        What makes one vector of their frames.
    n_features : int
        How long that is.
    """

    frames: Extractor
    summary: Callable[[np.ndarray], np.ndarray]
    n_features: int
    sr: int = 44100
    frame_rate: float = 1 / SECONDS
    unit: str = "statistics"
    silence: float = 0.0
    context: int = 0
    is_local: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """What the values depend on."""
        return {"kind": self.summary.__name__, "of": self.frames.parameters}

    def n_frames(self, duration: float) -> int:
        """Return 1: a clip is one frame."""
        return 1

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        """Compute the vector of a clip, shape (1, n_features)."""
        return self.summary(self.frames(samples))[None].astype(np.float32)


FEATURES = {
    "aisfx, clip by clip": WholeClip(sp.Aisfx(186), maximum, 512),
    "aisfx, clip by clip, peak of each window": WholeClip(sp.Aisfx(186, peak_window=SECONDS), maximum, 512),
    "log-mel statistics": WholeClip(sp.LogMel(reference="fixed"), statistics, 256),
}


def main() -> None:
    """Measure what has no rows yet."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--esc10", type=Path, required=True)
    parser.add_argument("--fold", type=int, choices=FOLDS, action="append")
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--cache", default="data/features")
    arguments = parser.parse_args()
    import_backend(THREADS)
    clips = read_clips(arguments.esc10)
    results = Path(__file__).with_name("results.csv")
    known = pd.read_csv(results) if results.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(known[["features", "fold", "draw"]].itertuples(index=False, name=None))
    for fold in arguments.fold or FOLDS:
        for draw in range(arguments.draws):
            for name, extractor in FEATURES.items():
                if (name, fold, draw) not in done:
                    append(results, [name, fold, draw, *measure(clips, extractor, fold, draw, arguments.cache)])


def read_clips(root: Path) -> pd.DataFrame:
    """List the clips, which are named ``fold-source-take.ogg`` and lie in a folder for each class."""
    rows = []
    for path in sorted(root.glob("*/*.ogg")):
        fold, source, _ = path.stem.split("-")
        label = path.parent.name.partition(" - ")[2]
        rows.append((f"{path.parent.name}/{path.name}", str(path), label, int(fold), source))
    return pd.DataFrame(rows, columns=["filename", "path", "label", "fold", "source"])


def drawn(clips: pd.DataFrame, fold: int, draw: int) -> pd.DataFrame:
    """Draw the training clips: `PER_CLASS` of each class outside a fold, of different recordings where there are."""
    pool = clips[clips["fold"] != fold]
    shuffled = pool.iloc[np.random.default_rng([fold, draw]).permutation(len(pool))]
    take = shuffled.groupby(["label", "source"]).cumcount()
    return shuffled.loc[take.sort_values(kind="stable").index].groupby("label").head(PER_CLASS)


def dataset_of(clips: pd.DataFrame, split: str, classes: tuple[str, ...]) -> Dataset:
    """Make a dataset of clips with one tag each."""
    names = pd.Index(clips["filename"])
    tags = pd.DataFrame({label: (clips["label"] == label).to_numpy() for label in classes}, index=names)
    rows = [(row.filename, row.path, SECONDS, split) for row in clips.itertuples()]
    return Dataset(name="ESC-10", classes=classes, clips=clips_from_rows(rows), tags=tags)


def measure(clips: pd.DataFrame, extractor: Any, fold: int, draw: int, cache: str) -> tuple[str, int, str]:
    """Train a head and return its accuracy on a fold, the number of clips there, and the seconds that training took."""
    classes = tuple(sorted(set(clips["label"])))
    train = dataset_of(drawn(clips, fold, draw), "train", classes)
    tested = clips[clips["fold"] == fold]
    test = dataset_of(tested, "test", classes)
    sp.FeatureStore(cache, extractor).prepare(dict(zip(clips["filename"], clips["path"], strict=True)))
    configure(seed=draw, threads=THREADS, precision="float32")
    detector = sp.build_detector(
        sp.embedding_head(extractor.n_features),
        sp.AutoPool(axis=1),
        classes=classes,
        patch_frames=extractor.n_frames(SECONDS),
    )
    began = time.perf_counter()
    trained = sp.fit(
        detector, train, validate=train, features=extractor, recipe=RECIPE, seed=draw, cache=cache, progress=False
    )
    seconds = time.perf_counter() - began
    scores = trained.predict_clips(test).set_index("filename")
    named = scores.loc[tested["filename"], list(classes)].idxmax(axis=1).to_numpy()
    keras.utils.clear_session()
    return f"{(named == tested['label'].to_numpy()).mean():.4f}", len(tested), f"{seconds:.1f}"


def append(path: Path, row: list[object]) -> None:
    """Add a row to the table, with its header if it is new."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, row] if new else [row])


if __name__ == "__main__":
    main()
