"""Make the trial of a new user: ``python scripts/make_trial.py --data FOLDER --out trial --seed 0``.

Sixty recordings of 20 to 60 s with Audacity labels to train on, and one of 20 minutes to detect in, from sounds and
backgrounds that none of the sixty has. `FOLDER` holds ``esc10`` (recordings by class, their names beginning with the
fold) and ``backgrounds``.
"""

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import track

from sedpool import audio
from sedpool.audio.loudness import rms
from sedpool.events import events_from_rows
from sedpool.formats import write_audacity, write_tsv
from sedpool.runtime.arrays import Float32Array

SR = 44100
N_TRAINING = 60
TRAINING_SECONDS = (20, 60)
LONG_SECONDS = 1200
SECONDS_AN_EVENT = 7.0  # on average from one event's start to the next one's
SNR_DB = (6.0, 24.0)
BACKGROUND_RMS = 0.01
UNSEEN_FOLD = "4"
UNSEEN_BACKGROUNDS = 5  # every fifth


def main(
    data: Annotated[Path, typer.Option(envvar="SEDPOOL_TEST_DATA", help="Folder of esc10 and backgrounds.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")] = Path("trial"),
    seed: Annotated[int, typer.Option(help="Draws everything.")] = 0,
) -> None:
    """Make recordings to train on and a long one to detect in."""
    rng = np.random.default_rng(seed)
    sounds = {
        re.sub(r"^\d+ - ", "", folder.name).lower().replace(" ", "_"): sorted(folder.glob("*.ogg"))
        for folder in sorted(data.glob("esc10/*"))
        if folder.is_dir()
    }
    backgrounds = sorted(path for path in data.glob("backgrounds/**/*") if path.suffix in audio.EXTENSIONS)
    seen = {label: [path for path in paths if path.name[0] != UNSEEN_FOLD] for label, paths in sounds.items()}
    unseen = {label: [path for path in paths if path.name[0] == UNSEEN_FOLD] for label, paths in sounds.items()}
    for number in track(range(N_TRAINING), "recordings"):
        name = f"recording_{number:02d}.wav"
        rest = [path for index, path in enumerate(backgrounds) if index % UNSEEN_BACKGROUNDS]
        samples, rows = soundscape(rng, int(rng.integers(*TRAINING_SECONDS, endpoint=True)), seen, rest)
        audio.write_wav(out / "training" / name, samples, SR)
        events = events_from_rows([(name, *row) for row in rows])
        write_audacity(events, out / "training" / name.replace(".wav", ".txt"))
    samples, rows = soundscape(rng, LONG_SECONDS, unseen, backgrounds[::UNSEEN_BACKGROUNDS])
    audio.write_wav(out / "long" / "long.wav", samples, SR)
    write_tsv(events_from_rows([("long.wav", *row) for row in rows]), out / "long_labels.tsv")


def soundscape(
    rng: np.random.Generator, seconds: int, sounds: dict[str, list[Path]], backgrounds: list[Path]
) -> tuple[Float32Array, list[tuple[float, float, str]]]:
    """Mix sounds of any class into backgrounds that follow each other; return it and its events by onset."""
    samples = np.zeros(seconds * SR, dtype=np.float32)
    end = 0
    while end < len(samples):
        piece = audio.read(backgrounds[rng.integers(len(backgrounds))], SR)[: len(samples) - end]
        samples[end : end + len(piece)] = piece * (BACKGROUND_RMS / max(rms(piece), 1e-9))
        end += len(piece)
    rows = []
    onset = rng.uniform(0, SECONDS_AN_EVENT)
    while onset < seconds - 1:
        label = str(rng.choice(sorted(sounds)))
        sound = audio.read(sounds[label][rng.integers(len(sounds[label]))], SR)
        there = np.flatnonzero(np.abs(sound) > 1e-4)
        sound = sound[there[0] : there[-1] + 1][: int((seconds - onset) * SR)]
        first = round(onset * SR)
        samples[first : first + len(sound)] += sound * (
            BACKGROUND_RMS * 10 ** (rng.uniform(*SNR_DB) / 20) / max(rms(sound), 1e-9)
        )
        rows.append((first / SR, (first + len(sound)) / SR, label))
        onset += rng.exponential(SECONDS_AN_EVENT)
    return np.clip(samples, -1, 1), rows


if __name__ == "__main__":
    typer.run(main)
