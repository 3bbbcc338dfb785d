"""One-dimensional tests against N(0, 1): Epps-Pulley in three forms, its null law, the classics.

Samples lie on the last axis, (..., N) -> (...).
"""

from sigreg_edu.statistics.classical import (
    CLASSICAL_TESTS,
    ClassicalTest,
    TestResult,
    classical_test,
)
from sigreg_edu.statistics.epps_pulley import (
    METHODS,
    EppsPulleyTerms,
    empirical_cf,
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    epps_pulley_reference_points,
    epps_pulley_terms,
    quadrature_rule,
    reference_quantiles,
    rule_statistic,
    standard_normal_cf,
    standardize,
)
from sigreg_edu.statistics.mixture import ChiSquareMixture
from sigreg_edu.statistics.module import EppsPulleyTest
from sigreg_edu.statistics.null import (
    NullDistribution,
    SimulatedNull,
    covariance_eigenvalues,
    null_distribution,
    p_value,
)
from sigreg_edu.statistics.power import POWER_TESTS, rejection_rates

__all__ = [
    "CLASSICAL_TESTS",
    "METHODS",
    "POWER_TESTS",
    "ChiSquareMixture",
    "ClassicalTest",
    "EppsPulleyTerms",
    "EppsPulleyTest",
    "NullDistribution",
    "SimulatedNull",
    "TestResult",
    "classical_test",
    "covariance_eigenvalues",
    "empirical_cf",
    "epps_pulley_closed_form",
    "epps_pulley_quadrature",
    "epps_pulley_reference_points",
    "epps_pulley_terms",
    "null_distribution",
    "p_value",
    "quadrature_rule",
    "reference_quantiles",
    "rejection_rates",
    "rule_statistic",
    "standard_normal_cf",
    "standardize",
]
