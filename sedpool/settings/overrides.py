"""Paths and names on the command line, typed as they are.

Hydra's grammar gives characters of paths a meaning of their own (``= , ~ # ' ( ) [ ] { } ! &``), refuses umlauts
outside quotes, and takes a folder called ``2024`` for a number. Settings that are known to be texts are quoted before
it parses them.
"""

import os
import re
import shlex
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import ChoiceSweep, Quote, QuotedString
from hydra.errors import HydraException

from sedpool.errors import ConfigError

PATHS = frozenset(
    {"augment.background", "cache", "data_root", "labels.map", "runs", "training.init_from"}
    | {
        f"dataset.{name}"
        for name in ("annotations", "background", "cache", "foreground", "labels", "root", "spec", "splits", "unknown")
    }
)
"""Settings that are a path; a ``~`` at its head stands for the home folder."""

NAMES = frozenset(
    {
        "corpus",
        "dataset.annotators",
        "dataset.name",
        "launcher.sbatch",
        "method",
        "parallel.address",
        "tracking.experiment",
        "tracking.uri",
    }
)
"""Settings that are another text in which any character may occur."""


_PARSER = OverridesParser.create()
_PLAIN = re.compile(r"(?!(null|true|false|inf|nan)$)\.{0,2}[a-z_/][\w/.-]*", re.ASCII | re.IGNORECASE)
"""Texts that need no quotes."""


def quote_texts(overrides: Sequence[str], *, is_sweep: bool = False) -> list[str]:
    r"""Quote paths and names that Hydra would refuse or take for something else.

    Parameters
    ----------
    overrides : sequence of str
        As on the command line. Those of other settings, those that are quoted already and functions of Hydra's such as
        ``choice(a,b)`` stay as they are, and so do ``null`` and references (``${data_root}/x``).
    is_sweep : bool
        Whether commas separate the values of a sweep.

    Returns
    -------
    overrides : list of str

    Raises
    ------
    ConfigError
        If a value in a sweep may be one path with a comma in it; the message has the form to type.

    Examples
    --------
    >>> quote_texts(["dataset.root=/my (new) data/a=b", "pooling=cap"])
    ['dataset.root="/my (new) data/a=b"', 'pooling=cap']
    >>> quote_texts(["dataset.root=käfer,vögel"], is_sweep=True)
    ['dataset.root="käfer","vögel"']
    """
    return [_quoted_text(override, is_sweep) for override in overrides]


def _quoted_text(override: str, is_sweep: bool) -> str:
    name, _, text = override.partition("=")
    setting = name.lstrip("+")
    texts = _texts(override, text, is_sweep) if setting in PATHS | NAMES and text else None
    if texts is None:
        return override
    if setting in PATHS:
        texts = [os.path.expanduser(part) for part in texts]
        whole = Path(os.path.expanduser(text))
        if len(texts) > 1 and whole.exists() and not all(Path(part).exists() for part in texts):
            raise ConfigError(
                f"{override}: these are {len(texts)} values of a sweep, but there is one path of this name; for that "
                f"type {quoted_form(override)}"
            )
    parts = [part if _PLAIN.fullmatch(part) else QuotedString(part, Quote.double).with_quotes() for part in texts]
    return f"{name}={','.join(parts)}"


def _texts(override: str, text: str, is_sweep: bool) -> list[str] | None:
    """Return the texts that an override stands for; None if Hydra is to read it as it is."""
    try:
        value = _PARSER.parse_override(override).value()
    except HydraException:
        return text.split(",") if is_sweep else [text]
    if value == text or value is None or text.endswith(")") or "\\" in text:  # null, a function, or Hydra's escapes
        return None
    if isinstance(value, ChoiceSweep) and set("'\"") & set(text):
        return None
    if isinstance(value, ChoiceSweep) and is_sweep:
        return text.split(",")
    return [value if isinstance(value, str) and text.lstrip().startswith(("'", '"')) else text]


def without_launcher(overrides: Sequence[str]) -> list[str]:
    """Return overrides without those that say how jobs are started."""
    return [override for override in overrides if not re.match(r"launcher[.=]", override.lstrip("+~"))]


def sweep_combinations(overrides: Sequence[str]) -> list[list[str]]:
    """Return the settings of each job of a sweep over all combinations of the values between commas.

    Raises
    ------
    ConfigError
        If an override cannot be read.

    Examples
    --------
    >>> sweep_combinations(["pooling=cap,max", "seed=range(0,2)"])
    [['pooling=cap', 'seed=0'], ['pooling=cap', 'seed=1'], ['pooling=max', 'seed=0'], ['pooling=max', 'seed=1']]
    """
    choices = []
    for word in quote_texts(overrides, is_sweep=True):
        try:
            parsed = _PARSER.parse_override(word)
        except HydraException:
            raise ConfigError(f"{word}: cannot be read; expected KEY=VALUE, or values between commas") from None
        values = parsed.sweep_string_iterator() if parsed.is_sweep_override() else None
        choices.append([word] if values is None else [f"{parsed.get_key_element()}={value}" for value in values])
    return [list(words) for words in product(*choices)]


def text_override(name: str, text: str) -> str:
    """Return an override that sets a plain text, whatever is in it."""
    return f"{name}={QuotedString(text, Quote.double).with_quotes()}"


def quoted_form(override: str) -> str:
    """Return what to type in a shell for an override whose texts have characters that Hydra's grammar refuses.

    Examples
    --------
    >>> print(quoted_form("dataset.columns={onset: Begin Time (s), offset: 3}"))
    'dataset.columns={onset: "Begin Time (s)", offset: 3}'
    >>> print(quoted_form("dataset.columns={filename=Datei,onset=Anfang}"))
    'dataset.columns={filename: Datei, onset: Anfang}'
    """
    name, _, value = override.partition("=")
    if value.startswith("{"):  # equals signs where Hydra wants colons
        value = re.sub(r"([{,])\s*(\w+)\s*=\s*", lambda found: f"{found[1].replace(',', ', ')}{found[2]}: ", value)
    if value.startswith(("[", "{")):
        items = re.compile(r"([\[{,:]\s*)([^\[\]{},:]*[^\w\[\]{},:. -][^\[\]{},:]*)(?=[\]},])", re.ASCII)
        quoted = items.sub(lambda found: found[1] + QuotedString(found[2], Quote.double).with_quotes(), value)
    else:
        quoted = QuotedString(value, Quote.double).with_quotes()
    return shlex.quote(f"{name}={quoted}")
