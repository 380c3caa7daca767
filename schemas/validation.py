r"""How a settings dataclass is made from YAML, with every fault told at once, and how it explains itself.

A settings class is a dataclass whose fields are ``Annotated[type, Setting("meaning", …)]``; a field without a
`Setting` is no key. Types are ``bool``, ``int``, ``float``, ``str``, another settings class, a tuple or list of
``str`` or of a settings class, and any of these with ``| None``. What two keys may not be together, the class's
``__post_init__`` says with a ``ValueError`` of one sentence; if that begins with a key's name, its line is told.

>>> @dataclass(frozen=True)
... class Reader:
...     limit: Annotated[int, Setting("Larger files are left out.", unit="bytes", minimum=1)] = 2**20
...     tongue: Annotated[str, Setting("The language.", choices=("en", "no"))] = "en"
>>> build(Reader, "limit: 64 kB")[0]
Reader(limit=64000, tongue='en')
>>> build(Reader, "limit: 0\ntonge: en\ntongue: no")
Traceback (most recent call last):
colophon.schemas.errors.RecipeError: limit (line 1): given 0, allowed is a size of at least 1 byte
tonge (line 2): no such key, did you mean tongue? Known here: limit, tongue
tongue (line 3): given no, allowed is one of en, no; YAML reads an unquoted no as false: write "no" in quotes
"""

from __future__ import annotations

import math
import re
import textwrap
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from colophon.schemas.errors import RecipeError
from colophon.schemas.settings import Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Key",
    "as_plain",
    "build",
    "explained_yaml",
    "fault",
    "json_schema",
    "keys_of",
    "parse_size",
    "size_text",
]

T = TypeVar("T")

MAX_CHARACTERS: Final = 2**18
"""Longest text that is parsed; a recipe of a thousand sources has about a third of it."""
MAX_VALUES: Final = 100_000
"""Most values that are looked at, each alias counted anew: what a bomb of anchors runs into."""
MAX_FAULTS: Final = 50
"""Most faults that are told at once."""

_SHOWN = 60  # characters of a wrong value that may still be a slip of the pen
_REPEATED = 300  # characters of a wrong value that a message repeats
_WIDTH = 98  # columns of an explained recipe
_SIZES = {
    "B": 1,
    **{f"{prefix}B": 1000**power for power, prefix in enumerate("kMGT", 1)},
    **{f"{prefix}iB": 1024**power for power, prefix in enumerate("KMGT", 1)},
}
_SIZE = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?) *(?P<unit>([kKmMgGtT][iI]?)?[bB])?")
_SIZE_PATTERN = r"^[0-9]+(\.[0-9]+)? *([kKmMgGtT][iI]?)?[bB]$"  # for a JSON Schema, whose strings have a unit
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")
_TAG = "tag:yaml.org,2002:"
_BAD: Any = object()  # stands for a value whose fault is told already
_READ_AS = {
    "bool": "true or false",
    "int": "a number",
    "float": "a number",
    "null": "nothing",
    "timestamp": "a date",
}
_JSON_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_SYNTAX_HINTS = (
    ("scanning an alias", "a value that begins with * must stand in quotes"),
    ("scanning an anchor", "a value that begins with & must stand in quotes"),
    ("undefined alias", "a value that begins with * must stand in quotes"),
    ("tag handle", "a value that begins with ! must stand in quotes"),
    ("'\\t'", "indent with spaces, not with tabs"),
    ("cannot start any token", "a value that begins with this character must stand in quotes"),
    ("mapping values are not allowed", "check the indentation, and quote a value that contains a colon"),
    ("could not find expected ':'", "a key needs a colon and a space after it"),
    (
        "expected <block end>",
        "keys of one section begin in the same column, and nothing may follow a closed quotation mark",
    ),
    ("expected a single document", "only one document, without a --- between parts, can be read"),
    ("expected '<document start>'", "each line needs a key, a colon and a value"),
    ("quoted scalar", "a quotation mark is not closed"),
    ("escape character", "in double quotes a backslash begins an escape: use single quotes"),
)


