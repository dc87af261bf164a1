"""The report of ``sedpool compare``: tables on the terminal, one table in full as CSV and Markdown, and figures."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sedpool import storage
from sedpool.comparison.consistency import contradiction
from sedpool.comparison.significance import seed_blocks
from sedpool.comparison.tables import compare_runs, peculiarities, with_significance
from sedpool.plot.ranking import critical_difference_figure, interval_figure
from sedpool.plot.style import write_figure
from sedpool.reports.document import frame_table
from sedpool.reports.document_markdown import markdown_table
from sedpool.reports.run_sentences import resolution_ceiling
from sedpool.reports.terminal import print_table
from sedpool.run_folder import run_at
from sedpool.stats.ranks import average_ranks, critical_difference
from sedpool.text_tables import without_formulas

_RUN = {"method": "method", "seed": "seed"}
_CLIP = {
    "clip_f1_macro": "macro F1",
    "tuned_clip_f1_macro": "tuned",
    "clip_f1_micro": "F1",
    "tuned_clip_f1_micro": "tuned",
    "clip_precision": "P",
    "clip_recall": "R",
}
_SEGMENT = {
    "segment_f1_macro": "macro F1",
    "segment_f1_micro": "F1",
    "tuned_segment_f1_micro": "F1 tuned",
    "segment_precision": "P",
    "segment_recall": "R",
    "segment_error_rate": "ER",
    "own_stretched_f1": "own tags",
    "tuned_own_stretched_f1": "own tuned",
    "oracle_stretched_f1": "true tags",
}
_INTERVAL = {"low": "low", "high": "high", "behind": "behind best", "behind_low": "low", "behind_high": "high"}
_INTERVAL |= {"with_best": "with best"}
_DPI = 120


def report_comparison(folders: Sequence[Path], metric: str | None = None, output: Path | None = None) -> None:
    """Compare finished runs: print tables and notes, and write `write_comparison`'s files.

    Each corpus has tables of clip and segment scores (P, R, ER and F1 are micro averages), of 95 % intervals and of
    means over seeds, in few enough columns for a terminal of 80 characters. Tables without a number are left out.

    Parameters
    ----------
    folders : sequence of Path
        Folders that hold run folders, at any depth.
    metric : str, optional
        Column to give intervals and tests for; by default ``"segment_f1_micro"``, or ``"clip_f1_macro"`` where no run
        has it, as there are only weak labels.
    output : Path, optional
        Where the files go; by default the first folder.

    Raises
    ------
    DataError
        If there is no run folder, or a folder does not exist.
    StorageError
        If a finished run is damaged.
    ConfigError
        If `metric` is no score of the runs' own.
    """
    comparison = compare_runs(folders)
    if metric is None:
        metric = "segment_f1_micro" if comparison.table["segment_f1_micro"].notna().any() else "clip_f1_macro"
    table, over_seeds, notes = with_significance(comparison, metric)
    contradictions = [said for path in table["run"] if (said := contradiction(run_at(path)))]
    written = write_comparison(table, metric, output or folders[0])
    for dataset, rows in table.groupby("dataset"):
        own = {
            "Clip level (static)": _RUN | _CLIP,
            "Segments (dynamic); last three: F1 of tags over whole clips": _RUN | _SEGMENT,
            f"95 % intervals of {metric}": _RUN | {metric: "score"} | _INTERVAL,
        }
        for title, columns in own.items():
            numbers = [column for column in columns if column not in (*_RUN, "with_best")]
            if rows[numbers].notna().any(axis=None):
                print_table(frame_table(rows, f"{dataset}: {title}", columns=columns))
        summary = over_seeds[over_seeds["dataset"] == dataset].drop(columns="dataset")
        print_table(frame_table(summary, f"{dataset}: Over seeds"))
        if ceiling := resolution_ceiling(*(run_at(path).metrics for path in rows["run"])):
            print(f"{dataset}: {ceiling}")
    lines = [f"note: {note}" for note in [*peculiarities(comparison.table), *contradictions, *notes]]
    lines += [f"unfinished: {path}" for path in comparison.unfinished]
    lines.append("written: " + ", ".join(map(str, written)))
    for line in lines:
        print(line)


def write_comparison(table: pd.DataFrame, metric: str, folder: Path) -> list[Path]:
    """Write the table of a comparison and its figures.

    Parameters
    ----------
    table : DataFrame
        Of `sedpool.comparison.tables.with_significance`.
    metric : str
        The column that its intervals are of.
    folder : Path
        Gets ``comparison.csv``, ``comparison.md`` and for each corpus ``intervals_<corpus>.png`` and, where several
        methods ran with several seeds, ``ranks_<corpus>.png``.

    Returns
    -------
    paths : list of Path
        The files written.
    """
    csv, markdown = folder / "comparison.csv", folder / "comparison.md"
    storage.write_csv(csv, without_formulas(table))
    storage.write_text(markdown, markdown_table(frame_table(table)) + "\n")
    figures: dict[Path, Figure] = {}
    for dataset, rows in table.groupby("dataset"):
        known = rows[rows["low"].notna()]
        if len(known):
            scores = known.assign(name=known["method"] + " s" + known["seed"].astype(str), estimate=known[metric])
            figures[folder / f"intervals_{dataset}.png"] = interval_figure(scores, f"{dataset}: {metric}")
        blocks = seed_blocks(rows, metric)
        if blocks is not None:
            n_seeds, n_methods = blocks.shape
            distance = critical_difference(n_methods, n_seeds)
            figures[folder / f"ranks_{dataset}.png"] = critical_difference_figure(average_ranks(blocks), distance)
    for path, figure in figures.items():
        write_figure(figure, path, dpi=_DPI)
    return [csv, markdown, *figures]
