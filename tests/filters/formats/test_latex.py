# ruff: noqa: RUF001 - typographic characters
from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colophon.filters.formats import detect
from colophon.filters.formats.latex import Latex, looks_like_bundle, read_bundle
from colophon.schemas import Document, ReadOptions, Unreadable

GOLDEN = Path(__file__).parents[2] / "golden" / "latex"
MANY = 100_000


def read(source: str | bytes, **options: bool) -> Document | Unreadable:
    data = source.encode() if isinstance(source, str) else source
    (item,) = Latex().read(io.BytesIO(data), ReadOptions(**options))
    return item


def text(source: str) -> str:
    item = read(source)
    assert isinstance(item, Document), item
    return item.text


def bundle(members: dict[str, str], **options: int) -> Document | Unreadable:
    (item,) = read_bundle({name: body.encode() for name, body in members.items()}, ReadOptions(**options))
    return item


def article(body: str, preamble: str = "") -> str:
    return f"\\documentclass{{article}}\n{preamble}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def test_golden_text():
    document = read((GOLDEN / "paper.tex").read_bytes())
    assert document.text + "\n" == (GOLDEN / "paper.txt").read_text(encoding="utf-8")
    assert (document.title, document.year, document.declared_language) == ("On the Sleep of Ants", 2019, "de")
    assert document.metadata["authors"] == ["Ada Quill"]
    assert document.metadata["missing_files"] == ["rest"]


def test_references_are_kept_on_request():
    assert "A. Quill. Ants. 2018." not in read((GOLDEN / "paper.tex").read_bytes()).text
    assert "A. Quill. Ants. 2018." in read((GOLDEN / "paper.tex").read_bytes(), references=True).text


SENTENCES = {
    "accents": (r"Schr\"odinger, na\"{\i}ve, Erd\H{o}s, \v{C}ech, \'{E}mile, \c{c}a, \~n", "Schrödinger, naïve, Erdős, Čech, Émile, ça, ñ"),
    "letters": (r"Stra\ss e, \o re, \AA ngstr\"om, \L{}\'od\'z", "Straße, øre, Ångström, Łódź"),
    "ligatures": ("``so'' -- or --- `not'~1", "“so” – or — ‘not’ 1"),
    "escapes": (r"5\,\% of \$3 \& \#1 a\_b \{x\}", "5 % of $3 & #1 a_b {x}"),
    "fonts": (r"\emph{a} \textbf{b \textit{c}} {\bf d} \textcolor{red}{e}", "a b c d e"),
    "citation": (r"so it is~\cite{a}, and \citep[p.~3]{b}.", "so it is, and."),
    "bracketed": (r"so (see Fig.~\ref{a} and \cite{b}) it is", "so it is"),
    "inline": (r"if $a_1 < \alpha$ or \(b\) then", r"if $a_1 < \alpha$ or $b$ then"),
    "dollar in text": (r"$f = 1 \text{ if $x$}$.", r"$f = 1 \text{ if \(x\)}$."),
    "unit": (r"\SI{5}{\kilo\metre} long", "5 km long"),
    "unknown": (r"\foo[x=1]{kept} here", "kept here"),
    "verb": (r"type \verb|\a{b}%| now", r"type \a{b}% now"),
    "comment": ("one% two\n three", "onethree"),
    "a command on a line": ("one\n\\label{x}\ntwo\n\\begin{figure}\n\\end{figure}\nthree", "one two three"),
    "looks like input": (r"\includegraphics[width=1cm]{a}\inputencoding x", "x"),
}  # fmt: skip


@pytest.mark.parametrize("case", SENTENCES)
def test_a_sentence(case):
    source, expected = SENTENCES[case]
    assert text(source) == expected


