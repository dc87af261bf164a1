"""Reproduce McFee, Salamon and Bello 2018: ``python scripts/reproduce.py urbansed --root FOLDER``.

Results go to a folder of the study's name below ``experiments/``. Runs that have a row there count as done, so that the
same command goes on wherever it was interrupted, on another machine too.
"""

import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.errors import ConfigError, SedpoolError

if TYPE_CHECKING:
    from sedpool.experiment.plan import Study

INTERRUPTED = 130


class Name(StrEnum):
    """The studies."""

    urbansed = "urbansed"
    dcase2017 = "dcase2017"
    medleydb = "medleydb"
    esc10_soundscapes = "esc10-soundscapes"


def main(
    study: Annotated[Name, typer.Argument(help="What to reproduce.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of every run, as for train.py.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="The corpus as distributed.")] = None,
    foreground: Annotated[Path | None, typer.Option(help="ESC-10, for esc10-soundscapes.")] = None,
    background: Annotated[Path | None, typer.Option(help="Folder of backgrounds, for esc10-soundscapes.")] = None,
    methods: Annotated[str | None, typer.Option(metavar="A,B", help="Some of the methods; default: all.")] = None,
    folds: Annotated[str | None, typer.Option("--folds", "--splits", metavar="1,2", help="Some of them.")] = None,
    augment: Annotated[bool | None, typer.Option("--augment/--no-augment", help="Only these; default: both.")] = None,
    axes: Annotated[
        bool | None,
        typer.Option("--axes/--no-axes", help="Only event durations and bag lengths, or only the rest; default: both."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method, with different seeds.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Runs that train at a time.")] = 1,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Forget these runs first: rows, records, checkpoints.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would run, and how long it would take.")] = False,
    report_only: Annotated[bool, typer.Option("--report-only", help="Train nothing; report what is there.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--study", help="Where results go; default: experiments/<name>.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Where run folders go.")] = Path("experiments/runs"),
    data_root: Annotated[Path, typer.Option(envvar="SEDPOOL_DATA", help="Where features and made corpora go.")] = Path(
        "data"
    ),
) -> None:
    """Train what a study lacks, evaluate it, and write its report."""
    warnings.formatwarning = lambda message, *_, **__: f"warning: {message}\n"
    folder = folder or Path("experiments", study)
    failures: dict[str, str] = {}
    try:
        if not report_only:
            from sedpool.reproduction.runner import Places, reproduce

            general = {"data_root": data_root, "cache": data_root / "features", "runs": runs}
            corpus = {"root": root, "foreground": foreground, "background": background}
            places = Places(folder, _given(general), _given(corpus))
            for part in _parts(study, methods, folds, augment, axes):
                part.check_sources(places.corpus)
                chosen = replace(part, settings=tuple(settings or ()))
                failures |= reproduce(chosen, places, n_seeds=seeds, n_jobs=jobs, rerun=rerun, dry_run=dry_run)
        if not dry_run:
            from sedpool.reproduction.report import write_study_report
            from sedpool.reproduction.studies import STUDIES

            typer.echo(write_study_report(folder, STUDIES[study]))
    except SedpoolError as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        sys.exit("\n".join([*_named(failures), f"error: {error}"]))
    except KeyboardInterrupt:
        typer.echo("\ninterrupted; the same command, without --rerun, goes on where it stopped", err=True)
        raise typer.Exit(INTERRUPTED) from None
    if failures:
        sys.exit("\n".join(_named(failures)))


def _named(failures: Mapping[str, str]) -> list[str]:
    """A line on all failures and one on each; none if there are none."""
    if not failures:
        return []
    from sedpool.comparison.labels import counted

    lines = [f"  {overrides}: {reason}" for overrides, reason in failures.items()]
    return [f"error: {counted(len(failures), 'run')} failed; the same command makes only what is missing", *lines]


def _given(folders: Mapping[str, Path | None]) -> dict[str, str]:
    return {name: str(path) for name, path in folders.items() if path is not None}


def _parts(
    study: Name, methods: str | None, folds: str | None, augment: bool | None, axes: bool | None
) -> "list[Study]":
    """The study's parts, with what was chosen of each; one that lacks some of it is left out, which is said."""
    from sedpool.reproduction.studies import ESC10_AXES, STUDIES

    if axes is not None and study != Name.esc10_soundscapes:
        raise ConfigError(f"study {study}: no axes; --axes and --no-axes are for esc10-soundscapes")
    names = None if methods is None else [name.strip() for name in methods.split(",")]
    numbers = None if folds is None else [_number(text) for text in folds.split(",")]
    conditions = None if augment is None else ["augmented" if augment else "plain"]
    chosen: list[Study] = []
    lacking: dict[str, ConfigError] = {}
    for part in STUDIES[study]:
        if axes is None or axes == (part is ESC10_AXES):
            try:
                chosen.append(part.select(methods=names, folds=numbers, conditions=conditions))
            except ConfigError as error:
                lacking[part.results] = error
    if not chosen:
        raise next(iter(lacking.values()))
    for results, reason in lacking.items():
        typer.echo(f"{results} is left out: {reason}", err=True)
    return chosen


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"--folds {text}: not a number; expected some, e.g. 1,2") from None


if __name__ == "__main__":
    typer.run(main)
