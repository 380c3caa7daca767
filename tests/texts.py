"""Invented texts, and recipes that cut them into many units."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from colophon.runners.recipes import sections
from colophon.schemas import Recipe, default_recipe

WORDS = [
    "the",
    "of",
    "and",
    "a",
    "river",
    "basin",
    "sediment",
    "carbon",
    "model",
    "shows",
    "that",
    "during",
    "winter",
    "flow",
    "rates",
    "were",
    "measured",
    "with",
    "three",
    "sensors",
    "placed",
    "along",
    "every",
    "bank",
    "while",
    "samples",
    "of",
    "water",
    "held",
    "more",
    "nitrogen",
    "than",
    "expected",
    "under",
    "drought",
    "and",
    "the",
    "team",
    "found",
    "no",
    "change",
    "in",
    "species",
    "richness",
    "across",
    "sites",
    "which",
    "suggests",
    "a",
    "stable",
    "community",
    "over",
    "many",
    "years",
    "of",
    "study",
]


def prose(seed: int, words: int = 160) -> str:
    """English-looking sentences that differ with the seed."""
    rng = random.Random(seed)
    chosen = [rng.choice(WORDS) for _ in range(words)]
    sentences = [" ".join(chosen[i : i + 14]).capitalize() + "." for i in range(0, words, 14)]
    return "\n\n".join(" ".join(sentences[i : i + 3]) for i in range(0, len(sentences), 3)) + "\n"


def lenient(recipe: Recipe) -> Recipe:
    """A recipe for which these texts, which name no licence and say nothing of science, are good enough."""
    filters = {name: one for name, one in recipe.filters.items() if name not in {"quality", "scholarly"}}
    filters["rights"] = replace(filters["rights"], unknown="keep")
    return replace(recipe, filters=filters, filters_off=("quality", "scholarly"))


def small_units(**deduplicate: float) -> Recipe:
    """Units and shards so small that these corpora have many."""
    recipe = lenient(default_recipe(sections()))
    return replace(
        recipe,
        plan=replace(recipe.plan, unit_size=2**16),
        output=replace(recipe.output, shard_size=2**16),
        deduplicate=replace(recipe.deduplicate, **deduplicate),
    )


def grow(folder: Path, names: range) -> None:
    folder.mkdir(exist_ok=True)
    for n in names:
        (folder / f"{n:03d}.txt").write_text(prose(n, 3000))
