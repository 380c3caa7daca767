"""What a run says while it works: a live line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TextIO

from colophon.pipelines.places import RemotePath
from colophon.runners.words import many, time_in_words

if TYPE_CHECKING:
    from rich.live import Live

    from colophon.pipelines.places import AnyPath

__all__ = ["Progress", "Watcher"]

_SECONDS_BETWEEN_LINES = 10.0
_SECONDS_FAR = 5.0


@dataclass
class Progress:
    """What is known of a run from the lines that finished units and shards leave."""

    units: int
    bytes: int
    units_done: int = 0
    bytes_done: int = 0
    bytes_reused: int = 0
    documents: int = 0
    dropped: int = 0
    failed: int = 0
    shards_done: int = 0
    kept: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    read: set[str] = field(default_factory=set)
    again: set[int] = field(default_factory=set)

    def look(self, folder: AnyPath) -> None:
        """Take in the lines that came since the last look."""
        lines: list[AnyPath] = list(folder.glob("[us]*.json"))
        for path in sorted(lines, key=str):  # what is still being written begins with a dot
            if path.name in self.read:
                continue
            try:
                line: dict[str, Any] = json.loads(path.read_bytes())
            except (OSError, ValueError):
                continue
            self.read.add(path.name)
            for stage, seconds in line["seconds"].items():
                self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
            if path.name.startswith("unit"):
                self.units_done += 1
                if line["again"]:
                    self.again.add(int(path.stem.removeprefix("unit-")))
                self.bytes_done += line["bytes"]
                self.bytes_reused += line["bytes"] if line["reused"] else 0
                self.documents += line["documents"]
                self.dropped += line["dropped"]
                self.failed += line["failed"]
            else:
                self.shards_done += 1
                self.kept += line["kept"]

    def line(self) -> str:
        """One line on where the run stands."""
        elapsed = max(time.monotonic() - self.began, 1e-3)
        documents = many(self.documents, "document")
        if self.shards_done:
            return f"writing: {many(self.shards_done, 'shard')}, {self.kept:,} kept of {documents}, {time_in_words(elapsed)}"
        if self.units_done == self.units:
            open_ = self.documents - self.dropped - self.failed
            return f"deduplicating: {documents}, {open_:,} kept so far, {self.dropped:,} dropped, {self.failed:,} failed"
        fresh = self.bytes_done - self.bytes_reused
        rate = fresh / elapsed
        parts = [
            f"reading: {self.units_done:,} of {many(self.units, 'unit')}, {documents}",
            f"{rate / 1e6:.1f} MB/s",
            f"{self.documents - self.dropped - self.failed:,} kept so far, {self.dropped:,} dropped, {self.failed:,} failed",
        ]
        if fresh:
            parts.append(f"{time_in_words((self.bytes - self.bytes_done) / rate)} left to read")
        return ", ".join(parts)


class Watcher:
    """Shows progress on a terminal, or as plain lines where there is none; says nothing if quiet."""

    def __init__(
        self, progress: Progress, folder: AnyPath, *, quiet: bool = False, stream: TextIO | None = None
    ) -> None:
        self.progress, self.folder, self.quiet = progress, folder, quiet
        self.stream = sys.stderr if stream is None else stream
        self.live: Live | None = None
        self.last = self.looked = time.monotonic()
        self.told = -1

    def __enter__(self) -> Self:
        if not self.quiet:
            from rich.console import Console  # noqa: PLC0415 - as Live, it takes a tenth of a second
            from rich.live import Live  # noqa: PLC0415

            console = Console(file=self.stream)
            if console.is_terminal:
                # Drawn when it is looked at: a thread that draws would be in the way of a job that is a copy of this process.
                self.live = Live("starting", console=console, transient=True, auto_refresh=False)
                self.live.start(refresh=True)
        return self

    def look(self, *, last: bool = False) -> None:
        """Look at the run, and speak if it is time.

        Args:
            last: Whether the run has ended; an address is else looked at now and then only.
        """
        if not isinstance(self.folder, RemotePath) or last or time.monotonic() - self.looked >= _SECONDS_FAR:
            self.progress.look(self.folder)
            self.looked = time.monotonic()
        if self.quiet:
            return
        if self.live is not None:
            from rich.text import Text  # noqa: PLC0415 - as above

            self.live.update(Text(self.progress.line()), refresh=True)
        elif time.monotonic() - self.last >= _SECONDS_BETWEEN_LINES:
            self.last = time.monotonic()
            done = len(self.progress.read)
            line = self.progress.line() if done else "starting"
            if done == self.told:  # nothing is new but the time
                return
            self.told = done
            print(line, file=self.stream, flush=True)

    def __exit__(self, *_: object) -> None:
        if self.live is not None:
            self.live.stop()
