"""What the manifest says of rights: of each source who holds them, under which terms and consent, and the licences found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

__all__ = ["count_rights", "rights_of_sources"]


def count_rights(table: pa.Table) -> dict[str, int]:
    r"""Documents by source and SPDX expression, joined by a tab; empty without the column ``spdx``.

    >>> import pyarrow as pa
    >>> count_rights(pa.table({"source": ["a", "a", "b"], "spdx": ["MIT", "MIT", "NONE"]}))
    {'a\tMIT': 2, 'b\tNONE': 1}
    """
    if not {"source", "spdx"} <= set(table.column_names):
        return {}
    pairs = zip(table["source"].to_pylist(), table["spdx"].to_pylist(), strict=True)
    return dict(sorted(Counter(f"{source}\t{spdx or ''}" for source, spdx in pairs).items()))


def rights_of_sources(
    sources: Iterable[Mapping[str, Any]], counted: Mapping[str, int]
) -> dict[str, dict[str, Any]]:
    """Each source's declarations and the documents kept of it, by SPDX expression.

    Args:
        sources: Of the recipe, as the manifest has them.
        counted: As `count_rights` counts the rows of ``data/``, added up over shards.

    Returns:
        By the source's name: ``license``, ``owner``, ``terms`` and ``consent`` as declared (empty if not), ``documents``
        and ``spdx``, the number of documents by expression. Sources in the order of their names.
    """
    found: dict[str, dict[str, int]] = {}
    for key, n in sorted(counted.items()):
        name, _, spdx = key.partition("\t")
        found.setdefault(name, {})[spdx] = n
    return {
        source["name"]: {
            **{key: source[key] or "" for key in ("license", "owner", "terms", "consent")},
            "documents": sum(found.get(source["name"], {}).values()),
            "spdx": found.get(source["name"], {}),
        }
        for source in sorted(sources, key=lambda source: str(source["name"]))
    }
