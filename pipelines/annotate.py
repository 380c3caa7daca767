"""What filters say of texts that somebody hands over: the way to try a filter, and to test it from outside."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from colophon.filters import Batch
from colophon.pipelines.fates import Fates, judge
from colophon.schemas import StagedRow, UsageError, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from colophon.filters import Filter, Span

__all__ = ["annotate", "chosen", "document_columns", "texts_of_lines"]

_ROWS_AT_ONCE = 512


def texts_of_lines(lines: Iterable[bytes], column: str = "text") -> Iterator[dict[str, Any]]:
    """The texts of a file: JSON Lines if its first line that is not blank is a JSON object, else one text a line.

    Args:
        lines: The file's lines.
        column: The key that holds the text.

    Yields:
        For each line that is not blank ``line`` (its number, from 1), and ``text`` and ``about`` (the object's other
        keys), or ``error`` where a line cannot be understood.

    >>> [one["text"] for one in texts_of_lines([b'{"text": "Oak", "doi": "10.1000/x"}'])]
    ['Oak']
    >>> [one["text"] for one in texts_of_lines([b"Oak burns.", b"", b"Ash burns."])]
    ['Oak burns.', 'Ash burns.']
    """
    as_json: bool | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        one: dict[str, Any] = {"line": number}
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            yield one | {"error": f"is not UTF-8 at byte {error.start} of the line"}
            continue
        if as_json is None:
            as_json = _object(text) is not None
        if not as_json:
            yield one | {"text": text, "about": {}}
            continue
        found = _object(text)
        if found is None:
            yield one | {"error": "is not a JSON object, as the first line is"}
        elif not isinstance(found.get(column), str) or not found[column].strip():
            yield one | {
                "error": f"has no text under the key {column!r}; it has {', '.join(found) or 'no key'}"
            }
        else:
            text = found.pop(column).encode("utf-8", "replace").decode()
            yield one | {"text": text, "about": found}


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def chosen(filters: Mapping[str, Filter], names: Sequence[str]) -> dict[str, Filter]:
    """The filters that are named and those whose scores they need, in their order.

    Raises:
        UsageError: There is no such filter, or it is turned off.
    """
    unknown = [name for name in names if name not in filters]
    if unknown:
        raise UsageError(f"there is no filter {unknown[0]!r}; there are {', '.join(filters)}")
    wanted, waiting = set(names), list(names)
    while waiting:
        needed = set(getattr(filters[waiting.pop()], "needs", ())) & filters.keys()
        waiting += sorted(needed - wanted)
        wanted |= needed
    return {name: one for name, one in filters.items() if name in wanted}


def annotate(
    texts: Iterable[Mapping[str, Any]], filters: Mapping[str, Filter], names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Run filters on texts.

    Args:
        texts: As `texts_of_lines` gives them; other keys are handed on.
        filters: What runs, in its order, see `chosen`.
        names: Those of them whose answers are wanted.

    Yields:
        For each text, in order: its other keys; ``scores`` (all columns of the filters by name), ``spans`` (each with
        ``filter``, ``start``, ``end``, ``label``, ``rule``; characters of the text as the filter met it), ``fate``,
        ``stage``, ``reason``, ``value``, ``threshold``; and ``text`` if a filter rewrote it.
    """
    waiting = iter(texts)
    while rows := list(islice(waiting, _ROWS_AT_ONCE)):
        yield from _batch(rows, filters, names)


def _batch(
    rows: Sequence[Mapping[str, Any]], filters: Mapping[str, Filter], names: Sequence[str]
) -> Iterator[dict[str, Any]]:
    read = [row for row in rows if "text" in row]
    batch = Batch([row["text"] for row in read], about=[_about(row["about"]) for row in read])
    spans: list[list[dict[str, Any]]] = [[] for _ in read]
    for name, one in filters.items():
        # A filter that rewrites does it in `annotate`, so its spans are asked for before.
        scored = dict(one.annotate(trial := Batch(batch.texts, dict(batch.scores), batch.about)))
        if name in names and hasattr(one, "spans"):
            found: list[list[Span]] = one.spans(Batch(batch.texts, batch.scores | scored, batch.about))
            for all_of_text, own in zip(spans, found, strict=True):
                all_of_text += [{"filter": name, **asdict(span)} for span in own]
        batch.scores.update(scored)
        batch.rewrite(trial.texts)
    judged = {name: one for name, one in filters.items() if name in names}
    columns = pa.table(batch.scores | document_columns(batch.about, filters)) if read else pa.table({})
    fates = Fates.of_readable(len(read))
    if read:
        judge(fates, columns, filters, names)
    shown = [column for one in judged.values() for column in arrow_schema(one.scores).names]
    values = columns.select(shown).to_pylist() if read else []
    place = 0
    for row in rows:
        answer = {key: value for key, value in row.items() if key not in {"text", "about"}}
        if "text" not in row:
            yield answer
            continue
        answer |= {"scores": values[place], "spans": spans[place], **fates.row(place)}
        if batch.texts[place] != row["text"]:
            answer["text"] = batch.texts[place]
        yield answer
        place += 1


def _about(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a text's own record says, under the names and with the types of a staged document's columns."""
    about: dict[str, Any] = {}
    for column in arrow_schema(StagedRow):
        value = given.get(column.name)
        if (column.type == pa.string() and isinstance(value, str)) or (
            column.type == pa.int32() and isinstance(value, int)
        ):
            about[column.name] = value
    metadata = given.get("metadata")
    rest = {key: value for key, value in given.items() if key not in about and key != "metadata"}
    return about | {"metadata": rest | (metadata if isinstance(metadata, dict) else {})}


def document_columns(
    about: Sequence[Mapping[str, Any]], filters: Mapping[str, Filter]
) -> dict[str, pa.Array]:
    """The columns of documents that filters decide by, as a staged file has them."""
    schema = arrow_schema(StagedRow)
    columns = {}
    for name in dict.fromkeys(name for one in filters.values() for name in getattr(one, "reads", ())):
        kind = schema.field(name).type
        values = [row.get(name, "" if kind == pa.string() else None) for row in about]
        if name == "metadata":
            values = [json.dumps(value or {}, sort_keys=True, default=str) for value in values]
        columns[name] = pa.array(values, kind)
    return columns
