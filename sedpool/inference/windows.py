"""How is a recording of any length scored? In windows of training length that overlap, each trusted in its middle.

A network sees nothing beyond its window, so what it says near a window's border differs from what it would say in the
middle of a longer one. Those frames are left out; the next window scores them again, farther from its own border. For a
convolutional network on features that do not depend on the window, the joined scores are those of the whole recording.
"""

import math
from collections import deque
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import keras
import numpy as np

from sedpool.errors import ConfigError
from sedpool.features.store import Extractor
from sedpool.inference.predict import padded
from sedpool.models.detector import Detector
from sedpool.runtime.arrays import Float32Array
from sedpool.runtime.backend import compiled

BATCH = 16
"""Windows that are scored at a time."""

MOST_TWICE = 0.1
"""Share of the sound that is scored twice, where windows may be as long as one likes."""

_EQUAL = 1e-3
"""Difference of two logits, as a share of their standard deviation, up to which it is the arithmetic's."""


@dataclass(frozen=True)
class Windows:
    """How recordings are cut for one detector.

    Both lengths are in steps: the fewest input frames from which the network makes output, `Detector.min_frames`.

    Attributes
    ----------
    length : int
        Length of a window.
    margin : int
        What is left out on each side of a window that borders on another.

    Raises
    ------
    ConfigError
        If the margins leave nothing of a window.
    """

    length: int
    margin: int

    def __post_init__(self) -> None:
        if not 0 <= 2 * self.margin < self.length:
            raise ConfigError(f"windows of {self.length} steps with margins of {self.margin}: nothing is left of them")

    @property
    def hop(self) -> int:
        """Steps from one window's start to the next one's."""
        return self.length - 2 * self.margin


