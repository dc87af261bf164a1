"""Containers made of chunks, each with its name and its size: WAV, RF64, Wave64, AIFF and CAF; and AU, with one.

Recorders that lose power, pipes and cut downloads leave sizes that are wrong. Samples that are there are read; samples
that are promised and missing are a fault.
"""

import functools
import os
import struct
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, NamedTuple

from sedpool.audio.containers.base import Container, Stream, misstated, status_of_file, truncated

_UNKNOWN = 0xFFFFFFFF  # as a size: by the formats' own rules it is not known
_PIPED = range(0x7FFFEFF8, 0x80000040), range(0xFFFFEFF8, 0xFFFFFFFF)
"""Sizes that programs write to a pipe, where they cannot come back to correct them."""
_TAIL = 0.1  # seconds: what goes on for longer after the end by the header is sound; less is what programs append
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")
_UNCOMPRESSED = (1, 3, 0xFFFE)  # codes of integers, floats and either
_LONGEST_FORMAT, _LONGEST_METADATA, _LONGEST_HEADER = 1 << 12, 1 << 16, 1 << 26  # bytes


class _Layout(NamedTuple):
    """How a kind of container writes its chunks."""

    order: str  # of bytes, as in struct
    first: int  # where the first chunk starts
    name: int = 4  # bytes of a chunk's name
    size: int = 4  # bytes of its size
    align: int = 2  # to which chunks are padded
    inclusive: bool = False  # whether a size counts the name and the size too


_WAV, _RIFX, _AIFF = _Layout("<", 12), _Layout(">", 12), _Layout(">", 12)
_W64, _CAF = _Layout("<", 40, 16, 8, 8, inclusive=True), _Layout(">", 8, 4, 8, 1)


@dataclass(frozen=True)
class _Samples:
    """Where the samples of a file are, by its header."""

    start: int
    stated: int | None  # bytes; None if the header says that it does not know
    end: int  # of the container; 0 if the header does not say
    rate: float  # bytes per second
    header: Callable[[int], bytes]  # all that has to come before so many bytes of samples


def examine_wav(file: BinaryIO, size: int) -> Container:
    """Compare the sizes that a WAV or RF64 file states with its bytes."""
    head = _read(file, 0, 12)
    layout = _RIFX if head[:4] == b"RIFX" else _WAV
    end = _unsigned(layout, head[4:8]) + 8
    large: int | None = None  # RF64 has the sizes of 64 bits in a chunk of their own
    fmt = b""
    for name, start, stated in _chunks(file, size, layout, layout.first):
        if name == b"ds64":
            end, large = struct.unpack("<QQ", _read(file, start, 16))
            end += 8
        elif name == b"fmt ":
            fmt = _read(file, start, min(stated, _LONGEST_FORMAT))
        elif name == b"data" and len(fmt) >= 16:
            if large is not None:
                stated = large
            elif end - 8 == _UNKNOWN:
                end = 0
            known = None if stated == _UNKNOWN else stated
            rate, contradiction = _byte_rate(layout, fmt)
            header = functools.partial(_wav_header, file, layout, start, fmt)
            found = _fitted(file, size, layout, _Samples(start, known, end, rate, header))
            return replace(found, note="; ".join(note for note in (found.note, contradiction) if note))
    return Container()


