"""A recipe is read as written or refused in words that are enough to mend it."""

import json
import pickle
import re
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import pairwise, permutations
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from colophon.schemas import validation
from colophon.schemas.errors import RecipeError
from colophon.schemas.recipe import (
    Deduplicate,
    Output,
    Plan,
    Read,
    Recipe,
    Sections,
    Source,
    default_recipe,
    explained,
    load_recipe,
    output_folder,
    public_form,
    recipe_digest,
    recipe_from_inputs,
    recipe_json_schema,
    staging_folder,
    staging_form,
    with_inputs,
)
from colophon.schemas.settings import Setting
from colophon.schemas.validation import (
    as_plain,
    build,
    explained_yaml,
    fault,
    json_schema,
    keys_of,
    parse_size,
    size_text,
)


@dataclass(frozen=True)
class Clean:
    """How text is cleaned."""

    join_hyphens: Annotated[bool, Setting("Whether words broken at a line's end are joined.")] = True


@dataclass(frozen=True)
class Tongue:
    """Keeps texts in some languages.

    A second paragraph that no comment repeats.
    """

    keep: Annotated[tuple[str, ...], Setting("The languages that stay.", policy=True)] = ("en", "no")
    min_score: Annotated[float, Setting("Least score.", minimum=0, maximum=1, policy=True)] = 1e-7
    window: Annotated[int, Setting("How much is looked at.", unit="characters", minimum=1)] = 4000
    mode: Annotated[str, Setting("How it is done.", choices=("fast", "careful"))] = "fast"


@dataclass(frozen=True)
class Length:
    """Keeps texts of a certain length."""

    least: Annotated[int, Setting("Fewest words.", minimum=0, policy=True)] = 50
    most: Annotated[int | None, Setting("Most words.", minimum=0, policy=True)] = None
    folder: Annotated[str | None, Setting("Where its table is.", local=True)] = None

    def __post_init__(self) -> None:
        if self.most is not None and self.least > self.most:
            raise ValueError(
                f"least ({self.least}) is greater than most ({self.most}), so no text could stay"
            )


@dataclass(frozen=True)
class Bare:
    pass


SECTIONS = Sections(Clean, {"tongue": Tongue, "length": Length, "bare": Bare}, ("jats", "tei", "jsonl"))
BASE = Path("/site/recipes")
ONE = "sources: [{path: papers}]\n"


def load(text: str) -> Recipe:
    return load_recipe(text, base=BASE, sections=SECTIONS)


