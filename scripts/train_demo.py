"""Make the detector that sedpool brings: ``python scripts/train_demo.py --data FOLDER --work FOLDER``.

A small network learns from the tags of soundscapes, and then from its own predictions. The soundscapes are recordings
of ESC-10, folds 1 to 4, over real backgrounds. Four detectors are each trained on three folds and tested on the fourth;
the card states their scores. A fifth detector is trained on all folds and packed, in half precision, as
``sedpool/inference/demo.sedpool``. The folder of the data holds ``esc10`` and ``backgrounds``, each with its README.

Finished steps stay in the folder of work, so that the same command goes on after an interruption.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import typer
import yaml

from sedpool import storage
from sedpool.evaluation.counts_table import counts_of
from sedpool.experiment.pack import pack_run
from sedpool.experiment.run import run
from sedpool.inference.package import DEMO_FILE
from sedpool.run_folder import RunFolder
from sedpool.settings.compose import compose
from sedpool.training.arrays import read_arrays, write_arrays

FOLDS = (1, 2, 3, 4)
VALIDATED, CHECKED = 5, 10  # each fifth source of a class is for validation; each tenth for test if no fold is tested
PERMITTED = ("CC0", "CC-BY")
LISTED = re.compile(
    r"\*\*\[(?P<name>\d-\d+-[A-Z]\.ogg)\].*clip derived from \[(?P<title>.+)\]\((?P<url>\S+)\) by \*(?P<author>.+)\* "
    r"\(\[(?P<licence>[^]]+)\]\((?P<terms>\S+)\)\)"
)
SETTINGS = (
    "dataset=soundscapes",
    "dataset.n_train=600",
    "dataset.n_validate=150",
    "dataset.folds={train:[1],validate:[2],test:[3]}",
    "dataset.n_jobs=1",
    "training=self_train",
    "training.epochs=30",
    "training.early_stopping_patience=6",
    "training.lr_patience=3",
    "training.learning_rate=2.0e-3",
    "training.precision=auto",
    "training.threads=1",
    "model=compact",
    "model.filters=[32,64,96,128]",
    "model.time_reduction=2",
    "features.sr=22050",
    "features.hop_length=1024",
    "features.n_mels=64",
    "pooling=rap",
    "pooling.l2=1e-4",
    "evaluation.median_filter=0.5",
    "evaluation.tune=global",  # validation is too small for a threshold of each class
    "labels.times=test",
    "tracking=none",
    "jobs=1",
)
N_TESTED, N_CHECKED = 200, 20
TERMS = """\
CC-BY-4.0

This is a demonstration. The detector, that is its weights, settings and model card, may be used under the Creative
Commons Attribution 4.0 International licence, https://creativecommons.org/licenses/by/4.0/; attribute it to the
contributors of sedpool. No recording is in it. It learnt from soundscapes, mixed for it from excerpts of the recordings
below, whose makers have no part in it and do not endorse it.

Backgrounds:
- Berlin Noise by Thomas Rosen, https://berlinnoise.thomasrosen.me/, CC BY 4.0
- Speech Commands (background noise) by Pete Warden and Google, https://arxiv.org/abs/1804.03209, CC BY 4.0
- recordings that scikit-maad brings, Copyright (C) 2018-2024 scikit-maad Developers,
  https://github.com/scikit-maad/scikit-maad, BSD-3-Clause

