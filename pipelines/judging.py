"""Which of the candidates are copies, exactly, and which of them stays.

The workers that hold the candidates' texts leave their shingles in files; whole components are then judged from those,
document by document in the order of preference. A document is dropped only for one that it was itself compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import apache_beam as beam
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.filters import WORK, judge, similar_pairs, tokenize, unique_shingles
from colophon.filters.rights.evidence import NOASSERTION, NONE
from colophon.filters.rights.licences import NOTICES
from colophon.pipelines.candidates import PLACE
from colophon.pipelines.held import FIRST_HELD, sign
from colophon.pipelines.places import numbers_in
from colophon.pipelines.rules import EXACT_BYTES, EXACT_TEXT, IN_DATASET, NEAR, SAME_WORK, VERDICT
from colophon.pipelines.staged import bytes_of, open_staged, works_of
from colophon.pipelines.storage import aside
from colophon.schemas import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from colophon.pipelines.job import Job
    from colophon.schemas import Deduplicate

    _Links = tuple[np.ndarray, np.ndarray, np.ndarray]

__all__ = ["PLACES", "SUMMARY", "Judge", "ShareShingles", "order_of_preference"]

_CANDIDATE = np.dtype(
    [
        ("component", "<u8"),
        ("unit", "<u4"),
        ("row", "<u4"),
        ("exact", "<u8", 2),
        ("record", "<u8", 2),
        ("id", "S32"),
        ("structured", "u1"),
        ("license", "u1"),
        ("year", "<i4"),
        ("length", "<i8"),
        ("source", "<i4"),
        ("content", ">u8", 2),
        ("work", WORK),
        ("start", "<i8"),
        ("count", "<i8"),
    ]
)
_ROWS_AT_ONCE: Final = 512
_MOST_COMPARED: Final = 64
"""Documents of one number or title that each further one is compared with, the preferred ones: linear where hundreds
bear it."""
_BYTES_PER_SHINGLE: Final = 64  # what `judge` takes at its peak: 48 measured, and room for links

_STAGED = (
    "id", "text", "source", "exact_key", "record_key", "structured", "license", "year", "text_sha256", "work",
)  # fmt: skip
SUMMARY, PLACES = b"s", b"c"


class ShareShingles(beam.DoFn):
    """The shingles of a unit's candidates into a file, and for each task what the judge must know of them."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        """`_CANDIDATE` arrays by task."""
        unit, values = element
        found = {value[:1]: value[1:] for value in values}
        if PLACES not in found:
            return
        place = np.frombuffer(found[PLACES], PLACE)
        known = np.zeros(len(place), _CANDIDATE)
        for name in ("row", "component"):
            known[name] = place[name]
        known["unit"] = unit
        told = orjson.loads(found[SUMMARY])
        written = 0
        shared: dict[bytes, tuple[int, int]] = {}
        with aside(self.job.pool(unit)) as temporary, temporary.open("wb") as pool:
            for start, table in self._tables(told, place["row"]):
                part = known[start : start + table.num_rows]
                self._describe(part, table, held="held" in told)
                exact = [key.tobytes() for key in part["exact"]]
                # A million copies of one page share one set of shingles.
                new = {key: i for i, key in reversed(list(enumerate(exact))) if key not in shared}
                chosen = sorted(new.values())
                texts = table["text"].combine_chunks()
                if len(chosen) < len(texts):
                    texts = texts.take(pa.array(chosen, pa.int64()))
                data, offsets = unique_shingles(tokenize(texts), self.job.recipe.deduplicate.shingle_size)
                pool.write(data.astype("<u4", copy=False).data)
                for i, (begin, end) in zip(chosen, pairwise(offsets.tolist()), strict=True):
                    shared[exact[i]] = (written + begin, end - begin)
                written += len(data)
                part["start"] = [shared[key][0] for key in exact]
                part["count"] = [shared[key][1] for key in exact]
            if not written:
                pool.write(bytes(4))  # not every file system can hold an empty file
        for task in np.unique(place["task"]):
            yield int(task), known[place["task"] == task].tobytes()

    def _describe(self, part: np.ndarray, table: pa.Table, *, held: bool) -> None:
        """Write what the table says of candidates into their records."""
        n = table.num_rows
        part["id"] = table["id"].to_pylist()
        if held:
            # Who is held stays, so nothing is asked of it that makes one of two preferred.
            signed = sign(table.combine_chunks().to_batches()[0], self.job.recipe.deduplicate)
            part["exact"] = signed.exact.view("<u8")
            part["work"] = signed.work
            whole = [locator == "" for locator in table["locator"].to_pylist()]
            digests = zip(table["source_sha256"].to_pylist(), whole, strict=True)
            record = b"".join(bytes.fromhex(sha[:32]) if one else bytes(16) for sha, one in digests)
            part["record"] = np.frombuffer(record, "<u8").reshape(n, 2)
            return
        for name, column in (("exact", "exact_key"), ("record", "record_key")):
            part[name] = bytes_of(table[column], 16).view("<u8")
        part["work"] = works_of(table["work"])
        part["structured"] = table["structured"]
        part["license"] = _named(table)
        part["year"] = table["year"].fill_null(-(2**31))
        part["length"] = pc.utf8_length(table["text"])
        priority = {source.name: source.priority for source in self.job.recipe.sources}
        part["source"] = [priority[source] for source in table["source"].to_pylist()]
        digest = b"".join(bytes.fromhex(sha[:32]) for sha in table["text_sha256"].to_pylist())
        part["content"] = np.frombuffer(digest, ">u8").reshape(n, 2)

    def _tables(self, told: dict[str, Any], rows: np.ndarray) -> Iterator[tuple[int, pa.Table]]:
        """Tables of the candidate rows, a bounded number at a time, each with its place in `rows`."""
        if "held" in told:
            names = (
                "id", "text", "title", "doi", "year", "metadata", "source_uri", "locator", "source_sha256",
            )  # fmt: skip
            with pq.ParquetFile(Path(told["path"])) as file:
                yield from _chosen(file, list(names), rows)
            return
        columns = [*_STAGED, *(["spdx"] if "rights" in self.job.filters else [])]
        with open_staged(self.job.staged(told["key"])) as file:
            yield from _chosen(file, columns, rows)


