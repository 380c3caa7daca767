"""Packages that not every site has: an engine's, a file system's."""

from __future__ import annotations

from importlib.util import find_spec

from colophon.schemas import UsageError

__all__ = ["require"]


def require(module: str, what: str, extra: str) -> None:
    """Refuse what needs packages that are not installed.

    Args:
        module: One of those.
        what: What needs them, as the user wrote it.
        extra: What of Colophon brings them.

    Raises:
        UsageError: It is not there; the command that installs it is named.
    """
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # not even the package around it
        found = None
    if found is None:
        raise UsageError(
            f"{what} needs packages that are not installed: pip install 'colophon-data[{extra}]'"
        )
