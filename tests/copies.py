"""Documents that are copies of one another, and recipes that look for nothing else."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

from colophon.runners.recipes import sections
from colophon.schemas import Recipe, default_recipe


def plain(**deduplicate: object) -> Recipe:
    """A recipe without filters."""
    recipe = default_recipe(sections())
    return replace(recipe, filters={}, deduplicate=replace(recipe.deduplicate, **deduplicate))


def written(path: Path, *documents: dict[str, object]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def edited(text: str, share: float, seed: int = 0) -> str:
    """The text with that share of its words replaced: about 5 times that share of its sequences of 5 words."""
    rng = random.Random(seed)
    words = text.split()
    for at in rng.sample(range(len(words)), int(len(words) * share)):
        words[at] = f"new{seed}x{at}"
    return " ".join(words)


def reasons(dataset) -> Counter[str]:
    return Counter(row["reason"] for row in dataset.ledger if row["fate"] != "kept")
