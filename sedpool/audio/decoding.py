"""Decoding recordings piece by piece, with every channel and at their own rate; errors name the file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile as sf

from sedpool.errors import AudioError
from sedpool.runtime.arrays import Float32Array

_PIECE = 1 << 16  # frames decoded at a time: they stay in the processor's cache while they are checked and mixed
_OGG_PAGE = 65307  # the longest an Ogg page can be (RFC 3533, section 6)
_OGG_END_OF_STREAM = 0x04


class Decoder:
    """A recording that is open for reading; use it in a ``with`` block.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads.

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
        with _error_named(path):
            self._file = sf.SoundFile(path)
            self._truncated = _is_truncated(path)
        self.samplerate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        if self.samplerate <= 0:
            raise AudioError(
                f"{path}: the header states a sampling rate of {self.samplerate} Hz; repair or remove the file"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

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
            After all that could be decoded: if the file is shorter than its header says, has no samples after `onset`,
            or has a sample that is not finite.
        """
        first = min(round(onset * self.samplerate), self.frames)
        rest = self.frames - first
        if duration is not None:
            rest = min(round(duration * self.samplerate), rest)
        if first:
            with _error_named(self.path):
                self._file.seek(first)
        decoded = 0
        while decoded < rest:
            with _error_named(self.path):
                piece = self._file.read(min(_PIECE, rest - decoded), dtype="float32", always_2d=True)
            if not len(piece):
                break
            if not np.isfinite(piece).all():
                raise AudioError(f"{self.path}: holds samples that are not finite (NaN or Inf)")
            decoded += len(piece)
            yield piece
        if self._truncated or decoded < rest:
            raise AudioError(
                f"{self.path}: truncated; the header promises more audio than the file holds; fetch it again"
            )
        if not decoded:
            raise AudioError(f"{self.path}: holds no samples" + (f" from {onset:g} s on" if onset else ""))


@contextmanager
def _error_named(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = "no such file" if not Path(path).exists() else f"not readable audio ({error})"
        raise AudioError(f"{path}: {reason}") from None


def _is_truncated(path: str | os.PathLike[str]) -> bool:
    """Return whether a WAV or Ogg file is shorter than its container says.

    libsndfile silently accepts such files, so the number of frames does not reveal it.
    """
    size = os.path.getsize(path)
    with Path(path).open("rb") as stream:
        head = stream.read(8)
        stream.seek(max(0, size - _OGG_PAGE))
        tail = stream.read()
    if head[:4] == b"RIFF" and head[4:] not in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"):  # these mark a stream
        return int.from_bytes(head[4:], "little") + 8 > size
    if head[:4] == b"OggS":
        last_page = tail[tail.rfind(b"OggS") :]
        return len(last_page) < 6 or not last_page[5] & _OGG_END_OF_STREAM
    return False
