r"""Makes LaTeX source plain enough to convert: comments out, verbatim text aside, an author's own macros expanded.

Everything runs in time linear in the source: brackets are paired once for a whole text, and what macros may come to
is bounded by a budget.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["VERBATIM", "ExpansionError", "Finder", "Source", "expand", "matching_braces", "source_of"]

VERBATIM = "\ufdd1"
"""Not a character: stands on both sides of the number of a piece of verbatim text."""

# Noncharacters that this reader uses as its own marks; no text may bring them.
_MARKS = re.compile("[\ufdd0-\ufddf]")

_ASIDE = re.compile(
    r"\\(?:verb\*?(?P<delimiter>[^A-Za-z\s*])|(?:url|path)\s?(?P<url>\{)|begin\s?\{(?P<environment>verbatim\*?|Verbatim\*?|"
    r"lstlisting|minted|comment|filecontents\*?)\}|iffalse(?![A-Za-z])|[\\%])|%[^\n]*(?:\n[ \t]*)?",
    re.DOTALL,
)
_LISTING_OPTIONS = re.compile(r"\s?\[[^\]\n]*\]|\{[^{}\n]*\}")
_BRACES = re.compile(r"\\[\\{}]|[{}]")
_BLANK_LINES = re.compile(r"\n[ \t\r\f\v]*\n\s*")
_CONDITIONAL = re.compile(r"\\(?:if[A-Za-z@]*|else|fi)(?![A-Za-z@])")
_NO_CONDITIONAL = frozenset({"\\iff", "\\ifthenelse", "\\iftag", "\\ifdefined"})


class ExpansionError(Exception):
    """Macros came to more than their budget, or called one another too deeply."""

    def __init__(self, detail: str, value: float, threshold: float) -> None:
        super().__init__(detail)
        self.value, self.threshold = value, threshold


class Finder:
    """Finds the next place of fixed strings; however often it is asked, a text is searched once for each.

    >>> finder = Finder("a $$ b $$")
    >>> finder.find("$$", 0), finder.find("$$", 1), finder.find("$$", 3), finder.find("x", 0)
    (2, 2, 7, -1)
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, tuple[int, int]] = {}

    def find(self, needle: str, start: int) -> int:
        """The first place at or after `start`; -1 for none. Calls for one needle must not go backwards."""
        asked, place = self._known.get(needle, (-1, -2))
        if asked < 0 or (place >= 0 and place < start):
            place = self._text.find(needle, start)
            self._known[needle] = (start, place)
        return place


@dataclass
class Source:
    """LaTeX without comments.

    Attributes:
        text: The source; a blank line is exactly two line feeds.
        verbatim: What was set aside.
    """

    text: str
    verbatim: list[str] = field(default_factory=list)


def source_of(text: str, verbatim: list[str] | None = None) -> Source:
    r"""Take comments, ``\iffalse … \fi`` and verbatim text out of LaTeX.

    Args:
        text: The source.
        verbatim: Where verbatim text goes, if several files share one list.

    >>> source = source_of("5\\% of % not all\n ants \\verb|a%b| sleep")
    >>> source.text.replace(VERBATIM, "#"), source.verbatim
    ('5\\% of ants #0# sleep', ['a%b'])
    """
    source = Source("", [] if verbatim is None else verbatim)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _MARKS.sub("", text)
    finder = Finder(text)
    parts: list[str] = []
    start = at = 0
    while (found := _ASIDE.search(text, at)) is not None:
        at = found.end()
        replaced = _replaced(found, finder, source.verbatim)
        if replaced is not None:
            parts += (text[start : found.start()], replaced[0])
            start = at = replaced[1]
    parts.append(text[start:])
    source.text = _BLANK_LINES.sub("\n\n", "".join(parts))
    return source


def _replaced(found: re.Match[str], finder: Finder, verbatim: list[str]) -> tuple[str, int] | None:
    """What stands for a comment or verbatim text that begins here, and where it ends; None if it is neither."""
    text, at, mark = found.string, found.end(), found[0]
    if mark[0] == "%":
        # A comment takes the end of its line along, unless a blank line follows.
        blank = text.startswith("\n", at) and mark.rstrip(" \t").endswith("\n")
        return "\n" if blank else "", at
    if mark == "\\iffalse":
        return "", _end_of_conditional(text, at)
    if found["delimiter"]:
        end = _on_this_line(text, found["delimiter"], at)
        return (_set_aside(verbatim, text[at:end]), end + 1) if end >= 0 else None
    if found["url"]:
        end = finder.find("}", at)
        return (_set_aside(verbatim, text[at:end].strip()), end + 1) if 0 <= end < at + 2000 else None
    return _environment(found["environment"], finder, text, at, verbatim) if found["environment"] else None


