"""How sure each number is: ``--intervals``."""

import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from sedpool.evaluation import segment_counts
from sedpool.events import events_from_rows
from sedpool.formats import read_events, write_tsv
from sedpool.inference.decode import decode
from sedpool.scores import frame_scores, read_scores, write_scores
from sedpool.stats.replicates import count_statistic
from sedpool.stats.resampling import clip_weights, interval_table

from .conftest import ESTIMATED, REFERENCE, assert_one_line, metrics

NAMES = [f"{index}.wav" for index in range(24)]
CLASSES = ["dog", "siren"]


@pytest.fixture
def system(tmp_path):
    """Two dozen clips, in half of which something is missed or added; returns the options that name the files."""
    generator = np.random.default_rng(0)
    tables, rows = [], []
    for index, name in enumerate(NAMES):
        values = generator.random((20, 2)) * 0.45
        rows.append((name, 2.0, 6.0, CLASSES[index % 2]))
        values[4 : 12 - index % 4, index % 2 if index % 6 else 0] += 0.5
        tables.append(frame_scores(name, values, np.arange(0, 10.5, 0.5), CLASSES))
    write_scores(pd.concat(tables, ignore_index=True), tmp_path / "scores.parquet")
    write_tsv(events_from_rows(rows), tmp_path / "reference.tsv")
    lines = "".join(f"{name}\t10\n" for name in NAMES)
    (tmp_path / "durations.tsv").write_text("filename\tduration\n" + lines)
    return [
        *("--reference", tmp_path / "reference.tsv", "--scores", tmp_path / "scores.parquet"),
        *("--durations", tmp_path / "durations.tsv"),
    ]


EVERYTHING = [f"--metric={name}" for name in ("clip", "ranking", "segment", "event", "onset", "intersection", "psds")]


def test_every_metric_has_one_under_the_same_keys(evaluate, system):
    found = metrics(evaluate, *system, *EVERYTHING, "--intervals", "--resamples", 200, "--seed", 3)
    intervals = found.pop("intervals")
    drawn = {name: intervals.pop(name) for name in ("share", "n_resamples", "seed", "n_sources")}
    assert drawn == {"share": 0.95, "n_resamples": 200, "seed": 3, "n_sources": None}
    assert found == {key: value for key, value in metrics(evaluate, *system, *EVERYTHING).items() if key != "intervals"}
    n_compared = 0
    for path, value in leaves({level: found[level] for level in intervals}):
        if path[-1] in ("n_ref", "n_sys", "n_classes", "n_classes_excluded"):
            continue
        ends = intervals
        for key in path:
            ends = ends[key]
        assert ends == [None, None] if value is None else ends[0] - 1e-12 <= value <= ends[1] + 1e-12, path
        n_compared += 1
    assert n_compared > 100


def leaves(tree, path=()):
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from leaves(part, (*path, key))
    else:
        yield path, tree


def test_they_are_those_of_the_library(evaluate, system):
    found = metrics(evaluate, *system, "-m", "segment", "--intervals")["intervals"]
    counts = segment_counts(
        read_events(system[1]),
        decode(read_scores(system[3])),
        durations=dict.fromkeys(NAMES, 10.0),
        classes=CLASSES,
    )
    table = interval_table(count_statistic(counts), clip_weights(len(NAMES), n_resamples=1000, seed=0))
    assert found["segment"]["micro"]["f1"] == table.loc[0, ["low", "high"]].tolist()


def test_shared_recordings_widen_them(evaluate, system, tmp_path):
    rows = "".join(f"{name}\trecording{index // 6}\n" for index, name in enumerate(NAMES))
    (tmp_path / "sources.tsv").write_text("filename\tsource\n" + rows)
    options = [*system, "-m", "segment", "--intervals"]
    alone = metrics(evaluate, *options)["intervals"]["segment"]["class_wise"]["dog"]["recall"]
    shared = metrics(evaluate, *options, "--sources", tmp_path / "sources.tsv")["intervals"]
    assert shared["n_sources"] == 4
    ends = shared["segment"]["class_wise"]["dog"]["recall"]
    assert ends[1] - ends[0] >= alone[1] - alone[0]
    output = evaluate(*options, "--sources", tmp_path / "sources.tsv").output
    assert "(seed 0), widened for the 4 recordings that clips were made from." in output


