"""A new version of a dataset without some documents, and without any copy of them.

A cluster of duplicates goes as a whole: with the kept copy what it stood for, with a dropped copy the kept one, whose
text is the same work. So does whatever has the same text. Shards without a withdrawn document keep their bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from colophon.pipelines.audit import count_audit
from colophon.pipelines.canonical import manifest_bytes
from colophon.pipelines.changes.search import REASONS, are_copies, batches_of, find_withdrawn, is_in
from colophon.pipelines.changes.sides import columns_of, parts_of
from colophon.pipelines.counts import count_data, count_ledger, less_counts, merge_counts, summed
from colophon.pipelines.dataset import load_manifest
from colophon.pipelines.manifest import made_by, write_manifest
from colophon.pipelines.proofs.merkle import TREE_FILE, write_tree
from colophon.pipelines.proofs.prove import prove_each
from colophon.pipelines.removals import (
    HASHED,
    NOTICE_FORMAT,
    RECORDS_FILE,
    RECORDS_FORMAT,
    read_rounds,
    salt_of,
    seal,
)
from colophon.pipelines.shard import TableFile
from colophon.pipelines.storage import explain_os_error, sha256_of, write_whole
from colophon.schemas import DROPPED, WITHDRAW, WITHDRAWN_COPY, Manifest, RunFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from colophon.pipelines.changes.search import Withdrawal
    from colophon.pipelines.counts import Counts
    from colophon.pipelines.removals import Wanted

__all__ = ["NOTICE_FILE", "PROOFS", "next_major", "withdraw", "write_proofs"]

NOTICE_FILE: Final = "withdrawals/notice.json"
"""Where a version that withdraws keeps the notice for other sites; it names the manifest, so it stands around it."""

PROOFS: Final = "withdrawals/proofs"
"""Where it keeps a proof for each withdrawn document that it is not there, by its id."""

_WHAT_TO_DO: Final = (
    "Stop using the old version; the new one is what its maker stands for.",
    "Find out whether your own datasets hold what was withdrawn: `colophon acknowledge NOTICE --dataset DIR`.",
    "Take it out of them: `colophon withdraw DIR --list NOTICE --output DIR2`.",
    "Answer with a signed acknowledgement.",
    "A model that was trained on the old version is not changed by this; say which ones were.",
)


def withdraw(
    folder: Path,
    wanted: Wanted,
    into: Path,
    *,
    why: str = "",
    version: str = "",
    successor: bool = True,
) -> Withdrawal:
    """Write the next version of a dataset, without some documents.

    Args:
        folder: The dataset; its files must be what its manifest says.
        wanted: What is withdrawn.
        into: An empty or new folder for the next version; nothing is written there if no kept document is withdrawn.
        why: A sentence for those who read the manifest or the notice.
        version: The next version; if empty, the next major one.
        successor: Whether the new manifest names the old one as its predecessor, or stands in its place.

    Returns:
        What was withdrawn.

    Raises:
        UsageError: The folder is no dataset.
        RunFailed: Its files are not what its manifest says, or the new ones cannot be written.
    """
    manifest = load_manifest(folder)
    _refuse_unsound(folder, manifest)
    try:
        found = find_withdrawn(folder, manifest, wanted)
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise RunFailed(
            f"{folder}: cannot be read as its manifest says: {str(error).splitlines()[0]}; "
            f"`colophon verify {folder}` tells more"
        ) from error
    if not found.kept:
        return found
    digest = sha256_of(folder / "manifest.json")
    version = version or next_major(manifest["version"])
    try:
        files, counts = _write_shards(folder, manifest, into, found, version)
        merkle, files[TREE_FILE] = write_tree(into, list(files))
        salt = salt_of(digest, wanted)
        records = _round(found, wanted, salt, {"version": version, "reason": why})
        earlier = read_rounds(folder / RECORDS_FILE) if RECORDS_FILE in manifest["files"] else []
        files[RECORDS_FILE] = _write_records(into, [*earlier, records])
        new = {
            **manifest,
            "version": version,
            "software": made_by(),
            "stages": [name for name in manifest["stages"] if name != WITHDRAW] + [WITHDRAW],
            "merkle": merkle,
            "withdrawals": [*manifest["withdrawals"], _account(found, records)],
            "files": dict(sorted(files.items())),
        }
        if successor:
            named = {key: manifest[key] for key in ("name", "version")}
            new["predecessor"] = {"manifest_sha256": digest, **named, "decided": "withdrawal"}
        new |= summed(counts, new["stages"], manifest["recipe"]["sources"])
        write_manifest(into, Manifest(**{each.name: new[each.name] for each in fields(Manifest)}))
        if successor:
            _write_notice(into, records, new)
            write_proofs(into, [*found.kept, *found.copies])
    except OSError as error:
        raise explain_os_error(error, into) from error
    return found


def next_major(version: str) -> str:
    """The next major version.

    >>> next_major("1.2.0"), next_major("0.1.0-rc.1+a")
    ('2.0.0', '1.0.0')
    """
    return f"{int(version.partition('.')[0]) + 1}.0.0"


def _refuse_unsound(folder: Path, manifest: dict[str, Any]) -> None:
    for name, entry in manifest["files"].items():
        try:
            sound = sha256_of(folder / name) == entry["sha256"]
        except OSError:
            sound = False
        if not sound:
            raise RunFailed(
                f"{folder / name}: is not what its manifest says; `colophon verify {folder}` tells more"
            )
    lacking = [each.name for each in fields(Manifest) if each.name not in manifest]
    if lacking:
        raise UsageError(
            f"{folder}: its manifest has no {', '.join(lacking)}; `colophon verify {folder}` tells more"
        )


def _write_shards(
    folder: Path, manifest: dict[str, Any], into: Path, found: Withdrawal, version: str
) -> tuple[dict[str, Any], Counts]:
    """All files of ``data/`` and ``ledger/``: links to those that stay as they are; and the counts of all."""
    level = manifest["recipe"]["output"]["compression_level"]
    size = manifest["recipe"]["deduplicate"]["shingle_size"]
    files: dict[str, Any] = {}
    gone, audited, ledgers = [], [], []
    none = count_data(columns_of(folder, manifest).empty_table(), size)
    for path in parts_of(folder, manifest, "data"):
        name = f"data/{path.name}"
        if not any(is_in(batch["id"], found.kept).any() for batch in batches_of(path, ("id",))):
            files[name] = _linked(folder, into, name, manifest)
            continue
        with TableFile(into / name, pq.read_schema(path), level) as data:
            for table in _tables_of(path):
                chosen = pa.array(is_in(table["id"], found.kept))
                data.write(table.filter(pc.invert(chosen)))
                rows = table.filter(chosen)
                fates = pa.table({"fate": [DROPPED] * rows.num_rows, "stage": [WITHDRAW] * rows.num_rows})
                gone.append(count_data(rows, size))
                audited.append({"audit_dropped": count_audit(rows, fates).get("audit_dropped", {})})
        files[name] = data.entry()
    for path in parts_of(folder, manifest, "ledger"):
        name = f"ledger/{path.name}"
        touched = False
        for batch in batches_of(path, ("id", "reason", "duplicate_of")):
            touched |= bool(is_in(batch["id"], found.kept).any() or are_copies(batch, found).any())
        if not touched:
            files[name] = _linked(folder, into, name, manifest)
            ledgers += [count_ledger(table) for table in _tables_of(path)]
            continue
        with TableFile(into / name, pq.read_schema(path), level) as ledger:
            for table in _tables_of(path):
                rows = _decided(table, found, version)
                ledger.write(rows)
                ledgers.append(count_ledger(rows))
        files[name] = ledger.entry()
    left = less_counts(manifest["counts"], merge_counts(gone), none)
    fates = {name: counted for name, counted in merge_counts(ledgers).items() if name == "fates"}
    if "audit_documents" not in left:
        audited = []
    return files, merge_counts([left, *audited, fates])


def _tables_of(path: Path) -> Iterator[pa.Table]:
    return (pa.Table.from_batches([batch]) for batch in batches_of(path))


def _linked(folder: Path, into: Path, name: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """A file that stays as it is: linked where the file system allows it, else copied."""
    (into / name).parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(folder / name, into / name)
    except OSError:
        shutil.copyfile(folder / name, into / name)
    return dict(manifest["files"][name])


def _decided(table: pa.Table, found: Withdrawal, version: str) -> pa.Table:
    """Ledger rows with the new fates."""
    kept, copies = pa.array(is_in(table["id"], found.kept)), pa.array(are_copies(table, found))
    reasons = pa.array([found.kept.get(one, "") for one in table["id"].to_pylist()])
    columns = {name: table[name] for name in table.column_names}
    columns["fate"] = pc.if_else(kept, DROPPED, table["fate"])
    columns["stage"] = pc.if_else(kept, WITHDRAW, table["stage"])
    columns["reason"] = pc.if_else(kept, reasons, pc.if_else(copies, WITHDRAWN_COPY, table["reason"]))
    columns["detail"] = pc.if_else(pc.or_(kept, copies), f"withdrawn in version {version}", table["detail"])
    return pa.table([columns[name] for name in table.column_names], table.schema)


def _round(found: Withdrawal, wanted: Wanted, salt: bytes, head: dict[str, str]) -> dict[str, Any]:
    """The salted records of a withdrawal: of each document, and of each thing that the list names."""
    records = []
    for one in sorted({*found.kept, *found.copies, *found.others}):
        record = {"id": seal(salt, "id", one)}
        # A DOI that others bear too, a proceedings' for example, does not tell what was withdrawn.
        dois = sorted(found.dois.get(one, set()) - found.staying)
        if dois:
            record["doi"] = seal(salt, "doi", dois[0])
        if one in found.texts:
            record["text_sha256"] = seal(salt, "text_sha256", found.texts[one])
        records.append(record)
    named = []
    for line, outcome in zip(wanted.lines, found.outcome, strict=True):
        if wanted.plain:
            named += [{kind: seal(salt, kind, value), "outcome": outcome} for kind, value in line.keys]
    unique = {json.dumps(each, sort_keys=True): each for each in named}
    return {
        **head,
        "salt": salt.hex(),
        "hash": HASHED,
        "records": sorted(records, key=lambda record: record["id"]),
        "named": [unique[key] for key in sorted(unique)],
    }


def _account(found: Withdrawal, records: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of a withdrawal."""
    reasons = Counter(found.kept.values())
    return {
        "version": records["version"],
        "reason": records["reason"],
        "kept": {reason: reasons[reason] for reason in REASONS},
        "copies": len(found.copies),
        "others": len(found.others),
        "lines": dict(sorted(Counter(found.outcome).items())),
        "records": len(records["records"]),
        "named": len(records["named"]),
    }


