import re
from pathlib import Path

from sedpool.reports.glossary import TERMS
from sedpool.reports.run_numbers import events_table, key_numbers
from sedpool.run_folder import is_better_tuned


def test_few_numbers_say_what_is_good(make_run):
    run = make_run()
    numbers = {one.title: one for one in key_numbers(run.metrics)}
    ceiling = run.metrics["ceiling"]["event"]["f1"]
    assert f"at most {ceiling:.3f} can be reached" in numbers["event F1"].judged
    own = run.metrics["tuned"]["baselines"]["clip_decisions_stretched"]["segment"]["micro"]["f1"]
    as_set = run.metrics["baselines"]["clip_decisions_stretched"]["segment"]["micro"]["f1"]
    assert f"gets {max(own, as_set):.3f}" in numbers["segment F1"].judged
    assert {term for one in numbers.values() for term in one.terms} <= set(TERMS)
    weak = [one.title for one in key_numbers(make_run(weak=True, seed=1).metrics)]
    assert weak == ["clip F1", "precision", "recall"]


def test_events_of_each_class_are_counted(make_run):
    run = make_run()
    counts = run.tuned_counts if is_better_tuned(run.metrics) else run.counts
    of_events = counts[counts["level"] == "event"].groupby("event_label").sum(numeric_only=True)
    for row in events_table(run.metrics).rows:
        n_true, n_detected, n_right = (cell.value for cell in row.cells[:3])
        expected = of_events.loc[row.title, ["n_ref", "n_sys", "true_positives"]].tolist()
        assert [n_true, n_detected, n_right] == expected


def test_terms_are_those_of_the_glossary():
    text = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")
    entries = re.findall(r"^(\S.*)\n:   (.*(?:\n    .*)*)", text, re.MULTILINE)
    plain = {
        name: re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(meaning.split())).replace("`", "")
        for name, meaning in entries
    }
    for name, meaning in TERMS.items():
        assert re.sub(r" \((more|definition)\)", "", plain[name]) == meaning
