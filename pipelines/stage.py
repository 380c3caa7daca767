"""Units into staged files: read, clean, score and sign, one Arrow batch at a time on one worker.

A staged file is named by all that it depends on, so one that exists is not made again.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.filters import Batch, Clean, signatures, works
from colophon.filters.clean_already import clean_texts
from colophon.filters.folding import utf8_of
from colophon.filters.formats.creative_commons import spdx_of_url
from colophon.filters.texts import Texts
from colophon.pipelines.canonical import document_id
from colophon.pipelines.fates import columns_for_fates, fates_of
from colophon.pipelines.inputs import PartReader
from colophon.pipelines.places import locate
from colophon.pipelines.staged import about_row, is_sound, open_staged
from colophon.pipelines.storage import aside
from colophon.pipelines.usage import clock
from colophon.schemas import DROPPED, FAILED, Document, StagedRow, Unreadable, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from colophon.pipelines.job import Job
    from colophon.pipelines.places import AnyPath
    from colophon.pipelines.plan import Part, Unit
    from colophon.schemas import Recipe

__all__ = ["StageUnits", "load_kernels", "stage_unit", "staged_schema"]

_BATCH_ROWS = 1024
_BATCH_CHARACTERS = 8 * 2**20
_TRANSIENT = {"input_output_error", "unreadable", "changed_while_read"}


def staged_schema(recipe: Recipe) -> pa.Schema:
    """Columns of a staged file: the document, the scores of all filters, the signature."""
    schema = arrow_schema(StagedRow)
    for one in recipe.filters.values():
        for score in arrow_schema(one.scores):
            schema = schema.append(score.with_nullable(True))
    width = 4 * recipe.deduplicate.permutations
    return schema.append(pa.field("signature", pa.binary(width), nullable=True))


@dataclass
class _Rows:
    """Documents and failures that wait to become one Arrow batch."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    characters: int = 0

    def full(self) -> bool:
        return len(self.rows) >= _BATCH_ROWS or self.characters >= _BATCH_CHARACTERS


def _printable(value: Any) -> Any:
    """JSON values whose strings are sure to encode to UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_printable(str(key)): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value


def _json(metadata: Mapping[str, Any]) -> str:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    try:
        return orjson.dumps(metadata, default=str, option=options).decode()
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return orjson.dumps(_printable(dict(metadata)), default=str, option=options).decode()


def _strings(value: Any) -> Iterator[str]:
    """The strings in a JSON value, keys left out, in its order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _with_strings(value: Any, strings: Iterator[str]) -> Any:
    """The value with its strings replaced by others, in the order of `_strings`."""
    if isinstance(value, str):
        return next(strings)
    if isinstance(value, dict):
        return {key: _with_strings(each, strings) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_strings(each, strings) for each in value]
    return value


