"""``sigreg-edu progress``: which exercises were passed, for the student and for the teacher."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sigreg_edu.cli.errors import UserError, require

FORMATS = (".html", ".csv", ".json")


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``progress`` to the command line."""
    parser = commands.add_parser(
        "progress",
        help="show which exercises you have passed, or export it for a teacher",
        description="Show which exercises and questions were passed in the notebooks. They are "
        "kept on this machine alone, and survive restarts.",
    )
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="write it too: .html, .csv or .json"
    )
    parser.add_argument("--name", default="", help="of the student, for the exported file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the progress, and export it."""
    require("platformdirs", extra="lab", purpose="sigreg-edu progress")
    from sigreg_edu.exercises import progress

    if options.export and options.export.suffix.lower() not in FORMATS:
        raise UserError(f"--export takes {', '.join(FORMATS)}, got {options.export.name!r}.")
    if options.name and not options.export:
        raise UserError("--name is for the exported file: add --export FILE.html.")
    seen = progress.look()
    print(seen)
    if not any(row.passed for row in seen.rows):
        print(f"Nothing yet in {progress.place()}: solve an exercise in a notebook.")
    if options.export:
        _export(seen, options.export, options.name)
    return 0


def _export(seen, file: Path, name: str) -> None:
    """Write the progress in the form that the file's ending asks for.

    Raises:
        UserError: the file cannot be written.
    """
    from sigreg_edu.data.files import replacing

    match file.suffix.lower():
        case ".html":
            text = seen.as_page(name)
        case ".csv":
            text = seen.as_csv(name)
        case _:
            text = json.dumps(seen.as_dict(name), indent=2, ensure_ascii=False) + "\n"
    try:
        with replacing(file) as beside:
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{file} could not be written: {error.strerror or error}.") from error
    nobody = "" if name else " It names no student: --name NAME does."
    print(f"Exported to {file}.{nobody}")
