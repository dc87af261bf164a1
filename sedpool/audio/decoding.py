"""Decoding recordings piece by piece, with every channel and at their own rate; errors name the file."""

import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile as sf

from sedpool.audio import media
from sedpool.audio.containers import Container, Stream, StreamFile, examine, truncated
from sedpool.audio.media import MediaStream
from sedpool.errors import AudioError
from sedpool.runtime.arrays import Float32Array

_PIECE = 1 << 17  # samples decoded at a time: they stay in the processor's cache while they are checked and mixed
_RATES = range(100, 10_000_001)  # Hz: from seismometers to bats


class Decoder:
    """A recording that is open for reading; use it in a ``with`` block.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads, or one of `sedpool.audio.media.SUFFIXES` if PyAV is installed.

    Attributes
    ----------
    samplerate : int
        Rate in Hz.
    channels : int
        Number of channels.
    frames : int
        Samples of each channel.

    Raises
    ------
    AudioError
        If the file is missing, is not audio, or states an impossible rate.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self._first: _OpenStream | MediaStream
        if Path(path).suffix.lower() in media.SUFFIXES:
            self._first = MediaStream(path)
            self._container = Container(fault=self._first.fault)
        else:
            with _error_named(path):
                self._container = examine(path)
            self._first = _OpenStream(path, self._container.streams[0] if self._container.streams else None)
        with ExitStack() as stack:
            stack.enter_context(closing(self._first))
            self.samplerate: int = self._first.samplerate
            self.channels: int = self._first.channels
            if self.samplerate not in _RATES:
                raise AudioError(
                    f"{path}: the header states a sampling rate of {self.samplerate} Hz; repair or remove the file"
                )
            is_one = len(self._container.streams) < 2
            self._lengths = (self._first.frames,) if is_one else _lengths(os.fspath(path), self._container)
            self._opened = stack.pop_all()
        self.frames = sum(self._lengths)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._opened.close()

    def pieces(self, onset: float = 0.0, duration: float | None = None) -> Iterator[Float32Array]:
        """Decode the recording, or a part of it.

        Parameters
        ----------
        onset : float
            Start in seconds.
        duration : float, optional
            Seconds to decode, or fewer if the recording ends before; by default all that follows `onset`.

        Yields
        ------
        piece : ndarray of float32, shape (frames, channels)

        Raises
        ------
        AudioError
            If `onset` or `duration` is negative or not finite. After all that could be decoded: if the file is shorter
            than its header says, has no samples after `onset`, or has a sample that is not finite.
        """
        if not (0 <= onset < np.inf and 0 <= (duration or 0.0) < np.inf):
            reason = "expected seconds, finite and not negative"
            raise AudioError(f"{self.path}: from {onset} s on, for {duration} s; {reason}")
        if self._container.note:
            warnings.warn(f"{self.path}: {self._container.note}", stacklevel=4)
        first = min(round(onset * self.samplerate), self.frames)
        last = self.frames if duration is None else min(first + round(duration * self.samplerate), self.frames)
        decoded = start = 0
        for number, length in enumerate(self._lengths):
            if start < last and first < start + length:
                stream = _OpenStream(self.path, self._container.streams[number]) if number else self._first
                with closing(stream):
                    for piece in stream.pieces(max(0, first - start), min(last - start, length)):
                        if not np.isfinite(piece).all():
                            raise AudioError(f"{self.path}: holds samples that are not finite (NaN or Inf)")
                        decoded += len(piece)
                        yield piece
            start += length
        fault = self._container.fault
        if not fault and decoded < last - first:
            fault = truncated((last - first) / self.samplerate, decoded / self.samplerate)
        if fault:
            raise AudioError(f"{self.path}: {fault}")
        if not decoded:
            raise AudioError(f"{self.path}: holds no samples" + (f" from {onset:g} s on" if onset else ""))


@lru_cache(maxsize=8)
def _lengths(path: str, container: Container) -> tuple[int, ...]:
    """Return the samples of each of the streams that follow one another in a file."""
    lengths, kinds = [], set()
    for stream in container.streams:
        with closing(_OpenStream(path, stream)) as opened:
            lengths.append(opened.frames)
            kinds.add((opened.samplerate, opened.channels))
    if len(kinds) > 1:
        raise AudioError(f"{path}: holds sounds of different rates or channels one after another; split it")
    return tuple(lengths)


class _SoundFile(sf.SoundFile):
    """A file that is read from where it is: SoundFile seeks after every read, which in MP3 changes the last bits."""

    def seekable(self) -> bool:
        """Return False, so that `read` does not seek."""
        return False


class _OpenStream:
    """A stream that is open for reading.

    Parameters
    ----------
    path : path-like
        The file.
    stream : Stream, optional
        Its part; by default the whole file as it is.
    """

    def __init__(self, path: str | os.PathLike[str], stream: Stream | None) -> None:
        self._path = path
        self._file = self._open(stream)
        self.samplerate: int = self._file.samplerate
        self.channels: int = self._file.channels
        is_endless = stream is not None and stream.is_endless
        self.frames: int = stream.frames if stream and is_endless else self._file.frames
        self._mp3 = stream.mp3 if stream and stream.frames == self.frames else None

    def close(self) -> None:
        self._file.close()
        if self._bytes:
            self._bytes.close()

    def pieces(self, first: int, last: int) -> Iterator[Float32Array]:
        """Decode the samples from `first` to `last`; to be called once."""
        skip = self._move(first)
        missing = last - first + skip
        frames = max(1, _PIECE // self.channels)
        while missing > 0:
            with _error_named(self._path):
                piece = self._file.read(min(frames, missing), dtype="float32", always_2d=True)
            if not len(piece):
                return
            missing -= len(piece)
            if len(piece) > skip:
                yield piece[skip:]
            skip = max(0, skip - len(piece))

    def _open(self, stream: Stream | None) -> "_SoundFile":
        is_file = stream is None or (stream.parts == (range(os.path.getsize(self._path)),) and not stream.is_endless)
        self._bytes = None if stream is None or is_file else StreamFile(self._path, stream)
        try:
            with _error_named(self._path):
                return _SoundFile(self._bytes or self._path)
        except AudioError:
            if self._bytes:
                self._bytes.close()
            raise

    def _move(self, first: int) -> int:
        """Move to the sample `first`, or before it; return the number of samples in between."""
        skip = 0
        if self._mp3 and first:
            frame = (first + self._mp3.delay) // self._mp3.samples - self._mp3.warm_up
            if frame > 0:  # seeking would read all frames from the first on
                self.close()
                part = range(int(self._mp3.starts[frame]), self._mp3.end)
                self._file = self._open(Stream((part,), is_endless=True))
                first, skip = 0, first + self._mp3.delay - frame * self._mp3.samples
        try:
            self._file.seek(first)
        except sf.LibsndfileError:  # some codecs, as GSM 6.10, can only be read from the start
            return first + skip
        return skip


@contextmanager
def _error_named(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError:
        raise AudioError(
            f"{path}: the name is not in UTF-8; rename the file".encode(errors="replace").decode()
        ) from None
    except (OSError, RuntimeError) as error:
        reason = "no such file" if not Path(path).exists() else f"not readable audio ({error})"
        raise AudioError(f"{path}: {reason}") from None
