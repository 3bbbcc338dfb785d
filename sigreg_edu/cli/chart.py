"""``sigreg-edu chart``: one page that leads from what one sees to what helps, to be printed."""

from __future__ import annotations

import argparse
from pathlib import Path

from sigreg_edu.cli.errors import UserError, in_words

OUTPUT = Path("decision_chart.pdf")


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``chart`` to the command line."""
    parser = commands.add_parser(
        "chart",
        help="write the decision chart, one page for the wall",
        description="Write the decision chart of notebook 07 as one page of A4: what do you see, "
        "which numbers to read, what is behind it, what helps. Its numbers are the recorded ones.",
    )
    parser.add_argument(
        "--output", type=Path, default=OUTPUT,
        help=f"where it goes; .pdf, .svg or .png ({OUTPUT})",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Draw the chart and write it."""
    from sigreg_edu.figures.decision_chart import DecisionChart

    try:
        print(f"Decision chart: {DecisionChart().save(options.output)}")
    except (ValueError, OSError) as error:
        raise UserError(in_words(error)) from error
    return 0