def _write_records(into: Path, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    content = (
        json.dumps({"format": RECORDS_FORMAT, "withdrawals": rounds}, indent=1, sort_keys=True) + "\n"
    ).encode()
    write_whole(into / RECORDS_FILE, content)
    rows = sum(len(each["records"]) for each in rounds)
    return {"bytes": len(content), "rows": rows, "sha256": sha256_of(into / RECORDS_FILE)}


def write_proofs(folder: Path, ids: Iterable[str]) -> None:
    """A proof for each of some documents that it is not in a dataset."""
    for proof in prove_each(folder, sorted(ids)):
        write_whole(folder / PROOFS / f"{proof['id']}.json", manifest_bytes(proof))


def _write_notice(into: Path, records: dict[str, Any], manifest: dict[str, Any]) -> None:
    before = manifest["predecessor"]
    notice = {
        "format": NOTICE_FORMAT,
        "dataset": manifest["name"],
        "site": manifest["site"],
        "contact": manifest["contact"],
        "from": {"version": before["version"], "manifest_sha256": before["manifest_sha256"]},
        "to": {"version": manifest["version"], "manifest_sha256": sha256_of(into / "manifest.json")},
        "documents": len(records["records"]),
        "what_to_do": list(_WHAT_TO_DO),
        **{key: records[key] for key in ("reason", "salt", "hash", "records", "named")},
    }
    write_whole(
        into / NOTICE_FILE, (json.dumps(notice, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    )
