"""MP3: frames one after another, and in most files an info frame before them that states how many there are."""

import itertools
import mmap
import struct
from array import array
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sedpool.audio.containers.base import Container, Mp3Frames, Stream, misstated, truncated

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
_RELEASE = 1 << 15  # frames
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
    start = _after_tags(data, 0, size)
    first = _next_frame(data, start, min(size, start + _FARTHEST))
    if first is None:
        return Container()
    starts, end = _frames(data, first, size)
    header = _header(data[first : first + 4])
    assert header is not None
    stated = _stated(data, first, header)
    infos = [0] if stated is None or stated >= len(starts) - 1 else _info_frames(data, starts, header)
    parts = []
    for here, after in itertools.zip_longest(infos, infos[1:]):  # one, except where files were joined
        begin, stop = (starts[here] if here else 0), (size if after is None else starts[after])
        parts.append(_examine(data, starts[here:after], end if after is None else stop, range(begin, stop), header))
    streams = tuple(stream for part in parts for stream in part.streams)
    fault, note = (next((value for part in parts if (value := getattr(part, key))), "") for key in ("fault", "note"))
    return Container(streams, fault, note)


def _examine(data: mmap.mmap, starts: Sequence[int], end: int, around: range, header: _Header) -> Container:
    """Compare what the first of the frames at `starts` states with them.

    The last of them ends at the byte `end`; `around` are all bytes of this part of the file, with tags.
    """
    stated = _stated(data, starts[0], header)
    has_info = data[starts[0] + header.info : starts[0] + header.info + 4] in _INFO
    n = len(starts) - has_info
    if not n:
        return Container(fault=truncated((stated or 0) * header.samples / header.sr, 0.0))
    if stated is None:
        mp3 = Mp3Frames(np.array(starts[has_info:], np.int64), header.samples, 0, end)
        stream = Stream((range(starts[has_info], around.stop),), n * header.samples, is_endless=True, mp3=mp3)
        note = "its last MP3 frame is cut; all before is read, and what may have followed is unknown"
        return Container((stream,), note=note if _is_cut(data, end, around.stop, header) else "")
    delay, padding = _gapless(data, starts[0] + header.info)
    frames = n * header.samples - delay - max(0, padding - _DECODER_DELAY)
    mp3 = Mp3Frames(np.array(starts[1:], np.int64), header.samples, delay, end)
    if stated == n:
        return Container((Stream((around,), frames, mp3=mp3),))
    count = starts[0] + header.info + 8
    patched = data[starts[0] : count] + struct.pack(">I", n) + data[count + 4 : starts[1]]
    stream = Stream((patched, range(starts[1], around.stop)), frames, mp3=mp3)
    promised, there = (count * header.samples / header.sr for count in (stated, n))
    if stated > n + 1 or _is_cut(data, end, around.stop, header):
        return Container((stream,), truncated(promised, there))
    return Container((stream,), note=misstated(promised, there))


def _stated(data: mmap.mmap, start: int, header: _Header) -> int | None:
    """Return the number of frames that an info frame states; None if the frame at `start` is none or does not."""
    info = data[start + header.info : start + header.info + 12]
    return int.from_bytes(info[8:], "big") if info[:4] in _INFO and info[7] & 1 else None


def _after_tags(data: mmap.mmap, start: int, stop: int) -> int:
    while data[start : start + 3] == b"ID3" and start + 10 < stop:
        a, b, c, d = data[start + 6 : start + 10]  # seven bits each
        start += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if data[start + 5] & 0x10 else 0)
    return start


def _next_frame(data: mmap.mmap, start: int, stop: int, asked: bytes = b"") -> int | None:
    """Return where the next frame that three others follow starts, or fewer at the end of the file.

    Other bytes look like one frame often, and like two in a row now and then.
    """
    kind = asked
    while (start := data.find(b"\xff", start, stop)) >= 0:
        position = start
        for number in range(4):
            header = _header(data[position : position + 4])
            if not header or kind not in (b"", header.kind):
                break
            kind, position = header.kind, position + header.length
            if number == 3 or (number and position + 4 > len(data)):
                return start
        start, kind = start + 1, asked
    return None


def _frames(data: mmap.mmap, start: int, stop: int) -> tuple["array[int]", int]:
    """Return where each whole frame starts, and where the last ends; bytes between frames are passed over."""
    first = _header(data[start : start + 4])
    assert first is not None
    lengths = _lengths(first.kind)
    starts = array("q")
    end, position = start, start
    while position + 4 <= stop:
        length = lengths[data[position + 1] << 8 | data[position + 2]] if data[position] == 0xFF else 0
        if length and position + length <= stop:
            starts.append(position)
            position += length
            end = position
            if not len(starts) % _RELEASE:
                data.madvise(mmap.MADV_DONTNEED)  # what was read no longer counts as memory of this process
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


def _info_frames(data: mmap.mmap, starts: Sequence[int], header: _Header) -> list[int]:
    """Return which frames are info frames: more than the first where files were joined."""
    found = []
    for frame, start in enumerate(starts):
        if data[start + header.info : start + header.info + 4] in _INFO:
            found.append(frame)
        if not frame % _RELEASE:
            data.madvise(mmap.MADV_DONTNEED)
    return found


def _gapless(data: mmap.mmap, info: int) -> tuple[int, int]:
    """Return how many samples the decoder drops before the sound, and how many the encoder put after it."""
    flags = data[info + 7]
    lame = info + 8 + sum(length for bit, length in ((1, 4), (2, 4), (4, 100), (8, 4)) if flags & bit)
    value = int.from_bytes(data[lame + 21 : lame + 24], "big")
    return (value >> 12) + _DECODER_DELAY, value & 0xFFF


def _is_cut(data: mmap.mmap, end: int, stop: int, first: _Header) -> bool:
    """Return whether what follows the last whole frame is the start of another."""
    header = _header(data[end : end + 4])
    return header is not None and header.kind == first.kind and end + header.length > stop
