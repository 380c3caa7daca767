"""What sections are drawn with: tables, bars in tables, histograms, notes. Each chart's numbers stand in a table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from colophon.runners.review.elements import Child, Html, el, group, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from colophon.runners.review.checks import Outcome
    from colophon.runners.review.facts import Facts

__all__ = [
    "Column", "Section", "bar", "bars", "columns_chart", "command", "facts_list", "folded", "interval", "labelled", "note",
    "others", "outcome_sign", "prose", "share", "table",
]  # fmt: skip

_WIDE: Final = 1000


class _Draw(Protocol):
    def __call__(self, facts: Facts, /) -> Html: ...


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        key: Its anchor.
        title: Its heading.
        draw: Makes what stands below the heading.
    """

    key: str
    title: str
    draw: _Draw


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers stand at the right."""

    head: str
    number: bool = False
    wide: bool = False


def share(n: float, total: float) -> str:
    """A part of a whole in percent.

    >>> share(1, 3), share(1, 10_000), share(0, 5), share(5, 5), share(9_999, 10_000), share(0, 0)
    ('33.3%', '< 0.1%', '0%', '100%', '> 99.9%', '')
    """
    if not total:
        return ""
    percent = 100 * n / total
    if percent in {0, 100}:
        return f"{percent:.0f}%"
    if percent < 0.1:
        return "< 0.1%"
    return f"{percent:.1f}%" if percent < 99.95 else "> 99.9%"


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Child]], *, foot: Sequence[Child] = ()
) -> Html:
    """A table in a region of its own, which scrolls where the page is narrow and can be reached by keyboard.

    Args:
        caption: What it shows; also the region's name.
        columns: Its columns.
        rows: Its rows; the first cell of each is its heading.
        foot: A last row of sums, or of what is left out.
    """

    def line(cells: Sequence[Child]) -> Html:
        first, *others = cells
        return el(
            "tr",
            el("th", first, scope="row", class_=_class(columns[0])),
            [el("td", cell, class_=_class(column)) for cell, column in zip(others, columns[1:], strict=True)],
        )

    return el(
        "div",
        el(
            "table",
            el("caption", caption),
            el(
                "thead",
                el("tr", [el("th", column.head, scope="col", class_=_class(column)) for column in columns]),
            ),
            el("tbody", [line(row) for row in rows]),
            el("tfoot", line(foot)) if foot else None,
        ),
        class_="scroll",
        role="region",
        aria_label=caption,
        tabindex=0,
    )


def _class(column: Column) -> str | None:
    return "number" if column.number else "wide" if column.wide else None


def bar(parts: Sequence[tuple[str, float]], total: float, *, centred: bool = False) -> Html:
    """A bar as a drawing; the numbers that it shows stand beside it.

    Args:
        parts: A class for each part's paint, and its length.
        total: What the full width stands for.
        centred: Whether it stands in the middle.
    """
    full = sum(n for _, n in parts)
    at = (1 - full / total) / 2 * _WIDE if centred and total else 0.0
    drawn = []
    for paint, n in parts:
        # Something that is there is seen, however small its part.
        width = max(2.0, n / total * _WIDE) if total and n else 0.0
        if width:
            drawn.append(
                el(
                    "rect",
                    class_=paint,
                    x=f"{min(at, _WIDE - width):.1f}",
                    y=0,
                    width=f"{width:.1f}",
                    height=10,
                )
            )
        at += width
    return el(
        "svg", drawn, class_="bar", viewBox=f"0 0 {_WIDE} 10", preserveAspectRatio="none", aria_hidden="true"
    )


def labelled(label: Child, drawing: Html) -> Html:
    """The heading of a row with its bar beside it, or below it where the page is narrow."""
    return el("span", el("span", label), drawing, class_="labelled")


def interval(lower: float, value: float, upper: float, *, reach: float, marked: bool) -> Html:
    """A ratio with its interval on a logarithmic scale, 1 in the middle; the numbers stand beside it.

    Args:
        lower: Lower end.
        value: The ratio.
        upper: Upper end.
        reach: The ratio at the right end; at the left it is one divided by it.
        marked: Whether it is told from 1.
    """

    def at(ratio: float) -> float:
        place = 0.5 + math.log(max(ratio, 1e-9)) / math.log(reach) / 2
        return min(1.0, max(0.0, place)) * _WIDE

    left, middle, right = at(lower), at(value), at(upper)
    return el(
        "svg",
        el("rect", class_="axis", x=_WIDE / 2 - 1.5, y=0, width=3, height=10),
        el("rect", class_="span", x=f"{left:.1f}", y=4, width=f"{max(2.0, right - left):.1f}", height=2),
        el("rect", class_="kept" if marked else "dropped", x=f"{middle - 11:.1f}", y=1, width=22, height=8),
        class_="bar interval",
        viewBox=f"0 0 {_WIDE} 10",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def bars(
    caption: str,
    head: str,
    counts: Mapping[str, int],
    *,
    most: int = 12,
    what: str = "documents",
    none: str = "(none)",
) -> Html:
    """How many of each: a bar, the number and its share; the most frequent first, the others summed up.

    Args:
        caption: What is shown.
        head: What is counted by.
        counts: Numbers by name.
        most: So many have a row.
        what: What is counted.
        none: What is said for the empty name.
    """
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    total = sum(counts.values())
    shown, rest = order[:most], order[most:]
    widest = max((n for _, n in shown), default=0)
    rows = [
        (labelled(said(name, 80) if name else none, bar((("kept", n),), widest)), n, share(n, total))
        for name, n in shown
    ]
    left = sum(n for _, n in rest)
    foot = (f"and {len(rest):,} others", left, share(left, total)) if rest else ()
    columns = Column(head), Column(what, number=True), Column("share", number=True)
    return table(caption, columns, rows, foot=foot)


def columns_chart(
    caption: str, head: str, counts: Sequence[tuple[str, int]], *, what: str = "documents"
) -> Html:
    """A histogram: columns side by side in their own order, and the numbers in a table that unfolds.

    Args:
        caption: What is shown.
        head: What the classes are of.
        counts: Name and number of each class, in order.
        what: What is counted.
    """
    total, tallest = sum(n for _, n in counts), max((n for _, n in counts), default=0)
    step = _WIDE / max(1, len(counts))
    drawn = []
    for i, (_, n) in enumerate(counts):
        height = max(1.0, 100 * n / tallest) if n else 0.0
        if height:
            x, width = f"{i * step + step * 0.06:.1f}", f"{step * 0.88:.1f}"
            drawn.append(
                el("rect", class_="kept", x=x, y=f"{100 - height:.1f}", width=width, height=f"{height:.1f}")
            )
    most = max(counts, key=lambda item: item[1], default=("", 0))
    told = f"{caption}: {len(counts):,} classes from {counts[0][0]} to {counts[-1][0]}, most in {most[0]} ({most[1]:,})."
    ticks = [0, len(counts) // 2, len(counts) - 1] if len(counts) > 2 else range(len(counts))
    numbers = table(
        caption,
        (Column(head), Column(what, number=True), Column("share", number=True)),
        [(name, n, share(n, total)) for name, n in counts],
    )
    return el(
        "figure",
        el("figcaption", caption),
        el(
            "div",
            el("span", tallest, class_="most"),
            el(
                "svg", drawn, class_="columns", viewBox=f"0 0 {_WIDE} 100", preserveAspectRatio="none",
                role="img", aria_label=told,
            ),
            el("div", [el("span", counts[i][0]) for i in ticks], class_="ticks"),
            class_="plot",
        ),
        folded("Numbers", numbers),
    )  # fmt: skip


def folded(summary: Child, *children: Child, open_: bool = False) -> Html:
    """What unfolds when its summary is chosen; it needs no script."""
    return el("details", el("summary", summary), *children, open=open_)


def prose(text: str) -> Html:
    """A sentence of ours, in which what stands between backticks is a command or a name."""
    return group(el("code", one) if i % 2 else one for i, one in enumerate(text.split("`")))


def note(*children: Child) -> Html:
    """A remark in small type."""
    return el("p", *children, class_="note")


def others(n: int) -> Html | None:
    """How many more there are than are shown, if there are any."""
    return note(f"and {n:,} others") if n > 0 else None


def facts_list(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Names and values, one pair a line; a pair without a value is left out."""
    return el(
        "dl",
        [el("div", el("dt", name), el("dd", value)) for name, value in pairs if value not in (None, "")],
        class_="facts",
    )


def command(*lines: str) -> Html:
    """Commands to copy."""
    return el(
        "pre", el("code", "\n".join(lines)), class_="command", tabindex=0, role="region", aria_label="Command"
    )


def outcome_sign(outcome: Outcome) -> Html:
    """A sign and its word."""
    return el(
        "span",
        el("span", outcome.sign, class_="sign", aria_hidden="true"),
        group(" ", outcome.word),
        class_=f"outcome {outcome.name.lower()}",
    )