def faults(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load(text)
    return str(caught.value).split("\n")


# --- reading


def test_defaults_are_the_declared_ones():
    recipe = load(ONE)
    assert recipe == replace(default_recipe(SECTIONS), sources=recipe.sources)
    assert recipe.sources == (Source(path="/site/recipes/papers", name="papers"),)
    assert (recipe.read, recipe.deduplicate, recipe.output, recipe.plan) == (
        Read(),
        Deduplicate(),
        Output(),
        Plan(),
    )
    assert recipe.clean == Clean()
    assert recipe.filters == {"tongue": Tongue(), "length": Length(), "bare": Bare()}
    assert recipe.filters_off == ()
    assert (recipe.name, recipe.version) == ("dataset", "0.1.0")


def test_everything_given_is_taken():
    recipe = load("""
name: alpine-flora
version: 1.2.0-rc.1
sources:
  - {path: a, name: one, include: ["**/*.xml", "x/*"], exclude: [y], format: jats, license: CC-BY-4.0, priority: -2}
  - {path: gs://bucket/two}
read: {max_document_size: 1.5 MB, references: yes, time_limit: 1e1, memory_limit: 1073741824}
clean: {join_hyphens: off}
filters:
  bare: off
  length: {most: 1_000}
  tongue:
deduplicate: {prefer: [longer], seed: 0}
output: {path: out, shard_size: 64MiB}
plan: {staging: /scratch/s}
""")
    assert recipe.version == "1.2.0-rc.1"
    assert recipe.sources[0] == Source(
        path="/site/recipes/a", name="one", include=("**/*.xml", "x/*"), exclude=("y",), format="jats",
        license="CC-BY-4.0", priority=-2,
    )  # fmt: skip
    assert (recipe.sources[1].path, recipe.sources[1].name) == ("gs://bucket/two", "two")
    assert recipe.read == Read(1_500_000, references=True, time_limit=10.0, memory_limit=2**30)
    assert not recipe.clean.join_hyphens
    assert recipe.filters == {"tongue": Tongue(), "length": Length(most=1000)}
    assert list(recipe.filters) == ["tongue", "length"], "the order in which they run, not that of the text"
    assert recipe.filters_off == ("bare",)
    assert recipe.deduplicate == Deduplicate(prefer=("longer",), seed=0)
    assert (recipe.output.path, recipe.output.shard_size) == ("/site/recipes/out", 64 * 2**20)
    assert output_folder(recipe, BASE) == "/site/recipes/out"
    assert staging_folder(recipe, BASE) == "/scratch/s"


def test_a_recipe_and_its_parts_pickle_as_the_declared_classes():
    recipe = load(ONE)
    assert pickle.loads(pickle.dumps(recipe)) == recipe  # noqa: S301  # our own bytes
    assert type(recipe) is Recipe
    assert type(recipe.sources[0]) is Source


def test_default_folders_stand_beside_the_recipe():
    recipe = load(ONE)
    assert output_folder(recipe, BASE) == str(BASE / "dataset" / "0.1.0")
    assert staging_folder(recipe, BASE) == str(BASE / "dataset" / ".colophon-staging")


@pytest.mark.parametrize(
    ("path", "name"),
    [(".", "recipes"), ("..", "site"), ("a/b.jsonl", "b.jsonl"), ("Thèses 2020/", "Theses-2020"), ("/", "source"),
     ("gs://b", "b"), ("論文", "source"), ("-x", "x"), ("a" * 300, "a" * 90)],
)  # fmt: skip
def test_a_source_without_name_is_called_after_its_path(path: str, name: str):
    assert load(f"sources: [{{path: {json.dumps(path, ensure_ascii=False)}}}]").sources[0].name == name


def test_home_is_understood(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert load("sources: [{path: ~/papers}]").sources[0].path == "/home/me/papers"


def test_aliases_are_understood():
    recipe = load("sources:\n- {path: a, include: &x ['*.xml']}\n- {path: b, include: *x}")
    assert recipe.sources[1].include == ("*.xml",)


# --- refusing: the whole message is the golden case


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the recipe is empty; `colophon recipe` prints one to begin with"),
        ("# nothing\n", "the recipe is empty; `colophon recipe` prints one to begin with"),
        (
            "- a",
            'line 1: given a list, allowed is keys of its own, each with a colon and a value; write "NAME: VALUE" on each line, without "- "',
        ),
        ("papers", "line 1: given papers, allowed is keys of its own, each with a colon and a value"),
        (
            "name: x",
            "sources: given [], allowed is a list of at least one source; write `sources: [{path: FOLDER}]` or name inputs on the command line",
        ),
        (
            "name: x\nsources:\n",
            'sources (line 2): given nothing, allowed is a list, each entry with keys of its own; begin each entry with "- "',
        ),
        (
            "sources: papers",
            "sources (line 1): given papers, allowed is a list, each entry with keys of its own; write [{path: papers}]",
        ),
        (
            "sources: [papers]",
            "sources[0] (line 1): given papers, allowed is keys of its own, each with a colon and a value; write path: papers",
        ),
        (
            "sources: [{name: x}]",
            "sources[0].path (line 1): missing, it needs text: The folder or file. A relative path starts at the recipe's folder.",
        ),
        (
            "sources:\n- path: a/x\n- path: b/x",
            'sources[1].name (line 3): given "x", allowed is a name that no other source has; sources[0] has this name already; give each a name of its own',
        ),
        (
            "sources:\n- path: a\n  include: ['../b']",
            'sources[0].include (line 3): include holds the pattern "../b"; patterns are sought below the source\'s path, so none may be empty, begin with "/" or contain ".."',
        ),
        (
            "sources: [{path: a, format: JATS}]",
            "sources[0].format (line 1): given JATS, allowed is one of auto, jats, tei, jsonl; did you mean jats?",
        ),
        (
            ONE + "filters:\n  tongue:\n    min_scor: 0.5",
            "filters.tongue.min_scor (line 4): no such key, did you mean min_score? Known here: keep, min_score, window, mode",
        ),
        (
            ONE + "filters: {tounge: off}",
            "filters.tounge (line 2): no such key, did you mean tongue? Known here: tongue, length, bare",
        ),
        (
            ONE + "min_score: 0.5",
            "min_score (line 2): no such key, did you mean filters.tongue.min_score? Known here: name, version, description, site, contact, sources, read, clean, filters, deduplicate, weights, output, plan",
        ),
        (
            ONE + "filters: {tongue: {keep: [en, no]}}",
            'filters.tongue.keep[1] (line 2): given no, allowed is text; YAML reads an unquoted no as false: write "no" in quotes',
        ),
        (
            ONE + "filters: {tongue: {keep: en}}",
            "filters.tongue.keep (line 2): given en, allowed is a list of texts; put it in brackets: [en]",
        ),
        (
            ONE + "filters: {tongue: {min_score: 1.5}}",
            "filters.tongue.min_score (line 2): given 1.5, allowed is a number from 0 to 1",
        ),
        (
            ONE + "filters: {tongue: {min_score: '0.5'}}",
            'filters.tongue.min_score (line 2): given "0.5", allowed is a number from 0 to 1; write the number without quotes: 0.5',
        ),
        (
            ONE + "filters: {tongue: {min_score: 0,5}}",
            "filters.tongue.5 (line 2): no such key. Known here: keep, min_score, window, mode",
        ),
        (
            ONE + "filters: {length: {least: 1e3}}",
            "filters.length.least (line 2): given 1e3, allowed is a whole number of at least 0; write 1000",
        ),
        (
            ONE + "filters: {length: {least: 0o17}}",
            "filters.length.least (line 2): given 0o17, allowed is a whole number of at least 0",
        ),
        (
            ONE + "filters: {length: {least: 1:30}}",
            "filters.length.least (line 2): given 1:30, allowed is a whole number of at least 0",
        ),
        (
            ONE + "filters:\n  length:\n    most: 10\n    least: 20",
            "filters.length.least (line 5): least (20) is greater than most (10), so no text could stay",
        ),
        (
            ONE + "filters:\n  length:\n    most: 10",
            "filters.length.least (line 4): least (50) is greater than most (10), so no text could stay",
        ),
        (
            ONE + "filters: [tongue]",
            'filters (line 2): given a list, allowed is keys of its own, each with a colon and a value; write "NAME: VALUE" on each line, without "- "',
        ),
        (
            ONE + "read: off",
            "read (line 2): given off, allowed is keys of its own, each with a colon and a value; this section cannot be turned off",
        ),
        (
            ONE + "read: {references: 'no'}",
            'read.references (line 2): given "no", allowed is true or false; without quotes: no',
        ),
        (ONE + "read: {references: 1}", "read.references (line 2): given 1, allowed is true or false"),
        (
            ONE + "read: {max_document_size: 64M}",
            "read.max_document_size (line 2): given 64M, allowed is a size from 1 KiB to 1 GiB; a unit is one of kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024)",
        ),
        (
            ONE + "read: {max_document_size: 2 TB}",
            "read.max_document_size (line 2): given 2 TB, allowed is a size from 1 KiB to 1 GiB",
        ),
        (
            ONE + "read: {time_limit: .inf}",
            "read.time_limit (line 2): given .inf, allowed is a number of seconds from 0.1 to 86400",
        ),
        (
            ONE + "read: {time_limit: '0,5'}",
            'read.time_limit (line 2): given "0,5", allowed is a number of seconds from 0.1 to 86400; write a point for the decimal comma',
        ),
        (
            ONE + "read: {time_limit: }",
            "read.time_limit (line 2): given nothing, allowed is a number of seconds from 0.1 to 86400; leave the key out for the default 30.0",
        ),
        (
            ONE + "deduplicate: {prefer: [newer, newer]}",
            "deduplicate.prefer (line 2): prefer names newer twice; each choice may stand once",
        ),
        (
            ONE + "deduplicate: {prefer: [licence]}",
            "deduplicate.prefer[0] (line 2): given licence, allowed is one of structured, license, newer, longer, source; did you mean license?",
        ),
        (
            ONE + "contact: 0123",
            'contact (line 2): given 0123, allowed is text; YAML reads an unquoted 0123 as a number: write "0123" in quotes',
        ),
        (
            ONE + "site: 2024-01-01",
            'site (line 2): given 2024-01-01, allowed is text; YAML reads an unquoted 2024-01-01 as a date: write "2024-01-01" in quotes',
        ),
        (ONE + "site: [x]", "site (line 2): given a list, allowed is text"),
        (
            ONE + "site: !python/name:os.system x",
            "site (line 2): tags such as !python/name:os.system are not understood",
        ),
        (
            ONE + r'site: "\ud800"',
            r'site (line 2): given "\ud800", allowed is text without the characters U+0000 and U+D800 to U+DFFF',
        ),
        (ONE + "site: a\nname: b\nsite: c", "site (line 4): stands in line 2 already; keep one of the two"),
        (ONE + "wrong: a\nwrong: b", ""),
        (ONE + "? [a]\n: b", "line 2: a list stands where the name of a key is needed"),
        (ONE + "<<: {name: b}", "<< (line 2): merge keys are not understood, write the keys out"),
        (
            ONE + "name: my data",
            'name (line 2): name "my data" must be 1 to 100 of the characters A to Z, a to z, 0 to 9, ".", "_" and "-", the first a letter or digit; for example my-data',
        ),
        (
            ONE + "version: v1.2.3",
            'version (line 2): version "v1.2.3" is not of the form MAJOR.MINOR.PATCH, for example 1.2.0',
        ),
        (
            "a: b: c",
            "line 1, column 5: not YAML: mapping values are not allowed here; check the indentation, and quote a value that contains a colon",
        ),
        (
            "name: x\n\tversion: y",
            r"line 2, column 1: not YAML: while scanning for the next token, found character '\t' that cannot start any token; indent with spaces, not with tabs",
        ),
        (
            "include: [**/*.xml]",
            "line 1, column 12: not YAML: while scanning an alias, expected alphabetic or numeric character, but found '*'; a value that begins with * must stand in quotes",
        ),
        ("name: x\nsite: a\u0007", "line 2: not YAML: the character U+0007 is not allowed"),
        ("{" * 1000, "the recipe is nested too deeply"),
        ("#" * 300_000, "the recipe has 300,000 characters, allowed are 262,144"),
    ],
)
def test_what_is_wrong_is_told(text: str, message: str):
    if not message:  # an unknown key that stands twice is told twice, once as unknown
        assert [line.partition(":")[0] for line in faults(text)] == ["wrong (line 2)", "wrong (line 3)"]
    else:
        assert faults(text) == [message]