@dataclass(frozen=True)
class Key:
    """One key of a settings class.

    Attributes:
        name: As written in YAML.
        kind: The Python type, without ``| None``.
        optional: Whether null is allowed; for a section, whether it can be turned ``off``.
        setting: What the key means.
        default: Its default, ``dataclasses.MISSING`` if it must be given.
    """

    name: str
    kind: Any
    optional: bool
    setting: Setting
    default: Any

    @property
    def required(self) -> bool:
        """Whether the key has no default."""
        return self.default is MISSING

    @property
    def section(self) -> bool:
        """Whether keys stand under this one."""
        return is_dataclass(self.kind)

    @property
    def element(self) -> Any:
        """The type of a list's elements; None if this is no list."""
        return get_args(self.kind)[0] if get_origin(self.kind) in (tuple, list) else None

    def allowed(self) -> str:
        """What the key allows, as a sentence goes on after "allowed is"."""
        setting, what = self.setting, ""
        if self.section:
            what = "keys of its own, indented under it" + (", or off" if self.optional else "")
        elif is_dataclass(self.element):
            what = "a list, each entry with keys of its own"
        elif self.element is not None:
            what = f"a list of any of {', '.join(setting.choices)}" if setting.choices else "a list of texts"
        elif setting.choices:
            what = f"one of {', '.join(setting.choices)}"
        elif setting.unit == "bytes":
            what = f"a size{self._limits() or ', such as 64 MB'}"
        elif self.kind in (int, float):
            number = "a whole number" if self.kind is int else "a number"
            what = number + (f" of {setting.unit}" if setting.unit else "") + self._limits()
        else:
            what = "true or false" if self.kind is bool else "text"
        return f"{what} or null" if self.optional and not self.section else what

    def _limits(self) -> str:
        write = _bytes_text if self.setting.unit == "bytes" else _number_text
        low, high = (None if x is None else write(x) for x in (self.setting.minimum, self.setting.maximum))
        if low is not None and high is not None:
            return f" from {low} to {high}"
        return f" of at least {low}" if low is not None else f" of at most {high}" if high is not None else ""


@lru_cache(maxsize=256)
def keys_of(cls: type) -> Mapping[str, Key]:
    """The keys of a settings class by name, in the order of their declaration."""
    hints = get_type_hints(cls, include_extras=True)
    keys = {}
    for each in fields(cls):
        kind, *notes = get_args(hints[each.name]) if get_origin(hints[each.name]) is Annotated else (None,)
        setting = next((note for note in notes if isinstance(note, Setting)), None)
        if setting is None:
            continue
        optional = get_origin(kind) in (Union, types.UnionType)
        if optional:
            kind = next(option for option in get_args(kind) if option is not type(None))
        default = each.default if each.default_factory is MISSING else each.default_factory()
        keys[each.name] = Key(each.name, kind, optional, setting, default)
    return keys


def fault(path: str, given: object, allowed: str, hint: str = "", *, line: int | None = None) -> str:
    """One line that tells what is wrong with a key.

    Args:
        path: The key's path, for example ``sources[0].path``; empty for the whole recipe.
        given: The value that is wrong.
        allowed: What would be right, without a full stop.
        hint: What may help; empty for nothing.
        line: The line of the YAML text, from 1.

    >>> fault("sources[0].path", "papers", "a file or folder that exists", "it is sought beside the recipe")
    'sources[0].path: given "papers", allowed is a file or folder that exists; it is sought beside the recipe'
    """
    return _told(path, line, f"given {_shown(given)}, allowed is {allowed}" + (f"; {hint}" if hint else ""))


