"""The report of a study, written from its tables of results and its records."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from sedpool.comparison.axis import axis_table
from sedpool.comparison.groups import grouped
from sedpool.comparison.labels import DOUBLE_DAGGER
from sedpool.comparison.validity import flagged_runs, validity_issues
from sedpool.errors import DataError
from sedpool.experiment.plan import RunKey, Study
from sedpool.plot.axis import axis_figure
from sedpool.plot.weight_bound import weight_bound_figure
from sedpool.reports.answer import answer
from sedpool.reports.document import Cell, Document, FigureBlock, Section, TableBlock, TableRow, numbered
from sedpool.reports.document_files import write_document
from sedpool.reports.runs_document import appendix_sections, study_sections
from sedpool.reports.study_figures import study_figures
from sedpool.reproduction.claims import claims_section
from sedpool.reproduction.paper_index import paper_index, published_figures
from sedpool.reproduction.published import TITLES
from sedpool.reproduction.published_comparison import published_comparison, published_comparison_sections
from sedpool.reproduction.published_statistics import published_statistics_section
from sedpool.reproduction.records import recorded
from sedpool.reproduction.studies import AXES, ESC10_AXES
from sedpool.run_folder import RunFolder

FOLDER = "report"

Records = Mapping[RunKey, RunFolder]

_ABOUT = (
    "Pooling operators compared as in the paper: B. McFee, J. Salamon and J. P. Bello, “Adaptive pooling operators for "
    "weakly labeled sound event detection”, IEEE/ACM Transactions on Audio, Speech, and Language Processing 26(11), "
    "2018. Detectors are trained from clip labels and judged by where they locate events. The paper's tables and "
    "figures have the paper's numbers; those beyond the paper have numbers with an S. Scores on a corpus that the "
    "paper does not have are in tables of their own. Settings, data and machine of every run are in the appendix."
)


def write_study_report(folder: Path, parts: Sequence[Study]) -> Path:
    """Write the report of all runs that have a row in a study, and return the path of its page.

    Parameters
    ----------
    folder : Path
        Folder of the study; the report goes to ``report`` in it.
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
    bounds = FigureBlock(
        "Figure 2",
        "Between which bounds the weight of one frame lies, against the size of the bag",
        weight_bound_figure(),
        "Softmax pooling (α = 1) approaches the mean as bags grow.",
    )
    figures: list[str | FigureBlock] = [bounds]
    for study in found:
        figures += study_figures(study, as_in_paper=True)
    sections = [
        *reproduction_sections(main),
        *chain.from_iterable(study_sections(study, figures=False) for study in found),
        Section("Figures of the paper, and beyond", [*figures, *published_figures()]),
        *([Section("Beyond the paper: what else changes the data", list(axis_figures(axes)))] if axes else []),
        *appendix_sections(runs),
    ]
    scores = [f"{study.name}: scores" for study in found if study.name not in TITLES]
    opening = [overview_section(records), paper_index(sections, scores)]
    title = f"Pooling operators compared: {parts[0].name}, {len(runs)} runs"
    answers = [said for study in found for said in answer(study)]
    return write_document(Document(title, numbered([*opening, *sections], "S"), answers), folder / FOLDER)


def overview_section(parts: Sequence[tuple[Study, Records]]) -> Section:
    """Write the opening section: what the report is about, which runs are missing, and which are not valid.

    Parameters
    ----------
    parts : sequence of (Study, mapping of RunKey to RunFolder)
        Each part of the study with its runs or their records.
    """
    runs = [run for _, records in parts for run in records.values()]
    issues = {run: "; ".join(validity_issues(run)) for run in flagged_runs(runs)}
    validity = (
        f"{len(runs) - len(issues)} of {len(runs)} runs are valid. A run is valid if it ended by early stopping and, "
        "where α is learned, α had stopped changing; with CAP, the bound of α must be active too."
    )
    blocks: list[str | TableBlock] = [_ABOUT, *(_extent(study, records) for study, records in parts), validity]
    if issues:
        rows = [TableRow(run.name, [Cell(reason)]) for run, reason in issues.items()]
        note = (
            "The numbers of these runs are shown all the same, and should be read with these reasons in mind. Results "
            f"that rest on them are marked {DOUBLE_DAGGER} in tables and figures."
        )
        blocks.append(TableBlock("", "Runs that are not valid", ["why"], rows, "run", note=note))
    return Section("What this is", blocks)


def _extent(study: Study, done: Collection[RunKey]) -> str:
    """Count the runs of a study that are there, and list those that are missing, by condition, fold and seed."""
    n_seeds = max((key.seed for key in done), default=study.first_seed) - study.first_seed + 1
    plan = [run.key for run in study.plan(n_seeds)]
    missing: dict[str, list[str]] = {}
    for key in plan:
        if key not in done:
            missing.setdefault(str(key._replace(method="")), []).append(key.method)
    n_missing = sum(map(len, missing.values()))
    texts = [
        f"{place}: {'all methods' if len(methods) == len(study.methods) else ', '.join(methods)}"
        for place, methods in missing.items()
    ]
    count = f"{study.title}: {len(plan) - n_missing} of {len(plan)} runs are here"
    return f"{count}; missing: {'; '.join(texts)}." if missing else f"{count}."


def reproduction_sections(runs: Iterable[RunFolder]) -> list[Section]:
    """Write the paper's findings on runs, its tables with ours beside them, and what those tables alone show.

    Parameters
    ----------
    runs : iterable of RunFolder
        Finished runs or their records, of any corpora: the findings are tested on each corpus; the published tables
        are compared with runs on their own corpus only.

    Raises
    ------
    DataError, EvaluationError
        If a method ran twice on one fold with one seed, or runs on one fold were tested on different clips.
    """
    groups = grouped(runs)
    comparison = published_comparison_sections(published_comparison(groups))
    return [claims_section(groups), *comparison, published_statistics_section()]


def axis_figures(records: Records) -> Iterator[FigureBlock]:
    """Draw a figure for each property of the data that a study varied, as far as there are runs."""
    for axis, conditions in AXES.items():
        found = {
            title: [run for key, run in records.items() if key.condition == condition]
            for title, condition in conditions.items()
        }
        if any(found.values()):
            figure = axis_figure(axis_table({title: runs for title, runs in found.items() if runs}), axis)
            note = "Mean over runs; bars through marks: 95 % intervals over test clips."
            if flagged := [f"{run.method} at {title}" for title in found for run in flagged_runs(found[title])]:
                note += f" Not valid: {', '.join(flagged)}."
            yield FigureBlock("", f"Dynamic F1 and α by {axis}", figure, note)
