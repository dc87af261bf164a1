"""What a page plays and shows of one recording: sound as MP3, peaks of the waveform, pictures of the spectrogram.

A recording is read piece by piece. The pictures are grey, so that coloured events stand out: the louder, the darker.
With time expansion everything is made from the slowed sound, so that ultrasound becomes audible.
"""

import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf
from PIL import Image

from sedpool import audio
from sedpool.audio.stream import blocks
from sedpool.features.bands import Scale
from sedpool.features.logmel import FLOOR, LogMel
from sedpool.runtime.arrays import Float32Array

Grey = npt.NDArray[np.uint8]

RATES = (16000, 22050, 24000, 32000, 44100, 48000)
"""Sampling rates in Hz of MP3 that every browser plays."""
BITRATE = 64
"""Kilobits a second of sound as it is played."""
PIECE_SECONDS = 10.0
"""Length of a picture in seconds of sound as it is played."""

_BANDS: dict[Scale, int] = {"mel": 96, "linear": 128}  # rows of a picture
_COLUMNS, _PEAKS = 100, 200  # a second of sound as it is played
_WHOLE = 1200  # columns of the picture of a whole recording
_WINDOW_SECONDS = 0.03
_LONGER = 16  # times, at most
_STEPS_PER_DB = 2  # a byte then reaches from the floor of -120 dB to beyond full scale
_NARROWEST, _WIDEST = 30.0, 75.0  # dB from white to black
_QUALITY = 50  # of WebP


@dataclass(frozen=True)
class Media:
    """What a page holds of one recording.

    Attributes
    ----------
    duration : float
        Length of the recording in seconds.
    highest : float
        Upper end of the pictures in Hz.
    mp3 : bytes
        The sound, mono, slowed if time is expanded.
    peaks : ndarray of uint8
        Highest magnitudes in equal pieces of time; 255 is full scale.
    pictures : dict of str to list of bytes
        By frequency scale, WebP pictures of `PIECE_SECONDS` of the sound as it is played; the last may be shorter.
    whole : dict of str to bytes
        By frequency scale, one picture of the whole recording; empty if that is not longer than one piece.
    """

    duration: float
    highest: float
    mp3: bytes
    peaks: Grey
    pictures: dict[Scale, list[bytes]]
    whole: dict[Scale, bytes]


def scales(slower: int) -> tuple[Scale, ...]:
    """Return the frequency scales of pictures: the mel scale is about hearing, and says nothing about ultrasound."""
    return ("mel", "linear") if slower == 1 else ("linear",)


def make_media(path: Path, slower: int = 1, *, onset: float = 0.0, duration: float | None = None) -> Media:
    """Make what a page plays and shows of a recording, or of a part of it.

    Parameters
    ----------
    path : Path
        The recording.
    slower : int
        How many times slower it is played.
    onset : float
        Start in seconds.
    duration : float, optional
        Seconds; by default the rest of the recording.

    Raises
    ------
    AudioError
        If it cannot be read to its end.
    """
    native = audio.info(path).samplerate / slower
    rate = next((rate for rate in RATES if rate >= native), RATES[-1])
    highest = min(native, rate) / 2
    longer = min(max(1.0, RATES[0] / 2 / native), _LONGER)  # low sound needs longer windows
    window = 2 ** round(np.log2(rate * _WINDOW_SECONDS * longer))
    n_bins = max(1, int(highest * window / rate))
    spectrograms = {
        scale: LogMel(
            sr=rate,
            n_fft=window,
            hop_length=rate // _COLUMNS,
            n_mels=min(_BANDS[scale], n_bins),
            fmax=highest,
            scale=scale,
            reference="fixed",
        )
        for scale in scales(slower)
    }
    n_samples, peaks = 0, []
    loudness: dict[Scale, list[Grey]] = {scale: [] for scale in spectrograms}
    mp3 = io.BytesIO()
    # The bit rate of each kind of MP3 falls evenly from its highest to its lowest as the level goes from 0 to 1.
    most, least = (320, 32) if rate >= 32000 else (160, 8)
    form = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT"}
    with closing(
        sf.SoundFile(mp3, "w", rate, 1, **form, compression_level=(most - BITRATE) / (most - least))
    ) as written:
        for samples in _played_blocks(path, rate, slower, onset, duration):
            written.write(samples)
            n_samples += len(samples)
            n_peaks = max(1, round(len(samples) / rate * _PEAKS))
            starts = np.arange(n_peaks) * len(samples) // n_peaks
            peaks.append(np.rint(255 * np.maximum.reduceat(np.abs(samples), starts)).astype(np.uint8))
            for scale, spectrogram in spectrograms.items():
                steps = (spectrogram(samples) - FLOOR["fixed"]) * _STEPS_PER_DB
                loudness[scale].append(np.clip(np.rint(steps), 0, 255).astype(np.uint8))
    greys = {scale: [_grey(pieces)[piece] for piece in pieces] for scale, pieces in loudness.items()}
    return Media(
        duration=n_samples / rate / slower,
        highest=highest * slower,
        mp3=mp3.getvalue(),
        peaks=np.concatenate(peaks),
        pictures={scale: [_webp(_image(piece)) for piece in pieces] for scale, pieces in greys.items()},
        whole={scale: _webp(_whole(pieces)) for scale, pieces in greys.items() if len(pieces) > 1},
    )


def _played_blocks(path: Path, rate: int, slower: int, onset: float, duration: float | None) -> Iterator[Float32Array]:
    """Yield the samples of each picture, between -1 and 1; an empty recording has one sample of silence."""
    is_empty = True
    seconds = PIECE_SECONDS / slower
    for samples in blocks(path, rate * slower, block_seconds=seconds, onset=onset, duration=duration):
        is_empty = False
        yield np.clip(samples, -1, 1)
    if is_empty:
        yield np.zeros(1, np.float32)


def _grey(pieces: list[Grey]) -> Grey:
    """Return the grey of each level of loudness, from the background's to the loudest of the recording."""
    levels = np.cumsum(sum(np.bincount(piece.ravel(), minlength=256) for piece in pieces))
    quiet, loud = np.searchsorted(levels, [0.3 * levels[-1], 0.9995 * levels[-1]]) / _STEPS_PER_DB
    loud = max(loud, _NARROWEST)  # silence is white
    quiet = max(min(quiet, loud - _NARROWEST), loud - _WIDEST)
    share = (np.arange(256) / _STEPS_PER_DB - quiet) / (loud - quiet)
    grey: Grey = np.rint(255 * (1 - np.clip(share, 0, 1))).astype(np.uint8)
    return grey


def _image(columns: Grey) -> Image.Image:
    """Return a picture of columns, shape (time, bands), with the lowest band at its bottom."""
    return Image.fromarray(np.ascontiguousarray(columns.T[::-1]))


def _whole(pieces: list[Grey]) -> Image.Image:
    """Return one picture of all pieces; each column is the mean of what it stands for."""
    image = _image(np.concatenate(pieces))
    return image.resize((min(_WHOLE, image.width), image.height), Image.Resampling.BOX)


def _webp(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "WEBP", quality=_QUALITY, method=4)
    return written.getvalue()
