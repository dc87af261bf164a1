"""Reading audio files as mono float32 at a known rate, and writing them; errors name the file."""

import hashlib
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from sedpool import storage
from sedpool.audio import media, stream
from sedpool.audio.decoding import Decoder
from sedpool.audio.stream import Resampler
from sedpool.errors import DataError
from sedpool.runtime.arrays import Float32Array

EXTENSIONS = media.SUFFIXES | {".aif", ".aiff", ".au", ".caf", ".flac", ".mp3", ".ogg", ".opus", ".w64", ".wav"}
RESAMPLER = f"soxr-{soxr.__version__}-HQ"


def read(
    path: str | os.PathLike[str],
    sr: int,
    *,
    onset: float = 0.0,
    duration: float | None = None,
    channel: int | None = None,
) -> Float32Array:
    """Read a recording, or a part of one, as mono at the rate `sr`.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads.
    sr : int
        Sampling rate of the result in Hz.
    onset : float
        Start in seconds.
    duration : float, optional
        Seconds to read, or fewer if the file ends before; by default the rest of the file.
    channel : int, optional
        Number of the channel to read, from 1; by default the mean over all.

    Returns
    -------
    samples : ndarray of float32, shape (n,)

    Raises
    ------
    AudioError
        If the file cannot be read, is shorter than its header says, has no samples after `onset`, has a sample that is
        not finite, or lacks the channel.
    """
    pieces = list(stream.mono(path, sr, onset=onset, duration=duration, channel=channel))
    return np.ascontiguousarray(pieces[0]) if len(pieces) == 1 else np.concatenate(pieces)


def stem(filename: str) -> str:
    """Remove the suffix of an audio format from a recording's name; other dots belong to the name.

    Examples
    --------
    >>> stem("street/Y0_2.000_12.000.wav"), stem("clip_1.5")
    ('street/Y0_2.000_12.000', 'clip_1.5')
    """
    suffix = posixpath.splitext(filename)[1]
    return filename.removesuffix(suffix) if suffix.lower() in EXTENSIONS else filename


def list_files(root: str | os.PathLike[str], role: str) -> list[str]:
    """List the names of the recordings in a folder and below it, relative to it and sorted; see `find`.

    Parameters
    ----------
    root : path-like
        The folder.
    role : str
        Purpose of the recordings, for messages.

    Raises
    ------
    DataError
        If there is no such folder, or no audio in it.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError(f"{role} {root}: no such folder; expected a folder of recordings")
    names = sorted(Path(path).relative_to(root).as_posix() for path in find(root))
    if not names:
        raise DataError(f"{role} {root}: no audio in it; expected {', '.join(sorted(EXTENSIONS))} files")
    return names


def find(root: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the paths of all recordings in a folder and below it, by their suffix in any case.

    Links are followed, except to a folder that they are in. Files and folders whose names start with a dot are hidden.
    """
    yield from _find(os.fspath(root), ())


def _find(folder: str, above: tuple[str, ...]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if any(os.path.commonpath((real, other)) == real for other in above):
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir():  # a link may lead to itself
                yield from _find(entry.path, (*above, real))
            elif os.path.splitext(entry.name)[1].lower() in EXTENSIONS:
                yield entry.path


@dataclass(frozen=True)
class Inspection:
    """Properties of a recording that are known only once all of it is read.

    Attributes
    ----------
    duration : float
        Seconds.
    is_silent : bool
        Whether every sample is 0.
    cancels : bool
        Whether its channels cancel each other in the mono mix.
    digest : str
        Hash of the samples, independent of the file format.
    """

    duration: float
    is_silent: bool
    cancels: bool
    digest: str


def inspect(path: str | os.PathLike[str]) -> Inspection:
    """Read a recording from end to end.

    Raises
    ------
    AudioError
        In the same cases as `read`.
    """
    digest, n, is_silent = hashlib.sha256(), 0, True
    with Decoder(path) as decoder:
        mix = Resampler(decoder.samplerate, decoder.samplerate)
        for piece in decoder.pieces():
            digest.update(piece.data)
            is_silent = is_silent and not piece.any()
            mix.push(piece)
            n += len(piece)
        duration = n / decoder.samplerate
    return Inspection(duration=duration, is_silent=is_silent, cancels=mix.cancels, digest=digest.hexdigest())


@dataclass(frozen=True)
class Info:
    """What is known of a recording without decoding it.

    Attributes
    ----------
    duration : float
        Seconds.
    samplerate : int
        Rate in Hz.
    channels : int
        Number of channels.
    """

    duration: float
    samplerate: int
    channels: int


def info(path: str | os.PathLike[str]) -> Info:
    """Return the length, the rate and the number of channels of a recording.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    with Decoder(path) as decoder:
        return Info(decoder.frames / decoder.samplerate, decoder.samplerate, decoder.channels)


def duration(path: str | os.PathLike[str]) -> float:
    """Return the length of a recording in seconds.

    Raises
    ------
    AudioError
        If the file cannot be read.
    """
    return info(path).duration


def write_wav(path: str | os.PathLike[str], samples: npt.NDArray[np.floating], sr: int) -> None:
    """Write mono samples in [-1, 1] as 16-bit PCM, atomically; the same samples give the same bytes."""
    storage.write_bytes(path, wav_bytes(samples, sr))


def wav_bytes(samples: npt.NDArray[np.floating], sr: int, subtype: Literal["PCM_16", "PCM_24"] = "PCM_16") -> bytes:
    """Encode mono samples in [-1, 1] as a WAV file; the same samples give the same bytes."""
    encoded = BytesIO()
    sf.write(encoded, samples, sr, subtype=subtype, format="WAV")
    return encoded.getvalue()


def copy_part(source: str | os.PathLike[str], path: str | os.PathLike[str], *, onset: float, duration: float) -> None:
    """Write a part of a recording as 16-bit WAV, atomically, with the rate and the channels of the recording.

    Parameters
    ----------
    source : path-like
        The recording.
    path : path-like
        The file to write.
    onset : float
        Start in seconds.
    duration : float
        Seconds to copy, or fewer if the recording ends before.

    Raises
    ------
    AudioError
        In the same cases as `read`.
    """
    with Decoder(source) as decoder, storage.atomic_path(path) as temporary:
        form = {"samplerate": decoder.samplerate, "channels": decoder.channels, "subtype": "PCM_16", "format": "WAV"}
        try:
            with sf.SoundFile(temporary, "w", **form) as written:
                for piece in decoder.pieces(onset, duration):
                    written.write(piece)
        except sf.LibsndfileError as error:  # which does not say what the system said
            raise OSError(f"{str(error).rstrip('.')}, as on a full disk") from None
