"""What was kept: languages, years, sources, lengths, and what the documents were read as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.review.drawing import Section, bars, columns_chart, note
from colophon.runners.review.elements import Html, el, group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.runners.review.facts import Facts

__all__ = ["SECTION", "year_classes"]

_MOST_YEARS = 40


def year_classes(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Documents by year, without gaps; by longer spans where there are many years.

    >>> year_classes({"": 3, "2019": 2, "2021": 1})
    [('2019', 2), ('2020', 0), ('2021', 1)]
    >>> year_classes({"1850": 1, "2021": 1})[0], len(year_classes({"1850": 1, "2021": 1}))
    (('1850 to 1854', 1), 35)
    """
    years = {int(name): n for name, n in counts.items() if name.removeprefix("-").isdecimal()}
    if not years:
        return []
    first, last = min(years), max(years)
    span = next(step for step in (1, 5, 10, 50, 100, 1000, 10**9) if (last - first) // step < _MOST_YEARS)
    begin = first // span * span
    classes = [0] * ((last - begin) // span + 1)
    for year, n in years.items():
        classes[(year - begin) // span] += n
    names = ((begin + i * span, begin + (i + 1) * span - 1) for i in range(len(classes)))
    return [(f"{a}" if a == b else f"{a} to {b}", n) for (a, b), n in zip(names, classes, strict=True)]


def _draw(facts: Facts) -> Html:
    counts = facts.manifest["counts"]
    drawn: list[Html | None] = (
        [el("h3", "Languages"), bars("Kept documents by language", "language", counts["language"])]
        if counts.get("language")
        else []
    )
    drawn += [el("h3", "Years"), *_years(counts.get("year", {}))]
    drawn += [el("h3", "Sources"), bars("Kept documents by source", "source", counts.get("source", {}))]
    for name, title in (
        ("media_type", "Read as"),
        ("journal", "Journals"),
        ("discipline", "Disciplines"),
        ("country", "Countries"),
    ):
        if counts.get(name):
            caption = f"Kept documents by {name.replace('_', ' ')}"
            drawn.append(bars(caption, title.lower(), counts[name], most=8))
    drawn += [el("h3", "Lengths"), *_lengths(counts)]
    return group(drawn)


def _years(counts: Mapping[str, int]) -> list[Html | None]:
    classes, unknown = year_classes(counts), counts.get("", 0)
    if not classes:
        return [el("p", f"No year is known of any of the {unknown:,} documents kept.")]
    told = note(f"Of {unknown:,} documents no year is known.") if unknown else None
    return [columns_chart("Kept documents by year of publication", "year", classes), told]


def _lengths(counts: Mapping[str, Mapping[str, int]]) -> list[Html | None]:
    sizes, lengths = counts.get("sizes", {}), counts.get("length", {})
    told = (("n_words", "words"), ("n_tokens", "tokens (estimated)"), ("n_chars", "characters"))
    sums = " · ".join(f"{sizes[key]:,} {label}" for key, label in told if key in sizes)
    drawn: list[Html | None] = [el("p", f"{sums} in all.")] if sums else []
    begins = [int(name) for name in lengths if name.isdecimal() and int(name) > 0]
    if not begins:
        return drawn
    classes = []
    begin = min(begins)
    while begin <= max(begins):
        classes.append((f"{begin:,} to {2 * begin - 1:,}", lengths.get(str(begin), 0)))
        begin *= 2
    return [*drawn, columns_chart("Kept documents by length in characters", "characters", classes)]


SECTION = Section("distributions", "Languages, years, sources, lengths", _draw)
