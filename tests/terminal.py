"""The command line, called in this process."""

from __future__ import annotations

from pathlib import Path

from colophon.runners.cli import main


def call(capsys, *words: str | Path | int) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    try:
        code = main([str(word) for word in words])
    except SystemExit as end:
        code = int(end.code or 0)
    out, error = capsys.readouterr()
    assert "Traceback" not in error
    return code, out, error
