"""Labels and names as text: without spaces at their ends, in one Unicode form, and which of them look alike."""

import unicodedata
from collections.abc import Iterable

import pandas as pd


def tidy(texts: pd.Series) -> pd.Series:
    """Strip texts and bring them into Unicode's composed form (NFC).

    Examples
    --------
    >>> tidy(pd.Series(["plover ", "Mu" + chr(0x308) + "ll"])).tolist()
    ['plover', 'Müll']
    """
    different = {text: tidied for text in texts.unique() if (tidied := tidied_text(text)) != text}
    return texts.replace(different) if different else texts


def tidied_text(text: str) -> str:
    """Strip a text and bring it into Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def lookalikes(labels: Iterable[str]) -> list[tuple[str, ...]]:
    """Return groups of labels that differ only in case, each group and all groups sorted.

    Examples
    --------
    >>> lookalikes(["plover", "gull", "Plover"])
    [('Plover', 'plover')]
    """
    groups: dict[str, set[str]] = {}
    for label in labels:
        groups.setdefault(label.casefold(), set()).add(label)
    return sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1)
