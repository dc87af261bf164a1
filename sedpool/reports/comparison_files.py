"""The table of a comparison of runs as CSV and Markdown."""

from pathlib import Path

import pandas as pd

from sedpool import storage
from sedpool.comparison.labels import UNDEFINED


def write_comparison(table: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write ``comparison.csv`` and ``comparison.md`` into `folder` and return their paths."""
    csv, markdown = folder / "comparison.csv", folder / "comparison.md"
    storage.write_text(csv, table.to_csv(index=False, lineterminator="\n"))
    storage.write_text(markdown, to_markdown(table))
    return csv, markdown


def to_markdown(table: pd.DataFrame) -> str:
    """The table in GitHub's Markdown."""
    texts = as_text(table)
    lines = [list(texts.columns), ["---"] * texts.shape[1], *texts.to_numpy().tolist()]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Every cell as text: numbers to three digits, a dash where undefined, a tick for true."""
    texts = {}
    for column in table.columns:
        if pd.api.types.is_float_dtype(table[column]):
            texts[column] = [UNDEFINED if pd.isna(value) else f"{value:.3f}" for value in table[column]]
        elif pd.api.types.is_bool_dtype(table[column]):
            texts[column] = ["✓" if value else "" for value in table[column]]
        else:
            texts[column] = [str(value) for value in table[column]]
    return pd.DataFrame(texts)
