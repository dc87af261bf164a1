"""The finished runs of one study, by method: what its tables and figures are made of, and whether methods differ."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sedpool.comparison.labels import threshold_title
from sedpool.comparison.method_intervals import method_intervals
from sedpool.comparison.method_tables import by_method
from sedpool.comparison.significance import seed_notes
from sedpool.comparison.tables import look_up
from sedpool.evaluation.counts_table import OWN_STRETCHED
from sedpool.run_folder import RunFolder


@dataclass(frozen=True, eq=False)
class StudyRuns:
    """The finished runs of one study.

    Attributes
    ----------
    name : str
        The corpus without its fold.
    methods : mapping of str to sequence of RunFolder
        Runs by method.
    flagged : collection of RunFolder
        Those that are not valid: shown like the others, with a mark.
    """

    name: str
    methods: Mapping[str, Sequence[RunFolder]]
    flagged: Collection[RunFolder] = ()

    @property
    def runs(self) -> list[RunFolder]:
        """Every run, method after method."""
        return [run for runs in self.methods.values() for run in runs]

    @property
    def one_a_corpus(self) -> list[RunFolder]:
        """A run of each fold, for what depends on the corpus alone."""
        return list({run.dataset: run for run in self.runs}.values())

    @property
    def has_events(self) -> bool:
        """Whether the test clips have strong labels."""
        return all(run.metrics["segment"] is not None for run in self.runs)

    @cached_property
    def decodings(self) -> dict[str, tuple[str, ...]]:
        """Where the runs' results lie in ``metrics.json``, by title: decoded as set and, if any was, as tuned."""
        titles = {threshold_title(run.metrics["decoding"]) for run in self.runs}
        as_set: dict[str, tuple[str, ...]] = {titles.pop() if len(titles) == 1 else "as set": ()}
        is_tuned = any(run.metrics["tuned"] for run in self.runs)
        return as_set | ({"tuned on validation": ("tuned",)} if is_tuned else {})

    @cached_property
    def intervals(self) -> dict[tuple[str, str], pd.DataFrame]:
        """`sedpool.comparison.method_intervals.method_intervals` by level and title of decoding."""
        levels = ["clip", *(["segment", "event", OWN_STRETCHED] if self.has_events else [])]
        return {
            (level, decoding): method_intervals(self.methods, level, tuned=bool(prefix))
            for level in levels
            for decoding, prefix in self.decodings.items()
        }

    @property
    def note(self) -> str:
        """Of how many runs means are taken, and which methods are not compared."""
        return " ".join(filter(None, [self._means, self.not_compared]))

    @property
    def _means(self) -> str:
        counts = {method: len(runs) for method, runs in self.methods.items()}
        if len(set(counts.values())) > 1:
            return (
                "Mean ± standard deviation over runs: " + ", ".join(f"{name} {n}" for name, n in counts.items()) + "."
            )
        n_runs = next(iter(counts.values()))
        return (
            f"Mean ± standard deviation over the {n_runs} runs of each method." if n_runs > 1 else "One run a method."
        )

    @property
    def not_compared(self) -> str:
        """Which methods have no intervals and no marks, if not all, and why."""
        compared = set(self.intervals["clip", next(iter(self.decodings))]["method"])
        left_out = [method for method in self.methods if method not in compared]
        if not compared or not left_out:
            return ""
        return (
            f"Not compared, for their runs are not on the same test clips as the others' or lack their counts: "
            f"{', '.join(left_out)}."
        )

    @property
    def flagged_methods(self) -> dict[str, str]:
        """The methods with flagged runs, and how many of their runs these are, as ``2 of 4``."""
        n_flagged = {method: sum(run in self.flagged for run in runs) for method, runs in self.methods.items()}
        return {method: f"{n} of {len(self.methods[method])}" for method, n in n_flagged.items() if n}


def studies(runs: Iterable[RunFolder], flagged: Collection[RunFolder] = ()) -> list[StudyRuns]:
    """Runs by their study, in alphabetical order; folds and seeds of a method in theirs; some of them flagged."""
    ordered = sorted(runs, key=lambda run: (run.study, run.dataset, run.config["seed"]))
    names = dict.fromkeys(run.study for run in ordered)
    return [StudyRuns(name, by_method(run for run in ordered if run.study == name), flagged) for name in names]


def difference_notes(study: StudyRuns) -> list[str]:
    """Whether methods differ over folds or, where there is one, over seeds, and whether so few can show it."""
    path = ("segment", "micro", "f1") if study.has_events else ("clip", "macro", "f1")
    has_folds = len(study.one_a_corpus) > 1
    notes = []
    for decoding, prefix in study.decodings.items():
        rows = [
            {
                "dataset": f"{study.name}, {decoding}",
                "method": run.method,
                "seed": run.config["corpus" if has_folds else "seed"],
                "f1": look_up(run.metrics, (*prefix, *path)),
            }
            for run in study.runs
        ]
        means = pd.DataFrame(rows).groupby(["dataset", "method", "seed"])["f1"].mean().reset_index()
        notes += seed_notes(means, "f1", unit="folds" if has_folds else "seeds")
    return notes
