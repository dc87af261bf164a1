"""The published numbers [1]_: Tables I to III, the class-wise results and the runs without augmentation.

They are in ``mcfee2018/`` beside this module, one file each, with sedpool's names of corpora; sedpool has published
scores nowhere else. Class-wise results and runs without augmentation are from the authors' repository,
github.com/marl/milsed, which has none for CAP, RAP or MedleyDB. `sedpool.evaluation.paper_compat` explains what is
wrong with the numbers on URBAN-SED.

References
----------
.. [1] B. McFee, J. Salamon, J. P. Bello, "Adaptive pooling operators for weakly labeled sound event detection",
   IEEE/ACM TASLP 26(11), 2018.
"""

from collections.abc import Sequence
from importlib.resources import files

import pandas as pd

from sedpool.errors import DataError
from sedpool.evaluation.paper_compat import CORPORA

WEAK = ("max", "mean", "softmax", "rap_1e-2", "rap_1e-3", "rap_1e-4", "cap", "auto")
"""Methods trained from weak labels."""
METHODS = (*WEAK, "strong")

METRICS = {
    "static_f1": "clip_f1_macro",
    "static_precision": "clip_precision",
    "static_recall": "clip_recall",
    "dynamic_f1": "segment_f1_micro",
    "dynamic_precision": "segment_precision",
    "dynamic_recall": "segment_recall",
    "dynamic_error_rate": "segment_error_rate",
}
"""The corresponding column of `sedpool.comparison.tables.METRIC_COLUMNS`: our correct metric.

Static F1 is a macro average, all others are micro averages.
"""
COLUMNS = tuple(METRICS)
COLUMN_TITLES = ("F1", "P", "R", "F1", "P", "R", "E")
COLUMN_GROUPS = (("static", 3), ("dynamic", 4))
"""Column headings of the published tables."""

TABLES = {"urbansed": "I", "dcase2017": "II", "medleydb": "III"}
"""The number of the table with each corpus."""
TITLES = {"urbansed": "URBAN-SED", "dcase2017": "DCASE 2017", "medleydb": "MedleyDB"}

_CLASS_WISE = ("n_ref", "n_sys", "f1", "precision", "recall", "error_rate")
_CELLS = ["dataset", "table", "augmented", "method", "column", "published"]


def read_tables() -> pd.DataFrame:
    """Read Tables I to III.

    Returns
    -------
    tables : DataFrame
        ``dataset, table, method`` and `COLUMNS`, one row per corpus and method, in the published order. DCASE 2017
        has no strong labels to train on and so no row ``strong``.
    """
    table = _read("tables.csv", ("dataset", "table", "method"), COLUMNS)
    if (table["table"] != table["dataset"].map(TABLES)).any():
        raise DataError("tables.csv: a corpus is in the wrong table; reinstall sedpool")
    return table


def read_class_wise() -> pd.DataFrame:
    """Read the class-wise dynamic results that the authors committed.

    Returns
    -------
    class_wise : DataFrame
        ``dataset, method, event_label, n_ref, n_sys, f1, precision, recall, error_rate``; counts are of segments of
        1 s, by the published reference. F1 and precision of a class that is never detected are NaN.
    """
    return _read("classwise.csv", ("dataset", "method", "event_label"), _CLASS_WISE)


def read_unaugmented() -> pd.DataFrame:
    """Read the runs on URBAN-SED without augmentation that the authors committed.

    Returns
    -------
    unaugmented : DataFrame
        ``dataset, method, static_f1, dynamic_f1``.
    """
    return _read("unaugmented.csv", ("dataset", "method"), ("static_f1", "dynamic_f1"))


def published_cells() -> pd.DataFrame:
    """Collect every published number that was measured on a whole test set.

    Returns
    -------
    cells : DataFrame
        ``dataset, table, augmented, method, column, published``, one row per number; `table` is empty for the
        runs without augmentation, which are in none of the tables.
    """
    parts = (read_tables().assign(augmented=True), read_unaugmented().assign(table="", augmented=False))
    long = [part.melt(_CELLS[:4], var_name="column", value_name="published") for part in parts]
    return pd.concat(long, ignore_index=True)[_CELLS]


def _read(name: str, keys: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """Read one of the files and check that its content is possible, so that accidental edits are noticed."""
    text = files("sedpool.reproduction").joinpath("mcfee2018", name)
    with text.open(encoding="utf-8") as stream:
        return _checked(pd.read_csv(stream), keys, numbers, source=name)


def _checked(table: pd.DataFrame, keys: Sequence[str], numbers: Sequence[str], *, source: str) -> pd.DataFrame:
    if list(table.columns) != [*keys, *numbers]:
        raise DataError(f"{source}: columns {', '.join(table.columns)}; expected {', '.join([*keys, *numbers])}")
    for key, known in (("dataset", CORPORA), ("method", METHODS)):
        unknown = sorted(set(table[key]) - set(known))
        if unknown:
            raise DataError(f"{source}: unknown {key} {', '.join(unknown)}; expected one of {', '.join(known)}")
    twice = table[table.duplicated(list(keys))]
    if len(twice):
        raise DataError(
            f"{source}: {' '.join(map(str, twice[list(keys)].iloc[0]))} is in two rows; expected one row per method"
        )
    # Precision and F1 of a class that is never detected are undefined, and blank.
    defined = table[table["n_sys"] > 0] if "n_sys" in table else table
    shares = [name for name in numbers if name.endswith(("f1", "precision", "recall"))]
    if not (defined[list(numbers)].ge(0).all(axis=None) and defined[shares].le(1).all(axis=None)):
        raise DataError(f"{source}: a number is missing or out of range; expected F1, P and R between 0 and 1")
    return table
