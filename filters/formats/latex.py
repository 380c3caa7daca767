r"""Reads LaTeX: single files, and the bundles of files in which authors hand in their papers.

What becomes text: title, abstract, sections, lists, tables, captions, footnotes, and mathematics as ``$…$``. What does
not: comments, the preamble, layout, citations and references to other places, drawings, the bibliography (unless asked
for). An author's own macros are expanded as far as they stand for something and do not compute.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from colophon.filters.formats.bibliographic import doi_of, year_of
from colophon.filters.formats.charset import decode, read_text
from colophon.filters.formats.creative_commons import spdx_of_url
from colophon.filters.formats.latex_macros import ExpansionError, expand, matching_braces, source_of
from colophon.filters.formats.latex_symbols import LANGUAGES
from colophon.filters.formats.latex_text import AND, KNOWN, NestingError, convert
from colophon.filters.formats.whole_file import too_large
from colophon.schemas import Document, ReadOptions, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["Latex", "looks_like_bundle", "read_bundle"]

_SUFFIXES = (".tex", ".latex", ".ltx")

_START = re.compile(
    r"\ufeff?(?:\s++|%[^\n]*+(?:\n|\Z))*+\\(?:documentclass|documentstyle|RequirePackage|PassOptionsToPackage|NeedsTeXFormat)(?![A-Za-z])"
)
_CLASS = re.compile(r"\\document(?:class|style)(?![A-Za-z])")
_BEGIN = re.compile(r"\\begin[ \t]*\{document\}")
_END = re.compile(r"\\end[ \t]*\{document\}")
_INPUT = re.compile(
    r"\\(?:(?:input|include|subfile|subfileinclude)(?![A-Za-z])\s?\{(?P<braced>[^{}\n]{1,300})\}"
    r"|input[ \t]+(?P<bare>[^\s{}\\%$]{1,300}))"
)
_BIBLIOGRAPHY = re.compile(r"\\bibliography(?![A-Za-z])\s?\{[^{}]{0,2000}\}|\\printbibliography(?![A-Za-z])")

# What of the preamble is read.
_FRONT = re.compile(
    r"\\(title|author|date|doi|acmDOI|keywords|journal|icmltitle)(?![A-Za-z@])\s?(?:\[[^\[\]{}]{0,300}\]\s?)?(?=\{)"
)
_THEOREM = re.compile(r"\\newtheorem\*?\s?\{([^{}]{1,60})\}\s?(?:\[[^\[\]]{0,60}\])?\s?\{([^{}\\$]{1,60})\}")
_BABEL = re.compile(r"\\usepackage\s?\[([^\[\]]{0,500})\]\s?\{babel\}")
_POLYGLOSSIA = re.compile(r"\\set(?:default|main)language\s?(?:\[[^\[\]]{0,200}\])?\s?\{\s?([A-Za-z]+)\s?\}")
_CLASS_OPTIONS = re.compile(r"\\document(?:class|style)\s?\[([^\[\]]{0,500})\]")
_DEED = re.compile(r"https?://(?:www\.)?creativecommons\.org/[^\s{}\\]{1,100}", re.IGNORECASE)

_PLACE = re.compile(
    r"\d|@|\b(?:universit|institut|depart|laborator|school|college|cent(?:er|re)\b|faculty|academy)",
    re.IGNORECASE,
)
_SHORTHANDS = {
    '"a': "ä",
    '"o': "ö",
    '"u': "ü",
    '"A': "Ä",
    '"O': "Ö",
    '"U': "Ü",
    '"s': "ß",
    '"`': "„",
    "\"'": "“",
    '"-': "",
    '"=': "-",
    '"~': "-",
}
_SHORTHAND = re.compile(r"(?<!\\)\"[aouAOUs`'=~-]")

_DEEPEST_INPUT = 20


class Latex:
    r"""Reads one LaTeX file; one without ``\documentclass`` is read as it stands.

    >>> import io
    >>> source = b"\\documentclass{article}\\title{On ants}\\begin{document}Ants \\emph{sleep}. % Do they?\\end{document}"
    >>> document, = Latex().read(io.BytesIO(source), ReadOptions())
    >>> document.title, document.text
    ('On ants', 'On ants\n\nAnts sleep.')
    """

    name: ClassVar[str] = "latex"
    media_type: ClassVar[str] = "application/x-tex"
    suffixes: ClassVar[tuple[str, ...]] = _SUFFIXES
    splittable: ClassVar[bool] = False
    isolated: ClassVar[bool] = False
    seekable: ClassVar[bool] = False

    def sniff(self, head: bytes) -> bool:
        r"""Whether the first thing that is no comment is what LaTeX documents begin with."""
        return b"\\" in head and _START.match(head.decode("utf-8", "replace")) is not None

    def read(self, stream: BinaryIO, options: ReadOptions) -> Iterator[Document | Unreadable]:
        r"""Yield the one document; the names of files that it would ``\input`` stand in ``metadata["missing_files"]``."""
        text = read_text(stream, options)
        if isinstance(text, Unreadable):
            yield text
            return
        source = source_of(text)
        missing = [(found["braced"] or found["bare"]).strip() for found in _INPUT.finditer(source.text)]
        yield _document(source.text, source.verbatim, missing, options)


def looks_like_bundle(names: Iterable[str]) -> bool:
    r"""Whether the members of an archive are the sources of one paper, by their names.

    They are if there is LaTeX in it but no other kind of document, and what authors hand in with a paper (a style, a
    bibliography) or only one ``.tex`` file, or one file with a name such as ``main.tex``; several such names are
    several papers.

    >>> looks_like_bundle(["ms.tex", "ms.bbl", "fig1.pdf"]), looks_like_bundle(["a.tex", "b.tex"])
    (True, False)
    >>> looks_like_bundle(["1/main.tex", "2/main.tex"]), looks_like_bundle(["a.xml"])
    (False, False)
    """
    files = [name.lower() for name in names if not name.endswith("/")]
    sources = [name for name in files if name.endswith(_SUFFIXES)]
    if not sources or any(name.endswith(_OTHER_DOCUMENTS) for name in files):
        return False
    mains = [name for name in sources if posixpath.splitext(posixpath.basename(name))[0] in _MAIN_NAMES]
    if len(mains) > 1:
        return False
    return len(sources) == 1 or len(mains) == 1 or any(name.endswith(_COMPANIONS) for name in files)


_OTHER_DOCUMENTS = (
    ".xml",
    ".nxml",
    ".html",
    ".htm",
    ".jsonl",
    ".parquet",
    ".warc",
    ".arc",
    ".wet",
    ".csv.gz",
    ".zip",
    ".tar",
    ".gz",
    ".tgz",
)
_COMPANIONS = (".bbl", ".bib", ".bst", ".cls", ".sty", ".clo")
_MAIN_NAMES = frozenset(
    {"main", "ms", "paper", "article", "manuscript", "thesis", "root", "index", "report", "book"}
)


def read_bundle(members: Mapping[str, bytes], options: ReadOptions) -> Iterator[Document | Unreadable]:
    r"""Read the sources of one paper.

    The main file has ``\documentclass`` and ``\begin{document}`` and is not read in by another one; of several the
    first by name is taken, and the others are named in ``metadata["other_main_files"]``. Its locator is its name.
    Files are only ever looked up among the members: absolute names and ``..`` find nothing, and stand with files that
    are not there in ``metadata["missing_files"]``.

    Args:
        members: Each file's content by its path in the archive, apart by ``/``.
        options: What to read.

    Yields:
        The one document, or why there is none: ``no_main_file``, ``circular_input``, ``too_deeply_nested``,
        ``too_large``, or as for a single file.
    """
    yield _Bundle(members, options).read()


class _Bundle:
    def __init__(self, members: Mapping[str, bytes], options: ReadOptions) -> None:
        self._options = options
        self._members = {posixpath.normpath(name.removeprefix("./")): name for name in sorted(members)}
        self._contents = members
        self._texts: dict[str, str | Unreadable] = {}
        self._verbatim: list[str] = []
        self._missing: list[str] = []
        self._size = 0

    def read(self) -> Document | Unreadable:
        mains = self._mains()
        if not mains:
            sources = [name for name in self._members if name.lower().endswith(_SUFFIXES)]
            return next(
                (text for name in sources if isinstance(text := self._text(name), Unreadable)),
                Unreadable(
                    "no_main_file",
                    f"none of {len(sources)} LaTeX files has \\documentclass and \\begin{{document}}",
                ),
            )
        main, *others = mains
        text = self._flattened(main)
        if isinstance(text, Unreadable):
            text.locator = main
            return text
        if self._options.references:
            text = self._with_bibliography(text, main)
        document = _document(text, self._verbatim, self._missing, self._options)
        document.locator = main
        if others and isinstance(document, Document):
            document.metadata["other_main_files"] = others
        return document

    def _text(self, name: str) -> str | Unreadable:
        """A member without its comments."""
        text = self._texts.get(name)
        if text is None:
            data = self._contents[self._members[name]]
            if len(data) > self._options.max_document_bytes:
                text = too_large(len(data), self._options.max_document_bytes, name)
            else:
                decoded = decode(data) if data else ""
                text = decoded if isinstance(decoded, Unreadable) else source_of(decoded, self._verbatim).text
            if isinstance(text, Unreadable):
                text.locator = name
            self._texts[name] = text
        return text

    def _mains(self) -> list[str]:
        candidates: list[str] = []
        read_in: set[str] = set()
        for name in self._members:
            if not name.lower().endswith(_SUFFIXES):
                continue
            text = self._text(name)
            if isinstance(text, Unreadable):
                continue
            if _CLASS.search(text) and _BEGIN.search(text):
                candidates.append(name)
            for found in _INPUT.finditer(text):
                other = self._resolve(
                    found["braced"] or found["bare"], posixpath.dirname(name), posixpath.dirname(name)
                )
                if other is not None and other != name:
                    read_in.add(other)
        return [name for name in candidates if name not in read_in] or candidates[:1]

    def _resolve(self, said: str, root: str, folder: str) -> str | None:
        """The member that a name means, seen from the main file's folder, the reading file's, the archive's root."""
        said = said.strip().strip('"').replace("\\", "/")
        if said.startswith(("/", "~")) or ".." in said.split("/") or ":" in said:
            return None
        for base in (root, folder, ""):
            for suffix in ("", *_SUFFIXES):
                name = posixpath.normpath(posixpath.join(base, said + suffix))
                if name in self._members:
                    return name
        return None

    def _flattened(self, main: str) -> str | Unreadable:
        """The main file with all that it reads in, in place."""
        root = posixpath.dirname(main)
        parts: list[str] = []
        text = self._text(main)
        if isinstance(text, Unreadable):
            return text
        stack: list[tuple[str, str, Iterator[re.Match[str]], list[int]]] = [
            (main, text, _INPUT.finditer(text), [0])
        ]
        open_files = [main]
        while stack:
            name, text, inputs, place = stack[-1]
            found = next(inputs, None)
            if found is None:
                parts.append(text[place[0] :])
                stack.pop()
                open_files.pop()
                continue
            parts.append(text[place[0] : found.start()])
            place[0] = found.end()
            said = found["braced"] or found["bare"]
            child = self._resolve(said, root, posixpath.dirname(name))
            if child is None:
                self._missing.append(said.strip())
                continue
            if child in open_files:
                return Unreadable("circular_input", " → ".join([*open_files, child]))
            if len(stack) >= _DEEPEST_INPUT:
                return Unreadable(
                    "too_deeply_nested",
                    f"files read in files more than {_DEEPEST_INPUT} deep",
                    "",
                    len(stack) + 1,
                    _DEEPEST_INPUT,
                )
            content = self._text(child)
            if isinstance(content, Unreadable):
                if content.reason != "empty_file":
                    return Unreadable(
                        content.reason, f"{child}: {content.detail}", "", content.value, content.threshold
                    )
                continue
            content = _body(content)
            self._size += len(content) + 1
            if self._size > self._options.max_document_bytes:
                return too_large(self._size, self._options.max_document_bytes)
            parts.append("\n")
            stack.append((child, content, _INPUT.finditer(content), [0]))
            open_files.append(child)
        return "".join(parts)

    def _with_bibliography(self, text: str, main: str) -> str:
        """The text with the reference list that BibTeX made of it."""
        made = posixpath.splitext(main)[0] + ".bbl"
        references = self._text(made) if made in self._members else None
        if not isinstance(references, str):
            return text
        return _BIBLIOGRAPHY.sub(lambda _: references, text, count=1)