class _Stager:
    """Turns the documents of one unit into Arrow batches and keeps count of the time each stage takes."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.schema = staged_schema(recipe)
        self.sources = {source.name: source for source in recipe.sources}
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.counts: Counter[str] = Counter()

    def timed(self, stage: str, began: float) -> float:
        now = clock()
        self.seconds[stage] += now - began
        return now

    def row(self, part: Part, sha256: str, found: Document | Unreadable) -> dict[str, Any]:
        """The columns that reading fills in."""
        source, uri = part.file.source, part.file.uri
        row: dict[str, Any] = {
            "id": document_id(source, uri, found.locator),
            "source": source,
            "source_uri": uri,
            "source_sha256": sha256,
            "locator": found.locator,
        }
        if isinstance(found, Unreadable):
            detail = " ".join(_printable(found.detail).split())[:500]
            return row | {
                "failed_stage": "read",
                "failed_reason": found.reason,
                "failed_value": found.value,
                "failed_threshold": found.threshold,
                "failed_detail": detail,
            }
        metadata = found.metadata
        if found.declared_language:
            metadata = {"declared_language": found.declared_language} | metadata
        own = self.sources[source].license
        license_ = found.license
        row |= {
            "media_type": found.media_type,
            "title": found.title,
            "text": found.text,
            "doi": _printable(found.doi),
            "license": (license_ and spdx_of_url(license_)) or _printable(license_ or own or ""),
            "license_evidence": found.license_evidence if license_ or not own else "recipe",
            # For filters, which see what is no column too.
            "rights": found.rights,
            "declared_license": own or "",
            "year": found.year if found.year is not None and abs(found.year) < 10_000 else None,
            "metadata": _json(metadata) if metadata else "{}",
            "structured": found.structured,
            "record_key": found.digest or bytes.fromhex(sha256)[:16],
        }
        return row

    def batch(self, rows: list[dict[str, Any]]) -> pa.RecordBatch:
        """Clean, score and sign the documents of one batch."""
        began = clock()
        read = [row for row in rows if "text" in row]
        encoded, found = clean_texts([row.pop("text") for row in read], self.recipe.clean)
        titles = clean_texts([row["title"] for row in read], self.recipe.clean).encoded.to_pylist()
        there = np.diff(utf8_of(encoded)[1]) > 0
        for row, has_text, title in zip(read, there.tolist(), titles, strict=True):
            row["title"] = " ".join(title.split())
            if not has_text:
                row |= {"failed_stage": "clean", "failed_reason": "nothing_left"}
                row |= {"failed_detail": "no character was left after cleaning"}
        began = self.timed("clean", began)
        alive = [row for row in rows if "failed_stage" not in row]
        self._conceal(alive)
        encoded = encoded if there.all() else encoded.filter(pa.array(there))
        batch = Batch(Texts(encoded), about=[about_row(row) for row in alive])
        batch.encoded, batch.found = encoded, found[there]
        for name, one in self.recipe.filters.items():
            batch.scores.update(one.annotate(batch))
            began = self.timed(name, began)
        made = batch.scores | self._signed(batch)
        began = self.timed("sign", began)
        result = self._arrow(rows, made)
        self.counts["documents"] += len(rows)
        self.counts["failed"] += sum("failed_stage" in row for row in rows)
        self.timed("stage", began)
        return result

    def _signed(self, batch: Batch) -> dict[str, pa.Array]:
        """The columns by which a text is known again, and the text as it is after all filters."""
        settings = self.recipe.deduplicate
        n = len(batch.texts)
        signed = signatures(batch.tokens, settings.shingle_size, settings.permutations, settings.seed)
        named = works(batch.about, batch.texts, batch.encoded)
        says = (named["identifiers"][:, 0] != 0) | (named["title"] != 0)
        data, offsets = utf8_of(batch.encoded)
        whole = data.data
        digests = [hashlib.sha256(whole[a:b]).hexdigest() for a, b in pairwise(offsets.tolist())]
        return {
            "text": batch.encoded,
            "work": pa.array(
                [one.tobytes() if known else b"" for one, known in zip(named, says, strict=True)]
            ),
            "text_sha256": pa.array(digests, pa.string()),
            "exact_key": _fixed(batch.keys, n),
            "signature": _fixed(signed.astype("<u4"), n),
        }

    def _conceal(self, rows: list[dict[str, Any]]) -> None:
        """Mask what filters mask in texts in titles and metadata too."""
        for one in self.recipe.filters.values():
            conceal: Callable[[list[str]], list[str]] | None = getattr(one, "conceal", None)
            if conceal is None:
                continue
            for row, title in zip(rows, conceal([row["title"] for row in rows]), strict=True):
                row["title"] = title
            values = [orjson.loads(row["metadata"]) for row in rows]
            strings: list[str] = [text for value in values for text in _strings(value)]
            hidden = iter(conceal(strings))
            for row, value in zip(rows, values, strict=True):
                row["metadata"] = _json(_with_strings(value, hidden))

    def _arrow(self, rows: list[dict[str, Any]], made: Mapping[str, pa.Array]) -> pa.RecordBatch:
        """The rows, with columns `made` of those that have a text."""
        alive = np.array(["failed_stage" not in row for row in rows], np.bool_)
        place = np.full(len(rows), -1)
        place[alive] = np.arange(alive.sum())
        take = None if alive.all() else pa.array(place, mask=~alive)
        told = {name for row in rows if "failed_stage" in row for name in row}
        columns = []
        for column in self.schema:
            name = column.name
            empty = None if column.nullable else pa.scalar(_EMPTY[column.type], column.type)
            if name in made:
                values = (made[name] if take is None else made[name].take(take)).cast(column.type)
                columns.append(values if take is None or empty is None else values.fill_null(empty))
            elif name.startswith("failed_") and name not in told:
                columns.append(pa.repeat(empty or pa.scalar(None, column.type), len(rows)))
            elif take is None and name in rows[0]:  # all were read, so all have what one has
                columns.append(pa.array([row[name] for row in rows], column.type))
            else:
                missing = empty and empty.as_py()
                columns.append(pa.array([row.get(name, missing) for row in rows], column.type))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _fixed(values: np.ndarray, n: int) -> pa.Array:
    """Each of n rows of an array as binary."""
    width = values.dtype.itemsize * values.shape[1]
    return pa.Array.from_buffers(pa.binary(width), n, [None, pa.py_buffer(np.ascontiguousarray(values))])


_EMPTY: dict[pa.DataType, Any] = {pa.string(): "", pa.binary(): b"", pa.bool_(): False}


def load_kernels() -> None:
    """Load the compiled code that every text goes through, so that processes copied from this one have it."""
    batch = Batch(Texts(clean_texts(["The lathe turns, the bowl is carved."], Clean()).encoded))
    signatures(batch.tokens, 2, 8)
    works(batch.about, batch.texts, batch.encoded)
    _fixed(batch.keys, 1)


def stage_unit(unit: Unit, recipe: Recipe, target: AnyPath, staging: AnyPath) -> dict[str, Any]:
    """Make the staged file of a unit, whole or not at all.

    Args:
        unit: What to read.
        recipe: How.
        target: Path of the staged file.
        staging: Folder where digests of files that are read in parts are shared.

    Returns:
        Counts of documents and failures, and CPU-seconds by stage.

    Raises:
        RunFailed: The staged file cannot be written.
    """
    stager = _Stager(recipe)
    reader = PartReader(recipe, staging)
    waiting = _Rows()

    def batches() -> Iterator[pa.RecordBatch]:
        for part in unit.parts:
            began = clock()
            sha256, found = reader.read(part)
            for item in found:
                waiting.rows.append(stager.row(part, sha256, item))
                waiting.characters += len(getattr(item, "text", ""))
                if waiting.full():
                    stager.timed("read", began)
                    yield stager.batch(waiting.rows)
                    waiting.rows, waiting.characters = [], 0
                    began = clock()
            stager.timed("read", began)
        if waiting.rows:
            yield stager.batch(waiting.rows)
            waiting.rows = []

    with (
        aside(target) as temporary,
        pq.ParquetWriter(
            temporary,
            stager.schema,
            compression="lz4" if recipe.plan.compress_staging else "none",
            use_dictionary=False,
            write_statistics=False,
            write_page_checksum=True,
        ) as writer,
    ):
        for batch in batches():
            began = clock()
            writer.write_batch(batch)
            stager.timed("stage", began)
    return {**stager.counts, "seconds": {k: round(v, 4) for k, v in stager.seconds.items()}}


def _text_bytes(staged: pq.ParquetFile) -> int:
    """About what a staged file's documents take in ``data/``: without signatures, and as zstd packs them."""
    total = 0
    for group in range(staged.metadata.num_row_groups):
        row_group = staged.metadata.row_group(group)
        for index in range(row_group.num_columns):
            column = row_group.column(index)
            if column.path_in_schema not in {"signature", "exact_key", "record_key"}:
                total += column.total_uncompressed_size  # the same however the unit is stored
    return total * 45 // 100  # what zstd makes of papers


