"""OpenLineage events, checked by structure: the keys and facets of its specification 2-0-2, with the addresses of their schemas.

What is written was also given to the classes of openlineage-python 1.51 by hand; that package is no dependency.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid

import pytest

from colophon.pipelines.exports import EXPORTS, Given, Subject
from colophon.schemas import UsageError


@pytest.fixture
def events(example_dataset):
    subject = Subject(example_dataset.manifest, Given(), example_dataset.run)
    return [json.loads(line) for line in EXPORTS["openlineage"].write(subject).splitlines()]


def test_one_event_for_the_start_and_one_for_the_end(events, example_dataset):
    assert [one["eventType"] for one in events] == ["START", "COMPLETE"]
    times = [dt.datetime.fromisoformat(one["eventTime"]) for one in events]
    assert times == sorted(times)
    assert all(time.tzinfo for time in times)
    assert events[0]["run"]["runId"] == events[1]["run"]["runId"]
    uuid.UUID(events[0]["run"]["runId"])
    for event in events:
        assert set(event) == {
            "eventType",
            "eventTime",
            "run",
            "job",
            "inputs",
            "outputs",
            "producer",
            "schemaURL",
        }
        assert event["job"]["name"] == example_dataset.manifest["name"]
        assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"


def test_inputs_and_outputs_are_counted(events, example_dataset):
    manifest = example_dataset.manifest
    inputs = {one["name"].rpartition("/")[2]: one for one in events[1]["inputs"]}
    assert {name: one["inputFacets"]["inputStatistics"]["rowCount"] for name, one in inputs.items()} == {
        name: one["documents"] for name, one in manifest["sources"].items()
    }
    assert events[0]["outputs"] == []
    data, ledger = events[1]["outputs"]
    assert data["outputFacets"]["outputStatistics"]["rowCount"] == manifest["fates"]["kept"]
    assert ledger["outputFacets"]["outputStatistics"]["rowCount"] == sum(manifest["fates"].values())
    assert [one["name"] for one in data["facets"]["schema"]["fields"]] == [
        one["name"] for one in manifest["schemas"]["data"]
    ]
    assert data["facets"]["version"]["datasetVersion"] == Subject(manifest).digest


def test_every_facet_names_its_schema(events):
    def facets(value):
        for key, one in value.items() if isinstance(value, dict) else ():
            if key in {"facets", "inputFacets", "outputFacets"}:
                yield from one.values()
            yield from facets(one)
        for one in value if isinstance(value, list) else ():
            yield from facets(one)

    found = list(facets(events))
    assert len(found) > 10
    for one in found:
        assert re.fullmatch(r"urn:colophon:software:[\d.]+", one["_producer"])
        match = re.fullmatch(
            r"https://openlineage\.io/spec/facets/\d-\d-\d/(\w+)\.json#/\$defs/(\w+)", one["_schemaURL"]
        )
        assert match
        assert match[1] == match[2]


def test_without_a_run_there_is_no_lineage(example_dataset):
    for run in (None, {}, {"began": "2026-11-22T00:00:00+00:00"}):
        with pytest.raises(UsageError, match=r"run\.json"):
            EXPORTS["openlineage"].write(Subject(example_dataset.manifest, Given(), run))