@pytest.mark.parametrize(
    ("definition", "use", "expected"),
    [
        (r"\newcommand{\ant}{ant}", r"An \ant\ and \ant{}s.", "An ant and ants."),
        (r"\newcommand{\v}[2][a]{$#1+#2$}", r"\v{b} \v[c]{d}", "$a+b$ $c+d$"),
        (r"\def\pair#1#2{(#1, #2)}", r"\pair{x}y", "(x, y)"),
        (r"\DeclareMathOperator*{\best}{best}", r"$\best x$", r"$\operatorname*{best} x$"),
        (r"\let\old\emph\newcommand{\hot}[1]{\old{#1}!}", r"\hot{x}", "x!"),
        (r"\newcommand{\a}{\b}\newcommand{\b}{c}", r"\a", "c"),
        (r"\newenvironment{say}[1]{He, #1, said:}{Done.}", r"\begin{say}{Al}no.\end{say}", "He, Al, said:no.Done."),
        (r"\renewcommand{\section}[1]{\@startsection{#1}}", r"\section{Kept} x", "Kept\n\nx"),
        (r"\def\calc{\ifnum1=1 a\else b\fi}", r"x\calc{} y", "x y"),
    ],
)  # fmt: skip
def test_macros(definition, use, expected):
    assert text(article(use, definition)) == expected


@pytest.mark.parametrize(
    "source",
    [
        r"\def\a{\a}\a",
        r"\def\a{\a\a}\a",
        r"\newcommand{\a}[1]{#1#1}" + r"\a{" * 60 + "x" + "}" * 60,
        "".join(f"\\def\\{chr(97 + i)}{{{(chr(92) + chr(98 + i)) * 10}}}" for i in range(20))
        + r"\def\u{xxxxx}\a",
    ],
)
def test_bombs_are_refused(source):
    fault = read(source)
    assert fault.reason == "macro_expansion"
    assert fault.value > fault.threshold > 0 or fault.value == fault.threshold