def _body(text: str) -> str:
    """What a file that can also stand alone (``subfiles``) says; all of one that cannot."""
    begin = _BEGIN.search(text)
    if begin is None:
        return text
    end = _END.search(text, begin.end())
    return text[begin.end() : end.start() if end else len(text)]


def _document(
    text: str, verbatim: list[str], missing: list[str], options: ReadOptions
) -> Document | Unreadable:
    """The document of LaTeX without comments."""
    try:
        text = expand(text, KNOWN)
        begin = _BEGIN.search(text)
        preamble = text[: begin.start()] if begin else ""
        theorems = {found[1].rstrip("*"): found[2].strip() for found in _THEOREM.finditer(text)}
        language = _language(preamble)
        body = _front(preamble) + _body(text)
        if language.startswith("de") and '"' in body:
            body = _SHORTHAND.sub(lambda found: _SHORTHANDS[found[0]], body)
        converted = convert(body, verbatim, theorems, references=options.references)
    except ExpansionError as error:
        return Unreadable("macro_expansion", str(error), value=error.value, threshold=error.threshold)
    except NestingError as error:
        return Unreadable("too_deeply_nested", str(error))
    if not converted.blocks:
        return Unreadable("no_text", "nothing is left without its commands")
    fields = converted.fields
    title = " ".join(fields.get("title", [""])[0].split())
    blocks = converted.blocks
    if title and blocks[0] != title:
        blocks = [title, *blocks]
    document = Document("\n\n".join(blocks), title, media_type=Latex.media_type, structured=True)
    document.declared_language = language
    document.doi = next(filter(None, map(doi_of, fields.get("doi", []))), "")
    document.year = next(filter(None, map(year_of, fields.get("date", []))), None)
    deed = _DEED.search(preamble)
    if deed is not None:
        document.license, document.license_evidence = spdx_of_url(deed[0]) or deed[0], "preamble"
    document.metadata = _metadata(fields, missing)
    return document


