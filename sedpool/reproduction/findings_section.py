"""The paper's findings as a section of a report: each claim, its evidence on every group of runs, and the verdict."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

import pandas as pd

from sedpool.comparison.groups import RunGroup
from sedpool.comparison.labels import UNDEFINED
from sedpool.reports.document import Cell, Section, TableBlock, TableRow, number_cell
from sedpool.reproduction.alpha_findings import alpha_table
from sedpool.reproduction.contrasts import EQUAL_WITHIN, OTHER_CLAIMS
from sedpool.reproduction.effects import Verdict
from sedpool.reproduction.findings import contrast_table, not_asked
from sedpool.reproduction.softmax_limit import softmax_against_mean, weights_approach_mean


def findings_section(groups: Sequence[RunGroup]) -> Section:
    """Every finding of the paper, asked of every group of runs."""
    contrasts, alphas = contrast_table(groups), alpha_table(groups)
    softmax = softmax_against_mean()
    unasked = {contrast.name: (contrast.claim, reason) for contrast, reason in not_asked(groups).items()}
    for finding, method in (("4a", "auto"), ("4b", "cap")):
        if finding not in set(alphas["finding"]):
            unasked[finding] = (OTHER_CLAIMS[finding], f"there is no run of {method}")
    summaries, tables = [], []
    for group in groups:
        rows = _records(contrasts[contrasts["study"] == group.name])
        claims = [row for row in rows if not row["finding"].startswith("own")]
        own = [row for row in rows if row["finding"].startswith("own")]
        summaries += [_summary(group.name, [*claims, *_records(alphas[alphas["study"] == group.name])]), *_praise(own)]
        tables += [_claims_block(group.name, claims), _remarks_block(group.name, claims), _own_block(group.name, own)]
    paragraphs = [*summaries, _beside(unasked, weights_approach_mean(softmax)), _HOW_JUDGED]
    tables += [*_alpha_blocks(alphas), *_unasked_blocks(unasked), _softmax_block(softmax)]
    return Section("Findings", [*paragraphs, *tables])


def _summary(name: str, claims: Sequence[Mapping[str, Any]]) -> str:
    """Which claims held, by number."""
    numbers: dict[str, list[str]] = {}
    for row in sorted(claims, key=lambda row: str(row["finding"])):
        numbers.setdefault(row["verdict"], []).append(row["finding"])
    said = "; ".join(f"{verdict}: {', '.join(numbers[verdict])}" for verdict in get_args(Verdict) if verdict in numbers)
    return f"Of the paper's findings on {name}, at threshold 0.5: {said}."


def _beside(unasked: Iterable[str], of_softmax: Verdict) -> str:
    """What becomes of the findings that are asked of no runs."""
    algebra = f"Finding 6 is algebra, and {of_softmax}."
    names = ", ".join(unasked)
    return f"Not decidable here, for they speak of other runs than these: {names}. {algebra}" if names else algebra


def _praise(own: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Which methods are shown to locate events, which are not, and which are below the true tags."""
    for decoding, prefix in _DECODINGS.items():
        verdicts = {row["first"]: row[f"{prefix}verdict"] for row in own}
        shown = [method for method, verdict in verdicts.items() if verdict == "held"]
        others = [f"{method} ({verdict})" for method, verdict in verdicts.items() if verdict != "held"]
        below = [row["first"] for row in own if row[f"{prefix}true_tags_effect"] < 0]
        yield (
            f"{decoding}, shown to locate events, as better than their own clip decisions stretched over the clip: "
            f"{_named(shown)}; not shown: {_named(others)}. On average below the true tags stretched over the clip, "
            f"which know what sounds but not when: {_named(below)}."
        )


def _named(methods: Sequence[str]) -> str:
    return ", ".join(methods) or "none"


_DECODINGS = {"At threshold 0.5": "", "With thresholds tuned on validation": "tuned_"}


_HOW_JUDGED = (
    "Each claim was fixed before any run was known, as one difference of means over runs, first side less second. It "
    "held if the 95 % interval over test clips, widened where these share recordings, lies on the side that was "
    "claimed and every fold or seed shows the same (with six and more: if the sign-flip test has p ≤ 0.05); it did not "
    "hold if all that is true of the contrary; otherwise it is not decidable with these runs. That two are equal is "
    f"decided by the interval alone: within ± {EQUAL_WITHIN}. Claims are judged at threshold 0.5; beside that stands "
    "the same with thresholds tuned on validation, and PSDS, which needs none."
)
_NOTE = (
    "Effects with their 95 % intervals; agreeing: folds or seeds on the side that was claimed, p of the sign-flip test "
    "over them and the least p that so many can give"
)


def _claims_block(name: str, rows: Sequence[Mapping[str, Any]]) -> TableBlock:
    return TableBlock(
        "",
        f"Findings on {name}",
        ("paper", *_EVIDENCE),
        [
            TableRow(
                f"{row['finding']}: {row['claim']}",
                [_signed(row["published"]), *_evidence(row)],
                is_flagged=row["n_flagged"] > 0,
            )
            for row in rows
        ],
        row_title="claim",
        groups=(("", 1), *_EVIDENCE_GROUPS),
        note=f"{_NOTE}; paper, where there is one: the same difference in its own table of this corpus.",
    ).without_blank_columns()


