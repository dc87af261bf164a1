"""``sedpool reproduce``: the studies of McFee, Salamon and Bello 2018."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.errors import ConfigError

if TYPE_CHECKING:
    from sedpool.experiment.plan import Study


class Name(StrEnum):
    """The studies."""

    urbansed = "urbansed"
    dcase2017 = "dcase2017"
    medleydb = "medleydb"
    esc10_soundscapes = "esc10-soundscapes"
    weak_to_strong = "weak-to-strong"


def reproduce(
    study: Annotated[Name, typer.Argument(help="What to reproduce.")],
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings of every run, as for sedpool train.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="The corpus as distributed.")] = None,
    foreground: Annotated[Path | None, typer.Option(help="ESC-10, for the studies on soundscapes.")] = None,
    background: Annotated[Path | None, typer.Option(help="Folder of backgrounds, for these.")] = None,
    methods: Annotated[str | None, typer.Option(metavar="A,B", help="Some of the methods; default: all.")] = None,
    folds: Annotated[str | None, typer.Option("--folds", "--splits", metavar="1,2", help="Some of them.")] = None,
    augment: Annotated[bool | None, typer.Option("--augment/--no-augment", help="Only these; default: both.")] = None,
    axes: Annotated[
        bool | None,
        typer.Option("--axes/--no-axes", help="Only event durations and bag lengths, or only the rest; default: both."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method, with different seeds.")] = 1,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs that train at a time; default: as launcher.jobs says, 1 here.")
    ] = None,
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
    """Train what a study lacks, evaluate it, and write its report.

    Runs with a row in the study's table of results count as done, so that the same command goes on after an
    interruption, on another machine too.
    """
    folder = folder or Path("experiments", study)
    failures: dict[str, str] = {}
    try:
        if not report_only:
            from sedpool.reproduction import runner

            general = {"data_root": data_root, "cache": data_root / "features", "runs": runs}
            corpus = {"root": root, "foreground": foreground, "background": background}
            places = runner.Places(folder, _given(general), _given(corpus))
            for part in _parts(study, methods, folds, augment, axes):
                part.check_sources(places.corpus)
                chosen = replace(part, settings=tuple(settings or ()))
                failures |= runner.reproduce(chosen, places, n_seeds=seeds, n_jobs=jobs, rerun=rerun, dry_run=dry_run)
        if not dry_run:
            from sedpool.reproduction.report import write_study_report
            from sedpool.reproduction.studies import STUDIES

            parts = STUDIES[study]
            typer.echo(parts[0].report(folder) if parts[0].report else write_study_report(folder, parts))
    except KeyboardInterrupt:
        if rerun:
            typer.echo("leave out --rerun to keep the runs that have finished", err=True)
        raise
    finally:
        if failures:
            from sedpool.comparison.labels import counted

            failed = counted(len(failures), "run")
            typer.echo(f"error: {failed} failed; the same command makes only what is missing", err=True)
            for overrides, reason in failures.items():
                typer.echo(f"  {overrides}: {reason}", err=True)
    if failures:
        sys.exit(1)


def _given(folders: Mapping[str, Path | None]) -> dict[str, str]:
    """Keep the folders that were given."""
    return {name: str(path) for name, path in folders.items() if path is not None}


def _parts(
    study: Name, methods: str | None, folds: str | None, augment: bool | None, axes: bool | None
) -> "list[Study]":
    """Select the chosen methods, folds and conditions of each part of a study; report a part that lacks one of them."""
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
