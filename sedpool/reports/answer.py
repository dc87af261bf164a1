"""What runs come to, in a few sentences: which method to use, and what may be as good."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import counted, number
from sedpool.comparison.method_intervals import method_intervals
from sedpool.comparison.tables import look_up
from sedpool.reports import run_sentences, score_tables


def answer(study: RunGroup) -> list[str]:
    """Say which method does best on a corpus, which may be as good, and which are clearly behind it.

    Methods that learn from the times of events are set apart: they need other labels. A single run says what it has
    learned.

    Parameters
    ----------
    study : RunGroup
        Finished runs.
    """
    runs = list(study)
    if len(runs) == 1:
        return [said for one in (run_sentences.learned, run_sentences.decoding) if (said := one(runs[0].metrics))]
    level = "segment" if study.has_events else "clip"
    average, metric = score_tables.WITH_INTERVALS[level]
    are_tuned = all(run.metrics["tuned"] for run in runs)
    decoding, prefix = list(study.decodings.items())[-1 if are_tuned else 0]
    means = {
        method: float(np.mean([look_up(run.metrics, (*prefix, level, average, metric)) or 0.0 for run in own]))
        for method, own in study.runs.items()
    }
    taught = [method for method, own in study.runs.items() if own[0].config.get("supervision") == "strong"]
    others = {method: own for method, own in study.runs.items() if method not in taught} or study.runs
    compared = len(others) < len(study.runs)
    table = method_intervals(others, level, tuned=bool(prefix)) if compared else study.intervals[level, decoding]
    table = table[(table["average"] == average) & (table["metric"] == metric)].set_index("method")
    estimates = table["estimate"].dropna() if len(table) else pd.Series(means)[list(others)]
    first, *following = (str(method) for method in estimates.sort_values(ascending=False, kind="stable").index)
    how = f"mean of {counted(len(study.runs[first]), 'run')}, {average} average, {decoding}"
    if following:
        said = f"On {study.name}, use {first}: its {level} F1 of {number(means[first])} is the highest ({how})."
    else:
        said = f"On {study.name}, {first} has {level} F1 {number(means[first])} ({how})."
    further = []
    if len(table) > 1:
        rivals = [method for method in following if bool(table.loc[method, "with_best"])]
        if rivals:
            further.append(f"As good, as far as these test clips can tell: {_with_means(rivals, means)}.")
        if behind := [method for method in following if method not in rivals]:
            further.append(f"Clearly behind it: {_with_means(behind, means)}.")
    elif following:
        further.append(f"The others, without intervals: {_with_means(following, means)}.")
    if level == "segment":
        own_tags = (*prefix, "baselines", "clip_decisions_stretched", level, average, metric)
        stretched = float(np.mean([look_up(run.metrics, own_tags) or 0.0 for run in study.runs[first]]))
        located = "it has learned what sounds, and when" if means[first] > stretched else "it does not know when"
        further.append(f"Its own clip decisions, stretched over the whole clip, get {number(stretched)}: {located}.")
    if compared:
        further.append(f"Trained from the times of events, which the others need not: {_with_means(taught, means)}.")
    caution = ""
    if flagged := ", ".join(f"{note} runs of {method}" for method, note in study.flagged_methods.items()):
        caution = (
            f"Compare with care: {flagged} are not valid, as where training had not come to its end; the table of "
            "these runs says why."
        )
    return [text for text in (said, caution, " ".join(further)) if text]


def _with_means(methods: Sequence[str], means: Mapping[str, float]) -> str:
    return ", ".join(f"{method} {number(means[method])}" for method in methods)
