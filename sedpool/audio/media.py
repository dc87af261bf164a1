"""Formats of phones and cameras that libsndfile does not read, such as AAC in MP4, through PyAV (an extra)."""

import importlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sedpool.audio.containers import truncated
from sedpool.audio.containers.base import status_of_file
from sedpool.errors import AudioError
from sedpool.runtime.arrays import Float32Array

SUFFIXES = frozenset({".aac", ".m4a", ".wma"})

_PADDING = 4096  # samples by which an encoder may miss the length that the header states
_BEFORE = 8192  # samples that are decoded before a part, since those of a frame depend on the frames before


class _Contents(NamedTuple):
    samplerate: int
    channels: int
    frames: int
    fault: str
    can_seek: bool  # whether the file states the time of each frame to the sample


class MediaStream:
    """The sound of a file that PyAV reads.

    Parameters
    ----------
    path : path-like
        The file.

    Attributes
    ----------
    samplerate, channels, frames : int
        Rate in Hz, number of channels and samples of each; these are counted by decoding the file once.
    fault : str
        What is missing or damaged; empty if nothing.

    Raises
    ------
    AudioError
        If PyAV is not installed, or the file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        try:
            self._av = importlib.import_module("av")
        except ImportError:
            kind = Path(path).suffix.lower()
            hint = f"{kind} files need PyAV: pip install 'sedpool[media]', or convert them to WAV or FLAC"
            raise AudioError(f"{path}: {hint}") from None
        try:
            status = status_of_file(path)
            contents = _examine(self._path, status.st_size, status.st_mtime_ns)
            self._container = self._av.open(self._path)
        except (OSError, self._av.FFmpegError) as error:
            reason = "no such file" if not Path(path).exists() else f"not readable audio ({error.strerror or error})"
            raise AudioError(f"{path}: {reason}") from None
        self.samplerate, self.channels, self.frames, self.fault, self._can_seek = contents

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def pieces(self, first: int, last: int) -> Iterator[Float32Array]:
        """Decode the samples from `first` to `last`, as arrays of shape (frames, channels); to be called once."""
        position = 0
        seeks = self._can_seek and first > _BEFORE
        if seeks:
            self._container.seek(first - _BEFORE, stream=self._container.streams.audio[0])
        for start, piece in _decoded(self._container):
            if seeks:
                position, seeks = start, False
            wanted = piece[max(0, first - position) : max(0, last - position)]
            if len(wanted):
                yield wanted
            position += len(piece)
            if position >= last:
                return


@lru_cache(maxsize=64)
def _examine(path: str, size: int, modified: int) -> _Contents:
    """Decode a file once and count its samples; the answer is kept until the file changes."""
    av = importlib.import_module("av")
    with av.open(path) as container:
        if not container.streams.audio:
            raise AudioError(f"{path}: not readable audio (it has pictures only)")
        sound = container.streams.audio[0]
        sr, channels = sound.codec_context.sample_rate, sound.codec_context.layout.nb_channels
        is_mp4 = "mp4" in container.format.name
        knows = container.format.name != "aac" and sound.duration and sound.time_base  # else FFmpeg guesses
        stated = round(sound.duration * sound.time_base * sr) if knows else 0
        frames, fault = 0, ""
        try:
            for _, piece in _decoded(container):
                frames += len(piece)
        except av.FFmpegError as error:
            fault = f"damaged; {frames / sr:.2f} s of it can be decoded ({error.strerror}); fetch it again"
        if frames < stated - _PADDING:
            fault = truncated(stated / sr, frames / sr)
        elif is_mp4 and 0 <= frames - stated < _PADDING:
            frames = stated  # an MP4 does not count what its encoder added at the end
        return _Contents(sr, channels, frames, fault, is_mp4 and 1 / sound.time_base == sr)


def _decoded(container: Any) -> Iterator[tuple[int, Float32Array]]:
    """Yield the samples of each frame, shape (frames, channels), with the time that the file states for the first."""
    resampler = importlib.import_module("av").AudioResampler(format="fltp")
    for frame in container.decode(container.streams.audio[0]):
        for converted in resampler.resample(frame):
            yield frame.pts or 0, np.ascontiguousarray(converted.to_ndarray().T)
