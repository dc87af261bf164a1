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
from sedpool.runtime.arrays import Float32Array, IntArray

Grey = npt.NDArray[np.uint8]

RATES = (16000, 22050, 24000, 32000, 44100, 48000)
"""Sampling rates in Hz of MP3 that every browser plays."""
BITRATE = 64
"""Kilobits a second of sound as it is played."""
PIECE_SECONDS = 10.0
"""Length of a picture in seconds of sound as it is played."""
COLUMNS = 100
"""Columns of a picture for each second of sound as it is played."""

_BANDS: dict[Scale, int] = {"mel": 96, "linear": 128}  # rows of a picture
_PEAKS = 200  # a second of sound as it is played
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
    painter = Painter.of(audio.info(path).samplerate, slower)
    rate = painter.rate
    n_samples, peaks = 0, []
    loudness: dict[Scale, list[Grey]] = {scale: [] for scale in painter.spectrograms}
    mp3 = io.BytesIO()
    # The bit rate of each kind of MP3 falls evenly from its highest to its lowest as the level goes from 0 to 1.
    most, least = (320, 32) if rate >= 32000 else (160, 8)
    form = {"format": "MP3", "subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT"}
    with closing(
        sf.SoundFile(mp3, "w", rate, 1, **form, compression_level=(most - BITRATE) / (most - least))
    ) as written:
        for samples in painter.blocks(path, onset, duration):
            written.write(samples)
            n_samples += len(samples)
            peaks.append(painter.peaks(samples))
            for scale in loudness:
                loudness[scale].append(painter.loudness(samples, scale))
    greys = {}
    for scale, pieces in loudness.items():
        grey = grey_of(np.sum([counts_of(piece) for piece in pieces], axis=0))
        greys[scale] = [grey[piece] for piece in pieces]
    return Media(
        duration=n_samples / rate / slower,
        highest=painter.highest,
        mp3=mp3.getvalue(),
        peaks=np.concatenate(peaks),
        pictures={scale: [webp(piece) for piece in pieces] for scale, pieces in greys.items()},
        whole={scale: webp(np.concatenate(pieces), _WHOLE) for scale, pieces in greys.items() if len(pieces) > 1},
    )


@dataclass(frozen=True)
class Painter:
    """How the sound of a recording, as it is played, becomes peaks and columns of pictures.

    Attributes
    ----------
    rate : int
        Sampling rate of the sound as it is played, in Hz.
    slower : int
        How many times slower that is than the recording.
    highest : float
        Upper end of the pictures in Hz of the recording.
    spectrograms : dict of str to LogMel
        By frequency scale.
    """

    rate: int
    slower: int
    highest: float
    spectrograms: dict[Scale, LogMel]

    @classmethod
    def of(cls, samplerate: int, slower: int) -> "Painter":
        """Make that of recordings with a sampling rate in Hz."""
        native = samplerate / slower
        rate = next((rate for rate in RATES if rate >= native), RATES[-1])
        highest = min(native, rate) / 2
        longer = min(max(1.0, RATES[0] / 2 / native), _LONGER)  # low sound needs longer windows
        window = 2 ** round(np.log2(rate * _WINDOW_SECONDS * longer))
        n_bins = max(1, int(highest * window / rate))
        spectrograms = {
            scale: LogMel(
                sr=rate,
                n_fft=window,
                hop_length=rate // COLUMNS,
                n_mels=min(_BANDS[scale], n_bins),
                fmax=highest,
                scale=scale,
                reference="fixed",
            )
            for scale in scales(slower)
        }
        return cls(rate, slower, highest * slower, spectrograms)

    def blocks(self, path: Path, onset: float = 0.0, duration: float | None = None) -> Iterator[Float32Array]:
        """Yield the samples of each picture, between -1 and 1; an empty recording has one sample of silence."""
        is_empty, seconds = True, PIECE_SECONDS / self.slower
        for samples in blocks(path, self.rate * self.slower, block_seconds=seconds, onset=onset, duration=duration):
            is_empty = False
            yield np.clip(samples, -1, 1)
        if is_empty:
            yield np.zeros(1, np.float32)

    def loudness(self, samples: Float32Array, scale: Scale) -> Grey:
        """Return the loudness of a block in steps of half a dB, shape (columns, bands)."""
        steps = (self.spectrograms[scale](samples) - FLOOR["fixed"]) * _STEPS_PER_DB
        loudness: Grey = np.clip(np.rint(steps), 0, 255).astype(np.uint8)
        return loudness

    def peaks(self, samples: Float32Array) -> Grey:
        """Return the highest magnitudes of a block in equal pieces of time, without its offset; 255 is full scale."""
        n_peaks = max(1, round(len(samples) / self.rate * _PEAKS))
        starts = np.arange(n_peaks) * len(samples) // n_peaks
        highest = np.maximum.reduceat(np.abs(samples - samples.mean()), starts)
        peaks: Grey = np.rint(255 * highest.clip(max=1)).astype(np.uint8)
        return peaks


def counts_of(loudness: Grey) -> IntArray:
    """Count how often each loudness occurs, shape (256,)."""
    return np.bincount(loudness.ravel(), minlength=256)


def grey_of(counts: IntArray) -> Grey:
    """Return the grey of each loudness, from the background's to the loudest of the recording."""
    levels = np.cumsum(counts)
    quiet, loud = np.searchsorted(levels, [0.3 * levels[-1], 0.9995 * levels[-1]]) / _STEPS_PER_DB
    loud = max(loud, _NARROWEST)  # silence is white
    quiet = max(min(quiet, loud - _NARROWEST), loud - _WIDEST)
    share = (np.arange(256) / _STEPS_PER_DB - quiet) / (loud - quiet)
    grey: Grey = np.rint(255 * (1 - np.clip(share, 0, 1))).astype(np.uint8)
    return grey


def webp(columns: Grey, widest: int | None = None) -> bytes:
    """Return a picture of columns, shape (time, bands), with the lowest band at its bottom.

    Parameters
    ----------
    columns : ndarray of uint8
        Their greys.
    widest : int, optional
        Width in pixels, at most; each is then the mean of what it stands for.
    """
    image = Image.fromarray(np.ascontiguousarray(columns.T[::-1]))
    if widest is not None and widest < image.width:
        image = image.resize((widest, image.height), Image.Resampling.BOX)
    written = io.BytesIO()
    image.save(written, "WEBP", quality=_QUALITY, method=4)
    return written.getvalue()
