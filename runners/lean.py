"""Without what other packages load merely because it is installed, and a run on this machine never uses.

Nothing is taken away: whoever asks for one of these later gets it, as `pipelines/places.py` does for an address. Where a package
no longer asks for a name that stands here, or asks for others, a run only starts more slowly.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["load_beam", "spare_pandas", "unseen"]

# Beam tries each of these and goes on without it where it is not installed. With all of Beam's extras and pandas there, to
# import Beam takes 1.6 CPU-seconds, and without these 0.6.
_OPTIONAL: Final = (
    "apache_beam.io.aws.s3filesystem",
    "apache_beam.io.gcp.bigquery",
    "apache_beam.io.gcp.gcsfilesystem",
    "google.cloud.dataflow",
    "pandas",
    "pymongo",
)


class _Unseen(MetaPathFinder):
    """Finds nothing, and lets nobody find modules of certain names."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:  # noqa: ARG002 - as Python calls it
        """Raise the error of a module that is not there."""
        if fullname in self.names:
            raise ModuleNotFoundError(f"{fullname} is left out", name=fullname)


@contextmanager
def unseen(*names: str) -> Iterator[None]:
    """Let modules that are not loaded yet seem not to be installed, while the block lasts.

    >>> with unseen("wave"):
    ...     try:
    ...         import wave
    ...     except ImportError:
    ...         print("not there")
    not there
    >>> import wave
    """
    finder = _Unseen(names)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def load_beam() -> None:
    """Load Beam without its file systems for addresses, other engines and data bases."""
    with unseen(*_OPTIONAL):
        import_module("apache_beam")


def spare_pandas() -> None:
    """Let Arrow take note that there is no pandas, unless filters or formats of others are installed, which may use both.

    The first list that becomes an array makes Arrow look for pandas and load it: 0.3 CPU-seconds.
    """
    if not any(entry_points(group=f"colophon.{kind}") for kind in ("filters", "formats")):
        with unseen("pandas"):
            import_module("pyarrow").array([])
