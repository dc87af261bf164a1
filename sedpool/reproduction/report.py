"""The report of a study, from its tables of results and its records: beside the paper, by figure, table and run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from sedpool.errors import DataError
from sedpool.reports.document import Document, FigureBlock, Section, TableBlock, numbered
from sedpool.reports.document_files import write_document
from sedpool.reports.runs_document import appendix_sections, default_title, study_sections
from sedpool.reports.study_figures import axis_block, study_figures, weight_bounds_block
from sedpool.reports.study_runs import studies
from sedpool.reproduction.overview import overview_section
from sedpool.reproduction.records import recorded
from sedpool.reproduction.sections import reproduction_sections
from sedpool.reproduction.studies import AXES, ESC10_AXES
from sedpool.reproduction.study import Key, Study
from sedpool.runs import RunFolder

FOLDER = "report"

Records = Mapping[Key, RunFolder]


def write_study_report(folder: Path, parts: Sequence[Study]) -> Path:
    """Write the report of all runs that a study has a row of, and return the page's path.

    Parameters
    ----------
    folder : Path
        Of the study; the report goes to ``report`` in it.
    parts : sequence of Study
        The study's parts, each with a table of results in the folder.

    Raises
    ------
    DataError
        If the study has no rows.
    StorageError
        If a table of results is damaged, or a row has no record.
    """
    records = [(part, recorded(folder, part.results)) for part in parts]
    main = [run for part, of_part in records if part is not ESC10_AXES for run in of_part.values()]
    axes = {key: run for part, of_part in records if part is ESC10_AXES for key, run in of_part.items()}
    runs = [*main, *axes.values()]
    if not runs:
        raise DataError(f"{folder}: no results in it; run the study first, without --report-only")
    sections = [
        overview_section(records),
        *reproduction_sections(main),
        *_tables(main),
        Section("Figures of the paper, and beyond", list(_figures(main))),
        *([Section("Beyond the paper: what else changes the data", list(axis_figures(axes)))] if axes else []),
        *appendix_sections(runs),
    ]
    title = f"Pooling operators compared: {default_title(runs)}"
    return write_document(Document(title, numbered(sections, "S")), folder / FOLDER)


def axis_figures(records: Records) -> Iterator[FigureBlock]:
    """A figure of each property of the data that a study varied, as far as there are runs."""
    for axis, conditions in AXES.items():
        found = {
            title: [run for key, run in records.items() if key.condition == condition]
            for title, condition in conditions.items()
        }
        if any(found.values()):
            yield axis_block(axis, {title: runs for title, runs in found.items() if runs})


def _figures(runs: Sequence[RunFolder]) -> Iterator[str | FigureBlock]:
    yield weight_bounds_block()
    yield from chain.from_iterable(study_figures(study.runs, as_in_paper=True) for study in studies(runs))


def _tables(runs: Sequence[RunFolder]) -> Iterator[Section]:
    """The sections of each study without their figures, which stand elsewhere under the paper's numbers."""
    for section in chain.from_iterable(study_sections(study) for study in studies(runs)):
        kept = [block for block in section.blocks if not isinstance(block, FigureBlock)]
        if any(isinstance(block, TableBlock) for block in kept):
            yield replace(section, blocks=kept)
