"""What a recipe is: which texts are curated, by which rules, into what.

A recipe is a YAML file; every key has a default except a source's ``path``. What a filter or the cleaning may be
told stands in their own classes, which come in as `Sections`, for this room knows nothing of filters.
"""

import json
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from colophon.schemas.canonical import canonical_digest
from colophon.schemas.errors import RecipeError
from colophon.schemas.settings import Setting
from colophon.schemas.validation import as_plain, build, explained_yaml, fault, json_schema, keys_of
from colophon.schemas.weights import WEIGHED, Weights

__all__ = [
    "Deduplicate",
    "Output",
    "Plan",
    "Read",
    "Recipe",
    "Sections",
    "Source",
    "default_recipe",
    "explained",
    "load_recipe",
    "output_folder",
    "public_form",
    "recipe_digest",
    "recipe_from_inputs",
    "recipe_json_schema",
    "staging_folder",
    "staging_form",
    "with_inputs",
]

MAX_NAME = 100
"""Longest name, characters: it becomes part of folder and file names."""

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}\Z")
_NUMERAL = r"(?:0|[1-9][0-9]*)"
_LABEL = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
# Semantic Versioning 2.0.0, https://semver.org: MAJOR.MINOR.PATCH, then -PRERELEASE and +BUILD if wanted.
_VERSION = re.compile(
    rf"{_NUMERAL}\.{_NUMERAL}\.{_NUMERAL}(?:-{_LABEL}(?:\.{_LABEL})*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\Z"
)
_PREFERENCES = ("structured", "license", "newer", "longer", "source")
_HEADER = """\
# A recipe of Colophon. Every key has a default: leave out what you do not change.
# Sizes may be written as 64 MB (64,000,000 bytes) or 64 MiB (67,108,864 bytes).
"""


@dataclass(frozen=True)
class Sections:
    """The parts of a recipe that other rooms declare.

    Attributes:
        clean: The settings class of the cleaning.
        filters: The settings class of each filter by its name (a Python identifier), in the order they run.
        formats: The names of the formats that can be read, without ``auto``.
    """

    clean: type
    filters: Mapping[str, type]
    formats: Sequence[str] = ()


@dataclass(frozen=True)
class Source:
    """A folder or file that documents come from, and what its site declares about them."""

    path: Annotated[
        str,
        Setting(
            "The folder or file. A relative path starts at the recipe's folder.",
            local=True,
        ),
    ]
    name: Annotated[
        str,
        Setting(
            "How the source is called in the ledger, the manifest and in documents' identities: letters, digits, "
            "'.', '_' and '-'. If empty, the last part of its path. Keep it when the folder moves.",
        ),
    ] = ""
    include: Annotated[
        tuple[str, ...],
        Setting(
            "Which files are read: patterns below the path, where ** stands for any folders. Quote them.",
            policy=True,
        ),
    ] = ("**",)
    exclude: Annotated[
        tuple[str, ...],
        Setting("Which of these files are left out: patterns as in include.", policy=True),
    ] = ()
    format: Annotated[
        str,
        Setting("What the files are; auto looks at each file's first bytes and its name.", choices=("auto",)),
    ] = "auto"
    text: Annotated[
        str,
        Setting("The column or key that holds the text, in files that have columns (JSON Lines, Parquet)."),
    ] = "text"
    title: Annotated[str, Setting("The column or key that holds the title, likewise.")] = "title"
    license: Annotated[
        str | None,
        Setting(
            "The licence of documents that name none themselves, as an SPDX expression such as CC-BY-4.0. "
            "You declare it; the dataset says that it was declared and not found.",
        ),
    ] = None
    owner: Annotated[str, Setting("Who holds the rights in this collection.", policy=True)] = ""
    terms: Annotated[
        str, Setting("Under which agreement or terms of use the text was obtained.", policy=True)
    ] = ""
    consent: Annotated[
        str, Setting("How the authors agreed to this use, or why no consent is needed.", policy=True)
    ] = ""
    priority: Annotated[
        int,
        Setting(
            "Which source wins among duplicates where deduplicate.prefer says source: the greater number.",
            minimum=-1000,
            maximum=1000,
            policy=True,
        ),
    ] = 0

    def __post_init__(self) -> None:
        if not self.path:
            raise ValueError("path is empty; name a folder or file")
        if self.name and _name_fault(self.name):
            raise ValueError(_name_fault(self.name))
        for key, patterns in (("include", self.include), ("exclude", self.exclude)):
            for pattern in patterns:
                if not pattern or pattern.startswith("/") or ".." in pattern.split("/"):
                    raise ValueError(
                        f"{key} holds the pattern {json.dumps(pattern)}; patterns are sought below the source's path, "
                        'so none may be empty, begin with "/" or contain ".."'
                    )
        if not self.include:
            raise ValueError('include is empty, so nothing would be read; ["**"] reads every file')