def test_all_faults_come_at_once_in_the_order_of_the_lines():
    told = faults("""\
name: my data
version: 1.0
sources: [{path: 1}]
read: {time_limit: 0}
filters: {tongue: {window: 0, mode: slow}, length: {least: 5, most: 1}}
deduplicte: {}
""")
    assert [line.partition(": ")[0] for line in told] == [
        "name (line 1)", "version (line 2)", "version (line 2)", "sources[0].path (line 3)", "read.time_limit (line 4)",
        "filters.tongue.window (line 5)", "filters.tongue.mode (line 5)", "filters.length.least (line 5)",
        "deduplicte (line 6)",
    ]  # fmt: skip


def test_a_bomb_of_aliases_is_refused():
    many = ", ".join(["'*'"] * 5000)
    bomb = f"sources:\n- {{path: a, include: &x [{many}]}}\n" + "".join(
        f"- {{path: b{i}, include: *x}}\n" for i in range(1000)
    )
    assert faults(bomb) == ["line 2: there are more than 100,000 values, aliases (*name) expanded"]


def test_an_alias_of_itself_is_refused():
    assert faults("sources: &a [*a]") == ['sources[0] (line 1): given a list, allowed is keys of its own, each with a colon and a value; write "NAME: VALUE" on each line, without "- "']  # fmt: skip


