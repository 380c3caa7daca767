r"""Converts LaTeX without comments and macros to blocks of text.

One pass looks for commands, dollars, column marks and blank lines, and copies what stands between; brackets are
paired beforehand. Arguments that become something else (headings, captions, cells) are collected in frames on a
stack, never by recursion. Mathematics and verbatim text are set aside until all else is tidy.
"""

# ruff: noqa: RUF001 - dashes and quotation marks of every kind are what this is about
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from colophon.filters.formats.latex_macros import VERBATIM, Finder, matching_braces
from colophon.filters.formats.latex_symbols import ACCENTED, ACCENTS, SYMBOLS, accented

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AND", "KNOWN", "Converted", "NestingError", "convert"]

# Noncharacters that stand for something until the end; `source_of` has taken them out of the source.
_GAP, _CELL, _ROW, _LINE, _INDENT, _MATH = "\ufdd0", "\ufdd2", "\ufdd3", "\ufdd4", "\ufdd5", "\ufdd6"
_TILDE, _OPEN, _CLOSE, _ITEM = "\ufdd7", "\ufdd8", "\ufdd9", "\ufddb"
AND: Final = "\ufdda"
"""Stands between authors in `Converted.fields`."""

_DEEPEST = 200

_EVENT = re.compile(
    r"\$((?:[^$\\\n]++|\\.)++)\$|\\(?:([A-Za-z@]++)\*?[ \t]*+|(.))|\$|&|\n\n",
    re.DOTALL,
)
# Its groups.
_FORMULA, _COMMAND, _SIGN = 1, 2, 3
# Braces that hold braces that hold none, which is nearly all; bounded, so that others cost little before they fail.
_SIMPLE_GROUP = re.compile(r"\{(?:[^{}\\]{1,300}+|\\.|\{(?:[^{}\\]{1,100}+|\\.){0,8}+\}){0,40}+\}", re.DOTALL)
_AFTER_HEAD = re.compile(r"(?:\s++|\\(?:ol)?label\s?\{[^{}]{0,200}\})*+")
_INLINE = re.compile(r"(?:[^$\\\n]++|\\.)*+\$", re.DOTALL)
_NAME = re.compile(r"\{[ \t]*([^{}\\\n]{1,60}?)(\*?)[ \t]*\}")
_BRACKET = re.compile(r"\\.|[\[\]{}]|\n\n", re.DOTALL)
_SET_ASIDE = re.compile(f"{VERBATIM}(\\d+){VERBATIM}")
_MATH_DEBRIS = re.compile(
    r"\\(?:label|ollabel|tag)\*?\s*\{[^{}]*\}|\\(?:nonumber|notag|displaystyle|allowbreak|null|relax|hfill)(?![A-Za-z])"
)
_STAR_ARGUMENT = re.compile(r"\[[^\[\]\n]{0,200}\]|\{[^{}\n]{0,200}\}")
_REFERS = re.compile(r"ref(?![a-z])|cite|ref\Z", re.IGNORECASE)
_HIDDEN = re.compile(
    r"label|index|fileid|space\Z|skip\Z|color\Z|style\Z|@|counter|length\Z|font|width\Z", re.IGNORECASE
)

_HOLLOW = re.compile(
    r" ?[\[(](?:(?:see|cf\.|e\.g\.,?|i\.e\.,?|also|and|in|Figs?\.|Figures?|Eqs?\.|Equations?|Tables?|Tabs?\.|Sections?|Secs?\.|"
    r"Sects?\.|Theorems?|Lemmas?|Appendix|Appendices|Chapters?|Refs?\.|§{1,2}|[,;–—-]|\ufdd0) ?){1,60}+[\])]"
    r"| ?[\[(][ ,;–-]*+[\])]"
    r"|(?<=[\[(])\ufdd0 ?[,;]? ?| ?(?:[,;–-] ?)?\ufdd0"
)
_LOOSE = re.compile(r" (?=[,;)\]]|\.(?:[\s)\]]|$))|(?<=[(\[]) ")


class NestingError(Exception):
    """Headings, lists, tables or notes stand in one another more deeply than anyone writes."""


