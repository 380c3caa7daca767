"""Parses XML that nobody vouches for: no network, no file, no entity that stands for more than a character."""

from __future__ import annotations

import re
from html.entities import html5

from lxml import etree

from colophon.schemas import Unreadable

__all__ = ["XML_LANG", "declared_encoding", "local_name", "names", "parse_xml", "root_of"]

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
"""The attribute that names a language, as lxml does."""

_ROOT = re.compile(
    r"(?P<prolog>(?:\s++|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*+(?:\[.*?\]\s*+)?>)*+)"
    r"<(?P<name>[A-Za-z_][\w.:-]*)(?P<attributes>\s[^>]*)?>?",
    re.DOTALL,
)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z][\w.-]*)""")
_NAMED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]")
_ENTITY = re.compile(rb"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&([A-Za-z][A-Za-z0-9.]*);", re.DOTALL)
_OWN_ENTITIES = re.compile(rb"<!ENTITY\s")
_IDENTIFIER = re.compile(rb"(<[^<>]*?\s)xml:id(?=\s*=)")
_PREDEFINED = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})


def root_of(head: bytes) -> re.Match[str] | None:
    """The start tag of the root element in the first bytes of a file, if they begin like XML.

    Returns:
        A match on the bytes as text, with the groups ``prolog``, ``name`` and ``attributes``.

    >>> root_of(b"<?xml version='1.0'?><!-- ants --><TEI n='1'><text/>")["name"]
    'TEI'
    """
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        text = head.decode("utf-16", "replace")
    else:
        text = head.decode("latin-1").removeprefix("ï»¿")
    return _ROOT.match(text)


def parse_xml(data: bytes) -> etree._Element | Unreadable:
    """Parse one XML document without its comments and processing instructions.

    The names of characters of HTML 5 (they include the ISO sets) are known whatever the DTD says; a DTD is not read.

    Returns:
        The root element, or why there is none: ``not_well_formed``, ``too_deeply_nested`` (256 levels),
        ``entity_expansion`` or ``undefined_entity``.
    """
    named = _NAMED.search(data) is not None
    if named:
        data = _ENTITY.sub(_character, data)
    try:
        root = _tree(data)
    except etree.XMLSyntaxError as error:
        if not str(error.msg).startswith(("xml:id : attribute value", "ID ")):
            return _refusal(error)
        # An identifier that is none, or not the only one, is no fault of the markup: GROBID's training files number their headers so.
        try:
            root = _tree(_IDENTIFIER.sub(rb"\1xml-id", data))
        except etree.XMLSyntaxError as again:
            return _refusal(again)
    if named:
        entity = next(root.iter(etree.Entity), None)
        if entity is not None:
            own = _OWN_ENTITIES.search(data)
            return Unreadable(
                "entity_expansion" if own else "undefined_entity",
                f"line {entity.sourceline}: {entity.text} stands for text that is not looked up",
            )
    return root


def _tree(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding=_encoding(data),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(data, parser)


def _character(match: re.Match[bytes]) -> bytes:
    """A named character of HTML 5 (they include the ISO sets) as numeric references."""
    name = match[1]
    if name is None or name in _PREDEFINED:
        return match[0]
    characters = html5.get(name.decode("ascii") + ";")
    return match[0] if characters is None else "".join(f"&#{ord(c)};" for c in characters).encode("ascii")


def declared_encoding(data: bytes) -> bytes:
    """The encoding that the XML declaration names, in lower case; empty if it names none."""
    declared = _DECLARED.match(data, 3 if data.startswith(b"\xef\xbb\xbf") else 0)
    return declared[1].lower() if declared else b""


def _encoding(data: bytes) -> str | None:
    """UTF-8 if the bytes are, whatever the declaration says; None to believe it."""
    declared = declared_encoding(data)
    if declared in {b"", b"utf-8", b"utf8", b"us-ascii"}:
        return None
    if data.isascii() and not declared.startswith((b"utf-16", b"utf-32", b"ucs", b"iso-10646")):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "utf-8"


def _refusal(error: etree.XMLSyntaxError) -> Unreadable:
    line, column = error.position
    message = (
        re.sub(r",? line \d+, column \d+$", "", str(error.msg).replace("\n", " "))
        .replace(" , ", ", ")
        .strip()
    )
    reason = "not_well_formed"
    if "amplification" in message or "entity reference loop" in message.lower():
        reason = "entity_expansion"
    elif "Excessive depth" in message:
        reason = "too_deeply_nested"
    return Unreadable(reason, f"line {line}, column {column}: {message}")


def local_name(element: etree._Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def names(words: str) -> list[str]:
    """Names of elements that are listed in one string."""
    return words.split()
