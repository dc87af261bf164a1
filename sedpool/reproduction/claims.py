"""The paper's claims judged on runs: each contrast of `sedpool.reproduction.contrasts`, as a table and as a section.

Claims are judged at threshold 0.5, as in the paper, by `sedpool.reproduction.effects.verdict`. The table also has the
effects with thresholds tuned on validation, and in PSDS, which needs no threshold. A claim about precision or recall
that holds at 0.5 but not with tuned thresholds is remarked as calibration only.
"""

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

import numpy as np
import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import UNDEFINED
from sedpool.comparison.validity import flagged_runs, rests_on
from sedpool.reports.document import Cell, Section, TableBlock, TableRow
from sedpool.reproduction.alpha_claims import alpha_blocks, alpha_table
from sedpool.reproduction.contrasts import (
    CONTRASTS,
    EQUAL_WITHIN,
    F1,
    FILLING,
    ORACLE_STRETCHED,
    OTHER_CLAIMS,
    OWN_CONTRASTS,
    Contrast,
)
from sedpool.reproduction.effects import Effect, Verdict, effect, is_as_claimed, mean_difference
from sedpool.reproduction.published import METRICS, TITLES, read_tables
from sedpool.reproduction.published_comparison import is_augmented, is_whole
from sedpool.reproduction.softmax_limit import softmax_against_mean, softmax_block, weights_approach_mean

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
    """Measure every contrast that the paper claims for the corpora of some runs.

    Returns
    -------
    table : DataFrame
        `COLUMNS`, one row per group of runs and contrast. `metric` is at threshold 0.5; columns ``tuned_…`` are with
        thresholds tuned on validation. `effect` is the first side's metric less the second's, with its 95 % interval
        (`low`, `high`); in `agreeing` of `n_blocks` folds or seeds the effect is as claimed; `published` is the effect
        in the paper's own table of the corpus, for runs that may be compared with that table (see
        `sedpool.reproduction.published_comparison`); PSDS has effects without intervals. ``true_tags_effect`` is the
        first side's dynamic F1 less that of the true tags stretched over the clip, for claims that a method locates
        events. `n_flagged` of the runs are not valid. NaN where unknown.
    """
    rows: list[dict[str, Any]] = []
    for group in groups:
        share = group.event_share()
        own = [_row(contrast, group) for contrast in OWN_CONTRASTS if contrast.methods[0] in group.runs]
        locating = {row["first"] for row in own if row["verdict"] == "held"}
        rows += [_row(contrast, group, locating) for contrast in CONTRASTS if contrast.concerns(group.corpus, share)]
        rows += own
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(contrast: Contrast, group: RunGroup, locating: set[str] | None = None) -> dict[str, Any]:
    """Measure one contrast; `locating` are the methods that beat their own clip decisions, None if not yet known."""
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
    if missing_methods := group.missing(contrast.methods):
        row |= {"verdict": "not decidable", "tuned_verdict": "not decidable"}
        remarks = [f"without {', '.join(missing_methods)}, which the claim names too"]
    else:
        remarks = _remarks(contrast, row, locating)
    remark = "; ".join(filter(None, [*remarks, rests_on(flagged)]))
    return row | {"n_flagged": len(flagged), "remark": remark}


def _measured(contrast: Contrast, found: Effect | None, prefix: str = "") -> dict[str, Any]:
    """Write an effect as columns of the table."""
    if found is None:
        unknown = dict.fromkeys(_MEASURED, float("nan")) | {"n_blocks": 0, "agreeing": 0, "verdict": "not decidable"}
        return {prefix + name: value for name, value in unknown.items()}
    each = np.array(found.blocks)
    values = (
        *(found.estimate, found.low, found.high),
        *(each.size, int(is_as_claimed(contrast.direction, each).sum())),
        *(found.p_value, found.smallest_p, found.verdict),
    )
    return {prefix + name: value for name, value in zip(_MEASURED, values, strict=True)}


def published_effect(contrast: Contrast, corpus: str) -> float:
    """Compute the effect from the published table of a corpus; NaN if the table lacks a side."""
    table = read_tables()
    rows = table[table["dataset"] == corpus].set_index("method")
    columns = {metric: column for column, metric in METRICS.items()}
    metrics = {contrast.first.metric, contrast.second.metric}
    if not set(contrast.methods) <= set(rows.index) or not metrics <= set(columns):
        return float("nan")
    values = [
        rows.loc[list(side.methods), columns[side.metric]].agg("max" if side.take == "best" else "mean")
        for side in (contrast.first, contrast.second)
    ]
    return float(values[0] - values[1])