def _environment(
    name: str, finder: Finder, text: str, at: int, verbatim: list[str]
) -> tuple[str, int] | None:
    closing = f"\\end{{{name}}}"
    end = finder.find(closing, at)
    if end < 0:
        return None
    behind = end + len(closing)
    if name.startswith(("comment", "filecontents")):
        return "", behind
    while (options := _LISTING_OPTIONS.match(text, at, end)) is not None:
        at = options.end()
    return f"\n\n{_set_aside(verbatim, text[at:end].strip(chr(10)).rstrip())}\n\n", behind


def _on_this_line(text: str, delimiter: str, start: int) -> int:
    """Where a delimiter closes on the line of its opening; -1 if it does not."""
    line_end = text.find("\n", start, start + 10_000)
    return text.find(delimiter, start, line_end if line_end >= 0 else start + 10_000)


def _set_aside(verbatim: list[str], text: str) -> str:
    verbatim.append(text)
    return f"{VERBATIM}{len(verbatim) - 1}{VERBATIM}"


def _end_of_conditional(text: str, start: int) -> int:
    r"""Behind the ``\else`` or ``\fi`` that ends what stands in an ``\iffalse``."""
    depth = 1
    for found in _CONDITIONAL.finditer(text, start):
        if found[0] == "\\fi":
            depth -= 1
        elif found[0] == "\\else":
            depth -= depth == 1
        elif found[0] not in _NO_CONDITIONAL:
            depth += 1
        if not depth:
            return found.end()
    return len(text)


def matching_braces(text: str) -> dict[int, int]:
    r"""Where each brace that is closed closes.

    >>> matching_braces("{a{b}\\}")
    {2: 4}
    """
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in _BRACES.finditer(text):
        brace = found[0]
        if brace == "{":
            opened.append(found.start())
        elif brace == "}" and opened:
            pairs[opened.pop()] = found.start()
    return pairs


# ------------------------------------------------------------------------------------------------------------- macros

_DEFINES = re.compile(
    r"\\(?:(?:re|provide)?newcommand|renewcommand|providecommand|DeclareRobustCommand|[gex]?def|let|newenvironment|renewenvironment|"
    r"DeclareMathOperator|NewDocumentCommand|RenewDocumentCommand)(?![A-Za-z])"
)
_COMMAND = re.compile(r"\\([A-Za-z@]+)")
_NAME = re.compile(r"\s*(?:\{\s*\\([A-Za-z@]+|.)\s*\}|\\([A-Za-z@]+|.))")
_ENVIRONMENT_NAME = re.compile(r"\s*\{([^{}\\]{1,60})\}")
_COUNT = re.compile(r"\s*\[([0-9])\]")
_STAR = re.compile(r"\*")
_DEF = re.compile(r"\s*\\([A-Za-z@]+)([^{}\\\n]{0,60}?)(?=\{)")
_LET = re.compile(r"\s*\\([A-Za-z@]+)\s*=?\s*(\\[A-Za-z@]+)")
_UNDELIMITED = re.compile(r"(?:\s*#[1-9])*\s*")
_PARAMETER = re.compile(r"#([1-9])")
_SPACE = re.compile(r"[ \t]*(?:\n(?!\n)[ \t]*)?")
# What was set aside is one token, or a macro would take its mark apart.
_TOKEN = re.compile(r"\\(?:[A-Za-z@]+|.)|\ufdd1\d+\ufdd1|[^{}\s]", re.DOTALL)
# Bodies that compute instead of standing for something.
_PROGRAM = re.compile(
    r"\\(?:if(?!f(?![A-Za-z]))|expandafter|csname|futurelet|loop|@ifnextchar|@ifstar|catcode|afterassignment)|##"
)

_LEAST_BUDGET = 1_000_000
_TIMES_SOURCE = 8
_PER_EXPANSION = 10
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class _Macro:
    """What a macro stands for: its body, cut at its parameters."""

    parts: tuple[str, ...]
    arguments: int = 0
    default: str | None = None
    program: bool = False


