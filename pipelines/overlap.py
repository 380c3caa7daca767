"""How much two packs share."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from colophon.pipelines.pack import PackIndex

if TYPE_CHECKING:
    from colophon.pipelines.pack import Pack

__all__ = ["Overlap", "overlap"]


@dataclass(frozen=True)
class Overlap:
    """What one pack has in common with another.

    Attributes:
        name: The pack's.
        documents: Documents in it.
        exact: Those whose text the other has, but for case, white space and Unicode form.
        near: Further ones that seem to be alike: an estimate.
    """

    name: str
    documents: int
    exact: int
    near: int

    @property
    def share(self) -> float:
        """The part of the documents that the other has in one way or the other."""
        return (self.exact + self.near) / self.documents if self.documents else 0.0

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "share": round(self.share, 6)}


def overlap(one: Pack, two: Pack, *, bands: int, where: str, other: str) -> tuple[Overlap, Overlap]:
    """What two packs share, seen from each.

    Args:
        one: A pack.
        two: Another.
        bands: How many bands two documents share to be taken for alike.
        where: What the first is called in messages.
        other: What the second is called there.

    Raises:
        UsageError: They were made with other parameters or another key.
    """
    one.refuse_other(two.parameters, two.key_id, where, other)
    return _seen_from(one, two, bands), _seen_from(two, one, bands)


def _seen_from(pack: Pack, other: Pack, bands: int) -> Overlap:
    matches = PackIndex(other).match(pack.exact, pack.bands)
    exact = int(matches.exact.sum())
    return Overlap(pack.name, len(pack.exact), exact, int(matches.found(bands).sum()) - exact)
