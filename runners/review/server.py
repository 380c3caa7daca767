"""A server of this machine for this machine: the report, and a search over the ledger. It reads and never writes."""

from __future__ import annotations

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from colophon.pipelines.verify import load_manifest
from colophon.runners.review.drawing import Column, table
from colophon.runners.review.elements import Child, Html, el, group, said, style_sheet
from colophon.runners.review.page import POLICY
from colophon.runners.review.report import REPORT
from colophon.runners.review.search import FIELDS, PAGE, search
from colophon.runners.review.sections.reasons import number, place_of
from colophon.runners.words import many
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from colophon.runners.review.search import Found

__all__ = ["LOOPBACK", "ReviewServer", "make_server"]

LOOPBACK: Final = "127.0.0.1"
_NAMES: Final = (LOOPBACK, "localhost")
_LONGEST_ADDRESS: Final = 4096
_SECONDS: Final = 20


class ReviewServer(ThreadingHTTPServer):
    """Serves one dataset to this machine.

    Args:
        folder: The dataset.
        port: On which; 0 for any that is free.
    """

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def hosts(self) -> frozenset[str]:
        """What a request must name as its host: a page of another site that had its name point here names its own."""
        return frozenset(f"{name}:{self.server_port}" for name in _NAMES)


def make_server(folder: Path, port: int) -> ReviewServer:
    """A server that is bound and not yet started.

    Raises:
        UsageError: The port is taken, or may not be used.
    """
    try:
        return ReviewServer(folder, port)
    except (OSError, OverflowError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"port {port} of this machine cannot be used: {told}; name another with --port"
        ) from error


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    timeout = _SECONDS
    server_version = "colophon"
    sys_version = ""
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        """Answer."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer without what is asked for."""
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            self._send(
                HTTPStatus.MISDIRECTED_REQUEST,
                b"This server answers to its own address alone.\n",
                "text/plain",
                body=body,
            )
            return
        if len(self.path) > _LONGEST_ADDRESS:
            self._send(HTTPStatus.REQUEST_URI_TOO_LONG, b"Too long.\n", "text/plain", body=body)
            return
        address = urlsplit(self.path)
        try:
            if address.path == "/":
                content = (self.server.folder / REPORT).read_bytes()
            elif address.path == "/search":
                content = _search_page(self.server.folder, address.query).encode()
            else:
                self._send(HTTPStatus.NOT_FOUND, b"There is / and /search.\n", "text/plain", body=body)
                return
        except (OSError, ValueError, KeyError, UsageError):
            told = b"The dataset cannot be read; `colophon verify` tells more.\n"
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, told, "text/plain", body=body)
            return
        self._send(HTTPStatus.OK, content, "text/html", body=body)

    def _send(self, status: HTTPStatus, content: bytes, kind: str, *, body: bool) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Length", str(len(content))),
            (
                "Content-Security-Policy",
                f"{POLICY}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
            ),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Nothing: what a reviewer looks for is theirs."""


def _search_page(folder: Path, query: str) -> str:
    """What was asked for, and what was found."""
    asked = parse_qs(query, errors="replace", max_num_fields=8)
    words = asked.get("q", [""])[0][:200]
    field = asked.get("in", ["anything"])[0]
    field = field if field in FIELDS else "anything"
    number_of_page = asked.get("page", ["1"])[0]
    page = (
        int(number_of_page)
        if number_of_page.isascii() and number_of_page.isdecimal() and len(number_of_page) < 7
        else 1
    )
    page = max(1, page)
    manifest = load_manifest(folder)
    title = f"{manifest['name']} {manifest['version']}"
    found = search(folder, words, field, page)
    document = el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("title", f"{title}: search"),
            style_sheet(files("colophon.runners.review").joinpath("report.css").read_text("utf-8")),
        ),
        el(
            "body",
            el(
                "header",
                el("p", el("a", "Dataset review", href="/"), class_="kicker"),
                el("h1", "Search ", said(title, 120)),
            ),
            el("main", _form(words, field), _results(found, words, field, page)),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{document}\n"


def _form(words: str, field: str) -> Html:
    return el(
        "form",
        el("label", "Words ", el("input", type="search", name="q", value=words, maxlength=200)),
        el(
            "label",
            "in ",
            el("select", [el("option", one, selected=one == field) for one in FIELDS], name="in"),
        ),
        el("button", "Search"),
        action="/search",
        method="get",
        role="search",
    )


def _results(found: Found, words: str, field: str, page: int) -> Html:
    rows: list[tuple[Child, ...]] = [
        (
            place_of(row),
            row["fate"],
            group(said(row["stage"], 40), " ", el("code", said(row["reason"], 80))) if row["reason"] else "",
            number(row["value"]),
            number(row["threshold"]),
            el("code", row["duplicate_of"], class_="id") if row["duplicate_of"] else "",
            said(row["detail"] or "", 240),
        )
        for row in found.rows
    ]
    columns = (
        Column("document", wide=True), Column("fate"), Column("reason"), Column("score", number=True), Column("limit", number=True),
        Column("kept instead"), Column("detail", wide=True),
    )  # fmt: skip
    last = -(-found.total // PAGE)
    counted = f"{'More than ' if found.more else ''}{many(found.total, 'document')}"
    links = [
        el("a", told, href=f"/search?{urlencode({'q': words, 'in': field, 'page': to})}")
        for told, to in (("Earlier", page - 1), ("Later", page + 1))
        if 1 <= to <= last
    ]
    return group(
        el("p", f"{counted}; page {page:,} of {max(1, last):,}.", role="status"),
        table("Documents found", columns, rows) if rows else None,
        el("p", [group(" · " if i else None, link) for i, link in enumerate(links)]) if links else None,
    )