@dataclass(frozen=True)
class Read:
    """How files are read, and which limits protect the reader."""

    max_document_size: Annotated[
        int,
        Setting(
            "Larger documents are not read, after decompression; the ledger names them.",
            unit="bytes",
            minimum=2**10,
            maximum=2**30,
        ),
    ] = 64 * 2**20
    references: Annotated[bool, Setting("Whether lists of references are kept in the text.")] = False
    responses: Annotated[
        bool,
        Setting(
            "Whether reviews, letters and replies that stand in an article's file are documents of their own."
        ),
    ] = False
    time_limit: Annotated[
        float,
        Setting(
            "A document that takes longer to parse is given up; the ledger names it.",
            unit="seconds",
            minimum=0.1,
            maximum=86400,
        ),
    ] = 30.0
    memory_limit: Annotated[
        int,
        Setting(
            "A document that needs more memory to parse is given up; the ledger names it.",
            unit="bytes",
            minimum=256 * 2**20,
            maximum=2**44,
        ),
    ] = 2 * 2**30


@dataclass(frozen=True)
class Deduplicate:
    """Which documents count as the same, and which of them stays."""

    enabled: Annotated[bool, Setting("Whether duplicates are dropped.", policy=True)] = True
    threshold: Annotated[
        float,
        Setting(
            "Two documents are duplicates if they share at least this part of their word sequences (Jaccard "
            "similarity, 1 is identical).",
            minimum=0.5,
            maximum=1.0,
            policy=True,
        ),
    ] = 0.8
    shingle_size: Annotated[
        int,
        Setting(
            "How long a compared sequence of words is; shorter finds looser copies.",
            unit="words",
            minimum=1,
            maximum=50,
        ),
    ] = 5
    permutations: Annotated[
        int,
        Setting(
            "How many hash values stand for a document while candidates are sought; more finds more pairs near the "
            "threshold and costs more. Sites that compare datasets must agree on it.",
            minimum=16,
            maximum=512,
        ),
    ] = 128
    prefer: Annotated[
        tuple[str, ...],
        Setting(
            "Which of two duplicates stays; the first that tells them apart decides. structured: marked up (JATS) "
            "before guessed (PDF); license: a licence that SPDX knows before one that is merely named, and that "
            "before none; newer: the later year; longer: more text; source: the greater priority.",
            choices=_PREFERENCES,
            policy=True,
        ),
    ] = _PREFERENCES
    seed: Annotated[
        int,
        Setting(
            "Where the hash functions start. Sites that compare datasets must agree on it.",
            minimum=0,
            maximum=2**32 - 1,
        ),
    ] = 1

    same_work: Annotated[
        bool,
        Setting(
            "Whether documents of one work (one DOI, arXiv, PMC or PubMed number, versions and preprints included, or one "
            "title and first authors) are duplicates at a lower similarity than threshold.",
            policy=True,
        ),
    ] = True
    same_number_threshold: Annotated[
        float,
        Setting(
            "The least similarity of two documents with one number. Below it they are taken for two works that bear one: "
            "chapters, a correction, a supplement, a translation.",
            minimum=0.1,
            maximum=1.0,
            policy=True,
        ),
    ] = 0.3
    same_title_threshold: Annotated[
        float,
        Setting(
            "The least similarity of two documents with one title whose authors, venues, years and DOIs do not differ.",
            minimum=0.1,
            maximum=1.0,
            policy=True,
        ),
    ] = 0.5
    against: Annotated[
        tuple[str, ...],
        Setting(
            "What is held already: folders of datasets of Colophon, and signature packs of other sites.",
            policy=True,
            local=True,
        ),
    ] = ()
    on_match: Annotated[
        str,
        Setting(
            "What happens to a document that a dataset of against holds; its text was compared.",
            choices=("drop", "mark"),
            policy=True,
        ),
    ] = "drop"
    on_pack_match: Annotated[
        str,
        Setting(
            "What happens to a document that a pack of against seems to hold: mark puts the pack's name in the column "
            "already_in. Texts cannot be compared through a pack, so drop also drops a few that are not there.",
            choices=("mark", "drop"),
            policy=True,
        ),
    ] = "mark"
    pack_bands: Annotated[
        int,
        Setting(
            "How many bands a document shares with one of a pack to be taken for it; more finds fewer and errs less.",
            unit="bands",
            minimum=1,
            maximum=64,
            policy=True,
        ),
    ] = 5
    pack_key: Annotated[
        str | None,
        Setting(
            "The file of the key that the packs of against were made with.",
            policy=True,
            local=True,
        ),
    ] = None
    memory: Annotated[
        int,
        Setting(
            "What one step may take to decide on duplicates; before it would need more the run ends and says so.",
            unit="bytes",
            minimum=2**26,
            maximum=2**44,
            policy=True,
            local=True,
        ),
    ] = 4 * 2**30

    def __post_init__(self) -> None:
        twice = [choice for i, choice in enumerate(self.prefer) if choice in self.prefer[:i]]
        if twice:
            raise ValueError(f"prefer names {twice[0]} twice; each choice may stand once")


