"""A trained detector with what it takes to score audio: the features that it was trained on."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sedpool.datasets.base import Dataset
from sedpool.features.prepare import PreparedDataset, prepare
from sedpool.features.store import Extractor
from sedpool.inference.predict import predict
from sedpool.models.detector import Detector


@dataclass(frozen=True)
class TrainingResult:
    """What a training run leaves besides the weights.

    Attributes
    ----------
    history : DataFrame
        One row an epoch.
    alpha : DataFrame or None
        `epoch, event_label, alpha, bound`; None for a pooling without α.
    best_epoch : int
        The epoch whose weights the detector now has, counted from 1.
    gradient_share : DataFrame or None
        See `sedpool.training.gradient_share`; None with strong supervision, which trains no clip prediction.
    """

    history: pd.DataFrame
    alpha: pd.DataFrame | None
    best_epoch: int
    gradient_share: pd.DataFrame | None = None


@dataclass(frozen=True)
class TrainedDetector:
    """A trained detector with the features that it was trained on.

    Attributes
    ----------
    detector : Detector
        With the weights of its best epoch.
    result : TrainingResult
        History, α and the best epoch.
    extractor : Extractor
        Turns audio into what the detector expects.
    cache : Path
        Where feature stores lie.
    """

    detector: Detector
    result: TrainingResult
    extractor: Extractor
    cache: Path

    def __repr__(self) -> str:
        """Say what was trained."""
        kept = f"epoch {self.result.best_epoch} of {len(self.result.history)} kept"
        return f"TrainedDetector({len(self.detector.classes)} classes; {kept})"

    def predict(self, dataset: Dataset) -> pd.DataFrame:
        """Frame scores of a dataset (see `sedpool.scores`)."""
        return self._score(dataset)[0]

    def predict_clips(self, dataset: Dataset) -> pd.DataFrame:
        """Clip scores of a dataset."""
        return self._score(dataset)[1]

    def _score(self, dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
        return score(self.detector, prepare(dataset, self.extractor, cache=self.cache))


def score(detector: Detector, prepared: PreparedDataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Frame scores and clip scores of prepared data."""
    extractor = prepared.extractor
    return predict(
        detector,
        prepared.features,
        prepared.dataset.durations,
        frame_rate=extractor.frame_rate,
        silence=extractor.silence,
    )
