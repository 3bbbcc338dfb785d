"""The explorer of embeddings, one's own or the kit's; part of notebook 07."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from sigreg_edu.data import open_embeddings
from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.inspection import InspectionFigure
from sigreg_edu.views.inspection import (
    YOURS,
    InspectionParams,
    Inspections,
    OwnInspectionParams,
)


def inspection_explorer(
    embeddings: torch.Tensor | str | Path | None = None, /, **initial: Any
) -> ExplorerWidget:
    """Look at embeddings from all sides: place, width, axes, and the worst directions.

    Args:
        embeddings: one's own: a tensor (N, D), or a ``.npy``, ``.npz``, ``.safetensors`` or
            ``.csv`` file of them; without any, examples are shown.
        **initial: fields of :class:`InspectionParams`, e.g. ``of="clustered"``.

    Raises:
        FileNotFoundError: there is no such file.
        TypeError, ValueError: no finite embeddings (N, D), a file that is something else, or a
            field that is unknown or out of its range.
    """
    if isinstance(embeddings, str | Path):
        embeddings = open_embeddings(embeddings)
    own = embeddings is not None
    inspections = Inspections(embeddings)
    explorer = Explorer(
        (OwnInspectionParams if own else InspectionParams)(**initial),
        inspections.view,
        InspectionFigure(),
        refine=inspections.refine,
    )
    start = {"space": "as_they_are", "rank": 1}
    presets = {
        **({"your own": {**start, "of": YOURS}} if own else {}),
        "healthy": {**start, "of": "healthy"},
        "shrunk": {**start, "of": "shrunk"},
        "shifted": {**start, "of": "shifted"},
        "on a line": {**start, "of": "rank_1"},
        "clusters": {**start, "of": "clustered", "space": "shape"},
        "heavy tails": {**start, "of": "heavy", "space": "shape"},
        "LeJEPA": {**start, "of": "lejepa", "space": "shape"},
    }
    return explorer_widget("What is wrong with these embeddings?", explorer, presets=presets)
