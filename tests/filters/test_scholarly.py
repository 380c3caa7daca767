import json
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colophon.filters.batch import Batch
from colophon.filters.scholarly.scholarly import BITS, Scholarly, ScholarlyModel, pair_keys, shipped_model
from colophon.filters.tokens import tokenize
from colophon.schemas import arrow_schema

ROOT = Path(__file__).resolve().parents[2]
CASES = json.loads((ROOT / "tests" / "golden" / "scholarly.json").read_text("utf-8"))


def _batch(texts: list[str], language: str = "en") -> Batch:
    return Batch(texts, {"language": pa.array([language] * len(texts), pa.string())})


def _scores(texts: list[str]) -> list[float]:
    return Scholarly().annotate(_batch(texts))["scholarly_score"].to_pylist()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_what_is_kept(case: dict[str, str]) -> None:
    scores = Scholarly().annotate(_batch([case["text"]]))
    wanted = "" if case["kind"] == "scholarly" else "unlike_scholarly_prose"
    assert Scholarly().decide(scores).reason.tolist() == [wanted], scores["scholarly_score"]


def test_columns_are_as_declared() -> None:
    for texts in ([], ["one oak"]):
        columns = Scholarly().annotate(_batch(texts))
        declared = arrow_schema(Scholarly.scores)
        assert {name: column.type for name, column in columns.items()} == {f.name: f.type for f in declared}
        assert all(len(column) == len(texts) for column in columns.values())


@pytest.mark.parametrize("language", ["de", "und", "zh"])
def test_no_score_and_no_verdict_in_other_languages(language: str) -> None:
    scores = Scholarly().annotate(_batch([CASES[-1]["text"]], language))
    assert scores["scholarly_score"].to_pylist() == [None]
    assert not Scholarly(min_score=1).decide(scores).drop.any()


def test_no_score_before_the_language_is_known() -> None:
    assert Scholarly().annotate(Batch(["one oak"]))["scholarly_score"].to_pylist() == [None]


def test_the_limit_is_inclusive_and_stands_in_the_ledger() -> None:
    decision = Scholarly(min_score=0.3).decide({"scholarly_score": pa.array([0.3, 0.2999, None, 0.9])})
    assert decision.drop.tolist() == [False, True, False, False]
    assert decision.value[1] == 0.2999
    assert decision.threshold[1] == 0.3


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="min_score"):
        Scholarly(min_score=score)


def test_a_text_that_says_nothing_stays() -> None:
    assert min(_scores(["", "42", "Qzxv wqqk."])) >= Scholarly.min_score


def test_it_does_not_matter_who_is_written_about() -> None:
    frame = (
        "We interviewed forty {} about sleep; all {} reported that the noise of the road was the main cause."
    )
    groups = ("women", "men", "Muslims", "immigrants", "Jews", "Black women", "gay men", "disabled persons")
    # A pair that was never seen may share its bucket with one that has a weight, hence not zero.
    scores = _scores([frame.format(group, group) for group in groups])
    assert max(scores) - min(scores) < 0.15
    alone = tokenize(["women men black Muslims Jews gay immigrants disabled he she they her his who"])
    assert not shipped_model().weights[alone.hashes >> np.uint64(64 - BITS)].any()


def test_a_text_twice_over_has_about_the_same_score() -> None:
    for case in CASES:
        once, twice = _scores([case["text"], case["text"] + "\n\n" + case["text"]])
        assert (once > 0.5) <= (twice > 0.3)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_scores_are_those_of_a_plain_sum(texts: list[str]) -> None:
    model = shipped_model()
    for text, score in zip(texts, _scores(texts), strict=True):
        hashes = tokenize([text]).hashes
        keys = [int(key) >> (64 - BITS) for key in [*hashes, *pair_keys(hashes)]]
        total = sum(int(model.weights[key]) for key in keys) + model.per_token * len(hashes)
        odds = model.offset + model.slope * total / (len(hashes) + model.shrink)
        assert score == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-4)
        assert score == round(score, 4)


def test_scores_do_not_depend_on_the_batch() -> None:
    texts = [case["text"] for case in CASES]
    assert _scores(texts) == [_scores([text])[0] for text in texts]
    assert _scores(texts[::-1]) == _scores(texts)[::-1]


def test_the_file_of_a_model() -> None:
    data = (ROOT / "filters" / "scholarly" / "scholarly_weights.npz").read_bytes()
    assert len(data) < 300_000
    assert shipped_model().to_bytes() == data
    weights = np.zeros(2**BITS, np.int8)
    weights[7] = -128
    again = ScholarlyModel.from_bytes(ScholarlyModel(weights, 3, 30, 1.5, -0.25).to_bytes())
    assert (again.per_token, again.shrink, again.slope, again.offset) == (3, 30, 1.5, -0.25)
    assert (again.weights == weights).all()


def test_materials() -> None:
    material = Scholarly().materials()["weights"]
    assert len(material["sha256"]) == 64
    assert material["license"] == "Apache-2.0"


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(Scholarly(min_score=0.3))) == Scholarly(min_score=0.3)  # noqa: S301  # our own bytes


@pytest.mark.slow
def test_figures_on_real_text(corpora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights in the package, on works that they were not made from."""
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.scholarly_report import auc, seen_by_none
    from benchmarks.scholarly_texts import SCHOLARLY, sources

    texts = sources(corpora)
    scores = shipped_model().scores(tokenize([one.text for one in texts]))
    unseen = set(seen_by_none(texts))
    papers, elsewhere, web = (
        scores[[one in unseen and one.source in kinds for one in texts]]
        for kinds in (
            ("jats", "sections", "openlogic", "jose"),
            ("html_articles", "tei_articles", "pdf_articles", "medical_abstracts", "computing_abstracts"),
            ("web_bad", "web_good", "web_pages"),
        )
    )
    archive = scores[[one.source == "archive_pages" for one in texts]]
    least = Scholarly.min_score
    assert auc(papers, web) >= 0.99
    assert auc(elsewhere, web) >= 0.98
    assert auc(elsewhere, archive) >= 0.98
    assert np.mean(elsewhere >= least) >= 0.99
    assert np.mean(web < 0.1) >= 0.8
    assert np.mean(web < least) >= 0.7  # the default is more careful: see docs/scholarly_model.md
    assert np.mean(archive < 0.1) >= 0.75
    sections = scores[[one.source in ("jats", "sections") for one in texts]]
    assert np.mean(sections >= least) >= 0.99
    assert not {one.work for one in unseen if one.source in SCHOLARLY} & {
        one.work for one in texts if not one.held_out
    }
