# ruff: noqa: RUF001 - scientific characters
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from colophon.filters.formats.mathml import linearize

NAMESPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"'

CASES = {
    "fraction": ("<mfrac><mn>1</mn><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></mfrac>", r"\frac{1}{a + b}"),
    "binomial": ('<mfrac linethickness="0"><mi>n</mi><mi>k</mi></mfrac>', r"\binom{n}{k}"),
    "roots": ("<msqrt><mi>x</mi></msqrt><mroot><mi>y</mi><mn>3</mn></mroot>", r"\sqrt{x}\sqrt[3]{y}"),
    "scripts": (
        (
            "<msub><mi>x</mi><mi>i</mi></msub><msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>"
            "<msubsup><mi>σ</mi><mn>12</mn><mn>2</mn></msubsup>"
        ),
        "x_i10^{−3}σ_{12}^2",
    ),
    "nested script": ("<msup><msub><mi>a</mi><mi>b</mi></msub><mn>2</mn></msup>", "{a_b}^2"),
    "prime": ("<msup><mi>f</mi><mo>′</mo></msup>", "f′"),
    "sum": (
        "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>",
        "∑_{i = 1}^ni",
    ),
    "limit": ("<munder><mo>lim</mo><mrow><mi>t</mi><mo>→</mo><mn>0</mn></mrow></munder>", r"\lim_{t → 0}"),
    "accents": (
        "<mover><mi>x</mi><mo>¯</mo></mover><mover><mi>y</mi><mo>^</mo></mover><mover><mi>V</mi><mo>˙</mo></mover>",
        r"\bar{x}\hat{y}\dot{V}",
    ),
    "operators": (
        "<mi>p</mi><mo>&lt;</mo><mn>0.05</mn><mo>,</mo><mi>q</mi><mo>=</mo><mo>-</mo><mn>1</mn>",
        "p < 0.05, q = -1",
    ),
    "function": (
        "<mi>log</mi><mo>\u2061</mo><mi>x</mi><mo>+</mo><mi>exp</mi><mo>(</mo><mi>y</mi><mo>)</mo>",
        r"\log x + \exp(y)",
    ),
    "names and words": (
        "<mi>AUC</mi><mo>=</mo><mtext>the area if </mtext><mi>x</mi>",
        r"\mathrm{AUC} = \text{the area if }x",
    ),
    "words apart": (
        "<mtext>for</mtext><mspace/><mspace/><mtext>all</mtext><mspace/><mtext>leaves</mtext><mspace/><mi>n</mi>",
        r"\text{for all leaves} n",
    ),
    "fenced": (
        '<mfenced open="[" close="]"><mi>a</mi><mi>b</mi></mfenced><mfenced><mi>c</mi></mfenced>',
        "[a, b](c)",
    ),
    "matrix": (
        "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr></mtable>",
        r"\begin{matrix} 1 & 2 \\ 3 & 4 \end{matrix}",
    ),
    "derivation": (
        "<mtable><mtr><mtd><mi>a</mi></mtd><mtd><mo>=</mo><mi>b</mi></mtd></mtr></mtable>",
        r"\begin{aligned} a & = b \end{aligned}",
    ),
    "one column": (
        "<mtable><mtr><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mi>b</mi></mtd></mtr></mtable>",
        r"a \\ b",
    ),
    "tensor": (
        "<mmultiscripts><mi>C</mi><mn>6</mn><none/><mprescripts/><none/><mn>14</mn></mmultiscripts>",
        "{}^{14}C_6",
    ),
    "annotation": (
        '<semantics><mi>wrong</mi><annotation encoding="application/x-tex">a \\cdot b</annotation></semantics>',
        r"a \cdot b",
    ),
    "semantics": (
        '<semantics><mi>a</mi><annotation encoding="text/plain">no</annotation></semantics>',
        "a",
    ),
    "phantom": ("<mi>a</mi><mphantom><mi>b</mi></mphantom><mspace/><mi>c</mi>", "a c"),
    "braces": ("<mo>{</mo><mi>x</mi><mo>}</mo>", r"\{x\}"),
    "dollar": ("<mtext>$5</mtext>", r"\$5"),
    "malformed fraction": ("<mfrac><mi>a</mi></mfrac><msub><mi>b</mi></msub><msup/>", "ab"),
    "nothing": ("<mrow><mspace/></mrow>", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_each_element_reads_as_latex(case):
    inner, expected = CASES[case]
    assert linearize(etree.fromstring(f"<math>{inner}</math>")) == expected
    assert linearize(etree.fromstring(f"<math {NAMESPACE}>{inner}</math>")) == expected


def test_depth_is_no_danger():
    parser = etree.XMLParser(huge_tree=True)
    deep = etree.fromstring("<math>" + "<mrow>" * 1000 + "<mi>x</mi>" + "</mrow>" * 1000 + "</math>", parser)
    assert linearize(deep) == "x"


LEAVES = st.sampled_from(["<mi>x</mi>", "<mn>42</mn>", "<mo>+</mo>", "<mtext>if</mtext>", "<none/>", "<mi/>"])


def _split(names: str) -> list[str]:
    return names.split()


TAGS = _split(
    "mrow mfrac msqrt mroot msub msup msubsup munder mover munderover mfenced mtable mtr mtd mmultiscripts mstyle "
    "menclose semantics maction unknown"
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>",
        st.sampled_from(TAGS),
        st.lists(inner, max_size=4),
    ),
)


@given(TREES)
def test_no_tree_breaks_it_and_all_numbers_stay(tree):
    math = etree.fromstring(f"<math>{tree}</math>")
    text = linearize(math)
    assert "\n" not in text
    assert "  " not in text
    assert text == text.strip()
    # `maction` shows one of its children, `semantics` one or its annotation, a cell row outside a table nothing else.
    if "maction" not in tree and "semantics" not in tree:
        assert text.count("42") == tree.count("42")
