"""What a manifest says, in sentences that several standards ask for. Plain text; nothing that the manifest does not hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from colophon.filters.rights.licences import licensing
from colophon.pipelines.audit import drop_ratios
from colophon.pipelines.exports.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from colophon.pipelines.exports.export import Subject

__all__ = [
    "Licence",
    "Processed",
    "biases",
    "citation",
    "collected",
    "distribution",
    "failures",
    "languages",
    "licences",
    "limits",
    "maintenance",
    "personal_data",
    "processing",
    "reasons",
]

_MOST = 20


@dataclass(frozen=True)
class Licence:
    """A licence of documents.

    Attributes:
        name: SPDX expression, or the words that were found.
        documents: Documents under it.
        url: Its page in the SPDX list; empty if it is not a single licence of that list.
        meaning: What the name says where it is none of SPDX's licences.
    """

    name: str
    documents: int
    url: str
    meaning: str = ""


_SAID = {
    "": "nothing in the documents, and nothing declared, names a licence",
    "NONE": "nothing in the documents, and nothing declared, names a licence",
    "NOASSERTION": "what is said names no licence, or names several that disagree",
    "LicenseRef-PublicDomain": "said to be in the public domain",
    "LicenseRef-AllRightsReserved": "all rights are said to be reserved",
}


def distribution(manifest: Mapping[str, Any], name: str) -> list[tuple[str, int]]:
    """Documents by value, the most frequent first."""
    return sorted(manifest["counts"].get(name, {}).items(), key=lambda item: (-item[1], item[0]))


def licences(manifest: Mapping[str, Any]) -> list[Licence]:
    """The licences of the documents kept, the most frequent first."""
    counted = distribution(manifest, "spdx") or distribution(manifest, "license")
    listed = licensing().known_symbols
    found = []
    for name, n in counted:
        known = listed.get(name)
        single = known is not None and not known.is_exception and not name.startswith("LicenseRef-")
        meaning = _SAID.get(
            name, "" if single or not name.startswith("LicenseRef-") else "not on the SPDX list"
        )
        found.append(
            Licence(
                one_line(name, 300) or "NONE",
                n,
                f"https://spdx.org/licenses/{name}" if single else "",
                meaning,
            )
        )
    return found


def languages(manifest: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The languages of the documents kept, the most frequent first; none where there are no letters."""
    return [(code, n) for code, n in distribution(manifest, "language") if code not in {"", "und"}]


@dataclass(frozen=True)
class Processed:
    """What a stage did.

    Attributes:
        stage: Its name.
        rule: What it does, by the recipe.
        came: Documents that came into it.
        dropped: Those that it dropped.
        failed: Those that failed in it.
        reasons: Why, and how many.
    """

    stage: str
    rule: str
    came: int
    dropped: int
    failed: int
    reasons: dict[str, int]

    def __str__(self) -> str:
        """One sentence or two."""
        lost = [f"{n:,} {what}" for what, n in (("dropped", self.dropped), ("failed", self.failed)) if n]
        why = f" ({_listed(self.reasons)})" if self.reasons else ""
        return f"{self.stage}: {self.rule} Of {self.came:,} documents {' and '.join(lost) or 'none was left out'}{why}."


def _listed(counted: Mapping[str, int]) -> str:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {n:,}" for name, n in ordered)


def processing(manifest: Mapping[str, Any]) -> list[Processed]:
    """What each stage did, in their order."""
    return [_processed(manifest, stage) for stage in manifest["stages"]]


def _processed(manifest: Mapping[str, Any], stage: str) -> Processed:
    total: Counter[str] = Counter()
    why: Counter[str] = Counter()
    for source in manifest["sources"].values():
        one = source["stages"][stage]
        total.update({key: one[key] for key in ("in", "dropped", "failed")})
        why.update(one["reasons"])
    return Processed(stage, _rule(manifest, stage), total["in"], total["dropped"], total["failed"], dict(why))


