"""What is signed of a dataset: that somebody approves or refuses it, and how it was built.

The types are names and no addresses: nothing is looked up under them. `docs/signing.md` describes each.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeGuard

from colophon.pipelines.signing.envelopes import BadEnvelope
from colophon.schemas import UsageError, harmless

__all__ = [
    "ACKNOWLEDGEMENT", "APPROVE", "DECISION", "DECISIONS", "PROVENANCE", "REJECT", "SUBJECT",
    "Acknowledgement", "Decision", "Signatory", "build_provenance", "built_from", "read_provenance", "stamp",
]  # fmt: skip

SUBJECT: Final = "manifest.json"
DECISION: Final = "urn:colophon:decision:v1"
ACKNOWLEDGEMENT: Final = "urn:colophon:acknowledgement:v1"
PROVENANCE: Final = "https://slsa.dev/provenance/v1"
APPROVE: Final = "approve"
REJECT: Final = "reject"
DECISIONS: Final = (APPROVE, REJECT)
_BUILD: Final = "urn:colophon:run:v1"
_BUILDER: Final = "urn:colophon:builder:v1"
_MOST_NAME: Final = 200
_MOST_NOTE: Final = 4000


def stamp(now: dt.datetime) -> str:
    """A time as statements tell it: UTC, to the microsecond, so that two decisions have an order.

    >>> stamp(dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC))
    '2026-11-22T08:00:00.000000Z'
    """
    return now.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Signatory:
    """Who signs, in whose words, and when by their own clock.

    Attributes:
        name: Of a person.
        role: What they sign as.
        note: Why, for those who read it.
        time: As `stamp` writes it.
    """

    name: str
    role: str
    note: str
    time: str

    @classmethod
    def of(cls, who: str, note: str, now: dt.datetime) -> Signatory:
        """From what stands on a command line.

        Raises:
            UsageError: `who` is not ``name, role``, or a character cannot be seen.
        """
        name, _, role = (part.strip() for part in who.partition(","))
        if not name or not role:
            raise UsageError(f'--as {harmless(who)!r}: write "name, role", such as "Ada Lind, data steward"')
        for option, text, most in (("--as", who, _MOST_NAME), ("--note", note, _MOST_NOTE)):
            if len(text) > most or harmless(text) != text:
                raise UsageError(f"{option}: write at most {most:,} characters, all of them visible")
        return cls(name, role, note, stamp(now))

    @classmethod
    def read(cls, predicate: dict[str, Any]) -> Signatory:
        """From a statement.

        Raises:
            BadEnvelope: It is not there.
        """
        by = predicate.get("by")
        if not isinstance(by, dict):
            raise BadEnvelope("its statement does not say by whom it is")
        name = _text(by, "name", _MOST_NAME)
        role = _text(by, "role", _MOST_NAME)
        note = _text(predicate, "note", _MOST_NOTE, "")
        return cls(name, role, note, stamp(_time(predicate.get("time"))))

    @property
    def said(self) -> dict[str, Any]:
        """As it stands in a statement."""
        return {"by": {"name": self.name, "role": self.role}, "note": self.note, "time": self.time}


@dataclass(frozen=True)
class Decision:
    """Somebody approves or refuses a dataset.

    Attributes:
        decision: `APPROVE` or `REJECT`.
        by: Who.
        dataset: Name and version, for those who read the statement alone.
        checked: ``full``, ``quick`` or ``none``: what the signer's own ``verify`` looked at.
        faults: How many it found; none if the dataset is approved.
        run_sha256: Of ``run.json`` as it was then; empty if there was none.
        rebuilt_run_sha256: Of ``run.json`` of the same dataset as the signer built it; empty if they did not.
        colophon: Version with which it was signed.
    """

    decision: str
    by: Signatory
    dataset: str = ""
    checked: str = "none"
    faults: int = 0
    run_sha256: str = ""
    rebuilt_run_sha256: str = ""
    colophon: str = ""

    @classmethod
    def read(cls, predicate: dict[str, Any]) -> Decision:
        """From a statement.

        Raises:
            BadEnvelope: It is no decision.
        """
        decision = predicate.get("decision")
        if decision not in DECISIONS:
            raise BadEnvelope("its statement neither approves nor rejects")
        faults = predicate.get("faults", 0)
        if not _is_count(faults):
            raise BadEnvelope("its statement tells no number of faults")
        words = ("dataset", "checked", "run_sha256", "rebuilt_run_sha256", "colophon")
        told = {name: _text(predicate, name, _MOST_NAME, "") for name in words}
        return cls(decision, Signatory.read(predicate), faults=faults, **told)

    @property
    def predicate(self) -> dict[str, Any]:
        """As it is signed."""
        told = asdict(self)
        del told["by"]
        return {**told, **self.by.said}


@dataclass(frozen=True)
class Acknowledgement:
    """A site's answer to the notice that documents were withdrawn.

    Attributes:
        by: Who.
        held: How many of the records the site held.
        removed: Whether it holds none of them any more.
        colophon: Version with which it was signed.
    """

    by: Signatory
    held: int
    removed: bool
    colophon: str = ""

    @classmethod
    def read(cls, predicate: dict[str, Any]) -> Acknowledgement:
        """From a statement.

        Raises:
            BadEnvelope: It is no acknowledgement.
        """
        held, removed = predicate.get("held"), predicate.get("removed")
        if not _is_count(held) or not isinstance(removed, bool):
            raise BadEnvelope(
                "its statement does not say how many records were held, or whether they are removed"
            )
        return cls(Signatory.read(predicate), held, removed, _text(predicate, "colophon", _MOST_NAME, ""))

    @property
    def predicate(self) -> dict[str, Any]:
        """As it is signed."""
        return {"held": self.held, "removed": self.removed, "colophon": self.colophon, **self.by.said}


def built_from(manifest: dict[str, Any]) -> dict[str, str]:
    """Everything that a dataset was built from, by name, with its sha256."""
    software = manifest["software"]
    sources = {
        "inputs": manifest["inputs"]["sha256"],
        "recipe": manifest["recipe_sha256"],
        "code": software["code_sha256"],
        "lock": software.get("lock_sha256"),
        "predecessor": manifest["predecessor"].get("manifest_sha256"),
    }
    materials = {
        f"{stage}/{name}": one.get("sha256")
        for stage, all_of_it in sorted(manifest["materials"].items())
        for name, one in sorted(all_of_it.items())
    }
    return {name: digest for name, digest in {**sources, **materials}.items() if digest}


def build_provenance(manifest: dict[str, Any], run: dict[str, Any], run_sha256: str) -> dict[str, Any]:
    """The predicate of an SLSA provenance statement (https://slsa.dev/spec/v1.0/provenance).

    Args:
        manifest: Of the dataset.
        run: Its ``run.json``.
        run_sha256: Of that file.
    """
    software = manifest["software"]
    return {
        "buildDefinition": {
            "buildType": _BUILD,
            "externalParameters": {"recipe": manifest["recipe"]},
            "resolvedDependencies": [
                {"name": name, "digest": {"sha256": digest}} for name, digest in built_from(manifest).items()
            ],
        },
        "runDetails": {
            "builder": {
                "id": _BUILDER,
                "version": {
                    "colophon": software["colophon"],
                    "python": run["python"],
                    **software["libraries"],
                },
            },
            "metadata": {
                "invocationId": run["stamp"],
                "startedOn": stamp(_time(run["began"])),
                "finishedOn": stamp(_time(run["ended"])),
            },
            "byproducts": [{"name": "run.json", "digest": {"sha256": run_sha256}}],
        },
    }


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


def read_provenance(predicate: dict[str, Any]) -> tuple[dict[str, str], str]:
    """What an SLSA provenance statement names: what was built from, by name, and the digest of ``run.json``.

    Raises:
        BadEnvelope: It is none.
    """
    try:
        needed = predicate["buildDefinition"].get("resolvedDependencies", [])
        made = predicate["runDetails"].get("byproducts", [])
        named = [
            {
                one["name"]: one["digest"]["sha256"]
                for one in each
                if "name" in one and "sha256" in one.get("digest", {})
            }
            for each in (needed, made)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadEnvelope("its statement is no SLSA provenance") from error
    if not all(isinstance(text, str) for each in named for pair in each.items() for text in pair):
        raise BadEnvelope("its statement is no SLSA provenance: a name or a digest in it is no text")
    return named[0], named[1].get("run.json", "")


def _text(told: dict[str, Any], name: str, most: int, default: str | None = None) -> str:
    value = told.get(name, default)
    if not isinstance(value, str) or len(value) > most:
        raise BadEnvelope(f"its statement has no {name}, or one of more than {most:,} characters")
    return value


def _time(text: Any) -> dt.datetime:
    try:
        time = dt.datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise BadEnvelope("the time of its statement has no time zone")
        return time.astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError) as error:
        if isinstance(error, BadEnvelope):
            raise
        raise BadEnvelope("its statement has no time") from error
