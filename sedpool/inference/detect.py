"""Detect events in audio of any length, piece by piece: windows are scored, scores decoded, nothing is kept."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sedpool.errors import ConfigError
from sedpool.events import EVENT_COLUMNS
from sedpool.inference.decode import Decoder, PerClass
from sedpool.inference.stream import Detection, StreamDecoder
from sedpool.runtime.arrays import Float32Array

if TYPE_CHECKING:
    from sedpool.inference.windows import WindowScorer


class RecordingScorer:
    """Score one recording that arrives in pieces by one network, or by the mean of several.

    Parameters
    ----------
    scorers : sequence of WindowScorer
        New ones, for audio at the same rate, and with frames and classes that agree.
    """

    def __init__(self, scorers: "Sequence[WindowScorer]") -> None:
        self._scorers = scorers
        self._waiting: list[list[Float32Array]] = [[] for _ in scorers]

    @property
    def duration(self) -> float:
        """Seconds received."""
        return self._scorers[0].duration

    def push(self, samples: Float32Array) -> Float32Array:
        """Take the next samples; return the scores of the next frames, shape (frames, classes), often none."""
        return self._mean([scorer.push(samples) for scorer in self._scorers])

    def finish(self) -> Float32Array:
        """Return the scores of all remaining frames: the recording ends here."""
        return self._mean([scorer.finish() for scorer in self._scorers])

    @property
    def is_cut(self) -> bool:
        """Whether the recording is longer than one window of a network."""
        return any(scorer.is_cut for scorer in self._scorers)

    @property
    def clip_scores(self) -> Float32Array | None:
        """Probabilities of the recording as a whole, shape (classes,); None while it has not ended, or if it is cut."""
        known = [scorer.clip_scores for scorer in self._scorers if scorer.clip_scores is not None]
        if len(known) < len(self._scorers):
            return None
        mean: Float32Array = np.mean(known, axis=0)
        return mean

    def _mean(self, scored: Sequence[Float32Array]) -> Float32Array:
        """Return the mean of the frames that all detectors have scored; the others wait."""
        if len(scored) == 1:
            return scored[0]
        rows = [np.concatenate([*kept, new]) for kept, new in zip(self._waiting, scored, strict=True)]
        known = min(map(len, rows))
        self._waiting = [[one[known:]] for one in rows]
        mean: Float32Array = np.mean([one[:known] for one in rows], axis=0)
        return mean


def detect_blocks(
    scorer: "RecordingScorer | WindowScorer",
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

    Raises
    ------
    ConfigError
        If the recording is cut into windows, and the decoder masks by the probabilities of a whole clip.
    """
    found: list[Detection] = []

    def decode(scores: Float32Array) -> None:
        if keep_scores:
            keep_scores(scores)
        found.extend(stream.push(scores))

    for samples in blocks:
        decode(scorer.push(samples))
        if stream.needs_clip_scores and scorer.is_cut:
            raise ConfigError(
                "clip_mask: a recording is longer than what the network scores at once, so that there is no "
                "probability of it as a whole; cut it into clips, or detect with a run without it"
            )
    decode(scorer.finish())
    return [*found, *stream.finish(scorer.duration, scorer.clip_scores)]


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

    Raises
    ------
    ConfigError
        If some have a box filter, or a clip mask, and others have none.
    """
    if all(decoder == decoders[0] for decoder in decoders):
        return decoders[0]
    if len({decoder.box_filter is None for decoder in decoders}) > 1:
        raise ConfigError("box_filter: some detectors have it and some do not; an ensemble needs decoders of one kind")
    if len({decoder.clip_mask for decoder in decoders}) > 1:
        raise ConfigError("clip_mask: some detectors have it and some do not; an ensemble needs decoders of one kind")
    settings: dict[str, PerClass] = {}
    for name in decoders[0].settings().keys() - {"clip_mask"}:
        if all(getattr(decoder, name) is None for decoder in decoders):
            continue
        stand_in = "threshold" if name == "low_threshold" else name
        each = [decoder.each(name if getattr(decoder, name) is not None else stand_in, classes) for decoder in decoders]
        settings[name] = dict(zip(classes, np.mean(each, axis=0).tolist(), strict=True))
    return Decoder(**settings, clip_mask=decoders[0].clip_mask)
