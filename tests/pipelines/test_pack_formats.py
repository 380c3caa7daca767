"""Two sites that hold the same thousand papers, one as JATS, the other in whatever form its publishers give."""

from __future__ import annotations

import random
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pytest
from copies import plain
from texts import prose

from colophon.pipelines.overlap import overlap
from colophon.pipelines.pack import PackIndex, make_key
from colophon.runners.packing import pack_dataset

SHARED, OWN = 1000, 300


@dataclass
class Paper:
    """An invented paper: sections of paragraphs that cite, a figure, references."""

    number: int

    def __post_init__(self) -> None:
        rng = random.Random(self.number)
        words = prose(self.number, 1100).replace("\n\n", " ").split()
        self.title = " ".join(words[:7])
        self.abstract = " ".join(words[7:120])
        rest = words[120:]
        self.sections = [
            (name, [" ".join(rest[at : at + 70]) for at in range(start, start + 245, 70)])
            for name, start in zip(
                ("Introduction", "Methods", "Results", "Discussion"), (0, 245, 490, 735), strict=True
            )
        ]
        self.caption = prose(self.number + 10**6, 25).strip()
        self.cited = [rng.randint(1, 9) for _ in self.sections]
        self.references = [prose(self.number * 10 + n + 10**7, 12).strip() for n in range(1, 10)]

    def jats(self) -> str:
        cite = [f'<xref ref-type="bibr" rid="b{n}">{n}</xref>' for n in self.cited]
        body = "".join(
            f"<sec><title>{name}</title><p>{first} [{cite[at]}].</p>{''.join(f'<p>{one}</p>' for one in rest)}</sec>"
            for at, (name, (first, *rest)) in enumerate(self.sections)
        )
        figure = f"<fig><label>Figure 1</label><caption><p>{self.caption}</p></caption></fig>"
        references = "".join(
            f'<ref id="b{n}"><mixed-citation>{one}</mixed-citation></ref>'
            for n, one in enumerate(self.references, 1)
        )
        return (
            f"<article><front><article-meta><title-group><article-title>{self.title}</article-title></title-group>"
            f"<abstract><p>{self.abstract}</p></abstract></article-meta></front><body>{body}{figure}</body>"
            f"<back><ref-list>{references}</ref-list></back></article>"
        )

    def html(self) -> str:
        body = "".join(
            f"<h2>{at}. {name}</h2><p>{first} [<a href='#b{self.cited[at - 1]}'>{self.cited[at - 1]}</a>].</p>"
            + "".join(f"<p>{escape(one)}</p>" for one in rest)
            for at, (name, (first, *rest)) in enumerate(self.sections, 1)
        )
        references = "".join(f"<li id='b{n}'>{one}</li>" for n, one in enumerate(self.references, 1))
        return (
            f"<html><head><title>{self.title} | The Journal</title></head><body><nav><a href='/'>Home</a> <a href='/login'>Sign in"
            f"</a></nav><article><h1>{self.title}</h1><p>Received 3 May. Open access.</p><h2>Abstract</h2><p>{self.abstract}</p>"
            f"{body}<figure><img src='1.png'><figcaption>Figure 1: {self.caption}</figcaption></figure>"
            f"<h2>References</h2><ol>{references}</ol></article><footer>Terms of use. Privacy.</footer></body></html>"
        )

    def markdown(self) -> str:
        body = "\n\n".join(
            f"## {name}\n\n{first} [{self.cited[at]}].\n\n" + "\n\n".join(rest)
            for at, (name, (first, *rest)) in enumerate(self.sections)
        )
        references = "\n".join(f"{n}. {one}" for n, one in enumerate(self.references, 1))
        return f"# {self.title}\n\n**Abstract.** {self.abstract}\n\n{body}\n\n*Figure 1.* {self.caption}\n\n## References\n\n{references}\n"

    def latex(self) -> str:
        body = "\n\n".join(
            f"\\section{{{name}}}\n{first}~\\cite{{b{self.cited[at]}}}.\n\n" + "\n\n".join(rest)
            for at, (name, (first, *rest)) in enumerate(self.sections)
        )
        figure = f"\\begin{{figure}}\\includegraphics{{1.png}}\\caption{{{self.caption}}}\\end{{figure}}"
        references = "\n".join(f"\\bibitem{{b{n}}} {one}" for n, one in enumerate(self.references, 1))
        return (
            f"\\documentclass{{article}}\n\\title{{{self.title}}}\n\\begin{{document}}\n\\maketitle\n\\begin{{abstract}}\n{self.abstract}\n"
            f"\\end{{abstract}}\n{body}\n\n{figure}\n\\begin{{thebibliography}}{{9}}\n{references}\n\\end{{thebibliography}}\n\\end{{document}}\n"
        )


FORMS = {".html": Paper.html, ".md": Paper.markdown, ".tex": Paper.latex}


@pytest.mark.slow
def test_the_same_papers_in_other_formats_are_found(curate, tmp_path, record_property):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    forms = list(FORMS)
    for number in range(SHARED + OWN):
        (one / f"{number:04d}.xml").write_text(Paper(number).jats())
        # The other's own papers are others; what is shared has another name there.
        ending = forms[number % len(forms)]
        other = Paper(number if number < SHARED else number + OWN)
        (two / f"paper-{7919 * number % 10_007}-{number}{ending}").write_text(FORMS[ending](other))
    make_key(tmp_path / "group.key", "2026-11")
    make_key(tmp_path / "stranger.key", "2026-11")
    sites = [curate(folder, recipe=plain(), output=f"made-{folder.name}") for folder in (one, two)]
    packs = [
        pack_dataset(site.folder, tmp_path / "group.key", tmp_path / f"{n}.pack", f"site{n}", 1)
        for n, site in enumerate(sites)
    ]
    assert [len(pack.exact) for pack in packs] == [SHARED + OWN] * 2
    number = [int(Path(row["source_uri"]).stem.rsplit("-")[-1]) for row in sites[1].data]
    found = PackIndex(packs[0]).match(packs[1].exact, packs[1].bands).found(5)
    right = sum(seen and at < SHARED for seen, at in zip(found, number, strict=True))
    recall, precision = right / SHARED, right / int(found.sum())
    record_property("recall", recall)
    record_property("precision", precision)
    seen_from_one, seen_from_two = overlap(*packs, bands=5, where="a", other="b")
    assert seen_from_two.exact + seen_from_two.near == found.sum()
    assert abs(seen_from_one.near - seen_from_two.near) < 50
    assert recall >= 0.99
    assert precision == 1.0
    stranger = pack_dataset(sites[0].folder, tmp_path / "stranger.key", tmp_path / "s.pack", "stranger", 1)
    matches = PackIndex(stranger).match(packs[1].exact, packs[1].bands)
    assert not matches.exact.any()
    assert matches.bands.max() == 0
