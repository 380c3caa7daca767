from __future__ import annotations

import gzip
import json
import pickle
import random
import textwrap
from dataclasses import make_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.contamination import contamination
from colophon.filters.contamination.benchmark_files import FIELDS, questions
from colophon.filters.contamination.benchmark_index import LEAST_WORDS, WORDS, build, load, matches, save
from colophon.filters.contamination.contamination import Contamination
from colophon.filters.tokens import tokenize
from colophon.schemas import RecipeError, arrow_schema, load_recipe, public_form
from colophon.schemas.recipe import Sections

LONG = "If the mill grinds 12 sacks of oats before noon, how many sacks will it have ground by dusk?"
SHORT = "Why does the miller's oldest donkey refuse barley?"  # nine words
TINY = "Is oak hard?"
FILLER = "The river was low that year and nobody came to the mill before the leaves had fallen. "


def write(folder: Path, name: str, *asked: str) -> str:
    path = folder / name
    path.write_text("".join(json.dumps({"question": one, "answer": "9"}) + "\n" for one in asked))
    return str(path)


@pytest.fixture
def benchmark(tmp_path: Path) -> str:
    return write(tmp_path, "mills.jsonl", LONG, SHORT, TINY)


def held(one: Contamination, *texts: str) -> list[int]:
    counts: list[int] = one.annotate(Batch(list(texts)))["benchmark_questions"].to_pylist()
    return counts


@pytest.mark.parametrize("question", [LONG, SHORT])
def test_a_planted_question_is_found_however_it_is_set(benchmark: str, question: str) -> None:
    one = Contamination((benchmark,))
    forms = [
        question,
        f"{FILLER}\n\n{question}\n\n{FILLER}",
        FILLER + textwrap.fill(question, 20),
        FILLER + question.upper().replace(" ", " \n "),
        FILLER + question.replace(",", "").replace("?", ";") + " " + FILLER,
    ]
    assert held(one, *forms) == [1] * len(forms)


def test_thirteen_words_are_enough_and_twelve_are_not(benchmark: str) -> None:
    words = LONG.split()
    one = Contamination((benchmark,))
    assert held(
        one, FILLER + " ".join(words[2:15]) + " or so", FILLER + " ".join(words[2:14]) + " or so"
    ) == [1, 0]


def test_a_short_question_has_to_be_there_whole_and_a_tiny_one_is_passed_over(benchmark: str) -> None:
    one = Contamination((benchmark,))
    assert held(one, SHORT.rsplit(" ", 1)[0], TINY * 9, FILLER) == [0, 0, 0]
    assert one.materials()["mills"] | {"sha256": ""} == {
        "sha256": "",
        "license": None,
        "questions": 2,
        "too_short": 1,
    }


def test_words_of_two_texts_are_no_question(benchmark: str) -> None:
    words = LONG.split()
    assert held(Contamination((benchmark,)), " ".join(words[:9]), " ".join(words[9:])) == [0, 0]


def test_hits_are_told_by_benchmark(tmp_path: Path, benchmark: str) -> None:
    other = write(
        tmp_path,
        "a.other.jsonl",
        LONG,
        "What else is there that a mill on a small river could be good for in winter?",
    )
    scores = Contamination((benchmark, other)).annotate(Batch([FILLER, LONG + SHORT]))
    assert scores["benchmark_hits"].to_pylist() == [
        [],
        [{"benchmark": "a.other", "questions": 1}, {"benchmark": "mills", "questions": 2}],
    ]
    assert scores["benchmark_questions"].to_pylist() == [0, 3]


def test_what_many_questions_share_is_their_instruction(tmp_path: Path) -> None:
    instruction = (
        "Read the following story about a mill with great care and then choose the one right answer to it."
    )
    path = write(
        tmp_path, "stories.jsonl", *(f"{instruction} The donkey number {n} left." for n in range(30))
    )
    one = Contamination((path,))
    assert held(one, instruction, f"{instruction} The donkey number 7 left.") == [0, 1]
    same = write(tmp_path, "same.jsonl", *[instruction] * 30)
    assert held(Contamination((same,)), instruction) == [30]


def test_without_benchmarks_nothing_is_said_and_nothing_dropped() -> None:
    one = Contamination()
    scores = one.annotate(batch := Batch([LONG, ""]))
    assert {name: column.to_pylist() for name, column in scores.items()} == {
        "benchmark_hits": [None, None],
        "benchmark_questions": [None, None],
        "benchmark_cut": [None, None],
    }
    assert "tokens" not in batch.__dict__
    assert not one.decide(scores).drop.any()
    assert one.spans(batch) == [[], []]
    assert one.materials() == {}


