"""One way to write things down, so that equal things are written alike: manifests, paths, identities."""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "document_id",
    "manifest_bytes",
    "schema_as_json",
    "uri_of_path",
]

_MEANING = (b"description", b"unit")


def manifest_bytes(manifest: dict[str, Any]) -> bytes:
    """A manifest as it stands in its file: sorted keys, two spaces, one line end."""
    return (json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def document_id(source: str, uri: str, locator: str) -> str:
    """The identity of a document: where it stands, so that it survives a change of its text.

    >>> document_id("papers", "a.xml", "")
    '90dcbd79942eeaa1bdc8f2f81f25bad0'
    """
    return hashlib.sha256(f"{source}\0{uri}\0{locator}".encode()).hexdigest()[:32]


def uri_of_path(relative: str) -> str:
    r"""A path below a source's root as it is written in ledgers: readable, printable, reversible.

    Only ``%``, control characters and bytes that are not UTF-8 are percent-encoded.

    >>> uri_of_path("a dir/100% naïve.txt"), uri_of_path("two\nlines")
    ('a dir/100%25 naïve.txt', 'two%0Alines')
    >>> import os
    >>> uri_of_path(os.fsdecode(b"caf\xe9.txt"))
    'caf%E9.txt'
    """

    def encoded(match: re.Match[str]) -> str:
        return "".join(f"%{byte:02X}" for byte in os.fsencode(match[0]))

    return re.sub("[%\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", encoded, relative)


def schema_as_json(schema: pa.Schema) -> list[dict[str, str]]:
    """A table's columns in their order: name, type, and what the column means."""
    return [
        {
            "name": field.name,
            "type": str(field.type),
            **{
                key.decode(): value.decode()
                for key, value in sorted((field.metadata or {}).items())
                if key in _MEANING
            },
        }
        for field in schema
    ]
