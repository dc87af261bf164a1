"""Choose the figures that a set of runs allows, by study: those of the paper under its numbers, and others."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import DOUBLE_DAGGER
from sedpool.comparison.method_tables import (
    alpha_trajectories,
    by_method,
    class_scores,
    event_durations,
    kept_alphas,
    threshold_curves,
)
from sedpool.comparison.significance import seed_blocks
from sedpool.plot.alpha import alpha_durations_figure, alpha_trajectories_figure, learned_alpha_figure
from sedpool.plot.class_scores import class_score_figure
from sedpool.plot.corpus import duration_figure
from sedpool.plot.example import method_example_figure
from sedpool.plot.ranking import critical_difference_figure
from sedpool.plot.threshold import threshold_figure
from sedpool.reports.document import FigureBlock
from sedpool.stats.ranks import average_ranks, critical_difference

PAPER_NUMBERS = {
    "durations": {"urbansed": 3, "dcase2017": 4, "medleydb": 5},
    "class scores": {"urbansed": 7, "dcase2017": 10, "medleydb": 12},
    "alpha": {"urbansed": 8, "dcase2017": 11},
    "example": {"urbansed": 9},
}
"""Numbers of the paper's figures, by what they show and by corpus."""


def figure_name(kind: str, study: str) -> str:
    """Name a figure by its number in the paper, or by that for URBAN-SED if the paper has none of the corpus.

    Examples
    --------
    >>> figure_name("class scores", "dcase2017"), figure_name("class scores", "esc10")
    ('Figure 10', 'Figure 7 (esc10)')
    """
    numbers = PAPER_NUMBERS[kind]
    return f"Figure {numbers[study]}" if study in numbers else f"Figure {numbers['urbansed']} ({study})"


def study_figures(study: RunGroup, *, as_in_paper: bool = False) -> list[str | FigureBlock]:
    """Draw every figure that the runs of one study allow, or say why figures would mislead.

    Parameters
    ----------
    study : RunGroup
        Finished runs; records without scores and weights will do.
    as_in_paper : bool
        Whether the paper's figures are named by its numbers (`figure_name`); others have no names yet.

    Returns
    -------
    blocks : list of str and FigureBlock
        Durations, class scores, precision and recall, ranks, α at the end, over training and against duration, and an
        example; what the runs do not hold is left out.
    """
    runs = list(study)
    if study.repeated:
        first, times = study.repeated[0], len(study.repeated)
        return [
            f"No figures of the methods on {study.name}: {first.method} ran {times} times on {first.dataset} with seed "
            f"{first.config['seed']}. Give each its own name, as in method=cap_light."
        ]
    durations = event_durations(runs)
    order = [] if durations is None else list(durations["duration_50"].sort_values(kind="stable").index)
    scored = replace(study, runs=by_method(run for run in runs if run.metrics["segment"] is not None))
    blocks: list[FigureBlock] = [
        *_duration_blocks(study.name, durations),
        *_score_blocks(scored, order),
        *_alpha_blocks(study, order, durations),
        *_example_blocks(scored, order),
    ]
    return [block if as_in_paper else replace(block, name="") for block in blocks]


def _duration_blocks(study: str, durations: pd.DataFrame | None) -> list[FigureBlock]:
    if durations is None:
        return []
    note = (
        "Box: the middle half, with the median; whiskers: 5 and 95 %. Classes stand in this order, from short events "
        f"to long ones, in all figures of {study}."
    )
    title = f"How long the events of each class last, {study}"
    return [FigureBlock(figure_name("durations", study), title, duration_figure(durations), note)]


