"""The story of one document, from source bytes to fate."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from colophon.filters import Batch, all_filters
from colophon.filters.bias.bias import HOSTILE_SENTENCE
from colophon.filters.bias.hostility import LOADED_WORD, SLUR_WORD
from colophon.pipelines.canonical import uri_of_path
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.places import seekable
from colophon.schemas import KEPT, UsageError, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from colophon.filters import Span
    from colophon.pipelines.places import AnyPath

__all__ = ["explain", "find", "tell"]

_ID_LENGTH = 32
_SHORTEST_ID = 6
_ROWS_AT_ONCE = 8192
_MOST_SCORES = 8
_LONGEST_SCORE = 80
_MOST_SPANS = 12
_LONGEST_PASSAGE = 160
_QUOTED = (HOSTILE_SENTENCE, LOADED_WORD)  # labels of spans whose words may be shown
_JUDGING = (*_QUOTED, SLUR_WORD)


def _parts(folder: AnyPath, table: str, manifest: dict[str, Any]) -> list[AnyPath]:
    return [folder / name for name in sorted(manifest["files"]) if name.startswith(f"{table}/")]


def _is_id(what: str) -> bool:
    """Whether this may be an id or its beginning."""
    if not what:
        raise UsageError("nothing was named; give a document's id or part of its source's path")
    return _SHORTEST_ID <= len(what) <= _ID_LENGTH and all(c in "0123456789abcdefABCDEF" for c in what)


def _matches(row: dict[str, Any], what: str, *, as_id: bool) -> bool:
    if as_id and row["id"].startswith(what.lower()):
        return True
    where = _place(row)
    return what in where or uri_of_path(what) in where


def find(folder: AnyPath, what: str, most: int = 1000) -> list[tuple[dict[str, Any], str]]:
    """The ledger rows of the documents that are meant, each with the name of its part.

    Args:
        folder: The dataset.
        what: As `explain` takes it.
        most: No more than so many are looked for.

    Raises:
        UsageError: The folder is no dataset, or nothing matches.
    """
    as_id = _is_id(what)
    found: list[tuple[dict[str, Any], str]] = []
    for path in _parts(folder, "ledger", load_manifest(folder)):
        if len(found) >= most:
            break
        found += [(row, path.name) for row in _rows(path) if _matches(row, what, as_id=as_id)]
    if not found:
        raise UsageError(
            f"{what}: no document of {folder} has this id or these words in its path; "
            f"give an id (or its first {_SHORTEST_ID} digits or more) or part of a source's path, as in the ledger"
        )
    return found[:most]


def explain(folder: AnyPath, what: str, most: int = 1000) -> list[dict[str, Any]]:
    """Find documents and tell what happened to each.

    Args:
        folder: The dataset.
        what: A document's id or its first digits (six at least), or any part of ``source/path#locator``.
        most: No more than so many are looked for.

    Returns:
        For each, in the dataset's order: ``ledger`` (its row), ``data`` (its row without the text, None if it
        is not kept), ``file`` and ``row`` where it stands in ``data/``, ``kept_instead`` (the ledger row of
        the one kept in its place), ``copies`` (ledger rows of those dropped for it), ``spans`` (of a kept one: the passages
        behind its scores, each with ``filter``, ``start``, ``end``, ``label``, ``rule``, and ``text`` where it may be
        shown) and ``stages`` (the recipe's settings of the stages it went through).

    Raises:
        UsageError: The folder is no dataset, or nothing matches.
    """
    manifest = load_manifest(folder)
    stories: list[dict[str, Any]] = [{"ledger": row, "part": part} for row, part in find(folder, what, most)]
    wanted = {story["ledger"]["id"] for story in stories}
    instead = {story["ledger"]["duplicate_of"] for story in stories} - {None}
    others: dict[str, dict[str, Any]] = {}
    copies: dict[str, list[dict[str, Any]]] = {}
    if instead or any(story["ledger"]["fate"] == KEPT for story in stories):
        for path in _parts(folder, "ledger", manifest):
            for row in _rows(path):
                if row["id"] in instead:
                    others[row["id"]] = row
                if row["duplicate_of"] in wanted:
                    copies.setdefault(row["duplicate_of"], []).append(row)
    kept = {story["ledger"]["id"] for story in stories if story["ledger"]["fate"] == KEPT}
    data = _data_rows(folder, manifest, kept, {story["part"] for story in stories})
    for story in stories:
        row = story["ledger"]
        story["data"], story["file"], story["row"] = data.get(row["id"], (None, None, None))
        story["kept_instead"] = others.get(row["duplicate_of"])
        story["copies"] = copies.get(row["id"], [])
        story["stages"] = _stages(row, manifest)
        story["spans"] = _spans(folder / story["file"], story, manifest) if story["file"] else []
        del story["part"]
    return stories


def _rows(path: AnyPath) -> list[dict[str, Any]]:
    with seekable(path) as source, pq.ParquetFile(source) as file:
        return [row for batch in file.iter_batches(_ROWS_AT_ONCE) for row in batch.to_pylist()]


def _data_rows(
    folder: AnyPath, manifest: dict[str, Any], wanted: set[str], parts: set[str]
) -> dict[str, tuple[dict[str, Any], str, int]]:
    """Rows of ``data/`` without their text, with file and number of the row, for the ids wanted."""
    found: dict[str, tuple[dict[str, Any], str, int]] = {}
    for path in _parts(folder, "data", manifest):
        if not wanted or path.name not in parts:
            continue
        with seekable(path) as source, pq.ParquetFile(source) as file:
            columns = [name for name in file.schema_arrow.names if name != "text"]
            base = 0
            for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns):
                for number, one in enumerate(batch.column("id").to_pylist()):
                    if one in wanted:
                        row = batch.slice(number, 1).to_pylist()[0]
                        found[one] = (row, f"data/{path.name}", base + number)
                base += batch.num_rows
    return found


def _spans(path: AnyPath, story: dict[str, Any], manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The passages behind the scores of a kept document, told anew from its text."""
    recipe, row = manifest["recipe"]["filters"], story["data"]
    told: list[dict[str, Any]] = []
    kinds: dict[str, Any] = dict(all_filters())
    for name, kind in kinds.items():
        if not (recipe.get(name) and getattr(kind, "explains", False)):
            continue
        known = {field.name for field in fields(kind)}
        settings = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in recipe[name].items()
            if key in known
        }
        text = _text(path, story["row"])
        (found,) = kind(**settings).spans(
            Batch([text], {key: pa.array([value]) for key, value in row.items()})
        )
        hidden = [span for span in found if span.label == SLUR_WORD]
        for span in found:
            shown = _masked(text, span, hidden) if span.label in _QUOTED else ""
            told.append({"filter": name, **asdict(span), **({"text": shown} if shown else {})})
    return told


