"""`colophon acknowledge`: a site's answer to the notice that documents were withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from colophon.runners.answers import print_json, say
from colophon.runners.arguments import count, path, positive
from colophon.runners.words import many
from colophon.schemas import KEPT, CheckFailed, UsageError, harmless

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

__all__ = ["LONG", "NAME", "SHORT", "add_arguments", "call"]

NAME = "acknowledge"
SHORT = "answer a withdrawal notice, or check the answers of others"
LONG = """\
Answer the notice of a site that withdrew documents: how many of its records you held and whether
they are removed, signed with your key. Send the new file back to that site.

With --dataset alone: see which documents of your own datasets the notice means.

With --check: see who answered a notice of yours, and who still holds something."""

_OWN = {"key": "--key", "who": "--as", "held": "--held", "output": "--output"}
"""What an answer of one's own needs."""


def add_arguments(parser: ArgumentParser) -> None:
    """What may stand after the command's name."""
    parser.add_argument(
        "notice", type=path, metavar="NOTICE", help="the notice that `colophon withdraw` wrote"
    )
    parser.add_argument(
        "--key", type=path, metavar="FILE", help="your key: `colophon keygen FILE --kind sign`"
    )
    parser.add_argument(
        "--as", dest="who", metavar="WHO", help='who you are: "name, role", such as "Ada Lind, data steward"'
    )
    parser.add_argument(
        "--dataset",
        type=path,
        action="append",
        default=[],
        metavar="DIR",
        help="a dataset of yours, as it was before you removed anything, to be searched; may be given again",
    )
    parser.add_argument(
        "--held",
        type=count,
        metavar="N",
        help="how many of the records you held; by default as many as are found in --dataset",
    )
    parser.add_argument("--removed", action="store_true", help="you hold none of them any more")
    parser.add_argument("--note", default="", metavar="TEXT", help="what else there is to say")
    parser.add_argument("--output", type=path, metavar="FILE", help="the new file with your answer")
    parser.add_argument(
        "--check", type=path, nargs="+", action="extend", metavar="FILE", help="answers to check instead"
    )
    parser.add_argument(
        "--keys", type=path, metavar="DIR", help="with --check: folder of the public keys that you trust"
    )
    parser.add_argument(
        "--threshold",
        type=positive,
        metavar="K",
        help="with --check: keys that must have answered (default: 1)",
    )


def call(arguments: Namespace) -> int:
    """Do it; the exit code."""
    if arguments.check:
        return _check(arguments)
    if not arguments.dataset:
        return _answer(arguments)
    found = _search(arguments)
    if arguments.key is None and arguments.output is None:
        return _tell(arguments, found)
    if arguments.held is None:
        arguments.held = sum(each["fate"] == KEPT for each in found)
    return _answer(arguments)


def _search(arguments: Namespace) -> list[dict[str, Any]]:
    """The documents of one's own datasets that the notice means, each with the dataset's folder."""
    from colophon.pipelines.changes import held  # noqa: PLC0415 - only when needed

    return [
        {"dataset": str(folder), **each}
        for folder in arguments.dataset
        for each in held(folder, arguments.notice)
    ]


def _tell(arguments: Namespace, found: list[dict[str, Any]]) -> int:
    kept = sum(each["fate"] == KEPT for each in found)
    if arguments.json:
        print_json({"held": kept, "found": found})
        return 0
    for each in found:
        place = f"{each['source']}/{each['source_uri']} {each['locator']}".rstrip()
        say(
            harmless(
                f"{each['dataset']}: {each['id']} {each['fate']}: {place} (same {', '.join(each['by'])})"
            )
        )
    then = "Take them out with `colophon withdraw`, then answer" if kept else "Answer"
    say(f"{many(kept, 'document')} held. {then} with --key, --as and --output.")
    return 0


def _answer(arguments: Namespace) -> int:
    from colophon.pipelines.signing import acknowledge, read_signing_key  # noqa: PLC0415 - only when needed
    from colophon.pipelines.storage import write_whole  # noqa: PLC0415 - likewise

    missing = [option for name, option in _OWN.items() if getattr(arguments, name) is None]
    if missing:
        raise UsageError(
            f"an answer needs {', '.join(missing)}; to check answers of others name them with --check"
        )
    if arguments.keys or arguments.threshold:
        raise UsageError("--keys and --threshold go with --check")
    if arguments.output.exists():
        raise UsageError(
            f"{arguments.output}: is there already, and an answer is never overwritten; name a new file"
        )
    key = read_signing_key(arguments.key)
    envelope = acknowledge(
        arguments.notice, key, arguments.who, arguments.held, removed=arguments.removed, note=arguments.note
    )
    write_whole(arguments.output, envelope)
    removed = arguments.removed or not arguments.held
    if arguments.json:
        print_json(
            {
                "file": str(arguments.output),
                "key_id": key.public.id,
                "held": arguments.held,
                "removed": removed,
            }
        )
        return 0
    fate = (
        ""
        if not arguments.held
        else ", removed"
        if removed
        else ", not yet removed: answer again when they are"
    )
    say(
        f"{arguments.output}: held {many(arguments.held, 'record')}{fate}. Send it to the site that wrote the notice."
    )
    return 0


def _check(arguments: Namespace) -> int:
    from colophon.pipelines.signing import acknowledgements  # noqa: PLC0415 - only when needed

    if not arguments.keys:
        raise UsageError("--check needs --keys DIR: the public keys of those whose answers count")
    if arguments.dataset:
        raise UsageError(
            "--check looks at answers of others; leave out --dataset, which searches your own datasets"
        )
    for name, option in _OWN.items():
        if getattr(arguments, name) is not None:
            raise UsageError(
                f"--check looks at answers of others; leave out {option}, which is for an answer of your own"
            )
    found = acknowledgements(arguments.notice, arguments.check, arguments.keys, arguments.threshold)
    if arguments.json:
        print_json(found.as_dict())
        return int(bool(found.faults))
    for line in found.sentences:
        say(line)
    if found.faults:
        for fault in found.faults:
            if fault not in found.sentences:
                say(fault)
        raise CheckFailed(f"{arguments.notice}: {many(len(found.faults), 'fault')}")
    return 0
