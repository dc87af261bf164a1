"""The report of any set of finished runs: which method is better, how sure that is, and what it was made with."""

from collections.abc import Iterator, Sequence
from itertools import chain

from sedpool.comparison.consistency import contradiction
from sedpool.comparison.labels import counted
from sedpool.comparison.study_runs import StudyRuns, difference_notes, studies
from sedpool.comparison.tables import comparison_table, peculiarities
from sedpool.plot.ranking import interval_figure
from sedpool.reports import run_appendix, score_tables
from sedpool.reports.document import Cell, Document, FigureBlock, Section, TableBlock, TableRow, numbered
from sedpool.reports.run_table import run_table
from sedpool.reports.study_figures import study_figures
from sedpool.run_folder import RunFolder

Blocks = Iterator[str | TableBlock | FigureBlock]

_WEAK = "The test clips have weak labels only: nothing can be said about localisation."


def runs_document(runs: Sequence[RunFolder], title: str) -> Document:
    """The report of finished runs, or of their records without scores and weights.

    Parameters
    ----------
    runs : sequence of RunFolder
        Of any corpora and methods, at least one.
    title : str
        The report's.
    """
    found = studies(runs)
    sections = [Section("Runs", list(_overview(found)))]
    for study in found:
        sections += study_sections(study)
    ordered = [run for study in found for run in study.runs]
    return Document(title, numbered([*sections, *appendix_sections(ordered)]))


def default_title(runs: Sequence[RunFolder]) -> str:
    """How many runs of how many methods on which corpora."""
    n_methods = len({run.method for run in runs})
    names = ", ".join(sorted({run.study for run in runs}))
    return f"{names}: {counted(len(runs), 'run')} of {counted(n_methods, 'method')}"


def study_sections(study: StudyRuns, *, figures: bool = True) -> list[Section]:
    """What the runs of one study show, or its tables alone.

    Blocks have no names yet (see `sedpool.reports.document.numbered`).
    """
    blocks = {
        "scores": chain(_scores(study), _intervals(study, figures)),
        "classes": _classes(study),
        "figures": study_figures(study) if figures else (),
        "run by run": _run_by_run(study),
    }
    sections = [Section(f"{study.name}: {title}", list(part)) for title, part in blocks.items()]
    return [section for section in sections if section.blocks]


def appendix_sections(runs: Sequence[RunFolder]) -> list[Section]:
    """What the runs were made with; blocks have no names yet."""
    return [
        Section("Appendix: training", [run_appendix.training_cost(runs), run_appendix.training_table(runs)]),
        Section("Appendix: data", [run_appendix.data_table(runs)]),
        Section("Appendix: settings", run_appendix.settings_tables(runs)),
        Section("Appendix: environment", [run_appendix.environment_table(runs)]),
    ]


def _overview(found: Sequence[StudyRuns]) -> Blocks:
    rows = [
        TableRow(f"{study.name} {method}", [Cell(str(n), n) for n in _numbers(runs)])
        for study in found
        for method, runs in study.methods.items()
    ]
    yield TableBlock("", "Finished runs", ["runs", "folds", "seeds"], rows, "corpus and method")
    runs = [run for study in found for run in study.runs]
    contradictions = [said for run in runs if (said := contradiction(run))]
    yield from (f"{note}." for note in [*peculiarities(comparison_table(runs)), *contradictions])


def _numbers(runs: Sequence[RunFolder]) -> tuple[int, int, int]:
    return len(runs), len({run.dataset for run in runs}), len({run.config["seed"] for run in runs})


def _scores(study: StudyRuns) -> Blocks:
    yield from score_tables.localisation(study) if study.has_events else [_WEAK]
    metrics = study.runs[0].metrics
    yield score_tables.level_table(study, "clip", f"{study.name}: clips (static)")
    if study.has_events:
        collar = f"collar {metrics['collar']:g} s, offset {100 * metrics['offset_share']:g} %"
        title = f"{study.name}: segments of {metrics['resolution']:g} s (dynamic)"
        yield score_tables.level_table(study, "segment", title)
        yield score_tables.level_table(study, "event", f"{study.name}: events, {collar}, and PSDS")


def _intervals(study: StudyRuns, figures: bool) -> Blocks:
    names = {"clip": "macro F1 of clips"} | ({"segment": "micro F1 of segments"} if study.has_events else {})
    for level, name in names.items():
        yield score_tables.interval_table(study, level, f"{study.name}: {name}, 95 % intervals of the methods' means")
    average, metric = score_tables.WITH_INTERVALS[level]
    for decoding in study.decodings if figures else ():
        table = study.intervals[level, decoding]
        shown = table[(table["average"] == average) & (table["metric"] == metric)].rename(columns={"method": "name"})
        if len(shown) > 1:
            title = f"{study.name}: {name} with 95 % intervals, {decoding}"
            yield FigureBlock("", title, interval_figure(shown, f"{name}, {decoding}"))
    yield from (f"{note}." for note in difference_notes(study))


def _classes(study: StudyRuns) -> Blocks:
    unit = "segments" if study.has_events else "clips"
    for decoding in study.decodings:
        yield score_tables.class_table(study, decoding, f"{study.name}: F1 of {unit} by class, {decoding}")


def _run_by_run(study: StudyRuns) -> Blocks:
    table, notes = run_table(study, f"{study.name}: every run, with 95 % intervals over its test clips")
    yield table
    yield from (f"{note}." for note in notes)