@dataclass(frozen=True)
class Output:
    """Where the dataset goes, and in files of which kind."""

    path: Annotated[
        str | None,
        Setting(
            "The dataset's folder. A relative path starts at the recipe's folder; null is NAME/VERSION in it.",
            local=True,
        ),
    ] = None
    shard_size: Annotated[
        int,
        Setting(
            "About how large one file of the dataset is. Each is written by one worker, so larger files mean fewer workers at work.",
            unit="bytes",
            minimum=2**20,
            maximum=2**40,
        ),
    ] = 64 * 2**20
    compression_level: Annotated[
        int,
        Setting("The effort of the zstd compression; greater is smaller and slower.", minimum=1, maximum=22),
    ] = 1


@dataclass(frozen=True)
class Plan:
    """How the inputs are cut into units of work."""

    unit_size: Annotated[
        int,
        Setting(
            "About how much input one unit of work holds; none has less than a quarter (but the last) or, unless a "
            "single file has, more than four times that.",
            unit="bytes",
            minimum=2**16,
            maximum=2**40,
        ),
    ] = 16 * 2**20
    staging: Annotated[
        str | None,
        Setting(
            "The folder for finished units, so that an interrupted run goes on where it stopped. A relative path "
            "starts at the recipe's folder; null is .colophon-staging beside the dataset.",
            local=True,
        ),
    ] = None
    compress_staging: Annotated[
        bool,
        Setting(
            "Whether finished units are compressed (LZ4): a third less to store, or to send where staging is far, for "
            "about a tenth more CPU time.",
            local=True,
        ),
    ] = False


