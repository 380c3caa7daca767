"""Merkle trees as RFC 6962, section 2.1, has them: SHA-256, 0x00 before a leaf, 0x01 before a node, any number of leaves.

The RFC splits a list at the greatest power of two below its length. Pairing neighbours level by level, an odd one going up as
it is, gives the same tree and needs no recursion.

>>> root_of([]).hex()[:8], root_of([leaf_hash(b"")]).hex()[:8]
('e3b0c442', '6e340b9c')
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["leaf_hash", "leaf_hashes", "levels_of", "node_hash", "path_of", "root_by", "root_of"]

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(_LEAF + data).digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """The hash of each leaf."""
    return [sha256(_LEAF + data).digest() for data in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two hashes."""
    return sha256(_NODE + left + right).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    upper = [sha256(_NODE + left + right).digest() for left, right in pairs]
    if len(level) % 2:
        upper.append(level[-1])
    return upper


def levels_of(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """The hashes of each level, from those of the leaves to the root."""
    levels = [hashes]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return levels


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves; of none, the hash of nothing."""
    level = hashes
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else sha256().digest()


def path_of(levels: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """The hashes that lead from one leaf to the root, lowest first.

    Args:
        levels: As `levels_of` gives them.
        index: Which leaf, counted from 0.
    """
    beside = ((level, index >> height ^ 1) for height, level in enumerate(levels))
    return [level[other] for level, other in beside if other < len(level)]


def root_by(path: Iterable[bytes], hashed: bytes, index: int, size: int) -> bytes:
    """The root to which a path leads.

    Args:
        path: As `path_of` gives it.
        hashed: Hash of the leaf.
        index: Where the leaf stands, counted from 0.
        size: How many leaves there are.

    Raises:
        ValueError: The path is longer or shorter than one of a leaf that stands there, or none can stand there.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of {size} cannot be")
    steps: Iterator[bytes] = iter(path)
    while size > 1:
        if index ^ 1 < size:
            other = next(steps, None)
            if other is None:
                raise ValueError("the path is too short")
            hashed = node_hash(other, hashed) if index % 2 else node_hash(hashed, other)
        index, size = index // 2, (size + 1) // 2
    if next(steps, None) is not None:
        raise ValueError("the path is too long")
    return hashed
