"""Recipes from files and from the command line, with the filters and formats that are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.filters import Clean, all_filters
from colophon.filters.formats import formats
from colophon.pipelines.weights import with_observed
from colophon.schemas import Sections, UsageError, load_recipe

if TYPE_CHECKING:
    from pathlib import Path

    from colophon.schemas import Recipe

__all__ = ["read_recipe", "sections"]


def sections() -> Sections:
    """What a recipe may say of cleaning, filters and formats here."""
    return Sections(clean=Clean, filters=all_filters(), formats=tuple(formats()))


def read_recipe(path: Path, *, sources_required: bool = True) -> Recipe:
    """The recipe in a file.

    Raises:
        UsageError: The file cannot be read.
        RecipeError: Something in it is wrong.
    """
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 at byte {error.start}; a recipe is a YAML text") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}; name the file of a recipe") from error
    recipe = load_recipe(text, base=path.parent, sections=sections(), sources_required=sources_required)
    return with_observed(recipe)
