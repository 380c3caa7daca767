"""The frame of a report: head, contents, sections, foot. One file that asks nothing of any network."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from colophon.runners.review.elements import Html, el, group, said, style_sheet
from colophon.runners.review.sections import SECTIONS

if TYPE_CHECKING:
    from colophon.runners.review.facts import Facts

__all__ = ["POLICY", "draw_page"]

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the page may load: nothing."""


def draw_page(facts: Facts) -> str:
    """A report as one HTML file."""
    manifest = facts.manifest
    title = f"{manifest['name']} {manifest['version']}"
    style = files("colophon.runners.review").joinpath("report.css").read_text("utf-8")
    page = el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("meta", http_equiv="Content-Security-Policy", content=POLICY),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("meta", name="referrer", content="no-referrer"),
            el("title", f"{title}: review"),
            style_sheet(style),
        ),
        el(
            "body",
            el("a", "To the report", href="#report", class_="skip"),
            _header(facts),
            _contents(),
            el(
                "main",
                [
                    el(
                        "section",
                        el("h2", one.title, id=f"{one.key}-title"),
                        one.draw(facts),
                        id=one.key,
                        aria_labelledby=f"{one.key}-title",
                    )
                    for one in SECTIONS
                ],
                id="report",
                tabindex=-1,
            ),
            _footer(facts),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n"


def _header(facts: Facts) -> Html:
    manifest = facts.manifest
    fates, sizes = manifest["fates"], manifest["counts"].get("sizes", {})
    figures = [
        (sum(fates.values()), "documents in"),
        (fates["kept"], "kept"),
        (sizes.get("n_words"), "words"),
        (len(manifest["sources"]), "sources"),
    ]
    made_by = [said(manifest[key], 120) for key in ("site", "contact") if manifest[key]]
    return el(
        "header",
        el("p", "Dataset review", class_="kicker"),
        el("h1", said(manifest["name"], 120), " ", el("span", manifest["version"], class_="version")),
        el("p", said(manifest["description"], 600), class_="lead") if manifest["description"] else None,
        el("p", [group(" · " if i else None, one) for i, one in enumerate(made_by)], class_="made-by")
        if made_by
        else None,
        el(
            "dl",
            [el("div", el("dt", name), el("dd", n)) for n, name in figures if n is not None],
            class_="figures",
        ),
    )


def _contents() -> Html:
    return el(
        "nav",
        el("h2", "Contents", id="contents"),
        el("ol", [el("li", el("a", one.title, href=f"#{one.key}")) for one in SECTIONS]),
        aria_labelledby="contents",
    )


def _footer(facts: Facts) -> Html:
    software = facts.manifest["software"]
    return el(
        "footer",
        el(
            "p",
            f"Made by Colophon {software['colophon']} from manifest ",
            el("code", facts.manifest_sha256, class_="digest"),
            ". The report is no part of what is signed; the manifest is.",
        ),
    )
