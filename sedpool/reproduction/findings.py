"""What becomes of the paper's findings on runs: each contrast of `sedpool.reproduction.contrasts`, measured and judged.

Claims are judged at the threshold 0.5, as the paper did, by `sedpool.reproduction.effects.verdict`. Beside that stands
the same with thresholds tuned on validation, and PSDS, which needs none. A claim about precision or recall that holds
at 0.5 and not when tuned is calibration only, and is said to be.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.validity import flagged_runs, rests_on
from sedpool.reproduction.contrasts import CONTRASTS, F1, FILLING, ORACLE_STRETCHED, OWN_CONTRASTS, Contrast
from sedpool.reproduction.effects import Effect, agreeing, effect, mean_difference
from sedpool.reproduction.published import METRICS, TITLES, read_tables
from sedpool.reproduction.published_comparison import is_augmented, is_whole
from sedpool.run_folder import RunFolder

PSDS = ("psds1", "psds2")
_MEASURED = ("effect", "low", "high", "n_blocks", "agreeing", "p_value", "smallest_p", "verdict")
COLUMNS = (
    *("study", "finding", "claim", "metric", "first", "direction", "second", "published"),
    *_MEASURED,
    *(f"tuned_{name}" for name in _MEASURED),
    *(f"{name}{suffix}" for name in PSDS for suffix in ("_effect", "_agreeing")),
    *("true_tags_effect", "tuned_true_tags_effect", "n_flagged", "remark"),
)


def contrast_table(groups: Iterable[RunGroup]) -> pd.DataFrame:
    """Every contrast that is claimed of the corpora of some runs.

    Returns
    -------
    table : DataFrame
        `COLUMNS`, one row a group of runs and contrast. `metric` is at 0.5; ``tuned_…`` is the same as tuned. `effect`
        is the first side's metric less the second's, with its 95 % interval (`low`, `high`); `agreeing` of `n_blocks`
        folds or seeds show the sign that is claimed (or equality); `published` is the effect in the paper's own table
        of the corpus, by its evaluation, beside runs that may stand in that table (see
        `sedpool.reproduction.published_comparison`); PSDS has effects alone. ``true_tags_effect`` is the first side's
        dynamic F1 less that of the true tags stretched over the clip, where the claim is that a method locates events.
        `n_flagged` runs beneath it are not valid. NaN where unknown.
    """
    return pd.DataFrame([row for group in groups for row in _rows(group)], columns=list(COLUMNS))


def not_asked(groups: Sequence[RunGroup]) -> dict[Contrast, str]:
    """The contrasts that are claimed of no corpus of some runs, and why."""
    known = [(group, group.event_share()) for group in groups]
    return {
        contrast: _not_claimed(contrast, known)
        for contrast in CONTRASTS
        if not any(contrast.concerns(group.corpus, share) for group, share in known)
    }


def _not_claimed(contrast: Contrast, groups: Iterable[tuple[RunGroup, float]]) -> str:
    corpora = " and ".join(TITLES[corpus] for corpus in contrast.stated_for)
    why = [f"the paper says so of {corpora}, where no run here was tested"]
    for group, share in groups:
        if contrast.events and group.corpus not in TITLES:
            why.append(
                f"on {group.name}, events fill {share:.0%} of the segments of a clip that has their class, and are "
                f"said to fill it from {FILLING:.0%}"
            )
    return "; ".join(why)


def _rows(group: RunGroup) -> list[dict[str, Any]]:
    share = group.event_share()
    own = [_row(contrast, group) for contrast in OWN_CONTRASTS if contrast.methods[0] in group.runs]
    locating = {row["first"] for row in own if row["verdict"] == "held"}
    rows = [_row(contrast, group, locating) for contrast in CONTRASTS if contrast.concerns(group.corpus, share)]
    return rows + own


def _row(contrast: Contrast, group: RunGroup, locating: set[str] | None = None) -> dict[str, Any]:
    is_comparable = is_whole(group) and is_augmented(group)
    row: dict[str, Any] = {
        "study": group.name,
        "finding": contrast.name,
        "claim": contrast.claim,
        "metric": contrast.first.metric,
        "first": str(contrast.first),
        "direction": contrast.direction,
        "second": str(contrast.second),
        "published": published_effect(contrast, group.corpus) if is_comparable else float("nan"),
    }
    measurable = contrast.among(group.runs)
    if measurable is None or not group.blocks(measurable.methods):
        missing = ", ".join(group.missing(contrast.methods))
        reason = f"no runs of {missing}" if measurable is None else "no fold and seed that all methods ran with"
        unknown = _measured(contrast, None) | _measured(contrast, None, "tuned_")
        return row | unknown | {"n_flagged": 0, "remark": reason}
    row |= _measured(contrast, effect(measurable, group))
    row |= _measured(contrast, effect(measurable, group, tuned=True), "tuned_")
    if contrast.first.metric == contrast.second.metric:
        for name in PSDS:
            row[f"{name}_effect"], row[f"{name}_agreeing"] = mean_difference(measurable, group, name, name)
    if contrast in OWN_CONTRASTS:
        for prefix in ("", "tuned_"):
            columns = f"{prefix}{F1}", ORACLE_STRETCHED
            row[f"{prefix}true_tags_effect"], _ = mean_difference(measurable, group, *columns)
    blocks = group.blocks(measurable.methods)
    flagged = flagged_runs(run for method in measurable.methods for run in group.of(method, blocks))
    return row | {"n_flagged": len(flagged)} | _judged_by_more(contrast, group, row, locating, flagged)


def _judged_by_more(
    contrast: Contrast, group: RunGroup, row: Mapping[str, Any], locating: set[str] | None, flagged: list[RunFolder]
) -> dict[str, Any]:
    """The remark on a measured contrast, and no verdict where methods that it speaks of are missing."""
    undecided: dict[str, Any] = {}
    if missing := group.missing(contrast.methods):
        undecided = {"verdict": "not decidable", "tuned_verdict": "not decidable"}
        remarks = [f"without {', '.join(missing)}, of which the claim speaks too"]
    elif np.isnan(row["effect"]):
        remarks = ["undefined, or runs lack the counts: `sedpool tune` scores them again"]
    else:
        praise = "" if locating is None else _not_to_be_praised(contrast, row, locating)
        remarks = [_calibration(contrast, row), praise]
    return undecided | {"remark": "; ".join(remark for remark in (*remarks, rests_on(flagged)) if remark)}


def _measured(contrast: Contrast, found: Effect | None, prefix: str = "") -> dict[str, Any]:
    if found is None:
        unknown = dict.fromkeys(_MEASURED, float("nan")) | {"n_blocks": 0, "agreeing": 0, "verdict": "not decidable"}
        return {prefix + name: value for name, value in unknown.items()}
    each = np.array(found.blocks)
    values = (
        *(found.estimate, found.low, found.high),
        *(each.size, int(agreeing(contrast.direction, each).sum())),
        *(found.p_value, found.smallest_p, found.verdict),
    )
    return {prefix + name: value for name, value in zip(_MEASURED, values, strict=True)}


def published_effect(contrast: Contrast, corpus: str) -> float:
    """The effect in the published table of a corpus; NaN where that lacks a side."""
    table = read_tables()
    rows = table[table["dataset"] == corpus].set_index("method")
    columns = {metric: column for column, metric in METRICS.items()}
    if not set(contrast.methods) <= set(rows.index) or not {contrast.first.metric, contrast.second.metric} <= set(
        columns
    ):
        return float("nan")
    values = [
        rows.loc[list(side.methods), columns[side.metric]].agg("max" if side.take == "best" else "mean")
        for side in (contrast.first, contrast.second)
    ]
    return float(values[0] - values[1])


def _calibration(contrast: Contrast, row: Mapping[str, Any]) -> str:
    """Whether a claim about precision or recall that holds at 0.5 is one about the threshold alone."""
    if not contrast.may_be_calibration or row["verdict"] != "held" or np.isnan(row["tuned_effect"]):
        return ""
    return {
        "held": "also with tuned thresholds, so not calibration alone",
        "not held": "calibration only: the contrary with tuned thresholds",
        "not decidable": "calibration, as far as these runs tell: not so with tuned thresholds",
    }[row["tuned_verdict"]]


def _not_to_be_praised(contrast: Contrast, row: Mapping[str, Any], locating: set[str]) -> str:
    """Which methods are ahead in dynamic F1 without being shown to locate anything."""
    if contrast.first.metric != F1 or contrast.direction == "=" or np.isnan(row["effect"]):
        return ""
    ahead = contrast.first if row["effect"] > 0 else contrast.second
    idle = [method for method in ahead.methods if method not in locating]
    if not idle or row["verdict"] == "not decidable":
        return ""
    return f"not shown to beat its own clip decisions, stretched: {', '.join(idle)}"
