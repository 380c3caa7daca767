"""Croissant 1.1 with terms of responsible AI (RAI 1.0): for loaders, catalogues and search engines of machine learning.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.exports import facts
from colophon.pipelines.exports.export import Export, Given, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.exports.export import Subject

__all__ = ["CROISSANT", "croissant"]

_TERMS = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract", "field",
    "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "sdVersion",
    "separator", "source", "subField", "transform", "unArchive", "value",
)  # fmt: skip
_CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_PARQUET = "application/x-parquet"
_TYPES = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "double": "sc:Float",
    "float": "sc:Float",
    "binary": "sc:Text",
}
_STRUCT = re.compile(r"struct<(.*)>")
_LIST = re.compile(r"list<\w+: (.*?)(?: not null)?>")


def croissant(subject: Subject) -> bytes:
    """``croissant.json``.

    Raises:
        UsageError: The day of publication is not known.
    """
    manifest = subject.manifest
    document = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": manifest["name"],
        "description": manifest["description"] or f"{manifest['name']} {manifest['version']}",
        "version": manifest["version"],
        "datePublished": subject.published,
        **({"url": subject.given.url} if subject.given.url else {}),
        "identifier": f"sha256:{subject.digest}",
        "license": _licences(manifest),
        "citeAs": facts.citation(subject),
        "inLanguage": [code for code, _ in facts.languages(manifest)],
        **_maker(manifest),
        **_derived(manifest),
        **_responsible(manifest),
        "distribution": _files(subject),
        "recordSet": [
            _records("data", "The documents that were kept, one a row.", manifest),
            _records("ledger", "The fate of every document that was read, without its text.", manifest),
        ],
    }
    return f"{json_text(document)}\n".encode()


def given(content: bytes) -> Given:
    """What a person said of what is in such bytes."""
    told = json.loads(content)
    return Given(told["datePublished"], told.get("url", ""))


def _licences(manifest: Mapping[str, Any]) -> list[Any]:
    """Addresses of the SPDX list; a work with a name for what is not on it."""
    told: list[Any] = []
    for one in facts.licences(manifest):
        if one.url:
            told.append(one.url)
        else:
            said = f"{one.documents:,} documents"
            told.append(
                {
                    "@type": "sc:CreativeWork",
                    "name": one.name,
                    "description": f"{said}: {one.meaning}" if one.meaning else said,
                }
            )
    return told or [{"@type": "sc:CreativeWork", "name": "NONE", "description": "0 documents"}]


def _maker(manifest: Mapping[str, Any]) -> dict[str, Any]:
    if not manifest["site"]:
        return {}
    contact = manifest["contact"]
    email = {"email": contact} if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", contact) else {}
    return {"creator": {"@type": "sc:Organization", "name": manifest["site"], **email}}


def _derived(manifest: Mapping[str, Any]) -> dict[str, Any]:
    before = manifest["predecessor"]
    if not before:
        return {}
    return {"prov:wasDerivedFrom": {"@id": f"urn:colophon:manifest:sha256:{before['manifest_sha256']}"}}


def _responsible(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of RAI that the manifest can fill; the others (use cases, social impact, time frame) are people's to say."""
    tools = [
        f"{stage} {name}: sha256 {one['sha256']}" + (f", {one['license']}" if one.get("license") else "")
        for stage, materials in sorted(manifest["materials"].items())
        for name, one in sorted(materials.items())
    ]
    scored = (
        ", ".join(name for name in manifest["stages"] if name in manifest["recipe"]["filters"]) or "no stage"
    )
    return {
        "rai:dataCollection": facts.collected(manifest),
        "rai:dataCollectionType": ["Secondary Data Analysis"],
        "rai:dataCollectionMissingData": facts.failures(manifest),
        "rai:dataCollectionRawData": _raw(manifest),
        "rai:dataImputationProtocol": "Nothing is imputed: what is not known is null, or empty.",
        "rai:dataPreprocessingProtocol": [str(one) for one in facts.processing(manifest)],
        "rai:dataAnnotationProtocol": [f"No person annotated documents. Rules and models of {scored} did."],
        **({"rai:machineAnnotationTools": tools} if tools else {}),
        "rai:dataBiases": facts.biases(manifest),
        "rai:dataLimitations": facts.limits(manifest),
        "rai:personalSensitiveInformation": facts.personal_data(manifest),
        "rai:dataReleaseMaintenancePlan": facts.maintenance(manifest),
    }


def _raw(manifest: Mapping[str, Any]) -> str:
    lines = []
    for name, one in manifest["rights"].items():
        said = [f"{key}: {one[key]}" for key in ("owner", "terms", "consent") if one[key]]
        said += [f"declared licence: {one['license']}"] if one["license"] else []
        lines.append(f"{name}: {'; '.join(said) or 'nothing is declared'}")
    inputs = manifest["inputs"]["sha256"]
    return f"Sources as the site declares them. {' | '.join(lines)}. sha256 over the digests of all input files: {inputs}."


def _files(subject: Subject) -> list[dict[str, Any]]:
    manifest = subject.manifest
    files = [
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": name.rpartition("/")[2],
            "contentUrl": name,
            "contentSize": f"{entry['bytes']} B",
            "encodingFormat": _PARQUET,
            "sha256": entry["sha256"],
        }
        for name, entry in manifest["files"].items()
    ]
    files.append(
        {
            "@type": "cr:FileObject",
            "@id": "manifest.json",
            "name": "manifest.json",
            "description": "The account of the dataset, from which this file was made; the one file that is signed.",
            "contentUrl": "manifest.json",
            "encodingFormat": "application/json",
            "sha256": subject.digest,
        }
    )
    sets = [
        {
            "@type": "cr:FileSet",
            "@id": f"{table}-files",
            "name": f"{table}-files",
            "description": f"All files of {table}/.",
            "encodingFormat": _PARQUET,
            "includes": f"{table}/*.parquet",
        }
        for table in ("data", "ledger")
    ]
    return files + sets


def _records(table: str, about: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": about,
        "key": {"@id": f"{table}/id"},
        "field": [_field(table, column) for column in manifest["schemas"][table]],
    }


def _field(table: str, column: Mapping[str, str]) -> dict[str, Any]:
    name, kind = column["name"], column["type"]
    unit = f" ({column['unit']})" if column.get("unit") else ""
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table}/{name}",
        "name": name,
        "description": f"{column.get('description', '')}{unit}".strip(),
    }
    many = _LIST.fullmatch(kind)
    kind = many[1] if many else kind
    array = {"isArray": True, "arrayShape": "-1"} if many else {}
    source = {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": name}}
    members = _STRUCT.fullmatch(kind)
    if members is None:
        return {**field, "dataType": _type(kind), **array, "source": source}
    parts = [one.partition(": ") for one in members[1].split(", ")]
    return {
        **field,
        **array,
        "subField": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{name}/{part}",
                "name": part,
                "dataType": _type(of.removesuffix(" not null")),
                "source": {**source, "transform": {"jsonPath": part}},
            }
            for part, _, of in parts
        ],
    }


def _type(arrow: str) -> str:
    return "sc:Integer" if re.fullmatch(r"u?int\d+", arrow) else _TYPES.get(arrow, "sc:Text")


CROISSANT: Final = Export(
    "croissant",
    "Croissant 1.1 with RAI terms, for loaders and catalogues of machine learning",
    "croissant.json",
    croissant,
    given,
)
