"""``sedpool data check``: what is in a corpus or a folder of one's own, and what is wrong with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.cli.data.loading import Overrides, configuration, load, working
from sedpool.cli.data.names import Root, complete_name
from sedpool.cli.parallel import Jobs

if TYPE_CHECKING:
    from sedpool.datasets.check import Problem
    from sedpool.datasets.overview import Overview

PASSED_ON = {"ignore_unknown_options": True}
"""Options of ``sedpool evaluate`` are settings here; the message that says so has their names."""
SHOWN = 3  # of each kind of problem

NameOrFolder = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FOLDER",
        help="A corpus (`sedpool data list` shows them), or a folder of your own recordings and labels.",
        autocompletion=complete_name,
    ),
]
ManifestPath = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Where all that was found goes, as JSON; default: manifests/NAME.json in the cache."
    ),
]


def check(
    name: NameOrFolder, overrides: Overrides = None, root: Root = None, manifest: ManifestPath = None, jobs: Jobs = None
) -> None:
    """Say what is in a corpus or a folder and what training makes of it; exit with 1 if it could not be trained on."""
    from dataclasses import asdict

    from sedpool import storage
    from sedpool.cli.data.agreement import print_agreement
    from sedpool.datasets import check
    from sedpool.datasets.base import manifest_of, usable_and_listed
    from sedpool.datasets.overview import overview
    from sedpool.errors import ConfigError, DataError
    from sedpool.formats.annotators import keeping_annotations

    if wrong := [word for word in [name, *(overrides or [])] if word.startswith("-")]:
        setting = wrong[0].partition("=")[0].lstrip("-").replace("-", "_")
        form = "'dataset.columns={onset: NAME}'" if setting == "columns" else f"dataset.{setting}=VALUE"
        raise ConfigError(f"{wrong[0]}: no such option; what is said of labels is a setting here: {form}")
    name, root = _corpus(name, root)
    config = configuration(name, root, overrides)
    with keeping_annotations() as annotations:
        dataset = load(config)
    with working(name, overrides):
        problems = check.validate(dataset, n_jobs=jobs or config["jobs"])
    features = config["features"]
    found = overview(
        dataset,
        supervision=config["supervision"],
        patch_duration=config["training"]["patch_duration"],
        min_activity=config["training"]["min_activity"],
        highest_frequency=features.get("fmax") or features.get("sr", 0) / 2,
    )
    content = manifest_of(dataset, check.unusable(dataset, problems))
    target = manifest or Path(config["cache"]) / "manifests" / f"{dataset.name}.json"
    described = {"overview": found.content(), "problems": [asdict(problem) for problem in problems]}
    storage.write_json(target, content | described)
    usable, listed = usable_and_listed(content)
    typer.echo(f"{dataset.name}: {usable} of {listed} listed clips can be used; hash {content['hash'][:12]}")
    _print_overview(found)
    _print_problems(problems)
    print_agreement(annotations, dataset)
    typer.echo(f"manifest: {target}")
    try:
        check.refuse_untrainable(
            dataset,
            Path(config["dataset"]["root"]),
            problems,
            config["supervision"],
            allow_missing=config["dataset"].get("allow_missing", False),
            allow_unusable=config["allow_missing"],
        )
    except DataError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from None
    missing, unusable, extra = (len(content[kind]) for kind in ("missing", "unusable", "extra"))
    if config["dataset"].get("allow_missing") and missing + unusable + extra:
        typer.echo(
            f"training goes on without {missing} clips without audio, {unusable} that cannot be used and {extra} "
            "recordings without annotation, as allow_missing=true says"
        )


def _corpus(name: str, root: Path | None) -> tuple[str, Path | None]:
    """Tell a corpus from a folder; return the name and the folder of the corpus."""
    from sedpool.datasets.catalog import CORPORA
    from sedpool.errors import DataError

    known = [corpus.name for corpus in CORPORA]
    if name in known:
        return name, root
    if not Path(name).is_dir():
        raise DataError(f"{name}: no such folder, and no corpus of this name; known: {', '.join(known)}")
    if root is not None:
        raise DataError(f"{name}: a folder of your own has no other folder; leave out --root {root}")
    return "folder", Path(name)


def _print_overview(found: "Overview") -> None:
    from sedpool.reports.corpus_overview import overview_sentences, overview_table
    from sedpool.reports.terminal import print_table

    for sentence in overview_sentences(found):
        typer.echo(sentence)
    print_table(overview_table(found))
    for warning in found.warnings:
        typer.echo(f"warning: {warning}")


def _print_problems(problems: Sequence["Problem"]) -> None:
    from sedpool.datasets.check import KINDS
    from sedpool.reports.document import Cell, TableBlock, TableRow
    from sedpool.reports.terminal import print_table

    kinds = []
    for kind, meaning in KINDS.items():
        words = [
            problem.detail if problem.filename in problem.detail else f"{problem.filename} {problem.detail}".strip()
            for problem in problems
            if problem.kind == kind
        ]
        if words:
            kinds.append((meaning, len(words), "\n".join(words[:SHOWN])))
    if kinds:
        rows = [TableRow(meaning, [Cell(str(n), n), Cell(first)]) for meaning, n, first in kinds]
        print_table(TableBlock("", "", ("how many", "the first"), rows, row_title="what"))
    if not problems:
        typer.echo("every recording is there and can be used")
