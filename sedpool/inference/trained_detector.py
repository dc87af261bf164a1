"""A trained detector with what it takes to run it on audio: its features, windows and decoding."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import keras
import numpy as np
import numpy.typing as npt
import pandas as pd

from sedpool import storage
from sedpool.audio.stream import Resampler, blocks
from sedpool.datasets.base import Dataset
from sedpool.errors import ConfigError, DataError
from sedpool.events import empty_events
from sedpool.features.prepare import PreparedDataset, prepare
from sedpool.features.store import Extractor
from sedpool.inference.decode import Decoder
from sedpool.inference.detect import detect_blocks, detected_events
from sedpool.inference.predict import predict
from sedpool.inference.stream import StreamDecoder
from sedpool.inference.windows import BATCH, Windows, WindowScorer, training_windows
from sedpool.models.detector import Detector
from sedpool.runtime.arrays import Float32Array
from sedpool.runtime.representation import html_table
from sedpool.scores import frame_scores


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


Audio = str | os.PathLike[str] | npt.NDArray[np.floating] | Sequence[str | os.PathLike[str]]
"""A file, samples at a known rate, or several files."""


class Packer(Protocol):
    """Makes the bytes of a package of a detector (see `sedpool.inference.package`)."""

    def __call__(self, trained: "TrainedDetector") -> bytes:
        """Return the package; raise a `sedpool.errors.ConfigError` that says what cannot be packed."""


@dataclass(frozen=True)
class TrainedDetector:
    """A trained detector with what it takes to run it on audio.

    Attributes
    ----------
    detector : Detector
        With the weights of its best epoch.
    result : TrainingResult
        History, α and the best epoch.
    extractor : Extractor
        Turns audio into what the detector expects.
    cache : Path
        Where feature stores of datasets lie.
    patch_frames : int
        Input frames of a training patch: the length of the windows in which long recordings are scored.
    decoder : Decoder
        Makes events from scores.
    packer : Packer, optional
        Makes a package of it; None if it is not known how it was made.
    """

    detector: Detector
    result: TrainingResult
    extractor: Extractor
    cache: Path
    patch_frames: int = 430
    decoder: Decoder = field(default_factory=Decoder)
    packer: Packer | None = None

    def __repr__(self) -> str:
        """Say what was trained."""
        kept = f"epoch {self.result.best_epoch} of {len(self.result.history)} kept"
        return f"TrainedDetector({len(self.detector.classes)} classes; {kept})"

    def _repr_html_(self) -> str:
        """Show what it detects and how, in a notebook."""
        rows = [
            ("classes", ", ".join(self.detector.classes)),
            ("pooling", type(self.detector.pooling).__name__),
            ("features", self.extractor),
            ("trained", f"epoch {self.result.best_epoch} of {len(self.result.history)} kept"),
            ("frames", f"one every {self.step:.3f} s"),
            ("decoding", ", ".join(f"{key} {value}" for key, value in self.decoder.settings().items() if value)),
        ]
        return html_table("Detector", rows)

    @property
    def step(self) -> float:
        """Seconds of an output frame."""
        return self.detector.reduction / self.extractor.frame_rate

    @cached_property
    def identity(self) -> str:
        """Hash of all that its scores depend on."""
        weights = [value.tobytes() for value in map(keras.ops.convert_to_numpy, self.detector.network.variables)]
        described = [self.extractor.parameters, self.detector.classes, self.patch_frames, self.detector.supervision]
        return hashlib.sha256(b"".join([storage.json_text(described).encode(), *weights])).hexdigest()

    @cached_property
    def windows(self) -> Windows:
        """How recordings are cut."""
        return training_windows(self.detector, self.extractor, self.patch_frames)

    def scorer(
        self, executor: Executor | None = None, *, windows: Windows | None = None, batch_size: int = BATCH
    ) -> WindowScorer:
        """Return what scores a recording that arrives in pieces.

        Parameters
        ----------
        executor : Executor, optional
            Computes features while the network works.
        windows : Windows, optional
            How to cut; by default in windows of the training length.
        batch_size : int
            Windows that are scored at a time.
        """
        cut = windows or self.windows
        return WindowScorer(self.detector, self.extractor, cut, batch_size=batch_size, executor=executor)

    def detect(
        self, recordings: Audio | Dataset, sr: int | None = None, *, decoder: Decoder | None = None
    ) -> pd.DataFrame:
        """Detect the events in recordings of any length.

        Parameters
        ----------
        recordings : path, ndarray, Dataset or sequence of paths
            Files of any format, rate and number of channels; samples, shape (n,) or (channels, n); or a corpus, of
            which every clip is scored at once as in evaluation.
        sr : int, optional
            Sampling rate of samples, in Hz.
        decoder : Decoder, optional
            Makes events from scores; by default the detector's own.

        Returns
        -------
        events : DataFrame
            Event table with a column `confidence`, the highest decoded probability within the event. The filename is
            the path as given; ``"audio"`` for samples.

        Raises
        ------
        AudioError
            If a recording cannot be read.
        DataError
            If `sr` is missing, or given for anything but samples.
        """
        decoder = decoder or self.decoder
        if isinstance(recordings, Dataset):
            return decoder.events(*self._score(recordings))
        classes, tables = self.detector.classes, []
        with ThreadPoolExecutor() as executor:
            for filename, blocks in _as_blocks(recordings, sr, self.extractor.sr):
                scorer = self.scorer(executor)
                stream = StreamDecoder(decoder, classes, self.step)
                tables.append(detected_events(filename, detect_blocks(scorer, stream, blocks), classes))
        return pd.concat(tables, ignore_index=True) if tables else empty_events().assign(confidence=[])

    def scores(self, recordings: Audio | Dataset, sr: int | None = None) -> pd.DataFrame:
        """Return the frame scores (see `sedpool.scores`) of recordings of any length; parameters as of `detect`."""
        if isinstance(recordings, Dataset):
            return self.predict(recordings)
        tables = []
        with ThreadPoolExecutor() as executor:
            for filename, blocks in _as_blocks(recordings, sr, self.extractor.sr):
                scorer = self.scorer(executor)
                rows = np.concatenate([*map(scorer.push, blocks), scorer.finish()])
                edges = np.append(np.arange(len(rows)) * self.step, scorer.duration)
                tables.append(frame_scores(filename, rows, edges, self.detector.classes))
        return pd.concat(tables, ignore_index=True)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the detector as one file, a package, which `sedpool.load` and every command take in place of a run.

        One that came from a run gets the same bytes as by ``sedpool pack``, model card included.

        Parameters
        ----------
        path : path-like
            The file, by custom with the suffix ``.sedpool``; one that is there is replaced.

        Raises
        ------
        ConfigError
            If something of it is not sedpool's own, or was changed after it was loaded.
        """
        if self.packer is None:
            raise ConfigError(f"{self}: not made by sedpool.fit or sedpool.load, which know how to describe it")
        storage.write_bytes(path, self.packer(self))

    def predict(self, dataset: Dataset) -> pd.DataFrame:
        """Return the frame scores of a dataset (see `sedpool.scores`), every clip scored at once as in evaluation."""
        return self._score(dataset)[0]

    def predict_clips(self, dataset: Dataset) -> pd.DataFrame:
        """Return the clip scores of a dataset."""
        return self._score(dataset)[1]

    def _score(self, dataset: Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
        return score(self.detector, prepare(dataset, self.extractor, cache=self.cache))


def _as_blocks(recordings: Audio, given_sr: int | None, sr: int) -> Iterator[tuple[str, Iterable[Float32Array]]]:
    """Yield the name and the samples, mono at the rate `sr` and piece by piece, of each recording."""
    if isinstance(recordings, np.ndarray):
        if given_sr is None:
            raise DataError("sr: missing; state the sampling rate of the samples in Hz")
        resampler = Resampler(given_sr, sr)
        mono = resampler.push(np.asarray(recordings.T, dtype=np.float32))
        yield "audio", [mono, resampler.finish()]
        return
    if given_sr is not None:
        raise DataError(f"sr={given_sr}: only samples need a rate; files state their own")
    for path in [recordings] if isinstance(recordings, str | os.PathLike) else recordings:
        yield os.fspath(path), blocks(path, sr)


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
