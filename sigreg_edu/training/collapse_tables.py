"""What the recorded runs of notebook 04 came to, as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sigreg_edu.checks import require_choice
from sigreg_edu.data.digits import load_digits
from sigreg_edu.training.collapse_file import (
    AGAIN,
    LAMBDAS,
    SEEDS,
    STEPS,
    CollapseRuns,
    Setting,
    collapse_runs,
    sweep,
)
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.probes import knn_accuracy
from sigreg_edu.training.targets import TARGETS


def as_table(space: str = "projection", runs: CollapseRuns | None = None) -> str:
    """Return a Markdown table: what each loss left after training, mean ± std over three seeds.

    Args:
        space: ``"embedding"`` or ``"projection"``.
        runs: the recorded runs; those that come with the kit if None.

    >>> [cell.strip() for cell in as_table().splitlines()[0].split("|")[1:-1]]
    ['loss', 'effective rank', 'smallest std', 'kNN %', 'T']
    """
    runs = collapse_runs() if runs is None else runs
    require_choice(space, "space", SPACES)
    rows = [("loss", "effective rank", "smallest std", "kNN %", "T")]
    rows += [
        (condition.label, *_summary(runs, name, space, -1))
        for name, condition in CONDITIONS.items()
    ]
    rows.append(("(untrained network)", *_summary(runs, "none", space, 0)))
    rows.append(("(raw pixels)", "", "", f"{100 * pixel_accuracy():.1f}", ""))
    return markdown(rows)


def _summary(runs: CollapseRuns, condition: str, space: str, moment: int) -> Iterator[str]:
    """Give rank, smallest std, kNN in per cent and T of a condition at a moment."""
    names = ("effective_rank", "smallest_std", "knn", "sigreg")
    for name, factor, digits in zip(names, (1, 1, 100, 1), (1, 3, 1, 2), strict=True):
        runs_of = (runs.of(Setting.default(condition, seed=seed)) for seed in SEEDS)
        yield spread_text(
            factor * np.array([run.curve(name, space)[moment] for run in runs_of]), digits
        )


def sweep_table(runs: CollapseRuns, name: str, space: str, *, digits: int, factor: float) -> str:
    """Return a Markdown table of one measure at the end, λ by target and with VICReg beside."""
    rows = [("λ", *(f"SIGReg, {label}" for label in TARGETS.values()), "VICReg")]
    for lamb in (0.0, *LAMBDAS):
        cells = [
            spread_text(factor * runs.final(name, sweep(lamb, target), space), digits)
            for target in TARGETS
        ]
        vicreg = runs.final(name, sweep(lamb, condition="vicreg"), space)
        rows.append((f"{lamb:g}", *cells, spread_text(factor * vicreg, digits)))
    return markdown(rows)


def spread_text(values: np.ndarray, digits: int) -> str:
    """Return mean ± standard deviation.

    >>> spread_text(np.array([1.0, 2.0, 3.0]), 1)
    '2.0 ± 1.0'
    """
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns also line up as plain text; the first row is its head.

    >>> print(markdown([("λ", "kNN"), ("0.02", "97 %")]))
    | λ    | kNN  |
    |------|------|
    | 0.02 | 97 % |
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def pixel_accuracy() -> float:
    """Return the kNN accuracy of the raw pixels, which no training has touched."""
    digits, pixels = load_digits(), load_digits().images.flatten(1)
    train, test = digits.train_indices, digits.test_indices
    return knn_accuracy(pixels[train], digits.labels[train], pixels[test], digits.labels[test])


def report(runs: CollapseRuns) -> str:
    """Return the text of ``collapse.md``: all tables."""
    seeds = f"Mean ± standard deviation over {len(SEEDS)} seeds."
    parts = [
        "# The recorded runs of notebook 04",
        f"Real digits (8×8), {STEPS} steps. {seeds} Record them again: `{AGAIN}`.",
    ]
    for space in reversed(SPACES):
        parts += [f"## What each loss leaves: {space}", as_table(space, runs)]
    for title, name, space, digits, factor in (
        ("kNN % of the embedding", "knn", "embedding", 1, 100.0),
        ("kNN % of the projection", "knn", "projection", 1, 100.0),
        ("effective rank of the projection", "effective_rank", "projection", 1, 1.0),
        ("smallest std of the projection", "smallest_std", "projection", 3, 1.0),
        ("smallest std of the embedding", "smallest_std", "embedding", 3, 1.0),
        ("invariance", "invariance", "projection", 4, 1.0),
    ):
        parts.append(f"## Sweep of λ: {title}")
        parts.append(sweep_table(runs, name, space, digits=digits, factor=factor))
    return "\n\n".join(parts) + "\n"
