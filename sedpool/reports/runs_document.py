"""The report of any set of finished runs: which method is better, how sure that is, and what it was made with."""

from collections.abc import Iterator, Sequence

from sedpool.comparison.consistency import contradiction
from sedpool.comparison.groups import RunGroup, grouped
from sedpool.comparison.labels import counted
from sedpool.comparison.tables import comparison_table, peculiarities
from sedpool.plot.ranking import interval_figure
from sedpool.reports import run_appendix, run_sentences, score_tables
from sedpool.reports.answer import answer
from sedpool.reports.document import Cell, Document, FigureBlock, Section, TableBlock, TableRow, numbered
from sedpool.reports.run_table import run_table
from sedpool.reports.study_figures import study_figures
from sedpool.run_folder import RunFolder


def runs_document(runs: Sequence[RunFolder], title: str | None = None) -> Document:
    """Make the report of finished runs, or of their records without scores and weights.

    Parameters
    ----------
    runs : sequence of RunFolder
        Of any corpora and methods, at least one.
    title : str, optional
        The report's title; by default the corpora, and how many runs of how many methods there are.
    """
    found = grouped(runs, allow_repeated=True)
    ordered = [run for study in found for run in study]
    rows = []
    for study in found:
        for method, own in study.runs.items():
            folds, seeds = {run.dataset for run in own}, {run.config["seed"] for run in own}
            numbers = [len(own), len(folds), len(seeds)]
            rows.append(TableRow(f"{study.name} {method}", [Cell(str(n), n) for n in numbers]))
    overview = TableBlock("", "Finished runs", ["runs", "folds", "seeds"], rows, "corpus and method")
    contradictions = [said for run in ordered if (said := contradiction(run))]
    used = dict.fromkeys(said for run in ordered if (said := run_sentences.front_end(run.front_end)))
    notes = [*used] + [f"{note}." for note in [*peculiarities(comparison_table(ordered)), *contradictions]]
    sections = [Section("Runs", [overview, *notes])]
    for study in found:
        sections += study_sections(study)
    corpora = ", ".join(study.name for study in found)
    n_methods = len({run.method for run in ordered})
    title = title or f"{corpora}: {counted(len(ordered), 'run')} of {counted(n_methods, 'method')}"
    opening = [said for study in found for said in answer(study)]
    return Document(title, numbered([*sections, *appendix_sections(ordered)]), opening)


def study_sections(study: RunGroup, *, figures: bool = True) -> list[Section]:
    """Make the sections of one study: scores, classes, figures, and every run.

    Blocks have no names yet, and sections may be empty (see `sedpool.reports.document.numbered`).

    Parameters
    ----------
    study : RunGroup
        The runs.
    figures : bool
        Whether figures are made, or tables alone.
    """
    unit = "segments" if study.has_events else "clips"
    by_class = [
        score_tables.class_table(study, decoding, f"{study.name}: F1 of {unit} by class, {decoding}")
        for decoding in study.decodings
    ]
    every_run, notes = run_table(study, f"{study.name}: every run, with 95 % intervals over its test clips")
    return [
        Section(f"{study.name}: scores", list(_score_blocks(study, figures))),
        Section(f"{study.name}: classes", by_class),
        Section(f"{study.name}: figures", study_figures(study) if figures else []),
        Section(f"{study.name}: run by run", [every_run, *(f"{note}." for note in notes)]),
    ]


def appendix_sections(runs: Sequence[RunFolder]) -> list[Section]:
    """Make the sections on what the runs were made with; blocks have no names yet."""
    return [
        Section("Appendix: training", [run_appendix.training_cost(runs), run_appendix.training_table(runs)]),
        Section("Appendix: data", [run_appendix.data_table(runs)]),
        Section("Appendix: settings", run_appendix.settings_tables(runs)),
        Section("Appendix: environment", [run_appendix.environment_table(runs)]),
    ]


def _score_blocks(study: RunGroup, figures: bool) -> Iterator[str | TableBlock | FigureBlock]:
    """Make figures of intervals, then the tables of scores by level and of intervals, and say what they can show."""
    name, metrics = study.name, next(iter(study)).metrics
    if study.has_events:
        yield from score_tables.localisation(study)
        if ceiling := run_sentences.resolution_ceiling(*(run.metrics for run in study)):
            yield ceiling
    else:
        yield "The test clips have weak labels only: nothing can be said about localisation."
    shown = {"clip": "macro F1 of clips"} | ({"segment": "micro F1 of segments"} if study.has_events else {})
    level, score = list(shown.items())[-1]
    average, metric = score_tables.WITH_INTERVALS[level]
    for decoding in study.decodings if figures else ():
        table = study.intervals[level, decoding]
        table = table[(table["average"] == average) & (table["metric"] == metric)].rename(columns={"method": "name"})
        if len(table) > 1:
            title = f"{name}: {score} with 95 % intervals, {decoding}"
            yield FigureBlock("", title, interval_figure(table, f"{score}, {decoding}"))
    yield score_tables.level_table(study, "clip", f"{name}: clips (static)")
    if study.has_events:
        segments = f"segments of {metrics['resolution']:g} s (dynamic)"
        yield score_tables.level_table(study, "segment", f"{name}: {segments}")
        collar = f"collar {metrics['collar']:g} s, offset {100 * metrics['offset_share']:g} %"
        yield score_tables.level_table(study, "event", f"{name}: events, {collar}, and PSDS")
    for level, score in shown.items():
        yield score_tables.interval_table(study, level, f"{name}: {score}, 95 % intervals of the methods' means")
    yield from (f"{note}." for note in study.difference_notes())
