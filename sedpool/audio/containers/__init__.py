"""Containers of sound: what their headers promise, compared with what is there.

libsndfile believes most headers, and shortens a file in silence where they are wrong.
"""

import mmap
import os
import struct
from functools import lru_cache

from sedpool.audio.containers.base import Container, Mp3Frames, Stream, StreamFile, status_of_file, truncated
from sedpool.audio.containers.chunks import examine_aiff, examine_au, examine_caf, examine_w64, examine_wav
from sedpool.audio.containers.flac import examine_flac
from sedpool.audio.containers.mp3 import examine_mp3
from sedpool.audio.containers.ogg import examine_ogg

__all__ = ["Container", "Mp3Frames", "Stream", "StreamFile", "examine", "truncated"]

_BY_CHUNKS = {
    **dict.fromkeys((b"RIFF", b"RIFX", b"RF64", b"BW64"), examine_wav),
    b"riff": examine_w64,
    b"FORM": examine_aiff,
    b"caff": examine_caf,
    **dict.fromkeys((b".snd", b"dns."), examine_au),
}
_HEAD = 256  # bytes
_BY_FRAMES = {b"OggS": examine_ogg, b"fLaC": examine_flac}


def examine(path: str | os.PathLike[str]) -> Container:
    """Compare the header of a file with the rest of it; the answer is kept until the file changes.

    Raises
    ------
    OSError
        If it is not a file, or cannot be read.
    """
    status = status_of_file(path)
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return _examine(os.path.abspath(path), status.st_size, status.st_mtime_ns, head)


@lru_cache(maxsize=8)
def _examine(path: str, size: int, modified: int, head: bytes) -> Container:
    """Examine a file that is known by its size, its time, and its first bytes: times differ by milliseconds only."""
    with open(path, "rb") as file:
        if examine_chunks := _BY_CHUNKS.get(head[:4]):
            try:
                return examine_chunks(file, size)
            except (struct.error, OverflowError):  # no such header: left to libsndfile
                return Container()
        examine_frames = _BY_FRAMES.get(head[:4])
        if not examine_frames and (head[:3] == b"ID3" or head[:1] == b"\xff"):
            examine_frames = examine_mp3
        if not examine_frames:
            return Container()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return examine_frames(data, size)
