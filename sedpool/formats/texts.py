"""Labels and names as text: without spaces at their ends, in one Unicode form, and which of them look alike."""

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd


def tidy(texts: pd.Series) -> pd.Series:
    """Strip texts and bring them into Unicode's composed form (NFC).

    Examples
    --------
    >>> tidy(pd.Series(["plover ", "Mu" + chr(0x308) + "ll"])).tolist()
    ['plover', 'Müll']
    """
    found = np.asarray(texts.unique(), dtype=object)  # text in Arrow iterates slowly
    different = {text: tidied for text in found if (tidied := tidied_text(text)) != text}
    return texts.replace(different) if different else texts


def tidied_text(text: str) -> str:
    """Strip a text and bring it into Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def lookalikes(labels: Iterable[str]) -> list[tuple[str, ...]]:
    """Return groups of labels that differ in case, spaces, hyphens or typographic variants only, all sorted.

    Examples
    --------
    >>> lookalikes(["ringed plover", "gull", "Ringed_Plover"])
    [('Ringed_Plover', 'ringed plover')]
    """
    groups: dict[str, set[str]] = {}
    for label in labels:
        plain = "".join(char for char in unicodedata.normalize("NFKC", label) if unicodedata.category(char) != "Cf")
        groups.setdefault(" ".join(re.split(r"[\s_–-]+", plain.casefold())), set()).add(label)
    return sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1)