def _named(table: pa.Table) -> list[int]:
    """How well each document's licence is known: 2 a licence that SPDX has or can write, 1 something is said, 0 nothing.

    The filter on rights tells; where it does not run, all that is known is whether something is said.
    """
    said = [bool(one) for one in table["license"].to_pylist()]
    if "spdx" not in table.column_names:
        return [int(one) for one in said]
    spdx = table["spdx"].to_pylist()
    vague = {None, NONE, NOASSERTION, *NOTICES}
    return [
        2 if one not in vague else int(any_ or one not in {None, NONE})
        for one, any_ in zip(spdx, said, strict=True)
    ]


def _chosen(file: pq.ParquetFile, columns: list[str], rows: np.ndarray) -> Iterator[tuple[int, pa.Table]]:
    base = 0
    for group in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(group).num_rows
        start, end = np.searchsorted(rows, [base, base + size])
        if end > start:
            table = file.read_row_group(group, columns=columns)
            for at in range(int(start), int(end), _ROWS_AT_ONCE):
                chosen = rows[at : min(at + _ROWS_AT_ONCE, int(end))].astype(np.int64) - base
                yield at, table.take(chosen)
        base += size


def order_of_preference(known: np.ndarray, settings: Deduplicate) -> np.ndarray:
    """Indices of candidates: component by component, in each the one that should stay first.

    Args:
        known: Structured array of candidates.
        settings: ``prefer`` names the criteria, most important first; content and id come last, so that
            the order never depends on how the work was divided. What is held already comes before all.
    """
    criteria = {
        "structured": -known["structured"].astype(np.int64),
        "license": -known["license"].astype(np.int64),
        "newer": -known["year"].astype(np.int64),
        "longer": -known["length"],
        "source": -known["source"].astype(np.int64),
    }
    chosen = [criteria[name] for name in settings.prefer]
    last = [known["content"][:, 0], known["content"][:, 1], known["id"]]
    held = np.where(known["unit"] >= FIRST_HELD, known["unit"].astype(np.int64) - (1 << 33), 0)
    return np.lexsort([*reversed(last), *reversed(chosen), held, known["component"]])


@dataclass
class _Findings:
    """What is found of n candidates: the place of the one that each goes with or -1, how alike, and by which rule."""

    other: np.ndarray
    similarity: np.ndarray
    rule: np.ndarray
    titled: np.ndarray

    @classmethod
    def none(cls, n: int) -> _Findings:
        return cls(np.full(n, -1), np.full(n, np.nan), np.zeros(n, np.uint8), np.zeros(n, np.bool_))