@dataclass(frozen=True)
class Recipe:
    """What is curated, by which rules, into what.

    Attributes:
        filters: The settings of each filter that runs, by name, in the order they run.
        filters_off: The names of those that the recipe turns off, in that order; no key of its own.
    """

    name: Annotated[str, Setting("The dataset's name: letters, digits, '.', '_' and '-'.", policy=True)] = (
        "dataset"
    )
    version: Annotated[
        str, Setting("The dataset's version: MAJOR.MINOR.PATCH, as in Semantic Versioning.", policy=True)
    ] = "0.1.0"
    description: Annotated[str, Setting("What the dataset is, for those who find it.", policy=True)] = ""
    site: Annotated[str, Setting("The institution that makes the dataset.", policy=True)] = ""
    contact: Annotated[str, Setting("Whom to ask, for example to withdraw a document.", policy=True)] = ""
    sources: Annotated[
        tuple[Source, ...], Setting("Where documents come from; at least one is needed.", policy=True)
    ] = ()
    read: Annotated[Read, Setting("How files are read, and which limits protect the reader.")] = field(
        default_factory=Read
    )
    clean: Annotated[Any, Setting("How a text is cleaned before it is judged.")] = None
    filters: Annotated[
        Mapping[str, Any],
        Setting(
            "What is measured and judged, in this order. A filter that is not named runs with its defaults."
        ),
    ] = field(default_factory=dict)
    deduplicate: Annotated[
        Deduplicate, Setting("Which documents count as the same, and which of them stays.")
    ] = field(default_factory=Deduplicate)
    weights: Annotated[
        Weights | None,
        Setting(
            "Weights for sampling, a column of the dataset and no decision, such as {reference: [language/en=0.5, "
            "language/de=0.5], observed: [language/en=0.9, language/de=0.1]}.",
            policy=True,
        ),
    ] = None
    output: Annotated[Output, Setting("Where the dataset goes, and in files of which kind.", policy=True)] = (
        field(default_factory=Output)
    )
    plan: Annotated[Plan, Setting("How the inputs are cut into units of work.", policy=True)] = field(
        default_factory=Plan
    )
    filters_off: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults = [_name_fault(self.name)]
        if not _VERSION.match(self.version):
            version = json.dumps(self.version[:MAX_NAME])
            faults.append(f"version {version} is not of the form MAJOR.MINOR.PATCH, for example 1.2.0")
        if any(faults):
            raise ValueError("\n".join(filter(None, faults)))


def load_recipe(text: str, *, base: Path, sections: Sections, sources_required: bool = True) -> Recipe:
    """Read a recipe.

    Args:
        text: The YAML text.
        base: The recipe's folder, where its relative paths start.
        sections: What other rooms declare.
        sources_required: Whether the recipe must name a source; False if the command line does.

    Returns:
        The recipe, with every source named and every relative path put behind `base`.

    Raises:
        RecipeError: Something is wrong; the message has one fault on each line.
    """
    shaped, lines = build(_shape(sections), text)
    recipe = _settled(shaped, base)
    faults = []
    if sources_required and not recipe.sources:
        hint = "write `sources: [{path: FOLDER}]` or name inputs on the command line"
        faults.append(fault("sources", [], "a list of at least one source", hint, line=lines.get("sources")))
    first: dict[str, int] = {}
    for i, source in enumerate(recipe.sources):
        if first.setdefault(source.name, i) != i:
            key = f"sources[{i}].name"
            other = f"sources[{first[source.name]}] has this name already"
            line = lines.get(key, lines.get(f"sources[{i}].path"))
            hint = f"{other}; give each a name of its own"
            faults.append(fault(key, source.name, "a name that no other source has", hint, line=line))
    for column in recipe.weights.wanted() if recipe.weights else ():
        if (needed := WEIGHED[column]) and needed not in recipe.filters:
            hint = f"the filter {needed}, which is off, makes that column"
            allowed = "columns that the dataset has"
            faults.append(
                fault("weights.reference", column, allowed, hint, line=lines.get("weights.reference"))
            )
    if faults:
        raise RecipeError("\n".join(faults))
    return recipe


def default_recipe(sections: Sections) -> Recipe:
    """The recipe that an empty file would be: all defaults, no sources."""
    return _settled(_shape(sections)(), Path())


def recipe_from_inputs(paths: Sequence[Path | str], sections: Sections) -> Recipe:
    """The default recipe with one source for each path, as `with_inputs` makes them."""
    return with_inputs(default_recipe(sections), paths)


def with_inputs(recipe: Recipe, paths: Sequence[Path | str]) -> Recipe:
    """A recipe with other sources: one for each path, whatever their order.

    A source is called after the last part of its path; where two would be called the same, after as many last
    parts as tell them apart.
    """
    return replace(
        recipe,
        sources=tuple(Source(path=path, name=name) for name, path in sorted(_named(paths).items())),
    )


