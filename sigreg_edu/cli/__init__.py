"""The ``sigreg-edu`` command: lab, demo, book, train, inspect, chart, progress, doctor and bench.

Each subcommand lives in its own module, which says what it takes (``add_to``) and does it
(``run``). Nothing heavy is imported before it is needed, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Sequence

from sigreg_edu import __version__
from sigreg_edu.cli import bench, book, chart, demo, doctor, inspect, lab, progress, train
from sigreg_edu.cli.errors import NOT_WRITABLE, UserError, in_words

# What a terminal that knows no such signs is shown instead (an old Windows code page, say).
PLAIN = {"✓": "ok", "✗": "BAD", "→": "->", "≤": "<=", "…": "...", "–": "-", "−": "-"}


def _in_plain_signs(error: UnicodeError) -> tuple[str, int]:
    """Answer an encoder that cannot write a sign: with a plain one, at worst a question mark."""
    cannot = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign, "?") for sign in cannot), error.end


def _never_fail_to_print() -> None:
    codecs.register_error("sigreg_edu.plain", _in_plain_signs)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="sigreg_edu.plain")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="sigreg-edu",
        description="Learn, teach and use SIGReg: live notebooks and their tools.",
    )
    parser.add_argument("--version", action="version", version=f"sigreg-edu {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (lab, demo, book, train, inspect, chart, progress, doctor, bench):
        module.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what stands after ``sigreg-edu``; the process's own arguments if None.

    Returns:
        The exit status: 0, or 1 where something is wrong (said on standard error).
    """
    _never_fail_to_print()
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    parser = build_parser()
    options = parser.parse_args(given[:end])
    options.passed_on = given[end + 1 :]
    if options.passed_on and options.run is not lab.run:
        parser.error("only lab passes on what stands after --")
    try:
        return options.run(options)
    except UserError as error:
        print(f"sigreg-edu: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # who reads the output, head for instance, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        return 1
    except OSError as error:
        if error.errno not in NOT_WRITABLE:
            raise
        print(f"sigreg-edu: {in_words(error)}", file=sys.stderr)
        return 1
