"""Explorer of notebook 00: real digits, embedded by an encoder while it is trained."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.embedding import EmbeddingFigure
from sigreg_edu.training import Run
from sigreg_edu.training.shipped import shipped_runs
from sigreg_edu.views.embedding import (
    LAST_MOMENT,
    RUNS,
    EmbeddingParams,
    course_of,
    embedding_view,
)


def embedding_explorer(runs: Mapping[str, Run] | None = None, **initial: Any) -> ExplorerWidget:
    """Show the embeddings of a thousand digits at any moment of training, and their shadow.

    Args:
        runs: ``{"none": …, "sigreg": …}``, what :func:`sigreg_edu.training.record_run` returned
            without and with a regularizer, or one of them; the recorded runs that come with the
            kit if not given.
        **initial: fields of :class:`EmbeddingParams`, e.g. ``run="sigreg"``.

    Raises:
        ValueError: a field is unknown or out of its range, or a run has an unknown name.
        FileNotFoundError: no runs were given and the kit's ``data`` folder is not found.
    """
    runs = shipped_runs() if runs is None else runs
    if not runs or not set(runs) <= set(RUNS):
        raise ValueError(
            f"runs: expected some of {', '.join(map(repr, RUNS))}, got {list(runs)}; for "
            'instance {"none": record_run(lamb=0.0), "sigreg": record_run(lamb=0.01)}.'
        )
    courses = {name: course_of(run) for name, run in runs.items()}
    first = EmbeddingParams(**{"run": next(iter(runs)), **initial})
    explorer = Explorer(first, partial(embedding_view, courses=courses), EmbeddingFigure())
    stages = {
        "untrained": {"moment": 0},
        "collapsed": {"run": "none", "moment": LAST_MOMENT},
        "SIGReg, half-way": {"run": "sigreg", "moment": LAST_MOMENT // 2},
        "SIGReg, trained": {"run": "sigreg", "moment": LAST_MOMENT},
    }
    presets = {
        label: changes for label, changes in stages.items() if changes.get("run", first.run) in runs
    }
    return explorer_widget("A thousand digits while they are trained", explorer, presets=presets)
