"""Personal data and benchmark overlap over papers' sections, each against the plain way to do the same."""

from __future__ import annotations

import functools
import re
import resource
import tempfile
from pathlib import Path

from benchmarks.clock import cpu_seconds, line
from benchmarks.corpora import CORPORA, sections
from colophon.filters.batch import Batch
from colophon.filters.contamination.contamination import Contamination
from colophon.filters.privacy.personal_data import find
from colophon.filters.privacy.privacy import Privacy

# What a plain alternation looks for, without check digits, words beside numbers, or keys but two.
PLAIN = re.compile(
    r"(?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+)"
    r"|(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b)"
    r"|(?P<iban>\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}\b)"
    r"|(?P<card>\b(?:\d{4}[ -]?){3}\d{4}\b)"
    r"|(?P<ssn>\b\d{3}-\d{2}-\d{4}\b)"
    r"|(?P<key>\b(?:AKIA[A-Z2-7]{16}|ghp_\w{36})\b)"
    r"|(?P<phone>(?:\+\d{1,3}[ -])?\(?\b\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{3,4}\b)"
)


def main() -> None:
    texts = [section["text"] for section in sections()]
    size = sum(len(text.encode()) for text in texts)
    words = sum(len(text.split()) for text in texts)
    batch = Batch(texts)
    _ = batch.tokens
    privacy = Privacy(mask=False)
    ours = cpu_seconds(lambda: privacy.annotate(batch))
    part = texts[::20]
    share = sum(len(text.encode()) for text in part) / size
    plain = cpu_seconds(lambda: [list(PLAIN.finditer(text)) for text in part], 1) / share
    line("filter privacy", size, ours, "one alternation of regular expressions", plain)
    found = sum(map(len, find(texts)))
    crude = sum(1 for text in texts for _ in PLAIN.finditer(text))
    print(
        f"passages in {words:,} words: {found:,} ours, {crude:,} by the alternation, nearly all of them false"
    )
    paths = tuple(str(path) for path in sorted((CORPORA / "bench").rglob("*.json*")))
    with tempfile.TemporaryDirectory() as folder:
        build = cpu_seconds(functools.partial(Contamination(paths).prepare, Path(folder) / "once"), 1)
        contamination = Contamination(paths).prepare(Path(folder))
        ours = cpu_seconds(lambda: contamination.annotate(batch))
        asked = sum(one["questions"] for one in contamination.materials().values())
        print(
            f"index of {asked:,} questions in {len(paths)} files: {build:.2f} CPU-seconds when it is prepared already"
        )
        part = part[:60]
        part_size = sum(len(text.encode()) for text in part)
        known = _word_sequences(texts[-60:])
        sets = cpu_seconds(lambda: [_word_sequences([text]) & known for text in part], 1) * size / part_size
        line("filter contamination, tokens given", size, ours, "sets of 13 words in Python", sets)
    print(
        f"peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, texts and tokens included"
    )


def _word_sequences(texts: list[str]) -> set[str]:
    lists = [re.findall(r"\w+", text.lower()) for text in texts]
    return {" ".join(words[i : i + 13]) for words in lists for i in range(len(words) - 12)}


if __name__ == "__main__":
    main()