def build(cls: type[T], text: str, *, what: str = "the recipe") -> tuple[T, Mapping[str, int]]:
    """Make a settings object from YAML text.

    Args:
        cls: The settings class of the whole text.
        text: YAML 1.1 as PyYAML reads it; anchors and aliases are understood, merge keys and tags are not.
        what: What the text is, for messages.

    Returns:
        The object, and the line (from 1) of every key that was given, by its path.

    Raises:
        RecipeError: Something is wrong; the message has one fault on each line.
    """
    node = _compose(text, what)
    builder = _Builder(cls)
    try:
        value = builder.section(cls, MISSING, node, "")
    except _EnoughError as stop:
        raise RecipeError("\n".join([*builder.told(), str(stop)])) from None
    if builder.faults:
        raise RecipeError("\n".join(builder.told()))
    return value, builder.lines


def as_plain(value: Any, keep: Callable[[Setting], bool]) -> Any:
    """A settings object as dicts, lists and scalars, with those keys whose `Setting` passes `keep`."""
    cls: Any = type(value)
    if is_dataclass(value):
        pairs = [(key, getattr(value, key.name)) for key in keys_of(cls).values() if keep(key.setting)]
        # A default of 1 and a given 1.0 are the same setting and must be the same JSON.
        return {
            key.name: as_plain(float(v) if key.kind is float and v is not None else v, keep)
            for key, v in pairs
        }
    if isinstance(value, Mapping):
        return {name: as_plain(each, keep) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(each, keep) for each in value]
    return value


def json_schema(cls: type) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a settings class, so that editors complete and check a recipe."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object_schema(cls),
        "type": "object",
    }


def explained_yaml(instance: Any) -> str:
    """A settings object as YAML in which a comment before each key says what it means and allows.

    `build` makes an equal object of it. Of a list's entries only the first is explained; of an empty list of
    sections, a comment shows how an entry would look.
    """
    return "\n".join(_explained(type(instance), _values(instance), "", gaps=True)).lstrip("\n") + "\n"


def parse_size(text: str) -> int:
    """Bytes as a person writes them: kB, MB, GB, TB are powers of 1000, KiB, MiB, GiB, TiB of 1024.

    Raises:
        ValueError: The text is no size.

    >>> parse_size("64 MB"), parse_size("256MiB"), parse_size("1.5 gb"), parse_size("12")
    (64000000, 268435456, 1500000000, 12)
    """
    if not _is_size(text):
        raise ValueError(f"{_shown(text)} is no size")
    number, unit = _SIZE.fullmatch(text.strip()).group("number", "unit")  # type: ignore[union-attr]  # see above
    factor = next(factor for name, factor in _SIZES.items() if name.lower() == (unit or "B").lower())
    return int(Fraction(number) * factor)