def training_windows(detector: Detector, extractor: Extractor, patch_frames: int) -> Windows:
    """Return windows of the training length, with margins as wide as what lies beyond a border makes a difference.

    Where scores depend on nothing but the sound around a frame, windows are longer if that saves scoring more than
    `MOST_TWICE` of it twice.

    Parameters
    ----------
    detector : Detector
        Its margin is measured: how far inside a window the output changes with what surrounds it. At most a quarter of
        a window is left out on each side, which is what a recurrent network gets, whose memory has no end.
    extractor : Extractor
        Its `context` counts as surroundings.
    patch_frames : int
        Input frames of a training patch.
    """
    length = max(1, patch_frames // detector.min_frames)
    margin = min(margin_of(detector, extractor, length), length // 4)
    if extractor.is_local and margin < length // 4:
        length = max(length, math.ceil(2 * margin / MOST_TWICE))
    return Windows(length, margin)


def shortest_windows(windows: Windows, extractor: Extractor) -> Windows:
    """Return the shortest windows that give the scores of `windows`: what live sound is scored in.

    There are none but `windows` themselves where scores depend on all of a window.
    """
    if not extractor.is_local or windows.margin == windows.length // 4:
        return windows
    return Windows(2 * windows.margin + 1, windows.margin)


def margin_of(detector: Detector, extractor: Extractor, length: int) -> int:
    """Measure how many steps inside a window its output still depends on what is beyond its border.

    Parameters
    ----------
    detector : Detector
        Any.
    extractor : Extractor
        Its features.
    length : int
        Steps of a window.
    """
    step, rng = detector.min_frames, np.random.default_rng(0)
    logits = {"logits": detector.network.get_layer("logits").output}
    predict = compiled(keras.Model(detector.network.input, logits))
    inside = slice(length * step, 2 * length * step)
    whole = (extractor.silence + 80 * rng.random((4, 3 * length * step, detector.n_mels))).astype(np.float32)
    cut = whole[:, inside].copy()
    cut[:, : extractor.context] = cut[:, length * step - extractor.context :] = extractor.silence
    of_whole, of_cut = (predict(features)["logits"] for features in (whole, cut))
    per_step = of_cut.shape[1] // length
    gap = np.abs(of_whole[:, length * per_step : 2 * length * per_step] - of_cut).max(axis=(0, 2)) / of_whole.std()
    reached = np.flatnonzero((gap > _EQUAL).reshape(length, per_step).any(axis=1))
    return int(np.minimum(reached + 1, length - reached).max(initial=0))


class WindowScorer:
    """Score audio that arrives in pieces; the scores do not depend on where it is cut.

    Parameters
    ----------
    detector : Detector
        Trained.
    extractor : Extractor
        Its features.
    windows : Windows
        How to cut. A recording that is hardly longer than one window is scored at once, as in evaluation.
    batch_size : int
        Windows that are scored at a time. Scores come only with the last sample of a batch.
    executor : Executor, optional
        Computes features while the network works.
    """

    def __init__(
        self,
        detector: Detector,
        extractor: Extractor,
        windows: Windows,
        *,
        batch_size: int = BATCH,
        executor: Executor | None = None,
    ) -> None:
        self._detector, self._extractor, self._windows = detector, extractor, windows
        self._batch_size, self._executor = batch_size, executor
        self._step = detector.min_frames * round(extractor.sr / extractor.frame_rate)
        self._per_step = detector.min_frames // detector.reduction
        self._samples: Float32Array = np.empty(0, np.float32)
        self._dropped = 0  # samples, all before the earliest window that may still be scored
        self._start = 0  # of the next window, in steps
        self._kept = 0  # steps that queued and scored windows cover
        self.clip_scores: Float32Array | None = None
        """Probabilities of the recording as a whole, shape (classes,); None while it has not ended, or if it is cut."""
        self._queue: deque[tuple[slice, Future[Float32Array] | Float32Array]] = deque()

    @property
    def is_cut(self) -> bool:
        """Whether the recording is longer than one window."""
        return self._start > 0

    @property
    def n_samples(self) -> int:
        """Samples received."""
        return self._dropped + len(self._samples)

    @property
    def duration(self) -> float:
        """Seconds received."""
        return self.n_samples / self._extractor.sr

    def push(self, samples: Float32Array) -> Float32Array:
        """Take the next samples, mono at the features' rate; return the scores that are known now.

        Returns
        -------
        scores : ndarray of float32, shape (frames, classes)
            Of the frames that follow those returned before; often none.
        """
        self._samples = np.concatenate([self._samples, samples])
        scored, windows = [self._no_scores()], self._windows
        # Whether the first window is the whole recording shows only one step later.
        while self.n_samples >= (self._start + windows.length + (self._start == 0)) * self._step:
            self._enqueue(self._start, self._start + windows.length, self._start + windows.length - windows.margin)
            self._start += windows.hop
            if len(self._queue) >= self._batch_size * (2 if self._executor else 1):
                scored.append(self._score_batch())
        spent = max(0, self._start - windows.hop) * self._step - self._dropped
        if spent > 0:
            self._samples = self._samples[spent:]
            self._dropped += spent
        return np.concatenate(scored)

    def finish(self) -> Float32Array:
        """Return the scores of all remaining frames: the recording ends here. Without any samples there are none."""
        if self.n_samples == 0:
            return self._no_scores()
        steps = max(1, self.n_samples // self._step)
        first = 0 if self._start == 0 else steps - self._windows.length
        if steps > self._kept:
            self._enqueue(first, None, steps)
        scored = [self._no_scores()]
        while self._queue:
            scored.append(self._score_batch())
        return np.concatenate(scored)

    def _enqueue(self, first: int, last: int | None, keep_until: int) -> None:
        """Queue the window of the steps from `first` to `last`, or to the end of the recording."""
        begin, end = first * self._step - self._dropped, None if last is None else last * self._step - self._dropped
        samples = self._samples[begin:end]
        features = self._executor.submit(self._extractor, samples) if self._executor else self._extractor(samples)
        frames = slice((self._kept - first) * self._per_step, (keep_until - first) * self._per_step)
        self._queue.append((frames, features))
        self._kept = keep_until

    def _score_batch(self) -> Float32Array:
        """Score the next queued windows of equal length, up to a batch."""
        kept: list[slice] = []
        batch: list[Float32Array] = []
        while self._queue and len(batch) < self._batch_size:
            frames, pending = self._queue[0]
            features = pending.result() if isinstance(pending, Future) else pending
            features = padded(features, self._detector.min_frames, self._extractor.silence)
            if batch and len(features) != len(batch[0]):
                break
            kept.append(frames)
            batch.append(features)
            self._queue.popleft()
        output = self._detector.predict(np.stack(batch))
        if not self.is_cut:
            self.clip_scores = output["clip"][0].clip(0, 1)
        rows_of = zip(output["frames"], kept, strict=True)
        scores: Float32Array = np.concatenate([rows[frames] for rows, frames in rows_of])
        return scores.clip(0, 1)

    def _no_scores(self) -> Float32Array:
        return np.empty((0, len(self._detector.classes)), np.float32)