def test_a_flood_of_faults_is_cut():
    told = faults(ONE + "".join(f"k{i}: 1\n" for i in range(2000)))
    assert len(told) == validation.MAX_FAULTS + 1
    assert told[-1] == "and perhaps more: these 50 come first"


def test_a_long_value_is_clipped():
    (told,) = faults(ONE + "read: {time_limit: " + "x" * 5000 + "}")
    assert len(told) < 400


def test_no_sources_pass_where_the_command_line_names_them():
    assert load_recipe("name: x", base=BASE, sections=SECTIONS, sources_required=False).sources == ()


@pytest.mark.parametrize(
    ("given", "shown"),
    [("a\nb", r'"a\x0ab"'), (None, "nothing"), (True, "true"), (0.5, "0.5"), (["x", 1], '["x", 1]'), ({}, "keys with values")],
)  # fmt: skip
def test_fault_is_one_line(given: Any, shown: str):
    assert fault("sources[2].path", given, "a folder", "see", line=7) == (
        f"sources[2].path (line 7): given {shown}, allowed is a folder; see"
    )


# --- sizes


@pytest.mark.parametrize(
    "text", ["", "MB", "-1 MB", "1,5 MB", "1 M", "1 iB", "1e3", "٣ MB", "1 MB MB", "0x10", "9" * 100]
)
def test_what_is_no_size(text: str):
    with pytest.raises(ValueError, match="is no size"):
        parse_size(text)


