from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters import clean_already as module
from colophon.filters.clean import Clean
from colophon.filters.clean_already import clean_already, clean_texts
from colophon.filters.folding import complex_texts

pieces = st.one_of(
    st.text(max_size=5),
    st.text(
        st.sampled_from(" \t\n\r\xa0\xad\u200b\u200d\u0301\u0327ÂÃ©â€™œŒЂéµ\u2013“”ﬁ각각\u212a\ud800x."),
        max_size=8,
    ),
    st.sampled_from(
        ["cafÃ©", "  ", "\n\n", " \n", "x", "мир", "Ωμ", "10³", "naïve", "中文", "か\u3099", "\u0915\u093c"]
    ),
)


@given(st.lists(st.lists(pieces, max_size=8).map("".join), max_size=5))
def test_what_is_sure_is_not_changed(texts):
    clean = Clean()
    for text, sure in zip(texts, clean_already(texts), strict=True):
        assert not sure or clean(text) == text


def test_every_character_between_others():
    clean = Clean()
    for around in ("a{}b", "é{}é", "{}", "\u2013{}", "{}\u2013"):
        texts = [around.format(chr(point)) for point in range(0x30000)]
        # One surrogate makes all its neighbours unsure, so they go by themselves.
        plain = [text for text in texts if not any("\ud800" <= c < "\ue000" for c in text)]
        sure = clean_already(plain)
        assert sure.any()
        assert all(clean(text) == text for text, one in zip(plain, sure, strict=True) if one)


def test_nearly_all_sections_of_papers_are_sure(corpora: Path):
    texts = [
        json.loads(line)["text"] for line in (corpora / "dedup" / "corpus.jsonl").read_bytes().splitlines()
    ]
    clean = Clean()
    sure = clean_already(texts)
    assert sure.mean() >= 0.9
    assert all(clean(text) == text for text, one in zip(texts, sure, strict=True) if one)


def test_real_text_in_all_languages(corpora: Path):
    files = [path.read_text("utf-8", "replace") for path in sorted((corpora / "langid" / "udhr").glob("*"))]
    texts = [paragraph for text in files for paragraph in text.split("\n\n")]
    clean = Clean()
    sure = clean_already(texts)
    assert all(clean(text) == text for text, one in zip(texts, sure, strict=True) if one)


@given(st.lists(st.lists(pieces, max_size=8).map("".join), max_size=5), st.booleans())
def test_cleaning_with_the_needed_rules_alone_is_cleaning(texts, fix_encoding):
    clean = Clean(fix_encoding=fix_encoding)
    encoded, found = clean_texts(texts, clean)
    assert found.tolist() == complex_texts(encoded).tolist()
    cleaned = encoded.to_pylist()
    assert cleaned == [clean(text) for text in texts]
    if not any("\ud800" <= char <= "\udfff" for text in texts for char in text):
        assert clean_texts([text.encode() for text in texts], clean).encoded.to_pylist() == cleaned


def test_cleaning_of_real_texts_is_cleaning(corpora: Path):
    lines = (corpora / "dedup" / "corpus.jsonl").read_bytes().splitlines()
    texts = [json.loads(line)["text"] for line in lines][:600]
    texts += [path.read_text("utf-8", "replace") for path in sorted((corpora / "langid" / "udhr").glob("*"))][
        :40
    ]
    clean = Clean()
    encoded, found = clean_texts(texts, clean)
    assert found.tolist() == complex_texts(encoded).tolist()
    cleaned = encoded.to_pylist()
    assert cleaned == [clean(text) for text in texts]
    assert cleaned != texts


def test_the_classes_of_characters_hold_what_their_patterns_match():
    every = "".join(map(chr, range(0x110000)))
    patterns = (
        module.ODD.pattern,
        module.MARK,
        *(f"[{c}]" for c in (module.TELLTALE, module.OTHER, module.LETTER)),
    )
    for pattern in (*patterns, "[a-z_]", "[-x]"):
        matched = np.zeros(0x110000, np.bool_)
        for run in re.finditer(f"{pattern}+", every):
            matched[run.start() : run.end()] = True
        assert np.array_equal(module._members(pattern), matched)
