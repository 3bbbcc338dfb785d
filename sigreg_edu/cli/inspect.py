"""``sigreg-edu inspect``: what is there to say of the embeddings in a file?"""

from __future__ import annotations

import argparse
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.errors import UserError, in_words

if TYPE_CHECKING:
    from sigreg_edu.data import EmbeddingFile
    from sigreg_edu.training import Inspection

EPILOG = """examples:
  sigreg-edu inspect z.npy
  sigreg-edu inspect z.npz --name embeddings --report reports/z.html
  sigreg-edu inspect z.safetensors --no-report
  sigreg-edu inspect views.npy --rows ::2        two views of each image, side by side
  sigreg-edu inspect views.npy --rows :50000     all first views, then all second ones"""
COLUMNS = 88


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``inspect`` to the command line."""
    parser = commands.add_parser(
        "inspect",
        help="say what is wrong with embeddings in a file, and write a report with pictures",
        description="Look at embeddings (one row each) in a .npy, .npz, .safetensors or .csv file: "
        "mean, spectrum, effective rank, the sliced statistic, the worst directions, the kind of "
        "collapse if there is one, and what to do. Large .npy and .safetensors files are read a "
        "few rows at a time. Nothing is ever unpickled. Rows must be independent of each other: of "
        "several views of an image take one, by --rows.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the embeddings")
    parser.add_argument("--name", help="which array of a .npz or .safetensors file with several")
    parser.add_argument(
        "--rows", type=row_slice, metavar="START:STOP:STEP", help="only these, as of a Python list"
    )
    parser.add_argument("--seed", type=int, default=0, help="of directions and drawn rows (0)")
    report = parser.add_mutually_exclusive_group()
    report.add_argument("--report", type=Path, help="where the page goes (FILE.html, beside it)")
    report.add_argument("--no-report", action="store_true", help="print the summary only")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look, print the summary, write the page."""
    from sigreg_edu.data import open_embeddings
    from sigreg_edu.training.inspection import inspection_steps

    report = options.report or options.file.with_name(f"{options.file.name}.html")
    try:
        if not options.no_report:
            require_place(report)
        file = open_embeddings(options.file, name=options.name, rows=options.rows)
        print(f"{told_of(file)} …", flush=True)
        *_, found = inspection_steps(file, seed=options.seed)
    except (ValueError, TypeError, OSError, ImportError, IndexError) as error:
        raise UserError(in_words(error)) from error
    print(summary(found))
    if not options.no_report:
        write_report(found, file, report)
        print(f"\nReport with pictures: {report}")
    return 0


def row_slice(text: str) -> slice:
    """Read ``START:STOP:STEP`` as Python does; each of them may be missing.

    >>> row_slice("::2"), row_slice(":500")
    (slice(None, None, 2), slice(None, 500, None))
    """
    parts = text.split(":")
    try:
        if len(parts) not in (2, 3):
            raise ValueError
        return slice(*(int(part) if part else None for part in parts))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"expected START:STOP or START:STOP:STEP, got {text}. Every other row is ::2."
        ) from error


def require_place(report: Path) -> None:
    """Refuse a report that could not be written, before the work is done.

    Raises:
        ValueError: it is no .html file, or its folder is not there or may not be written to.
    """
    folder = report.parent
    if report.suffix.lower() not in (".html", ".htm"):
        raise ValueError(
            f"expected a name that ends in .html for the page, got {report}. Say another one: "
            "--report PATH.html"
        )
    if report.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ValueError(
            f"expected a file in a folder that may be written to, got {report}. Say another one: "
            "--report PATH.html, or leave it out: --no-report."
        )


def told_of(file: EmbeddingFile) -> str:
    """Return what is looked at, in a few words."""
    of_name = f" ({file.name})" if file.name else ""
    return f"{file.path}{of_name}: {file.shape[0]:,} rows of {file.shape[1]}"


def summary(found: Inspection) -> str:
    """Return what was found as text for a terminal."""
    from sigreg_edu.views.inspection import ADVICE, kind_name, sentences

    paragraphs = [textwrap.fill(text, COLUMNS) for text in sentences(found)]
    for kind in (*found.kinds, *found.remarks):
        name = kind_name(kind, found)
        paragraphs.append(textwrap.fill(f"{name.capitalize()}: {ADVICE[kind]}", COLUMNS))
    return "\n" + "\n\n".join(paragraphs)


def write_report(found: Inspection, file: EmbeddingFile, path: Path) -> None:
    """Write the page; whole, or not at all."""
    from sigreg_edu.data.files import replacing
    from sigreg_edu.figures.inspection_page import inspection_page

    page = inspection_page(found, title=told_of(file))
    with replacing(path) as unfinished:
        unfinished.write_text(page, encoding="utf-8")