class Judge(beam.DoFn):
    """Whole components to verdicts, document by document in order of preference.

    Args:
        job: The run.
        held: Of each unit of a held dataset, from `FIRST_HELD`, the place of that dataset in `held_by`.
    """

    def __init__(self, job: Job, held: tuple[int, ...] = ()) -> None:
        self.job = job
        self.settings = job.recipe.deduplicate
        self.held = np.array(held, np.int64)

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[tuple[int, bytes]]:
        """`VERDICT` arrays by unit, for documents that are dropped, marked, or stand for others."""
        known = np.frombuffer(b"".join(element[1]), _CANDIDATE)
        known = known[order_of_preference(known, self.settings)]
        verdict = np.zeros(len(known), VERDICT)
        verdict["row"], verdict["similarity"] = known["row"], np.nan
        held = known["unit"] >= FIRST_HELD
        own = ~held
        if held.any():
            found = self._compared(known, against=held)
            met = found.other >= 0
            verdict["held"][met] = (
                1 + self.held[known["unit"][found.other[met]].astype(np.int64) - FIRST_HELD]
            )
            verdict["how"][met], verdict["titled"] = found.rule[met], found.titled
            verdict["similarity"][met] = found.similarity[met]
            verdict["kept"][met] = known["id"][found.other[met]]
            if self.settings.on_match == "drop":
                verdict["rule"][met] = IN_DATASET
                own &= ~met
        marked = verdict[verdict["held"] > 0]
        units = known["unit"][verdict["held"] > 0]
        yield from _by_unit(units, marked)
        chosen = np.flatnonzero(own)
        known, verdict = known[chosen], np.zeros(len(chosen), VERDICT)
        found = self._compared(known)
        gone = found.other >= 0
        verdict["row"], verdict["similarity"] = known["row"], found.similarity
        verdict["rule"][gone], verdict["titled"] = found.rule[gone], found.titled
        verdict["kept"][gone] = known["id"][found.other[gone]]
        verdict["copies"] = np.bincount(found.other[gone], minlength=len(known))
        said = gone | (verdict["copies"] > 0)
        yield from _by_unit(known["unit"][said], verdict[said])

    def _compared(self, known: np.ndarray, against: np.ndarray | None = None) -> _Findings:
        """Find whom each candidate is a copy of.

        Args:
            known: Candidates in the order of preference.
            against: bool[n], those that alone are compared with, if not all; the first of each component.
        """
        n = len(known)
        found = _Findings.none(n)
        if not n:
            return found
        fixed = np.zeros(n, np.bool_) if against is None else against
        # Copies of one text stand or fall together: the preferred one speaks for all of them.
        same = np.rec.fromarrays([known["component"], known["exact"][:, 0], known["exact"][:, 1]])
        _, first, member = np.unique(same, return_index=True, return_inverse=True)
        speaker = first[member]
        copies = speaker != np.arange(n)
        if against is not None:
            copies &= fixed[speaker]
        speakers = np.flatnonzero(speaker == np.arange(n))
        self._near(known, (speakers, speaker), fixed, found)
        near = found.other[speaker] >= 0
        similarity, rule = found.similarity[speaker], found.rule[speaker]
        same_bytes = (known["record"] == known["record"][speaker]).all(axis=1)
        other = np.where(near, found.other[speaker], np.where(copies, speaker, -1))
        exact = copies & (~near if against is None else ~fixed)
        found.other = np.where(fixed, -1, other)
        found.similarity = np.where(near, similarity, np.where(exact, 1.0, np.nan))
        found.titled = found.titled[speaker]
        found.rule = np.where(near, rule, np.where(exact, np.where(same_bytes, EXACT_BYTES, EXACT_TEXT), 0))
        return found

    def _near(
        self,
        known: np.ndarray,
        speaking: tuple[np.ndarray, np.ndarray],
        fixed: np.ndarray,
        found: _Findings,
    ) -> None:
        """Judge each component that has two texts or more; writes into `found`."""
        speakers, speaker = speaking
        pools: dict[int, Any] = {}
        component = known["component"]
        some_held = bool(fixed.any())
        named = known["work"]["identifiers"].any(axis=1) | (known["work"]["title"] != 0)
        places = [known[name].astype(np.int64) for name in ("unit", "start", "count")]
        for group in _runs(component, speakers):
            held = int(fixed[group].sum()) if some_held else 0
            if some_held and not 0 < held < len(group):
                continue
            unit, start, count = (each[group].tolist() for each in places)
            total = sum(count)
            if total * _BYTES_PER_SHINGLE > self.settings.memory:
                raise RunFailed(
                    f"{len(group):,} texts that may be alike have {total:,} sequences of words, more than can be judged "
                    f"in deduplicate.memory {self.settings.memory:,} bytes ({_BYTES_PER_SHINGLE} bytes each); raise that, "
                    "or raise deduplicate.threshold"
                )
            sets = [self._pool(one, pools)[a : a + n] for one, a, n in zip(unit, start, count, strict=True)]
            offsets, shingles = np.cumsum([0, *count]), np.concatenate(sets)
            links: _Links | None = None
            numbered: set[tuple[int, int]] = set()
            if self.settings.same_work:
                begin, end = np.searchsorted(component, component[group[0]] + np.arange(2, dtype=np.uint64))
                if named[begin:end].any():
                    links, numbered = self._links(
                        known[begin:end], speaker[begin:end], group, (offsets, shingles)
                    )
            winner, score, linked = judge(offsets, shingles, self.settings.threshold, links, held)
            lost = np.flatnonzero(winner >= 0)
            if not len(lost):
                continue
            gone = group[lost]
            found.other[gone] = group[winner[lost]]
            found.similarity[gone] = score[lost]
            found.rule[gone] = np.where(linked[lost], SAME_WORK, NEAR)
            if linked.any():
                found.titled[gone] = [
                    one_work and (x, int(winner[x])) not in numbered
                    for x, one_work in zip(lost.tolist(), linked[lost].tolist(), strict=True)
                ]

    def _pool(self, unit: int, pools: dict[int, Any]) -> Any:
        """The shingles of a unit's candidates, from its file, by slices."""
        if unit not in pools:
            pools[unit] = numbers_in(self.job.pool(unit), "<u4")
        return pools[unit]

    def _links(
        self, members: np.ndarray, speaker: np.ndarray, group: np.ndarray, sets: tuple[np.ndarray, np.ndarray]
    ) -> tuple[_Links | None, set[tuple[int, int]]]:
        """Pairs of a component, some of which has a name, that are said to be one work and whose texts do not belie it.

        Args:
            members: All documents of the component, copies of one text too: a number of one is a number of all.
            speaker: Of each the place of the one that speaks for it.
            group: The places of those that speak, in order.
            sets: Offsets and shingles of these.

        Returns:
            The links, and those pairs that have a number in common.
        """
        at, column = np.nonzero(members["work"]["identifiers"])
        numbers = members["work"]["identifiers"][at, column]
        numbered = _pairs_of(numbers, np.searchsorted(group, speaker[at]))
        works = members["work"][np.searchsorted(speaker, group)]
        named = np.flatnonzero(works["title"])
        titled = _pairs_of(works["title"][named], named)
        titled = titled[_one_title(works[titled[:, 0]], works[titled[:, 1]])]
        together = np.concatenate([numbered, titled])
        least = np.repeat(
            [self.settings.same_number_threshold, self.settings.same_title_threshold],
            [len(numbered), len(titled)],
        )
        links = similar_pairs(*sets, together, least) if len(together) else None
        return links, {(x, y) for x, y in numbered.tolist()}