def output_folder(recipe: Recipe, base: Path) -> str:
    """Where the dataset goes, a path or an address: as the recipe says, or NAME/VERSION in `base`."""
    return recipe.output.path or str(base / recipe.name / recipe.version)


def staging_folder(recipe: Recipe, base: Path) -> str:
    """Where finished units are kept, a path or an address: as the recipe says, or beside the dataset's folder."""
    beside = os.path.dirname(output_folder(recipe, base).rstrip("/"))  # noqa: PTH120 - of an address too
    return recipe.plan.staging or os.path.join(beside, ".colophon-staging")  # noqa: PTH118 - likewise


def public_form(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON-able values for the manifest: without `local` keys, sources in the order of their names."""
    form: dict[str, Any] = as_plain(recipe, lambda setting: not setting.local)
    form["sources"].sort(key=lambda source: source["name"])
    form["filters"] |= dict.fromkeys(recipe.filters_off, False)
    form["weights"] = form["weights"] or False  # as whoever writes a recipe turns a section off
    return form


def staging_form(recipe: Recipe, source: Source | None = None) -> dict[str, Any]:
    """What the bytes of a staged unit depend on: all keys that are neither `policy` nor `local`.

    Args:
        recipe: The recipe.
        source: The source that the unit belongs to; its own such keys then stand under ``source``.
    """

    def keep(setting: Setting) -> bool:
        return not (setting.policy or setting.local)

    form: dict[str, Any] = as_plain(recipe, keep)
    return form if source is None else {**form, "source": as_plain(source, keep)}


def recipe_digest(recipe: Recipe) -> str:
    """The digest of the public form's canonical JSON: what a manifest names and whoever verifies it recomputes."""
    return canonical_digest(public_form(recipe))


def explained(recipe: Recipe, sections: Sections) -> str:
    """The recipe as YAML with a comment before each key; `load_recipe` makes the same recipe of it."""
    shape = _shape(sections)
    filters = {name: recipe.filters.get(name) for name in sections.filters}
    values = {each.name: getattr(recipe, each.name) for each in fields(Recipe)}
    shaped = shape(**{**values, "filters": keys_of(shape)["filters"].kind(**filters)})
    return f"{_HEADER}\n{explained_yaml(shaped)}"


def recipe_json_schema(sections: Sections) -> dict[str, Any]:
    """The JSON Schema of a recipe, so that editors complete and check it."""
    return {**json_schema(_shape(sections)), "title": "Recipe of Colophon"}


def _shape(sections: Sections) -> Any:
    """`Recipe` with what other rooms declare in its places: the class that the YAML text is checked against."""
    filters = make_dataclass(
        "Filters",
        [
            (name, Annotated[cls | None, Setting(_first_sentence(cls))], field(default_factory=cls))
            for name, cls in sections.filters.items()
        ],
        frozen=True,
    )
    source = _redeclared(
        Source,
        format=(str, {"choices": ("auto", *sections.formats)}, field(default="auto")),
    )
    return _redeclared(
        Recipe,
        sources=(tuple.__class_getitem__((source, ...)), {}, field(default=())),
        clean=(sections.clean, {}, field(default_factory=sections.clean)),
        filters=(filters, {}, field(default_factory=filters)),
    )


def _redeclared(cls: type, **keys: tuple[Any, dict[str, Any], Any]) -> Any:
    """A settings class in which some keys have another type, changed `Setting` attributes and another default."""
    return make_dataclass(
        cls.__name__,
        [
            (name, Annotated[kind, replace(keys_of(cls)[name].setting, **changes)], default)
            for name, (kind, changes, default) in keys.items()
        ],
        bases=(cls,),
        frozen=True,
    )


def _first_sentence(cls: type) -> str:
    paragraph = " ".join((cls.__doc__ or "").split("\n\n")[0].split())
    # Without a docstring of its own a dataclass has its signature for one.
    return "" if paragraph.startswith(f"{cls.__name__}(") else paragraph


def _settled(shaped: Any, base: Path) -> Recipe:
    """A recipe of the declared classes from one of `_shape`, sources named and relative paths put behind `base`."""
    values = _values(shaped)
    filters = {name: _with_located(each, base) for name, each in _values(shaped.filters).items()}
    sources = []
    for source in shaped.sources:
        path = _located(source.path, base)
        name = source.name or _sanitised(_parts(path)[-1])
        sources.append(Source(**{**_values(source), "path": path, "name": name}))
    output, plan = shaped.output, shaped.plan
    values |= {
        "sources": tuple(sources),
        "filters": {name: each for name, each in filters.items() if each is not None},
        "filters_off": tuple(name for name, each in filters.items() if each is None),
        "deduplicate": _with_located(shaped.deduplicate, base),
        "weights": _with_located(shaped.weights, base),
        "output": replace(output, path=output.path and _located(output.path, base)),
        "plan": replace(plan, staging=plan.staging and _located(plan.staging, base)),
    }
    return Recipe(**values)


def _with_located(settings: Any, base: Path) -> Any:
    """A filter's settings with its own paths (strings that are `local`, or tuples of them) put behind `base`."""
    if settings is None:
        return None
    kind: Any = type(settings)
    paths: dict[str, Any] = {}
    for name, key in keys_of(kind).items():
        value = getattr(settings, name)
        if key.setting.local and isinstance(value, str):
            paths[name] = _located(value, base)
        elif key.setting.local and isinstance(value, tuple):
            paths[name] = tuple(_located(each, base) for each in value)
    return replace(settings, **paths) if paths else settings


def _values(settings: Any) -> dict[str, Any]:
    return {each.name: getattr(settings, each.name) for each in fields(settings)}


def _located(path: str, base: Path) -> str:
    """A path of the recipe; addresses such as gs://bucket/papers stay as they are."""
    return path if "://" in path else str(base / os.path.expanduser(path))  # noqa: PTH111  # pathlib's raises where no home is known


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # pathlib's follows links, and a link's own name is the one meant


def _parts(path: str) -> list[str]:
    """The parts of a path from its root on, links unfollowed; of an address those behind the ``://``."""
    plain = path.partition("://")[2] if "://" in path else _absolute(path)
    return [part for part in plain.split("/") if part] or [""]


def _named(paths: Sequence[Path | str]) -> dict[str, str]:
    """Paths by the names of their sources."""
    given = (str(path) for path in paths)
    parts = {path: _parts(path) for path in sorted({p if "://" in p else _absolute(p) for p in given})}
    depth = dict.fromkeys(parts, 1)
    while True:
        groups: dict[str, list[str]] = {}
        for path in parts:
            groups.setdefault(_sanitised("-".join(parts[path][-depth[path] :])), []).append(path)
        longer = [
            path
            for group in groups.values()
            if len(group) > 1
            for path in group
            if depth[path] < len(parts[path])
        ]
        if not longer:
            break
        for path in longer:
            depth[path] += 1
    # Parts that differ only in characters that no name may have: a number tells them apart.
    named: dict[str, str] = {}
    for name, group in sorted(groups.items()):
        for path in group:
            free = (f"{name}-{i}" if i > 1 else name for i in range(1, len(parts) + 2))
            named[
                next(each for each in free if each not in named and (each == name or each not in groups))
            ] = path
    return named


def _name_fault(name: str) -> str:
    if _NAME.match(name):
        return ""
    return (
        f"name {json.dumps(name[:MAX_NAME], ensure_ascii=False)} must be 1 to {MAX_NAME} of the characters A to Z, "
        f'a to z, 0 to 9, ".", "_" and "-", the first a letter or digit; for example {_sanitised(name)}'
    )


def _sanitised(name: str) -> str:
    """The nearest allowed name: letters without their accents, a hyphen for what is left."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    allowed = re.sub(r"[^A-Za-z0-9._-]+", "-", letters)
    return re.sub(r"^[^A-Za-z0-9]+|-+$", "", allowed)[-(MAX_NAME - 10) :].lstrip("._-") or "source"
