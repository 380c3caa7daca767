"""Texts that are held in UTF-8 and become Python's strings when somebody asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

__all__ = ["Texts"]


class Texts(Sequence[str]):
    """The strings of an Arrow array, none null, each made once: what no filter reads stays UTF-8.

    >>> import pyarrow as pa
    >>> texts = Texts(pa.array(["The lathe", "turns"], pa.large_string()))
    >>> len(texts), texts[1], texts[1] is texts[1], list(texts)
    (2, 'turns', True, ['The lathe', 'turns'])
    """

    def __init__(self, encoded: pa.LargeStringArray) -> None:
        self._encoded: Any = encoded
        self._known: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._encoded)

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        place = range(len(self))[at]
        if place not in self._known:
            self._known[place] = self._encoded[place].as_py()
        return self._known[place]

    def __iter__(self) -> Iterator[str]:
        if len(self._known) < len(self):
            every = self._encoded.to_pylist()
            self._known = {i: self._known.get(i, text) for i, text in enumerate(every)}
        return iter(self._known[i] for i in range(len(self)))
