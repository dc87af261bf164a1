import shutil

import pytest

from sedpool import storage
from sedpool.comparison.consistency import contradiction
from sedpool.run_folder import RunFolder


def changed(run, value, *keys):
    """The run read again, with another number in its ``metrics.json``."""
    metrics = storage.read_json(run.file("metrics.json"))
    part = metrics
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    storage.write_json(run.file("metrics.json"), metrics)
    return RunFolder(run.path)


def test_a_run_agrees_with_itself(make_run):
    assert contradiction(make_run("cap")) is None


@pytest.mark.parametrize("file", ["counts.parquet", "tuned_counts.parquet"])
def test_a_run_without_counts_contradicts_nothing(make_run, file):
    run = make_run("cap")
    run.file(file).unlink(missing_ok=True)
    assert contradiction(RunFolder(run.path)) is None


@pytest.mark.parametrize(
    ("value", "keys", "message"),
    [
        (0.25, ("segment", "micro", "f1"), "metrics.json has segment micro f1 0.25, counts.parquet gives 0."),
        (99, ("event", "class_wise", "siren", "n_ref"), "metrics.json has event siren n_ref 99, counts.parquet gives"),
        (None, ("clip", "micro", "f1"), "metrics.json has clip micro f1 None, counts.parquet gives"),
    ],
)
def test_the_number_that_differs_is_named(make_run, value, keys, message):
    run = make_run("cap")
    said = contradiction(changed(run, value, *keys))
    assert said.startswith(f"{run.path.name}: ")
    assert message in said
    assert len(said.splitlines()) == 1


def test_tuned_numbers_are_compared_with_tuned_counts(make_run):
    run = make_run("cap")
    shutil.copy(run.file("counts.parquet"), run.file("tuned_counts.parquet"))
    levels = {level: run.metrics[level] for level in ("clip", "segment", "event")}
    assert contradiction(changed(run, levels, "tuned")) is None
    said = contradiction(changed(run, 0.25, "tuned", "segment", "micro", "f1"))
    assert "metrics.json has tuned segment micro f1 0.25, tuned_counts.parquet gives" in said


def test_what_an_earlier_version_did_not_write_is_no_contradiction(make_run):
    run = make_run("cap")
    metrics = storage.read_json(run.file("metrics.json"))
    del metrics["segment"]["micro"]["error_rate"]
    metrics["event"] = None
    storage.write_json(run.file("metrics.json"), metrics)
    assert contradiction(RunFolder(run.path)) is None
