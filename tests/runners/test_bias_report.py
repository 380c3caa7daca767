"""The part of the text report on bias."""

from __future__ import annotations

from colophon.runners.bias_report import audit_rows, bias_lines, spread_rows

COUNTS = {
    "audit_documents": {"\ta\t0": 2000, "gender\ta\t0": 1000, "age\ta\t0": 1000, "religion\ta\t0": 2},
    "audit_dropped": {"length\t\ta\t0": 300, "length\tgender\ta\t0": 180, "length\tage\ta\t0": 240},
    "source": {"a": 900, "b": 100},
    "language": {"en": 1000},
    "association_groups": {"gender/men": 400, "gender/women": 400},
    "association_pairs": {"gender/men\tcareer": 100, "gender/women\tcareer": 50},
}
MANIFEST = {
    "counts": COUNTS,
    "stages": ["language", "length"],
    "recipe": {
        "filters": {
            "bias": {"reference": ["gender/women=0.5", "gender/men=0.5", "source/a=0.5", "source/b=0.5"]}
        }
    },
}


def test_the_worst_ratio_comes_first():
    rows = audit_rows(MANIFEST)
    assert [row[:3] for row in rows] == [
        ("length", "age", "4.00 *"),
        ("length", "gender", "1.50 *"),
        ("length", "religion", "too few"),
    ]
    assert rows[0][4:] == ("240 of 1,000", "60 of 1,000")


def test_spread_needs_two_values():
    ((name, gini, _, n),) = spread_rows(MANIFEST)
    assert (name, n) == ("source", "1,000")
    assert gini.startswith("0.40 (")


def test_the_section():
    text = "\n".join(bias_lines(MANIFEST))
    assert "gender: distance from the declared shares 0.00 (0.00 to 0.0" in text
    assert "source: distance from the declared shares 0.15" in text
    assert "gender/men and career: log-odds 0.84 (0.47 to 1.21), 100 of 400 documents" in text


def test_nothing_counted_nothing_told():
    assert bias_lines({"counts": {}, "stages": ["length"], "recipe": {"filters": {"bias": False}}}) == []
