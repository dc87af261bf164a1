"""MP3: frames one after another, and in most files an info frame before them that states how many there are."""

import bisect
import itertools
import mmap
import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sedpool.audio.containers.base import Container, Mp3Frames, Stream

_BIT_RATES = {  # kbit/s, by whether it is MPEG 1, and the layer
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # Hz, by the version's bits
_DECODER_DELAY = 529  # samples by which every decoder is late
_INFO = (b"Xing", b"Info")
_FARTHEST, _GAP = 1 << 20, 1 << 12  # bytes in which the first frame has to start, and the next after what is none


class _Header(NamedTuple):
    """What the four bytes at the start of a frame say."""

    length: int  # bytes of the frame
    samples: int
    sr: int
    info: int  # where in the frame an info frame says that it is one
    kind: bytes  # what all frames of a file share


def examine_mp3(data: mmap.mmap, size: int) -> Container:
    """Find all frames of an MP3 and compare their number with the one stated.

    Without an info frame, libsndfile guesses the length from the first frames; with one, it reads as much as is stated,
    even where more follows.
    """
    first = _first_frame(data, size)
    return Container() if first is None else _examine(data, *_frames(data, first, size), 0, size)


def _examine(data: mmap.mmap, starts: list[int], end: int, begin: int, stop: int) -> Container:
    """Compare what the first of the frames at `starts` states with them.

    The last of them ends at the byte `end`; `begin` and `stop` are the bytes around them, with tags.
    """
    header = _header(data[starts[0] : starts[0] + 4])
    assert header is not None
    info = starts[0] + header.info
    flags = int.from_bytes(data[info + 4 : info + 8], "big")
    has_info = data[info : info + 4] in _INFO
    if has_info and len(starts) < 2:
        return Container(fault="truncated; its header promises more and there is no audio")
    if not has_info or not flags & 1:
        mp3 = Mp3Frames(np.array(starts[has_info:], np.int64), header.samples, 0, end)
        n = len(mp3.starts)
        stream = Stream((range(starts[has_info], stop),), n * header.samples, is_endless=True, mp3=mp3)
        note = "its last MP3 frame is cut; all before is read, and what may have followed is unknown"
        return Container((stream,), note=note if _is_cut(data, end, stop, header) else "")
    stated, n = int.from_bytes(data[info + 8 : info + 12], "big"), len(starts) - 1
    if stated < n:
        joint = _next_info(data, starts, header)
        if joint:
            one = _examine(data, starts[:joint], starts[joint], begin, starts[joint])
            rest = _examine(data, starts[joint:], end, starts[joint], stop)
            return Container((*one.streams, *rest.streams), one.fault or rest.fault, one.note or rest.note)
    delay, padding = _gapless(data, info, flags)
    frames = n * header.samples - delay - max(0, padding - _DECODER_DELAY)
    mp3 = Mp3Frames(np.array(starts[1:], np.int64), header.samples, delay, end)
    if stated == n:
        return Container((Stream((range(begin, stop),), frames, mp3=mp3),))
    patched = data[starts[0] : info + 8] + struct.pack(">I", n) + data[info + 12 : starts[1]]
    stream = Stream((patched, range(starts[1], stop)), mp3=mp3, frames=frames)
    promised, there = (f"{count * header.samples / header.sr:.2f} s" for count in (stated, n))
    if stated > n + 1 or _is_cut(data, end, stop, header):
        return Container((stream,), f"truncated; the header promises {promised} and {there} are there")
    return Container(
        (stream,), note=f"the header states {promised} of audio, the file holds {there}; all of it is read"
    )


def _first_frame(data: mmap.mmap, size: int) -> int | None:
    """Return where the first frame that is followed by another starts, after tags."""
    start = _after_tags(data, 0, size)
    return _next_frame(data, start, min(size, start + _FARTHEST))


def _after_tags(data: mmap.mmap, start: int, stop: int) -> int:
    while data[start : start + 3] == b"ID3" and start + 10 < stop:
        a, b, c, d = data[start + 6 : start + 10]  # seven bits each
        start += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if data[start + 5] & 0x10 else 0)
    return start


def _next_frame(data: mmap.mmap, start: int, stop: int, kind: bytes = b"") -> int | None:
    while (start := data.find(b"\xff", start, stop)) >= 0:
        header = _header(data[start : start + 4])
        if header and kind in (b"", header.kind):
            after = _header(data[start + header.length : start + header.length + 4])
            if after and after.kind == header.kind:
                return start
        start += 1
    return None


def _frames(data: mmap.mmap, start: int, stop: int) -> tuple[list[int], int]:
    """Return where each whole frame starts, and where the last ends; bytes between frames are passed over."""
    first = _header(data[start : start + 4])
    assert first is not None
    lengths = _lengths(first.kind)
    starts: list[int] = []
    end, position = start, start
    while position + 4 <= stop:
        length = lengths[data[position + 1] << 8 | data[position + 2]] if data[position] == 0xFF else 0
        if length and position + length <= stop:
            starts.append(position)
            position += length
            end = position
            continue
        position = _after_tags(data, position, stop)
        found = None if length else _next_frame(data, position, min(stop, position + _GAP), first.kind)
        if found is None:
            break
        position = found
    return starts, end


@lru_cache
def _lengths(kind: bytes) -> list[int]:
    """Return the length of a frame by its second and third byte; 0 if these start no frame of this kind."""
    lengths = [0] * 0x10000
    for second, third in itertools.product((kind[0], kind[0] | 1), range(0x100)):
        header = _header(bytes((0xFF, second, third, 0)))
        if header and header.kind == kind:
            lengths[second << 8 | third] = header.length
    return lengths


def _header(head: bytes) -> _Header | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bit_rate, sr = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bit_rate in (0, 15) or sr == 3:
        return None
    is_1 = version == 3
    rate = _RATES[version][sr]
    bits, padding = 1000 * _BIT_RATES[is_1, layer][bit_rate], head[2] >> 1 & 1
    samples = {1: 384, 2: 1152, 3: 1152 if is_1 else 576}[layer]
    length = (12 * bits // rate + padding) * 4 if layer == 1 else samples // 8 * bits // rate + padding
    is_mono = head[3] >> 6 == 3
    side = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[is_1, is_mono]
    return _Header(length, samples, rate, 4 + side, bytes((head[1] & 0xFE, head[2] & 0x0C)))


def _next_info(data: mmap.mmap, starts: list[int], header: _Header) -> int:
    """Return which frame is the next info frame, where files were joined; 0 if none is."""
    for mark in _INFO:
        at = data.find(mark, starts[1])
        while at >= 0:
            frame = bisect.bisect_right(starts, at) - 1
            if frame and at - starts[frame] == header.info:
                return frame
            at = data.find(mark, at + 1)
    return 0


def _gapless(data: mmap.mmap, info: int, flags: int) -> tuple[int, int]:
    """Return how many samples the decoder drops before the sound, and how many the encoder put after it."""
    lame = info + 8 + sum(length for bit, length in ((1, 4), (2, 4), (4, 100), (8, 4)) if flags & bit)
    value = int.from_bytes(data[lame + 21 : lame + 24], "big")
    return (value >> 12) + _DECODER_DELAY, value & 0xFFF


def _is_cut(data: mmap.mmap, end: int, stop: int, first: _Header) -> bool:
    """Return whether what follows the last whole frame is the start of another."""
    header = _header(data[end : end + 4])
    return header is not None and header.kind == first.kind and end + header.length > stop
