"""From finished runs to the answer of the study."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sedpool import storage
from sedpool.datasets.base import Dataset
from sedpool.errors import DataError
from sedpool.evaluation.evaluate import evaluate_run
from sedpool.events import events_from_rows, tags_from_events
from sedpool.experiment.jobs import Job, progress_of
from sedpool.experiment.plan import RunKey
from sedpool.inference.decode import Decoder, SystemOutput
from sedpool.reproduction import weak_to_strong
from sedpool.reproduction.records import TYPES, add_row, result_row
from sedpool.reproduction.studies import WEAK_TO_STRONG, WEAK_TO_STRONG_CURVE, WEAK_TO_STRONG_SCRATCH
from sedpool.reproduction.weak_to_strong import (
    STEP,
    Compared,
    chosen_recipe,
    contrast,
    deciding_first,
    measure,
    write_report,
)
from sedpool.run_folder import RunFolder
from sedpool.scores import frame_scores, write_scores
from sedpool.settings.compose import compose
from tests.reproduction.small_studies import history, write_run

CLASSES = ("dog", "siren")
SEEN = Decoder(median_filter=0.5)


def finished(folder, supervision, n_clips=12):
    """A run with frame scores that are right more often than not, and its corpus."""
    generator = np.random.default_rng(0)
    rows, clips = [], []
    run = RunFolder(folder)
    storage.write_text(run.file("config.yaml"), f"supervision: {supervision}\n")
    for split, prefix in (("validate", "validation_"), ("test", "")):
        tables = []
        for name in (f"{split}{number:02}.wav" for number in reversed(range(n_clips))):
            probabilities = generator.uniform(0, 0.6, (40, 2))
            for column, label in enumerate(CLASSES):
                first, n_frames = generator.integers(2, 25), generator.integers(6, 13)
                probabilities[first : first + n_frames, column] += generator.uniform(0, 0.4)
                rows.append((name, first / 10, (first + n_frames) / 10, label))
            if generator.random() < 0.5:
                rows.pop()
            clips.append((name, name, 4.0, split))
            tables.append(frame_scores(name, probabilities, np.arange(41) / 10, CLASSES))
        scores = pd.concat(tables, ignore_index=True)
        write_scores(scores, run.file(f"{prefix}scores.parquet"))
        best = scores.groupby("filename", sort=False)[list(CLASSES)].max().reset_index()
        write_scores(best, run.file(f"{prefix}clip_scores.parquet"))
    events = events_from_rows(rows)
    table = pd.DataFrame(clips, columns=["filename", "path", "duration", "split"])
    tags = tags_from_events(events, table["filename"].tolist(), CLASSES)
    return run, Dataset("made", CLASSES, table, tags, events)


def numbers(text):
    return STEP * np.array(text.split(), dtype=float)


def test_measures_are_those_of_an_evaluation_and_clips_move_them_as_leaving_them_out_does(tmp_path):
    run, dataset = finished(tmp_path, "strong")
    found = measure(run, dataset)
    test = dataset.split("test")
    whole = evaluate_run(SystemOutput(run.scores, run.clip_scores, SEEN), test)
    assert found["map"] == whole["clip"]["macro"]["average_precision"]
    assert found["psds1"]["fixed"] == whole["psds"]["scenario1"]
    assert found["event_f1"]["0.5"] == whole["event"]["micro"]["f1"]
    assert set(found["event_f1"]) == set(weak_to_strong.DECODINGS)
    by_tags = found["event_f1"].pop("filter and tags")  # noise ranks no tags, so that nothing holds the filter
    assert by_tags < min(found["event_f1"].values()) < max(found["event_f1"].values()) < 1
    moved = numbers(found["influences"]["psds1, fixed"])
    for position, name in enumerate(sorted(test.clips["filename"])):
        rest = [other for other in test.clips["filename"] if other != name]
        tables = (table[table["filename"] != name] for table in (run.scores, run.clip_scores))
        without = evaluate_run(SystemOutput(*tables, SEEN), test.select(rest))["psds"]["scenario1"]
        assert moved[position] == pytest.approx(found["psds1"]["fixed"] - without, abs=STEP)


def test_of_a_run_from_tags_times_choose_nothing_that_is_compared(tmp_path):
    run, dataset = finished(tmp_path, "weak")
    found = measure(run, dataset)
    assert set(found["influences"]) == {"psds1, fixed", "psds1, tags", "event_f1, tags", "event_f1, filter and tags"}
    learnt = dataset.events["filename"].str.startswith("validate")
    shifted = dataset.events.assign(onset=dataset.events["onset"].where(~learnt, 0.0))
    moved = measure(run, Dataset("made", CLASSES, dataset.clips, dataset.tags, shifted))
    for name in ("map", "influences"):
        assert moved[name] == found[name]
    for name in ("fixed", "tags"):
        assert moved["psds1"][name] == found["psds1"][name]
    for name in ("0.5", "tags", "filter and tags", "boxes, tags"):
        assert moved["event_f1"][name] == found["event_f1"][name]
    assert moved["validation_event_f1"] != found["validation_event_f1"]


def measured(generator, centre, n_clips=40, *, spread=0.0):
    moved = " ".join(str(round(value)) for value in generator.normal(0, 3000, n_clips))
    value = centre + spread * generator.normal()
    names = [f"{metric}, {name}" for metric in ("psds1", "event_f1") for name in weak_to_strong.DECODINGS]
    decoded = dict.fromkeys(weak_to_strong.DECODINGS, value)
    return {
        "map": 0.9,
        "validation": {"map": centre, "map_of_frames": centre, "psds1": centre},
        "psds1": dict.fromkeys(("fixed", "tags", "times"), value),
        "event_f1": decoded,
        "validation_event_f1": decoded | {"boxes, times": value + 0.1},
        "influences": dict.fromkeys([*names, "psds1, fixed", "psds1, tags"], moved),
    }


def shared(generator, fold, n_clips=40):
    rows = []
    for name in (f"clip{number:02}.wav" for number in range(n_clips)):
        rows += [(name, "sound", f"{fold}-{number}") for number in generator.choice(9, 2, replace=False)]
        rows.append((name, "background", f"b{generator.integers(5)}"))
    return pd.DataFrame(rows, columns=["filename", "kind", "source"])


def test_a_contrast_is_a_mean_over_seeds_then_folds_with_the_variance_of_all_pairs_that_share():
    generator = np.random.default_rng(1)
    keys = [RunKey("", method, fold, seed) for method in "ab" for fold in (1, 2) for seed in (0, 1)]
    measures = {key: measured(generator, 0.3, spread=0.05) for key in keys if key != RunKey("", "a", 2, 1)}
    sources = {fold: shared(generator, fold) for fold in (1, 2)}
    found = contrast(measures, sources, "event_f1", Compared("a", "tags"), Compared("b", "times"))

    def value(method, fold, seed):
        return measures[RunKey("", method, fold, seed)]["event_f1"]["tags"]

    expected = {
        1: np.mean([value("a", 1, s) - value("b", 1, s) for s in (0, 1)]),
        2: value("a", 2, 0) - value("b", 2, 0),
    }
    assert found.by_fold == pytest.approx(expected)
    assert found.difference == pytest.approx(np.mean(list(expected.values())))
    assert (found.n_runs, found.n_sounds, found.n_backgrounds, found.degrees) == (3, 18, 5, 4)

    def influence(method, fold, seeds):
        return np.mean(
            [numbers(measures[RunKey("", method, fold, s)]["influences"]["event_f1, tags"]) for s in seeds], axis=0
        )

    moved = [
        (influence("a", fold, seeds) - influence("b", fold, seeds)) / 2 for fold, seeds in ((1, (0, 1)), (2, (0,)))
    ]
    clips = [
        (
            value,
            {
                tuple(row)
                for row in sources[fold]
                .loc[sources[fold]["filename"] == f"clip{i:02}.wav", ["kind", "source"]]
                .to_numpy()
            },
        )
        for fold, values in zip((1, 2), moved, strict=True)
        for i, value in enumerate(values)
    ]
    few = {"sound": 18 / 17, "background": 5 / 4}
    variance = sum(
        first * second * sum(few[kind] for kind, _ in own & other) for first, own in clips for second, other in clips
    ) - 2 * sum(value**2 for value, _ in clips)
    assert found.standard_error == pytest.approx(np.sqrt(max(variance, sum(value**2 for value, _ in clips))))
    reach = stats.t.isf(0.025, 4) * found.standard_error
    assert (found.low, found.high) == pytest.approx((found.difference - reach, found.difference + reach))
    with pytest.raises(DataError, match="have no run of the same fold and seed"):
        contrast(measures, sources, "event_f1", Compared("a", "tags"), Compared("c", "times"))


def test_what_chooses_comes_first_and_then_the_chosen_beside_the_strong(tmp_path):
    plan = WEAK_TO_STRONG.plan(3)
    assert len(plan) == 15 * 4 * 3
    ordered = [run.key for run in deciding_first(plan, tmp_path)]
    assert {(key.fold, key.seed) for key in ordered[:18]} == {(fold, 0) for fold in (1, 2, 3)}
    assert len({key.method for key in ordered[:18]}) == 6
    assert {key.method for key in ordered[18:54]} == set(weak_to_strong.STRONG)
    generator = np.random.default_rng(0)
    for key in ordered[:18]:
        centre = 0.9 if key.method == "cap_self" else 0.8
        storage.write_json(tmp_path / "measures" / f"fold{key.fold}-{key.method}-s0.json", measured(generator, centre))
    again = [run.key for run in deciding_first(plan, tmp_path)]
    assert {key.method for key in again[18:63]} == {"cap_self", *weak_to_strong.STRONG}
    assert [key.seed for key in again[18:63]] == sorted(key.seed for key in again[18:63])
    assert sorted(again) == sorted(ordered)


def test_no_recipe_is_chosen_while_a_run_is_missing():
    generator = np.random.default_rng(0)
    measures = {
        RunKey("", method, fold, 0): measured(generator, centre)
        for method, centre in (("max", 0.6), ("cap", 0.7))
        for fold in (1, 2, 3)
    }
    assert chosen_recipe(measures, ["max", "cap"], "map") == "cap"
    del measures[RunKey("", "max", 2, 0)]
    assert chosen_recipe(measures, ["max", "cap"], "map") is None


def test_only_weak_recipes_are_planned_without_times():
    for run in [*WEAK_TO_STRONG.plan(), *WEAK_TO_STRONG_CURVE.plan(), *WEAK_TO_STRONG_SCRATCH.plan()]:
        assert ("labels.times=test" in run.overrides) != ("supervision=strong" in run.overrides)


def add_finished(results, key):
    row = dict.fromkeys(("valid",), True) | key._asdict() | {"epochs": 9, "kept_epoch": 4, "seconds": 1.0}
    row |= {"remark": "", "commit": "c0ffee", "precision": "float32", "device": "abacus", "run": f"{key}"}
    add_row(results, pd.Series(row).reindex(list(TYPES)).to_dict())


def test_the_learning_curve_has_the_folds_in_which_no_run_lacks(tmp_path):
    generator = np.random.default_rng(3)
    methods = ["auto_self", "max", "rap", "rap_self", "strong_frames"]
    for key in (run.key for run in [*WEAK_TO_STRONG_CURVE.plan(), *WEAK_TO_STRONG.select(methods=methods).plan()]):
        n_clips = int(key.condition.split()[0]) if key.condition else 1200
        name = f"{f'{n_clips}clips-' if key.condition else ''}fold{key.fold}-{key.method}-s{key.seed}.json"
        storage.write_json(tmp_path / "measures" / name, measured(generator, n_clips / 10_000 * (key.fold == 2) + 0.1))
        if key != RunKey("400 clips", "rap", 3, 0):
            add_finished(tmp_path / ("curve.csv" if key.condition else "results.csv"), key)
    text = write_report(tmp_path).read_text(encoding="utf-8").replace("\\", "")
    assert "Seed 0, means over folds 1, 2, 4" in text
    rows = re.findall(r"^\| (\d+ clips|all), (\w+) \| ([\d.]+) \|", text, re.MULTILINE)
    assert [row[:2] for row in rows[:5]] == [("25 clips", method) for method in methods]
    assert [float(value) for clips, method, value in rows if method == "rap"] == pytest.approx(
        [0.1 + n / 30_000 for n in (25, 50, 100, 200, 400, 800, 1200)], abs=6e-4
    )


def test_what_learns_from_scratch_has_a_table_of_its_own(tmp_path):
    generator = np.random.default_rng(4)
    for key in [RunKey("", "max", 1, 0), *(run.key for run in WEAK_TO_STRONG_SCRATCH.plan() if run.key.fold != 3)]:
        name = f"{'fromscratch-' if key.condition else ''}fold{key.fold}-{key.method}-s{key.seed}.json"
        storage.write_json(tmp_path / "measures" / name, measured(generator, 0.3 if key.method == "auto" else 0.2))
        add_finished(tmp_path / ("scratch.csv" if key.condition else "results.csv"), key)
    text = write_report(tmp_path).read_text(encoding="utf-8").replace("\\", "")
    assert "Fewer clips" not in text
    rows = re.findall(r"^\| (\S+) \| ([\d:, ]+) \| ([\d.]+) \|", text[text.index("From scratch") :], re.MULTILINE)
    assert [row[0] for row in rows] == ["auto", "max", "max_self", "rap_1e-4", "rap_1e-4_self", "strong_frames"]
    assert {row[1] for row in rows} == {"1: 1, 2: 1, 4: 1"}
    assert float(rows[0][2]) == pytest.approx(0.3, abs=0.05)
    table = tmp_path / "scratch.csv"
    table.write_text(table.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    assert "From scratch" not in write_report(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("weak", "word"), [(0.31, "better"), (0.2999, "strictly not inferior"), (0.2, "not shown to be as good")]
)
def test_the_report_opens_with_the_answer(tmp_path, weak, word):
    generator = np.random.default_rng(2)
    with pytest.raises(DataError, match="no results in it"):
        write_report(tmp_path)
    for fold in (1, 2, 3, 4):
        storage.write_csv(tmp_path / "sources" / f"fold{fold}.csv", shared(generator, fold))
        centres = dict.fromkeys(weak_to_strong.WEAK, 0.1) | dict.fromkeys(weak_to_strong.STRONG, 0.2)
        for method, centre in (centres | {"cap_self": weak, "strong_clips": 0.3}).items():
            key = RunKey("", method, fold, 0)
            found = measured(generator, centre)
            found["validation"]["map_of_frames"] = float(method == "rap_self")
            storage.write_json(tmp_path / "measures" / f"fold{fold}-{method}-s0.json", found)
            add_finished(tmp_path / "results.csv", key)
    text = write_report(tmp_path).read_text(encoding="utf-8")
    answer = text[text.index("## Answer") : text.index("Table 1")]
    assert re.findall(r"In (\S+)(?: F1)?, training .*?: weak is (.*?)\.(?= |\n)", answer) == [
        ("PSDS1", word),
        ("event", word),
    ]
    assert "Closest to the strong recipe: PSDS1, " in text
    assert "No condition of the protocol makes this void." in text
    assert "strong_clips" in text.replace("\\", "")
    (explored,) = re.findall(r"^\| event F1, rap\\_self, and a filter \|(.*)\|$", text, re.MULTILINE)
    assert [cell.strip() for cell in explored.split("|")][:3] == ["0.100", "0.300", "-0.200"]
    assert "decoded by times (boxes, times)" in text


def test_epochs_of_all_rounds_count(tmp_path):
    config = compose(["training=self_train", "method=cap"], {}) | {"runs": str(tmp_path)}
    run = RunFolder(tmp_path / write_run(config, n_epochs=5))
    for number, n_epochs in enumerate((7, 4)):
        storage.write_text(run.file(f"rounds/{number}/history.csv"), history(n_epochs, 1).to_csv(index=False))
    Job("cap", (), config, run).plan()
    assert progress_of(run).budget == 3 * 25
    assert len(progress_of(run).seconds) == 16
    row = result_row(RunKey("", "cap", None, 0), run)
    assert (row["epochs"], row["kept_epoch"], row["seconds"]) == (16, 2, 40.0)
