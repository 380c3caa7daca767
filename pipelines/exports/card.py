"""A dataset card: for people, and for hubs that read its head.

https://huggingface.co/docs/hub/datasets-cards
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from colophon.pipelines.exports import facts
from colophon.pipelines.exports.export import Export, Given
from colophon.pipelines.exports.plain_text import HIDDEN, code, table, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from colophon.pipelines.exports.export import Subject

__all__ = ["CARD", "card"]

_SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"), (10**12, "100B<n<1T"),
)  # fmt: skip
_HUB_NAMES = {"odc-by-1.0": "odc-by", "pddl-1.0": "pddl", "zlib": "zlib"}
"""Where the hub's name of a licence is not SPDX's in lower case."""
_HUB_KNOWS = (
    "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0",
    "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "isc", "gpl-3.0", "unlicense",
    "bsl-1.0", "odc-by", "pddl", "zlib", "odbl", "gfdl",
)  # fmt: skip
_MOST = 30


def card(subject: Subject) -> bytes:
    """``README.md``."""
    manifest = subject.manifest
    lines = [
        "---",
        _head(manifest).rstrip(),
        "---",
        "",
        f"# {words(manifest['name'])} {words(manifest['version'])}",
        "",
        *([words(manifest["description"]), ""] if manifest["description"] else []),
        *_what(subject),
        *_origin(manifest),
        *_decided(manifest),
        *_rights(manifest),
        *_languages(manifest),
        *_list("Biases", facts.biases(manifest)),
        *_list("Personal and sensitive information", facts.personal_data(manifest)),
        *_list("Limits", facts.limits(manifest)),
        *_columns(manifest),
        *_use(subject),
    ]
    return ("\n".join(lines) + "\n").encode()


def given(_: bytes) -> Given:
    """Nothing is said by people: a card is made from the manifest alone."""
    return Given()


def _head(manifest: Mapping[str, Any]) -> str:
    """The YAML that hubs read."""
    n = manifest["fates"]["kept"]
    licences = _hub_licences(manifest)
    head = {
        "pretty_name": f"{manifest['name']} {manifest['version']}",
        "license": licences[0] if len(licences) == 1 else licences,
        "language": sorted(code for code, _ in facts.languages(manifest)),
        "size_categories": [next((name for most, name in _SIZES if n < most), "n>1T")],
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/*.parquet"}]},
            {"config_name": "ledger", "data_files": [{"split": "train", "path": "ledger/*.parquet"}]},
        ],
    }
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=10**6)
    return text if not HIDDEN.search(text) else yaml.safe_dump(head, sort_keys=False, width=10**6)


def _hub_licences(manifest: Mapping[str, Any]) -> list[str]:
    """The hub's names of the licences; ``other`` and ``unknown`` are such names too."""
    found = set()
    for one in facts.licences(manifest):
        name = _HUB_NAMES.get(one.name.lower(), one.name.lower())
        unknown = one.name in {"NONE", "NOASSERTION"}
        found.add("unknown" if unknown else name if name in _HUB_KNOWS else "other")
    return sorted(found) or ["unknown"]


def _list(title: str, sentences: Iterable[str]) -> list[str]:
    return [f"## {title}", "", *(f"- {words(one)}" for one in sentences), ""]


def _what(subject: Subject) -> list[str]:
    manifest = subject.manifest
    sizes = manifest["counts"].get("sizes", {})
    rows: list[tuple[str, Any]] = [("documents", manifest["fates"]["kept"])]
    told = ("n_words", "words"), ("n_tokens", "tokens, estimated"), ("n_chars", "characters")
    rows += [(label, sizes[key]) for key, label in told if key in sizes]
    made = [
        f"- Made by: {words(manifest['site']) or 'not told'}",
        f"- Contact: {words(manifest['contact']) or 'not told'}",
        f"- Made with: Colophon {words(manifest['software']['colophon'])}, recipe sha256 `{manifest['recipe_sha256']}`",
        f"- Manifest: sha256 `{subject.digest}`",
    ]
    return [
        "## What it is",
        "",
        *table(("", "number"), rows),
        "",
        *made,
        "",
        words(facts.maintenance(manifest)),
        "",
    ]


