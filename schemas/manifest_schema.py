"""The JSON Schema of a manifest, made from what `Manifest` says of its fields."""

from __future__ import annotations

import types
from dataclasses import fields
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from colophon.schemas.manifest import Manifest, Meaning

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["manifest_json_schema"]

_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def manifest_json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``manifest.json``.

    >>> manifest_json_schema()["properties"]["fates"]["required"]
    ['dropped', 'failed', 'kept']

    Raises:
        TypeError: A field of `Manifest` does not say what it means, or has a type that JSON does not.
    """
    hints = get_type_hints(Manifest, include_extras=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of Colophon",
        "description": "The account of a dataset: the one file that is signed. Keys are sorted, so equal manifests are equal bytes.",
        **_closed({each.name: hints[each.name] for each in fields(Manifest)}, "Manifest"),
    }


def _closed(hints: dict[str, Any], where: str, optional: Collection[str] = ()) -> dict[str, Any]:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {name: _described(hint, f"{where}.{name}") for name, hint in hints.items()},
        "required": sorted(set(hints) - set(optional)),
        "additionalProperties": False,
    }


def _described(hint: Any, where: str) -> dict[str, Any]:
    """A value that says what it means."""
    if get_origin(hint) is NotRequired:
        hint = get_args(hint)[0]
    meaning = _meaning(hint)
    if meaning is None or not meaning.doc:
        raise TypeError(f"{where} does not say what it means; annotate it with Meaning(…)")
    return {"description": meaning.doc, **_schema(hint, where)}


def _meaning(hint: Any) -> Meaning | None:
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return next((note for note in notes if isinstance(note, Meaning)), None)


def _schema(hint: Any, where: str) -> dict[str, Any]:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        meaning = _meaning(hint) or Meaning("")
        limits = {"minimum": meaning.minimum} if meaning.minimum is not None else {}
        pattern = {"pattern": meaning.pattern} if meaning.pattern else {}
        return {**_schema(meaning.shape or parts[0], where), **limits, **pattern}
    if is_typeddict(hint):
        each = get_type_hints(hint, include_extras=True)
        # Not __optional_keys__, which does not see through annotations that are strings.
        return _closed(
            each,
            where,
            {name for name, one in each.items() if get_origin(one) is NotRequired or not hint.__total__},
        )
    if origin is dict:
        values = True if parts[1] is Any else _schema(parts[1], where)
        return {"type": "object", "additionalProperties": values}
    if origin is list:
        return {"type": "array", "items": _schema(parts[0], where)}
    found = [_JSON_TYPES.get(part) for part in (parts if origin in (Union, types.UnionType) else (hint,))]
    if None in found:
        raise TypeError(f"{where}: {hint!r} has no counterpart in JSON")
    return {"type": found[0] if len(found) == 1 else found}
