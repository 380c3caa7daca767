"""The review report of a million documents: seconds, bytes and memory.

The dataset is that of the examples, its rows written again under other ids until there are enough.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from colophon.pipelines.canonical import manifest_bytes

ROOT = Path(__file__).resolve().parents[1]
_DOCUMENTS = 1_000_000
_AT_ONCE = 2_000
_COMMAND = (sys.executable, "-m", "colophon.runners.cli")


def multiply(folder: Path, times: int) -> int:
    """Write all rows of a dataset again and again, each time under other ids; the number of documents."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for name in [
        one for one in manifest["files"] if one.endswith(".parquet") and not one.startswith("merkle/")
    ]:
        table = pq.read_table(folder / name)
        with pq.ParquetWriter(
            folder / name, table.schema, compression="zstd", write_page_checksum=True
        ) as writer:
            for start in range(0, times, _AT_ONCE):
                some = [_renamed(table, turn) for turn in range(start, min(times, start + _AT_ONCE))]
                writer.write_table(pa.concat_tables(some), row_group_size=4096)
        content = (folder / name).read_bytes()
        entry = {
            "bytes": len(content),
            "rows": table.num_rows * times,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        manifest["files"][name] = entry
    for part in ("counts", "fates", "sources"):
        manifest[part] = _scaled(manifest[part], times)
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest))
    digests = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    digests["manifest.json"] = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(
        "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    )
    return sum(manifest["fates"].values())


def _renamed(table: pa.Table, turn: int) -> pa.Table:
    for name in {"id", "duplicate_of", "duplicate_cluster"} & set(table.column_names):
        ids = [
            one and hashlib.sha256(f"{one}{turn}".encode()).hexdigest()[:32]
            for one in table[name].to_pylist()
        ]
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), pa.array(ids, pa.string()))
    return table


def _scaled(value: Any, times: int) -> Any:
    if isinstance(value, dict):
        return {key: _scaled(each, times) for key, each in value.items()}
    return value * times if isinstance(value, int) else value


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "out"
        recipe = ["run", str(ROOT / "examples" / "recipe.yaml"), "--output", str(folder), "--quiet"]
        subprocess.run([*_COMMAND, *recipe], check=True, capture_output=True)
        kept = sum(json.loads((folder / "manifest.json").read_bytes())["fates"].values())
        documents = multiply(folder, -(-_DOCUMENTS // kept))
        size = sum(path.stat().st_size for path in folder.rglob("*.parquet"))
        began = time.perf_counter()
        with subprocess.Popen([*_COMMAND, "review", str(folder)], stdout=subprocess.DEVNULL) as process:
            watched, peak = psutil.Process(process.pid), 0
            while process.poll() is None:
                try:
                    peak = max(peak, watched.memory_info().rss)
                    spent = watched.cpu_times()
                except psutil.Error:
                    break
                time.sleep(0.05)
        wall = time.perf_counter() - began
        report = (folder / "review" / "report.html").stat().st_size
        print(
            f"{documents:,} documents, {size / 1e6:.0f} MB of Parquet: {wall:.1f} s, {spent.user + spent.system:.1f} CPU-seconds, "
            f"{peak / 1e6:.0f} MB of memory, a report of {report:,} bytes (goals: 30 s, 2,000,000 bytes)"
        )