def _remarks_block(name: str, rows: Sequence[Mapping[str, Any]]) -> TableBlock:
    def cells(row: Mapping[str, Any]) -> list[Cell]:
        tuned = _agreeing(row["tuned_agreeing"], row["tuned_n_blocks"], row["tuned_p_value"], row["tuned_smallest_p"])
        difference = Cell(f"{row['metric']}: {row['first']} − {row['second']}")
        return [difference, tuned, _signed(row["psds1_effect"]), _signed(row["psds2_effect"]), Cell(row["remark"])]

    return TableBlock(
        "",
        f"Findings on {name}, further evidence and remarks",
        ("difference", "tuned, agreeing", "PSDS 1", "PSDS 2", "remark"),
        [TableRow(row["finding"], cells(row), is_flagged=row["n_flagged"] > 0) for row in rows],
        row_title="finding",
        note="PSDS in the two scenarios of DCASE: the first side less the second.",
    )


def _own_block(name: str, rows: Sequence[Mapping[str, Any]]) -> TableBlock:
    return TableBlock(
        "",
        f"Dynamic F1 above that of own clip decisions, stretched, on {name}",
        (*_EVIDENCE, "at 0.5", "tuned", "remark"),
        [
            TableRow(
                row["first"],
                [
                    *_evidence(row),
                    *(_signed(row[f"{prefix}true_tags_effect"]) for prefix in _DECODINGS.values()),
                    Cell(row["remark"]),
                ],
                is_flagged=row["n_flagged"] > 0,
            )
            for row in rows
        ],
        row_title="method",
        groups=(*_EVIDENCE_GROUPS, ("above true tags, stretched", 2), ("", 1)),
        note=f"{_NOTE}. A method of which this did not hold is not shown to locate anything. Above true tags: dynamic "
        "F1 less that of the clip's true tags, stretched, as a mean over folds and seeds.",
    ).without_blank_columns()


_EVIDENCE = ("effect", "agreeing", "verdict", "effect", "verdict")
_EVIDENCE_GROUPS = (("at 0.5", 3), ("tuned", 2))


def _evidence(row: Mapping[str, Any]) -> list[Cell]:
    return [
        _with_interval(row, ""),
        _agreeing(row["agreeing"], row["n_blocks"], row["p_value"], row["smallest_p"]),
        Cell(row["verdict"]),
        _with_interval(row, "tuned_"),
        Cell(row["tuned_verdict"]),
    ]


def _agreeing(part: int, whole: int, p_value: float, smallest: float) -> Cell:
    if math.isnan(p_value):
        return _out_of(part, whole)
    return Cell(f"{part} of {whole}, p {p_value:.3g} (least {smallest:.3g})")


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False, name=None)]


def _signed(value: float) -> Cell:
    return Cell(UNDEFINED) if math.isnan(value) else Cell(f"{value:+.3f}", value)


def _with_interval(row: Mapping[str, Any], prefix: str) -> Cell:
    value, low, high = (row[f"{prefix}{name}"] for name in ("effect", "low", "high"))
    if math.isnan(value):
        return Cell(UNDEFINED)
    return Cell(f"{value:+.3f} [{low:+.3f}, {high:+.3f}]", value, interval=(low, high))


def _out_of(part: int, whole: int) -> Cell:
    return Cell(f"{part} of {whole}" if whole else UNDEFINED)


def _alpha_blocks(alphas: pd.DataFrame) -> list[TableBlock]:
    if alphas.empty:
        return []
    rows = [
        TableRow(
            f"{row['study']}, {row['finding']}: {row['claim']}",
            [
                number_cell(row["effect"]),
                _out_of(row["agreeing"], row["n_runs"]),
                Cell(UNDEFINED if math.isnan(row["p_value"]) else f"{row['p_value']:.4f}"),
                Cell(row["verdict"]),
                Cell(row["remark"]),
            ],
            is_flagged=row["n_flagged"] > 0,
        )
        for row in alphas.to_dict("records")
    ]
    note = (
        "4a: Spearman's ρ over classes, p one-sided, by permutation. 4b: share of classes at the bound over all runs."
    )
    columns = ("ρ or share", "runs agreeing", "p", "verdict", "remark")
    return [TableBlock("", "Finding 4: α and event durations", columns, rows, row_title="claim", note=note)]


def _unasked_blocks(unasked: Mapping[str, tuple[str, str]]) -> list[TableBlock]:
    rows = [
        TableRow(f"{finding}: {claim}", [Cell("not decidable"), Cell(reason)])
        for finding, (claim, reason) in unasked.items()
    ]
    title = "Findings that speak of other runs than these"
    return [TableBlock("", title, ("verdict", "why"), rows, row_title="claim")] if rows else []


def _softmax_block(table: pd.DataFrame) -> TableBlock:
    rows = [
        TableRow(f"{row['bag_size']:g}", [number_cell(row[name], digits=4) for name in table.columns[1:]])
        for row in table.to_dict("records")
    ]
    return TableBlock(
        "",
        f"Finding 6: {OTHER_CLAIMS['6']}",
        ("largest |weight − 1/m|", "the same by equation 7", "outputs, one active frame", "outputs, any share active"),
        rows,
        row_title="frames m",
        note=f"{weights_approach_mean(table).capitalize()}, as algebra and in numbers. It is about single weights: "
        "where a class is active in a given share of ever longer bags, the outputs of softmax pooling and mean stay "
        "apart by up to 0.245.",
    )
