"""Opening input files: their digest, and their documents through whichever format fits."""

from __future__ import annotations

import atexit
import hashlib
import os
from contextlib import ExitStack
from dataclasses import asdict
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from colophon.filters import Clean
from colophon.filters.formats import formats
from colophon.filters.formats.reading import read_stream
from colophon.pipelines.isolation import Isolated
from colophon.pipelines.places import READ_AHEAD, at_hand, locate
from colophon.pipelines.plan import fingerprint_of
from colophon.pipelines.storage import sha256_of, write_whole
from colophon.schemas import ReadOptions, Unreadable, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.pipelines.places import AnyPath
    from colophon.pipelines.plan import Part
    from colophon.schemas import Document, Recipe

__all__ = ["PartReader", "read_file"]

_FAULTS = {
    "dangling_link": "a link to a file that does not exist, or to itself",
    "not_a_regular_file": "a pipe, socket or device, which has no end of its own",
    "unreadable": "the operating system does not let it be read",
    "unreadable_folder": "the operating system does not let the folder be listed",
}


@lru_cache(maxsize=4)
def _isolated(seconds: float, memory_bytes: int) -> Isolated:
    """One child for all units that this process reads; starting it takes half a second."""
    child = Isolated(seconds, memory_bytes)
    atexit.register(child.close)
    return child


class PartReader:
    """Reads parts of a plan.

    Args:
        recipe: Its ``read`` section and its sources say how.
        staging: Folder in which the digests of files that are read in parts are shared between workers.
    """

    def __init__(self, recipe: Recipe, staging: AnyPath) -> None:
        self.recipe = recipe
        self.staging = staging
        self.sources = {source.name: source for source in recipe.sources}

    def read(self, part: Part) -> tuple[str, Iterator[Document | Unreadable]]:
        """The file's sha256 (hex; empty if it cannot be read) and the documents of the part."""
        file = part.file
        if file.fault:
            return "", iter([Unreadable(file.fault, _FAULTS[file.fault])])
        path = locate(file.path)
        with ExitStack() as stack:
            try:
                # What is far and read whole is fetched once, for its digest and for its documents.
                if part.end is None:
                    path = stack.enter_context(at_hand(path))
                sha256 = self._digest(part, path)
            except OSError as error:
                return "", iter([Unreadable("unreadable", error.strerror or str(error))])
            return sha256, self._documents(part, path, stack.pop_all())

    def _documents(self, part: Part, path: AnyPath, stack: ExitStack) -> Iterator[Document | Unreadable]:
        source = self.sources[part.file.source]
        read = self.recipe.read
        options = ReadOptions(
            max_document_bytes=read.max_document_size,
            references=read.references,
            responses=read.responses,
            text=source.text,
            title=source.title,
            start=part.start,
            end=part.end,
            utf8=True,
        )
        known = None if source.format == "auto" else formats()[source.format]
        with stack:
            try:
                # A line of JSON is a document, longer than the few kilobytes that Python reads ahead of itself.
                stream = stack.enter_context(path.open("rb", READ_AHEAD))
            except OSError as error:
                yield Unreadable("unreadable", error.strerror or str(error))
                return
            yield from read_stream(
                stream, part.file.uri, options, known, _isolated(read.time_limit, read.memory_limit)
            )
            # What came so far stays; but the digest and the documents may be of different states of the file.
            if _fingerprint_now(locate(part.file.path), stream) != part.file.fingerprint:
                yield Unreadable(
                    "changed_while_read", "the file was written to during the run", locator=f"end={part.end}"
                )

    def _digest(self, part: Part, path: AnyPath) -> str:
        """Sha256 of the whole file; of one read in parts only once, by whichever worker comes first."""
        if part.end is None:
            return sha256_of(path)
        name = hashlib.sha256(
            f"{part.file.path}\0{part.file.fingerprint}".encode("utf-8", "surrogateescape")
        ).hexdigest()
        known = self.staging / "digests" / name
        try:
            return known.read_text()
        except OSError:
            digest = sha256_of(path)
            write_whole(known, digest.encode())
            return digest


def _fingerprint_now(path: AnyPath, stream: BinaryIO) -> str:
    """The fingerprint of a file that is being read; empty if nobody can tell."""
    if isinstance(path, Path):
        return fingerprint_of(os.fstat(stream.fileno()))
    try:
        return fingerprint_of(path.stat())
    except OSError:
        return ""


def read_file(path: Path, options: ReadOptions, *, form: str = "auto") -> Iterator[dict[str, Any]]:
    """What a file becomes: its documents as a run with default settings would read and clean them.

    Args:
        path: The file.
        options: What to read, and from which columns.
        form: Name of its format; ``auto`` lets content and name tell.

    Yields:
        For each document its fields by name; for each failure its reason and detail.

    Raises:
        UsageError: The file cannot be opened, or there is no such format.
    """
    known = formats()
    if form not in {"auto", *known}:
        near = get_close_matches(form, known, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"there is no format {form!r}{hint} Known are {', '.join(known)}")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; name a file") from error
    clean = Clean()
    with stream:
        for found in read_stream(stream, path.name, options, known.get(form), _isolated(30.0, 2 * 2**30)):
            fields = {key: value for key, value in asdict(found).items() if key != "digest"}
            if "text" in fields:
                fields |= {"title": clean(fields["title"]), "text": clean(fields["text"])}
            yield fields