def _macro(body: str, arguments: int = 0, default: str | None = None) -> _Macro:
    return _Macro(tuple(_PARAMETER.split(body)), arguments, default, bool(_PROGRAM.search(body)))


class _Input:
    """A text that is being read: the source itself, or what a macro stands for."""

    __slots__ = ("_pairs", "at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._pairs: dict[int, int] | None = None

    def skip_space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def group(self) -> str | None:
        """What stands in the braces here, and go behind them; None if there are none."""
        self.skip_space()
        if not self.text.startswith("{", self.at):
            return None
        if self._pairs is None:
            self._pairs = matching_braces(self.text)
        end = self._pairs.get(self.at)
        if end is None:
            return None
        start, self.at = self.at + 1, end + 1
        return self.text[start:end]

    def argument(self) -> str:
        """A group, or the next token if there is none."""
        group = self.group()
        if group is not None:
            return group
        token = _TOKEN.match(self.text, self.at)
        if token is None:
            return ""
        self.at = token.end()
        return token[0]

    def optional(self) -> str | None:
        """What stands in the square brackets here, and go behind them; None if there are none."""
        if not self.text.startswith("[", self.at):
            return None
        end = self.text.find("]", self.at, self.at + 2000)
        if end < 0:
            return None
        start, self.at = self.at + 1, end + 1
        return self.text[start:end]

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def parameters(self) -> tuple[int, str | None]:
        """How many parameters are declared here, and what stands for the first where it is not given."""
        count = self.take(_COUNT)
        return (int(count[1]), self.optional()) if count else (0, None)


class _Expander:
    def __init__(self, text: str, known: Collection[str]) -> None:
        self._known = known
        self._macros: dict[str, _Macro] = {}
        self._environments: dict[str, tuple[_Macro, str]] = {}
        self._inputs = [_Input(text)]
        self._out: list[str] = []
        self._budget = self._spent = 0
        self._budget = _LEAST_BUDGET + _TIMES_SOURCE * len(text)

    def run(self) -> str:
        while self._inputs:
            current = self._inputs[-1]
            text, start = current.text, current.at
            macros, search = self._macros, _COMMAND.search
            at = start
            while (found := search(text, at)) is not None:
                name = found[1]
                at = found.end()
                if name in macros or name in _DEFINERS or (name in {"begin", "end"} and self._environments):
                    if text[found.start() - 1 : found.start()] == "\\" and _escaped(text, found.start()):
                        continue
                    break
            if found is None:
                self._out.append(text[start:])
                self._inputs.pop()
                continue
            self._out.append(text[start : found.start()])
            current.at = at
            name = found[1]
            define = _DEFINERS.get(name)
            if define is not None:
                define(self, current)
            elif name in macros:
                self._expand(current, macros[name], f"\\{name}")
            else:
                self._environment(current, name)
        return "".join(self._out)

    def _expand(self, current: _Input, macro: _Macro, name: str) -> None:
        arguments: list[str] = []
        # Without arguments the space behind stays: TeX eats it, but those who write a macro for a word forget that.
        if macro.arguments:
            current.skip_space()
        if macro.default is not None:
            given = current.optional()
            arguments.append(macro.default if given is None else given)
        while len(arguments) < macro.arguments:
            arguments.append(current.argument())
        if macro.program:
            return
        body = macro.parts[0]
        if len(macro.parts) > 1:
            pieces = list(macro.parts)
            for index in range(1, len(pieces), 2):
                number = int(pieces[index])
                pieces[index] = arguments[number - 1] if number <= len(arguments) else ""
            body = "".join(pieces)
        # A control word at the end must not run into the letter that follows.
        if (
            body[-1:].isalpha()
            and current.text[current.at : current.at + 1].isalpha()
            and _ends_in_word(body)
        ):
            body += " "
        self._push(current, body, name)

    def _push(self, current: _Input, body: str, name: str) -> None:
        self._spent += len(body) + _PER_EXPANSION
        if self._spent > self._budget:
            raise ExpansionError(
                f"the macros come to more than {self._budget:,} characters, at {name}",
                self._spent,
                self._budget,
            )
        if current.at >= len(current.text):
            self._inputs.pop()
        if len(self._inputs) >= _DEEPEST:
            raise ExpansionError(
                f"macros stand in macros more than {_DEEPEST} deep, at {name}", len(self._inputs), _DEEPEST
            )
        if "\\" in body:
            self._inputs.append(_Input(body))
        else:
            self._out.append(body)

    def _environment(self, current: _Input, which: str) -> None:
        found = _ENVIRONMENT_NAME.match(current.text, current.at)
        defined = self._environments.get(found[1]) if found else None
        if found is None or defined is None:
            self._out.append(f"\\{which}")
            return
        current.at = found.end()
        if which == "begin":
            self._expand(current, defined[0], found[1])
        else:
            self._push(current, defined[1], found[1])

    def _define(self, name: str, macro: _Macro) -> None:
        # What this reader understands by itself (sections, captions) is not what an author's layout makes of it.
        if name not in self._known and not name.startswith("the") and not name.endswith("name"):
            self._macros[name] = macro

    def new_command(self, current: _Input) -> None:
        current.take(_STAR)
        name = current.take(_NAME)
        if name is None:
            return
        count, default = current.parameters()
        body = current.group()
        if body is not None:
            self._define(name[1] or name[2], _macro(body, count, default))

    def new_document_command(self, current: _Input) -> None:
        name = current.take(_NAME)
        specification = current.group()
        body = current.group()
        if name is None or specification is None or body is None:
            return
        if not specification.replace("m", "").strip():
            self._define(name[1] or name[2], _macro(body, specification.count("m")))

    def define(self, current: _Input) -> None:
        found = current.take(_DEF)
        body = current.group() if found else None
        if found is None or body is None:
            return
        if _UNDELIMITED.fullmatch(found[2]):
            self._define(found[1], _macro(body, found[2].count("#")))

    def let(self, current: _Input) -> None:
        found = current.take(_LET)
        if found is not None and found[1] != found[2][1:]:
            self._define(found[1], self._macros.get(found[2][1:]) or _macro(found[2]))

    def operator(self, current: _Input) -> None:
        star = "*" if current.take(_STAR) else ""
        name = current.take(_NAME)
        body = current.group() if name else None
        if name is not None and body is not None:
            self._macros[name[1] or name[2]] = _macro(f"\\operatorname{star}{{{body}}}")

    def new_environment(self, current: _Input) -> None:
        current.take(_STAR)
        name = current.take(_ENVIRONMENT_NAME)
        if name is None:
            return
        count, default = current.parameters()
        begin = current.group()
        end = current.group() if begin is not None else None
        if begin is not None and end is not None and f"{{{name[1]}}}" not in self._known:
            self._environments[name[1]] = (_macro(begin, count, default), end)


_DEFINERS = {
    **dict.fromkeys(
        ("newcommand", "renewcommand", "providecommand", "DeclareRobustCommand"), _Expander.new_command
    ),
    **dict.fromkeys(("def", "gdef", "edef", "xdef"), _Expander.define),
    **dict.fromkeys(("NewDocumentCommand", "RenewDocumentCommand"), _Expander.new_document_command),
    **dict.fromkeys(("newenvironment", "renewenvironment"), _Expander.new_environment),
    "let": _Expander.let,
    "DeclareMathOperator": _Expander.operator,
}


def _escaped(text: str, backslash: int) -> bool:
    r"""Whether the backslash there is the second of a line break, ``\\``."""
    before = backslash
    least = max(0, backslash - 50)
    while before > least and text[before - 1] == "\\":
        before -= 1
    return (backslash - before) % 2 == 1


def _ends_in_word(body: str) -> bool:
    found = body.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz@")
    return found.endswith("\\")


def expand(text: str, known: Collection[str]) -> str:
    r"""Expand the macros that a text defines.

    Read are ``\newcommand`` and its kin (with arguments and one optional), ``\def`` without delimiters, ``\let``,
    ``\DeclareMathOperator`` and ``\newenvironment``. Macros that compute (``\if``, ``\csname``) come to nothing.

    Args:
        text: LaTeX without comments.
        known: Names of commands, and of environments in braces, that keep their meaning whatever the text says.

    Raises:
        ExpansionError: The macros come to more than eight times the text and a million characters, or stand more
            than 200 deep in one another: they call themselves, or are a bomb.

    >>> expand("\\newcommand{\\R}[1][n]{\\mathbb{R}^{#1}}$\\R$ and $\\R[2]$", ())
    '$\\mathbb{R}^{n}$ and $\\mathbb{R}^{2}$'
    """
    return _Expander(text, known).run() if _DEFINES.search(text) else text
