"""How good the shipped model of scholarly prose is on texts it has not seen: ``python -m benchmarks.scholarly_report [SVG]``.

Named a file, it draws the ROC curve into it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.clock import cpu_seconds, line
from benchmarks.corpora import CORPORA
from benchmarks.scholarly_texts import SCHOLARLY, TRAINED, WEB, Text, sources
from benchmarks.train_scholarly import SEED, cut
from colophon.filters import tokenize
from colophon.filters.bias.identity import AXES, mentions
from colophon.filters.scholarly.scholarly import BITS, Scholarly, shipped_model

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["auc", "interval", "report", "seen_by_none"]

RETENTIONS = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
BINS = 10


def auc(scholarly: np.ndarray, web: np.ndarray) -> float:
    """The chance that a scholarly text scores above a web text, ties halved (Mann and Whitney 1947)."""
    order = np.sort(scholarly)
    above = len(order) - np.searchsorted(order, web, "right")
    same = np.searchsorted(order, web, "right") - np.searchsorted(order, web, "left")
    return float((above + same / 2).mean() / len(order))


def interval(
    scholarly: np.ndarray, works: np.ndarray, web: np.ndarray, times: int = 1000, seed: int = SEED
) -> tuple[float, float]:
    """The 95% interval of `auc` by bootstrap; scholarly texts are drawn by work, for sections of one paper are alike."""
    rng = np.random.default_rng(seed)
    names, index = np.unique(works, return_inverse=True)
    of = [np.flatnonzero(index == i) for i in range(len(names))]
    drawn = []
    for _ in range(times):
        rows = np.concatenate([of[i] for i in rng.integers(0, len(of), len(of))])
        drawn.append(auc(scholarly[rows], web[rng.integers(0, len(web), len(web))]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def seen_by_none(texts: Sequence[Text]) -> list[Text]:
    """The texts that the shipped model was not trained on."""
    return [one for one in texts if one.held_out and (one.source != "sections" or one.fold == 0)]


def _by_source(texts: Sequence[Text], odds: np.ndarray, least: float) -> None:
    source = np.array([one.source for one in texts])
    web = odds[np.isin(source, ("web_bad", "web_good", "web_pages"))]
    print(
        f"\nscore >= {Scholarly.min_score} keeps\n\n| source | in training | texts | kept | AUC | 1st percentile |"
    )
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys([*SCHOLARLY, *WEB, *sorted(set(source.tolist()))]):
        mine = odds[source == name]
        if len(mine):
            against = f"{auc(mine, web):.3f}" if name in SCHOLARLY else ""
            seen = "other works" if name in TRAINED or name == "sections" else "none"
            low = 1 / (1 + np.exp(-np.quantile(mine, 0.01)))
            print(f"| {name} | {seen} | {len(mine)} | {np.mean(mine >= least):.3f} | {against} | {low:.3f} |")


def _roc(scholarly: np.ndarray, groups: dict[str, np.ndarray]) -> None:
    print(f"\n| kept | score | {' | '.join(f'rejected of {name}' for name in groups)} |")
    print("|---|---|" + "---|" * len(groups))
    for share in RETENTIONS:
        least = np.sort(scholarly)[int(np.floor((1 - share) * len(scholarly) + 1e-9))]
        cells = " | ".join(f"{np.mean(odds < least):.3f}" for odds in groups.values())
        print(f"| {np.mean(scholarly >= least):.3f} | {1 / (1 + np.exp(-least)):.4f} | {cells} |")


def _svg(scholarly: np.ndarray, web: np.ndarray) -> str:
    """The curve of share kept of scholarly texts over share kept of web texts."""
    cuts = np.unique(np.concatenate([scholarly, web]))
    points = [(float(np.mean(web >= c)), float(np.mean(scholarly >= c))) for c in [*cuts, np.inf]]
    corners = [
        p for i, p in enumerate(points) if not 0 < i < len(points) - 1 or points[i - 1][0] != points[i + 1][0]
    ]
    path = " ".join(f"{60 + 320 * x:.1f},{340 - 320 * y:.1f}" for x, y in corners)
    ticks = "".join(
        f'<text x="{60 + 320 * t}" y="358" text-anchor="middle">{t}</text>'
        f'<text x="52" y="{344 - 320 * t}" text-anchor="end">{t}</text>'
        for t in (0, 0.5, 1)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 390" font-family="sans-serif" font-size="12">'
        "<title>ROC curve of the model of scholarly prose on held-out texts</title>"
        '<rect width="400" height="390" fill="#fff"/>'
        '<rect x="60" y="20" width="320" height="320" fill="none" stroke="#999"/>'
        f'<polyline points="{path}" fill="none" stroke="#1f5fa8" stroke-width="2"/>{ticks}'
        '<text x="220" y="380" text-anchor="middle">share of web texts kept</text>'
        '<text x="18" y="180" text-anchor="middle" transform="rotate(-90 18 180)">share of scholarly texts kept</text>'
        f'<text x="220" y="200" text-anchor="middle">AUC {auc(scholarly, web):.3f}</text></svg>\n'
    )


def _calibration(texts: Sequence[Text]) -> None:
    """Expected calibration error of passages, both classes of equal weight."""
    known = [one for one in texts if one.fold == 0 and one.source in TRAINED]
    passages = cut(known, SEED)
    model = shipped_model()
    weights = model.weights.astype(np.int64)
    sums = np.array([weights[(k >> np.uint64(64 - BITS)).astype(np.int64)].sum() for k in passages.keys])
    odds = model.offset + model.slope * (sums + model.per_token * passages.words) / (
        passages.words + model.shrink
    )
    p, y = 1 / (1 + np.exp(-odds)), passages.scholarly
    share = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    error = sum(abs(float((share * (p - y))[bins == b].sum())) for b in range(BINS))
    print(f"\npassages of 40 to 800 words: AUC {auc(p[y], p[~y]):.4f}, calibration error {error:.3f}")
    for low, high in ((20, 80), (80, 200), (200, 801)):
        part = (passages.words >= low) & (passages.words < high)
        print(
            f"   {low} to {high - 1} words: AUC {auc(p[part & y], p[part & ~y]):.4f} "
            f"({int((part & y).sum())} scholarly, {int((part & ~y).sum())} web)"
        )


def _bias(texts: Sequence[Text], odds: np.ndarray, least: float) -> None:
    """How often abstracts that mention people by an axis are dropped, against those that do not."""
    mine = [i for i, one in enumerate(texts) if one.source == "medical_abstracts"]
    tokens = tokenize([texts[i].text for i in mine])
    found = mentions(tokens)
    text = np.searchsorted(tokens.offsets, found.at, side="right") - 1
    dropped = odds[mine] < least
    print("\n| medical abstracts that mention | texts | dropped | of the others |\n|---|---|---|---|")
    for axis, name in enumerate(AXES):
        has = np.zeros(len(mine), np.bool_)
        has[text[found.axis == axis]] = True
        if has.sum() >= 20:
            print(f"| {name} | {has.sum()} | {dropped[has].mean():.3f} | {dropped[~has].mean():.3f} |")


def report(texts: Sequence[Text], svg: Path | None = None) -> float:
    """Print all figures; the AUC of held-out texts of the kinds that were trained on."""
    texts = seen_by_none(texts)
    tokens = tokenize([one.text for one in texts])
    odds = shipped_model().log_odds(tokens)
    least = float(np.log(Scholarly.min_score / (1 - Scholarly.min_score)))
    source = np.array([one.source for one in texts])
    work = np.array([one.work for one in texts])
    papers = np.isin(source, ("jats", "sections", "openlogic", "deep_review", "jose"))
    others = np.isin(source, SCHOLARLY) & ~papers
    web = np.isin(source, ("web_bad", "web_good", "web_pages"))
    for name, which, against in (
        ("held-out works of trained sources", papers, web),
        ("scholarly sources that were not trained on, same web texts", others, web),
        (
            "the same scholarly sources, web archive that was not trained on",
            others,
            source == "archive_pages",
        ),
    ):
        low, high = interval(odds[which], work[which], odds[against])
        n, m = int(which.sum()), int(against.sum())
        value = auc(odds[which], odds[against])
        print(f"AUC {value:.4f} (95% {low:.4f} to {high:.4f}), {n} against {m}: {name}")
    _by_source(texts, odds, least)
    groups = {name: odds[source == name] for name in ("web_bad", "web_good", "archive_pages")}
    _roc(odds[papers], groups)
    _roc(odds[others], groups)
    _calibration(texts)
    _bias(texts, odds, least)
    if svg:
        svg.write_text(_svg(odds[papers], odds[web]), encoding="utf-8")
    return auc(odds[papers], odds[web])


def main() -> None:
    texts = sources(CORPORA)
    report(texts, Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    some = [one.text for one in texts]
    tokens = tokenize(some)
    print()
    model = shipped_model()
    line("score, tokens given", sum(len(t.encode()) for t in some), cpu_seconds(lambda: model.scores(tokens)))


if __name__ == "__main__":
    main()