@pytest.mark.parametrize(
    "piece",
    [
        "{", "}", "$", "$$", "$ x ", "$$ x\n\n", r"\emph{", r"\label{", r"\footnote{", r"\section{x", r"\begin{itemize}", r"\begin{x}",
        r"\end{x}", r"\item[", r"\foo[", "[", r"\[", r"\(", "\\", "%", "%\n", "\n", " ", r"\begin{equation}", r"\begin{verbatim}",
        r"\verb|", r"\url{", r"\iffalse ", r"\cite{a} ", r"(see \cite{a}, ", r"\begin{tabular}{l}", "&", r"\'", r"\'{", "${", "${$",
        r"\newcommand", r"\newcommand{\a}{", r"\newcommand{\a}[1]{#1}\a{", r"\newtheorem{", r"\documentclass[", "~", "}{", r"\title{",
        r"\begin{theorem}[", r"\href{", r"\let\a\b", r"\def\a#1{", "\ufdd1", "\ufdd61", r"\begin{document}", r"\end{document}",
    ],
)  # fmt: skip
def test_hostile_repetition_ends(piece):
    for source in (piece * (MANY // len(piece)), piece * (MANY // len(piece)) + "}" * MANY + "x"):
        assert isinstance(read(source), Document | Unreadable)


def test_deep_nesting():
    assert text("{" * MANY + "ants" + "}" * MANY) == "ants"
    assert read(r"\footnote{" * MANY + "}" * MANY).reason == "too_deeply_nested"


def test_nothing_left():
    assert read("% only a comment").reason == "no_text"
    assert read(article("")).reason == "no_text"


# ------------------------------------------------------------------------------------------------------------ bundles


def test_a_bundle_is_flattened():
    document = bundle(
        {
            "main.tex": article(r"\input{sections/one} \include{two}\input three % \input{four}"),
            "sections/one.tex": "One.\\subfile{sections/deep}",
            "sections/deep.tex": article("Deep."),
            "two.tex": "Two.",
            "three.tex": "Three.",
            "four.tex": "Four.",
        }
    )
    assert (document.text, document.locator) == ("One.\n\nDeep. Two. Three.", "main.tex")


def test_the_main_file():
    document = bundle({"b.tex": article("B"), "a.tex": article("A"), "aa.tex": article(r"\input{a}")})
    assert (document.locator, document.text) == ("aa.tex", "A")
    assert document.metadata["other_main_files"] == ["b.tex"]
    assert bundle({"a.tex": "x", "b.sty": "y"}).reason == "no_main_file"


def test_nothing_outside_the_root_is_read():
    document = bundle(
        {
            "p/main.tex": article(r"x \input{../secret} \input{/etc/passwd} \input{p/../q} y"),
            "secret.tex": "no",
            "q.tex": "no",
        }
    )
    assert document.text == "x y"
    assert document.metadata["missing_files"] == ["../secret", "/etc/passwd", "p/../q"]


def test_circles_and_depth():
    assert (
        bundle({"m.tex": article(r"\input{a}"), "a.tex": r"\input{b}", "b.tex": r"\input{a}"}).reason
        == "circular_input"
    )
    deep = {f"n{i}.tex": f"\\input{{n{i + 1}}}" for i in range(50)}
    assert bundle({"m.tex": article(r"\input{n0}"), **deep}).reason == "too_deeply_nested"
    wide = {f"n{i}.tex": f"\\input{{n{i + 1}}}" * 10 for i in range(9)} | {"n9.tex": "ants " * 10}
    assert bundle({"m.tex": article(r"\input{n0}"), **wide}, max_document_bytes=10_000).reason == "too_large"


def test_the_made_bibliography_is_read_on_request():
    members = {
        "m.tex": article("Ants. \\bibliography{x}"),
        "m.bbl": "\\begin{thebibliography}{1}\\bibitem{a} On moss.\\end{thebibliography}",
    }
    assert bundle(members).text == "Ants."
    assert bundle(members, references=True).text == "Ants.\n\nOn moss."


def test_what_looks_like_a_bundle():
    assert looks_like_bundle(["paper.tex"])
    assert looks_like_bundle(["x/", "x/ms.tex", "x/intro.tex", "x/fig.pdf"])
    assert looks_like_bundle(["a.tex", "b.tex", "refs.bib"])
    assert not looks_like_bundle(["a.tex", "b.tex"])
    assert not looks_like_bundle(["a.tex", "a.xml"])
    assert not looks_like_bundle(["fig.pdf"])


def test_sniff():
    assert detect(b"% a\n\n\\documentclass{article}", "x").name == "latex"
    assert detect(b"see \\documentclass{article}", "x.txt").name == "text"
    assert detect(b"Ants", "x.tex").name == "latex"
    assert not Latex().sniff(b"# \\documentclass")


# --------------------------------------------------------------------------------------------------------- fuzz, corpus

SEED = (GOLDEN / "paper.tex").read_text(encoding="utf-8")
MUTATIONS = st.lists(
    st.tuples(st.integers(0, len(SEED)), st.integers(0, 40), st.sampled_from(["", "{", "}", "$", "\\", "[", "]", "&", "%", "\n\n", "\\begin{", "#1", "\ufdd4"])),
    max_size=12,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(MUTATIONS)
def test_mutations_are_read_or_refused(mutations):
    source = SEED
    for place, length, piece in mutations:
        source = source[:place] + piece + source[place + length :]
    item = read(source)
    assert isinstance(item, Unreadable) or item.text.encode()
    assert isinstance(item, Unreadable) or not re.search("[\ufdd0-\ufddf]", item.text)
    assert item == read(source)


def test_few_commands_are_left_over(corpora):
    words = left = 0
    paths = sorted(corpora.glob("latex/**/*.tex"))
    assert paths
    for path in paths:
        document = read(path.read_bytes())
        assert isinstance(document, Document), (path, document)
        prose = re.sub(r"\$[^$]+\$", " ", document.text)
        words += len(prose.split())
        left += len(re.findall(r"\\[A-Za-z]+|\\.", prose))
        assert not re.search(r"[\ufdd0-\ufddf]|\n{3}", document.text)
    assert words > 40_000
    assert left <= 2 * words / 1000