@settings(deadline=None)
@given(st.integers(0, 2**60))
def test_a_size_is_read_as_written(size: int):
    assert parse_size(size_text(size)) == size


# --- inputs of the command line


def names(*paths: str) -> dict[str, str]:
    return {
        source.name: source.path for source in recipe_from_inputs([Path(p) for p in paths], SECTIONS).sources
    }


def test_inputs_are_named_by_as_many_parts_as_tell_them_apart():
    assert names("/a/papers") == {"papers": "/a/papers"}
    assert names("/a/papers/", "/a/./papers", "/a/b/../papers") == {"papers": "/a/papers"}
    assert names("/a/2020/papers", "/a/2021/papers", "/a/books") == {
        "2020-papers": "/a/2020/papers",
        "2021-papers": "/a/2021/papers",
        "books": "/a/books",
    }
    assert names("/a/x/papers", "/b/x/papers") == {"a-x-papers": "/a/x/papers", "b-x-papers": "/b/x/papers"}
    assert names("/x", "/a/x") == {"x": "/x", "a-x": "/a/x"}
    assert names("/q/a-x", "/q/a/x", "/q/b/x") == {"q-a-x": "/q/a-x", "q-a-x-2": "/q/a/x", "b-x": "/q/b/x"}
    assert names("/q/a b", "/q/a-b", "/q/a b-2") == {
        "q-a-b": "/q/a b",
        "q-a-b-2": "/q/a-b",
        "a-b-2": "/q/a b-2",
    }


def test_relative_inputs_are_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert names("papers", str(tmp_path / "papers")) == {"papers": str(tmp_path / "papers")}


def test_the_order_of_inputs_leaves_no_trace():
    paths = ["/a/x/papers", "/b/x/papers", "/b/a b", "/b/a-b"]
    digests = {
        recipe_digest(recipe_from_inputs([Path(p) for p in order], SECTIONS)) for order in permutations(paths)
    }
    assert len(digests) == 1


parts = st.lists(
    st.sampled_from(["a", "b", "a-b", "a b", "é", "a-b-2", "-", "x" * 120]), min_size=1, max_size=4
)


@settings(deadline=None)
@given(st.sets(parts.map(lambda parts: "/" + "/".join(parts)), min_size=1, max_size=8))
def test_every_input_has_its_own_allowed_name(paths: set[str]):
    sources = names(*sorted(paths))
    assert sorted(sources.values()) == sorted(paths)
    assert list(sources) == sorted(sources)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name) for name in sources)


# --- what identity depends on


def test_the_public_form_does_not_tell_where():
    here, there = (
        load_recipe(
            f"sources: [{{path: {p}/x, name: x}}]\noutput: {{path: {p}}}\nplan: {{staging: {p}}}\nfilters: {{length: {{folder: {p}}}}}",
            base=Path(p), sections=SECTIONS,
        )
        for p in ("/here", "/there")
    )  # fmt: skip
    assert here != there
    assert public_form(here) == public_form(there)
    assert recipe_digest(here) == recipe_digest(there)
    assert "here" not in json.dumps(public_form(here))


def test_the_public_form_tells_what_is_off_and_changes_with_any_rule():
    assert public_form(load(ONE + "filters: {bare: off}"))["filters"]["bare"] is False
    variants = ["", "filters: {bare: off}", "filters: {tongue: {min_score: 0.3}}", "deduplicate: {threshold: 0.9}",
                "name: other", "read: {references: true}", "clean: {join_hyphens: false}", "plan: {unit_size: 1 GB}"]  # fmt: skip
    assert len({recipe_digest(load(ONE + each)) for each in variants}) == len(variants)


