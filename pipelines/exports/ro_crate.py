"""RO-Crate 1.2 metadata: for archives and repositories of research data.

https://www.researchobject.org/ro-crate/specification/1.2/
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from colophon.pipelines.canonical import manifest_bytes
from colophon.pipelines.exports import facts
from colophon.pipelines.exports.export import Export, Given, json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.exports.export import Subject

__all__ = ["RO_CRATE", "ro_crate"]

_FILE: Final = "ro-crate-metadata.json"
_VERSION: Final = "https://w3id.org/ro/crate/1.2"
_SITE, _SOFTWARE, _CURATION, _DIGEST = "#site", "#colophon", "#curation", "#digest"


def ro_crate(subject: Subject) -> bytes:
    """``ro-crate-metadata.json``.

    Raises:
        UsageError: The day of publication is not known.
    """
    manifest = subject.manifest
    licences = _licences(manifest)
    files = [*_files(manifest), _manifest_file(subject)]
    sources = _sources(manifest)
    site = _site(manifest)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{manifest['name']} {manifest['version']}",
        "description": manifest["description"] or f"{manifest['name']} {manifest['version']}",
        "datePublished": subject.published,
        "version": manifest["version"],
        "identifier": {"@id": _DIGEST},
        **({"url": subject.given.url} if subject.given.url else {}),
        "license": _one_or_many([{"@id": one["@id"]} for one in licences]),
        "inLanguage": _one_or_many([code for code, _ in facts.languages(manifest)]),
        **({"author": {"@id": _SITE}, "publisher": {"@id": _SITE}} if site else {}),
        "conditionsOfAccess": " ".join(facts.limits(manifest)),
        "hasPart": [{"@id": one["@id"]} for one in files],
        "mentions": {"@id": _CURATION},
    }
    graph = [
        {
            "@id": _FILE,
            "@type": "CreativeWork",
            "name": "Metadata of this crate, made from manifest.json",
            "conformsTo": {"@id": _VERSION},
            "about": {"@id": "./"},
        },
        root,
        {
            "@id": _DIGEST,
            "@type": "PropertyValue",
            "name": "sha256 of manifest.json",
            "propertyID": "sha256",
            "value": subject.digest,
        },
        *files,
        *licences,
        *site,
        *sources,
        _software(manifest),
        _curation(manifest, sources),
    ]
    document = {"@context": f"{_VERSION}/context", "@graph": graph}
    return f"{json_text(document)}\n".encode()


def given(content: bytes) -> Given:
    """What a person said of what is in such bytes."""
    root = [one for one in json.loads(content)["@graph"] if one["@id"] == "./"][0]  # noqa: RUF015 - an IndexError if absent
    return Given(root["datePublished"], root.get("url", ""))


def _one_or_many(values: list[Any]) -> Any:
    """A single value stands alone, as the specification recommends."""
    return values[0] if len(values) == 1 else values


def _files(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    about = {
        "data": "documents that were kept, one a row",
        "ledger": "the fate of each document that was read, without its text",
        "merkle": "the Merkle tree over the documents",
    }
    return [
        {
            "@id": name,
            "@type": "File",
            "name": name.rpartition("/")[2],
            "description": f"{entry['rows']:,} rows: {about.get(name.partition('/')[0], 'part of the dataset')}",
            "contentSize": str(entry["bytes"]),
            "encodingFormat": "application/vnd.apache.parquet",
            "sha256": entry["sha256"],
        }
        for name, entry in manifest["files"].items()
    ]


def _manifest_file(subject: Subject) -> dict[str, Any]:
    return {
        "@id": "manifest.json",
        "@type": "File",
        "name": "manifest.json",
        "description": "The account of the dataset: files, counts, recipe, rights; the one file that is signed.",
        "contentSize": str(len(manifest_bytes(dict(subject.manifest)))),
        "encodingFormat": "application/json",
        "sha256": subject.digest,
    }


def _licences(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for one in facts.licences(manifest):
        said = f"Licence of {one.documents:,} of the documents"
        found.append(
            {
                "@id": one.url or f"#licence-{quote(one.name, safe='')}",
                "@type": "CreativeWork",
                "name": one.name,
                "description": f"{said}: {one.meaning}." if one.meaning else f"{said}.",
            }
        )
    nothing = {
        "@id": "#licence-NONE",
        "@type": "CreativeWork",
        "name": "NONE",
        "description": "No document was kept.",
    }
    return found or [nothing]


def _site(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    if not manifest["site"]:
        return []
    organization = {"@id": _SITE, "@type": "Organization", "name": manifest["site"]}
    if not manifest["contact"]:
        return [organization]
    contact: dict[str, Any] = {
        "@id": "#contact",
        "@type": "ContactPoint",
        "name": manifest["contact"],
        "contactType": "questions, and documents to withdraw",
    }
    if re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", manifest["contact"]):
        contact["email"] = manifest["contact"]
    return [organization | {"contactPoint": {"@id": "#contact"}}, contact]


def _sources(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name, one in manifest["rights"].items():
        funnel = manifest["sources"].get(name, {"documents": 0, "kept": 0})
        said = [f"{funnel['documents']:,} documents were read, {funnel['kept']:,} kept."]
        said += [f"{key}: {one[key]}" for key in ("owner", "terms", "consent", "license") if one[key]]
        found.append(
            {
                "@id": f"#source-{quote(name, safe='')}",
                "@type": "CreativeWork",
                "name": name,
                "description": " ".join(said),
            }
        )
    return found


def _software(manifest: Mapping[str, Any]) -> dict[str, Any]:
    software = manifest["software"]
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(software["libraries"].items()))
    return {
        "@id": _SOFTWARE,
        "@type": "SoftwareApplication",
        "name": "Colophon",
        "url": f"urn:colophon:software:{software['colophon']}",
        "version": software["colophon"],
        "description": f"Its code has sha256 {software['code_sha256']}; with {libraries}.",
    }


def _curation(manifest: Mapping[str, Any], sources: list[dict[str, Any]]) -> dict[str, Any]:
    by = {"agent": {"@id": _SITE}} if manifest["site"] else {}
    return {
        "@id": _CURATION,
        "@type": "CreateAction",
        "name": f"Curation by the recipe with sha256 {manifest['recipe_sha256']}",
        "description": " ".join(str(one) for one in facts.processing(manifest)),
        "instrument": {"@id": _SOFTWARE},
        "object": _one_or_many([{"@id": one["@id"]} for one in sources]),
        "result": {"@id": "./"},
        **by,
    }


RO_CRATE: Final = Export(
    "ro-crate",
    "RO-Crate 1.2 metadata, for archives and repositories of research data",
    _FILE,
    ro_crate,
    given,
)
