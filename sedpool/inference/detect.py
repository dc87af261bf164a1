"""Detect events in audio of any length, piece by piece: windows are scored, scores decoded, nothing is kept."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sedpool.errors import ConfigError
from sedpool.events import EVENT_COLUMNS
from sedpool.inference.decode import Decoder
from sedpool.inference.stream import Detection, StreamDecoder
from sedpool.inference.windows import BATCH, Windows, WindowScorer
from sedpool.runtime.arrays import Float32Array

if TYPE_CHECKING:
    from sedpool.inference.trained_detector import TrainedDetector


class RecordingScorer:
    """Score one recording that arrives in pieces by one detector, or by the mean of several.

    Parameters
    ----------
    detectors : sequence of TrainedDetector
        One, or several that agree; see `check_ensemble`.
    windows : sequence of Windows, optional
        How to cut for each detector; by default in windows of its training length.
    batch_size : int
        Windows that are scored at a time.
    executor : Executor, optional
        Computes features while the networks work.
    """

    def __init__(
        self,
        detectors: Sequence["TrainedDetector"],
        *,
        windows: Sequence[Windows] | None = None,
        batch_size: int = BATCH,
        executor: Executor | None = None,
    ) -> None:
        self._scorers = [
            WindowScorer(one.detector, one.extractor, cut, batch_size=batch_size, executor=executor)
            for one, cut in zip(detectors, windows or [one.windows for one in detectors], strict=True)
        ]
        self._waiting = [np.empty((0, len(one.detector.classes)), np.float32) for one in detectors]
        self._sr = detectors[0].extractor.sr

    @property
    def duration(self) -> float:
        """Seconds received."""
        return self._scorers[0].n_samples / self._sr

    def push(self, samples: Float32Array) -> Float32Array:
        """Take the next samples; return the scores of the next frames, shape (frames, classes), often none."""
        return self._mean([scorer.push(samples) for scorer in self._scorers])

    def finish(self) -> Float32Array:
        """Return the scores of all remaining frames: the recording ends here."""
        return self._mean([scorer.finish() for scorer in self._scorers])

    def _mean(self, scored: Sequence[Float32Array]) -> Float32Array:
        """Return the mean of the frames that all detectors have scored; the others wait."""
        if len(scored) == 1:
            return scored[0]
        self._waiting = [np.concatenate(pair) for pair in zip(self._waiting, scored, strict=True)]
        known = min(map(len, self._waiting))
        mean: Float32Array = np.mean([rows[:known] for rows in self._waiting], axis=0)
        self._waiting = [rows[known:] for rows in self._waiting]
        return mean


def check_ensemble(detectors: Sequence["TrainedDetector"]) -> None:
    """Check that the scores of several detectors can be averaged.

    Raises
    ------
    ConfigError
        If they have other classes, sampling rates or frames; the message names both.
    """
    first = detectors[0]
    for other in detectors[1:]:
        first.detector.check_classes(other.detector.classes, "the other detector")
        for what, ours, theirs in (
            ("audio at Hz", first.extractor.sr, other.extractor.sr),
            ("frames of seconds", first.step, other.step),
        ):
            if ours != theirs:
                raise ConfigError(
                    f"an ensemble needs equal frames: one detector takes {what} {ours:g}, another {theirs:g}; "
                    "run them one by one"
                )


def detect_blocks(
    scorer: RecordingScorer,
    stream: StreamDecoder,
    blocks: Iterable[Float32Array],
    keep_scores: Callable[[Float32Array], None] | None = None,
) -> list[Detection]:
    """Detect the events of one recording.

    Parameters
    ----------
    scorer, stream
        Both new.
    blocks : iterable of ndarray
        The recording's samples, mono at the features' rate, piece by piece.
    keep_scores : callable, optional
        Called with the frame scores, piece by piece.
    """
    found: list[Detection] = []

    def decode(scores: Float32Array) -> None:
        if keep_scores:
            keep_scores(scores)
        found.extend(stream.push(scores))

    for samples in blocks:
        decode(scorer.push(samples))
    decode(scorer.finish())
    return [*found, *stream.finish(scorer.duration)]


def detected_events(filename: str, found: Iterable[Detection], classes: Sequence[str]) -> pd.DataFrame:
    """Make the event table of one recording, with a column `confidence`; by onset, then by class column."""
    number = {label: index for index, label in enumerate(classes)}
    rows = sorted(found, key=lambda event: (event.onset, number[event.event_label]))
    columns = [*EVENT_COLUMNS, "confidence"]
    table = pd.DataFrame(
        [(filename, row.onset, row.offset, row.event_label, row.confidence) for row in rows], columns=columns
    )
    return table.astype({"filename": str, "onset": float, "offset": float, "event_label": str, "confidence": float})


def mean_decoder(decoders: Sequence[Decoder], classes: Sequence[str]) -> Decoder:
    """Return the decoder of an ensemble: of each setting and class the mean over its members.

    A low threshold counts as the threshold itself in members without one.
    """
    if all(decoder == decoders[0] for decoder in decoders):
        return decoders[0]
    settings = {}
    for name in decoders[0].settings():
        stand_in = "threshold" if name == "low_threshold" else name
        each = [decoder.each(name if getattr(decoder, name) is not None else stand_in, classes) for decoder in decoders]
        settings[name] = dict(zip(classes, np.mean(each, axis=0).tolist(), strict=True))
    return Decoder(**settings)
