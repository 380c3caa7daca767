"""Figures of the bias filter: the tables of ``docs/bias.md``."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from benchmarks.clock import cpu_seconds, line
from benchmarks.corpora import CORPORA, sections
from benchmarks.hostility_data import (
    Sentence,
    from_templates,
    labelled,
    listed_names,
    plain_filled,
    pubmedqa,
    science,
    template_rows,
)
from colophon.filters import Batch, Bias
from colophon.filters.bias.hostility import hostilities
from colophon.pipelines.audit import count_audit, drop_ratios
from colophon.schemas import DROPPED, KEPT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from colophon.filters.bias.hostility import Model

__all__ = ["auc", "calibration_error", "ldnoobw_audit", "main", "scores"]


def scores(texts: Sequence[str], model: Model | None = None) -> np.ndarray:
    """The score of each text, 0 where no group is named."""
    found = hostilities(texts, weights=model)
    out = np.zeros(len(texts))
    np.maximum.at(out, found.text, found.probability)
    return out


def auc(score: np.ndarray, hostile: np.ndarray) -> float:
    """Area under the ROC curve, ties counted half (Hanley and McNeil 1982)."""
    _, place, times = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(times) - (times - 1) / 2)[place]
    n, m = hostile.sum(), (~hostile).sum()
    return float((rank[hostile].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


def calibration_error(probability: np.ndarray, hostile: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error in equal-width bins (Naeini et al. 2015)."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(probability[place == one].mean() - hostile[place == one].mean()) * (place == one).mean()
            for one in range(bins)
            if (place == one).any()
        )
    )


def _named(texts: Sequence[str]) -> np.ndarray:
    """Which texts have a sentence that names a group."""
    return np.isin(np.arange(len(texts)), hostilities(texts).text)


def _word_list(language: str = "en") -> Callable[[str], int]:
    words = (CORPORA / "lists" / "ldnoobw" / f"{language}.txt").read_text(encoding="utf-8").split("\n")
    pattern = re.compile(
        rf"\b(?:{'|'.join(sorted(map(re.escape, filter(None, words)), key=len, reverse=True))})\b",
        re.IGNORECASE,
    )
    return lambda text: len(pattern.findall(text))


def _vader() -> Callable[[str], float]:
    lines = (CORPORA / "lists" / "vader_lexicon.txt").read_text(encoding="utf-8").splitlines()
    valence = {row.split("\t")[0]: float(row.split("\t")[1]) for row in lines if row.strip()}
    return lambda text: -sum(valence.get(word, 0.0) for word in re.findall(r"\w+", text.lower()))


def held_out(texts: Sequence[Sentence]) -> None:
    """Test parts of the labelled sets and of the templates, against word lists.

    Templates of the part ``final`` were written before the last training and are never trained on; their AUC was seen while settings were compared.
    """
    test = [one for one in texts if one.part in {"test", "final"}]
    plain = [one.text for one in test]
    lists = {"LDNOOBW": _word_list(), "VADER": _vader()}
    found = {"ours": scores(plain)} | {
        name: np.array([call(text) for text in plain], float) for name, call in lists.items()
    }
    hostile = np.array([one.hostile for one in test])
    source = np.array([f"{one.source}, final" if one.part == "final" else one.source for one in test])
    kind = np.array([one.kind for one in test])
    named = _named(plain)
    kindly = np.isin(kind, ["neutral2", "positive2", "plain2+", "plain2-", "asking2", "after2"])
    kindly |= np.isin(kind, ["neutral3", "positive3", "asking3", "after3"])
    kindly |= np.isin(kind, [f"{name}2+" for name in ("adjective", "noun", "verb", "act", "passive")])
    rows = [
        (name, (source == name) & named)
        for name in ("davidson", "edos", "toxigen_demonstrations", "templates", "templates, final")
    ]
    rows.append(("davidson, hate against neither", (source == "davidson") & named & (kind != "offensive")))
    rows.append(
        ("templates, hostile against neutral or positive", (source == "templates") & (hostile | kindly))
    )
    rows.append(
        (
            "templates, final, hostile against neutral or positive",
            (source == "templates, final") & (hostile | kindly),
        )
    )
    print(f"{'AUC on test parts':<56}{'n':>7}{'hostile':>9}" + "".join(f"{name:>9}" for name in found))
    for name, here in rows:
        values = "".join(f"{auc(score[here], hostile[here]):9.3f}" for score in found.values())
        print(f"{name:<56}{here.sum():7}{hostile[here].sum():9}{values}")
    here = named & np.isin(source, ["davidson", "edos", "toxigen_demonstrations"])
    print(
        f"calibration error on the test parts of bias_train: {calibration_error(found['ours'][here], hostile[here]):.3f}"
    )
    unnamed = np.isin(source, ["davidson", "edos", "toxigen_demonstrations"])
    print(
        f"  the same with those that name no group: {calibration_error(found['ours'][unnamed], hostile[unnamed]):.3f}"
    )
    print("by family of templates: share at or above .5, at 0, mean score")
    for family in sorted(set(kind[np.char.startswith(source, "templates")])):
        here = kind == family
        label = "hostile" if hostile[here][0] else "other"
        print(
            f"  {family:<14}{label:<9}{(found['ours'][here] >= 0.5).mean():6.2f}{(found['ours'][here] == 0).mean():6.2f}"
            f"{found['ours'][here].mean():8.3f}"
        )


def neutral_science() -> None:
    """False positives on abstracts that name a group."""
    texts = pubmedqa()
    found = hostilities(texts)
    abstracts = len(set(found.text.tolist()))
    for limit in (0.5, 0.8):
        over = found.probability >= limit
        print(
            f"PubMedQA at {limit}: {over.mean():.2%} of {len(over):,} sentences that name a group, "
            f"{len(set(found.text[over].tolist())) / abstracts:.2%} of {abstracts} abstracts"
        )
    print(f"PubMedQA at 0: {(found.probability == 0).mean():.1%} of the sentences")


def every_group() -> None:
    """False positives and means of every listed group in the held-out neutral statements of our own, one by one."""
    frames = [row["template"] for row in template_rows() if row["family"] in {"neutral2", "neutral3"}]
    frames = [frame for frame in frames if "{G}" in frame]
    rates, means = {}, {}
    for axis, group, name in listed_names():
        texts = [plain_filled(frame, name) for frame in frames]
        found = scores(texts)
        rates.setdefault((axis, group), []).extend((found >= 0.5).tolist())
        means.setdefault((axis, group), []).extend(found.tolist())
    false = [float(np.mean(each)) for each in rates.values()]
    mean = [float(np.mean(each)) for each in means.values()]
    print(
        f"every listed group in {len(frames)} held-out neutral statements: {len(false)} groups, false positives at .5 from "
        f"{min(false):.3f} to {max(false):.3f}, mean score from {min(mean):.3f} to {max(mean):.3f}"
    )


def groups_alike() -> None:
    """The gap between groups on neutral statements, and pairs that differ only in the group."""
    folder = CORPORA / "bias"
    phrases = json.loads((folder / "holisticbias_v1.1" / "standalone_noun_phrases.json").read_text())
    kind = (
        "I'm {}.",
        "I have a friend who is {}.",
        "I used to be {}.",
        "I wonder what it'd be like to be {}.",
        "I'm not {}.",
    )
    rates: dict[str, list[float]] = defaultdict(list)
    named: dict[str, list[bool]] = defaultdict(list)
    for axis, sets in phrases.items():
        names = [
            name for each in (sets.values() if isinstance(sets, dict) else [sets]) for name in _phrases(each)
        ]
        texts = [one.format(name) for name in names for one in kind]
        if texts:
            rates[axis] = (scores(texts) >= 0.5).tolist()
            named[axis] = _named(texts).tolist()
    shares = {axis: float(np.mean(values)) for axis, values in rates.items()}
    print(
        "HolisticBias phrases in neutral sentences: "
        + ", ".join(
            f"{axis} {share:.2f} (n {len(rates[axis])}, a group seen in {np.mean(named[axis]):.0%})"
            for axis, share in shares.items()
        )
    )
    print(f"  gap between axes: {max(shares.values()) - min(shares.values()):.3f}")
    with (folder / "crows_pairs_anonymized.csv").open() as rows:
        pairs = list(csv.DictReader(rows))
    more, less = (scores([row[name] for row in pairs]) for name in ("sent_more", "sent_less"))
    print(
        f"CrowS-Pairs: {len(pairs)} pairs, the same score in {(more == less).mean():.1%}, mean difference "
        f"{np.abs(more - less).mean():.4f}, the stereotype higher in {(more > less).mean():.1%}, lower in {(more < less).mean():.1%}"
    )
    lines = (folder / "winogender_all_sentences.tsv").read_text().splitlines()[1:]
    sets: dict[str, list[str]] = defaultdict(list)
    for row in lines:
        name, text = row.split("\t")
        sets[name.rsplit(".", 2)[0]].append(text)
    all_scores = [scores(each) for each in sets.values()]
    print(
        f"Winogender: {len(sets)} sets, the same score in {np.mean([np.ptp(each) == 0 for each in all_scores]):.1%}"
    )


def _phrases(found: object) -> list[str]:
    if isinstance(found, str):
        return [found]
    if isinstance(found, dict):
        plain = str(found.get("noun_phrase", "")).replace("{article} {noun}", "a person")
        return [plain] if plain else [p for each in found.values() for p in _phrases(each)]
    return [phrase for each in found for phrase in _phrases(each)] if isinstance(found, list) else []


def ldnoobw_audit() -> list[object]:
    """The ratios of a filter that drops every abstract with a word of the list."""
    texts = pubmedqa()
    found = _word_list()
    drop = np.array([found(text) > 0 for text in texts])
    batch = Batch(texts, {"language": pa.array(["en"] * len(texts))})
    columns = Bias().annotate(batch)
    staged = pa.table(
        {
            "identity_rates": columns["identity_rates"],
            "identity_groups": columns["identity_groups"],
            "source": ["pubmedqa"] * len(texts),
            "n_words": np.diff(batch.tokens.offsets),
        }
    )
    ledger = pa.table(
        {"fate": np.where(drop, DROPPED, KEPT).tolist(), "stage": np.where(drop, "word_list", "").tolist()}
    )
    return list(drop_ratios(count_audit(staged, ledger), ["word_list"]))


def speed() -> None:
    """The whole filter over sections of papers, tokens given and not."""
    texts = [one["text"] for one in sections()]
    size = sum(len(text.encode()) for text in texts)
    language = {"language": pa.array(["en"] * len(texts))}
    batch = Batch(texts, language)
    _ = batch.tokens
    one = Bias()
    line("filter bias, tokens given", size, cpu_seconds(lambda: one.annotate(batch)))
    line("filter bias with its tokens", size, cpu_seconds(lambda: one.annotate(Batch(texts, language))))


def main() -> None:
    """Print all tables."""
    texts = [*labelled(), *from_templates(12, 6), *science()]
    held_out(texts)
    neutral_science()
    every_group()
    groups_alike()
    for ratio in ldnoobw_audit():
        print(ratio)
    speed()


if __name__ == "__main__":
    main()
