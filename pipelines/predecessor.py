"""What is known of a dataset that is decided again: its recipe, and the staged units it was made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colophon.pipelines.plan import InputFile, Part, Plan, Unit, code_digest, materials_of
from colophon.pipelines.staged import staged_file
from colophon.pipelines.storage import sha256_of, write_whole
from colophon.pipelines.verify import load_manifest
from colophon.schemas import RecipeError, UsageError, as_plain, fault, load_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from colophon.pipelines.places import AnyPath
    from colophon.schemas import Recipe, Sections, Setting

__all__ = ["Decision", "Predecessor", "decision_over", "predecessor_of", "remember"]

_PLANS = "plans"
_SHORTEST_DIGEST = 6


@dataclass(frozen=True)
class Decision:
    """How a dataset is decided again.

    Attributes:
        plan: The staged units; if there are none, the dataset's own shards.
        predecessor: What the manifest says of the dataset before.
        folder: The dataset before, if its kept documents are decided on; empty if its staged units are.
        reused: Names of the filters whose scores stand in that dataset and need not be made again.
    """

    plan: Plan
    predecessor: dict[str, str]
    folder: str = ""
    reused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Predecessor:
    """A dataset that is decided again.

    Attributes:
        folder: Where it is; None if only its staged units are here.
        sha256: The digest of its manifest.
        recipe: Its recipe as the manifest has it.
        materials: Its filters' models and lists as the manifest has them.
        plan: Its staged units; None if they are not here.
    """

    folder: Path | None
    sha256: str
    recipe: dict[str, Any]
    materials: dict[str, Any]
    plan: Plan | None


def remember(staging: AnyPath, manifest: bytes, plan: Plan) -> None:
    """Write down beside the staged units which of them a dataset was made of."""
    told = json.loads(manifest)
    digest = hashlib.sha256(manifest).hexdigest()
    known = {
        "name": told["name"],
        "version": told["version"],
        "recipe": told["recipe"],
        "materials": told["materials"],
        "plan": asdict(plan),
    }
    write_whole(staging / _PLANS / f"{digest}.json", json.dumps(known).encode())


def predecessor_of(folder: Path, staging: AnyPath, digest: str = "") -> Predecessor:
    """Find out what can be decided again.

    Args:
        folder: A dataset, or a staging folder.
        staging: Where staged units are sought if `folder` is a dataset.
        digest: The first digits of the manifest's digest, where a staging folder knows of several datasets.

    Raises:
        UsageError: The folder is neither, or it is not clear which dataset is meant.
    """
    if (folder / _PLANS).is_dir() and not (folder / "manifest.json").exists():
        sha256 = _only(folder, digest)
        known = _known(folder / _PLANS / f"{sha256}.json")
        return Predecessor(None, sha256, known["recipe"], known["materials"], _whole(folder, known))
    manifest = load_manifest(folder)
    sha256 = sha256_of(folder / "manifest.json")
    path = staging / _PLANS / f"{sha256}.json"
    plan = _whole(staging, _known(path)) if path.is_file() else None
    return Predecessor(folder, sha256, manifest["recipe"], manifest["materials"], plan)


def _whole(staging: AnyPath, known: dict[str, Any]) -> Plan | None:
    """The plan that was written down, if all of its units are still there."""
    plan = _plan(known["plan"])
    return plan if all(staged_file(staging, unit.key).exists() for unit in plan.units) else None


def _only(staging: Path, digest: str) -> str:
    found = sorted(path.stem for path in (staging / _PLANS).glob("*.json"))
    chosen = [one for one in found if one.startswith(digest)]
    if len(chosen) == 1:
        return chosen[0]
    lines = []
    for one in found:
        known = _known(staging / _PLANS / f"{one}.json")
        lines.append(f"  {one[: 2 * _SHORTEST_DIGEST]}  {known['name']} {known['version']}")
    asked = f"--manifest {digest} names" if digest else "the folder holds the units of"
    listed = "\n".join(lines) or "  none"
    raise UsageError(
        f"{staging}: {asked} {len(chosen)} datasets; say which with --manifest and the first digits of its "
        f"manifest's digest:\n{listed}"
    )


def _known(path: AnyPath) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: cannot be read: {error}; it may be deleted, the units beside it are not lost"
        ) from error
    return known


def _plan(told: dict[str, Any]) -> Plan:
    units = tuple(
        Unit(
            unit["index"],
            unit["key"],
            tuple(Part(InputFile(**part["file"]), part["start"], part["end"]) for part in unit["parts"]),
        )
        for unit in told["units"]
    )
    return Plan(units, told["partitions"], told["digest"], told["hidden"])


def decision_over(before: Predecessor, recipe: Recipe, sections: Sections) -> tuple[Recipe, Decision]:
    """Whether, and how, a recipe can decide again what another one made.

    Over staged units every rule may change, and nothing that says how texts were read and scored. Over the kept
    documents of a dataset alone, deduplication must stay as it was; scores that the dataset lacks are made from its texts.

    Args:
        before: The dataset.
        recipe: The new rules.
        sections: What other rooms declare.

    Returns:
        The recipe as it is carried out, with the sources of the dataset and its cut into units.

    Raises:
        RecipeError: The recipe changes what cannot be decided again; one line for each key.
        UsageError: There is nothing to decide on.
    """
    old = _old_recipe(before, sections)
    recipe = replace(
        recipe,
        sources=_sources(recipe, old, before),
        plan=replace(recipe.plan, unit_size=old.plan.unit_size),
    )
    told = {"manifest_sha256": before.sha256, "name": old.name, "version": old.version}
    if before.plan is not None:
        _refuse(_staged_differences(recipe, old, before))
        return recipe, Decision(before.plan, told | {"decided": "staged units"})
    if before.folder is None:
        raise UsageError("some of the staged units are no longer there; run again with the inputs")
    recipe = replace(recipe, output=replace(recipe.output, shard_size=old.output.shard_size))
    fixed = _differences(_without_filters(recipe), _without_filters(old))
    fixed += _differences(
        {"deduplicate": as_plain(recipe.deduplicate, _any)}, {"deduplicate": as_plain(old.deduplicate, _any)}
    )
    _refuse(fixed)
    reused = tuple(name for name, one in recipe.filters.items() if _scored_alike(name, one, old, before))
    return recipe, Decision(
        _shards(before.folder), told | {"decided": "kept documents"}, str(before.folder), reused
    )


def _any(_setting: Setting) -> bool:
    return True


def _fixed(setting: Setting) -> bool:
    return not (setting.policy or setting.local)


def _old_recipe(before: Predecessor, sections: Sections) -> Recipe:
    form = json.loads(json.dumps(before.recipe))
    for source in form["sources"]:
        source["path"] = str(before.folder or ".")
    # Filters of a package that is not installed here: their columns are left behind.
    form["filters"] = {name: value for name, value in form["filters"].items() if name in sections.filters}
    form["filters"] |= {name: False for name in sections.filters if name not in form["filters"]}
    form["weights"] = False  # those of the new recipe are made, whatever they were
    try:
        return load_recipe(json.dumps(form), base=Path(), sections=sections)
    except RecipeError as error:
        raise RecipeError(
            f"the recipe in the dataset's manifest is not one of this version of Colophon:\n{error}"
        ) from error


def _sources(recipe: Recipe, old: Recipe, before: Predecessor) -> tuple[Any, ...]:
    """The sources of the dataset, with what the new recipe says of their owners, terms, consent and priority."""
    given = {source.name: source for source in recipe.sources}
    faults = []
    known = {source.name for source in old.sources}
    faults += [
        fault(f"sources.{name}", name, "a source of the dataset", f"it has {', '.join(sorted(known))}")
        for name in given
        if name not in known
    ]
    sources = []
    for source in old.sources:
        new = given.get(source.name, source)
        faults += _differences(
            {
                f"sources.{source.name}": as_plain(new, _fixed)
                | {"include": new.include, "exclude": new.exclude}
            },
            {
                f"sources.{source.name}": as_plain(source, _fixed)
                | {"include": source.include, "exclude": source.exclude}
            },
        )
        sources.append(replace(new, path=str(before.folder or ".")))
    _refuse(faults)
    return tuple(sources)


def _without_filters(recipe: Recipe) -> dict[str, Any]:
    form: dict[str, Any] = as_plain(recipe, _fixed)
    return {key: value for key, value in form.items() if key != "filters"}


def _staged_differences(recipe: Recipe, old: Recipe, before: Predecessor) -> list[str]:
    faults = _differences(_without_filters(recipe), _without_filters(old))
    for name, one in recipe.filters.items():
        if name not in old.filters:
            faults.append(fault(f"filters.{name}", "on", "false", "the staged units have no scores of it"))
            continue
        faults += _differences(
            {f"filters.{name}": as_plain(one, _fixed)},
            {f"filters.{name}": as_plain(old.filters[name], _fixed)},
        )
        if not _scored_alike(name, one, old, before) and not faults:
            faults.append(
                f"filters.{name}: its model or list is another than the one the scores were made with"
            )
    return faults


def _scored_alike(name: str, one: Any, old: Recipe, before: Predecessor) -> bool:
    """Whether the scores that are there are those that a filter would give."""
    if name not in old.filters or as_plain(one, _fixed) != as_plain(old.filters[name], _fixed):
        return False
    known = before.materials.get(name, {})
    return all(known.get(key) == value for key, value in materials_of(one).items())


def _differences(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    was, found = dict(_flat(old)), []
    for key, value in _flat(new):
        if value != was.get(key):
            hint = "it says what was read and scored, so it can only change with a run over the inputs"
            if key.startswith("deduplicate"):
                hint = "only what was kept is here; with the staged units (--staging) it could change"
            found.append(fault(key, value, json.dumps(was.get(key)), hint))
    return found


def _flat(form: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in form.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", list(value) if isinstance(value, tuple) else value


def _refuse(faults: list[str]) -> None:
    if faults:
        raise RecipeError("\n".join(dict.fromkeys(faults)))


def _shards(folder: Path) -> Plan:
    """The shards of a dataset as units of work."""
    manifest = load_manifest(folder)
    names = sorted(name.removeprefix("data/") for name in manifest["files"] if name.startswith("data/"))
    units = []
    for index, name in enumerate(names):
        size = sum(manifest["files"][f"{table}/{name}"]["bytes"] for table in ("data", "ledger"))
        file = InputFile("", str(folder / "data" / name), name, size, "")
        units.append(Unit(index, name, (Part(file),)))
    digest = hashlib.sha256((folder / "manifest.json").read_bytes() + code_digest().encode()).hexdigest()
    return Plan(tuple(units), 1, digest, 0)
