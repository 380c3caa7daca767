"""Public summary of training content, pre-filled: regulation (EU) 2024/1689, article 53(1)(d).

The form is the Commission's template of July 2025 (annex of C(2025) 8311): its sections and their order, its questions told in our words. It is about a model and all it was trained on; a dataset is a part of that. So what only the
model's provider can know stands as an open question, marked ``TO BE FILLED IN BY THE PROVIDER``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from colophon.pipelines.exports import facts
from colophon.pipelines.exports.export import Export
from colophon.pipelines.exports.plain_text import code, table, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.exports.export import Subject

__all__ = ["EU_SUMMARY", "OPEN", "eu_summary"]

OPEN: Final = "**TO BE FILLED IN BY THE PROVIDER**"
_MOST = 30
_OBJECTED = ("opted_out", "mining_reserved", "license_denied")


def eu_summary(subject: Subject) -> bytes:
    """``eu-training-content-summary.md``."""
    manifest = subject.manifest
    name = f"{words(manifest['name'])} {words(manifest['version'])}"
    lines = [
        "# Public summary of training content",
        "",
        "Draft for the summary that article 53(1)(d) of regulation (EU) 2024/1689 asks of providers of general-purpose AI models,",
        "in the order of the Commission's template.",
        "",
        f"Pre-filled from the dataset {name}, manifest sha256 `{subject.digest}`. It speaks of this dataset only:",
        "a summary covers everything a model was trained on, so drafts of several datasets have to be put together.",
        "Not legal advice.",
        "",
        f"- Version of the summary, and last update: {OPEN}",
        "",
        *_general(manifest),
        *_sources(manifest),
        *_processing(manifest),
    ]
    return ("\n".join(lines) + "\n").encode()


def _general(manifest: Mapping[str, Any]) -> list[str]:
    tokens = manifest["counts"].get("sizes", {}).get("n_tokens")
    languages = [(code(name), n) for name, n in facts.languages(manifest)]
    more = len(languages) - _MOST
    years = sorted(int(year) for year, _ in facts.distribution(manifest, "year") if year)
    types = ", ".join(f"{words(kind)} {n:,}" for kind, n in facts.distribution(manifest, "media_type"))
    return [
        "## 1. General information",
        "",
        "### 1.1. Provider identification",
        "",
        f"- Name and contact details of the provider: {OPEN}",
        f"- Authorised representative in the Union, if there is one: {OPEN}",
        f"- Who made this dataset: {words(manifest['site']) or 'not told'}; contact: {words(manifest['contact']) or 'not told'}",
        "",
        "### 1.2. Model identification",
        "",
        f"- Names and versions of the models: {OPEN}",
        f"- Models that they build on: {OPEN}",
        f"- Day on which the model was placed on the Union market: {OPEN}",
        "",
        "### 1.3. Modalities, overall training data size and other characteristics",
        "",
        "Modality: **text**. This dataset holds no image, audio or video.",
        "",
        *_size(tokens),
        "",
        f"- Types of content: text of documents read as {types or 'nothing'}.",
        f"- Years of publication of the documents, where known: {f'{years[0]} to {years[-1]}' if years else 'none is known'}.",
        f"- Latest day on which data was acquired: {OPEN}",
        f"- Whether the model goes on being trained on new data: {OPEN}",
        "- Languages, by documents:",
        "",
        *table(("language (ISO 639)", "documents"), languages[:_MOST]),
        *([f"\nand {more:,} others"] if more > 0 else []),
        "",
        *(f"- {words(one)}" for one in facts.biases(manifest)),
        f"- Other characteristics of all training data together: {OPEN}",
        "",
    ]


def _size(tokens: int | None) -> list[str]:
    if tokens is None:
        return [f"Tokens were not counted. Size of the training data: {OPEN}"]
    ranges = (
        ("less than 1 billion tokens", 0, 10**9),
        ("1 billion to 10 trillion tokens", 10**9, 10**13),
        ("more than 10 trillion tokens", 10**13, None),
    )
    ticks = [
        f"- [{'x' if tokens >= low and (high is None or tokens < high) else ' '}] {label}"
        for label, low, high in ranges
    ]
    return [
        f"Size of this dataset: about {tokens:,} tokens, estimated as UTF-8 bytes / 4.",
        "",
        *ticks,
        "",
        f"Range for all training data together, which is what the template asks for: {OPEN}",
    ]


def _sources(manifest: Mapping[str, Any]) -> list[str]:
    rows = []
    for name, source in manifest["sources"].items():
        said = manifest["rights"].get(name, {})
        declared = [
            f"{key}: {words(said[key], 500)}" for key in ("owner", "terms", "consent") if said.get(key)
        ]
        licences = ", ".join(f"{words(spdx)} {n:,}" for spdx, n in sorted(said.get("spdx", {}).items()))
        rows.append((code(name), source["kept"], "; ".join(declared) or "nothing declared", licences, OPEN))
    head = ("source", "documents kept", "declared by the site", "licences found", "section: 2.1 to 2.6")

    def asked(title: str, question: str, *then: str) -> list[str]:
        return [
            f"### {title}",
            "",
            question,
            "",
            f"- [ ] Yes  [ ] No: {OPEN}",
            *(f"- {one}: {OPEN}" for one in then),
            "",
        ]

    return [
        "## 2. List of data sources",
        "",
        "The manifest knows sources by name, with what the site declares of them. To which of the sections below",
        "each belongs depends on how it was obtained, which the manifest does not hold.",
        "",
        *table(head, rows),
        "",
        *asked(
            "2.1. Publicly available datasets",
            "Were publicly available datasets used? Large ones are listed by name with a link, others described in general.",
            "Names, links and versions of large datasets",
            "General description of the others",
        ),
        "### 2.2. Private non-publicly available datasets obtained from third parties",
        "",
        *asked(
            "2.2.1. Datasets commercially licensed by rightsholders or their representatives",
            "Were licences agreed with holders of rights or those who represent them? What sources above declare as terms and "
            "consent is a hint.",
            "Modalities covered",
        ),
        *asked(
            "2.2.2. Private datasets obtained from other third parties",
            "Were private datasets obtained from others?",
            "Publicly known ones by name, others described in general",
        ),
        *asked(
            "2.3. Data crawled and scraped from online sources",
            "Did the provider, or somebody for the provider, crawl? Addresses, where readers found them, stand in the columns "
            "`source_uri` and `metadata` of `data/`, from which domains can be counted.",
            "Names and purposes of the crawlers, and how they behave",
            "Period of collection",
            "Content and sources crawled, with the most frequent domains",
        ),
        *asked(
            "2.4. User data",
            "Was data from users' dealings with the model, or with other services of the provider, used?",
            "Services and modalities",
        ),
        *asked(
            "2.5. Synthetic data",
            "Was data made by AI for the training? Colophon writes no text: it cuts, masks and cleans what it reads, and its models "
            "only score. Whether the documents themselves were written by AI was not examined.",
            "Models that made it",
        ),
        *asked("2.6. Other sources of data", "Were there other sources?", "Description"),
    ]


def _processing(manifest: Mapping[str, Any]) -> list[str]:
    by_stage = {one.stage: one for one in facts.processing(manifest)}
    rights = by_stage.get("rights")
    left_out = {name: n for name, n in rights.reasons.items() if name in _OBJECTED} if rights else {}
    lists = sorted(name for name in manifest["materials"].get("rights", {}))
    measures = [
        *([words(str(rights))] if rights else ["Licences and reservations of rights were not examined."]),
        *([f"Lists that took part, by name: {words(', '.join(lists))}."] if lists else []),
        *[f"{n:,} documents were left out as {code(name)}." for name, n in sorted(left_out.items())],
    ]
    illegal = [words(str(by_stage[name])) for name in ("privacy", "bias") if name in by_stage]
    others = [words(str(one)) for one in by_stage.values() if one.stage not in {"rights", "privacy", "bias"}]
    return [
        "## 3. Data processing aspects",
        "",
        "### 3.1. Respect of reservation of rights from text and data mining exception or limitation",
        "",
        f"- Signatory of the Code of Practice for general-purpose AI models: {OPEN}",
        "- Measures in the curation of this dataset:",
        *(f"  - {one}" for one in measures),
        f"- Measures while the documents were collected (robots.txt, other protocols, those of third parties): {OPEN}",
        "",
        "### 3.2. Removal of illegal content",
        "",
        "- Measures in the curation of this dataset. None of them looks for illegal content as such:",
        *(f"  - {one}" for one in illegal or ["None."]),
        f"- Other measures (block lists, classifiers, review by people): {OPEN}",
        "",
        "### 3.3. Other information (optional)",
        "",
        *(f"- {one}" for one in others),
        *(f"- {words(one)}" for one in facts.limits(manifest)),
        f"- {words(facts.maintenance(manifest))}",
        "- Every document read has a row in `ledger/`, and the manifest's counts can be recounted with `colophon verify`.",
    ]


EU_SUMMARY: Final = Export(
    "eu-summary",
    "the public summary of training content that the AI Act asks for, pre-filled, for a model's provider",
    "review/eu-training-content-summary.md",
    eu_summary,
)
