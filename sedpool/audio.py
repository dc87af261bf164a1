"""Audio files in and out: mono float32 at a known rate, or an error that names the file."""

import os
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf
import soxr

from sedpool import storage
from sedpool.errors import AudioError

EXTENSIONS = frozenset({".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"})
RESAMPLER = f"soxr-{soxr.__version__}-HQ"

_OGG_PAGE = 65307  # the longest an Ogg page can be (RFC 3533, section 6)
_OGG_END_OF_STREAM = 0x04

FloatArray = npt.NDArray[np.float32]


def read(path: str | os.PathLike[str], sr: int) -> FloatArray:
    """Read a recording as mono at the rate `sr`.

    Parameters
    ----------
    path : path-like
        Any format that libsndfile reads.
    sr : int
        Sampling rate of the result in Hz.

    Returns
    -------
    samples : ndarray of float32, shape (n,)
        The mean over the channels.

    Raises
    ------
    AudioError
        If the file cannot be read, ends before its header says, holds no samples or a sample that is not finite.
    """
    data, native_sr = _read_native(path)
    mono = data.mean(axis=1, dtype=np.float32) if data.shape[1] > 1 else data[:, 0]
    if data.shape[1] > 1 and _level(mono) < 1e-3 * _level(data):
        warnings.warn(f"{path}: the channels cancel each other; the mono mix is near-silent", stacklevel=2)
    if native_sr == sr:
        return np.ascontiguousarray(mono)
    resampled: FloatArray = soxr.resample(mono, native_sr, sr, quality="HQ")
    return resampled


def _level(samples: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _read_native(path: str | os.PathLike[str]) -> tuple[FloatArray, int]:
    try:
        with sf.SoundFile(path) as stream:
            expected, sr = stream.frames, stream.samplerate
            if sr <= 0:
                raise AudioError(f"{path}: the header states a sampling rate of {sr} Hz; repair or remove the file")
            data = stream.read(dtype="float32", always_2d=True)
        truncated = len(data) < expected or _is_truncated(path)
    except (OSError, RuntimeError) as error:
        reason = "no such file" if not Path(path).exists() else f"not readable audio ({error})"
        raise AudioError(f"{path}: {reason}") from None
    if not len(data):
        raise AudioError(f"{path}: holds no samples")
    if truncated:
        raise AudioError(f"{path}: truncated; the header promises more audio than the file holds; fetch it again")
    if not np.isfinite(data).all():
        raise AudioError(f"{path}: holds samples that are not finite (NaN or Inf)")
    return data, sr


def _is_truncated(path: str | os.PathLike[str]) -> bool:
    """Whether a WAV or Ogg file ends before its container says.

    libsndfile silently shortens such files to what is there, so the number of frames alone does not tell.
    """
    size = os.path.getsize(path)
    with Path(path).open("rb") as stream:
        head = stream.read(8)
        stream.seek(max(0, size - _OGG_PAGE))
        tail = stream.read()
    if head[:4] == b"RIFF" and head[4:] not in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"):  # those: streamed
        return int.from_bytes(head[4:], "little") + 8 > size
    if head[:4] == b"OggS":
        last_page = tail[tail.rfind(b"OggS") :]
        return len(last_page) < 6 or not last_page[5] & _OGG_END_OF_STREAM
    return False


def duration(path: str | os.PathLike[str]) -> float:
    """Length of a recording in seconds, from its header.

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