def _front(preamble: str) -> str:
    """What the preamble says of the document, as commands of the body."""
    pairs = matching_braces(preamble)
    said: list[str] = []
    for found in _FRONT.finditer(preamble):
        end = pairs.get(found.end())
        if end is not None:
            said.append(f"\\{found[1]}{preamble[found.end() : end + 1]}\n\n")
    return "".join(said)


def _language(preamble: str) -> str:
    """The language that babel or polyglossia is told; the last one of babel's options is the main one."""
    found = _POLYGLOSSIA.search(preamble)
    if found is not None:
        return LANGUAGES.get(found[1].lower(), "")
    babel = _BABEL.search(preamble)
    options = babel[1] if babel else ""
    if not babel and "{babel}" in preamble and (of_class := _CLASS_OPTIONS.search(preamble)) is not None:
        options = of_class[1]
    main = ""
    for option in options.split(","):
        key, _, value = option.partition("=")
        if key.strip() == "main":
            return LANGUAGES.get(value.strip().lower(), "")
        main = LANGUAGES.get(key.strip().lower(), main)
    return main


def _metadata(fields: dict[str, list[str]], missing: list[str]) -> dict[str, Any]:
    keywords = [
        word.strip(" .") for value in fields.get("keywords", []) for word in re.split(r"[,;·]", value)
    ]
    values = {
        "authors": list(dict.fromkeys(name for value in fields.get("author", []) for name in _names(value))),
        "date": " ".join(fields.get("date", [])[:1]),
        "journal": " ".join(fields.get("journal", [])[:1]),
        "keywords": [word for word in dict.fromkeys(keywords) if word],
        "missing_files": list(dict.fromkeys(missing)),
    }
    return {name: value for name, value in values.items() if value}


def _names(value: str) -> Iterator[str]:
    r"""The names in an ``\author``: apart by ``\and``, commas or "and"; lines that name a place are none."""
    for author in value.split(AND):
        for name in re.split(r",|;| and | & ", author):
            name = re.sub(r"\$[^$]*\$|\^\{[^{}]*\}|\^\S|[*†‡§]", "", name)  # noqa: PLW2901 - the name without its marks
            name = " ".join(name.split())  # noqa: PLW2901
            if _PLACE.search(name):
                break
            if name and name[0].isalpha():
                yield name
