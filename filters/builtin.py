"""The filters, all of them: a new one is one line here. Who needs none of them need not wait for what they import."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from colophon.filters.bias import Bias
from colophon.filters.contamination import Contamination
from colophon.filters.extensions import installed
from colophon.filters.language import Language
from colophon.filters.length import Length
from colophon.filters.privacy import Privacy
from colophon.filters.quality import Quality
from colophon.filters.rights import Rights
from colophon.filters.scholarly import Scholarly
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.filters.registry import Filter

__all__ = ["FILTERS", "all_filters"]

FILTERS: Final[dict[str, type[Filter]]] = {
    "rights": Rights,
    "language": Language,
    "privacy": Privacy,
    "contamination": Contamination,
    "length": Length,
    "quality": Quality,
    "scholarly": Scholarly,
    "bias": Bias,
}
"""The built-in filters by name, in the order in which they run."""


@cache
def all_filters() -> Mapping[str, type[Filter]]:
    """All filters by name: the built-in ones, then those of installed packages, sorted, in the order they run.

    Raises:
        UsageError: An installed package brings a filter whose name is taken or is not its own, or that does not load.
    """
    found = dict(FILTERS)
    for name, loaded, origin in installed("filter", FILTERS, lambda loaded: loaded):
        if getattr(loaded, "name", None) != name:
            raise UsageError(f"the filter {name!r} ({origin}) does not say that name of itself")
        found[name] = loaded
    return MappingProxyType(found)
