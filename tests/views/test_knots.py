"""Powers instead of cosines: the same characteristic function and the same integrals."""

from __future__ import annotations

import numpy as np
import torch

from sigreg_edu.statistics import empirical_cf
from sigreg_edu.views.knots import gaussian_weights, windings


def test_windings_are_the_characteristic_function_of_each_point():
    x = np.random.default_rng(0).normal(scale=3.0, size=50)
    t = 0.1875 * np.arange(40)
    # forty multiplications lose at most forty roundings
    assert np.allclose(windings(x, 0.1875, 40), np.exp(1j * np.outer(t, x)), rtol=0, atol=1e-13)
    mean = empirical_cf(torch.from_numpy(x), torch.from_numpy(t)).numpy()
    assert np.allclose(windings(x, 0.1875, 40).mean(axis=1), mean, rtol=0, atol=1e-13)


def test_one_frequency_is_t_equal_to_zero():
    assert (windings(np.array([1.0, 2.0]), 0.5, 1) == 1.0).all()


def test_weights_integrate_gaussians_over_the_whole_line():
    t = 0.1875 * np.arange(33)
    weights = gaussian_weights(0.1875, 33)
    # ∫ e^{-t²} dt = √π and ∫ t² e^{-t²/2} dt = √(2π); beyond t = 6 lie 2 e^{-18} and some
    assert np.isclose(weights @ np.exp(-0.5 * t**2), np.sqrt(np.pi), rtol=1e-13)
    assert np.isclose(weights @ t**2, np.sqrt(2 * np.pi), rtol=3e-7)
