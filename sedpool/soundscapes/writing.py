"""Writing a corpus of soundscapes: whole or not at all, and resumed where it was interrupted.

A corpus is made in a hidden folder beside its own, which is renamed once it is complete. Complete soundscapes in it are
kept, so that an interrupted synthesis loses only the soundscapes in progress.
"""

import functools
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from rich.console import Console
from rich.progress import track

from sedpool import audio, storage
from sedpool.audio.band import FLOOR_DB, dither
from sedpool.audio.loudness import DEFINITIONS
from sedpool.errors import ConfigError, DataError
from sedpool.formats import audacity, scaper_jams
from sedpool.runtime import parallel
from sedpool.runtime.arrays import Float32Array
from sedpool.settings.identity import recorded_form
from sedpool.soundscapes.mixing import Mixing, Soundscape, Sources, mix
from sedpool.soundscapes.sampling import draw_events, generator
from sedpool.soundscapes.spec import SoundscapeSpec

FORMAT = 2
"""Raise it whenever the same plan comes to give other bytes."""
FOLDERS = ("audio", "annotations")
ISOLATED = "isolated_events"
_CHUNK = 8  # soundscapes in a task: few enough for an even load, enough to hide the cost of a task
_may_synthesise: ContextVar[bool] = ContextVar("may_synthesise", default=True)


class NotSynthesised(DataError):
    """Audio that sedpool makes on first use is missing, and `without_synthesis` forbids making it.

    Attributes
    ----------
    plan : str or None
        Hash of the plan of the corpus, where that is known before it is made.
    """

    def __init__(self, message: str, plan: str | None = None) -> None:
        super().__init__(message)
        self.plan = plan


@contextmanager
def without_synthesis() -> Iterator[None]:
    """Raise `NotSynthesised` within the block where audio is missing, instead of making it."""
    token = _may_synthesise.set(False)
    try:
        yield
    finally:
        _may_synthesise.reset(token)


def may_synthesise() -> bool:
    """Return whether missing audio may be made, which is so outside `without_synthesis`."""
    return _may_synthesise.get()


