"""A worker process of the direct engine: ``python -m colophon.runners.worker PARENT``."""

from __future__ import annotations

import sys

from colophon.runners.processes import end_with_parent

if __name__ == "__main__":
    # Before Beam is imported, which takes seconds in which the parent may end.
    end_with_parent(int(sys.argv.pop(1)))

    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