def size_text(size: float) -> str:
    """A number of bytes in the unit that needs the fewest digits, exactly.

    >>> size_text(64 * 2**20), size_text(1_500_000_000), size_text(1), size_text(0)
    ('64 MiB', '1500 MB', '1', '0')
    """
    whole = int(size)
    options = [(whole // factor, f" {unit}") for unit, factor in _SIZES.items() if whole % factor == 0]
    number, unit = min(options, key=lambda option: len(str(option[0])))
    return f"{number}{unit}" if whole and unit != " B" else str(whole)


def _bytes_text(size: float) -> str:
    text = size_text(size)
    return f"{text} byte{'s' * (size != 1)}" if text.isdigit() else text


class _EnoughError(Exception):
    """Reading further would help nobody."""


class _Builder:
    """Walks YAML nodes along the types of a settings class and gathers faults."""

    def __init__(self, root: type) -> None:
        self.root = root
        self.faults: list[tuple[int, str]] = []
        self.lines: dict[str, int] = {}
        self.values = 0

    def told(self) -> list[str]:
        return [message for _, message in sorted(self.faults, key=itemgetter(0))]

    def fail(self, node: yaml.Node, path: str, message: str) -> Any:
        self.faults.append((_line(node), _told(path, _line(node), message)))
        if len(self.faults) >= MAX_FAULTS:
            raise _EnoughError(f"and perhaps more: these {MAX_FAULTS} come first")
        return _BAD

    def refuse(self, node: yaml.Node, path: str, allowed: str, hint: str = "") -> Any:
        given = _given(node)
        return self.fail(node, path, f"given {given}, allowed is {allowed}" + (f"; {hint}" if hint else ""))

    def count(self, node: yaml.Node) -> None:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _EnoughError(
                _told("", _line(node), f"there are more than {MAX_VALUES:,} values, aliases (*name) expanded")
            )

    def section(self, cls: type, default: Any, node: yaml.Node, path: str) -> Any:
        """An object of a settings class from a mapping; keys that are not given stay as in `default`."""
        self.count(node)
        keys = keys_of(cls)
        if not isinstance(node, yaml.MappingNode) and not _is_null(node):
            hint = _entry_hint(cls, node)
            if isinstance(node, yaml.SequenceNode):
                hint = 'write "NAME: VALUE" on each line, without "- "'
            elif _switch(node) is False:
                hint = "this section cannot be turned off"
            return self.refuse(node, path, "keys of its own, each with a colon and a value", hint)
        before = len(self.faults)
        nodes = self.pairs(cls, node, path)
        given = {name: self.value(keys[name], value, _join(path, name)) for name, value in nodes.items()}
        missing = [key for key in keys.values() if key.required and key.name not in nodes]
        for key in missing:
            self.fail(node, _join(path, key.name), f"missing, it needs {key.allowed()}: {key.setting.doc}")
        wrong = [keys[name] for name, value in given.items() if value is _BAD]
        if missing or not all(key.section or is_dataclass(key.element) for key in wrong):
            return _BAD
        # What is wrong inside a section below does not hide what is wrong between the keys of this one.
        given = {name: value for name, value in given.items() if value is not _BAD}
        try:
            value = cls(**given) if default is MISSING else replace(default, **given)
        except ValueError as error:
            for message in str(error).splitlines() or ["these keys do not go together"]:
                first = message.partition(" ")[0]
                at = _join(path, first) if first in keys else path
                self.fail(nodes.get(first, node), at, message)
        return _BAD if len(self.faults) > before else value

    def pairs(self, cls: type, node: yaml.Node, path: str) -> dict[str, yaml.Node]:
        """The known keys of a mapping with their nodes; unknown and repeated ones are told."""
        known: dict[str, yaml.Node] = {}
        seen: dict[str, int] = {}
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            self.count(key)
            if not isinstance(key, yaml.ScalarNode):
                self.fail(key, path, f"{_given(key)} stands where the name of a key is needed")
                continue
            name = key.value  # as written: YAML would read a key such as `on` as true
            at = _join(path, _clipped(name))
            if name in seen:
                self.fail(key, at, f"stands in line {seen[name]} already; keep one of the two")
            elif name in keys_of(cls):
                known[name] = value
                self.lines[at] = _line(key)
            else:
                self.fail(key, at, self.unknown(cls, name))
            seen.setdefault(name, _line(key))
        return known

    def unknown(self, cls: type, name: str) -> str:
        known = list(keys_of(cls))
        if name == "<<":
            return "merge keys are not understood, write the keys out"
        near = get_close_matches(name.lower().replace("-", "_"), known, 1) if len(name) < _SHOWN else []
        near = near or [path for path in _paths(self.root, "") if path.rpartition(".")[2] == name][:1]
        guess = f", did you mean {near[0]}?" if near else "."
        return f"no such key{guess} Known here: {', '.join(known) or 'no keys at all'}"

    def value(self, key: Key, node: yaml.Node, path: str) -> Any:
        """The value of one key."""
        if key.section:
            if key.optional and (switch := _switch(node)) is not None:
                if not switch:
                    return None
                node = yaml.ScalarNode(f"{_TAG}null", "", node.start_mark, node.end_mark)
            return self.section(key.kind, MISSING if key.default is None else key.default, node, path)
        self.count(node)
        if key.optional and _is_null(node):
            return None
        if key.element is not None:
            return self.items(key, node, path)
        if isinstance(node, yaml.ScalarNode) and not _is_null(node):
            return self.scalar(key, node, path)
        default = "" if key.required else f"leave the key out for the default {_scalar(key, key.default)}"
        return self.refuse(node, path, key.allowed(), default if _is_null(node) else "")

    def items(self, key: Key, node: yaml.Node, path: str) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            hint = f"put it in brackets: [{_given(node)}]" if isinstance(node, yaml.ScalarNode) else ""
            if is_dataclass(key.element):
                hint = _entry_hint(key.element, node, "[{{{}}}]") or 'begin each entry with "- "'
            return self.refuse(node, path, key.allowed(), hint)
        element = Key(key.name, key.element, optional=False, setting=key.setting, default=MISSING)
        found = [self.value(element, item, f"{path}[{i}]") for i, item in enumerate(node.value)]
        if any(item is _BAD for item in found):
            return _BAD
        return found if get_origin(key.kind) is list else tuple(found)

    def scalar(self, key: Key, node: yaml.ScalarNode, path: str) -> Any:
        if not node.tag.startswith(_TAG):
            return self.fail(node, path, f"tags such as {_clipped(node.tag)} are not understood")
        if key.kind is bool:
            switch = _switch(node)
            word = node.value.lower() in _TRUE + _FALSE
            hint = f"without quotes: {node.value.lower()}" if word else ""
            return self.refuse(node, path, key.allowed(), hint) if switch is None else switch
        if key.kind is str:
            return self.text(key, node, path)
        return self.number(key, node, path)

    def text(self, key: Key, node: yaml.ScalarNode, path: str) -> Any:
        choices = key.setting.choices
        kind = node.tag.removeprefix(_TAG)
        if kind != "str":
            reading = f"{_switch(node)}".lower() if kind == "bool" else _READ_AS.get(kind, "something else")
            hint = f'YAML reads an unquoted {_clipped(node.value)} as {reading}: write "{_clipped(node.value)}" in quotes'
            self.refuse(node, path, key.allowed(), hint)
            return (
                node.value if node.style is None and node.value else _BAD
            )  # so that more of it can be checked
        if choices and node.value not in choices:
            near = get_close_matches(node.value.lower(), choices, 1) if len(node.value) < _SHOWN else []
            return self.refuse(node, path, key.allowed(), f"did you mean {near[0]}?" if near else "")
        if re.search("[\0\ud800-\udfff]", node.value):
            return self.refuse(
                node, path, f"{key.allowed()} without the characters U+0000 and U+D800 to U+DFFF"
            )
        return node.value

    def number(self, key: Key, node: yaml.ScalarNode, path: str) -> Any:
        setting, given, plain = key.setting, node.value.replace("_", ""), node.style is None
        value: float = math.nan
        hint = ""
        if setting.unit == "bytes" and (plain or not _INTEGER.match(given)):
            if _is_size(given):
                value = parse_size(given)
            else:
                hint = "a unit is one of kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024)"
        elif plain and len(given) < _SHOWN and (_INTEGER if key.kind is int else _NUMBER).match(given):
            value = int(given) if key.kind is int else float(given)
        else:
            hint = _number_hint(key, given, plain=plain)
        low = -math.inf if setting.minimum is None else setting.minimum
        high = math.inf if setting.maximum is None else setting.maximum
        within = math.isfinite(value) and low <= value <= high
        return value if within else self.refuse(node, path, key.allowed(), hint)


def _compose(text: str, what: str) -> yaml.Node:
    if len(text) > MAX_CHARACTERS:
        raise RecipeError(f"{what} has {len(text):,} characters, allowed are {MAX_CHARACTERS:,}")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = ", ".join(filter(None, (error.context, error.problem)))
        hint = next((hint for sign, hint in _SYNTAX_HINTS if sign in problem), "")
        message = f"{where}not YAML: {problem}" + (f"; {hint}" if hint else "")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"line {line}: not YAML: the character U+{ord(text[error.position]):04X} is not allowed"
    except RecursionError:
        message = f"{what} is nested too deeply"
    except ValueError as error:  # PyYAML lets some of Python's own pass, for example of \U00110000
        message = f"not YAML: {error}"
    else:
        if node is not None:
            return node
        message = f"{what} is empty; `colophon recipe` prints one to begin with"
    raise RecipeError(_printable(" ".join(message.split()))) from None


def _is_size(text: str) -> bool:
    return len(text) <= _SHOWN and _SIZE.fullmatch(text.strip()) is not None


def _entry_hint(cls: Any, node: yaml.Node, form: str = "{}") -> str:
    """How a bare value would stand under the one key of a section that must be given."""
    required = [key.name for key in keys_of(cls).values() if key.required]
    bare = isinstance(node, yaml.ScalarNode) and len(required) == 1 and not _is_null(node)
    return f"write {form.format(f'{required[0]}: {_given(node)}')}" if bare else ""


def _number_hint(key: Key, given: str, *, plain: bool) -> str:
    number = len(given) < _SHOWN and _NUMBER.match(given)
    if number and not plain:
        return f"write the number without quotes: {given}"
    if number and key.kind is int and float(given).is_integer():
        return f"write {int(float(given))}"
    return (
        "write a point for the decimal comma"
        if _NUMBER.match(given.replace(",", ".", 1)) and "," in given
        else ""
    )


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _told(path: str, line: int | None, message: str) -> str:
    where = f"{path} (line {line})" if path and line else path or (f"line {line}" if line else "")
    return _printable(f"{where}: {message}" if where else message)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _paths(cls: type, path: str) -> Iterator[str]:
    """The paths of all keys below a class."""
    for key in keys_of(cls).values():
        yield _join(path, key.name)
        below = key.kind if key.section else key.element
        if is_dataclass(below):
            yield from _paths(below, _join(path, key.name))  # type: ignore[arg-type]  # a class, not an object


def _is_null(node: yaml.Node) -> bool:
    return bool(node.tag == f"{_TAG}null")


def _switch(node: yaml.Node) -> bool | None:
    """What an unquoted true, on, yes, false, off or no says; None for all else."""
    if not isinstance(node, yaml.ScalarNode) or node.tag != f"{_TAG}bool":
        return None
    return True if node.value.lower() in _TRUE else False if node.value.lower() in _FALSE else None


def _given(node: yaml.Node) -> str:
    """A node as its author wrote it."""
    if isinstance(node, yaml.ScalarNode):
        if node.style is None:
            return _clipped(node.value) if node.value else "nothing"
        return _shown(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "keys with values"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return _quoted(_clipped(value))
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, tuple | list):
        return _clipped(f"[{', '.join(map(_shown, value[:_SHOWN]))}]")
    return "keys with values" if isinstance(value, dict) else _clipped(str(value))


def _clipped(text: str) -> str:
    return text if len(text) <= _REPEATED else f"{text[: _REPEATED - 1]}…"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def _escape(c: str) -> str:
    code = ord(c)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _quoted(text: str) -> str:
    """Text as a double-quoted YAML scalar. JSON's would not do: YAML joins no surrogate pairs."""
    return f'"{_printable(text.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34)))}"'


def _number_text(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(number)


def _scalar(key: Key, value: Any) -> str:
    """A default as it would stand in YAML."""
    if value is None:
        return "null"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_scalar(key, each) for each in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]+", value) and yaml.safe_load(value) == value
        return value if plain else _quoted(value)
    if key.setting.unit == "bytes":
        return size_text(value)
    text = repr(value)  # YAML 1.1 takes 1e-07 for text, but not 1.0e-07
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _values(settings: Any) -> dict[str, Any]:
    cls: Any = type(settings)
    return {name: getattr(settings, name) for name in keys_of(cls)}


def _explained(cls: type, values: Mapping[str, Any], indent: str, *, gaps: bool) -> list[str]:
    lines: list[str] = []
    for key in keys_of(cls).values():
        value = values[key.name]
        lines += [""] if gaps or key.section else []
        lines += [f"{indent}# {line}" for line in _comment(key, len(indent))]
        sections = is_dataclass(key.element)
        if key.section and value is None:
            lines.append(f"{indent}{key.name}: off")
        elif key.section:
            below = _explained(key.kind, _values(value), f"{indent}  ", gaps=False)
            below = below[1:] if below[:1] == [""] else below
            lines += [f"{indent}{key.name}:", *below] if below else [f"{indent}{key.name}: {{}}"]
        elif sections and not value:
            example = {
                each.name: "..." if each.required else each.default for each in keys_of(key.element).values()
            }
            lines.append(f"{indent}{key.name}: []")
            lines.append(
                f"{indent}# Put entries such as this in place of []; dots must be filled in, the rest are defaults:"
            )
            lines += [f"{indent}# {line}" for line in _entry(key.element, example, "  ", comments=True)]
        elif sections:
            lines.append(f"{indent}{key.name}:")
            for i, each in enumerate(value):
                lines += _entry(key.element, _values(each), f"{indent}  ", comments=i == 0)
        else:
            lines.append(f"{indent}{key.name}: {_scalar(key, value)}")
    return lines


def _entry(cls: Any, values: Mapping[str, Any], indent: str, *, comments: bool) -> list[str]:
    """One entry of a list of sections, its first key behind the dash."""
    lines = [line for line in _explained(cls, values, f"{indent}  ", gaps=False) if line]
    if not comments:
        lines = [line for line in lines if not line.lstrip().startswith("#")]
    first = next(i for i, line in enumerate(lines) if not line.lstrip().startswith("#"))
    lines[first] = f"{indent}- {lines[first].lstrip()}"
    lines[:first] = [line[2:] for line in lines[:first]]
    return lines


def _comment(key: Key, indent: int) -> list[str]:
    setting, allows = key.setting, []
    if not key.section and not is_dataclass(key.element):
        allowed = key.allowed()
        allows = [f"{allowed[0].upper()}{allowed[1:]}."] if allowed not in {"text", "true or false"} else []
    elif key.optional:
        allows = [f"`{key.name}: off` leaves it out."]
    return textwrap.wrap(
        " ".join(filter(None, [setting.doc, *allows])), _WIDTH - indent - 2, break_long_words=False
    )


def _object_schema(cls: Any) -> dict[str, Any]:
    keys = keys_of(cls)
    required = [key.name for key in keys.values() if key.required]
    return {
        "type": ["object", "null"] if not required else "object",
        "properties": {key.name: _key_schema(key) for key in keys.values()},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _key_schema(key: Key) -> dict[str, Any]:
    setting = key.setting
    schema: dict[str, Any] = {"description": setting.doc}
    if setting.unit and setting.unit != "bytes":
        schema["description"] += f" Unit: {setting.unit}."
    if not key.required and not key.section and not is_dataclass(key.element):
        sized = setting.unit == "bytes" and key.default is not None
        schema["default"] = size_text(key.default) if sized else as_plain(key.default, lambda _: True)
    limits = {"minimum": setting.minimum, "maximum": setting.maximum}
    limits = {name: value for name, value in limits.items() if value is not None}
    choices = {"enum": list(setting.choices)} if setting.choices else {}
    options: list[dict[str, Any]]
    if key.section:
        options = [_object_schema(key.kind)]
    elif is_dataclass(key.element):
        options = [{"type": "array", "items": _object_schema(key.element)}]
    elif key.element is not None:
        options = [{"type": "array", "items": {"type": _JSON_TYPES[key.element], **choices}}]
    elif setting.unit == "bytes":
        options = [{"type": "integer", **limits}, {"type": "string", "pattern": _SIZE_PATTERN}]
    else:
        options = [{"type": _JSON_TYPES[key.kind], **limits, **choices}]
    if key.optional:
        options += [{"type": "boolean"}] if key.section else [{"type": "null"}]
    return {**schema, **(options[0] if len(options) == 1 else {"anyOf": options})}
