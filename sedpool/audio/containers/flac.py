"""FLAC: a header that states the number of samples, and frames that each state where they are in the sound."""

import mmap
from collections.abc import Iterator
from typing import NamedTuple

from sedpool.audio.containers.base import Container, Stream, misstated, truncated

_HEADER = 42  # bytes of the signature and of the block that states the number of samples, in the last five at 21
_LONGEST_FRAME = 1 << 21
_BLOCKS = {1: 192, **{2 + i: 576 << i for i in range(4)}, **{8 + i: 256 << i for i in range(8)}}


class _Frame(NamedTuple):
    start: int  # byte
    first: int  # sample
    samples: int


def examine_flac(data: mmap.mmap, size: int) -> Container:
    """Compare the number of samples that a FLAC file states with the end of its last frame.

    libsndfile reads as many samples as are stated, even where more follow, and fails where the number is 0 or too
    large.
    """
    if size < _HEADER or data[4] & 0x7F:
        return Container()
    stated = int.from_bytes(data[21:26], "big") & 0xFFFFFFFFF
    sr = int.from_bytes(data[18:21], "big") >> 4
    there = _end(data, size, stated)
    if there in (None, stated) or not sr:
        return Container()
    total = (data[21] & 0xF0) << 32 | there
    stream = Stream((data[:21] + total.to_bytes(5, "big"), range(26, size)))
    if stated > there:
        return Container((stream,), fault=truncated(stated / sr, there / sr))
    return Container((stream,), note=misstated(stated / sr, there / sr) if stated else "")


def _end(data: mmap.mmap, size: int, stated: int) -> int | None:
    """Return the number of samples up to the end of the last whole frame; None if no frame is found.

    A frame that ends where the header says is taken for the last one; others have to match their checksum.
    """
    ends = [size, size - 128] if data[size - 128 : size - 125] == b"TAG" else [size]
    for frame in _frames_backwards(data, size):
        end = frame.first + frame.samples
        if end == stated or any(_crc16(data[frame.start : end_byte]) == 0 for end_byte in ends[:8]):
            return end
        ends.insert(0, frame.start)
    return None


def _frames_backwards(data: mmap.mmap, size: int) -> Iterator[_Frame]:
    """Yield the last frames, the last first, and bytes within frames that look like one by chance."""
    longest = int.from_bytes(data[15:18], "big") or _LONGEST_FRAME
    block = int.from_bytes(data[10:12], "big")
    farthest, start = max(_HEADER, size - 2 * longest - 128), size - 1
    while (start := data.rfind(b"\xff", farthest, start)) >= 0:
        frame = _frame(data[start : start + 17], start, block) if data[start + 1] & 0xFE == 0xF8 else None
        if frame:
            yield frame


def _frame(head: bytes, start: int, block: int) -> _Frame | None:
    """Read a frame's header: its position, as a number of frames or of samples in the form of UTF-8."""
    if len(head) < 7:
        return None
    more = max(0, 7 - (head[4] ^ 0xFF).bit_length())
    number = head[4] & 0x7F >> more
    for byte in head[5 : 5 + more]:
        number = number << 6 | byte & 0x3F
    at, size_code, sr_code = 5 + more, head[2] >> 4, head[2] & 0x0F
    extra = {6: 1, 7: 2}.get(size_code, 0)
    samples = int.from_bytes(head[at : at + extra], "big") + 1 if extra else _BLOCKS.get(size_code, 0)
    at += extra + {12: 1, 13: 2, 14: 2}.get(sr_code, 0)
    if not samples or _crc8(head[:at]) != head[at : at + 1]:
        return None
    return _Frame(start, number if head[1] & 1 else number * block, samples)


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    table = []
    for value in range(256):
        crc = value << (bits - 8)
        for _ in range(8):
            crc = crc << 1 ^ (polynomial if crc >> (bits - 1) else 0)
        table.append(crc & (1 << bits) - 1)
    return tuple(table)


_CRC8, _CRC16 = _table(0x107, 8), _table(0x18005, 16)


def _crc8(data: bytes) -> bytes:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return bytes((crc,))


def _crc16(data: bytes) -> int:
    """Return the remainder: 0 for a frame with its own checksum at the end."""
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return crc