class _Stage(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Any]) -> Iterator[tuple[int, bytes]]:
        """Stage a unit unless it is staged, and say how large it is."""
        for unit in element[1]:
            target = self.job.staged(unit.key)
            done: dict[str, Any] = {"reused": is_sound(target), "bytes": unit.size, "seconds": {}}
            if not done["reused"]:
                done |= stage_unit(unit, self.job.recipe, target, locate(self.job.staging))
            with open_staged(target) as staged:
                size, rows = _text_bytes(staged), staged.metadata.num_rows
                columns = staged.read(columns_for_fates(self.job.filters))
            fate = fates_of(columns, self.job.filters).fate
            reasons = columns["failed_reason"].to_pylist()
            # What the operating system could not read may be readable the next time.
            again = bool(set(reasons) & _TRANSIENT)
            lost = {name: int((fate == name).sum()) for name in (DROPPED, FAILED)}
            self.job.tell(f"unit-{unit.index:08d}", done | {"documents": rows, "again": again, **lost})
            yield (
                unit.index,
                orjson.dumps({"key": unit.key, "name": unit.name, "bytes": size, "documents": rows}),
            )


@dataclass
class StageUnits(beam.PTransform):
    """Units to ``(unit index, summary)``; the summary is JSON with the staged file's key, bytes and documents."""

    job: Job

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        """Spread the units over the workers and stage each."""
        return (
            units
            | "KeyByUnit" >> beam.Map(lambda unit: (unit.index, unit)).with_output_types(tuple[int, Any])
            | "SpreadUnits" >> beam.GroupByKey()
            | "StageUnit" >> beam.ParDo(_Stage(self.job)).with_output_types(tuple[int, bytes])
        )
