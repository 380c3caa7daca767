"""What a command that made a dataset says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from colophon.runners.answers import print_json, say
from colophon.runners.report import report

if TYPE_CHECKING:
    from colophon.runners.run import Result

__all__ = ["tell"]


def tell(result: Result, *, as_json: bool) -> None:
    """Print what was made, and where it and its report are."""
    where = result.output / "review" / "report.txt"
    page = result.output / "review" / "report.html"
    if as_json:
        told = {
            "output": str(result.output),
            "report": str(where),
            "page": str(page),
            "made": result.made,
            "run": result.run,
        }
        names = ("fates", "sources", "stages", "predecessor")
        print_json(told | {name: result.manifest[name] for name in names})
    elif result.made:
        say(report(result.manifest, result.run))
        say(f"Dataset: {result.output}\nReport:  {where}\nReview:  {page}")
    else:
        say(
            f"Nothing to do: {result.output} is what this recipe makes of these inputs.\nReport:  {where}\nReview:  {page}"
        )
