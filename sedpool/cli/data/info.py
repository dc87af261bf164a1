"""``sedpool data info``: what a corpus is, and what is in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sedpool.cli.data.loading import Overrides, configuration, load
from sedpool.cli.data.names import Name, Root

if TYPE_CHECKING:
    from sedpool.datasets.base import Dataset
    from sedpool.datasets.catalog import Corpus

Figures = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Load it and draw what is in it: a folder, or a .png, .svg or .pdf file."),
]


def info(name: Name, overrides: Overrides = None, root: Root = None, figures: Figures = None) -> None:
    """Print sizes, licence, citation and layout of a corpus; with --figures also what is in it."""
    from sedpool.datasets import catalog

    corpus = catalog.find(name)
    _print_facts(corpus, root or catalog.default_root(corpus))
    if figures is not None:
        _draw(load(configuration(name, root, overrides)), figures)


def _print_facts(corpus: "Corpus", root: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from sedpool.datasets.catalog import is_on_disk

    state = f"not empty; `sedpool data check {corpus.name}` checks it" if is_on_disk(root) else "not there"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for heading, text in (
        ("", corpus.title),
        ("size", corpus.size),
        ("labels", corpus.labels),
        ("licence", corpus.licence),
        ("cite", corpus.citation),
        ("home page", corpus.homepage),
        ("layout", corpus.layout),
        ("to get it", corpus.steps or f"sedpool data download {corpus.name}"),
        ("folder", f"{root} ({state})"),
    ):
        if text:
            table.add_row(heading, text)
    Console(highlight=False, markup=False).print(table)


def _draw(dataset: "Dataset", target: Path) -> None:
    from sedpool.plot.corpus import SUFFIXES, corpus_figure
    from sedpool.plot.style import write_figure

    path = target if target.suffix in SUFFIXES else target / f"{dataset.name}.png"
    write_figure(corpus_figure(dataset), path)
    _print_statistics(dataset)
    typer.echo(f"drawn: {path}")


def _print_statistics(dataset: "Dataset") -> None:
    from sedpool.datasets.statistics import class_statistics
    from sedpool.evaluation.baselines import stretched_tags_score
    from sedpool.reports.document import Cell, TableBlock, TableRow
    from sedpool.reports.terminal import print_table

    typer.echo(repr(dataset))
    forms = {"clips": ("clips", ".0f")}
    if dataset.events is not None:
        forms |= {
            "events": ("events", ".0f"),
            "median s": ("duration_50", ".2f"),
            "share of clip": ("active_share", ".0%"),
        }
    rows = [
        TableRow(str(label), [Cell(format(row[column], form), row[column]) for column, form in forms.values()])
        for label, row in class_statistics(dataset).iterrows()
    ]
    print_table(TableBlock("", "", list(forms), rows, row_title="class"))
    if dataset.events is not None:
        f1 = stretched_tags_score(dataset)["micro"]["f1"]
        typer.echo(f"True tags stretched over the clip, without any locating: 1 s segment micro F1 {f1:.3f}")
