"""What a study's report is about, how much of the study there is, and which of its runs are valid."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sedpool.comparison.labels import DOUBLE_DAGGER
from sedpool.comparison.validity import flagged_runs, validity_issues
from sedpool.experiment.plan import RunKey, Study
from sedpool.reports.document import Cell, Section, TableBlock, TableRow
from sedpool.run_folder import RunFolder

PAPER = (
    "B. McFee, J. Salamon and J. P. Bello, “Adaptive pooling operators for weakly labeled sound event detection”, "
    "IEEE/ACM Transactions on Audio, Speech, and Language Processing 26(11), 2018"
)


def overview_section(parts: Sequence[tuple[Study, Mapping[RunKey, RunFolder]]]) -> Section:
    """The opening section of a report.

    Parameters
    ----------
    parts : sequence of (Study, mapping of RunKey to RunFolder)
        Each part of the study with its runs or their records.
    """
    runs = [run for _, records in parts for run in records.values()]
    return Section("What this is", [_ABOUT, *(_extent(study, records) for study, records in parts), *_validity(runs)])


_ABOUT = (
    f"Pooling operators compared as in the paper: {PAPER}. Detectors are trained from clip labels and judged by where "
    "they locate events. The paper's tables and figures stand under its own numbers, those beyond it under numbers "
    "with an S; scores on a corpus that the paper did not have stand in tables of their own. Settings, data and "
    "machine of every run are in the appendix."
)


def _extent(study: Study, done: Collection[RunKey]) -> str:
    """How much of a study there is, and what is missing."""
    n_seeds = max((key.seed for key in done), default=study.first_seed) - study.first_seed + 1
    plan = [run.key for run in study.plan(n_seeds)]
    missing = [key for key in plan if key not in done]
    said = f"{study.title}: {len(plan) - len(missing)} of {len(plan)} runs are here"
    return f"{said}; missing: {'; '.join(_by_place(study, missing))}." if missing else f"{said}."


def _by_place(study: Study, keys: Sequence[RunKey]) -> Iterator[str]:
    """Runs as ``fold 1: softmax``, one text for each condition, fold and seed."""
    places: dict[str, list[str]] = {}
    for key in keys:
        places.setdefault(str(key._replace(method="")), []).append(key.method)
    for place, methods in places.items():
        yield f"{place}: {'all methods' if len(methods) == len(study.methods) else ', '.join(methods)}"


def _validity(runs: Sequence[RunFolder]) -> Iterator[str | TableBlock]:
    flagged = {run: "; ".join(validity_issues(run)) for run in flagged_runs(runs)}
    yield (
        f"{len(runs) - len(flagged)} of {len(runs)} runs are valid. A run is if it ended by early stopping and, where "
        "α is learned, it had flattened; with CAP its bound must be active."
    )
    if flagged:
        rows = [TableRow(run.path.name, [Cell(reason)]) for run, reason in flagged.items()]
        note = (
            "Their numbers are shown all the same, and should be read with these reasons in mind. What rests on them "
            f"is flagged by the mark {DOUBLE_DAGGER} in tables and figures."
        )
        yield TableBlock("", "Runs that are not valid", ["why"], rows, "run", note=note)