def _score_blocks(study: RunGroup, order: Sequence[str]) -> list[FigureBlock]:
    if not study.runs:
        return []
    blocks = [
        FigureBlock(
            figure_name("class scores", study.name),
            f"Dynamic F1 of each class and method, {study.name}",
            class_score_figure(_in_order(class_scores(list(study)), order)),
            "Mean over folds and seeds; intervals are over test clips, wider where these share recordings. A method "
            f"whose mark is not right of the black bar has located nothing of the class.{_flagged_note(study)}",
        )
    ]
    curves = threshold_curves(list(study))
    if len(curves):
        title = f"Precision and recall of the dynamic task at every threshold, {study.name}"
        note = f"Methods whose marks lie apart on one curve differ by their threshold alone.{_flagged_note(study)}"
        blocks.append(FigureBlock("", title, threshold_figure(curves), note))
    scores = [(run.dataset, run.config["seed"], run.method, run.metrics["segment"]["micro"]["f1"]) for run in study]
    ranks = seed_blocks(pd.DataFrame(scores, columns=["dataset", "seed", "method", "f1"]), "f1", ["dataset", "seed"])
    if ranks is not None:
        n_blocks, n_methods = ranks.shape
        figure = critical_difference_figure(average_ranks(ranks), critical_difference(n_methods, n_blocks))
        title = f"Average ranks of {n_methods} methods by dynamic F1 over {n_blocks} folds and seeds, {study.name}"
        note = f"Bars join methods closer than Nemenyi's critical difference.{_flagged_note(study)}"
        blocks.append(FigureBlock("", title, figure, note))
    return blocks


def _flagged_note(study: RunGroup) -> str:
    """Explain the mark of methods with runs that are not valid; empty if there are none."""
    found = ", ".join(f"{method} ({share})" for method, share in study.flagged_methods.items())
    return f" {DOUBLE_DAGGER}: runs that are not valid, {found}." if found else ""


def _alpha_blocks(study: RunGroup, order: Sequence[str], durations: pd.DataFrame | None) -> list[FigureBlock]:
    flagged = {run.name for run in study.flagged}
    trajectories = _in_order(alpha_trajectories(list(study)), order)
    if trajectories.empty:
        return []
    kept = kept_alphas(trajectories)
    blocks = [
        FigureBlock(
            figure_name("alpha", study.name),
            f"Learnt α of each class and method, {study.name}",
            learned_alpha_figure(kept, flagged),
            f"Large marks: means over folds and seeds; small ones: each run.{_flagged_note(study)}",
        ),
        FigureBlock(
            "",
            f"α over the epochs, {study.name}",
            alpha_trajectories_figure(trajectories, flagged),
            f"One line per run; its mark: the epoch whose weights were kept.{_flagged_note(study)}",
        ),
    ]
    if durations is not None:
        title = f"Learnt α against event duration, {study.name}"
        note = (
            "ρ: Spearman's rank correlation over the classes, which the paper says is negative; p: one-sided, by "
            f"permutation.{_flagged_note(study)}"
        )
        blocks.append(FigureBlock("", title, alpha_durations_figure(kept, durations, flagged), note))
    return blocks


def _example_blocks(study: RunGroup, order: Sequence[str]) -> list[FigureBlock]:
    """Draw one clip under each method that keeps it, from the corpus that most methods keep a clip of."""
    examples: dict[str, dict[str, tuple[pd.DataFrame, pd.DataFrame]]] = {}
    for run in sorted(study, key=lambda run: run.dataset):
        of_dataset = examples.setdefault(run.dataset, {})
        if run.method not in of_dataset and (example := run.example) is not None:
            of_dataset[run.method] = example
    if not any(examples.values()):
        return []
    corpus, of_methods = max(examples.items(), key=lambda item: len(item[1]))
    scores = {method: of_method[0] for method, of_method in of_methods.items()}
    _, reference = next(iter(of_methods.values()))
    title = f"What each method hears in {reference['filename'].iloc[0]} of {corpus}"
    note = f"The clip with the most classes; false alarms of other classes are not drawn.{_flagged_note(study)}"
    figure = method_example_figure(scores, reference, order)
    return [FigureBlock(figure_name("example", study.name), title, figure, note)]


def _in_order(table: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Sort rows by class and keep the order within a class; unchanged where no order is known."""
    position = {label: index for index, label in enumerate(labels)}
    return table.sort_values("event_label", key=lambda column: column.map(position), kind="stable", ignore_index=True)