def _origin(manifest: Mapping[str, Any]) -> list[str]:
    rows = []
    for name, source in manifest["sources"].items():
        said = manifest["rights"].get(name, {})
        declared = [
            f"{key}: {words(said[key], 500)}" for key in ("owner", "terms", "consent") if said.get(key)
        ]
        rows.append(
            (code(name), source["documents"], source["kept"], "; ".join(declared) or "nothing declared")
        )
    head = ("source", "documents read", "kept", "owner, terms and consent as the site declares them")
    return ["## Where it is from", "", words(facts.collected(manifest)), "", *table(head, rows), ""]


def _decided(manifest: Mapping[str, Any]) -> list[str]:
    fates = manifest["fates"]
    stages = [
        (code(one.stage), one.came, one.dropped, one.failed, words(one.rule))
        for one in facts.processing(manifest)
    ]
    why = [(code(stage), code(reason), n) for stage, reason, n in facts.reasons(manifest)[:_MOST]]
    told = f"{sum(fates.values()):,} documents = {fates['kept']:,} kept + {fates['dropped']:,} dropped + {fates['failed']:,} failed."
    lines = [
        "## How it was decided",
        "",
        f"{told} Each has a row in `ledger/` that says what became of it and why.",
        "",
        *table(("stage", "in", "dropped", "failed", "rule"), stages),
        "",
    ]
    return [*lines, *table(("stage", "reason", "documents left out"), why), ""] if why else lines


def _rights(manifest: Mapping[str, Any]) -> list[str]:
    rows = [
        (f"[{code(one.name)}]({one.url})" if one.url else code(one.name), one.documents, words(one.meaning))
        for one in facts.licences(manifest)
    ]
    told = (
        "Each document is under its own licence, in the columns `spdx` and `license`; `rights_evidence` says where it was found. "
        "The manifest states no licence for the collection as a whole."
    )
    return ["## Rights", "", told, "", *table(("licence", "documents", ""), rows[:_MOST]), ""]


def _languages(manifest: Mapping[str, Any]) -> list[str]:
    rows = [(code(name), n) for name, n in facts.languages(manifest)]
    more = [f"and {len(rows) - _MOST:,} others, in the manifest's counts", ""] if len(rows) > _MOST else []
    if not rows:
        return ["## Languages", "", "Languages were not told apart.", ""]
    return ["## Languages", "", *table(("language (ISO 639)", "documents"), rows[:_MOST]), "", *more]


def _columns(manifest: Mapping[str, Any]) -> list[str]:
    rows = [
        (code(one["name"]), words(one["type"]), words(one.get("description", "")), words(one.get("unit", "")))
        for one in manifest["schemas"]["data"]
    ]
    return ["## Columns of data/", "", *table(("column", "type", "meaning", "unit"), rows), ""]


def _use(subject: Subject) -> list[str]:
    bibtex = facts.citation(subject)
    return [
        "## Load, verify, cite",
        "",
        "```python",
        "from datasets import load_dataset",
        "",
        'documents = load_dataset("DIR", split="train")           # data/',
        'fates = load_dataset("DIR", "ledger", split="train")    # why a document is in, or is not',
        "```",
        "",
        "```sh",
        "sha256sum --check SHA256SUMS    # the files are those of the manifest",
        "colophon verify DIR             # recounts and rehashes everything, this card included",
        "colophon explain DIR DOCUMENT   # why a document is in, or is not",
        "```",
        "",
        "```bibtex",
        bibtex,
        "```",
        "",
        "This card was made from `manifest.json`; `colophon verify` tells if it was changed.",
    ]


CARD: Final = Export(
    "card",
    "a dataset card with the head that Hugging Face's hub reads, for people",
    "README.md",
    card,
    given,
)
