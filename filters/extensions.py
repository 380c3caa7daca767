"""What installed packages bring through entry points, and what is said of those that bring something that cannot be."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, TypeVar

from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["installed"]

_T = TypeVar("_T")


def installed(kind: str, taken: Iterable[str], make: Callable[[Any], _T]) -> Iterator[tuple[str, _T, str]]:
    """What installed packages bring of a kind, sorted by name.

    Args:
        kind: What it is: ``filter`` is looked for in the group ``colophon.filters``.
        taken: The names of what is built in.
        make: Makes of what an entry point names what is wanted.

    Yields:
        Its name, what was made, and who brings it, in words.

    Raises:
        UsageError: A package brings one whose name is taken, or one that does not load.
    """
    origins = dict.fromkeys(taken, "Colophon")
    for point in sorted(entry_points(group=f"colophon.{kind}s"), key=lambda point: (point.name, point.value)):
        origin = f"{point.value} of {point.dist.name if point.dist else 'an unknown package'}"
        if point.name in origins:
            raise UsageError(f"two {kind}s are named {point.name!r}: {origins[point.name]} and {origin}")
        try:
            made = make(point.load())
        except Exception as error:
            raise UsageError(f"the {kind} {point.name!r} ({origin}) cannot be loaded: {error}") from error
        yield point.name, made, origin
        origins[point.name] = origin
