"""The manifest: made from the shards' summaries, written last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import orjson

from colophon.pipelines.canonical import manifest_bytes, schema_as_json
from colophon.pipelines.counts import merge_counts, summed
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.held import held_by, held_materials
from colophon.pipelines.plan import code_digest, libraries, lock_digest, materials_of
from colophon.pipelines.proofs.merkle import TREE_FILE, bucket_schema, write_tree
from colophon.pipelines.removals import RECORDS_FILE
from colophon.pipelines.shard import data_schema, ledger_schema
from colophon.pipelines.shuffle import GroupBlocks
from colophon.pipelines.storage import write_whole
from colophon.schemas import MANIFEST_FORMAT, WITHDRAW, Manifest, public_form, recipe_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from colophon.pipelines.job import Job
    from colophon.pipelines.places import AnyPath

__all__ = ["WriteManifest", "made_by", "make_manifest", "write_manifest"]


def make_manifest(job: Job, summaries: Iterable[dict[str, Any]]) -> Manifest:
    """Sum the shards up, and write the tree over their documents.

    Args:
        job: The run.
        summaries: One for each shard, in any order.
    """
    shards = sorted(summaries, key=lambda shard: shard["number"])
    counts = merge_counts(shard["counts"] for shard in shards)
    recipe = job.recipe
    digest = hashlib.sha256("".join(shard["inputs"] for shard in shards).encode()).hexdigest()
    materials = {
        name: found
        for name, one in recipe.filters.items()
        if (found := materials_of(one) | materials_of(one, policy=True))
    }
    if held := held_materials(held_by(recipe.deduplicate)):
        materials["deduplicate"] = held
    files = {name: entry for shard in shards for name, entry in shard["files"].items()}
    merkle, files[TREE_FILE] = write_tree(job.dataset, list(files))
    tables = {"data": data_schema(recipe), "ledger": ledger_schema(), "merkle": bucket_schema()}
    before = _before(job)
    if RECORDS_FILE in before["files"]:
        files[RECORDS_FILE] = before["files"][RECORDS_FILE]
        write_whole(job.dataset / RECORDS_FILE, (Path(job.before) / RECORDS_FILE).read_bytes())
    stages = [*job.stages, *([WITHDRAW] if before["withdrawals"] else [])]
    return Manifest(
        format=MANIFEST_FORMAT,
        name=recipe.name,
        version=recipe.version,
        description=recipe.description,
        site=recipe.site,
        contact=recipe.contact,
        predecessor=dict(job.predecessor),
        software=made_by(),
        recipe=public_form(recipe),
        recipe_sha256=recipe_digest(recipe),
        materials=materials,
        inputs={"sha256": digest},
        schemas={name: schema_as_json(schema) for name, schema in tables.items()},
        stages=stages,
        **summed(counts, stages, public_form(recipe)["sources"]),
        merkle=merkle,
        withdrawals=before["withdrawals"],
        files=dict(sorted(files.items())),
    )


def _before(job: Job) -> dict[str, Any]:
    """What the manifest of the dataset whose kept documents are decided again says of withdrawals, and its files."""
    if not job.before:
        return {"withdrawals": [], "files": {}}
    manifest = load_manifest(Path(job.before))
    return {"withdrawals": manifest["withdrawals"], "files": manifest["files"]}


def made_by() -> dict[str, Any]:
    """The program that makes a dataset, and the libraries that can change a byte."""
    import colophon  # noqa: PLC0415 - the version is asked for where it is written

    return {
        "colophon": colophon.__version__,
        "code_sha256": code_digest(),
        "lock_sha256": lock_digest(),
        "libraries": libraries(),
    }


def write_manifest(folder: AnyPath, manifest: Manifest) -> None:
    """Write ``manifest.json`` and the ``SHA256SUMS`` that ``sha256sum --check`` reads."""
    content = manifest_bytes(manifest.as_dict())
    digests = {name: entry["sha256"] for name, entry in manifest.files.items()}
    digests["manifest.json"] = hashlib.sha256(content).hexdigest()
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    write_whole(folder / "SHA256SUMS", lines.encode())
    write_whole(folder / "manifest.json", content)


class _WriteManifest(beam.DoFn):
    def __init__(self, job: Job) -> None:
        self.job = job

    def process(self, element: tuple[int, Iterable[bytes]]) -> Iterator[bytes]:
        manifest = make_manifest(self.job, (orjson.loads(summary) for summary in element[1]))
        write_manifest(self.job.dataset, manifest)
        self.job.count(0)  # nothing is grouped any more, but time has passed
        yield orjson.dumps(manifest.fates)


@dataclass
class WriteManifest(beam.PTransform):
    """All ``(0, shard summary)`` to one manifest; gives the number of documents by fate, as JSON."""

    job: Job

    def expand(self, summaries: beam.PCollection) -> beam.PCollection:
        """Gather the summaries and write."""
        return (
            summaries
            | "GatherShards" >> GroupBlocks(self.job)
            | "WriteManifest" >> beam.ParDo(_WriteManifest(self.job)).with_output_types(bytes)
        )