def test_tables_and_pages_say_them_and_how_they_were_found(evaluate, system, tmp_path):
    shown = evaluate(*system, *EVERYTHING, "--intervals", "--html", tmp_path / "o.html")
    assert "Intervals: 95 %, BCa, from 1000 resamples of the clips (seed 0)." in shown.output
    assert shown.output.count("95 % interval from") == 5 + 2  # levels, and both averages of rankings
    assert "PSDS, scenario 1: " in shown.output
    assert ", 95 % interval 0." in shown.output
    page = (tmp_path / "o.html").read_text(encoding="utf-8")
    assert page.count('<th scope="row">95 % interval from</th>') == 7
    assert page.count("<th>from</th>") == 5 + 3
    table = pd.read_csv(StringIO(evaluate(*system, *EVERYTHING, "--intervals", "--csv", "-").output))
    for name in ("f1", "precision", "recall", "average_precision", "roc_auc", "lwlrap", "psds"):
        rows = table.dropna(subset=name)
        assert len(rows)
        assert (rows[f"{name}_low"].notna() & (rows[f"{name}_low"] <= rows[f"{name}_high"])).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resamples", 5], "resamples: 5; expected 100 to 100000"),
        (["--resamples", 10**9], "resamples: 1000000000; expected 100 to 100000"),
        (["--seed", -1], "seed: -1; expected 0 or more"),
        (["--sources", "nowhere.csv"], "nowhere.csv: no such file"),
        (["--sources", "clips.tsv"], "no column source; expected filename and source"),
        (["--sources", "others.tsv"], "24 of 24 clips have none (0.wav; 1.wav"),
        (["--sources", "most.tsv"], "clip sources: 1 of 24 clips has none (7.wav); give each a row"),
    ],
)
def test_nonsense_is_refused_in_a_line(evaluate, system, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips.tsv").write_text("filename\trecording\n0.wav\tx\n")
    (tmp_path / "others.tsv").write_text("filename\tsource\nelsewhere.wav\tx\n")
    rows = [f"{name}\tx\n" for name in NAMES if name != "7.wav"]
    (tmp_path / "most.tsv").write_text("filename\tsource\n" + "".join(rows))
    assert_one_line(evaluate(*system, "-m", "clip", "--intervals", *options), message)


def test_what_is_undefined_has_none(evaluate, files, tmp_path):
    (tmp_path / "classes.txt").write_text("dog\nsiren\ndrill\n")
    nothing = "filename\tonset\toffset\tevent_label\n" + "".join(f"{name}\t\t\t\n" for name in NAMES)
    options = [*files(nothing, nothing[:34]), "--classes", tmp_path / "classes.txt", "--intervals"]
    found = json.loads(evaluate(*options, "--json", "-").output)
    assert found["intervals"]["segment"]["micro"]["f1"] == [None, None]
    assert "–" in evaluate(*options).output


def test_clips_of_which_nothing_is_known_change_none(evaluate, files, tmp_path):
    options = ("-m", "segment", "-m", "event", "--intervals", "--resamples", 200)
    durations, known = tmp_path / "durations.tsv", "filename\tduration\na.wav\t10\nb.wav\t10\nsilent.wav\t10\n"
    durations.write_text(known)
    lengths = ("--durations", durations)
    without = metrics(evaluate, *files(), *lengths, *options)
    durations.write_text(known + "x.wav\t10\n")
    (tmp_path / "unknown.tsv").write_text("filename\nx.wav\n")
    given = files(REFERENCE + "x.wav\t1.0\t2.0\tdog\n", ESTIMATED + "x.wav\t3.0\t4.0\tdog\n")
    found = metrics(evaluate, *given, *lengths, *options, "--unknown", tmp_path / "unknown.tsv")
    assert found["intervals"] == without["intervals"]
    assert found["coverage"] == {**without["coverage"], "expected": 4}


def test_one_clip_is_too_few(evaluate, files):
    one = "filename\tonset\toffset\tevent_label\na.wav\t0\t1\tdog\n"
    assert_one_line(evaluate(*files(one, one), "--intervals"), "bootstrap over 1 clip; expected at least two")
    assert json.loads(evaluate(*files(one, one), "--json", "-").output)["intervals"] is None
