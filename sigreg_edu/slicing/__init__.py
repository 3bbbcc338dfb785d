"""From D dimensions to one: directions, projections, and the exact mean over all directions."""

from sigreg_edu.slicing.cramer_wold import cramer_wold_statistic
from sigreg_edu.slicing.directions import (
    DIRECTIONS,
    direction_from_angles,
    fixed_directions,
    orthogonal_directions,
    quasi_random_directions,
    sample_directions,
    uniform_directions,
)
from sigreg_edu.slicing.kummer import kummer
from sigreg_edu.slicing.projections import project, sliced_statistic
from sigreg_edu.slicing.search import (
    WorstDirection,
    find_worst_directions,
    worst_direction_test,
    worst_direction_tests,
)
from sigreg_edu.slicing.sliced_epps_pulley import (
    rule_statistic_from_sums,
    sliced_epps_pulley,
    sliced_epps_pulley_textbook,
    statistic_from_sums,
)
from sigreg_edu.slicing.trig_sums import trigonometric_sums

__all__ = [
    "DIRECTIONS",
    "WorstDirection",
    "cramer_wold_statistic",
    "direction_from_angles",
    "find_worst_directions",
    "fixed_directions",
    "kummer",
    "orthogonal_directions",
    "project",
    "quasi_random_directions",
    "rule_statistic_from_sums",
    "sample_directions",
    "sliced_epps_pulley",
    "sliced_epps_pulley_textbook",
    "sliced_statistic",
    "statistic_from_sums",
    "trigonometric_sums",
    "uniform_directions",
    "worst_direction_test",
    "worst_direction_tests",
]