@dataclass(frozen=True)
class Plan:
    """Everything that determines a made corpus.

    Attributes
    ----------
    name : str
        Name of the corpus.
    seed : int
        Seed of every draw.
    sizes : mapping of str to int
        Number of soundscapes of each split.
    spec : SoundscapeSpec
        What the events are drawn from.
    sources : mapping
        What the sounds are drawn from, e.g. a fingerprint of the recordings; JSON values.
    isolated : bool
        Whether the background and every event are also written alone.
    """

    name: str
    seed: int
    sizes: Mapping[str, int]
    spec: SoundscapeSpec
    sources: Mapping[str, Any]
    isolated: bool = False

    def __post_init__(self) -> None:
        for split, size in self.sizes.items():
            if size < 1:
                raise ConfigError(f"{self.name}: {size} soundscapes for {split}; expected at least 1")
        if self.seed < 0:
            raise ConfigError(f"{self.name}: seed {self.seed}; expected 0 or more")

    @property
    def mixing(self) -> Mixing:
        """How the soundscapes are mixed."""
        return Mixing(self.spec.level)

    def settings(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        mixing = {**asdict(self.mixing), "floor_db": FLOOR_DB, "snr_definition": DEFINITIONS[self.spec.level]}
        spec = recorded_form("soundscapes", asdict(self.spec))
        return {"format": FORMAT, **asdict(self), "spec": spec, "mixing": mixing}


def make_corpus(root: str | os.PathLike[str], plan: Plan, prepare: Callable[[], Sources], *, n_jobs: int = -1) -> Path:
    """Write a corpus in URBAN-SED's layout unless it exists, to a folder whose name follows from the plan.

    The same settings find it again and other settings never do; see `write_corpus`.

    Parameters
    ----------
    root : path-like
        Parent folder of made corpora.
    plan : Plan
        What to make.
    prepare : callable
        Returns the sources of the sounds, which are copied to the workers; called only if the corpus has to be made.
    n_jobs : int
        Number of worker processes, -1 for one per core; the bytes do not depend on it.

    Returns
    -------
    folder : Path
        ``root/<name>-<hash of the plan>``.

    Raises
    ------
    DataError
        If `root` holds anything else than corpora that sedpool made; also see `write_corpus`.
    """
    folder = Path(root) / f"{plan.name}-{storage.hash_value(plan.settings())[:12]}"
    if may_synthesise() and not folder.exists():
        _refuse_foreign(Path(root), plan.name)
    write_corpus(folder, plan, prepare, n_jobs=n_jobs)
    return folder


def _refuse_foreign(root: Path, name: str) -> None:
    """Refuse to make a corpus among files of the user's own."""
    entries = sorted(entry for entry in root.iterdir() if not entry.name.startswith(".")) if root.is_dir() else []
    if entries and not any((entry / "corpus.json").is_file() for entry in entries):
        raise DataError(
            f"{root}: holds {entries[0].name} and no corpus that sedpool made, so that {name} is not made in it; for "
            f"your own recordings, did you mean dataset=folder dataset.root={root}?"
        )


def write_corpus(folder: Path, plan: Plan, prepare: Callable[[], Sources], *, n_jobs: int = -1) -> bool:
    """Write a corpus in URBAN-SED's layout to `folder` unless it exists.

    Beside the audio and the annotations it holds ``<split>.tsv``, the events in DCASE's format, and ``corpus.json``,
    which says how it was made.

    Parameters
    ----------
    folder : Path
        The corpus.
    plan, prepare, n_jobs
        See `make_corpus`.

    Returns
    -------
    written : bool
        False if the corpus existed.

    Raises
    ------
    DataError
        If the folder holds anything else, or cannot be written; within `without_synthesis`, `NotSynthesised` if the
        corpus does not exist.
    """
    if _is_made(folder, plan):
        return False
    if not may_synthesise():
        message = f"{folder.parent}: no corpus {folder.name} in it; give the folder that it was made in"
        raise NotSynthesised(message, storage.hash_value(plan.settings()))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # One process makes the corpus, and others wait until it is there.
        lock = FileLock(folder.with_name(f".{folder.name}.lock")).acquire()
    except OSError as error:
        reason = f"corpora cannot be made here ({error.strerror})"
        raise DataError(f"{folder.parent}: {reason}; choose another place") from None
    with lock:
        if _is_made(folder, plan):
            return False
        sources = prepare()
        with storage.writing(folder):
            _make(folder, plan, sources, n_jobs)
    return True


def _is_made(folder: Path, plan: Plan) -> bool:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    if not (folder / "corpus.json").is_file():
        raise DataError(f"{folder}: holds something else; choose another folder")
    made = storage.read_json(folder / "corpus.json")
    if made.get("plan") != storage.hash_value(plan.settings()):
        raise DataError(f"{folder}: holds a corpus made with other settings or recordings; choose another folder")
    return True


def _make(folder: Path, plan: Plan, sources: Sources, n_jobs: int) -> None:
    digest = storage.hash_value(plan.settings())
    partial = folder.with_name(f".{folder.name}-{digest[:12]}.partial")
    for kind, split in itertools.product((*FOLDERS, ISOLATED) if plan.isolated else FOLDERS, plan.sizes):
        (partial / kind / split).mkdir(parents=True, exist_ok=True)
    chunks = [
        (split, range(start, min(start + _CHUNK, size)))
        for split, size in plan.sizes.items()
        for start in range(0, size, _CHUNK)
    ]
    done = parallel.each(functools.partial(_write_chunk, partial, plan, sources), chunks, n_jobs)
    for _ in track(done, f"making {folder.name}", len(chunks), console=Console(stderr=True), transient=True):
        pass
    for split in plan.sizes:
        _write_tsv(partial, split)
    about = {
        "plan": digest,
        "classes": sorted(set(plan.spec.labels or sources.classes)),
        "skipped": list(sources.skipped),
    }
    storage.write_json(partial / "corpus.json", {**plan.settings(), **about})
    if folder.exists():
        folder.rmdir()
    os.rename(partial, folder)


def _write_chunk(root: Path, plan: Plan, sources: Sources, chunk: tuple[str, Sequence[int]]) -> None:
    """Draw, mix and write some soundscapes of a split, unless they are complete."""
    split, indices = chunk
    for index in indices:
        stem = f"soundscape_{split}_{index:05d}"
        if _is_complete(root, split, stem):
            continue
        rng = generator(plan.seed, split, index)
        drawn = draw_events(plan.spec, sources.classes, rng)
        background = sources.background(plan.spec.duration, split, rng)
        soundscape = mix(background, [(event, sources.event(event, split, rng)) for event in drawn], plan.mixing)
        samples = soundscape.samples + dither(len(soundscape.samples), rng)
        write_soundscape(root, split, stem, soundscape, samples, plan.mixing, isolated=plan.isolated)


def _is_complete(root: Path, split: str, stem: str) -> bool:
    """Return whether a soundscape was written: its JAMS can be read, and its audio is as long as the JAMS says."""
    try:
        scene = scaper_jams.read_scene(root / "annotations" / split / f"{stem}.jams")
        return audio.duration(root / "audio" / split / f"{stem}.wav") == scene.duration
    except DataError:
        return False


def write_soundscape(
    root: Path, split: str, stem: str, soundscape: Soundscape, samples: Float32Array, mixing: Mixing, *, isolated: bool
) -> None:
    """Write a soundscape; its JAMS comes last and atomically, so that a soundscape that has one is complete.

    Parameters
    ----------
    root : Path
        The corpus; see `sedpool.datasets.layout`.
    split, stem : str
        Split and name of the soundscape.
    soundscape : Soundscape
        Background and events.
    samples : ndarray of float32
        The mix, dithered for 16 bits.
    mixing : Mixing
        How it was mixed.
    isolated : bool
        Also write the background and every event alone, in 24 bits, which add up to the mix without its dither.
    """
    annotations = root / "annotations" / split
    (root / "audio" / split / f"{stem}.wav").write_bytes(audio.wav_bytes(samples, mixing.sr))
    if isolated:
        folder = root / ISOLATED / split / stem
        folder.mkdir(exist_ok=True)
        for name, alone in soundscape.isolated():
            # Not as floats: libsndfile writes the time of day into the header of those.
            (folder / f"{name}.wav").write_bytes(audio.wav_bytes(alone, mixing.sr, "PCM_24"))
    lines = [f"{track.event.onset!r}\t{track.event.offset!r}\t{track.event.label}\n" for track in soundscape.tracks]
    (annotations / f"{stem}.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    temporary = annotations / f".{stem}.jams"
    temporary.write_text(json.dumps(_jams_of(soundscape, mixing)), encoding="utf-8", newline="\n")
    os.replace(temporary, annotations / f"{stem}.jams")


def _jams_of(soundscape: Soundscape, mixing: Mixing) -> dict[str, Any]:
    """Return a soundscape's JAMS document, in Scaper's namespace and with Scaper's names for its settings."""
    background = soundscape.background
    duration = len(background.samples) / mixing.sr
    settings = {
        "duration": duration,
        "sr": mixing.sr,
        "ref_db": mixing.ref_db,
        "n_channels": 1,
        "fade_in_len": mixing.fade_in,
        "fade_out_len": mixing.fade_out,
        "reverb": None,
        "n_events": len(soundscape.tracks),
        "peak_normalization_scale_factor": soundscape.gain,
        "background_band": background.band,
        "floor_db": FLOOR_DB,
        "snr_definition": DEFINITIONS[mixing.level],
    }
    values = [
        scaper_jams.Value(
            background.label, background.source_file, background.source_time, 0.0, duration, 0.0, "background"
        )
    ]
    for foreground in soundscape.tracks:
        event, sound = foreground.event, foreground.sound
        values.append(
            scaper_jams.Value(
                event.label,
                sound.source_file,
                sound.source_time,
                event.onset,
                event.duration,
                event.snr,
                "foreground",
                event.pitch_shift,
                event.time_stretch,
            )
        )
    return scaper_jams.document(duration, [asdict(value) for value in values], settings)


def _write_tsv(root: Path, split: str) -> None:
    """Write the events of a split in DCASE's format; a soundscape without events has a row with its name alone."""
    lines = ["filename\tonset\toffset\tevent_label\n"]
    for path in sorted((root / "annotations" / split).glob("[!.]*.txt")):
        events = audacity.read_rows(path)
        lines += [f"{path.stem}.wav\t{onset:.6f}\t{offset:.6f}\t{label}\n" for onset, offset, label in events]
        lines += [] if events else [f"{path.stem}.wav\t\t\t\n"]
    storage.write_text(root / f"{split}.tsv", "".join(lines))
