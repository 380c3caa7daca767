"""PTransforms that wire the filters together, the plan before them and the manifest after.

A PTransform here is a dataclass whose fields are its settings; logic is in plain functions. Names load
when they are asked for, so that checking a dataset does not wait for Beam.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colophon.pipelines.curate import Curate
    from colophon.pipelines.decide import Decide
    from colophon.pipelines.deduplicate import Deduplicate
    from colophon.pipelines.explain import explain
    from colophon.pipelines.job import Job
    from colophon.pipelines.manifest import WriteManifest
    from colophon.pipelines.plan import Plan, Unit, make_plan
    from colophon.pipelines.stage import StageUnits
    from colophon.pipelines.verify import verify
    from colophon.pipelines.write import WriteShards

__all__ = [
    "Curate",
    "Decide",
    "Deduplicate",
    "Job",
    "Plan",
    "StageUnits",
    "Unit",
    "WriteManifest",
    "WriteShards",
    "explain",
    "make_plan",
    "verify",
]

_MODULES = {
    "Curate": "curate",
    "Decide": "decide",
    "Deduplicate": "deduplicate",
    "Job": "job",
    "Plan": "plan",
    "StageUnits": "stage",
    "Unit": "plan",
    "WriteManifest": "manifest",
    "WriteShards": "write",
    "explain": "explain",
    "make_plan": "plan",
    "verify": "verify",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"colophon.pipelines.{_MODULES[name]}"), name)
