"""Where the ``colophon`` command begins, before anything that takes time to load."""

from __future__ import annotations

import logging
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command line; also Ctrl-C while it loads ends with a sentence."""
    logging.disable()  # what libraries have to say is said in our words
    try:
        from colophon.runners.cli import main as run  # noqa: PLC0415 - takes a second
        from colophon.runners.copies import be_only_the_command  # noqa: PLC0415
        from colophon.runners.lean import spare_pandas  # noqa: PLC0415

        be_only_the_command()
        spare_pandas()

        return run()
    except KeyboardInterrupt:
        print("\ncolophon: stopped before it began.", file=sys.stderr)  # noqa: T201
        return 3
