"""What a file of sound holds: where its samples lie, and whether all that its header promises is there."""

import os
import stat
from dataclasses import dataclass

from sedpool.runtime.arrays import IntArray

_ENDLESS = 1 << 40  # bytes
_TAG = 128  # bytes of an ID3v1 tag at the end of an MP3


def status_of_file(path: str | os.PathLike[str]) -> os.stat_result:
    """Return the status of a file.

    Raises
    ------
    OSError
        If it is none: opening a pipe would wait for its writer.
    """
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a file")
    return status


@dataclass(frozen=True)
class Mp3Frames:
    """The frames of an MP3, so that a part of a long one is decoded without reading what comes before.

    Attributes
    ----------
    starts : ndarray of int64
        The byte at which each frame with audio starts.
    samples : int
        Samples in a frame.
    delay : int
        Samples at the start of the first frame that do not belong to the sound.
    end : int
        The byte at which the last frame ends.
    """

    starts: IntArray
    samples: int
    delay: int
    end: int

    @property
    def warm_up(self) -> int:
        """Number of frames to decode before a part of the sound.

        A frame may use bits of up to eleven before it. The number is such that rounding is that of a decoder that
        seeks: always in MPEG 1, in MPEG 2 for stereo.
        """
        return 12 if self.samples == 1152 else 13


@dataclass(frozen=True)
class Stream:
    """Bytes that decode as one piece of sound, although the file as a whole does not.

    Attributes
    ----------
    parts : tuple of bytes or range
        Bytes that replace a wrong header, and ranges of the file's own.
    frames : int
        Samples of each channel; 0 where libsndfile knows it.
    is_endless : bool
        Whether to claim many more bytes than there are: without an info frame, libsndfile reads an MP3 up to a length
        that it guesses from the number of bytes.
    mp3 : Mp3Frames, optional
        For MP3.
    """

    parts: tuple[bytes | range, ...]
    frames: int = 0
    is_endless: bool = False
    mp3: Mp3Frames | None = None


@dataclass(frozen=True, eq=False)
class Container:
    """What was found in a file; each is equal to itself only.

    Attributes
    ----------
    streams : tuple of Stream
        Pieces of sound to decode one after another; empty if the file decodes as it is.
    fault : str
        What is missing or damaged, and what to do, for an error after all that can be decoded; empty if nothing is.
    note : str
        What the header says wrongly although all samples are there; empty if nothing.
    """

    streams: tuple[Stream, ...] = ()
    fault: str = ""
    note: str = ""


def truncated(promised: float, there: float) -> str:
    """Describe the fault of a file that promises more seconds than there are."""
    return f"truncated; the header promises {promised:.2f} s and {there:.2f} s are there; fetch it again"


def misstated(stated: float, there: float) -> str:
    """Describe a header that states another number of seconds than there are and have to be."""
    return f"the header states {stated:.2f} s of audio, the file holds {there:.2f} s; all of it is read"


class StreamFile:
    """The bytes of a stream as a file, with what libsndfile asks of one.

    Parameters
    ----------
    path : path-like
        The file that the stream is in.
    stream : Stream
        Its bytes.
    """

    def __init__(self, path: str | os.PathLike[str], stream: Stream) -> None:
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115, closed below
        self._parts = stream.parts
        self._size = sum(map(len, stream.parts))
        self._claimed = _ENDLESS if stream.is_endless else self._size
        self._position = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position."""
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._claimed}[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from the position on; return the number of bytes."""
        view = memoryview(buffer).cast("B")
        if self._claimed > self._size <= self._position and self._position >= self._claimed - _TAG:
            view[:] = bytes(len(view))  # where mpg123 looks for a tag before it decodes
            return len(view)
        start = done = 0
        for part in self._parts:
            offset = self._position + done - start
            start += len(part)
            if done < len(view) and 0 <= offset < len(part):
                done += self._read_part(part, offset, view[done : done + len(part) - offset])
        self._position += done
        return done

    def _read_part(self, part: bytes | range, offset: int, view: memoryview) -> int:
        if isinstance(part, bytes):
            view[:] = part[offset : offset + len(view)]
            return len(view)
        self._file.seek(part.start + offset)
        return self._file.readinto(view) or 0