@dataclass
class Converted:
    """What a LaTeX text says.

    Attributes:
        blocks: Its paragraphs, headings, lists, tables and formulae.
        fields: What it says of itself, finished text: ``title``, ``author`` (`AND` between), ``date``, ``doi``, …
    """

    blocks: list[str]
    fields: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Frame:
    """An argument (it ends at a place) or an environment (it ends with its name) whose text is collected."""

    end: int
    name: str
    outer: list[str]
    close: Callable[[str], None]
    limit: int


def _words(names: str) -> list[str]:
    return names.split()


class _Converter:
    def __init__(self, text: str, verbatim: list[str], theorems: dict[str, str], *, references: bool) -> None:
        # One line end alone is a space, or two of them around a command would part a paragraph.
        text = text.replace("\n\n", _MATH).replace("\n", " ").replace(_MATH, "\n\n")
        self.text = text
        self._pairs: dict[int, int] | None = None
        self.finder = Finder(text)
        self.verbatim = verbatim
        self.theorems = {**_THEOREMS, **theorems}
        self.references = references
        self.at = 0
        self.limit = len(text)
        self.out: list[str] = []
        self.frames: list[_Frame] = []
        self.formulas: list[str] = []
        self.pending: list[str] = []
        self.tables = 0
        self.fields: dict[str, list[str]] = {}

    # --------------------------------------------------------------------------------------------------- the one pass

    def run(self) -> Converted:
        text, search = self.text, _EVENT.search
        while True:
            found = search(text, self.at, self.limit)
            if found is None:
                self.out.append(text[self.at : self.limit])
                if not self.frames:
                    break
                self.at = self.limit
                self._end_argument()
                continue
            start, end = found.span()
            if start > self.at:
                self.out.append(text[self.at : start])
            self.at = end
            kind = found.lastindex
            if kind == _COMMAND:
                self._command(found[_COMMAND])
            elif kind == _FORMULA:
                self._inline(found[_FORMULA], start + 1)
            elif kind == _SIGN:
                self._sign(found[_SIGN])
            else:
                self._mark(text[start])
        self._flush()
        return Converted(self.finish("".join(self.out).replace(AND, " and ")), self.fields)

    def _mark(self, sign: str) -> None:
        if sign == "$":
            self._dollar()
        elif sign == "&":
            self.out.append(_CELL if self.tables else " ")
        else:
            self._paragraph()

    def _paragraph(self) -> None:
        self.out.append("\n\n")
        if self.pending and not self.frames:
            self._flush()

    def _flush(self) -> None:
        """Floats and notes stand behind the paragraph that they interrupt."""
        pending, self.pending = self.pending, []
        for block in pending:
            self.out += ("\n\n", block, "\n\n")

    def push(self, end: int, name: str, close: Callable[[str], None]) -> None:
        """Collect what follows, up to a place (-1: up to the end of the environment `name`)."""
        if len(self.frames) >= _DEEPEST:
            raise NestingError(f"more than {_DEEPEST} headings, lists, tables or notes stand in one another")
        self.frames.append(_Frame(end, name, self.out, close, self.limit))
        self.out = []
        if end >= 0:
            self.limit = end

    def _pop(self) -> _Frame:
        frame = self.frames.pop()
        collected = "".join(self.out)
        self.out, self.limit = frame.outer, frame.limit
        frame.close(collected)
        return frame

    def _end_argument(self) -> None:
        """The innermost argument is read to its end; environments open in it end too."""
        while self.frames and self._pop().end < 0:
            pass
        if self.at < len(self.text):
            self.at += 1

    # --------------------------------------------------------------------------------------------------- arguments

    def skip_brackets(self) -> bool:
        """Go behind ``[…]`` if it stands here."""
        end = self.bracket()
        if end >= 0:
            self.at = end + 1
        return end >= 0

    def bracket(self) -> int:
        """Where the square bracket that stands here closes; -1 if none does."""
        if not self.text.startswith("[", self.at):
            return -1
        at, last, depth = self.at + 1, min(self.limit, self.at + 500), 1
        while (found := _BRACKET.search(self.text, at, last)) is not None:
            sign = found[0]
            at = found.end()
            if sign == "{":
                end = self.close(found.start())
                at = end + 1 if end >= 0 else last
            elif sign == "[":
                depth += 1
                # Nobody nests options deeper; looking on costs time that a hostile text would multiply.
                if depth > 4:
                    break
            elif sign == "]":
                depth -= 1
                if not depth:
                    return found.start()
            elif sign == "\n\n":
                break
        return -1

    def close(self, opening: int) -> int:
        """Where the brace at a place closes; -1 if none opens there or it does not close."""
        simple = _SIMPLE_GROUP.match(self.text, opening)
        if simple is not None:
            return simple.end() - 1
        if not self.text.startswith("{", opening):
            return -1
        if self._pairs is None:
            self._pairs = matching_braces(self.text)
        return self._pairs.get(opening, -1)

    def brace(self) -> int:
        """Where the brace that stands here, perhaps behind spaces, closes; then `at` is on it; -1 for none."""
        at = self.at
        while self.text.startswith((" ", "\t"), at) and at - self.at < 20:
            at += 1
        end = self.close(at)
        if 0 <= end < self.limit or (end == self.limit and at < self.limit):
            self.at = at
            return end
        return -1

    def skip_braces(self, count: int) -> None:
        """Go behind up to `count` arguments, those in square brackets not counted."""
        self.skip_brackets()
        for _ in range(count):
            end = self.brace()
            if end < 0:
                break
            self.at = end + 1
            self.skip_brackets()

    def raw(self) -> str:
        """The argument that stands here as it is written, and go behind it."""
        end = self.brace()
        if end < 0:
            return ""
        start, self.at = self.at + 1, end + 1
        return self.text[start:end]

    def collect(self, close: Callable[[str], None]) -> None:
        """Collect the argument that stands here."""
        end = self.brace()
        if end >= 0:
            self.at += 1
            self.push(end, "", close)

    # --------------------------------------------------------------------------------------------------- mathematics

    def _inline(self, content: str, start: int) -> None:
        r"""A formula in a sentence; a dollar in its ``\\text{…}`` is not its last one."""
        for _ in range(20 if "{" in content else 0):
            if content.count("{") - content.count("\\{") <= content.count("}") - content.count("\\}"):
                break
            found = _INLINE.match(self.text, self.at, self.limit)
            if found is None:
                break
            self.at = found.end()
            content = self.text[start : self.at - 1]
        if "\\" in content and ("$" in content or "\\begin" in content):
            self.out.append(self.formula(content))
            return
        content = " ".join(content.split())
        if content:
            self.out.append(f"{_MATH}{len(self.formulas)}{_MATH}")
            self.formulas.append(f"${content}$")

    def _dollar(self) -> None:
        """Displayed mathematics between double dollars; a lone dollar is passed over."""
        text = self.text
        if text.startswith("$", self.at):
            end = self.finder.find("$$", self.at + 1)
            blank = self.finder.find("\n\n", self.at)
            if 0 <= end <= self.limit - 2 and not self.at < blank < end:
                start, self.at = self.at + 1, end + 2
                self.display(text[start:end])
            else:
                self.at += 1

    def _fenced(self, closing: str, *, display: bool) -> None:
        end = self.finder.find(closing, self.at)
        if not 0 <= end <= self.limit - 2:
            return
        blank = self.finder.find("\n\n", self.at)
        if self.at <= blank < end and end - self.at > 5000:
            return
        start, self.at = self.at, end + 2
        if display:
            self.display(self.text[start:end])
        else:
            self.out.append(self.formula(self.text[start:end]))

    def formula(self, content: str, environment: str = "") -> str:
        """The mark of a formula that is set aside; empty if there is nothing in it."""
        if "\\begin{tikz" in content or "\\begin{forest" in content or "\\begin{picture" in content:
            return ""
        if "\\" in content:
            content = _MATH_DEBRIS.sub("", content).replace("\\intertext", "\\text")
        content = " ".join(content.split()).replace("~", " ") if "~" in content else " ".join(content.split())
        content = content.removesuffix("\\\\").strip()
        if "$" in content:
            pieces = re.split(r"(?<!\\)\$", content)
            content = "".join(
                piece + ("" if index == len(pieces) - 1 else "\\)" if index % 2 else "\\(")
                for index, piece in enumerate(pieces)
            )
        if not content:
            return ""
        if environment and ("\\\\" in content or "&" in content):
            content = f"\\begin{{{environment}}} {content} \\end{{{environment}}}"
        self.formulas.append(f"${content}$")
        return f"{_MATH}{len(self.formulas) - 1}{_MATH}"

    def display(self, content: str, environment: str = "") -> None:
        """A formula in a paragraph of its own; in a table's cell it stands in the cell."""
        formula = self.formula(content, environment)
        if formula:
            self.out += (" ", formula, " ") if self.tables else ("\n\n", formula, "\n\n")

    # --------------------------------------------------------------------------------------------------- commands

    def _sign(self, sign: str) -> None:
        if sign == "\\":
            if self.text.startswith("*", self.at):
                self.at += 1
            self.skip_brackets()
            self.out.append(_ROW if self.tables else " ")
        elif sign == "[":
            self._fenced("\\]", display=True)
        elif sign == "(":
            self._fenced("\\)", display=False)
        elif sign in ACCENTS:
            self._accent(sign)
        else:
            self.out.append(_SIGNS.get(sign, ""))

    def _accent(self, command: str) -> None:
        found = ACCENTED.match(self.text, self.at, self.limit)
        if found is not None:
            self.at = found.end()
            self.out.append(accented(command, found[1] or found[2] or found[3] or found[4] or ""))

    def _command(self, name: str) -> None:
        symbol = SYMBOLS.get(name)
        if symbol is not None:
            if self.text.startswith("{}", self.at):
                self.at += 2
            self.out.append(symbol)
            return
        action = _ACTIONS.get(name)
        if action is not None:
            action(self, name)
            return
        skipped = _SKIPPED.get(name)
        if skipped is not None:
            if skipped:
                self.skip_braces(skipped)
        elif name in ACCENTS:
            self._accent(name)
        elif _REFERS.search(name):
            self.reference(name)
        elif _HIDDEN.search(name):
            self.skip_braces(3)
        else:
            # Unknown: its options say how, its arguments what.
            while self.skip_brackets():
                pass

    def reference(self, _: str) -> None:
        """What points elsewhere leaves a gap."""
        while self.skip_brackets():
            pass
        self.skip_braces(1)
        self.out.append(_GAP)

    def heading(self, _: str) -> None:
        self.skip_brackets()
        self.collect(self.block)

    def block(self, text: str) -> None:
        """A paragraph of its own."""
        self.out += ("\n\n", text, "\n\n")

    def run_in(self, _: str) -> None:
        r"""``\paragraph{…}`` begins its paragraph."""
        self.skip_brackets()

        def close(text: str) -> None:
            head = text.strip()
            if head:
                stop = "" if head[-1] in ".:?!" else "."
                self.out += ("\n\n", head, stop, " ")

        self.collect(close)

    def note(self, _: str) -> None:
        self.skip_brackets()
        self.collect(self.pending.append)

    def said(self, name: str) -> None:
        """What a text says of itself is kept apart."""
        self.skip_brackets()
        key = _SAID[name]

        def close(text: str) -> None:
            if key != "author":
                text = text.replace(AND, ", ")
            value = " ".join(self.finish(text.replace("\n\n", " ")))
            if value:
                self.fields.setdefault(key, []).append(value)

        self.collect(close)

    def second(self, _: str) -> None:
        """The first argument says how, the second what."""
        self.skip_braces(1)

    def third(self, _: str) -> None:
        self.skip_braces(2)

    def link(self, _: str) -> None:
        self.skip_braces(1)

    def quantity(self, _: str) -> None:
        """A number with its unit behind it."""
        self.skip_brackets()
        self.collect(lambda text: self.out.append(f"{text} "))

    def superscript(self, name: str) -> None:
        mark = "^" if name == "textsuperscript" else "_"

        def close(text: str) -> None:
            text = text.strip()
            if text:
                self.out.append(f"{mark}{text}" if len(text) == 1 else f"{mark}{_OPEN}{text}{_CLOSE}")

        self.collect(close)

    def quotation(self, _: str) -> None:
        self.collect(lambda text: self.out.append(f"“{text}”"))

    def item(self, _: str) -> None:
        self.out.append(_ITEM)

    def paragraph(self, _: str) -> None:
        self._paragraph()

    def row(self, _: str) -> None:
        self.out.append(_ROW if self.tables else " ")

    def bibliography_item(self, _: str) -> None:
        self.skip_braces(1)
        self.out.append("\n\n")

    # --------------------------------------------------------------------------------------------------- environments

    def begin(self, _: str) -> None:
        found = _NAME.match(self.text, self.at, self.limit)
        if found is None:
            return
        name = found[1]
        self.at = found.end()
        if name in _MATHEMATICS:
            self._equation(name, found[2])
        elif name in _DROPPED or (name in _REFERENCES and not self.references):
            self._drop(name + found[2])
        elif name in self.theorems:
            self._theorem(name)
        elif name in _COLLECTED:
            self._collected(name, found[2])
        else:
            self._paragraph()
            for _argument in range(4):
                # Options of a layout, not words of the text.
                option = _STAR_ARGUMENT.match(self.text, self.at, self.limit)
                if option is None or (option[0][0] == "{" and " " in option[0].strip("{} ")):
                    break
                self.at = option.end()

    def _collected(self, name: str, star: str) -> None:
        """An environment whose text becomes something else at its end."""
        self.skip_brackets()
        if name in _TABLES:
            self.skip_braces(2 if star or name in {"tabularx", "tabulary"} else 1)
            self.tables += 1
            self.push(-1, name, self._table)
        elif name in _FLOATS:
            self.skip_braces(2 if name.startswith("wrap") else 0)
            self.push(-1, name, self.pending.append)
        elif name in _LISTS:
            kind = _LISTS[name]
            self.push(-1, name, lambda text: self._list(text, kind))
        else:
            key = _SAID[name]
            self.push(
                -1,
                name,
                lambda text: self.fields.setdefault(key, []).extend(self.finish(text.replace(AND, ", "))),
            )

    def end(self, _: str) -> None:
        found = _NAME.match(self.text, self.at, self.limit)
        if found is None:
            return
        name = found[1]
        self.at = found.end()
        for index in range(len(self.frames) - 1, -1, -1):
            frame = self.frames[index]
            if frame.end >= 0:
                break
            if frame.name == name:
                while len(self.frames) > index:
                    self._pop()
                break
        if name not in _FLOATS:
            self._paragraph()

    def _equation(self, name: str, star: str) -> None:
        closing = f"\\end{{{name}{star}}}"
        end = self.finder.find(closing, self.at)
        if not 0 <= end < self.limit:
            return
        if name in {"alignat", "xalignat"}:
            self.raw()
        start, self.at = self.at, end + len(closing)
        content = self.text[start:end]
        if name == "math":
            self.out.append(self.formula(content))
        else:
            self.display(content, _MATHEMATICS[name])

    def _drop(self, name: str) -> None:
        closing = f"\\end{{{name}}}"
        end = self.finder.find(closing, self.at)
        if 0 <= end < self.limit:
            self.at = end + len(closing)

    def _theorem(self, name: str) -> None:
        self._paragraph()
        head = self.theorems[name]
        end = self.bracket()
        if end < 0:
            if head:
                self.out.append(f"{head}. ")
                self._after_head(self.at)
            return
        self.at += 1

        def close(text: str) -> None:
            text = text.strip()
            if name == "proof" and text:
                self.out.append(f"{text.rstrip('.')}. ")
            else:
                self.out.append(f"{head} ({text}). ".lstrip() if text else f"{head}. ")
            # The bracket itself is passed when the argument ends.
            self._after_head(end + 1)
            self.at -= 1

        self.push(end, "", close)

    def _after_head(self, start: int) -> None:
        """What follows a head stands on its line, whatever labels and blank lines are between."""
        following = _AFTER_HEAD.match(self.text, start, self.limit)
        self.at = following.end() if following else start

    def _table(self, text: str) -> None:
        """One line for each row, cells apart by ``|``."""
        self.tables -= 1
        rows: list[str] = []
        for row in text.replace(_LINE, " ").split(_ROW):
            cells = [" ".join(cell.split()).strip("{} ") for cell in row.split(_CELL)]
            if any(cells):
                rows.append(" | ".join(cells).replace("|  |", "| |").replace("|  |", "| |"))
        if self.tables:
            self.out += (" ", "; ".join(rows), " ")
        else:
            self.out += ("\n\n", _LINE.join(rows), "\n\n")

    def _list(self, text: str, kind: str) -> None:
        """One line for each item; what else stands in it is indented by two spaces."""
        lines: list[str] = []
        before, *items = text.split(_ITEM)
        for number, item in enumerate(items, 1):
            body = item.strip()
            mark = f"{number}." if kind == "number" else "-"
            if body.startswith("[") and (end := body.find("]", 0, 300)) > 0:
                mark = body[1:end].strip()
                if kind == "term" and mark and mark[-1].isalnum():
                    mark += ":"
                body = body[end + 1 :].strip()
            body = body.replace("\n\n", _LINE).replace(_LINE, _LINE + _INDENT)
            if body or (kind == "term" and mark):
                lines.append(f"{mark} {body}")
        self.out += ("\n\n", before, "\n\n", _LINE.join(lines), "\n\n")

    # --------------------------------------------------------------------------------------------------- finishing

    def finish(self, text: str) -> list[str]:
        """Blocks of finished text; formulae and verbatim text are put back."""
        for mark, sign in _REPLACED:
            if mark in text:
                text = text.replace(mark, sign)
        text = "\n\n".join(filter(None, map(_tidied, text.split("\n\n"))))
        for mark, sign in _RESTORED:
            if mark in text:
                text = text.replace(mark, sign)
        if _MATH in text:
            pieces = text.split(_MATH)
            pieces[1::2] = [self.formulas[int(number)] for number in pieces[1::2]]
            text = "".join(pieces)
        if VERBATIM in text:
            # An accent may have taken half of a mark.
            text = _SET_ASIDE.sub(lambda found: self.verbatim[int(found[1])], text).replace(VERBATIM, "")
        return text.split("\n\n") if text else []


