from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.language.prose import passages, pieces, prose, without_code_blocks


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see https://mill.example/a?b=c, or www.mill.example now", "see or now"),
        ("write to mill.er+x@water.example today", "write to today"),
        ("it costs $5 or $6 a day", "it costs $ or $ a day"),
        ("so $a_1 + b$ holds", "so holds"),
        ("so \\(a\\) and \\[b\\] hold", "so and hold"),
        ("\\textbf{bold letters} in 1901", "bold letters in"),
        ("\\iftag{notBox,notRing}{}{\\sFormula{\\True}[\\sigma]} holds", "holds"),
        ("as shown (Holz et al., 2001) twice", "as shown twice"),
        ("1 + 1 = 2, …", ""),
        ("\x00\x85\ufffe水\n车", "水 车"),
    ],
)
def test_what_is_not_prose_goes(text: str, left: str) -> None:
    assert prose(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("before\n```\nfor x in y:\n```\nafter", "before after"),
        ("unclosed\n```\nfor x in y:", "unclosed"),
        ("a mark ``` in a line", "a mark ``` in a line"),
    ],
)
def test_blocks_of_code_become_blanks(text: str, left: str) -> None:
    assert len(without_code_blocks(text)) == len(text)
    assert " ".join(without_code_blocks(text).split()) == left


@given(st.text(), st.integers(1, 400))
def test_passages_are_the_text_and_few(text: str, times: int) -> None:
    whole = text * times
    bounds = passages(whole)
    assert bounds[0] == 0
    assert bounds[-1] == len(whole)
    assert sorted(set(bounds)) == bounds or not whole
    assert len(bounds) <= 26


def test_passages_end_at_lines_and_are_shorter_at_the_front() -> None:
    text = "\n".join("the tide turned and the boats came in " * 4 for _ in range(400))
    bounds = passages(text)
    assert all(text[at - 1] == "\n" for at in bounds[1:-1])
    lengths = [b - a for a, b in pairwise(bounds)]
    assert max(lengths[:8]) <= 900
    assert min(lengths[8:]) > 1_500
    assert len(lengths) <= 24


def test_of_each_passage_the_beginning_is_read() -> None:
    assert pieces("one two $x$ three", [0, 4, 17], 8) == ["one ", "two   "]


@pytest.mark.parametrize(
    "part", ["\\a", "\\a{", "\\a[", "$", "`", "(et al", "((et al", "a@", "```\n", "\\(", "\\begin{", "$$a"]
)
def test_hostile_text_takes_steps_by_its_length(part: str) -> None:
    text = part * (50_000 // len(part))
    prose(text)  # quadratic, it would take hours
    pieces(without_code_blocks(text), passages(text), 2_000)
