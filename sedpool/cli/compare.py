"""``sedpool compare``: one table over finished runs, with intervals, tests and figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

RUN = {"method": "method", "seed": "seed"}
CLIP = {
    "clip_f1_macro": "macro F1",
    "tuned_clip_f1_macro": "tuned",
    "clip_f1_micro": "F1",
    "tuned_clip_f1_micro": "tuned",
    "clip_precision": "P",
    "clip_recall": "R",
}
SEGMENT = {
    "segment_f1_macro": "macro\nF1",
    "segment_f1_micro": "F1",
    "tuned_segment_f1_micro": "F1\ntuned",
    "segment_precision": "P",
    "segment_recall": "R",
    "segment_error_rate": "ER",
    "own_stretched_f1": "own\ntags",
    "tuned_own_stretched_f1": "own\ntuned",
    "oracle_stretched_f1": "true\ntags",
}
INTERVAL = {"low": "low", "high": "high", "behind": "behind\nbest", "behind_low": "low", "behind_high": "high"}
INTERVAL |= {"with_best": "with\nbest"}


def compare(
    folders: Annotated[list[Path], typer.Argument(help="Folders that hold run folders, at any depth.")],
    output: Annotated[Path | None, typer.Option(help="Where the files go; default: the first folder.")] = None,
    metric: Annotated[str, typer.Option(help="Column to give intervals and tests for.")] = "segment_f1_micro",
) -> None:
    """Compare finished runs: printed, and written in full as CSV and Markdown.

    Prints every run, the runs that do not differ significantly from the best, and what test clips and seeds can show.
    Writes comparison.csv, comparison.md and figures.
    """
    from rich.console import Console

    from sedpool.comparison.consistency import contradiction
    from sedpool.comparison.tables import compare_runs, peculiarities, with_significance
    from sedpool.reports.comparison_files import write_comparison
    from sedpool.run_folder import RunFolder

    comparison = compare_runs(folders)
    table, over_seeds, notes = with_significance(comparison, metric)
    contradictions = [said for path in table["run"] if (said := contradiction(RunFolder(path)))]
    written = [*write_comparison(table, output or folders[0]), *draw(table, metric, output or folders[0])]
    console = Console()
    over = {name: name for name in over_seeds.columns if name != "dataset"}
    for dataset, rows in table.groupby("dataset"):
        console.print(_printable(rows, RUN | CLIP, title=f"{dataset}: Clip level (static)"))
        last = "last three: F1 of tags over whole clips"
        console.print(_printable(rows, RUN | SEGMENT, title=f"{dataset}: Segments (dynamic); {last}"))
        titles = RUN | {metric: "score"} | INTERVAL
        console.print(_printable(rows, titles, title=f"{dataset}: 95 % intervals of {metric}"))
        summary = over_seeds[over_seeds["dataset"] == dataset]
        console.print(_printable(summary, over, title=f"{dataset}: Over seeds"))
    for note in [*peculiarities(comparison.table), *contradictions, *notes]:
        typer.echo(f"note: {note}")
    for path in comparison.unfinished:
        typer.echo(f"unfinished: {path}")
    typer.echo("written: " + ", ".join(map(str, written)))


def draw(table: "pd.DataFrame", metric: str, folder: Path) -> list[Path]:
    """Draw each corpus's intervals, and its critical differences where several methods ran with several seeds."""
    from sedpool.comparison.significance import seed_blocks
    from sedpool.plot.ranking import critical_difference_figure, interval_figure
    from sedpool.stats.ranks import average_ranks, critical_difference

    written = []
    for dataset, rows in table.groupby("dataset"):
        known = rows[rows["low"].notna()]
        if len(known):
            names = known["method"] + " s" + known["seed"].astype(str)
            scores = known.assign(name=names, estimate=known[metric])
            written.append(save(interval_figure(scores, f"{dataset}: {metric}"), folder / f"intervals_{dataset}.png"))
        blocks = seed_blocks(rows, metric)
        if blocks is not None:
            n_seeds, n_methods = blocks.shape
            figure = critical_difference_figure(average_ranks(blocks), critical_difference(n_methods, n_seeds))
            written.append(save(figure, folder / f"ranks_{dataset}.png"))
    return written


def save(figure: Any, path: Path) -> Path:
    """Write a figure and return its path."""
    from sedpool import storage

    with storage.atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)
    return path


def _printable(table: "pd.DataFrame", titles: dict[str, str], *, title: str) -> "Table":
    """The columns in `titles`, few enough for a terminal of 80 characters; P, R, ER and F1 are micro averages.

    Where they are too wide all the same, names are folded, and numbers never cut.
    """
    import pandas as pd
    from rich import box
    from rich.table import Table

    from sedpool.reports.comparison_files import as_text

    printable = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    for column, heading in titles.items():
        numeric = pd.api.types.is_numeric_dtype(table[column])
        printable.add_column(heading, justify="right" if numeric else "left", no_wrap=numeric, overflow="fold")
    for row in as_text(table[list(titles)]).to_numpy():
        printable.add_row(*row)
    return printable
