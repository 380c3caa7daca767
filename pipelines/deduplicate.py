"""Which documents are copies of one another or of what is held already, and which of them stays.

Three things cross the network, never text: band keys (8 bytes each), the edges of a forest over documents
that share one, and for those candidates alone a reference to their shingles, which the worker that holds
their text leaves in a file. A pair counts only if its exact Jaccard similarity reaches the threshold, and a
document is dropped only for one that it was itself compared with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam
import numpy as np
import orjson

from colophon.pipelines.candidates import Connect, EmitKeys, FindCandidates, MergeForests
from colophon.pipelines.fates import columns_for_fates, fates_of
from colophon.pipelines.held import HeldPack, held_by, held_shards, match_packs
from colophon.pipelines.judging import PLACES, SUMMARY, Judge, ShareShingles
from colophon.pipelines.places import at_hand
from colophon.pipelines.rules import EXACT_TEXT, IN_PACK, NEAR, VERDICT
from colophon.pipelines.shuffle import GroupBlocks
from colophon.pipelines.staged import open_staged
from colophon.pipelines.storage import aside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from colophon.pipelines.held import HeldDataset
    from colophon.pipelines.job import Job

__all__ = ["Deduplicate"]


class _AskPacks(beam.DoFn):
    """A staged unit to itself; what packs seem to hold of it stays in a file beside the work."""

    def __init__(self, job: Job, held: tuple[HeldDataset | HeldPack, ...]) -> None:
        self.job = job
        self.held = held

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, bytes]]:
        unit, summary = element
        settings = self.job.recipe.deduplicate
        with open_staged(self.job.staged(orjson.loads(summary)["key"])) as file:
            staged = file.read([*columns_for_fates(self.job.filters), "signature", "exact_key"])
        rows = np.flatnonzero(fates_of(staged, self.job.filters).kept)
        chosen = staged.select(["signature", "exact_key"]).take(rows)
        columns = {name: b"".join(chosen[name].to_pylist()) for name in chosen.column_names}
        signature = np.frombuffer(columns["signature"], "<u4").reshape(-1, settings.permutations)
        exact = np.frombuffer(columns["exact_key"], np.uint8).reshape(-1, 16)
        verdicts = np.zeros(0, VERDICT)
        for number, found, similarity in match_packs(self.held, exact, signature, settings):
            new = np.flatnonzero(found & ~np.isin(rows, verdicts["row"]))  # of several packs the first
            own = np.zeros(len(new), VERDICT)
            own["row"], own["held"], own["similarity"] = rows[new], number + 1, similarity[new]
            own["how"] = np.where(similarity[new] == 1, EXACT_TEXT, NEAR)
            own["rule"] = IN_PACK if settings.on_pack_match == "drop" else 0
            verdicts = np.concatenate([verdicts, own])
        with aside(self.job.pool(unit).with_suffix(".held")) as temporary, temporary.open("wb") as stream:
            np.save(stream, verdicts)
        yield element


class _TellPacks(beam.DoFn):
    """What `_AskPacks` left, as verdicts."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, bytes]) -> Iterator[tuple[int, bytes]]:
        with at_hand(self.job.pool(element[0]).with_suffix(".held")) as file:
            verdicts = np.load(file)
        if len(verdicts):
            yield element[0], b"v" + verdicts.tobytes()


def _nothing(_: tuple[int, bytes]) -> tuple[tuple[int, bytes], ...]:
    return ()


def _tagged_summary(element: tuple[int, bytes]) -> tuple[int, bytes]:
    return element[0], SUMMARY + element[1]


def _tagged_places(element: tuple[int, bytes]) -> tuple[int, bytes]:
    return element[0], PLACES + element[1]


@dataclass
class Deduplicate(beam.PTransform):
    """``(unit index, summary)`` to ``(unit index, verdicts)``: ``b"v"`` and a `VERDICT` array.

    Only documents that are dropped or marked, or for which others are dropped, have a verdict.
    """

    job: Job

    def expand(self, staged: beam.PCollection) -> beam.PCollection:
        """Keys by partition, candidates, components, shingles of candidates, judgement."""
        block = tuple[int, bytes]
        held = held_by(self.job.recipe.deduplicate)
        told: list[beam.PCollection] = []
        if any(isinstance(one, HeldPack) for one in held):
            staged = staged | "AskPacks" >> beam.ParDo(_AskPacks(self.job, held)).with_output_types(block)
            told = [staged | "TellPacks" >> beam.ParDo(_TellPacks(self.job)).with_output_types(block)]
        if shards := held_shards(held):
            summaries = [
                (one.unit, orjson.dumps({"held": one.held, "path": one.path, "digest": one.digest}))
                for one in shards
            ]
            others = staged.pipeline | "Held" >> beam.Create(summaries).with_output_types(block)
            staged = (staged, others) | "WithHeld" >> beam.Flatten()
        forests: list[beam.PCollection] = []
        for number in range(self.job.passes):
            # A pass waits for the one before it, of which nothing comes but its end.
            ended = (
                [forests[-1] | f"End{number}" >> beam.FlatMap(_nothing).with_output_types(block)]
                if number
                else []
            )
            forests.append(
                (staged, *ended)
                | f"Begin{number}" >> beam.Flatten()
                | f"SpreadUnits{number}" >> GroupBlocks(self.job)
                | f"EmitKeys{number}" >> beam.ParDo(EmitKeys(self.job, number)).with_output_types(block)
                | f"GroupByPartition{number}" >> GroupBlocks(self.job)
                | f"FindCandidates{number}" >> beam.ParDo(FindCandidates()).with_output_types(block)
            )
        memory = self.job.recipe.deduplicate.memory
        candidates = (
            tuple(forests)
            | "AllForests" >> beam.Flatten()
            | "MergeForests" >> beam.CombinePerKey(MergeForests(memory)).with_output_types(block)
            | "Connect" >> beam.ParDo(Connect(memory)).with_output_types(block)
            | "TagPlaces" >> beam.Map(_tagged_places).with_output_types(block)
        )
        summaries_ = staged | "TagSummaries" >> beam.Map(_tagged_summary).with_output_types(block)
        judged = (
            (summaries_, candidates)
            | "WithSummaries" >> beam.Flatten()
            | "GroupByUnit" >> GroupBlocks(self.job)
            | "ShareShingles" >> beam.ParDo(ShareShingles(self.job)).with_output_types(block)
            | "GroupByTask" >> GroupBlocks(self.job)
            | "Judge"
            >> beam.ParDo(Judge(self.job, tuple(one.held for one in shards))).with_output_types(block)
        )
        return (judged, *told) | "AllVerdicts" >> beam.Flatten() if told else judged
