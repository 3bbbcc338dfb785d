"""Directions, projections, and the exact mean over all directions."""

from sigreg_edu.slicing.directions import (
    DIRECTIONS,
    fixed_directions,
    orthogonal_directions,
    quasi_random_directions,
    sample_directions,
    uniform_directions,
)
from sigreg_edu.slicing.projections import direction_from_angles, project, sliced_statistic

__all__ = [
    "DIRECTIONS",
    "direction_from_angles",
    "fixed_directions",
    "orthogonal_directions",
    "project",
    "quasi_random_directions",
    "sample_directions",
    "sliced_statistic",
    "uniform_directions",
]
