"""The report of a study, from its tables of results and its records: beside the paper, by figure, table and run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from sedpool.errors import DataError
from sedpool.reports.document import Cell, Document, FigureBlock, Section, TableBlock, TableRow, numbered
from sedpool.reports.document_files import write_document
from sedpool.reports.runs_document import appendix_sections, default_title, study_sections
from sedpool.reports.study_figures import axis_block, study_figures, weight_bounds_block
from sedpool.reports.study_runs import studies
from sedpool.reproduction.records import recorded
from sedpool.reproduction.sections import reproduction_sections
from sedpool.reproduction.studies import AXES, ESC10, ESC10_AXES
from sedpool.reproduction.study import Key
from sedpool.reproduction.validity import objections
from sedpool.runs import RunFolder

FOLDER = "report"

Records = Mapping[Key, RunFolder]


def write_study_report(folder: Path) -> Path:
    """Write the report of all runs that a study has a row of, and return the page's path.

    Parameters
    ----------
    folder : Path
        Of the study; the report goes to ``report`` in it.

    Raises
    ------
    DataError
        If the study has no rows.
    StorageError
        If a table of results is damaged, or a row has no record.
    """
    main, axes = (recorded(folder, part.results) for part in (ESC10, ESC10_AXES))
    if not main and not axes:
        raise DataError(f"{folder}: no results in it; run the study first, without --report-only")
    runs = [*main.values(), *axes.values()]
    sections = [
        Section("Runs", list(_runs(runs))),
        *_tables(list(main.values())),
        *reproduction_sections(main.values()),
        Section("Figures of the paper, and beyond", list(_figures(list(main.values())))),
        *([Section("Beyond the paper: what else changes the data", list(axis_figures(axes)))] if axes else []),
        *appendix_sections(runs),
    ]
    return write_document(Document(default_title(runs), numbered(sections, "S")), folder / FOLDER)


def axis_figures(records: Records) -> Iterator[FigureBlock]:
    """A figure of each property of the data that a study varied, as far as there are runs."""
    for axis, conditions in AXES.items():
        found = {
            title: [run for key, run in records.items() if key.condition == condition]
            for title, condition in conditions.items()
        }
        if any(found.values()):
            yield axis_block(axis, {title: runs for title, runs in found.items() if runs})


def _runs(runs: Sequence[RunFolder]) -> Iterator[str | TableBlock]:
    marked = {run: "; ".join(against) for run in runs if (against := objections(run))}
    yield (
        f"{len(runs) - len(marked)} of {len(runs)} runs are valid: they ended by early stopping and, where α is "
        "learned, it had flattened; with CAP its bound is active."
    )
    if marked:
        rows = [TableRow(run.path.name, [Cell(reason)]) for run, reason in marked.items()]
        note = "Their numbers are shown all the same, and should be read with these reasons in mind."
        yield TableBlock("", "Runs that are not valid", ["why"], rows, "run", note=note)


def _figures(runs: Sequence[RunFolder]) -> Iterator[str | FigureBlock]:
    yield weight_bounds_block()
    yield from chain.from_iterable(study_figures(study.runs, as_in_paper=True) for study in studies(runs))


def _tables(runs: Sequence[RunFolder]) -> Iterator[Section]:
    """The sections of each study without their figures, which stand elsewhere under the paper's numbers."""
    for section in chain.from_iterable(study_sections(study) for study in studies(runs)):
        kept = [block for block in section.blocks if not isinstance(block, FigureBlock)]
        if any(isinstance(block, TableBlock) for block in kept):
            yield replace(section, blocks=kept)
