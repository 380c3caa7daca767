"""Writes small PDFs for tests: words at places on pages, nothing that a parser would have to be clever about."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Put", "column", "pdf"]


class Put(NamedTuple):
    """Words that stand at a place, in points from the page's lower left corner."""

    x: float
    y: float
    text: str
    size: float = 10.0
    bold: bool = False
    rise: float = 0.0


def column(x: float, y: float, lines: list[str], size: float = 10.0, leading: float = 12.0) -> list[Put]:
    """Lines below each other; those that begin with a tab are indented."""
    return [
        Put(x + (12 if line.startswith("\t") else 0), y - leading * n, line.strip("\t"), size)
        for n, line in enumerate(lines)
    ]


def _escaped(text: str) -> bytes:
    return text.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _content(page: list[Put]) -> bytes:
    parts = [
        b"BT /%s %g Tf %g %g Td %g Ts (%s) Tj ET"
        % (b"B" if put.bold else b"R", put.size, put.x, put.y, put.rise, _escaped(put.text))
        for put in page
    ]
    return b"\n".join(parts)


def pdf(
    *pages: list[Put],
    info: dict[str, str] | None = None,
    trailer: bytes = b"",
    more: tuple[bytes, ...] = (),
    fonts: bytes = b"",
    rotate: int = 0,
) -> bytes:
    """A PDF of some pages, 600 by 800 points.

    Args:
        pages: What stands on each.
        info: Metadata by their names.
        trailer: More entries of the trailer; its objects are `more`, numbered from 5.
        more: Objects.
        fonts: Fonts in place of Helvetica and its bold face.
        rotate: By how many degrees the pages are turned.
    """
    given = b" ".join(b"/%s (%s)" % (key.encode(), _escaped(value)) for key, value in (info or {}).items())
    fonts = fonts or (
        b"/R << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> "
        b"/B << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>"
    )
    first = 5 + len(more)
    kids = b" ".join(b"%d 0 R" % (first + 2 * n) for n in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< %s >>" % given,
        b"<< /Font << %s >> >>" % fonts,
        *more,
    ]
    for n, page in enumerate(pages):
        content = _content(page)
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Rotate %d /Resources 4 0 R /Contents %d 0 R >>"
            % (rotate, first + 2 * n + 1),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    data = b"%PDF-1.7\n"
    offsets = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R /Info 3 0 R %s >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(objects) + 1,
            table,
            len(objects) + 1,
            trailer,
            len(data),
        )
    )