def _runs(component: np.ndarray, speakers: np.ndarray) -> Iterator[np.ndarray]:
    """The speakers of each component that has two or more."""
    own = component[speakers]
    starts = np.flatnonzero(np.r_[True, own[1:] != own[:-1]]) if len(own) else np.empty(0, np.int64)
    ends = np.r_[starts[1:], len(own)].astype(np.int64)
    several = ends - starts > 1
    for start, end in zip(starts[several].tolist(), ends[several].tolist(), strict=True):
        yield speakers[start:end]


def _pairs_of(keys: np.ndarray, places: np.ndarray) -> np.ndarray:
    """int64[p, 2]: each document with the first ones, by place, that have the same key; the later one first."""
    both = np.unique(np.stack([keys, places.astype(np.uint64)], axis=1), axis=0)
    first = np.r_[True, both[1:, 0] != both[:-1, 0]] if len(both) else np.empty(0, np.bool_)
    start = np.flatnonzero(first)
    begin = start[np.cumsum(first) - 1] if len(both) else np.empty(0, np.int64)
    rank = np.arange(len(both)) - begin
    count = np.minimum(rank, _MOST_COMPARED)
    later = np.repeat(np.arange(len(both)), count)
    step = np.arange(len(later)) - np.repeat(np.cumsum(count) - count, count)
    earlier = np.repeat(begin, count) + step
    return np.stack([both[later, 1], both[earlier, 1]], axis=1).astype(np.int64)


def _one_title(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """bool[p], the pairs of one title where nothing else says that they are two works."""
    fine = np.ones(len(x), np.bool_)
    for name in ("authors", "doi", "venue"):
        fine &= (x[name] == y[name]) | (x[name] == 0) | (y[name] == 0)
    apart = np.abs(x["year"].astype(np.int64) - y["year"])
    # Online first, then in print; a preprint may be years older.
    free = (x["preprint"] | y["preprint"]).astype(np.bool_) | (x["year"] == 0) | (y["year"] == 0)
    return np.asarray(fine & (free | (apart <= 1)))


def _by_unit(units: np.ndarray, verdicts: np.ndarray) -> Iterator[tuple[int, bytes]]:
    for unit in np.unique(units):
        yield int(unit), b"v" + verdicts[units == unit].tobytes()