def test_the_order_of_sources_in_the_text_leaves_no_trace():
    one, two = load("sources: [{path: a}, {path: b}]"), load("sources: [{path: b}, {path: a}]")
    assert [source.name for source in two.sources] == ["b", "a"]
    assert recipe_digest(one) == recipe_digest(two)


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ("deduplicate: {threshold: 0.9, prefer: [newer], enabled: false}", False),
        ("filters: {tongue: {min_score: 0.3, keep: [de]}, length: {least: 1, folder: /x}}", False),
        (
            "output: {shard_size: 1 GB, path: x}\nplan: {unit_size: 1 GB}\nname: x\nversion: 2.0.0\nsite: y",
            False,
        ),
        ("deduplicate: {shingle_size: 7}", True),
        ("deduplicate: {seed: 7}", True),
        ("filters: {tongue: {window: 10}}", True),
        ("filters: {bare: off}", True),
        ("read: {max_document_size: 1 MB}", True),
        ("clean: {join_hyphens: false}", True),
    ],
)
def test_a_policy_reads_nothing_again(change: str, again: bool):  # noqa: FBT001  # a case of the table
    changed = staging_form(load(ONE + change)) != staging_form(load(ONE))
    assert changed is again


def test_the_staging_form_is_readable_and_holds_the_source_if_asked():
    recipe = load("sources: [{path: papers, priority: 3, license: CC0-1.0, owner: x}]")
    form = staging_form(recipe)
    assert list(form) == ["read", "clean", "filters", "deduplicate"]
    assert form["filters"] == {"tongue": {"window": 4000, "mode": "fast"}, "length": {}, "bare": {}}
    assert form["deduplicate"] == {"shingle_size": 5, "permutations": 128, "seed": 1}
    assert staging_form(recipe, recipe.sources[0])["source"] == {
        "name": "papers", "format": "auto", "text": "text", "title": "title", "license": "CC0-1.0",
    }  # fmt: skip


# --- explaining


words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
pattern = words.filter(lambda p: p and not p.startswith("/") and ".." not in p.split("/"))
sources = st.builds(
    Source,
    path=words.map(lambda word: f"/{word}"),
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    include=st.lists(pattern, min_size=1, max_size=3).map(tuple),
    exclude=st.lists(pattern, max_size=2).map(tuple),
    format=st.sampled_from(["auto", "tei"]),
    license=st.none() | words,
    terms=words,
    priority=st.integers(-1000, 1000),
)
recipes = st.builds(
    Recipe,
    name=st.sampled_from(["no", "1", "1e5", "null", "x.y"]),
    description=words
    | st.sampled_from(["no", "~", "1.0", "2020-01-01", "0x1f", " x ", "a: b", "- a", "# c", "=", "<<"]),
    sources=st.lists(sources, max_size=3, unique_by=lambda source: source.name).map(tuple),
    read=st.builds(Read, max_document_size=st.integers(1024, 2**30), time_limit=st.floats(0.1, 86400)),
    clean=st.builds(Clean, join_hyphens=st.booleans()),
    filters=st.fixed_dictionaries(
        {
            "tongue": st.builds(
                Tongue, keep=st.lists(words, max_size=3).map(tuple), min_score=st.floats(0, 1)
            ),
            "length": st.builds(
                Length,
                most=st.none() | st.integers(50, 10**9),
                folder=st.none() | words.map(lambda word: str(Path(f"/{word}"))),
            ),
        }
    ),
    deduplicate=st.builds(Deduplicate, prefer=st.permutations(["structured", "newer"]).map(tuple)),
    output=st.builds(Output, path=st.none() | words.map(lambda word: f"/{word}")),
    filters_off=st.just(("bare",)),
)


@settings(deadline=None, max_examples=50)  # each is explained and read, which takes long
@given(recipes)
def test_an_explained_recipe_is_the_recipe(recipe: Recipe):
    normal = replace(
        recipe,
        sources=tuple(replace(source, path=str(Path(source.path))) for source in recipe.sources),
        output=replace(recipe.output, path=recipe.output.path and str(Path(recipe.output.path))),
    )
    text = explained(normal, SECTIONS)
    assert load_recipe(text, base=BASE, sections=SECTIONS, sources_required=False) == normal