def test_columns_are_as_declared(benchmark: str) -> None:
    declared = {field.name: field.type for field in arrow_schema(Contamination.scores)}
    for one in (Contamination(), Contamination((benchmark,))):
        for texts in ([], [LONG, FILLER]):
            columns = one.annotate(Batch(texts))
            assert {name: column.type for name, column in columns.items()} == declared
            assert all(len(column) == len(texts) for column in columns.values())


def test_decisions() -> None:
    scores = {
        "benchmark_questions": pa.array([0, 1, 2, None, 2]),
        "benchmark_cut": pa.array([False] * 4 + [True]),
        "benchmark_hits": pa.array(
            [[], [{"benchmark": "sums", "questions": 1}], [{"benchmark": "sums", "questions": 2}], None, []],
            arrow_schema(Contamination.scores).field("benchmark_hits").type,
        ),
    }
    decision = Contamination().decide(scores)
    assert decision.reason.tolist() == ["", "benchmark_overlap", "benchmark_overlap", "", ""]
    assert (decision.value[2], decision.threshold[2], decision.detail[2]) == (2, 0, "sums 2")
    assert Contamination(max_questions=1).decide(scores).drop.tolist() == [False, False, True, False, False]
    assert not Contamination(action="keep").decide(scores).drop.any()


def test_cutting_takes_the_passage_and_nothing_else(benchmark: str) -> None:
    one = Contamination((benchmark,), cut=True)
    batch = Batch([f"Before.  {LONG} After.", f"Before.\n\n{LONG}\n\nAfter.", FILLER, LONG])
    scores = one.annotate(batch)
    assert batch.texts == ["Before.  After.", "Before.\n\n\n\nAfter.", FILLER, LONG]
    assert scores["benchmark_cut"].to_pylist() == [True, True, False, False]
    assert scores["benchmark_questions"].to_pylist() == [1, 1, 0, 1]
    assert one.decide(scores).drop.tolist() == [False, False, False, True]
    assert held(one, *batch.texts) == [0, 0, 0, 1]


def test_spans_are_the_passages(benchmark: str) -> None:
    text = f"木と {FILLER}{LONG} {FILLER}{SHORT} End."
    spans = Contamination((benchmark,)).spans(Batch([FILLER, text]))
    assert spans[0] == []
    assert [(text[s.start : s.end], s.label) for s in spans[1]] == [(LONG, "mills"), (SHORT, "mills")]


def test_scripts_without_spaces(tmp_path: Path) -> None:
    question = "水車小屋の主人は毎朝何時に起きて川の水を見に行きますか"
    path = write(tmp_path, "ja.jsonl", question)
    text = f"昔々、{question}。それから"
    one = Contamination((path,), cut=True)
    batch = Batch([text])
    assert [text[s.start : s.end] for s in one.spans(batch)[0]] == [question + "。"]
    one.annotate(batch)
    assert batch.texts == ["昔々、それから"]


def test_a_prepared_index_is_used_and_made_once(
    benchmark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Contamination((benchmark,)).prepare(tmp_path / "cache")
    assert one == Contamination((benchmark,))
    assert one.index.startswith(str(tmp_path / "cache"))
    (folder,) = (tmp_path / "cache").iterdir()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    monkeypatch.setattr(contamination, "_built", lambda *_: pytest.fail("the index was built again"))
    assert pickle.loads(pickle.dumps(one)).index == one.index  # noqa: S301  # our own bytes
    assert held(one, LONG) == [1]
    assert Contamination((benchmark,)).prepare(tmp_path / "cache").index == one.index
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert Contamination().prepare(tmp_path / "nowhere") == Contamination()
    assert not (tmp_path / "nowhere").exists()


def test_a_damaged_index_is_not_used(tmp_path: Path, benchmark: str) -> None:
    one = Contamination((benchmark,)).prepare(tmp_path / "cache")
    (Path(one.index) / "keys.npy").write_bytes(b"\x93NUMPY")
    contamination._prepared.cache_clear()
    assert load(Path(one.index)) is None
    assert held(one, LONG) == [1]


def test_an_index_of_nothing_can_be_kept(tmp_path: Path) -> None:
    index = build([[[TINY]], []])
    save(index, tmp_path / "index")
    again = load(tmp_path / "index")
    assert again is not None
    assert len(matches(again, tokenize([LONG]))) == 0


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", '{"Prompt": "p", "question": "q"}\n\n{"other": ["x", "y"], "n": 3}\n', [["q"], ["x y"]]),
        (
            "a.json",
            '{"note": "do not train", "examples": [{"input": "i", "target": "t"}]}',
            [["do not train"], ["i"]],
        ),
        ("a.json", '{"7": {"QUESTION": "q", "CONTEXTS": ["c"]}, "8": {"QUESTION": "r"}}', [["q"], ["r"]]),
        ("a.json", '["q", "r"]', [["q"], ["r"]]),
        ("a.json", '{"question": "q"}\n{"question": "r"}', [["q"], ["r"]]),
        ("a.json", '{"source": ["one", "two"]}', [["one two"]]),
        ("a.csv", 'id,Question\n1,"a, b"\n2,c\n', [["a, b"], ["c"]]),
        ("a.csv", '"a, b",1\nc,2\n', [["a, b"], ["c"]]),
        ("a.tsv", "text\tn\na\t1\n", [["a"]]),
        ("a.txt", "one\ntwo\n\nthree\n", [["one\ntwo"], ["three\n"]]),
        ("a", "one\ntwo", [["one"], ["two"]]),
    ],
)
def test_files_as_they_are_published(name: str, content: str, expected: list[list[str]]) -> None:
    assert questions(content.encode(), name) == expected
    assert questions(gzip.compress(content.encode()), f"{name}.gz") == expected


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", b'{"question": "q"}\n{"question"', "line 2 is not JSON"),
        ("a.json", b"[1, 2", "it is not JSON"),
        ("a.json", b"[" * 100_000, "it is not JSON"),
        ("a.json", b"[1, 2]", "there is no text in it"),
        ("a.txt", b"\xff\xfe", "it is not UTF-8"),
        ("a.txt", b" \n", "there is no text in it"),
        ("a.jsonl.gz", b"\x1f\x8b\x08\x00", "it cannot be unpacked"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=rf"^contamination\.benchmarks: .*{told}"):
        Contamination((str(path),)).annotate(Batch([LONG]))


