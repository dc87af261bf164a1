"""Ogg: pages with checksums, in one stream or several one after another (RFC 3533)."""

import mmap
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from sedpool.audio.containers.base import Container, Stream

_HEADER = 27  # bytes of a page before its table of segments
_FIRST, _LAST = 0x02, 0x04  # flags of the pages at the ends of a stream
_ADVICE = "; fetch it again"
_RELEASE = 1 << 10  # pages
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


class _Page(NamedTuple):
    start: int
    end: int
    flags: int
    serial: int
    number: int
    is_intact: bool


def examine_ogg(data: mmap.mmap, size: int) -> Container:
    """Check every page of an Ogg file, and find the streams that follow one another in it.

    libsndfile passes over damaged and missing pages without a word, and reads only the first of several streams.
    """
    starts: list[int] = []
    numbers: dict[int, int] = {}  # of the last page, by stream
    opening = at_once = False
    fault = ""
    for page in _pages(data, size):
        is_first = bool(page.flags & _FIRST)
        if is_first:
            at_once |= opening  # as sound with pictures
            starts.append(page.start)
        opening = is_first
        if page.end > size:
            lacking, length = page.end - size, page.end - page.start
            fault = fault or f"truncated; {lacking} of the {length} bytes of its last Ogg page are missing{_ADVICE}"
        elif not page.is_intact:
            fault = fault or f"damaged; the Ogg page at byte {page.start} has another checksum than it states{_ADVICE}"
        elif not is_first and page.number != numbers.get(page.serial, page.number - 1) + 1:
            fault = fault or f"damaged; Ogg pages are missing before byte {page.start}{_ADVICE}"
        numbers[page.serial] = page.number
        if page.flags & _LAST:
            del numbers[page.serial]
    if numbers and not fault:
        fault = f"truncated; its last Ogg page is not the end of the sound, and what followed is missing{_ADVICE}"
    if len(starts) < 2 or at_once:
        return Container(fault=fault)
    ends = [*starts[1:], size]
    return Container(tuple(Stream((range(*bounds),)) for bounds in zip(starts, ends, strict=True)), fault)


def _pages(data: mmap.mmap, size: int) -> Iterator[_Page]:
    start, n_pages = data.find(b"OggS"), 0
    while 0 <= start <= size - _HEADER:
        _, flags, _, serial, number, checksum, n = struct.unpack_from("<BBqIIIB", data, start + 4)
        end = start + _HEADER + n + sum(data[start + _HEADER : start + _HEADER + n])
        page = data[start : start + 22] + bytes(4) + data[start + 26 : end]
        yield _Page(start, end, flags, serial, number, is_intact=_checksum(page) == checksum)
        n_pages += 1
        if not n_pages % _RELEASE:
            data.madvise(mmap.MADV_DONTNEED)  # what was read no longer counts as memory of this process
        start = end if data[end : end + 4] == b"OggS" else data.find(b"OggS", end)


def _checksum(page: bytes) -> int:
    """Return Ogg's CRC-32: that of zlib with the bits of every byte reversed, and without its inversions."""
    crc = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(_REVERSED), "big")
