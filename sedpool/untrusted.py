"""Parsing JSON and YAML that anybody may have written: a value, or a reason of one line, in little time and memory.

The parsers themselves let the last of two equal keys win, take half a character for text, and end in many kinds of
errors; and a few lines of YAML may stand for more values than any memory holds.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from sys import intern
from typing import Any

import yaml

LONGEST_YAML = 1 << 19
"""Bytes, at most: PyYAML takes seconds for more."""
MOST_VALUES = 100_000
"""Values that YAML may stand for, with what it repeats by aliases."""

_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(data: bytes | str, *, parse_int: Callable[[str], Any] | None = None) -> Any:
    """Parse JSON.

    Parameters
    ----------
    data : bytes or str
        The text; bytes in UTF-8, or in another encoding of Unicode that their beginning tells.
    parse_int : callable, optional
        Makes integers from their digits.

    Raises
    ------
    ValueError
        If it is not JSON, has a key twice, nests too deeply, or holds half a character (a surrogate).
    """
    try:
        text = data if isinstance(data, str) else data.decode(json.detect_encoding(data)).removeprefix("\ufeff")
        found = json.loads(text, object_pairs_hook=_without_repetition, parse_int=parse_int)
        if _HALF_CHARACTER.search(text):  # a pair of escapes may be a whole one
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeEncodeError as error:
        raise ValueError(f"half a character, \\u{ord(error.object[error.start]):04x}") from None
    return found


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Texts are kept once, as those of a thousand runs are much the same.
    found = {intern(key): intern(value) if type(value) is str else value for key, value in pairs}
    if len(found) < len(pairs):
        raise ValueError(f"the key {Counter(key for key, _ in pairs).most_common(1)[0][0]!r} twice in one object")
    return found


def parse_yaml(text: str) -> Any:
    """Parse YAML of plain values.

    Raises
    ------
    ValueError
        If it is not YAML, is longer than `LONGEST_YAML`, has a key twice, nests too deeply, refers to itself, or stands
        for more than `MOST_VALUES` values.
    """
    if len(text) > LONGEST_YAML:
        raise ValueError(f"{len(text)} characters; expected at most {LONGEST_YAML}")
    try:
        return yaml.load(text, _PlainLoader)
    except RecursionError:
        raise ValueError("nested too deeply, or refers to itself") from None
    except (yaml.YAMLError, LookupError, AttributeError, TypeError, ValueError) as error:
        # Values that are not of the type that a tag claims end PyYAML in any of these.
        raise ValueError(" ".join(str(error).split())) from None


class _PlainLoader(yaml.SafeLoader):
    """Looks at what a document stands for before any of it is built."""

    def get_single_node(self) -> yaml.Node | None:
        node: yaml.Node | None = super().get_single_node()
        if node is not None:
            _n_values(node, {})
        return node


def _n_values(node: yaml.Node, counted: dict[int, int]) -> int:
    """Return how many values a node stands for; `counted` has those of each node by its identity, 0 while it counts."""
    if id(node) in counted:
        if not counted[id(node)]:
            raise ValueError("refers to itself")
        return counted[id(node)]
    counted[id(node)] = 0
    children = list(node.value) if isinstance(node, yaml.SequenceNode) else []
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(keys)) < len(keys):
            raise ValueError(f"the key {Counter(keys).most_common(1)[0][0]!r} twice in one mapping")
        children = [child for pair in node.value for child in pair]
    found = 1 + sum(_n_values(child, counted) for child in children)
    if found > MOST_VALUES:
        raise ValueError(f"stands for more than {MOST_VALUES} values")
    counted[id(node)] = found
    return found
