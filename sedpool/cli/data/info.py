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

    state = f"not empty; `sedpool data validate {corpus.name}` checks it" if is_on_disk(root) else "not there"
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
    from sedpool.plot.corpus import SUFFIXES, write_corpus_figure

    path = target if target.suffix in SUFFIXES else target / f"{dataset.name}.png"
    write_corpus_figure(dataset, path)
    _print_statistics(dataset)
    typer.echo(f"drawn: {path}")


def _print_statistics(dataset: "Dataset") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from sedpool.datasets.statistics import class_statistics
    from sedpool.evaluation.baselines import stretched_tags_score

    typer.echo(repr(dataset))
    statistics = class_statistics(dataset)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("class")
    table.add_column("clips", justify="right")
    strong = "events" in statistics.columns
    for heading in ("events", "median s", "share of clip") if strong else ():
        table.add_column(heading, justify="right")
    for label, row in statistics.iterrows():
        cells = [f"{row['clips']:.0f}"]
        if strong:
            cells += [f"{row['events']:.0f}", f"{row['duration_50']:.2f}", f"{row['active_share']:.0%}"]
        table.add_row(str(label), *cells)
    Console(highlight=False).print(table)
    if strong:
        f1 = stretched_tags_score(dataset)["micro"]["f1"]
        typer.echo(f"True tags stretched over the clip, without any locating: 1 s segment micro F1 {f1:.3f}")