def _text(path: AnyPath, number: int) -> str:
    """The text in a row of a file of ``data/``."""
    with seekable(path) as source, pq.ParquetFile(source) as file:
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if number < rows:
                return str(file.read_row_group(group, columns=["text"])["text"][number].as_py())
            number -= rows
    raise UsageError(f"{path}: has no row {number}; `colophon verify` tells more")


def _masked(text: str, span: Span, hidden: Sequence[Span]) -> str:
    """A passage on one line, without the words that are hidden."""
    letters = list(text)
    for one in hidden:
        letters[one.start : one.end] = "*" * (one.end - one.start)
    passage = " ".join("".join(letters[span.start : span.end]).split())
    return passage if len(passage) <= _LONGEST_PASSAGE else passage[: _LONGEST_PASSAGE - 1] + "…"


def _stages(row: dict[str, Any], manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The stages a document went through, up to the one that decided, with their settings."""
    recipe = manifest["recipe"]
    passed = []
    for stage in manifest["stages"]:
        settings = recipe["filters"].get(stage, recipe.get(stage, {}))
        decided = stage == row["stage"]
        passed.append({"stage": stage, "settings": settings, "passed": not decided})
        if decided:
            break
    return passed


def _place(row: dict[str, Any]) -> str:
    return f"{row['source']}/{row['source_uri']}" + (f"#{row['locator']}" if row["locator"] else "")


def _number(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def tell(story: dict[str, Any]) -> str:
    """A story as lines of plain text."""
    row, data = story["ledger"], story["data"]
    lines = [_place(row), f"  id        {row['id']}"]
    lines.append(f"  source    file {row['source_uri']!r} of source {row['source']!r}")
    if row["source_sha256"]:
        lines.append(f"            sha256 {row['source_sha256']}")
    if row["locator"]:
        lines.append(f"            at {row['locator']}")
    if data:
        lines.append(f"  read as   {data['media_type']}: {data['title'] or '(no title)'}")
        facts = (
            ("doi", "DOI"), ("license", "licence"), ("license_evidence", "licence found in"), ("year", "year"),
        )  # fmt: skip
        lines += [f"            {label} {data[key]}" for key, label in facts if data.get(key)]
    for stage in story["stages"]:
        lines.append(f"  {stage['stage']:<14}{_verdict(stage, row, data)}")
    lines += _told_spans(story["spans"])
    if row["fate"] == KEPT:
        lines.append(
            f"  fate      kept: row {story['row']} of {story['file']}, text sha256 {data['text_sha256']}"
        )
        if story["copies"]:
            lines.append(f"            stands for {len(story['copies'])} dropped:")
            lines += [
                f"              {_place(copy)} ({copy['reason']}, similarity {_number(copy['similarity'])})"
                for copy in story["copies"]
            ]
    else:
        lines.append(f"  fate      {row['fate']} in {row['stage']}: {row['reason']}")
        if row["detail"]:
            lines.append(f"            {row['detail']}")
        if story["kept_instead"]:
            other = story["kept_instead"]
            lines.append(f"            kept in its place: {_place(other)}")
            lines.append(
                f"            id {other['id']}, with which it was compared: similarity {_number(row['similarity'])}"
            )
    return "\n".join(lines)


def _told_spans(spans: Sequence[dict[str, Any]]) -> list[str]:
    """Passages by what they are, those that judge first; of mentions no more than a few."""
    judging = [span for span in spans if span["label"] in _JUDGING]
    others = [span for span in spans if span["label"] not in _JUDGING]
    lines = [
        f"    {span['start']:>7,} to {span['end']:<7,} {span['label']} ({span['rule']})"
        + (f": {span['text']}" if "text" in span else "")
        for span in [*judging, *others][:_MOST_SPANS]
    ]
    left = len(spans) - len(lines)
    return lines + ([f"    and {left:,} others, see --json"] if left else [])


def _verdict(stage: dict[str, Any], row: dict[str, Any], data: dict[str, Any] | None) -> str:
    if not stage["passed"]:
        numbers = ""
        if row["value"] is not None and row["threshold"] is not None:
            numbers = f", {_number(row['value'])} against a limit of {_number(row['threshold'])}"
        return f"{row['fate']}: {row['reason']}{numbers}"
    names = ["duplicates_dropped"] if stage["stage"] == "deduplicate" else _scores(stage["stage"])
    values = [f"{name} {_shown(data[name])}" for name in names if data and _shown(data.get(name))]
    return "passed" + (f": {', '.join(values[:_MOST_SCORES])}" if values else "")


def _scores(stage: str) -> list[str]:
    """The columns that a filter adds; none for what is no filter, or is not installed here."""
    one = all_filters().get(stage)
    return arrow_schema(one.scores).names if one else []


def _shown(value: Any) -> str:
    """A score in a few characters; empty for what is nothing or too long to show."""
    if isinstance(value, bool) or value in (None, "", [], {}):
        return ""
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items() if each)[:_LONGEST_SCORE]
    return value if isinstance(value, str) and len(value) <= _LONGEST_SCORE else ""