def test_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(RecipeError, match=r"^contamination\.benchmarks: .* cannot be read"):
            Contamination((str(path),)).materials()


@pytest.mark.parametrize(
    "wrong",
    [
        {"benchmarks": ("a/x.json", "b/x.csv")},
        {"benchmarks": ("x", "x")},
        {"action": "burn"},
        {"max_questions": -1},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^(benchmarks|action|max_questions) "):
        Contamination(**wrong)


def test_paths_start_at_the_recipe_and_stay_out_of_the_manifest() -> None:
    sections = Sections(
        clean=make_dataclass("Clean", [], frozen=True), filters={"contamination": Contamination}
    )
    recipe = load_recipe(
        "filters: {contamination: {benchmarks: [x.json], cut: true}}",
        base=Path("/recipes"),
        sections=sections,
        sources_required=False,
    )
    assert recipe.filters["contamination"].benchmarks == ("/recipes/x.json",)
    public = public_form(recipe)["filters"]["contamination"]
    assert public["cut"] is True
    assert not public.keys() & {"benchmarks", "index"}


@given(st.text(st.sampled_from("aB1 \n.,-éß木とไทย゙́ﬁ½"), max_size=40))
@example("a\u3099\u0301")
@example("a\u0e38\u0301")
def test_pieces_have_the_tokens_of_the_whole(text: str) -> None:
    pieces = [piece.group() for piece in contamination._PIECES.finditer(text)]
    assert tokenize(pieces).hashes.tolist() == tokenize([text]).hashes.tolist()


@given(
    st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(0, 3), min_size=LEAST_WORDS, max_size=20)
)
def test_as_a_plain_search_would(text: list[int], question: list[int]) -> None:
    words = ["oak", "ash", "elm", "fir"]
    size = min(WORDS, len(question))
    asked = {tuple(question[i : i + size]) for i in range(len(question) - size + 1)}
    expected = [i for i in range(len(text) - size + 1) if tuple(text[i : i + size]) in asked]
    index = build([[[" ".join(words[n] for n in question)]]])
    found = matches(index, tokenize([" ".join(words[n] for n in text)]))
    assert found[:, 1].tolist() == expected
    assert (found[:, 2] == size).all()


def test_every_planted_question_is_found(corpora: Path) -> None:
    paths = tuple(str(path) for path in sorted((corpora / "bench").rglob("*.json*")))
    one = Contamination(paths)
    rng = random.Random(5)
    filler = FILLER.split()
    for reflow in (False, True):
        texts = []
        for path in paths:
            asked = [question for question in contamination._questions(path, FIELDS) if len(question) == 1]
            lengths = np.diff(tokenize([question[0] for question in asked]).offsets)
            for question in np.array(asked, object)[lengths >= LEAST_WORDS].ravel().tolist()[::7]:
                set_ = textwrap.fill(" ".join(question.split()), 50) if reflow else question
                texts.append(
                    f"{' '.join(rng.sample(filler, 9))}\n\n{set_}\n\n{' '.join(rng.sample(filler, 9))}"
                )
        assert len(texts) > 500
        assert min(held(one, *texts)) >= 1
