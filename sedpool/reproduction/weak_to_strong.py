"""Compare one recipe that learns, is chosen and is tuned from clip labels alone with those that learn from events.

Of every run the study keeps a file of measures: scores with each way of decoding, and how much each test clip moves
those that are compared. Choices, contrasts and the report follow from these files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.datasets.mixing import clip_backgrounds, clip_sources, mixing_details
from sedpool.errors import DataError
from sedpool.evaluation.levels import Criteria
from sedpool.evaluation.psds import PsdsCounts, count_psds
from sedpool.evaluation.ranking import ranking_metrics
from sedpool.evaluation.scenarios import SCENARIOS
from sedpool.evaluation.scored_clips import ScoredClips
from sedpool.evaluation.tuning import TAGS_LOST, WINDOWS, Level, Parameters, tune
from sedpool.experiment.plan import PlannedRun, RunKey
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.reports.document import Cell, Document, Section, TableBlock, TableRow
from sedpool.reports.document_markdown import to_markdown
from sedpool.reproduction.records import add_row, keys_of, read_results, result_row
from sedpool.run_folder import RunFolder
from sedpool.runtime.arrays import Float64Array
from sedpool.scores import highest_frames
from sedpool.settings.instantiate import build
from sedpool.stats.clusters import clustered_variance, membership, t_interval
from sedpool.stats.power import noninferiority_power
from sedpool.stats.ranks import holm
from sedpool.stats.replicates import count_statistic, psds_statistic
from sedpool.stats.resampling import influences
from sedpool.untrusted import parse_json

FOLDER, SOURCES = "measures", "sources"
FORMAT = 2
STEP = 1e-7
"""What influences are written in, as whole numbers."""

MEDIAN = 0.5
"""Seconds of the median filter: the shortest event of these soundscapes."""

BOX = 0.75
POOLINGS = ("max", "linear_softmax", "auto", "cap", "rap", "attention")
WEAK = tuple(f"{pooling}_self" for pooling in POOLINGS)
STRONG = ("strong_frames", "strong_clips", "strong_distilled")
CURVE = (25, 50, 100, 200, 400, 800)
"""How many training clips the learning curve has, besides all."""

CURVE_RESULTS = "curve.csv"
SCRATCH_RESULTS = "scratch.csv"
CHOSEN_ON = (1, 2, 3)
"""Test folds on whose validation clips recipes are chosen; fold 4 was seen in a pilot."""

DECODINGS: Mapping[str, tuple[Decoder, Parameters | None, Level]] = {
    "0.5": (Decoder(median_filter=MEDIAN), None, "clip"),
    "tags": (Decoder(median_filter=MEDIAN), "per_class", "clip"),
    "filter and tags": (Decoder(median_filter=MEDIAN), "all", "clip"),
    "times": (Decoder(median_filter=MEDIAN), "all", "event"),
    "boxes, tags": (Decoder(box_filter=BOX), "per_class", "clip"),
    "boxes, times": (Decoder(box_filter=BOX), "all", "event"),
}
"""From which decoder, of what, and on what validation tunes, by the name that the report has."""

Measures = Mapping[RunKey, dict[str, Any]]


def measure(run: RunFolder, dataset: Dataset) -> dict[str, Any]:
    """Score a finished run in every way that the study compares.

    Parameters
    ----------
    run : RunFolder
        With its scores.
    dataset : Dataset
        The corpus with all its events, also those that the run has not seen.

    Returns
    -------
    measures : dict
        ``format``; of validation and test `map`, the macro-averaged average precision of clips, on validation
        `map_of_frames` too, with the highest smoothed frame of a clip in place of its probability; `psds1` by `window`,
        a median: ``fixed`` is that of `MEDIAN`, ``tags`` the longest that validation tags bear, ``times`` what
        validation prefers by PSDS1; `event_f1` by decoding, micro; and `influences` on what is compared, a number for
        each test clip in the order of names, in units of `STEP`.
    """
    learnt_times = run.config["supervision"] == "strong"
    validation, test = (dataset.split(name) for name in ("validate", "test"))
    validated = ScoredClips(_output(run.validation_scores, run.validation_clip_scores), validation)
    tested = ScoredClips(_output(run.scores, run.clip_scores), test)
    decoders = {}
    for name, (start, parameters, level) in DECODINGS.items():
        decoders[name] = start
        if parameters:
            begun = replace(validated, output=replace(validated.output, decoder=start))
            tuned = tune(begun, held_out=test.clips["filename"], parameters=parameters, objective=level)
            decoders[name] = tuned.decoder
    by_window = {window: _psds(validated, window).psds() or 0.0 for window in WINDOWS}
    by_tags = decoders["filter and tags"].median_filter
    assert isinstance(by_tags, float)
    windows = {"fixed": MEDIAN, "tags": by_tags, "times": max(by_window, key=lambda window: by_window[window])}
    curves = {name: _psds(tested, window) for name, window in windows.items()}
    smoothed = highest_frames(Decoder(median_filter=MEDIAN).smoothed(run.validation_scores))
    found: dict[str, Any] = {
        "format": FORMAT,
        "validation": {
            "map": validated.rankings["macro"]["average_precision"],
            "map_of_frames": ranking_metrics(validation.tags, smoothed)["macro"]["average_precision"],
            "psds1": by_window[MEDIAN],
        },
        "map": tested.rankings["macro"]["average_precision"],
        "psds1": {name: curve.psds() for name, curve in curves.items()},
        "window": windows,
        "event_f1": {},
        "validation_event_f1": {},
    }
    criteria, counts = Criteria(), {}
    for name, decoder in decoders.items():
        for clips, key in ((validated, "validation_event_f1"), (tested, "event_f1")):
            assert clips.reference is not None
            events = decoder.events(clips.output.frame_scores)
            counts[name] = criteria.count("event", clips.reference.with_estimated(events))
            found[key][name] = counts[name].metrics()["micro"]["f1"]
    moved: dict[str, Float64Array] = {}
    for name, curve in curves.items():
        if name != "times" or learnt_times:
            of_psds = influences(psds_statistic({"scenario1": curve}), len(curve.filenames))["scenario1", "", "psds"]
            moved[f"psds1, {name}"] = of_psds[pd.Index(curve.filenames).argsort()]
    for name, counted in counts.items():
        if name in ("tags", "filter and tags") or (learnt_times and DECODINGS[name][2] == "event"):
            of_f1 = influences(count_statistic(counted), len(counted.filenames))["micro", "", "f1"]
            moved[f"event_f1, {name}"] = of_f1[pd.Index(counted.filenames).argsort()]
    found["influences"] = {
        name: " ".join(str(round(value / STEP)) for value in values) for name, values in moved.items()
    }
    return found


def _output(frames: pd.DataFrame, clips: pd.DataFrame) -> SystemOutput:
    return SystemOutput(frames, clips, Decoder(median_filter=MEDIAN))


def _psds(clips: ScoredClips, window: float) -> PsdsCounts:
    assert clips.reference is not None
    frames = clips.frames_for(Decoder(median_filter=window))
    return count_psds(clips.reference, frames, {"scenario1": SCENARIOS["scenario1"]})["scenario1"]


@lru_cache(1)
def _corpus(settings: str) -> Dataset:
    dataset: Dataset = build({"dataset": parse_json(settings)}, "dataset")
    return dataset


def keep(key: RunKey, run: RunFolder, folder: Path, results: str) -> None:
    """Enter a finished run into the study: its measures, the sources of its test clips, and last its row."""
    dataset = _corpus(storage.json_text(run.config["dataset"]))
    sources = folder / SOURCES / f"fold{key.fold}.csv"
    if not sources.exists():
        storage.write_csv(sources, shared_recordings(dataset.split("test")))
    storage.write_json(_file(folder, key), measure(run, dataset))
    add_row(folder / results, result_row(key, run))


def shared_recordings(dataset: Dataset) -> pd.DataFrame:
    """List the recordings that clips were mixed from: ``filename, kind, source``; kinds are sound and background."""
    details = mixing_details(dataset)
    if details is None:
        raise DataError(f"dataset {dataset.name}: clips without annotations of their sources")
    kinds = {"sound": clip_sources(details), "background": clip_backgrounds(dataset)}
    table = pd.concat([sources.assign(kind=kind) for kind, sources in kinds.items()])
    return table[["filename", "kind", "source"]].sort_values(["filename", "kind", "source"], ignore_index=True)


def _file(folder: Path, key: RunKey) -> Path:
    condition = f"{key.condition.replace(' ', '')}-" if key.condition else ""
    return folder / FOLDER / f"{condition}fold{key.fold}-{key.method}-s{key.seed}.json"


def read_measures(folder: Path, keys: Iterable[RunKey]) -> Measures:
    """Read the measures of those runs that have some."""
    return {key: storage.read_json(_file(folder, key)) for key in keys if _file(folder, key).exists()}


def chosen_recipe(measures: Measures, methods: Iterable[str], criterion: str) -> str | None:
    """Choose the recipe that is best on validation clips of folds 1 to 3 with seed 0; None while runs are missing.

    Parameters
    ----------
    measures : mapping of RunKey to dict
        Of `read_measures`.
    methods : iterable of str
        Among which to choose.
    criterion : {'map', 'map_of_frames', 'psds1'}
        What is averaged over the folds. The first two need clip labels alone.
    """
    means = {}
    for method in methods:
        runs = [measures.get(RunKey("", method, fold, 0)) for fold in CHOSEN_ON]
        means[method] = np.mean([np.nan if run is None else run["validation"][criterion] for run in runs])
    if not means or np.isnan(list(means.values())).any():
        return None
    return max(means, key=lambda method: means[method])


def deciding_first(plan: list[PlannedRun], folder: Path) -> list[PlannedRun]:
    """Put a plan in its order: what chooses a recipe, then the chosen one beside strong labels, then the rest."""
    measures = read_measures(folder, [run.key for run in plan])
    first = {chosen_recipe(measures, WEAK, "map"), *STRONG}

    def rank(run: PlannedRun) -> tuple[int, int]:
        key = run.key
        decides = key.method in WEAK and key.fold in CHOSEN_ON and key.seed == 0
        return (0 if decides else 1 if key.method in first else 2), key.seed

    return sorted(plan, key=rank)


MARGINS = {"better": 0.0, "strictly not inferior": -0.01, "not inferior": -0.02}
CONTRAST_COLUMNS = ("weak", "strong", "difference", "low", "high", "by fold")


class Compared(NamedTuple):
    """One side of a contrast: a recipe, and which of its measures counts."""

    method: str
    decoding: str


@dataclass(frozen=True)
class Contrast:
    """A difference between two recipes, averaged over folds and seeds.

    Attributes
    ----------
    difference, low, high : float
        With the two-sided 95 % interval over recordings.
    by_fold : mapping of int to float
        Of each fold.
    means : (float, float)
        Of both sides.
    n_runs, n_sounds, n_backgrounds, degrees : int
        What it rests on.
    standard_error : float
        Of the difference.
    """

    difference: float
    low: float
    high: float
    by_fold: Mapping[int, float]
    means: tuple[float, float]
    n_runs: int
    n_sounds: int
    n_backgrounds: int
    degrees: int
    standard_error: float

    @property
    def p_value(self) -> float:
        """Probability of a difference at least as large, on either side, if both were equally good."""
        return float(2 * stats.t.sf(abs(self.difference) / self.standard_error, self.degrees))

    @property
    def verdict(self) -> str:
        """What the lower limit says of the first side, in words."""
        return next((word for word, margin in MARGINS.items() if self.low >= margin), "not shown to be as good")

    def power(self, margin: float) -> float:
        """Return how probable a limit of at least ``-margin`` is if both sides are equally good."""
        return noninferiority_power(self.standard_error, margin, self.degrees)

    def cells(self) -> list[str]:
        """Write it as a row of a table with `CONTRAST_COLUMNS`."""
        numbers = (*self.means, self.difference, self.low, self.high)
        return [*(f"{number:.3f}" for number in numbers), ", ".join(f"{k}: {v:+.3f}" for k, v in self.by_fold.items())]


def contrast(
    measures: Measures,
    sources: Mapping[int, pd.DataFrame],
    metric: str,
    first: Compared,
    second: Compared,
) -> Contrast:
    """Compare two recipes on the folds and seeds that both have.

    Parameters
    ----------
    measures : mapping of RunKey to dict
        Of `read_measures`.
    sources : mapping of int to DataFrame
        By fold, of `shared_recordings`. Backgrounds of one name are the same in all folds.
    metric : {'psds1', 'event_f1'}
        What is compared.
    first, second : Compared
        The difference is that of the first less the second.

    Raises
    ------
    DataError
        If they have no fold and seed in common.
    """
    seeds: dict[int, list[int]] = {}
    for condition, method, fold, seed in measures:
        if fold is None or fold not in sources or method != first.method:
            continue
        if RunKey(condition, second.method, fold, seed) in measures:
            seeds.setdefault(fold, []).append(seed)
    if not seeds:
        raise DataError(f"{first.method} and {second.method} have no run of the same fold and seed")
    of_sides: list[dict[int, float]] = []
    moved: list[Float64Array] = []
    for method, decoding in (first, second):
        runs = {fold: [measures[RunKey("", method, fold, seed)] for seed in some] for fold, some in seeds.items()}
        of_sides.append({fold: float(np.mean([run[metric][decoding] for run in some])) for fold, some in runs.items()})
        of_folds = [
            STEP * np.mean([np.fromstring(run["influences"][f"{metric}, {decoding}"], sep=" ") for run in some], axis=0)
            for some in runs.values()
        ]
        moved.append(np.concatenate(of_folds) / len(runs))
    tables = {fold: sources[fold].assign(filename=f"{fold}/" + sources[fold]["filename"]) for fold in seeds}
    clips = [name for table in tables.values() for name in sorted(table["filename"].unique())]
    together = pd.concat(tables.values())
    kinds = [membership(clips, together[together["kind"] == kind]) for kind in ("sound", "background")]
    variance = clustered_variance(moved[0] - moved[1], kinds)
    by_fold = {fold: of_sides[0][fold] - of_sides[1][fold] for fold in sorted(seeds)}
    difference, counts = float(np.mean(list(by_fold.values()))), [int(kind.shape[1]) for kind in kinds]
    low, high = t_interval(difference, variance, min(counts) - 1)
    return Contrast(
        difference=difference,
        low=low,
        high=high,
        by_fold=by_fold,
        means=(float(np.mean(list(of_sides[0].values()))), float(np.mean(list(of_sides[1].values())))),
        n_runs=sum(map(len, seeds.values())),
        n_sounds=counts[0],
        n_backgrounds=counts[1],
        degrees=min(counts) - 1,
        standard_error=float(np.sqrt(variance)),
    )


def write_report(folder: Path, results: str = "results.csv") -> Path:
    """Write ``report.md`` of all runs that have a row: the answer, what it rests on, and every recipe.

    Raises
    ------
    DataError
        If the study has no rows.
    StorageError
        If the table of results, or a file of measures, is damaged.
    """
    table = read_results(folder / results)
    if table.empty:
        raise DataError(f"{folder}: no results in it; run the study first, without --report-only")
    measures = read_measures(folder, keys_of(table))
    sources = {int(path.stem.removeprefix("fold")): pd.read_csv(path) for path in (folder / SOURCES).glob("fold*.csv")}
    weak, strong = chosen_recipe(measures, WEAK, "map"), chosen_recipe(measures, STRONG, "psds1")
    commits = ", ".join(sorted({commit[:7] for commit in table["commit"]}))
    blocks: list[str | TableBlock] = [f"{len(measures)} runs, at commits {commits}."]
    if weak and strong:
        sections = [
            Section("Answer", [*_answer(measures, sources, weak, strong), *blocks]),
            _other_ways(measures, sources, weak, strong),
        ]
    else:
        blocks.append("Not all runs that choose the recipes are here yet, so that nothing is compared.")
        sections = [Section("Answer", blocks)]
    note = "What is not in the contrasts of the protocol is exploratory."
    sections.append(Section("All recipes", [_recipes(measures, "Table 3", "Scores", note)]))
    fewer, scratch = (
        read_measures(folder, keys_of(read_results(folder / name))) for name in (CURVE_RESULTS, SCRATCH_RESULTS)
    )
    if fewer:
        sections.append(_learning_curve(measures, fewer))
    if scratch:
        note = "The network is that of `sedpool detect demo`. One seed decides nothing."
        sections.append(Section("From scratch", [_recipes(scratch, "Table 5", "Scores without embeddings", note)]))
    document = Document("From weak labels to strong ones", sections)
    path = folder / "report.md"
    storage.write_text(path, to_markdown(document))
    return path


LEAST_STRONG = {"psds1": 0.155, "event_f1": 0.228}
MAP_MARGIN = 0.02
NAMES = {"psds1": "PSDS1", "event_f1": "event F1"}


def _answer(measures: Measures, sources: Mapping[int, pd.DataFrame], weak: str, strong: str) -> list[str | TableBlock]:
    """Write the contrasts of the protocol, and whether its conditions hold."""
    best = _decoding_by_times(measures, strong)
    rows, said, voids = [], [], []
    for folds in (tuple(sources), CHOSEN_ON):
        here = {fold: sources[fold] for fold in folds if fold in sources}
        for metric, first, second in (("psds1", "fixed", "times"), ("event_f1", "tags", best)):
            found = contrast(measures, here, metric, Compared(weak, first), Compared(strong, second))
            word = found.verdict
            title = f"{NAMES[metric]}, folds {', '.join(map(str, found.by_fold))}"
            rows.append(TableRow(title, [Cell(text) for text in (*found.cells(), f"{found.power(0.02):.3f}", word)]))
            if len(folds) == len(sources):
                said.append(
                    f"In {NAMES[metric]}, training from tags alone reaches {found.means[0]:.3f} and from events "
                    f"{found.means[1]:.3f}, a difference of {found.difference:.3f} (95 % interval {found.low:.3f} to "
                    f"{found.high:.3f}): weak is {word}."
                )
                if found.means[1] < LEAST_STRONG[metric]:
                    voids.append(f"strong has {NAMES[metric]} {found.means[1]:.3f}, below {LEAST_STRONG[metric]}")
                counts = f"{found.n_runs} pairs of runs; {found.n_sounds} sounds, {found.n_backgrounds} backgrounds"
    maps = [np.mean([run["map"] for key, run in measures.items() if key.method == method]) for method in (weak, strong)]
    if maps[1] < maps[0] - MAP_MARGIN:
        voids.append(f"strong's clip mAP {maps[1]:.3f} is more than {MAP_MARGIN} below weak's {maps[0]:.3f}")
    columns = [*CONTRAST_COLUMNS, "power", "weak is"]
    note = (
        f"{counts}. Weak is {weak}, decoded by tags; strong is {strong}, decoded by times ({best}). Intervals are of "
        "95 %, over recordings; power is the probability to find no inferiority at -0.02 if both are equally good."
    )
    return [
        " ".join(said),
        f"Void: {'; '.join(voids)}." if voids else "No condition of the protocol makes this void.",
        TableBlock("Table 1", "Contrasts of the protocol", columns, rows, "", note=note),
    ]


def _other_ways(measures: Measures, sources: Mapping[int, pd.DataFrame], weak: str, strong: str) -> Section:
    """Contrast with the strong recipe what else clip labels may choose; no test score had a part in either choice."""
    by_frames = chosen_recipe(measures, WEAK, "map_of_frames") or weak
    ways = {
        f"{weak}, and a filter": (weak, "tags", "filter and tags"),
        by_frames: (by_frames, "fixed", "tags"),
        f"{by_frames}, and a filter": (by_frames, "tags", "filter and tags"),
    }
    best = _decoding_by_times(measures, strong)
    found = {}
    for title, (method, window, decoding) in ways.items():
        for metric, first, second in (("psds1", window, "times"), ("event_f1", decoding, best)):
            sides = Compared(method, first), Compared(strong, second)
            found[f"{NAMES[metric]}, {title}"] = contrast(measures, sources, metric, *sides)
    p_values = holm([one.p_value for one in found.values()])
    rows = [
        TableRow(
            title,
            [
                Cell(text)
                for text in (
                    *one.cells(),
                    str(one.n_runs),
                    f"{p_value:.3f}" if p_value >= 0.001 else "< 0.001",
                    one.verdict,
                )
            ],
        )
        for (title, one), p_value in zip(found.items(), p_values, strict=True)
    ]
    note = (
        f"{by_frames} is the recipe whose highest frames, after a median filter of {MEDIAN:g} s, rank the tags of "
        "validation clips best, on the same runs. The filter is the longest that costs these tags no more than "
        f"{TAGS_LOST:g} of their average precision; PSDS1 is with it. p is two-sided, of no difference, by Holm over "
        "the rows. All of this was found after test scores had been read, and is exploratory."
    )
    columns = [*CONTRAST_COLUMNS, "pairs of runs", "p", "weak is"]
    closest = [
        max((title for title in found if title.startswith(name)), key=lambda title: found[title].difference)
        for name in NAMES.values()
    ]
    said = "; ".join(f"{title} ({found[title].difference:+.3f})" for title in closest)
    table = TableBlock("Table 2", "Exploratory contrasts", columns, rows, "way", note=note)
    return Section("Other ways from tags alone", [f"Closest to the strong recipe: {said}.", table])


def _decoding_by_times(measures: Measures, strong: str) -> str:
    """Choose how a strong recipe is decoded: by event F1 on validation clips of `CHOSEN_ON`, among what uses times."""
    found = {
        name: np.mean(
            [
                run["validation_event_f1"][name]
                for key, run in measures.items()
                if key.method == strong and key.fold in CHOSEN_ON and key.seed == 0
            ]
        )
        for name, (_, _, level) in DECODINGS.items()
        if level == "event"
    }
    return max(found, key=lambda name: found[name])


def _recipes(measures: Measures, label: str, title: str, note: str) -> TableBlock:
    """Tabulate all recipes with all ways of decoding."""
    rows = []
    for method in dict.fromkeys(key.method for key in measures):
        runs = {key: run for key, run in measures.items() if key.method == method}
        folds = [key.fold for key in runs]
        counts = ", ".join(f"{fold}: {folds.count(fold)}" for fold in sorted(set(folds), key=str))
        means = pd.DataFrame(
            {
                "PSDS1": run["psds1"]["fixed"],
                "PSDS1, filter by tags": run["psds1"]["tags"],
                "PSDS1, times": run["psds1"]["times"],
                **{f"event F1, {name}": value for name, value in run["event_f1"].items()},
                "clip mAP": run["map"],
                "validation mAP": run["validation"]["map"],
                "validation PSDS1": run["validation"]["psds1"],
            }
            for run in runs.values()
        ).mean()
        rows.append(TableRow(method, [Cell(counts), *(Cell(f"{value:.3f}") for value in means)]))
    return TableBlock(label, title, ["runs by fold", *means.index], rows, "recipe", note=f"Means over runs. {note}")


def _learning_curve(measures: Measures, fewer: Measures) -> Section:
    """Tabulate what recipes reach from fewer training clips, with seed 0, on the folds where all of them have a run."""
    methods = list(dict.fromkeys(key.method for key in fewer))
    known = {**fewer, **{key._replace(condition="all"): run for key, run in measures.items() if key.seed == 0}}
    conditions = [f"{n} clips" for n in CURVE] + ["all"]
    wanted = [(condition, method) for condition in conditions for method in methods]
    folds = [
        fold
        for fold in sorted({key.fold for key in fewer}, key=str)
        if all(RunKey(condition, method, fold, 0) in known for condition, method in wanted)
    ]
    if not folds:
        return Section("Fewer clips", [f"{len(fewer)} runs are here; no fold has all of them yet."])
    columns = {
        "PSDS1": ("psds1", "fixed"),
        "event F1, tags": ("event_f1", "tags"),
        "event F1, times": ("event_f1", "times"),
    }
    rows = []
    for condition, method in wanted:
        runs = [known[RunKey(condition, method, fold, 0)] for fold in folds]
        means = [*(np.mean([run[first][second] for run in runs]) for first, second in columns.values())]
        means.append(np.mean([run["map"] for run in runs]))
        rows.append(TableRow(f"{condition}, {method}", [Cell(f"{mean:.3f}") for mean in means]))
    note = (
        f"Seed 0, means over folds {', '.join(map(str, folds))}; validation and test clips are the same. Exploratory."
    )
    table = TableBlock(
        "Table 4", "Scores by number of training clips", [*columns, "clip mAP"], rows, "clips, recipe", note=note
    )
    return Section("Fewer clips", [table])
