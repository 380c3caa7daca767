"""What an export is: a manifest written down in the form of a standard."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from colophon.pipelines.canonical import manifest_bytes
from colophon.pipelines.exports.plain_text import HIDDEN
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Export", "Given", "Subject", "json_text"]

_LONGEST_URL = 2_000


@dataclass(frozen=True)
class Given:
    """What a standard asks for and no manifest holds, as a person says it.

    Attributes:
        published: The day on which the dataset is published, ``YYYY-MM-DD``; empty if nobody said.
        url: Its page; empty if it has none.

    Raises:
        UsageError: The day or the address is none.
    """

    published: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        try:
            sound = not self.published or dt.date.fromisoformat(self.published).isoformat() == self.published
        except (ValueError, TypeError):
            sound = False
        if not sound:
            raise UsageError(f"{self.published!r} is no day; write one as in 2026-11-22")
        if self.url and not _is_address(self.url):
            raise UsageError(
                f"{self.url!r} is no address of a page; write one as in https://data.example/reeds"
            )


def _is_address(url: Any) -> bool:
    try:
        parts = urlsplit(url)
    except (ValueError, AttributeError):
        return False
    printable = url.isascii() and url.isprintable() and not re.search(r'[\s<>"\\^`{|}]', url)
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and printable and len(url) <= _LONGEST_URL
    )


@dataclass(frozen=True)
class Subject:
    """What is exported.

    Attributes:
        manifest: As it stands in ``manifest.json``.
        given: What a person says besides.
        run: As it stands in ``run.json``; None if the dataset has none.
    """

    manifest: Mapping[str, Any]
    given: Given = field(default_factory=Given)
    run: Mapping[str, Any] | None = None

    @cached_property
    def digest(self) -> str:
        """Sha256 of ``manifest.json``, hex."""
        return hashlib.sha256(manifest_bytes(dict(self.manifest))).hexdigest()

    @property
    def published(self) -> str:
        """The day of publication.

        Raises:
            UsageError: Nobody said it.
        """
        if not self.given.published:
            raise UsageError(
                "the day of publication is not known, for the dataset has no run.json; say it with --published YYYY-MM-DD"
            )
        return self.given.published


@dataclass(frozen=True)
class Export:
    """One standard.

    Attributes:
        name: What ``--to`` calls it.
        about: What it is and whom it is for, in one line.
        file: Where it goes unless somebody says otherwise, below the dataset's folder.
        write: The bytes; a pure function of the subject.
        given: Reads back from such bytes what a person said, so that a file beside the data can be compared with what the
            manifest gives; None for exports that lie in ``review/``, which nobody checks.
    """

    name: str
    about: str
    file: str
    write: Callable[[Subject], bytes]
    given: Callable[[bytes], Given] | None = None


def json_text(value: Any, *, indent: int | None = 2) -> str:
    r"""JSON that a terminal shows as it is: characters that hide or turn the text around them are escaped.

    >>> json_text("a\u202eb", indent=None)
    '"a\\u202eb"'
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return HIDDEN.sub(lambda found: json.dumps(found[0])[1:-1], text)