Sounds: clips of ESC-10 (Karol J. Piczak: ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015,
https://doi.org/10.1145/2733373.2806390), derived from recordings on Freesound. CC-BY is
http://creativecommons.org/licenses/by/3.0/, CC0 http://creativecommons.org/publicdomain/zero/1.0/.
"""


class Clip(NamedTuple):
    """A clip of ESC-10 and what it was derived from."""

    path: Path
    title: str
    url: str
    author: str
    licence: str

    @property
    def source(self) -> str:
        """Fold and number of the recording that it was cut from."""
        return self.path.name.rpartition("-")[0]


def main(
    data: Annotated[Path, typer.Option(envvar="SEDPOOL_TEST_DATA", help="Folder of esc10 and backgrounds.")],
    work: Annotated[Path, typer.Option(help="Folder for soundscapes, features and runs, about 5 GB.")],
    out: Annotated[Path, typer.Option(help="The package to write.")] = DEMO_FILE,
) -> None:
    """Train what is not trained yet, and pack."""
    clips = permitted_clips(data / "esc10")
    folders = {"data_root": str(work), "cache": str(work / "features"), "runs": str(work / "runs")}
    runs = []
    for tested in (None, *FOLDS):
        name = "all" if tested is None else f"fold{tested}"
        sounds = link_sounds(clips, work / "sounds" / name, tested)
        places = {"root": str(work / name), "foreground": str(sounds), "background": str(data / "backgrounds")}
        size = f"dataset.n_test={N_CHECKED if tested is None else N_TESTED}"
        runs.append(RunFolder(run(compose([*SETTINGS, size, f"corpus=demo-{name}"], folders, **places))))
    pack(runs, clips, work / "packed", out)


def permitted_clips(folder: Path) -> list[Clip]:
    """Return the clips of folds 1 to 4 whose terms allow any use, with title, author and terms from their README."""
    stated = {found["name"]: found for found in LISTED.finditer((folder / "README.md").read_text(encoding="utf-8"))}
    clips = []
    for path in sorted(folder.glob("*/*.ogg")):
        clip = Clip(path, *(stated[path.name][key] for key in ("title", "url", "author", "licence")))
        if clip.licence not in PERMITTED:
            typer.echo(f"left out, since {clip.licence} limits its use: {path.name}", err=True)
        elif int(path.name[0]) in FOLDS:
            clips.append(clip)
    return clips


def link_sounds(clips: Sequence[Clip], folder: Path, tested: int | None) -> Path:
    """Link clips into a folder for each class, under names that begin with 1 to train, 2 to validate and 3 to test."""
    splits: dict[str, int] = {}
    for label in sorted({clip.path.parent.name for clip in clips}):
        own = sorted({clip.source for clip in clips if clip.path.parent.name == label} - set(splits))
        learnt = [source for source in own if source[0] != str(tested)]
        splits |= dict.fromkeys(own, 3)
        for number, source in enumerate(learnt):
            is_checked = tested is None and number % CHECKED == 1
            splits[source] = 3 if is_checked else 2 if number % VALIDATED == 0 else 1
    shutil.rmtree(folder, ignore_errors=True)
    for clip in clips:
        link = folder / clip.path.parent.name / f"{splits[clip.source]}{clip.path.name[1:]}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(clip.path.resolve())
    return folder


def pack(runs: Sequence[RunFolder], clips: Sequence[Clip], folder: Path, out: Path) -> None:
    """Pack the first of the runs in half precision, with the scores of the others, by way of a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(runs[0].path, folder)
    write_cross_validation(folder, runs[1:])
    weights = read_arrays(folder / "weights.npz")
    half = {name: array.astype(np.float16) if array.dtype == np.float32 else array for name, array in weights.items()}
    write_arrays(folder / "weights.npz", half)
    config = dict(runs[0].config) | {"corpus": "soundscapes of ESC-10"}
    storage.write_text(folder / "config.yaml", yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    manifest = storage.read_json(folder / "manifest.json")
    del manifest["splits"]["test"]  # the scores on the card are of the other four detectors
    storage.write_json(folder / "manifest.json", manifest)
    listed = [f"- {clip.path.name}: {clip.title}, by {clip.author}, {clip.url}, {clip.licence}\n" for clip in clips]
    content = pack_run(
        RunFolder(folder),
        name="demo",
        author="the contributors of sedpool, as a demonstration",
        licence="CC-BY-4.0",
        licence_text=TERMS + "".join(listed),
    )
    storage.write_bytes(out, content)
    typer.echo(f"{out}: {len(content):,} bytes, {len(clips)} clips")


def write_cross_validation(folder: Path, runs: Sequence[RunFolder]) -> None:
    """Replace the scores in a run folder by those of other runs, the counts of all their test clips together."""
    tested = [one.metrics for one in runs]
    pooled: dict[str, Any] = {}
    for name, decoding in (("counts", None), ("tuned_counts", "tuned")):
        tables = [getattr(one, name).assign(fold=f"{one.dataset}/") for one in runs]
        table = pd.concat([one.astype({"filename": str, "event_label": str, "level": str}) for one in tables])
        table["filename"] = table.pop("fold") + table["filename"]
        table.to_parquet(folder / f"{name}.parquet", index=False)
        of_levels = {level: counts_of(table, level) for level in ("clip", "segment", "event")}
        metrics = {level: counts.metrics() for level, counts in of_levels.items() if counts is not None}
        pooled |= {"tuned": metrics} if decoding else metrics
    sources = {f"{one.dataset}/": pd.read_csv(one.file("sources.csv")) for one in runs}
    tables = [table.assign(filename=fold + table["filename"]) for fold, table in sources.items()]
    storage.write_csv(folder / "sources.csv", pd.concat(tables))
    n_scored = sum(one["coverage"]["scored"] for one in tested)
    stated = {name: tested[0][name] for name in ("format", "resolution", "collar", "offset_share")}
    stated |= {"coverage": {"scored": n_scored, "expected": n_scored}, "cross_validated": len(runs), "ceiling": None}
    stated["psds"] = {name: float(np.mean([one["psds"][name] for one in tested])) for name in tested[0]["psds"]}
    storage.write_json(folder / "metrics.json", stated | pooled)


if __name__ == "__main__":
    typer.run(main)
