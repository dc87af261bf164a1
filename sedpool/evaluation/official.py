"""What does sed_eval say? The one module that calls it, with inputs that were validated before.

sed_eval keeps raw counts and derives its results from them. Here only the counts are used, because its results hide
some cases: a class that is never predicted leaves its macro average, and an empty reference makes an error rate of
1e16. Its own macro average is reported beside ours under its own name.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sedpool.evaluation.averages import (
    Counts,
    Metrics,
    class_error_rate,
    f1_precision_recall,
    macro_average,
    micro_average,
    ratio,
)

Scorer = Any
"""A `sed_eval` metrics object; the library has no type hints."""


def event_lists(
    reference: pd.DataFrame, estimated: pd.DataFrame, filenames: Sequence[str]
) -> Iterator[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]]:
    """Each clip's name, reference and estimate in sed_eval's form."""
    by_file = [_grouped(reference), _grouped(estimated)]
    for filename in filenames:
        yield filename, by_file[0].get(filename, []), by_file[1].get(filename, [])


def _grouped(events: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    columns = [events[name].tolist() for name in ("filename", "onset", "offset", "event_label")]
    for filename, onset, offset, label in zip(*columns, strict=True):
        event = {"event_onset": onset, "event_offset": offset, "event_label": label}
        groups.setdefault(filename, []).append(event)
    return groups


def metrics_from(scorer: Scorer, *, substitutions: float, deletions: float, insertions: float) -> Metrics:
    """Micro, macro and class-wise metrics of a sed_eval scorer that has seen every clip.

    Parameters
    ----------
    scorer : sed_eval.sound_event.SegmentBasedMetrics or EventBasedMetrics
        The scorer.
    substitutions, deletions, insertions : float
        Its overall counts, which the two scorers keep under different names.
    """
    class_wise = {label: _class_metrics(_counts(scorer.class_wise[label])) for label in scorer.event_label_list}
    total = _counts(scorer.overall)
    micro = micro_average(total) | {
        "error_rate": ratio(substitutions + deletions + insertions, total.n_ref),
        "substitution_rate": ratio(substitutions, total.n_ref),
        "deletion_rate": ratio(deletions, total.n_ref),
        "insertion_rate": ratio(insertions, total.n_ref),
    }
    return {
        "micro": micro,
        "macro": macro_average(class_wise),
        "sed_eval_macro": _own_macro(scorer),
        "class_wise": class_wise,
    }


def _counts(values: Mapping[str, float]) -> Counts:
    return Counts(int(values["Ntp"]), n_ref=int(values["Nref"]), n_sys=int(values["Nsys"]))


def _class_metrics(counts: Counts) -> Metrics:
    return f1_precision_recall(counts) | {"error_rate": class_error_rate(counts)}


def _own_macro(scorer: Scorer) -> Metrics:
    """sed_eval's macro average; its error rate only where every class has a reference, and is not 1e16."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of an empty slice: None below
        results = scorer.results_class_wise_average_metrics()
    f_measure = results["f_measure"]
    complete = all(values["Nref"] for values in scorer.class_wise.values())
    return {
        "f1": _defined(f_measure["f_measure"]),
        "precision": _defined(f_measure["precision"]),
        "recall": _defined(f_measure["recall"]),
        "error_rate": _defined(results["error_rate"]["error_rate"]) if complete else None,
    }


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