def _remarks(contrast: Contrast, row: Mapping[str, Any], locating: set[str] | None) -> list[str]:
    """Remark what limits the meaning of a measured contrast."""
    if np.isnan(row["effect"]):
        return ["undefined, or runs lack the counts: `sedpool tune` scores them again"]
    remarks = []
    if contrast.may_be_calibration and row["verdict"] == "held" and not np.isnan(row["tuned_effect"]):
        remark_by_verdict = {
            "held": "also with tuned thresholds, so not calibration alone",
            "not held": "calibration only: the contrary with tuned thresholds",
            "not decidable": "calibration, as far as these runs tell: not so with tuned thresholds",
        }
        remarks.append(remark_by_verdict[row["tuned_verdict"]])
    is_about_f1 = contrast.first.metric == F1 and contrast.direction != "="
    if locating is not None and is_about_f1 and row["verdict"] != "not decidable":
        ahead = contrast.first if row["effect"] > 0 else contrast.second
        if idle := [method for method in ahead.methods if method not in locating]:
            remarks.append(f"not shown to beat its own clip decisions, stretched: {', '.join(idle)}")
    return remarks


def not_asked(groups: Sequence[RunGroup]) -> dict[Contrast, str]:
    """List the contrasts that the paper claims for no corpus of some runs, each with the reason."""
    known = [(group, group.event_share()) for group in groups]
    reasons: dict[Contrast, str] = {}
    for contrast in CONTRASTS:
        if any(contrast.concerns(group.corpus, share) for group, share in known):
            continue
        corpora = " and ".join(TITLES[corpus] for corpus in contrast.stated_for)
        why = [f"the paper says so of {corpora}, where no run here was tested"]
        why += [
            f"on {group.name}, events fill {share:.0%} of the segments of a clip that has their class, and are "
            f"said to fill it from {FILLING:.0%}"
            for group, share in known
            if contrast.events and group.corpus not in TITLES
        ]
        reasons[contrast] = "; ".join(why)
    return reasons


_Row = Mapping[Hashable, Any]
"""A row of `contrast_table`."""
_DECODINGS = {"At threshold 0.5": "", "With thresholds tuned on validation": "tuned_"}
_HOW_JUDGED = (
    "Each claim was fixed before any run was known, as a difference of two means over runs: first side less second. A "
    "claim held if the 95 % interval over test clips, widened where clips share recordings, lies on the claimed side "
    "and so does the difference in every fold or seed (with six or more: if the sign-flip test has p ≤ 0.05). It did "
    "not hold if all this is true of the opposite side. Otherwise these runs cannot decide it. Whether two sides are "
    f"equal is decided by the interval alone: it must lie within ± {EQUAL_WITHIN}. Claims are judged at threshold 0.5; "
    "the tables also have the differences with thresholds tuned on validation, and in PSDS, which needs no threshold."
)
_EVIDENCE = ("effect", "agreeing", "verdict", "effect", "verdict")
_EVIDENCE_GROUPS = (("at 0.5", 3), ("tuned", 2))
_NOTE = (
    "Effects with their 95 % intervals. Agreeing: folds or seeds with a difference on the claimed side, p of the "
    "sign-flip test over them, and the least p that this number of folds or seeds can give"
)


def claims_section(groups: Sequence[RunGroup]) -> Section:
    """Write the section that judges every claim of the paper on every group of runs."""
    contrasts, alphas = contrast_table(groups), alpha_table(groups)
    softmax = softmax_against_mean()
    unasked = {contrast.name: (contrast.claim, reason) for contrast, reason in not_asked(groups).items()}
    for finding, method in (("4a", "auto"), ("4b", "cap")):
        if finding not in set(alphas["finding"]):
            unasked[finding] = (OTHER_CLAIMS[finding], f"there is no run of {method}")
    paragraphs, tables = [], []
    for group in groups:
        rows = contrasts[contrasts["study"] == group.name].to_dict("records")
        claims = [row for row in rows if not row["finding"].startswith("own")]
        own = [row for row in rows if row["finding"].startswith("own")]
        by_verdict: dict[str, list[str]] = {verdict: [] for verdict in get_args(Verdict)}
        for row in [*claims, *alphas[alphas["study"] == group.name].to_dict("records")]:
            claim = row.get("claim") or OTHER_CLAIMS[row["finding"]]
            by_verdict[row["verdict"]].append(f"({row['finding']}) {claim}")
        counts = ", ".join(f"{len(said)} {verdict}" for verdict, said in by_verdict.items() if said)
        paragraphs.append(f"The paper's findings on {group.name}, at threshold 0.5: {counts}.")
        paragraphs += [
            f"{verdict.capitalize()}: {'; '.join(sorted(said))}." for verdict, said in by_verdict.items() if said
        ]
        paragraphs += _locating(own)
        tables += [_claims_block(group.name, claims), _remarks_block(group.name, claims), _own_block(group.name, own)]
    tables += alpha_blocks(alphas)
    others = f"Finding 6 is algebra: {weights_approach_mean(softmax)}."
    if unasked:
        others = f"Not decidable here, because they are about other runs than these: {', '.join(unasked)}. {others}"
        unasked_rows = [
            TableRow(f"{finding}: {claim}", [Cell("not decidable"), Cell(reason)])
            for finding, (claim, reason) in unasked.items()
        ]
        title = "Findings that speak of other runs than these"
        tables.append(TableBlock("", title, ("verdict", "why"), unasked_rows, row_title="claim"))
    return Section("Findings", [*paragraphs, others, _HOW_JUDGED, *tables, softmax_block(softmax)])