def test_the_default_recipe_is_explained_key_by_key():
    recipe = default_recipe(SECTIONS)
    text = explained(recipe, SECTIONS)
    assert load_recipe(text, base=BASE, sections=SECTIONS, sources_required=False) == recipe
    assert max(map(len, text.splitlines())) <= 100
    lines = text.splitlines()
    for before, line in pairwise(lines):
        if line.strip() and not line.lstrip().startswith("#"):
            assert before.lstrip().startswith("# "), f"no comment before {line}"
    assert "  # Keeps texts in some languages. `tongue: off` leaves it out.\n  tongue:\n" in text
    assert "A number from 0 to 1.\n    min_score: 1.0e-07\n" in text
    assert '    keep: [en, "no"]\n' in text
    assert "# auto, jats, tei, jsonl." in re.sub(r"\n#\s+# ", " ", text.replace("One of ", "# "))
    assert "second paragraph" not in text


def test_the_example_of_a_source_can_be_uncommented():
    text = explained(default_recipe(SECTIONS), SECTIONS)
    tail = text.partition("sources: []\n")[2]
    example = [line[2:] for line in tail.splitlines() if re.match(r"#  ", line)]
    text = "\n".join(["sources:", *example]).replace('"..."', "papers")
    assert yaml.safe_load(text)["sources"][0]["include"] == ["**"]
    assert load(text).sources == load(ONE).sources


def test_a_filter_that_is_off_stays_off():
    recipe = load(ONE + "filters: {tongue: off, bare: on}")
    assert "\n  tongue: off\n" in explained(recipe, SECTIONS)
    assert load(explained(recipe, SECTIONS)) == recipe


def test_with_inputs_changes_only_sources():
    recipe = load(ONE + "name: x")
    changed = with_inputs(recipe, [Path("/b"), Path("/a")])
    assert [source.name for source in changed.sources] == ["a", "b"]
    assert replace(changed, sources=recipe.sources) == recipe
    assert len(with_inputs(recipe, [Path("/a"), Path("/b/../a")]).sources) == 1


# --- junk


def tree(value: Any) -> st.SearchStrategy[Any]:
    return st.lists(value, max_size=4) | st.dictionaries(scalars, value, max_size=4)


def keys(cls: Any) -> set[str]:
    below = [each for key in keys_of(cls).values() for each in (key.kind, key.element) if is_dataclass(each)]
    return set(keys_of(cls)).union(*map(keys, below))


KEYS = sorted(
    {
        *(
            name
            for cls in (Recipe, Source, Read, Deduplicate, Output, Plan, Tongue, Length)
            for name in keys(cls)
        ),
        *SECTIONS.filters,
    }
)
scalars = (
    st.sampled_from([*KEYS, "off", "64 MB"])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from(KEYS), st.recursive(scalars, tree, max_leaves=12), max_size=6),
    st.booleans(),
)
def test_a_junk_tree_raises_nothing_but_recipe_errors(junk: dict[str, Any], flow: bool):  # noqa: FBT001  # a case
    refused_or_whole(yaml.safe_dump(junk, default_flow_style=flow, allow_unicode=True))


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="ab:-[]{}&*!|>'\"%@`#,? \n\t\\~<=0.", max_size=60))
def test_junk_text_raises_nothing_but_recipe_errors(junk: str):
    refused_or_whole(junk)


TEXT = ONE + explained(default_recipe(SECTIONS), SECTIONS).replace("sources: []\n", "")


@settings(deadline=None, max_examples=60)  # each is a whole recipe
@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.text(max_size=5))
def test_a_damaged_recipe_raises_nothing_but_recipe_errors(at: int, length: int, junk: str):
    refused_or_whole(TEXT[:at] + junk + TEXT[at + length :])


def refused_or_whole(text: str) -> None:
    try:
        recipe = load(text)
    except RecipeError as error:
        told = str(error)
        assert told
        assert all(line.isprintable() and line for line in told.split("\n"))
    else:
        assert load(explained(recipe, SECTIONS)) == recipe
        assert re.fullmatch("[0-9a-f]{64}", recipe_digest(recipe))


# --- any settings class


@dataclass(frozen=True)
class Inner:
    size: Annotated[int, Setting("A size.", unit="bytes")] = 10**6
    names: Annotated[list[str], Setting("Names.", choices=("a", "b"))] = field(default_factory=list)