def reasons(manifest: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Stage, reason and documents left out for it, the most frequent first."""
    rows = [(one.stage, name, n) for one in processing(manifest) for name, n in one.reasons.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))


def _rule(manifest: Mapping[str, Any], stage: str) -> str:
    recipe = manifest["recipe"]
    own = recipe["filters"].get(stage)
    told = _RULES.get(stage)
    if told is not None and stage in _NO_FILTERS:
        return told(recipe[stage], manifest)
    if told is not None and own is not None:
        return told(own, manifest)
    settings = ", ".join(f"{key} {value}" for key, value in sorted((own or {}).items()))
    return f"a filter with the settings {settings}." if settings else "a filter without settings."


def _read(read: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    references = "kept" if read["references"] else "left out"
    return (
        f"files were read by their formats; lists of references were {references}; documents of more than "
        f"{read['max_document_size']:,} bytes were not read."
    )


def _clean(clean: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    repaired = "repaired" if clean["fix_encoding"] else "left as it was"
    return (
        "line ends, white space, Unicode form (NFC) and characters that show nothing were made uniform; text once read in a "
        f"wrong encoding was {repaired}."
    )


def _rights(rights: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    unknown = "kept out until somebody releases them" if rights["unknown"] == "quarantine" else "kept"
    agreed = rights.get("agreed_sources") or []
    return (
        f"licences were read from what documents say of themselves and, where they say nothing, from what the recipe declares. "
        f"Allowed: {', '.join(rights['allowed']) or 'none'}. Denied: {', '.join(rights['denied']) or 'none by name'}. "
        f"Documents of unknown licence were {unknown}. Reservations against text and data mining honoured: "
        f"{', '.join(rights['reservations']) or 'none'}"
        f"{'; sources under an agreement of their own: ' + ', '.join(agreed) if agreed else ''}."
    )


def _language(language: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    if language["keep"] == ["any"]:
        return "the language of each document was estimated by models; every language was kept."
    least = (
        f"at least {language['min_share']:g} of the text in them"
        if language.get("min_share") is not None
        else f"at an estimated probability of at least {language['min_score']:g}"
    )
    return f"the language of each document was estimated by models; kept were documents in {', '.join(language['keep'])}, {least}."


def _privacy(privacy: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    done = "replaced by placeholders such as [EMAIL]" if privacy["mask"] else "counted and left in the text"
    most = privacy["max_per_1000_words"]
    limit = (
        "" if most is None else f" Documents with more than {most:g} passages in 1,000 words were dropped."
    )
    return (
        f"passages of personal data and secrets, of these kinds, were sought by rules and {done}: "
        f"{', '.join(privacy['kinds'])}.{limit}"
    )


def _contamination(settings: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    named = sorted(manifest["materials"].get("contamination", {}))
    if not named:
        return "no benchmark was named, so questions of benchmarks were not looked for."
    done = "cut out of the texts" if settings["cut"] else "not cut out"
    fate = (
        f"dropped if they held more than {settings['max_questions']:,}"
        if settings["action"] == "drop"
        else "kept and marked"
    )
    return (
        f"questions of the benchmarks {', '.join(named)} were looked for and {done}; documents were {fate}."
    )


def _length(length: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    return f"documents of {length['min_words']:,} to {length['max_words']:,} words were kept."


def _quality(quality: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    own = {name: value for name, value in sorted(quality.items()) if name != "preset" and value is not None}
    besides = f" with {', '.join(f'{name} {value:g}' for name, value in own.items())}" if own else ""
    return f"documents were kept by rules on their text, the preset {quality['preset']}{besides}."


def _scholarly(scholarly: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    least = scholarly["min_score"]
    if least is None:
        return "a model scored how scholarly the prose is; nothing was dropped by it."
    return f"a model scored how scholarly the prose is; documents below {least:g} were dropped."


def _bias(bias: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    most = bias["drop_above"]
    fate = "nothing was dropped by it" if most is None else f"documents above {most:g} were dropped"
    return (
        f"mentions of people by axes of identity were counted, and a model estimated whether a sentence is hostile to a group "
        f"that it names; {fate}."
    )


def _deduplicate(settings: Mapping[str, Any], _: Mapping[str, Any]) -> str:
    if not settings["enabled"]:
        return "copies were not looked for."
    work = (
        "; versions of one work, told by number, title and authors, count as copies"
        if settings["same_work"]
        else ""
    )
    return (
        f"of documents that share at least {settings['threshold']:g} of their sets of {settings['shingle_size']} words in a row "
        f"(Jaccard, compared exactly) one was kept{work}."
    )


_RULES = {
    "read": _read,
    "clean": _clean,
    "rights": _rights,
    "language": _language,
    "privacy": _privacy,
    "contamination": _contamination,
    "length": _length,
    "quality": _quality,
    "scholarly": _scholarly,
    "bias": _bias,
    "deduplicate": _deduplicate,
}
_NO_FILTERS = {"read", "clean", "deduplicate"}


def collected(manifest: Mapping[str, Any]) -> str:
    """How the documents came here, as far as the manifest tells."""
    n, kept = sum(manifest["fates"].values()), manifest["fates"]["kept"]
    sources = "; ".join(
        f"{name} ({one['documents']:,} documents, {one['kept']:,} kept)"
        for name, one in manifest["sources"].items()
    )
    return (
        f"{n:,} existing documents were read from files of these sources: {sources or 'none'}. {kept:,} were kept. How they came "
        "to the site (publisher's delivery, archive, crawl) and when is not part of the manifest."
    )


def failures(manifest: Mapping[str, Any]) -> str:
    """What could not be read."""
    failed = [one for one in processing(manifest) if one.failed]
    if not failed:
        return "Every document could be read."
    n = manifest["fates"]["failed"]
    of = sum(manifest["fates"].values())
    why = "; ".join(f"{one.stage}: {_listed(one.reasons)}" for one in failed)
    return f"{n:,} of {of:,} documents could not be read ({why}). Each has a row in ledger/ that says why."


def personal_data(manifest: Mapping[str, Any]) -> list[str]:
    """What was done about personal data, and which sensitive things are mentioned."""
    privacy = manifest["recipe"]["filters"].get("privacy")
    if privacy is None or "privacy" not in manifest["stages"]:
        told = ["Personal data was neither looked for nor masked."]
    else:
        rule = _privacy(privacy, manifest)
        told = [f"{rule[0].upper()}{rule[1:]} The column personal_data counts them by document."]
        told.append(
            "Rules find what has a form; names of people, and what is said of them, stay in the text."
        )
    mentions, words = _mentions(manifest)
    found = {axis: n for axis, n in mentions.items() if n}
    if found:
        told.append(
            f"The texts mention people by axes of identity: {_listed(found)} (mentions in {words:,} words looked at, counted by "
            "lists of words)."
        )
    return told


def _mentions(manifest: Mapping[str, Any]) -> tuple[Mapping[str, int], int]:
    counts = manifest["counts"]
    return counts.get("identity_mentions", {}), counts.get("identity_base", {}).get("words", 0)


def biases(manifest: Mapping[str, Any]) -> list[str]:
    """What the counts say of uneven representation and of the effect of our own filters."""
    told = []
    n = manifest["fates"]["kept"]
    for name, called in (
        ("source", "source"),
        ("language", "language"),
        ("country", "country"),
        ("journal", "journal"),
    ):
        values = [(value, k) for value, k in distribution(manifest, name) if value]
        if not values or not n:
            continue
        known = sum(k for _, k in values)
        most = ", ".join(f"{one_line(value, 100)} {k:,}" for value, k in values[:5])
        rest = f" and {len(values) - 5:,} others" if len(values) > 5 else ""
        where = "" if known >= n else f" (told for {known:,} of {n:,} documents)"
        told.append(f"Documents by {called}{where}: {most}{rest}.")
    years = [int(year) for year, _ in distribution(manifest, "year") if year]
    if years:
        told.append(f"Years of publication, where known: {min(years)} to {max(years)}.")
    ratios = drop_ratios(manifest["counts"], manifest["stages"])
    significant = [one for one in ratios if one.significant and not one.too_few]
    told += [
        f"The stage {one.stage} dropped documents that mention {one.group.replace('_', ' ')} {one.ratio:.2f} times as often as "
        f"others (95% interval {one.lower:.2f} to {one.upper:.2f})."
        for one in significant[:_MOST]
    ]
    if ratios and not significant:
        told.append(
            "No stage could be told to drop documents that mention a group oftener or rarer than others "
            f"({sum(one.too_few for one in ratios):,} of {len(ratios):,} comparisons have too few documents to say)."
        )
    return told or ["Nothing was counted that tells of biases."]


def limits(manifest: Mapping[str, Any]) -> list[str]:
    """What the dataset is not, as far as the manifest tells."""
    told = [
        "Licences are those that documents state of themselves or that the recipe declares; they are not legal advice.",
        "Languages, scores of quality and of hostility, and numbers of tokens are estimates of models and rules.",
    ]
    base = manifest["counts"].get("identity_base", {}).get("documents")
    kept = manifest["fates"]["kept"]
    if base is not None and base < kept:
        told.append(
            f"Mentions of identity were counted in {base:,} of {kept:,} documents, those in languages with a list."
        )
    short = manifest["counts"].get("deduplication", {}).get("shorter_than_a_shingle", 0)
    if short:
        told.append(
            f"{short:,} documents are too short to be compared for likeness; only equal texts were found."
        )
    if "contamination" not in manifest["stages"] or not manifest["materials"].get("contamination"):
        told.append("It was not checked for questions of benchmarks.")
    failed = manifest["fates"]["failed"]
    if failed:
        told.append(f"{failed:,} documents could not be read and are missing.")
    return told


def maintenance(manifest: Mapping[str, Any]) -> str:
    """What is known of versions and of whom to ask."""
    before = manifest["predecessor"]
    told = f"This is version {manifest['version']}."
    if before:
        told += (
            f" It was decided again over the {before['decided']} of {before['name']} {before['version']} (manifest sha256 "
            f"{before['manifest_sha256']})."
        )
    contact = one_line(manifest["contact"], 500)
    told += (
        f" Ask {contact}, also to withdraw a document." if contact else " The manifest names nobody to ask."
    )
    return f"{told} A changed dataset has another version and another manifest digest; the manifest states no plan of releases."


def citation(subject: Subject) -> str:
    r"""A BibTeX entry. There is no year in it, for the manifest has none; the digest says which bytes are meant."""
    manifest = subject.manifest
    key = "".join(
        c if c.isalnum() and c.isascii() else "-" for c in f"{manifest['name']}-{manifest['version']}"
    )
    fields = {
        "title": f"{manifest['name']}, version {manifest['version']}",
        "author": manifest["site"],
        "note": f"Dataset; manifest sha256 {subject.digest}",
    }
    lines = [f"  {name} = {{{_bibtex(value)}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def _bibtex(text: str) -> str:
    special = {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
    plain = one_line(text, 500)
    return "".join(special.get(c) or (f"\\{c}" if c in "%&$#_" else c) for c in plain)
