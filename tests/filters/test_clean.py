import json
import pickle
import re
import sys
import unicodedata
from pathlib import Path

import ftfy
import ftfy.badness
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.clean import _MARK, _SUSPICIOUS, Clean, _composed, _plain_lines, _plain_white_space

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests" / "golden" / "clean.json").read_text(encoding="utf-8"))

# Every character that ftfy's patterns name, and a few that they do not.
_TELLTALE = (
    "".join(sorted(set("".join(ftfy.badness.MOJIBAKE_CATEGORIES.values()) + "àâóîïòôûùú\u201aЂв漢ع")))
    + "aZ .?\n"
)
_BITS = st.sampled_from(
    [
        "Ã©",
        "â€™",
        "Â ",
        "Ã\xa0",
        "e\u0301",
        "\u200b",
        "\xad",
        "\n",
        "  ",
        "\t",
        "    ",
        "\x1b[1m",
        "\x85",
        "\ud800",
        "é",
        "x",
    ]
)
_TEXTS = st.one_of(
    st.text(), st.text(alphabet=_TELLTALE), st.lists(st.one_of(_BITS, st.text(max_size=2))).map("".join)
)


@pytest.mark.parametrize("case", GOLDEN, ids=[case["why"] for case in GOLDEN])
def test_golden(case: dict[str, str]) -> None:
    assert Clean()(case["text"]) == case["clean"]


@given(st.text(st.one_of(st.sampled_from("ae=< \n\u0301\u0327\u0338\u1100\u1161\u212b각é"), st.characters())))
def test_composing_the_passages_beyond_ascii_is_nfc(text: str) -> None:
    assert _composed(text) == unicodedata.normalize("NFC", text)


@given(st.text(" \n\tab"))
def test_white_space_of_whole_texts_is_that_of_their_lines(text: str) -> None:
    by_lines = re.sub("\n{3,}", "\n\n", _plain_lines(text)).rstrip(" \t\n").lstrip("\n")
    assert _plain_white_space(text) == by_lines


@given(_TEXTS)
def test_a_clean_text_stays(text: str) -> None:
    clean = Clean()(text)
    assert Clean()(clean) == clean


@given(_TEXTS)
def test_whatever_comes_out_is_plain(text: str) -> None:
    clean = Clean()(text)
    clean.encode()
    assert unicodedata.is_normalized("NFC", clean)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u200b\ufeff]|\n{3}|[ \t](?=\n|$)", clean)


@given(st.text(alphabet=_TELLTALE))
def test_the_quick_test_sees_all_that_ftfy_sees(line: str) -> None:
    if ftfy.badness.is_bad(line):
        assert _SUSPICIOUS.search(line)


@given(st.text(alphabet=_TELLTALE.replace("\n", "")))
def test_a_line_is_repaired_as_ftfy_does(line: str) -> None:
    whole = ftfy.fix_text(
        line,
        uncurl_quotes=False,
        unescape_html=False,
        fix_character_width=False,
        fix_latin_ligatures=False,
        normalization=None,
    )
    assert Clean()(line) == Clean()(whole)


def test_marks_without_end_are_cut_and_cost_no_time() -> None:
    marks = "\u0316\u200b\u0301" * 100_000  # minutes, if they were put in order first
    clean = Clean()(f"a{marks}b")
    assert clean.startswith("\u00e1\u0316")
    assert 30 <= len(clean) <= 33
    assert clean.endswith("b")


def test_every_mark_is_looked_for() -> None:
    marks = [chr(point) for point in range(sys.maxunicode) if unicodedata.combining(chr(point))]
    assert len(marks) > 800
    assert [mark for mark in marks if not re.fullmatch(_MARK, mark)] == []


def test_repair_can_be_turned_off() -> None:
    assert Clean(fix_encoding=False)("cafÃ©") == "cafÃ©"


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(Clean())) == Clean()  # noqa: S301  # our own bytes


@pytest.mark.parametrize("name", ["ftfy_in-the-wild", "ftfy_language-names", "ftfy_negative"])
def test_known_mojibake(name: str, corpora: Path) -> None:
    """What ftfy repairs is repaired and what it leaves is left, but for white space and ligatures."""
    spaces = Clean(fix_encoding=False)
    for case in json.loads((corpora / "mojibake" / f"{name}.json").read_text(encoding="utf-8")):
        if case["expect"] == "pass":
            expected = case.get("fixed-encoding", case["fixed"])
            assert Clean()(case["original"]) == spaces(expected), case["label"]
