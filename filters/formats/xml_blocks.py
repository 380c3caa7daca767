"""What an article in XML is written as: blocks, with an empty line between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from lxml import etree

__all__ = ["Flow"]


class Flow:
    """The blocks written so far; a block is a paragraph, a heading, a list, a table.

    Attributes:
        blocks: The blocks.
        depth: How many elements are open, so that none nests without end.
        references: Whether the list of references is written.
    """

    __slots__ = ("blocks", "depth", "references")

    def __init__(self, *, references: bool) -> None:
        self.blocks: list[str] = []
        self.depth = 0
        self.references = references

    def inside(self, write: Callable[[etree._Element, Self], None], element: etree._Element) -> list[str]:
        """The blocks that one element comes to, not added to the others."""
        outer, self.blocks = self.blocks, []
        write(element, self)
        outer, self.blocks = self.blocks, outer
        return outer