def wav_chunks(path: str | os.PathLike[str], names: Collection[bytes]) -> dict[bytes, bytes]:
    """Return the content of the chunks of metadata that a WAV or RF64 file has, by name.

    Parameters
    ----------
    path : path-like
        The file; one of another kind has none.
    names : collection of bytes
        Names of the chunks, or of entries of the list ``INFO``; the first of each name counts.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    found: dict[bytes, bytes] = {}
    size = status_of_file(path).st_size
    with open(path, "rb") as file:
        if _read(file, 0, 12)[:4] not in (b"RIFF", b"RF64", b"BW64"):
            return {}
        position, large = _WAV.first, 0
        while chunk := next(_chunks(file, size, _WAV, position), None):
            name, start, stated = chunk
            if not _is_name(name):
                break  # samples, after an unfinished header
            if name == b"ds64":
                large = int.from_bytes(_read(file, start + 8, 8), "little")
            stated = large if name == b"data" and stated == _UNKNOWN else stated
            position = start + stated + stated % 2
            if name == b"LIST" and _read(file, start, 4) == b"INFO":
                entries = _chunks(file, min(size, start + stated), _WAV, start + 4)
            else:
                entries = iter([(name, start, stated)])
            for name, start, stated in entries:
                if name in names:
                    found.setdefault(name, _read(file, start, min(stated, _LONGEST_METADATA)).rstrip(b"\0"))
    return found


def _byte_rate(layout: _Layout, fmt: bytes) -> tuple[int, str]:
    """Return the bytes of a second, and a note if the header states another number than follows from the rest of it."""
    kind, channels, sr, stated, _, bits = struct.unpack(f"{layout.order}HHIIHH", fmt[:16])
    if kind not in _UNCOMPRESSED:
        return stated, ""
    rate = sr * channels * -(-bits // 8)
    same = stated in (rate, 0)
    return rate, "" if same else f"the header states {sr} Hz, which is {rate} bytes per second, and {stated} of them"


def _wav_header(file: BinaryIO, layout: _Layout, start: int, fmt: bytes, n: int) -> bytes:
    if start + n <= _UNKNOWN and _read(file, 0, 4) in (b"RIFF", b"RIFX"):
        sizes = {4: start + n - 8, start - 4: n}
        return _patched(file, start, {at: struct.pack(f"{layout.order}I", size) for at, size in sizes.items()})
    unknown = struct.pack("<I", _UNKNOWN)
    fmt = b"fmt " + struct.pack("<I", len(fmt)) + fmt
    sizes_64 = struct.pack("<4sIQQQI", b"ds64", 28, 12 + 36 + len(fmt) + n, n, 0, 0)
    return b"RF64" + unknown + b"WAVE" + sizes_64 + fmt + b"data" + unknown


def examine_w64(file: BinaryIO, size: int) -> Container:
    """Compare the sizes that a Wave64 file states with its bytes."""
    end, rate = _unsigned(_W64, _read(file, 16, 8)), 0
    for name, start, stated in _chunks(file, size, _W64, _W64.first):
        if name[:4] == b"fmt ":
            rate, _ = _byte_rate(_W64, _read(file, start, 16))
        elif name[:4] == b"data":

            def header(n: int, start: int = start) -> bytes:
                return _patched(file, start, {16: struct.pack("<Q", start + n), start - 8: struct.pack("<Q", n + 24)})

            return _fitted(file, size, _W64, _Samples(start, stated, end, rate, header))
    return Container()


def examine_aiff(file: BinaryIO, size: int) -> Container:
    """Compare the sizes that an AIFF or AIFF-C file states with its bytes."""
    end = _unsigned(_AIFF, _read(file, 4, 4)) + 8
    rate, frame, comm = 0.0, 0, 0
    for name, start, stated in _chunks(file, size, _AIFF, _AIFF.first):
        if name == b"COMM":
            channels, _, bits, exponent, mantissa = struct.unpack(">hIhHQ", _read(file, start, 18))
            frame, comm = channels * -(-bits // 8), start + 2
            rate = frame * mantissa * 2.0 ** ((exponent & 0x7FFF) - 16383 - 63)
        elif name == b"SSND" and frame > 0:

            def header(n: int, start: int = start, comm: int = comm, frame: int = frame) -> bytes:
                sizes = {4: start + n, comm: n // frame, start - 4: n + 8}
                return _patched(file, start + 8, {at: struct.pack(">I", size) for at, size in sizes.items()})

            return _fitted(file, size, _AIFF, _Samples(start + 8, max(0, stated - 8), end, rate, header))
    return Container()


def examine_caf(file: BinaryIO, size: int) -> Container:
    """Compare the size that a CAF file states for its samples with its bytes."""
    rate = 0.0
    for name, start, stated in _chunks(file, size, _CAF, _CAF.first):
        if name == b"desc":
            sr, _, _, packet, frames = struct.unpack(">d4sIII", _read(file, start, 24))
            rate = sr * packet / frames if frames else 0.0
        elif name == b"data":

            def header(n: int, start: int = start) -> bytes:
                return _patched(file, start + 4, {start - 8: struct.pack(">Q", n + 4)})

            known = None if stated == 2**64 - 1 else max(0, stated - 4)
            return _fitted(file, size, _CAF, _Samples(start + 4, known, 0, rate, header))
    return Container()


def examine_au(file: BinaryIO, size: int) -> Container:
    """Compare the size that an AU file states for its samples with its bytes."""
    head = _read(file, 0, 24)
    if len(head) < 24:
        return Container()
    order = ">" if head[:4] == b".snd" else "<"
    start, stated, encoding, sr, channels = struct.unpack(f"{order}IIIII", head[4:])
    width = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(encoding, 0)

    def header(n: int) -> bytes:
        return _patched(file, start, {8: struct.pack(f"{order}I", min(n, _UNKNOWN))})

    known = None if stated == _UNKNOWN else stated
    return _fitted(file, size, None, _Samples(start, known, 0, sr * channels * width, header))


def _fitted(file: BinaryIO, size: int, layout: _Layout | None, found: _Samples) -> Container:
    """Decide between what the header says of the samples and the bytes that are there."""
    there = size - found.start
    if not found.rate or there < 0 or found.start > _LONGEST_HEADER:
        return Container()
    fault = note = ""
    if found.stated is None:
        pass
    elif found.stated != there and any(found.stated in sizes for sizes in _PIPED):
        note = f"the header does not state its length; all {there / found.rate:.2f} s to the end of the file are read"
    elif found.stated > there and not found.start < found.end <= size:
        fault = truncated(found.stated / found.rate, there / found.rate)
    elif found.stated > there or _is_sound(file, found.start + found.stated, size, layout, found.rate):
        note = misstated(found.stated / found.rate, there / found.rate)
    else:
        end = found.start + found.stated
        end += -end % layout.align if layout else 0
        if _read(file, end, 4) in (b"RIFF", b"FORM"):
            fault = f"damaged; another file follows at byte {end}; split it there, since only the first is read"
            return Container((Stream((range(end),)),), fault)
        beyond = found.end - size
        note = f"the header states a size too large by {beyond} B; no audio is missing"
        return Container(note=note if beyond > 0 else "")
    return Container((Stream((found.header(there), range(found.start, size))),), fault, note)


def _is_sound(file: BinaryIO, end: int, size: int, layout: _Layout | None, rate: float) -> bool:
    """Return whether samples go on after the end that the header states: no chunks, tags or zeros follow there."""
    if (size - end) / rate < _TAIL or _read(file, end, 16).startswith(_TAGS):
        return False
    if layout is not None:
        header = layout.name + layout.size
        for start in {end, -(-end // layout.align) * layout.align}:  # a last chunk of odd length is not always padded
            first = next(_chunks(file, size, layout, start), None)
            if first and _is_name(first[0]) and first[1] + first[2] <= size + header:
                return False
    zeros = bytes(1 << 20)
    file.seek(end)
    while block := file.read(len(zeros)):
        if block != zeros[: len(block)]:
            return True
    return False


def _chunks(file: BinaryIO, size: int, layout: _Layout, position: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the name of each chunk, where its content starts, and the size that it states."""
    header = layout.name + layout.size
    while position + header <= size:
        head = _read(file, position, header)
        stated = max(0, _unsigned(layout, head[layout.name :]) - (header if layout.inclusive else 0))
        yield head[: layout.name], position + header, stated
        position = -(-(position + header + stated) // layout.align) * layout.align


def _is_name(name: bytes) -> bool:
    return all(0x20 <= letter < 0x7F for letter in name[:4])


def _patched(file: BinaryIO, n: int, changes: dict[int, bytes]) -> bytes:
    """Return the first `n` bytes of a file, some of them changed."""
    header = bytearray(_read(file, 0, n))
    for at, value in changes.items():
        header[at : at + len(value)] = value
    return bytes(header)


def _unsigned(layout: _Layout, digits: bytes) -> int:
    return int.from_bytes(digits, "little" if layout.order == "<" else "big")


def _read(file: BinaryIO, position: int, n: int) -> bytes:
    file.seek(position, os.SEEK_SET)
    return file.read(n)
