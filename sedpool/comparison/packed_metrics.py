"""Metrics of many runs in little memory: the numbers of each in one array, under keys that all runs share."""

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from sedpool.errors import StorageError

Shape = dict[str, "int | Shape"]
"""Where the value of each key lies, or the shape of the mapping that it is."""

_FLOAT, _INTEGER, _OTHER = range(3)
_EXACT = 2**53
"""Integers up to this are floats without loss."""


class PackedMetrics(Mapping[str, Any]):
    """The content of ``metrics.json`` in a tenth of the memory; mappings in it are made anew when they are asked for.

    Raises
    ------
    StorageError
        If a key is asked for that is not in it.
    """

    __slots__ = ("_kinds", "_numbers", "_others", "_path", "_shape")

    def __init__(
        self, path: object, shape: Shape, numbers: "array[float]", kinds: bytes | bytearray, others: Mapping[int, Any]
    ) -> None:
        self._path, self._shape, self._numbers, self._kinds, self._others = path, shape, numbers, kinds, others

    @classmethod
    def of(cls, path: object, content: Mapping[str, Any], shapes: dict[tuple[Any, ...], Shape]) -> "PackedMetrics":
        """Pack nested mappings, whose file is `path`; `shapes` are those known so far."""
        numbers, kinds, others = array("d"), bytearray(), dict[int, Any]()

        def shape_of(value: Mapping[str, Any]) -> Shape:
            shape: Shape = {}
            for key, item in value.items():
                if isinstance(item, Mapping):
                    shape[key] = shape_of(item)
                    continue
                shape[key] = len(numbers)
                is_integer = type(item) is int and abs(item) <= _EXACT
                kinds.append(_FLOAT if type(item) is float else _INTEGER if is_integer else _OTHER)
                numbers.append(item if kinds[-1] != _OTHER else 0.0)
                if kinds[-1] == _OTHER:
                    others[len(numbers) - 1] = item
            known = tuple((key, where if isinstance(where, int) else id(where)) for key, where in shape.items())
            return shapes.setdefault(known, shape)

        shape = shape_of(content)
        return cls(path, shape, numbers[:], bytes(kinds), others)  # the copy has no room to grow

    def __getitem__(self, key: str) -> Any:
        """Return a value, or a mapping as packed as this one."""
        where = self._shape.get(key)
        if where is None:
            raise StorageError(
                f"{self._path}: no {key} in it; an earlier version wrote it, repeat the run (force=true)"
            )
        if not isinstance(where, int):
            return PackedMetrics(self._path, where, self._numbers, self._kinds, self._others)
        kind = self._kinds[where]
        if kind == _OTHER:
            return self._others[where]
        return self._numbers[where] if kind == _FLOAT else int(self._numbers[where])

    def __contains__(self, key: object) -> bool:
        """Whether there is a key."""
        return key in self._shape

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self._shape)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._shape)

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value; `default` where there is no such key."""
        return self[key] if key in self._shape else default
