"""``sedpool data validate``: compare a corpus on disk with its lists."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.cli.data.loading import Jobs, Overrides, configuration, load
from sedpool.cli.data.names import Name, Root

if TYPE_CHECKING:
    from sedpool.datasets.base import Dataset
    from sedpool.datasets.check import Problem

SHOWN = 3  # of each kind of problem

ManifestPath = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where the manifest goes; default: manifests/NAME.json in the cache."),
]


def validate(
    name: Name, overrides: Overrides = None, root: Root = None, manifest: ManifestPath = None, jobs: Jobs = None
) -> None:
    """Read every recording and compare a corpus with its lists; exit with 1 if anything is wrong."""
    from dataclasses import asdict

    from sedpool import storage
    from sedpool.cli.data.agreement import print_agreement
    from sedpool.datasets import check
    from sedpool.datasets.base import manifest_of, usable_and_listed
    from sedpool.formats.annotators import keeping_annotations

    config = configuration(name, root, overrides)
    with keeping_annotations() as annotations:
        dataset = load(config)
    problems = check.validate(dataset, n_jobs=jobs or config["jobs"])
    content = manifest_of(dataset, check.unusable(dataset, problems))
    target = manifest or Path(config["cache"]) / "manifests" / f"{name}.json"
    storage.write_json(target, content | {"problems": [asdict(problem) for problem in problems]})
    usable, listed = usable_and_listed(content)
    typer.echo(f"{dataset.name}: {usable} of {listed} listed clips can be used; hash {content['hash'][:12]}")
    _print_problems(dataset, problems)
    print_agreement(annotations, dataset)
    typer.echo(f"manifest: {target}")
    if problems:
        raise typer.Exit(1)


def _print_problems(dataset: "Dataset", problems: Sequence["Problem"]) -> None:
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
    kinds += [(note.replace("_", " "), n, "(as distributed)") for note, n in dataset.manifest.notes.items()]
    if kinds:
        rows = [TableRow(meaning, [Cell(str(n), n), Cell(first)]) for meaning, n, first in kinds]
        print_table(TableBlock("", "", ("how many", "the first"), rows, row_title="what"))
    if not problems:
        typer.echo("nothing is wrong")
