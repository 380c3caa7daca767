"""How a key of the recipe is declared: type, meaning, unit, limits, and what changes with it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """What a recipe key means; stands in ``Annotated[type, Setting(…)]`` of a settings dataclass's field.

    Attributes:
        doc: One or two sentences for the person who edits the recipe.
        unit: The unit of a number; ``bytes`` also lets the recipe say ``64 MB`` or ``2 GiB``.
        minimum: Least allowed value, inclusive.
        maximum: Greatest allowed value, inclusive.
        choices: The allowed values of a string, or of each string of a list.
        policy: Whether the key only turns scores into fates. A changed policy reads nothing again;
            any other key is part of a staged unit's name.
        local: Whether the key says where or how work is done and not what comes out (a path of this
            machine): it never enters a manifest.
    """

    doc: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    policy: bool = False
    local: bool = False
