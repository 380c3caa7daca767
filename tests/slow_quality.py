"""What the quality filter measures, written to be read: no speed, no bytes, one text at a time.

Nothing of the filter's own code is used, save the lists of words and phrases.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any

from colophon.filters.folding import SPACELESS
from colophon.filters.quality.words import (
    BOILERPLATE,
    COOKIES,
    FUNCTION_WORDS,
    POLICY,
    STOP_WORDS,
    UNSEEN_PAIRS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BLANK = r"[\s\x00-\x1f\x7f-\x9f]"
ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in SPACELESS)
TOKEN = re.compile(rf"(?=\w)[{ALONE}]|(?:[^\W{ALONE}])+")
ENDS = set(".!?…‼‽⁇⁈⁉。．！？｡।॥؟۔።፧፨။։")  # noqa: RUF001  # marks of other scripts are meant
CLOSING = set("\"')]}»›”’")  # noqa: RUF001  # as are quotation marks
BULLET = re.compile(rf"[•‣⁃●○◦▪▫■□]|[-*\u2013](?={BLANK})")  # noqa: RUF001  # and bullets
FUNCTION = set(FUNCTION_WORDS)
PAIRS = set(UNSEEN_PAIRS.split())
CITATION = re.compile(r"(?:\[[0-9]*\]|\[edit\]|\[citation needed\])\Z")


def strip(text: str) -> str:
    return re.sub(rf"^{BLANK}+|{BLANK}+\Z", "", text)


def words_of(text: str) -> list[str]:
    return [word for word in re.split(f"{BLANK}+", text) if word]


def tokens_of(text: str) -> list[str]:
    return TOKEN.findall(text)


def share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def without_closing(text: str) -> str:
    while text and text[-1] in CLOSING:
        text = text[:-1]
    return text


def phrases_in(tokens: list[str], phrases: tuple[str, ...]) -> int:
    line = f" {' '.join(tokens)} "
    return sum(len(re.findall(f"(?= {phrase} )", line)) for phrase in phrases if f" {phrase} " in line)


def covered_by_top(tokens: list[str], n: int) -> int:
    """Characters in occurrences of the n-gram that occurs most often; among equals, the one that covers most."""
    grams = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    counts = Counter(grams)
    most = max(counts.values(), default=0)
    if most < 2:
        return 0
    return max(
        covered(tokens, [i for i, gram in enumerate(grams) if gram == top], n)
        for top, count in counts.items()
        if count == most
    )


def covered_by_repeats(tokens: list[str], n: int) -> int:
    """Characters in n-grams that stood before in the text."""
    seen = set()
    repeats = []
    for i in range(len(tokens) - n + 1):
        gram = tuple(tokens[i : i + n])
        if gram in seen:
            repeats.append(i)
        seen.add(gram)
    return covered(tokens, repeats, n)


def covered(tokens: list[str], starts: list[int], n: int) -> int:
    inside = {at for start in starts for at in range(start, start + n)}
    return sum(len(tokens[at]) for at in inside)


def duplicates(pieces: list[Any], length: Callable[[Any], int]) -> tuple[int, int]:
    seen = set()
    number = characters = 0
    for piece in pieces:
        if piece in seen:
            number += 1
            characters += length(piece)
        seen.add(piece)
    return number, characters


def c4_sentences(lines: list[str]) -> int:
    found = 0
    for line in lines:
        end = line
        while CITATION.search(end):
            end = strip(CITATION.sub("", end))
        words = words_of(line)
        tokens = tokens_of(line)
        if (
            (end[-1:] in ENDS - {"…"} or end[-1:] in {'"', "”"})
            and not end.endswith("...")
            and len(words) >= 5
            and max(map(len, words)) <= 1000
            and not phrases_in(tokens, POLICY)
        ):
            found += max(1, sum(without_closing(word)[-1:] in ENDS for word in words))
    return found


def garbled(token: str) -> bool:
    kinds = "".join("a" if c.isalpha() else "0" if c.isdigit() else "_" for c in token)
    if re.search("a0+a", kinds):
        return True
    if not re.fullmatch("[a-z]{3,}", token):
        return False
    unseen = any(token[i : i + 2] in PAIRS for i in range(len(token) - 1))
    return unseen or (len(token) > 3 and not set(token) & set("aeiouy"))


def is_short(text: str, match: re.Match[str]) -> bool:
    """One or two letters, or three with a full stop or a comma behind: initials, abbreviated titles."""
    token = match[0]
    if not all(map(str.isalpha, token)) or token in FUNCTION or re.match(f"[{ALONE}]", token):
        return False
    return len(token) < 3 or (len(token) == 3 and text[match.end() : match.end() + 1] in {".", ","})


def reference_tokens(text: str) -> int:
    """Tokens in passages of 64 to 127 tokens that read as a list of references."""
    matches = list(TOKEN.finditer(text))
    n = len(matches)
    passages = max(1, n // 64)
    found = 0
    for number in range(passages):
        passage = matches[number * n // passages : (number + 1) * n // passages]
        years = sum(bool(re.fullmatch("(?:1[89]|20)[0-9][0-9]", match[0])) for match in passage)
        short = sum(is_short(text, match) for match in passage)
        numbers = sum(all(map(str.isdigit, match[0])) for match in passage)
        function = sum(match[0] in FUNCTION for match in passage)
        size = len(passage)
        if (
            years
            and 100 * function <= 22 * size
            and 100 * short >= 5 * size
            and 100 * (short + numbers) >= 20 * size
        ):
            found += size
    return found


def paragraphs_of(text: str) -> list[tuple[str, ...]]:
    paragraphs: list[list[str]] = [[]]
    for line in map(strip, text.split("\n")):
        if line:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([])
    return [tuple(lines) for lines in paragraphs if lines]


def measure(text: str) -> dict[str, float]:
    """Every column of one text."""
    text = unicodedata.normalize("NFC", text.casefold())
    paragraphs = paragraphs_of(text)
    lines = [line for paragraph in paragraphs for line in paragraph]
    line_chars = sum(map(len, lines))
    line_tokens = [tokens_of(line) for line in lines]
    words = words_of(text)
    tokens = tokens_of(text)
    token_chars = sum(map(len, tokens))
    again, again_chars = duplicates(lines, len)
    again_paragraphs, again_paragraph_chars = duplicates(paragraphs, lambda part: sum(map(len, part)))
    numbers = sum(any(map(str.isdigit, word)) and not any(map(str.isalpha, word)) for word in words)
    symbols = sum(not any(map(str.isdigit, word)) and not any(map(str.isalpha, word)) for word in words)
    return {
        "mean_word_length": share(sum(map(len, words)), len(words)),
        "alphabetic_words": share(sum(any(map(str.isalpha, word)) for word in words), len(words)),
        "number_words": share(numbers, len(words)),
        "symbol_words": share(symbols, len(words)),
        "stop_words": len(set(tokens) & set(STOP_WORDS)),
        "function_words": share(sum(token in FUNCTION for token in tokens), len(tokens)),
        "hashes_per_word": share(text.count("#"), len(words)),
        "ellipses_per_word": share(text.count("...") + text.count("…"), len(words)),
        "bullet_lines": share(sum(bool(BULLET.match(line)) for line in lines), len(lines)),
        "ellipsis_lines": share(sum(line.endswith(("...", "…")) for line in lines), len(lines)),
        "punctuated_lines": share(sum(without_closing(line)[-1:] in ENDS for line in lines), len(lines)),
        "short_lines": share(sum(len(line) < 30 for line in lines), len(lines)),
        "newlines_per_word": share(strip(text).count("\n"), len(words)),
        "duplicate_lines": share(again, len(lines)),
        "duplicate_line_chars": share(again_chars, line_chars),
        "duplicate_paragraphs": share(again_paragraphs, len(paragraphs)),
        "duplicate_paragraph_chars": share(again_paragraph_chars, line_chars),
        **{f"top_{n}gram_chars": share(covered_by_top(tokens, n), token_chars) for n in range(2, 5)},
        **{
            f"duplicate_{n}gram_chars": share(covered_by_repeats(tokens, n), token_chars)
            for n in range(5, 11)
        },
        "c4_sentences": c4_sentences(lines),
        "curly_brackets": text.count("{"),
        "lorem_ipsum": sum(phrases_in(line, ("lorem ipsum",)) for line in line_tokens),
        "cookie_phrases": share(100 * sum(phrases_in(line, COOKIES) for line in line_tokens), len(tokens)),
        "boilerplate_phrases": share(
            100 * sum(phrases_in(line, BOILERPLATE) for line in line_tokens), len(tokens)
        ),
        "garbled_words": share(sum(map(garbled, tokens)), len(tokens)),
        "reference_words": share(reference_tokens(text), len(tokens)),
    }
