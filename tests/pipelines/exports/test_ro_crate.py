"""ro-crate-metadata.json: roc-validator, without a network, finds nothing that is required to be missing.

The validator asks for the JSON-LD context of RO-Crate 1.2, which lies in the network. It is put into its cache beforehand, with
the terms that are used here alone, by the rule by which that context is made: a term is schema.org's of the same name, but for
the few below. All checks of the profile `ro-crate-1.2` run, required and recommended, on the dataset's folder with its files;
those that would fetch pages are skipped by the validator itself.
"""

from __future__ import annotations

import io
import json

import pytest

from colophon.pipelines.exports import EXPORTS, Given, Subject, check_beside

CONTEXT = "https://w3id.org/ro/crate/1.2/context"
TERMS = {"File": "http://schema.org/MediaObject", "conformsTo": "http://purl.org/dc/terms/conformsTo"}
# Of the recommendations, the two that ask for what no manifest holds: the site's page and its number in ROR.
LEFT_TO_PEOPLE = ("The organization SHOULD have a URL", "An Organization entity SHOULD have a ROR identifier")


def made(dataset) -> dict:
    return json.loads(EXPORTS["ro-crate"].write(Subject(dataset.manifest, Given("2026-11-22"))))


def names_in(value) -> set[str]:
    """The keys and types of a crate."""
    if isinstance(value, list):
        return set().union(*map(names_in, value), set())
    if not isinstance(value, dict):
        return set()
    types = value.get("@type", [])
    types = {types} if isinstance(types, str) else set(types)
    return {key for key in value if key[0] != "@"} | types | names_in(list(value.values()))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of libraries of the validator
def test_the_validator_finds_no_fault(example_copied, tmp_path):
    services = pytest.importorskip("rocrate_validator.services", reason="roc-validator is of the slow lock")
    import requests_cache
    import urllib3
    from requests.adapters import HTTPAdapter
    from rocrate_validator.models import Severity, ValidationSettings

    crate = made(example_copied)
    (example_copied.folder / "ro-crate-metadata.json").write_text(json.dumps(crate))
    terms = {name: TERMS.get(name, f"http://schema.org/{name}") for name in names_in(crate["@graph"])}
    context = json.dumps({"@context": terms}).encode()

    class Here(HTTPAdapter):
        def send(self, request, **_: object):
            answer = urllib3.HTTPResponse(
                io.BytesIO(context), {"Content-Type": "application/ld+json"}, 200, preload_content=False
            )
            return self.build_response(request, answer)

    with requests_cache.CachedSession(str(tmp_path / "cache")) as session:
        session.mount("https://", Here())
        session.get(CONTEXT)
    settings = {
        "rocrate_uri": str(example_copied.folder),
        "profile_identifier": "ro-crate-1.2",
        "requirement_severity": Severity.RECOMMENDED,
        "offline": True,
        "cache_path": tmp_path / "cache",
    }

    def found() -> list[str]:
        result = services.validate(ValidationSettings(**settings))
        assert len(result.executed_checks) > 100
        return [
            issue.message for issue in result.get_issues() if not issue.message.startswith(LEFT_TO_PEOPLE)
        ]

    assert found() == []
    del crate["@graph"][1]["license"]  # and it would find one
    (example_copied.folder / "ro-crate-metadata.json").write_text(json.dumps(crate))
    assert any("license" in message for message in found())


def test_files_sources_and_licences_are_told(example_dataset):
    manifest = example_dataset.manifest
    entities = {one["@id"]: one for one in made(example_dataset)["@graph"]}
    root = entities["./"]
    parts = {one["@id"] for one in root["hasPart"]}
    assert parts == {*manifest["files"], "manifest.json"}
    for name, entry in manifest["files"].items():
        assert entities[name]["sha256"] == entry["sha256"]
        assert entities[name]["contentSize"] == str(entry["bytes"])
    digest = Subject(manifest).digest
    assert entities["manifest.json"]["sha256"] == digest
    assert {one["@id"] for one in root["license"]} == {
        "https://spdx.org/licenses/CC-BY-4.0",
        "https://spdx.org/licenses/CC0-1.0",
    }
    assert "Lantern Yard Press" in entities["#source-papers"]["description"]
    assert entities["#curation"]["instrument"] == {"@id": "#colophon"}
    linked = json.dumps(made(example_dataset))
    for name in entities:
        assert linked.count(f'{{"@id": "{name}"}}') or name == "ro-crate-metadata.json", (
            f"{name} hangs in the air"
        )


def test_beside_the_data_it_must_be_what_the_manifest_gives(example_copied):
    path = example_copied.folder / "ro-crate-metadata.json"
    path.write_bytes(
        EXPORTS["ro-crate"].write(Subject(example_copied.manifest, Given("2026-11-22", "https://a.example")))
    )
    assert check_beside(example_copied.folder, example_copied.manifest) == []
    path.write_bytes(path.read_bytes().replace(b"Hollin", b"Rollin"))
    assert len(check_beside(example_copied.folder, example_copied.manifest)) == 1
    path.write_text('{"@graph": []}')
    assert len(check_beside(example_copied.folder, example_copied.manifest)) == 1
