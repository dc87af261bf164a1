"""Texts for numbers, metrics, baselines and marks in tables, figures and sentences, and the order of methods."""

from collections.abc import Iterable, Mapping
from typing import Any

METRIC_NAMES = ("f1", "precision", "recall", "error_rate")
BASELINE_TITLES = {
    "clip_decisions_stretched": "own clip decisions, stretched",
    "oracle_tags_stretched": "true tags, stretched",
    "every_class_always": "every class, always",
}
PAPER_METHODS = ("max", "mean", "softmax", "rap_1e-2", "rap_1e-3", "rap_1e-4", "cap", "auto", "strong")
"""The methods of the paper's tables, in their order."""
UNDEFINED = "–"
DAGGER = "†"
"""Marks a method whose difference from the best may be chance."""
DOUBLE_DAGGER = "‡"
"""Marks results of runs that are not valid."""
HASH_DIGITS = 12
"""Digits of a manifest's hash that are shown."""


def counted(n: int, noun: str) -> str:
    """Write a number of things in words.

    Examples
    --------
    >>> counted(1, "run"), counted(18, "run")
    ('1 run', '18 runs')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def number(value: float | None, digits: int = 3) -> str:
    """Write a number as text, or a dash if it is undefined.

    Examples
    --------
    >>> number(0.51234), number(None)
    ('0.512', '–')
    """
    return UNDEFINED if value is None else f"{value:.{digits}f}"


def threshold_title(decoding: Mapping[str, Any]) -> str:
    """Name the decoding that was set, in two words.

    Examples
    --------
    >>> threshold_title({"threshold": 0.5, "clip_threshold": 0.5}), threshold_title({"threshold": {"siren": 0.4}})
    ('at 0.5', 'as set')
    """
    same = isinstance(decoding["threshold"], float) and decoding["threshold"] == decoding.get("clip_threshold")
    return f"at {decoding['threshold']:g}" if same else "as set"


def ordered_methods(methods: Iterable[str]) -> list[str]:
    """Each method once: those of the paper first, in its order, others after them by name.

    Parameters
    ----------
    methods : iterable of str
        Names, as in configurations; each may come several times.

    Examples
    --------
    >>> ordered_methods(["isr", "cap", "max", "cap"])
    ['max', 'cap', 'isr']
    """
    named = set(methods)
    return [method for method in PAPER_METHODS if method in named] + sorted(named.difference(PAPER_METHODS))
