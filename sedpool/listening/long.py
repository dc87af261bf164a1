"""Sound and pictures of a recording of any length, made when they are asked for.

The sound is WAV at the recording's own rate, and any range of its bytes is decoded alone: a time is the same place in
it wherever one looks, so that an hour neither loads as a whole nor drifts. With time expansion only the rate that it
states is lower. Pictures come in levels, each ten times longer than the one before.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sedpool import audio
from sedpool.audio.stream import mono
from sedpool.features.bands import Scale
from sedpool.listening.content import ScoredRecording
from sedpool.listening.media import COLUMNS, PIECE_SECONDS, Grey, Painter, counts_of, grey_of, webp
from sedpool.listening.page import Level, Shown

_STEP = 10  # from one level of pictures to the next
_WIDTH = round(COLUMNS * PIECE_SECONDS)  # columns of a picture
_HEADER = 44  # bytes


@dataclass(frozen=True)
class LongRecording:
    """A recording, or a part of one, that is played and shown piece by piece.

    Attributes
    ----------
    path : Path
        The file.
    slower : int
        How many times slower it is played.
    part : (float, float) or None
        Onset and duration in seconds; None for all of it.
    """

    path: Path
    slower: int = 1
    part: tuple[float, float] | None = None

    @cached_property
    def _info(self) -> audio.Info:
        return audio.info(self.path)

    @cached_property
    def _range(self) -> tuple[int, int]:
        """The first sample, and that after the last."""
        info, (onset, duration) = self._info, self.part or (0.0, self._info.duration)
        last = round(info.duration * info.samplerate)
        first = min(round(onset * info.samplerate), last)
        return first, min(first + round(duration * info.samplerate), last)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        first, last = self._range
        return (last - first) / self._info.samplerate

    @property
    def size(self) -> int:
        """Bytes of the sound as WAV."""
        first, last = self._range
        return _HEADER + 2 * (last - first)

    def wav(self, begin: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of the sound from `begin` to `end`, as mono WAV of 16 bits.

        Raises
        ------
        AudioError
            If the recording cannot be read.
        """
        rate, n_bytes = round(self._info.samplerate / self.slower), min(self.size - _HEADER, 0xFFFFFFFF - 36)
        form = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
        header = b"RIFF" + struct.pack("<I", 36 + n_bytes) + form + b"data" + struct.pack("<I", n_bytes)
        if begin < _HEADER:
            yield header[begin:end]
        first, last = max(0, begin - _HEADER), end - _HEADER  # in bytes of samples
        if first >= last:
            return
        sr, start = self._info.samplerate, self._range[0]
        skip, missing = first % 2, last - first
        onset, seconds = (start + first // 2) / sr, (-(-last // 2) - first // 2) / sr
        for samples in mono(self.path, sr, onset=onset, duration=seconds):
            data = np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()[skip : skip + missing]
            skip = 0
            missing -= len(data)
            yield data

    @cached_property
    def _painter(self) -> Painter:
        return Painter.of(self._info.samplerate, self.slower)

    @cached_property
    def peaks(self) -> Grey:
        """Highest magnitudes in equal pieces of time; 255 is full scale. All of the recording is read for them."""
        return np.concatenate([self._painter.peaks(samples) for samples in self._blocks()])

    @cached_property
    def overview(self) -> dict[Scale, tuple[list[Grey], Grey]]:
        """By frequency scale, the loudness of each level above the first, and the grey of each loudness.

        All of the recording is read for it, so that no later picture takes long.
        """
        coarse: dict[Scale, list[Grey]] = {scale: [] for scale in self._painter.spectrograms}
        counts = {scale: np.zeros(256, int) for scale in coarse}
        for samples in self._blocks():
            for scale in coarse:
                fine = self._painter.loudness(samples, scale)
                counts[scale] += counts_of(fine)
                seconds = len(samples) / self._painter.rate
                coarse[scale].append(_means(fine, max(1, round(seconds * COLUMNS / _STEP))))
        found: dict[Scale, tuple[list[Grey], Grey]] = {}
        for scale, pieces in coarse.items():
            levels = [np.concatenate(pieces)]
            while len(self._names(len(levels), "")) > 1:
                levels.append(_means(levels[-1], -(-len(levels[-1]) // _STEP)))
            found[scale] = levels, grey_of(counts[scale])
        return found

    def picture(self, scale: Scale, level: int, number: int) -> bytes:
        """Make a picture as WebP.

        Parameters
        ----------
        scale : {'mel', 'linear'}
            Its frequency scale.
        level : int
            0 for pieces of `PIECE_SECONDS` of the sound as it is played; each further level is ten times longer.
        number : int
            Which piece of time.

        Raises
        ------
        LookupError
            If there is none.
        AudioError
            If the recording cannot be read.
        """
        if not (0 <= number < len(self._names(level, "")) and scale in self._painter.spectrograms):
            raise LookupError(f"no picture {number} of level {level} in {scale}")
        levels, grey = self.overview[scale]
        if level:
            columns = levels[level - 1]
            return webp(grey[columns[min(number * _WIDTH, len(columns) - 1) : (number + 1) * _WIDTH]])
        seconds = PIECE_SECONDS / self.slower
        onset = self._range[0] / self._info.samplerate + number * seconds
        (samples,) = self._painter.blocks(self.path, onset, min(seconds, self.duration - number * seconds))
        return webp(grey[self._painter.loudness(samples, scale)])

    def shown(self, recording: ScoredRecording, number: int) -> Shown:
        """Name sound and pictures for a page.

        Parameters
        ----------
        recording : ScoredRecording
            This recording.
        number : int
            Its number on the page, with which the names begin.
        """
        pictures: dict[Scale, list[Level]] = {}
        for scale in self._painter.spectrograms:
            pictures[scale] = []
            level = 0
            while not level or len(pictures[scale][-1][1]) > 1:
                names = self._names(level, f"{number}/{scale}-{level}-")
                pictures[scale].append((PIECE_SECONDS / self.slower * _STEP**level, names))
                level += 1
        return Shown(recording, self.duration, self._painter.highest, f"{number}/sound.wav", self.peaks, pictures)

    def _names(self, level: int, prefix: str) -> list[str]:
        seconds = PIECE_SECONDS / self.slower * _STEP**level
        return [f"{prefix}{number}.webp" for number in range(max(1, int(np.ceil(self.duration / seconds - 1e-9))))]

    def _blocks(self) -> Iterator[np.ndarray]:
        first = self._range[0] / self._info.samplerate
        return self._painter.blocks(self.path, first, self.duration)


def _means(columns: Grey, n: int) -> Grey:
    """Return the means of columns in `n` equal pieces."""
    starts = np.arange(n) * len(columns) // n
    sums = np.add.reduceat(columns.astype(np.uint32), starts, axis=0)
    mean: Grey = np.rint(sums / np.diff(np.append(starts, len(columns)))[:, np.newaxis]).astype(np.uint8)
    return mean