@dataclass(frozen=True)
class Outer:
    needed: Annotated[int, Setting("Needed.", minimum=1, maximum=9, unit="words")]
    inner: Annotated[Inner, Setting("Within.")] = field(default_factory=lambda: Inner(size=5))
    maybe: Annotated[Inner | None, Setting("Perhaps.")] = None
    hidden: int = 3


def test_defaults_of_a_section_are_those_of_its_field():
    assert build(Outer, "needed: 1\ninner: {names: [a]}")[0] == Outer(1, Inner(5, ["a"]))
    assert build(Outer, "needed: 1\nmaybe: on")[0].maybe == Inner()
    assert build(Outer, "needed: 1\nmaybe: {size: 1kB}")[0].maybe == Inner(1000)
    with pytest.raises(RecipeError, match=r"hidden \(line 2\): no such key"):
        build(Outer, "needed: 1\nhidden: 4")


def test_the_lines_of_keys_are_told():
    assert build(Outer, "inner:\n  size: 3\nneeded: 1")[1] == {"inner": 1, "inner.size": 2, "needed": 3}


def test_explained_yaml_of_any_class():
    outer = Outer(2, Inner(1, ["b", "a"]))
    assert explained_yaml(outer) == (
        "# Needed. A whole number of words from 1 to 9.\nneeded: 2\n\n# Within.\ninner:\n  # A size. A size, such as 64 MB.\n"
        "  size: 1\n  # Names. A list of any of a, b.\n  names: [b, a]\n\n# Perhaps. `maybe: off` leaves it out.\nmaybe: off\n"
    ).replace("[b, a]", '["b", "a"]')
    assert build(Outer, explained_yaml(outer))[0] == outer


def test_json_schema_of_any_class():
    size = [
        {"type": "integer"},
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? *([kKmMgGtT][iI]?)?[bB]$"},
    ]
    inner = {
        "type": ["object", "null"],
        "properties": {
            "size": {"description": "A size.", "default": "1 MB", "anyOf": size},
            "names": {
                "description": "Names.", "default": [], "type": "array", "items": {"type": "string", "enum": ["a", "b"]},
            },
        },
        "additionalProperties": False,
    }  # fmt: skip
    assert json_schema(Outer) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "needed": {"description": "Needed. Unit: words.", "type": "integer", "minimum": 1, "maximum": 9},
            "inner": {"description": "Within.", **inner},
            "maybe": {"description": "Perhaps.", "anyOf": [inner, {"type": "boolean"}]},
        },
        "required": ["needed"],
        "additionalProperties": False,
    }


def test_the_json_schema_of_a_recipe_has_every_key():
    schema = recipe_json_schema(SECTIONS)
    assert json.loads(json.dumps(schema)) == schema
    assert list(schema["properties"]) == [each.name for each in fields(Recipe) if each.name != "filters_off"]
    source = schema["properties"]["sources"]["items"]
    assert source["required"] == ["path"]
    assert source["properties"]["format"]["enum"] == ["auto", "jats", "tei", "jsonl"]
    assert list(schema["properties"]["filters"]["properties"]) == ["tongue", "length", "bare"]
    assert {"type": "boolean"} in schema["properties"]["filters"]["properties"]["bare"]["anyOf"]


def test_a_whole_number_for_a_rate_is_the_same_setting():
    @dataclass(frozen=True)
    class Rate:
        rate: Annotated[float, Setting("A rate.")] = 1

    assert json.dumps(as_plain(Rate(), lambda _: True)) == json.dumps(
        as_plain(build(Rate, "rate: 1")[0], lambda _: True)
    )


# --- what the documentation shows


def documented(kind: str) -> list[str]:
    text = (Path(__file__).parents[2] / "docs" / "recipe.md").read_text(encoding="utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)


def test_the_documented_recipe_is_read_and_the_wrong_one_refused_as_shown():
    from colophon.filters.language.language import Language

    sections = Sections(Clean, {"language": Language, "length": Length}, ("html", "jats", "jsonl"))
    right, wrong = documented("yaml")
    recipe = load_recipe(right, base=BASE, sections=sections)
    assert [source.name for source in recipe.sources] == ["papers", "reports"]
    assert recipe.filters_off == ("length",)
    with pytest.raises(RecipeError) as caught:
        load_recipe(wrong, base=BASE, sections=sections)
    assert f"{caught.value}\n" == documented("text")[0]
