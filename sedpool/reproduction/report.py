"""The report of a study, from its tables of results and its records: beside the paper, by figure, table and run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from sedpool.comparison.groups import RunGroup, grouped
from sedpool.comparison.validity import flagged_runs
from sedpool.errors import DataError
from sedpool.experiment.plan import RunKey, Study
from sedpool.reports.document import Document, FigureBlock, Section, numbered
from sedpool.reports.document_files import write_document
from sedpool.reports.runs_document import appendix_sections, study_sections
from sedpool.reports.study_figures import axis_block, study_figures, weight_bounds_block
from sedpool.reproduction.overview import overview_section
from sedpool.reproduction.paper_index import paper_index
from sedpool.reproduction.published import TITLES
from sedpool.reproduction.published_figures import published_figures
from sedpool.reproduction.records import recorded
from sedpool.reproduction.sections import reproduction_sections
from sedpool.reproduction.studies import AXES, ESC10_AXES
from sedpool.run_folder import RunFolder

FOLDER = "report"

Records = Mapping[RunKey, RunFolder]


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
    found = grouped(main, flagged=flagged_runs(main), allow_repeated=True)
    sections = [
        *reproduction_sections(main),
        *chain.from_iterable(study_sections(study, figures=False) for study in found),
        Section("Figures of the paper, and beyond", [*_figures(found), *published_figures()]),
        *([Section("Beyond the paper: what else changes the data", list(axis_figures(axes)))] if axes else []),
        *appendix_sections(runs),
    ]
    scores = [f"{study.name}: scores" for study in found if study.name not in TITLES]
    opening = [overview_section(records), paper_index(sections, scores)]
    title = f"Pooling operators compared: {parts[0].name}, {len(runs)} runs"
    return write_document(Document(title, numbered([*opening, *sections], "S")), folder / FOLDER)


def axis_figures(records: Records) -> Iterator[FigureBlock]:
    """A figure of each property of the data that a study varied, as far as there are runs."""
    for axis, conditions in AXES.items():
        found = {
            title: [run for key, run in records.items() if key.condition == condition]
            for title, condition in conditions.items()
        }
        if any(found.values()):
            block = axis_block(axis, {title: runs for title, runs in found.items() if runs})
            flagged = [f"{run.method} at {title}" for title in found for run in flagged_runs(found[title])]
            yield replace(block, note=f"{block.note} Not valid: {', '.join(flagged)}.") if flagged else block


def _figures(found: Sequence[RunGroup]) -> Iterator[str | FigureBlock]:
    yield weight_bounds_block()
    yield from chain.from_iterable(study_figures(study, as_in_paper=True) for study in found)
