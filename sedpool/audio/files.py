"""Reading audio files as mono float32 at a known rate, and writing them; errors name the file."""

import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from sedpool import storage
from sedpool.errors import AudioError, DataError
from sedpool.runtime.arrays import Float32Array

EXTENSIONS = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})
RESAMPLER = f"soxr-{soxr.__version__}-HQ"

_OGG_PAGE = 65307  # the longest an Ogg page can be (RFC 3533, section 6)
_OGG_END_OF_STREAM = 0x04


def read(path: str | os.PathLike[str], sr: int, *, onset: float = 0.0, duration: float | None = None) -> Float32Array:
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

    Returns
    -------
    samples : ndarray of float32, shape (n,)
        The mean over the channels.

    Raises
    ------
    AudioError
        If the file cannot be read, is shorter than its header says, has no samples after `onset`, or has a sample that
        is not finite.
    """
    data, native_sr = _read_native(path, onset, duration)
    mono = data.mean(axis=1, dtype=np.float32) if data.shape[1] > 1 else data[:, 0]
    if _cancels(data, mono):
        warnings.warn(f"{path}: the channels cancel each other; the mono mix is near-silent", stacklevel=2)
    if native_sr == sr:
        return np.ascontiguousarray(mono)
    resampled: Float32Array = soxr.resample(mono, native_sr, sr, quality="HQ")
    return resampled


def stem(filename: str) -> str:
    """Remove the suffix of an audio format from a recording's name; other dots belong to the name.

    Examples
    --------
    >>> stem("street/Y0_2.000_12.000.wav"), stem("clip_1.5")
    ('street/Y0_2.000_12.000', 'clip_1.5')
    """
    suffix = PurePosixPath(filename).suffix
    return filename.removesuffix(suffix) if suffix.lower() in EXTENSIONS else filename


def list_files(root: str | os.PathLike[str], role: str) -> list[str]:
    """List the names of the recordings in a folder and below it, relative to it and sorted.

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
    files = (path for path in root.rglob("*") if path.suffix.lower() in EXTENSIONS and path.is_file())
    names = sorted(path.relative_to(root).as_posix() for path in files if not path.name.startswith("."))
    if not names:
        raise DataError(f"{role} {root}: no audio in it; expected {', '.join(sorted(EXTENSIONS))} files")
    return names


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
    data, sr = _read_native(path, 0.0, None)
    return Inspection(
        duration=len(data) / sr,
        is_silent=not data.any(),
        cancels=_cancels(data, data.mean(axis=1, dtype=np.float32)),
        digest=hashlib.sha256(np.ascontiguousarray(data).data).hexdigest(),
    )


def _cancels(data: Float32Array, mono: Float32Array) -> bool:
    return data.shape[1] > 1 and _level(mono) < 1e-3 * _level(data)


def _level(samples: Float32Array) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _read_native(path: str | os.PathLike[str], onset: float, duration: float | None) -> tuple[Float32Array, int]:
    try:
        with sf.SoundFile(path) as stream:
            frames, sr = stream.frames, stream.samplerate
            if sr <= 0:
                raise AudioError(f"{path}: the header states a sampling rate of {sr} Hz; repair or remove the file")
            first = min(round(onset * sr), frames)
            expected = frames - first if duration is None else min(round(duration * sr), frames - first)
            stream.seek(first)
            data = stream.read(expected, dtype="float32", always_2d=True)
        truncated = len(data) < expected or _is_truncated(path)
    except (OSError, RuntimeError) as error:
        reason = "no such file" if not Path(path).exists() else f"not readable audio ({error})"
        raise AudioError(f"{path}: {reason}") from None
    if truncated:
        raise AudioError(f"{path}: truncated; the header promises more audio than the file holds; fetch it again")
    if not len(data):
        raise AudioError(f"{path}: holds no samples" + (f" from {onset:g} s on" if onset else ""))
    if not np.isfinite(data).all():
        raise AudioError(f"{path}: holds samples that are not finite (NaN or Inf)")
    return data, sr


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


def duration(path: str | os.PathLike[str]) -> float:
    """Return the length of a recording in seconds, from its header.

    Raises
    ------
    AudioError
        If the header cannot be read.
    """
    try:
        info = sf.info(os.fspath(path))
    except (OSError, RuntimeError) as error:
        raise AudioError(f"{path}: not readable audio ({error})") from None
    if info.samplerate <= 0:
        raise AudioError(f"{path}: the header states a sampling rate of {info.samplerate} Hz")
    return float(info.frames / info.samplerate)


def write_wav(path: str | os.PathLike[str], samples: npt.NDArray[np.floating], sr: int) -> None:
    """Write mono samples in [-1, 1] as 16-bit PCM, atomically; the same samples give the same bytes."""
    with storage.atomic_path(path) as temporary:
        sf.write(temporary, samples, sr, subtype="PCM_16", format="WAV")
