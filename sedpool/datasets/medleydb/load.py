"""Loading MedleyDB as in the paper: full mixes and mixes with one instrument removed, eight instruments."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from sedpool import audio
from sedpool.datasets.base import Dataset, Manifest, clips_from_rows
from sedpool.datasets.medleydb.library import SEPARATOR, Library, Mix, read_library
from sedpool.datasets.medleydb.mixing import Remix, render
from sedpool.datasets.medleydb.multitrack import read_artists, read_coefficients
from sedpool.datasets.medleydb.splits import draw_split, read_split
from sedpool.errors import DataError
from sedpool.events import clip_to_duration, events_from_rows, tags_from_events
from sedpool.soundscapes.spec import SPLITS

CLASSES = (
    "acoustic guitar",
    "clean electric guitar",
    "distorted electric guitar",
    "drum set",
    "electric bass",
    "female singer",
    "male singer",
    "piano",
)


def load_medleydb(
    root: str | os.PathLike[str],
    split: str | None = None,
    *,
    annotations: str | os.PathLike[str] | None = None,
    splits: str | os.PathLike[str] | None = None,
    fold: int = 0,
    seed: int = 0,
    cache: str | os.PathLike[str] = "data/features",
    n_jobs: int = -1,
    allow_missing: bool = False,
) -> Dataset:
    """Load MedleyDB, rendering the mixes with one instrument removed if they do not exist yet.

    Clips are whole pieces, which have an instrument's tag if it sounds at all; training labels patches of them by their
    events (`Recipe.min_activity`). An instrument sounds while the activation confidence of one of its stems is at
    least 0.5.

    Parameters
    ----------
    root : path-like
        Holds ``Audio/<Track>/`` with ``<Track>_MIX.wav`` and ``<Track>_STEMS/``.
    split : {"train", "validate", "test"}, optional
        The part to load; all by default.
    annotations : path-like, optional
        Holds ``Metadata``, ``Activation_Confidence_v2`` (or ``Activation_Confidence``), ``mixing_coefficients.yaml``
        and, if there are, ``artist_index.json`` and ``tracklist_v1.txt`` (the multitracks to use), beside each other or
        as in the package ``medleydb``. `root` by default.
    splits : path-like, optional
        Folder of the authors' split lists, which say which mixes there are. By default splits are drawn by their rule.
    fold : int
        Number of the list (0 to 9), or of the draw.
    seed : int
        Seed of the draws.
    cache : path-like
        Remixes are kept below it, in ``medleydb-remixes``.
    n_jobs : int
        Number of rendering processes, -1 for one per core.
    allow_missing : bool
        Load mixes without audio too (`path` is None), leave out multitracks without annotations, and list both in the
        manifest.

    Returns
    -------
    dataset : Dataset
        Mixes named ``<Track>---<removed instrument>``, with events and tags of eight instruments.

    Raises
    ------
    DataError
        If annotations or, unless `allow_missing`, recordings are missing or wrong; the message names the file.
    """
    if split is not None and split not in SPLITS:
        raise DataError(f"medleydb: no split {split!r}; expected {', '.join(SPLITS)}")
    folder = Path(annotations or root)
    given = read_split(Path(splits), fold) if splits else None
    library = read_library(Path(root) / "Audio", folder, given and {name.split(SEPARATOR)[0] for name in given})
    if given:
        assigned = given
    else:
        artists, tracks = read_artists(folder), library.multitracks
        by_mix = {mix.name: artists.get(mix.track, tracks[mix.track].artist) for mix in library.mixes()}
        assigned = draw_split(by_mix, fold=fold, seed=seed)
    wanted = {name: part for name, part in assigned.items() if split in (None, part)}
    mixes = [mix for mix in library.mixes() if mix.name in wanted]
    paths, broken = _locate(library, mixes, folder, Path(cache) / "medleydb-remixes", n_jobs)
    missing = [name for name in wanted if name not in paths] + [
        f"{name}{SEPARATOR}" for name in library.unannotated if given is None
    ]
    if missing and not allow_missing:
        reason = broken.get(missing[0], f"{missing[0]}: no recordings in {library.audio}, or no annotations")
        raise DataError(
            f"medleydb: {len(missing)} mixes cannot be used ({reason}); mend this or set allow_missing=true"
        )
    return _dataset(library, mixes, paths, wanted, Manifest(tuple(missing)))


def _locate(
    library: Library, mixes: Sequence[Mix], annotations: Path, folder: Path, n_jobs: int
) -> tuple[dict[str, Path], dict[str, str]]:
    """Return the files of the mixes, rendered if necessary, and why some cannot be rendered."""
    paths: dict[str, Path] = {}
    remixes: list[Remix] = []
    coefficients: Mapping[str, Mapping[int, float]] | None = None
    for mix in mixes:
        if not mix.removed:
            path = library.audio / mix.track / library.multitracks[mix.track].mix_filename
            paths |= {mix.name: path} if path.is_file() else {}
            continue
        stems = library.stem_files(mix)
        if not all(path.is_file() for path in stems.values()):
            continue
        if coefficients is None:
            coefficients = read_coefficients(annotations)
        own = coefficients.get(mix.track, {})
        if lacking := [stem for stem in stems if stem not in own]:
            raise DataError(f"medleydb: mixing_coefficients.yaml has none for stem {lacking[0]} of {mix.track}; add it")
        remixes.append(Remix(mix.name, mix.track, {path: float(own[stem]) for stem, path in stems.items()}))
    rendered, broken = render(remixes, folder, n_jobs=n_jobs)
    return paths | rendered, broken


def _dataset(
    library: Library, mixes: Sequence[Mix], paths: Mapping[str, Path], splits: Mapping[str, str], manifest: Manifest
) -> Dataset:
    clips, rows = [], []
    activations = {name: library.read_activations(name) for name in dict.fromkeys(mix.track for mix in mixes)}
    for mix in mixes:
        path, active = paths.get(mix.name), activations[mix.track]
        duration = audio.duration(path) if path else float(active.times[-1])
        clips.append((mix.name, str(path) if path else None, duration, splits[mix.name]))
        stems, present = library.multitracks[mix.track].stems, library.stem_files(mix)
        for label in CLASSES:
            having = [stem for stem in present if label in stems[stem].instruments]
            rows += [(mix.name, onset, offset, label) for onset, offset in active.active(having)]
    table = clips_from_rows(clips)
    # The last frame of activations may reach past the recording's end.
    events, _ = clip_to_duration(events_from_rows(rows), dict(zip(table["filename"], table["duration"], strict=True)))
    tags = tags_from_events(events, table["filename"].tolist(), CLASSES)
    return Dataset("medleydb", CLASSES, table, tags, events, manifest)