def _tidied(paragraph: str) -> str:
    """A paragraph without loose white space and holes; empty if there is nothing in it to be read."""
    block = " ".join(paragraph.split())
    if _GAP in block:
        block = _LOOSE.sub("", _HOLLOW.sub("", block)).replace(_GAP, "").strip()
    if _LINE in block:
        lines = []
        for line in block.split(_LINE):
            bare = line.replace(_INDENT, "").strip()
            if bare:
                lines.append("  " * line.count(_INDENT) + bare)
        block = "\n".join(lines)
    return block if len(block) > 3 or any(map(str.isalnum, block)) or VERBATIM in block else ""


# Braces group and say nothing; between two of them stood two arguments.
_REPLACED = (
    ("{}", ""), ("}{", " "), ("{", ""), ("}", ""), ("~", " "), ("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("!`", "¡"),
    ("?`", "¿"), ("`", "‘"), ("'", "’"), (_ITEM, ""), (_CELL, " "), (_ROW, " "),
)  # fmt: skip
_RESTORED = ((_TILDE, "~"), (_OPEN, "{"), (_CLOSE, "}"), (_INDENT, ""))

_SIGNS = {
    "{": _OPEN, "}": _CLOSE, "$": "$", "&": "&", "%": "%", "#": "#", "_": "_", " ": " ", "\n": " ", "\t": " ", ",": " ", ";": " ",
    ":": " ", "@": "", "!": "", "-": "", "/": "", "|": "‖", ">": " ", "<": "",
}  # fmt: skip

_MATHEMATICS = {
    **dict.fromkeys(_words("equation displaymath math dmath"), ""),
    **dict.fromkeys(
        _words("align eqnarray flalign alignat xalignat gather multline IEEEeqnarray dgroup"), "aligned"
    ),
    "gather": "gathered",
    "multline": "gathered",
}
_LISTS = {
    "itemize": "dash", "enumerate": "number", "description": "term", "compactitem": "dash", "compactenum": "number",
    "inparaenum": "number", "asparaenum": "number", "list": "dash", "trivlist": "dash", "itemize*": "dash",
}  # fmt: skip
_TABLES = frozenset(
    _words(
        "tabular tabularx tabulary longtable supertabular xtabular tabu longtabu array NiceTabular deluxetable tabbing"
    )
)
_FLOATS = frozenset(
    _words(
        "figure table algorithm wrapfigure wraptable sidewaysfigure sidewaystable SCfigure marginfigure margintable listing"
    )
)
_DROPPED = frozenset(
    _words(
        "tikzpicture pgfpicture picture pspicture forest tableau circuitikz tikzcd axis asy filecontents CCSXML xy "
        "comment feynman prooftree overpic"
    )
)
_REFERENCES = frozenset(_words("thebibliography references biblist"))
_THEOREMS = {
    "theorem": "Theorem", "thm": "Theorem", "lemma": "Lemma", "lem": "Lemma", "proposition": "Proposition", "prop": "Proposition",
    "corollary": "Corollary", "cor": "Corollary", "definition": "Definition", "defn": "Definition", "example": "Example",
    "ex": "Example", "remark": "Remark", "rem": "Remark", "conjecture": "Conjecture", "claim": "Claim", "proof": "Proof",
    "problem": "Problem", "prob": "Problem", "exercise": "Exercise",
}  # fmt: skip

_SAID = {
    "title": "title", "author": "author", "date": "date", "doi": "doi", "acmDOI": "doi", "keywords": "keywords",
    "keyword": "keywords", "journal": "journal", "acmJournal": "journal", "icmltitle": "title",
}  # fmt: skip

_COLLECTED = _TABLES | _FLOATS | _LISTS.keys() | _SAID.keys()

# How many arguments of these are no text; 0 if what follows in braces is.
_SKIPPED = {
    **dict.fromkeys(
        _words(
            "emph textbf textit texttt textrm textsf textsc textsl textup textmd textnormal text mbox makebox fbox framebox hbox "
            "bf it tt rm sf sc sl em bfseries itshape ttfamily rmfamily sffamily scshape slshape upshape mdseries normalfont "
            "tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge underline uline centering raggedright "
            "raggedleft noindent indent maketitle tableofcontents listoffigures listoftables newpage clearpage cleardoublepage "
            "pagebreak nopagebreak nolinebreak appendix par hline toprule midrule bottomrule endhead endfirsthead endfoot "
            "endlastfoot protect relax left right big Big item itemsep bigskip medskip smallskip vfill frontmatter mainmatter "
            "backmatter xspace ignorespaces unskip sloppy fussy makeatletter makeatother ce num si unit ensuremath onecolumn "
            "twocolumn qed qedhere hrule phantom strut leavevmode null printbibliography notag balance FloatBarrier keywords "
            "doublespacing singlespacing onehalfspacing allowbreak break else fi abstract"
        ),
        0,
    ),
    **dict.fromkeys(
        _words(
            "label index vspace hspace includegraphics usepackage RequirePackage documentclass documentstyle bibliographystyle "
            "bibliography addbibresource nocite input include subfile includeonly graphicspath pagestyle thispagestyle "
            "pagenumbering thanks inst affil affiliation institute address email orcidID orcid corref cortext fntext tnotetext "
            "institution streetaddress city country postcode cline cmidrule color bstctlcite hypersetup pdfinfo theoremstyle "
            "hyphenation allowdisplaybreaks selectlanguage tikzset usetikzlibrary pgfplotsset lstset sisetup captionsetup "
            "DeclareUnicodeCharacter setstretch linespread vskip hskip kern rowcolor cellcolor columncolor ccsdesc copyrightyear "
            "acmYear acmConference acmISBN received titlerunning authorrunning toctitle tocauthor pacs subjclass markright "
            "phantomsection refstepcounter stepcounter glsreset tikz draw usepgfplotslibrary todo marginpar "
            "marginnote externaldocument newif newcounter newlength newsavebox institutemark footnotemark footnoteref abovecaptionskip"
        ),
        1,
    ),
    **dict.fromkeys(
        _words(
            "setlength addtolength setcounter addtocounter numberwithin newcommand renewcommand providecommand "
            "markboth addcontentsline addtocontents rule import subimport lstinputlisting "
            "DeclareMathOperator DeclareRobustCommand crefname Crefname pdfbookmark setmainlanguage setotherlanguage "
            "DeclareGraphicsExtensions DeclareGraphicsRule rowcolors fancyhead fancyfoot"
        ),
        2,
    ),
    **dict.fromkeys(
        _words("newtheorem newenvironment renewenvironment definecolor newacronym colorlet newglossaryentry"),
        3,
    ),
    **dict.fromkeys(_words("titleformat titlespacing contentsline"), 5),
}

_C = _Converter
_ACTIONS: dict[str, Callable[[_Converter, str], None]] = {
    "begin": _C.begin,
    "end": _C.end,
    "item": _C.item,
    "par": _C.paragraph,
    "href": _C.link,
    "bibitem": _C.bibliography_item,
    "enquote": _C.quotation,
    "tabularnewline": _C.row,
    "cr": _C.row,
    "textsuperscript": _C.superscript,
    "textsubscript": _C.superscript,
    **dict.fromkeys(_words("SI qty"), _C.quantity),
    **dict.fromkeys(
        _words("part chapter section subsection subsubsection caption captionof subcaption subfloat abstract icmlsection"),
        _C.heading,
    ),
    **dict.fromkeys(_words("paragraph subparagraph"), _C.run_in),
    **dict.fromkeys(_words("footnote footnotetext endnote sidenote tablefootnote"), _C.note),
    **dict.fromkeys(_SAID, _C.said),
    **dict.fromkeys(_words("textcolor colorbox raisebox parbox scalebox foreignlanguage hyperref hyperlink rotatebox "
                           "fontsize"), _C.second),
    **dict.fromkeys(_words("multicolumn multirow resizebox fcolorbox"), _C.third),
}  # fmt: skip

KNOWN: Final = frozenset(
    {*_ACTIONS, *SYMBOLS, *(name for name in _SKIPPED if name not in {"left", "right", "keywords"})}
    - {
        "eg",
        "ie",
        "etal",
        "and",
        "link",
        "um",
        "nm",
        "mm",
        "cm",
        "km",
        "kg",
        "mg",
        "ms",
        "bar",
        "per",
        "qed",
        "second",
        "unit",
        "si",
        "num",
        "L",
        "S",
        "P",
    }
    | {
        f"{{{name}}}"
        for group in (_MATHEMATICS, _LISTS, _TABLES, _FLOATS, _DROPPED, _THEOREMS, _SAID)
        for name in group
    }
    | {"{abstract}", "{document}"}
)
"""Commands, and environments in braces, whose meaning an author's own definition does not change."""


def convert(
    text: str,
    verbatim: list[str],
    theorems: dict[str, str] | None = None,
    *,
    references: bool = False,
) -> Converted:
    r"""Convert LaTeX to blocks of text.

    Args:
        text: LaTeX without comments, its macros expanded, from behind ``\begin{document}``.
        verbatim: Verbatim text that was set aside.
        theorems: What an author's environments are headed by, by their names.
        references: Whether reference lists are kept.

    Raises:
        NestingError: It nests more deeply than 200 levels of headings, lists, tables and notes.

    >>> convert("\\section{Ants}\nThey \\emph{sleep}~\\cite{x}: $x^2$.", []).blocks
    ['Ants', 'They sleep: $x^2$.']
    """
    return _Converter(text, verbatim, theorems or {}, references=references).run()
