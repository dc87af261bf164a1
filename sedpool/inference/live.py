"""Detect events in sound that goes on: each as soon as it is certain, and what goes on at the moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

import numpy as np

from sedpool.audio.stream import Resampler
from sedpool.errors import AudioError, ConfigError
from sedpool.inference.detect import RecordingScorer
from sedpool.inference.recordings import Method
from sedpool.inference.stream import Detection, StreamDecoder
from sedpool.inference.windows import shortest_windows
from sedpool.runtime.arrays import Float32Array

Encoding = Literal["s16", "s24", "s32", "f32"]
_TYPES = {"s16": "<i2", "s32": "<i4", "f32": "<f4"}
_FULL_SCALE = {"s16": 2.0**15, "s32": 2.0**31, "f32": 1.0}
_BYTES = {"s16": 2, "s24": 3, "s32": 4, "f32": 4}
_BLOCK_BYTES = 1 << 16
_HEADERS = (b"RIFF", b"RF64", b"fLaC", b"OggS", b"FORM", b"caff")


@dataclass(frozen=True)
class Change:
    """What has become of an event.

    Attributes
    ----------
    kind : {'begin', 'grow', 'end'}
        It is certain that there is an event; it goes on; it has ended.
    event : Detection
        The event so far.
    """

    kind: Literal["begin", "grow", "end"]
    event: Detection


class LiveDetector:
    """Detect events while the sound comes.

    With features and networks that see a limited stretch of sound, events are those of `detect_recording`, each known
    after the margin of a window and the median filter. Otherwise sound is scored in windows of the training length, so
    that events come up to a window later.

    Parameters
    ----------
    method : Method
        How; its selection may not have `top`, which takes all of a recording to know.
    sr : int
        Rate of the sound in Hz.

    Raises
    ------
    ConfigError
        If the selection has `top`, or the decoder has a box filter or a clip mask.
    """

    def __init__(self, method: Method, sr: int) -> None:
        if method.selection.top is not None:
            raise ConfigError("--top: the most confident events are known only at the end; use --min-confidence")
        if method.decoder.clip_mask:
            raise ConfigError(
                "clip_mask: the probability of a whole clip is known only at its end; listen with a run without it"
            )
        if method.decoder.box_filter is not None:
            raise ConfigError(
                "box_filter: boxes are known only at the end of a recording; listen with a run without it"
            )
        first = method.detectors[0]
        self._selection = method.selection
        self._resampler = Resampler(sr, first.extractor.sr)
        self._scorer = RecordingScorer(
            [one.scorer(windows=shortest_windows(one.windows, one.extractor), batch_size=1) for one in method.detectors]
        )
        self._stream = StreamDecoder(method.decoder, first.detector.classes, first.step)
        self._going_on: dict[tuple[str, float], Detection] = {}

    @property
    def duration(self) -> float:
        """Seconds of sound so far."""
        return self._scorer.duration

    def push(self, samples: Float32Array) -> Iterator[Change]:
        """Take the next sound, shape (n,) or (n, channels); yield what has changed."""
        yield from self._changes(self._stream.push(self._scorer.push(self._resampler.push(samples))))

    def finish(self) -> Iterator[Change]:
        """Yield what changes as the sound ends."""
        rest = np.concatenate([self._scorer.push(self._resampler.finish()), self._scorer.finish()])
        yield from self._changes([*self._stream.push(rest), *self._stream.finish(self.duration)])

    def _changes(self, ended: Iterable[Detection]) -> Iterator[Change]:
        """Yield what has changed since the last call, by events that have ended and those that go on."""
        for event in filter(self._selection.keeps, ended):
            if self._going_on.pop((event.event_label, event.onset), None) is None:
                yield Change("begin", event)
            yield Change("end", event)
        for event in filter(self._selection.keeps, self._stream.current):
            before = self._going_on.get((event.event_label, event.onset))
            self._going_on[event.event_label, event.onset] = event
            if before is None:
                yield Change("begin", event)
            elif before.offset != event.offset:
                yield Change("grow", event)


def read_pcm(source: BinaryIO, encoding: Encoding, channels: int) -> Iterator[Float32Array]:
    """Read raw samples as they come.

    Parameters
    ----------
    source : binary file
        Interleaved, little-endian samples without a header.
    encoding : {'s16', 's24', 's32', 'f32'}
        Signed whole numbers of so many bits, or floating point.
    channels : int
        Number of channels.

    Yields
    ------
    samples : ndarray of float32, shape (n, channels)
        At most as many as there are at the moment; full scale is 1.

    Raises
    ------
    AudioError
        If the data begin as a file with a header, end within a sample, or hold one that is not finite.
    """
    size, rest, is_first = _BYTES[encoding] * channels, b"", True
    while data := source.read1(_BLOCK_BYTES):  # type: ignore[attr-defined]
        if is_first and data[:4] in _HEADERS:
            raise AudioError("standard input: a file with a header, not raw samples; name the file instead of --stream")
        data, is_first = rest + data, False
        whole = len(data) - len(data) % size
        data, rest = data[:whole], data[whole:]
        if encoding == "s24":  # as the upper three bytes of a whole number of four
            padded = np.zeros((len(data) // 3, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
            values = padded.view("<i4").ravel() / 2.0**31
        else:
            with np.errstate(invalid="ignore"):
                values = np.frombuffer(data, _TYPES[encoding]) / _FULL_SCALE[encoding]
        if not np.isfinite(values).all():
            raise AudioError("standard input: holds samples that are not finite; is it another --encoding?")
        yield values.astype(np.float32).reshape(-1, channels)
    if rest:
        raise AudioError(f"standard input: ends within a sample of {size} bytes; is it another --encoding?")