def _locating(own: Sequence[_Row]) -> Iterator[str]:
    """Name the methods that are shown to locate events, those that are not, and those below the true tags."""
    for decoding, prefix in _DECODINGS.items():
        verdicts = {row["first"]: row[f"{prefix}verdict"] for row in own}
        shown = [method for method, verdict in verdicts.items() if verdict == "held"]
        others = [f"{method} ({verdict})" for method, verdict in verdicts.items() if verdict != "held"]
        below = [row["first"] for row in own if row[f"{prefix}true_tags_effect"] < 0]
        yield (
            f"{decoding}, these methods are shown to locate events, because they beat their own clip decisions "
            f"stretched over the clip: {', '.join(shown) or 'none'}; not shown: {', '.join(others) or 'none'}. On "
            "average below the true tags stretched over the clip, which know what sounds but not when: "
            f"{', '.join(below) or 'none'}."
        )


def _claims_block(name: str, rows: Sequence[_Row]) -> TableBlock:
    """Write the effect of every claim and its verdict."""
    cells = [
        TableRow(
            f"{row['finding']}: {row['claim']}",
            [_signed(row["published"]), *_evidence(row)],
            is_flagged=row["n_flagged"] > 0,
        )
        for row in rows
    ]
    return TableBlock(
        "",
        f"Findings on {name}",
        ("paper", *_EVIDENCE),
        cells,
        row_title="claim",
        groups=(("", 1), *_EVIDENCE_GROUPS),
        note=f"{_NOTE}. Paper: the same difference in the paper's own table of this corpus, if it has one.",
    ).without_blank_columns()


def _remarks_block(name: str, rows: Sequence[_Row]) -> TableBlock:
    """Write further evidence on every claim, and the remark."""
    table_rows = []
    for row in rows:
        cells = [
            Cell(f"{row['metric']}: {row['first']} − {row['second']}"),
            _agreeing(row, "tuned_"),
            _signed(row["psds1_effect"]),
            _signed(row["psds2_effect"]),
            Cell(row["remark"]),
        ]
        table_rows.append(TableRow(row["finding"], cells, is_flagged=row["n_flagged"] > 0))
    return TableBlock(
        "",
        f"Findings on {name}, further evidence and remarks",
        ("difference", "tuned, agreeing", "PSDS 1", "PSDS 2", "remark"),
        table_rows,
        row_title="finding",
        note="PSDS in the two scenarios of DCASE: the first side less the second.",
    )


def _own_block(name: str, rows: Sequence[_Row]) -> TableBlock:
    """Write by how much every method beats its own clip decisions."""
    table_rows = []
    for row in rows:
        above_true_tags = [_signed(row[f"{prefix}true_tags_effect"]) for prefix in _DECODINGS.values()]
        cells = [*_evidence(row), *above_true_tags, Cell(row["remark"])]
        table_rows.append(TableRow(row["first"], cells, is_flagged=row["n_flagged"] > 0))
    return TableBlock(
        "",
        f"Dynamic F1 above that of own clip decisions, stretched, on {name}",
        (*_EVIDENCE, "at 0.5", "tuned", "remark"),
        table_rows,
        row_title="method",
        groups=(*_EVIDENCE_GROUPS, ("above true tags, stretched", 2), ("", 1)),
        note=f"{_NOTE}. A method for which this did not hold is not shown to locate anything. Above true tags: dynamic "
        "F1 less that of the clip's true tags, stretched, as a mean over folds and seeds.",
    ).without_blank_columns()


def _evidence(row: _Row) -> list[Cell]:
    """Write the cells under `_EVIDENCE`."""
    effects = []
    for prefix in _DECODINGS.values():
        value, low, high = (row[f"{prefix}{name}"] for name in ("effect", "low", "high"))
        text = UNDEFINED if math.isnan(value) else f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
        effects.append(Cell(text) if math.isnan(value) else Cell(text, value, interval=(low, high)))
    return [effects[0], _agreeing(row), Cell(row["verdict"]), effects[1], Cell(row["tuned_verdict"])]


def _agreeing(row: _Row, prefix: str = "") -> Cell:
    """Write in how many folds or seeds a claim is true, and the p-values of the sign-flip test over them."""
    n_blocks, p_value = row[f"{prefix}n_blocks"], row[f"{prefix}p_value"]
    if not n_blocks:
        return Cell(UNDEFINED)
    text = f"{row[f'{prefix}agreeing']} of {n_blocks}"
    if not math.isnan(p_value):
        text += f", p {p_value:.3g} (least {row[f'{prefix}smallest_p']:.3g})"
    return Cell(text)


def _signed(value: float) -> Cell:
    return Cell(UNDEFINED) if math.isnan(value) else Cell(f"{value:+.3f}", value)
