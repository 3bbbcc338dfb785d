"""Kummer's function against many-digit arithmetic, elementary cases and its own derivatives."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy import special

from sigreg_edu.slicing import kummer


@pytest.mark.parametrize("dim", [2, 3, 4, 7, 16, 64, 65, 384, 1024, 2048])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_it_agrees_with_forty_digits_for_all_dimensions_and_distances(dim, order):
    mpmath.mp.dps = 40
    x = -(10 ** np.random.default_rng(dim).uniform(-8, 6, 25))
    a, b = 0.5 + order, dim / 2 + order
    expected = [float(mpmath.hyp1f1(a, b, float(value))) for value in x]
    computed = kummer(a, b, torch.from_numpy(x)).numpy()
    # Worst seen: 3e-12, where SciPy itself changes methods at large b.
    assert computed == pytest.approx(expected, rel=1e-11, abs=0)


def test_elementary_cases():
    x = -torch.tensor([1e-9, 1e-3, 0.5, 3.0, 40.0, 500.0], dtype=torch.float64)
    y = x.numpy()
    root = np.sqrt(-y)
    line, circle, sphere = (kummer(0.5, dim / 2, x).numpy() for dim in (1, 2, 3))
    assert line == pytest.approx(np.exp(y), rel=1e-14, abs=0)
    assert circle == pytest.approx(special.ive(0, y / 2), rel=1e-13)
    assert sphere == pytest.approx(np.sqrt(np.pi) * special.erf(root) / (2 * root), rel=1e-13)


def test_it_is_the_mean_over_random_directions(generator):
    directions = torch.randn(200_000, 5, generator=generator, dtype=torch.float64)
    first = (directions[:, 0] / directions.norm(dim=1)).square()
    x = torch.tensor([-0.3, -2.0, -9.0], dtype=torch.float64)
    expected = torch.exp(x[:, None] * first).mean(-1)
    assert torch.allclose(kummer(0.5, 2.5, x), expected, atol=4 / math.sqrt(200_000))


def test_edges():
    x = -torch.tensor([0.0, 1e13, 1e300, math.inf, math.nan], dtype=torch.float64)
    value = kummer(0.5, 32.0, x)
    assert value[0] == 1
    # Far out it is Gamma(b) / Gamma(b - a) (-x)^-a.
    constant = math.exp(math.lgamma(32) - math.lgamma(31.5))
    assert value[1:3].tolist() == pytest.approx([constant * 1e13**-0.5, constant * 1e-150], 1e-10)
    assert value[3] == 0
    assert value[4].isnan()
    assert kummer(0.5, 1.0, torch.empty(2, 0)).shape == (2, 0)


def test_derivatives_agree_with_finite_differences():
    x = -torch.tensor([0.01, 0.7, 5.0, 30.0], dtype=torch.float64)
    for dim in (1, 2, 5, 40):

        def function(x, b=dim / 2):
            return kummer(0.5, b, x)

        assert torch.autograd.gradcheck(function, x.clone().requires_grad_())
        assert torch.autograd.gradgradcheck(function, x.clone().requires_grad_())


def test_the_table_is_smooth_where_its_pieces_meet():
    x = -torch.linspace(0, 50, 100_001, dtype=torch.float64)
    second = kummer(0.5, 4.0, x).diff().diff()
    assert (second > 0).all()  # convex, and steps of 1e-14 would show: second differences are 1e-9


def test_positive_arguments_are_refused():
    with pytest.raises(ValueError, match=r"got 0\.5"):
        kummer(0.5, 1.0, torch.tensor([-1.0, 0.5]))


@pytest.mark.parametrize(
    ("a", "b", "x", "error", "message"),
    [
        (0.0, 1.0, torch.zeros(1), ValueError, "a must be a finite number above 0"),
        (1.0, math.nan, torch.zeros(1), ValueError, "b must be a finite number above 0"),
        (2.0, 1.0, torch.zeros(1), ValueError, "b must be at least a, got a=2 and b=1"),
        ("1", 1.0, torch.zeros(1), TypeError, "a must be a number"),
        (0.5, 1.0, -1.0, TypeError, r"x must be a torch\.Tensor"),
        (0.5, 1.0, torch.tensor([-1]), TypeError, "floating-point"),
    ],
)
def test_parameters_and_arguments_are_checked(a, b, x, error, message):
    with pytest.raises(error, match=message):
        kummer(a, b, x)
