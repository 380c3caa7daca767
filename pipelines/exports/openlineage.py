"""OpenLineage run events: for catalogues that draw where data comes from.

https://openlineage.io/docs/spec/object-model

One event for the start and one for the end of the run, one JSON object a line, as its file transport writes them. Datasets are
named by the dataset and not by a path, for a manifest knows no path: namespace ``colophon``, name ``NAME/sources/SOURCE`` for
what was read, ``NAME/data`` and ``NAME/ledger`` for what was written.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.exports import facts
from colophon.pipelines.exports.export import Export, json_text
from colophon.schemas import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.exports.export import Subject

__all__ = ["OPENLINEAGE", "openlineage"]

_NAMESPACE: Final = "colophon"
_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs"
_FACETS = "https://openlineage.io/spec/facets"


def openlineage(subject: Subject) -> bytes:
    """``openlineage.jsonl``.

    Raises:
        UsageError: The dataset has no run.json.
    """
    run = subject.run
    if run is None or not run.get("began") or not run.get("ended"):
        raise UsageError("the dataset has no run.json that tells when it was made; OpenLineage is about runs")
    manifest = subject.manifest
    identity = uuid.uuid5(
        uuid.NAMESPACE_URL, f"urn:colophon:run:{subject.digest}:{run['began']}:{run['ended']}"
    )
    common = {"producer": _producer(manifest), "schemaURL": f"{_SPEC}/RunEvent", "job": _job(manifest)}
    inputs = [_input(name, one, manifest) for name, one in manifest["sources"].items()]
    outputs = [_output(table, subject) for table in ("data", "ledger")]
    run_told = {"runId": str(identity), "facets": {"processing_engine": _engine(manifest, run)}}
    events = [
        {
            "eventType": "START",
            "eventTime": run["began"],
            "run": run_told,
            "inputs": inputs,
            "outputs": [],
            **common,
        },
        {
            "eventType": "COMPLETE",
            "eventTime": run["ended"],
            "run": run_told,
            "inputs": inputs,
            "outputs": outputs,
            **common,
        },
    ]
    return "".join(f"{json_text(event, indent=None)}\n" for event in events).encode()


def _producer(manifest: Mapping[str, Any]) -> str:
    return f"urn:colophon:software:{manifest['software']['colophon']}"


def _facet(manifest: Mapping[str, Any], schema: str, edition: str, /, **values: Any) -> dict[str, Any]:
    """A facet with the address of its schema."""
    return {
        "_producer": _producer(manifest),
        "_schemaURL": f"{_FACETS}/{edition}/{schema}.json#/$defs/{schema}",
        **values,
    }


def _job(manifest: Mapping[str, Any]) -> dict[str, Any]:
    about = {
        "documentation": _facet(manifest, "DocumentationJobFacet", "1-1-0", description=_about(manifest))
    }
    kind = _facet(
        manifest,
        "JobTypeJobFacet",
        "2-0-4",
        processingType="BATCH",
        integration="COLOPHON",
        jobType="CURATION",
    )
    return {"namespace": _NAMESPACE, "name": manifest["name"], "facets": {**about, "jobType": kind}}


def _about(manifest: Mapping[str, Any]) -> str:
    return manifest["description"] or f"{manifest['name']} {manifest['version']}"


def _engine(manifest: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    return _facet(
        manifest,
        "ProcessingEngineRunFacet",
        "1-1-1",
        name=f"Colophon, {run.get('runner', 'unknown')} runner",
        version=manifest["software"]["colophon"],
    )


def _input(name: str, source: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
    rights = manifest["rights"].get(name, {})
    said = [f"{key}: {rights[key]}" for key in ("owner", "terms", "consent", "license") if rights.get(key)]
    return {
        "namespace": _NAMESPACE,
        "name": f"{manifest['name']}/sources/{name}",
        "facets": {
            "documentation": _facet(
                manifest,
                "DocumentationDatasetFacet",
                "1-1-0",
                description="; ".join(said) or "nothing is declared of its rights",
            )
        },
        "inputFacets": {
            "inputStatistics": _facet(
                manifest, "InputStatisticsInputDatasetFacet", "1-0-0", rowCount=source["documents"]
            )
        },
    }


def _output(table: str, subject: Subject) -> dict[str, Any]:
    manifest = subject.manifest
    files = [entry for name, entry in manifest["files"].items() if name.startswith(f"{table}/")]
    columns = [
        {"name": one["name"], "type": one["type"], "description": one.get("description", "")}
        for one in manifest["schemas"][table]
    ]
    return {
        "namespace": _NAMESPACE,
        "name": f"{manifest['name']}/{table}",
        "facets": {
            "schema": _facet(manifest, "SchemaDatasetFacet", "1-2-0", fields=columns),
            "version": _facet(manifest, "DatasetVersionDatasetFacet", "1-0-1", datasetVersion=subject.digest),
            "documentation": _facet(
                manifest,
                "DocumentationDatasetFacet",
                "1-1-0",
                description=f"{_about(manifest)} {facts.maintenance(manifest)}",
            ),
        },
        "outputFacets": {
            "outputStatistics": _facet(
                manifest,
                "OutputStatisticsOutputDatasetFacet",
                "1-0-2",
                rowCount=sum(one["rows"] for one in files),
                size=sum(one["bytes"] for one in files),
                fileCount=len(files),
            )
        },
    }


OPENLINEAGE: Final = Export(
    "openlineage",
    "OpenLineage events of the run, for catalogues of lineage",
    "review/openlineage.jsonl",
    openlineage,
)
