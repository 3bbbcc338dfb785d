"""1-D shapes: standardised, continuous to the Gaussian, in order, and in step with SciPy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from sigreg_edu.data import SHAPES, pdf_1d, sample_1d, sample_1d_batch
from sigreg_edu.data.one_d import OUTLIER_SPREAD

shapes = pytest.mark.parametrize("shape", SHAPES)
bent_shapes = pytest.mark.parametrize("shape", [name for name in SHAPES if name != "gaussian"])
strengths = pytest.mark.parametrize("strength", [0.0, 1e-6, 0.05, 0.5, 0.93, 1.0])

PROBABILITIES = np.concatenate([10.0 ** -np.arange(1, 13), np.linspace(0.01, 0.99, 99)])


def independent_quantiles(shape, strength, probability):
    """Quantiles by SciPy's own laws, or by solving cdf(x) = p where it has none."""
    if shape == "uniform":
        return stats.uniform(-math.sqrt(3.0), 2.0 * math.sqrt(3.0)).ppf(probability)
    if shape == "laplace":
        power = 2.0 / (1.0 + strength)
        return stats.gennorm.ppf(probability, power) / stats.gennorm.std(power)
    if shape == "student_t":
        dof = 2.4 / strength
        return stats.t.ppf(probability, dof) * math.sqrt((dof - 2.0) / dof)
    if shape == "skewed":
        law = stats.lognorm(0.8 * strength)
        return (law.ppf(probability) - law.mean()) / law.std()
    if shape == "bimodal":
        gap = 0.95 * strength
        parts = [(0.5, -gap, math.sqrt(1 - gap**2)), (0.5, gap, math.sqrt(1 - gap**2))]
    else:
        share = 0.2 * strength
        width = 1.0 / math.sqrt(1.0 - share + share * OUTLIER_SPREAD**2)
        parts = [(1.0 - share, 0.0, width), (share, 0.0, OUTLIER_SPREAD * width)]

    # In the logarithm, so that tail probabilities of 1e-12 are solved to relative accuracy.
    def excess(x, p):
        logs = [math.log(share) + stats.norm.logcdf(x, mean, sd) for share, mean, sd in parts]
        return np.logaddexp(*logs) - math.log(p)

    def solve(p):
        return optimize.brentq(excess, -60, 10, args=(p,), xtol=1e-12)

    return np.array([solve(p) for p in probability])


@pytest.mark.parametrize(
    ("shape", "strength"),
    # The squashed Gaussian has a name, and so a reference, only where it is uniform.
    [("uniform", 1.0)]
    + [(name, s) for name in SHAPES if name not in ("gaussian", "uniform") for s in (0.3, 1.0)],
)
def test_quantiles_agree_with_an_independent_reference_to_1e7(shape, strength):
    expected = independent_quantiles(shape, strength, PROBABILITIES)
    assert SHAPES[shape].quantile(PROBABILITIES, strength) == pytest.approx(
        expected, rel=1e-7, abs=1e-7
    )


@shapes
@strengths
def test_the_density_has_mass_one_mean_zero_and_variance_one(shape, strength):
    # Moments by quadrature in the score g, where even heavy tails are short: x = Q(Φ(g)).
    def moment(power):
        def integrand(g):
            return float(SHAPES[shape].bend(np.array([g]), strength)[0]) ** power * stats.norm.pdf(
                g
            )

        return integrate.quad(integrand, -9, 9, limit=400, points=[0.0])[0]

    assert moment(1) == pytest.approx(0.0, abs=1e-6)
    # The last strengths of Student's t have variance in tails beyond any grid of scores.
    loose = shape == "student_t" and strength > 0.5
    assert moment(2) == pytest.approx(1.0, abs=2e-2 if loose else 1e-5)


@shapes
@strengths
def test_the_density_is_the_derivative_of_the_quantiles_inverse(shape, strength):
    g = np.linspace(-3.0, 3.0, 121)
    h = 1e-5
    bend = SHAPES[shape].bend
    slope = (bend(g + h, strength) - bend(g - h, strength)) / (2.0 * h)
    density = pdf_1d(shape, torch.from_numpy(bend(g, strength)), strength=strength).numpy()
    # Central differences of an interpolated curve: 1e-4 is far above their error, far below a bug.
    assert density * slope == pytest.approx(stats.norm.pdf(g), rel=1e-4)


@shapes
def test_strength_zero_is_the_gaussian_itself(shape):
    assert torch.equal(sample_1d(shape, 300, strength=0.0), sample_1d("gaussian", 300))


@bent_shapes
def test_the_first_bit_of_strength_moves_the_points_only_a_bit(shape):
    # The outliers come fastest: the tail of N(0, 1) is soon outnumbered by them.
    gaussian, bent = sample_1d("gaussian", 1000), sample_1d(shape, 1000, strength=1e-4)
    assert (bent - gaussian).abs().max() < 0.05


@bent_shapes
def test_a_step_of_the_slider_moves_the_points_smoothly(shape):
    clouds = torch.stack([sample_1d(shape, 200, strength=s) for s in np.linspace(0.4, 0.6, 21)])
    assert clouds.diff(dim=0).abs().max() < 0.2
    assert clouds.diff(dim=0).abs().mean() > 1e-4


@given(
    shape=st.sampled_from(list(SHAPES)),
    strength=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_every_shape_keeps_the_order_of_the_points(shape, strength, seed):
    order = sample_1d("gaussian", 50, seed=seed).argsort()
    bent = sample_1d(shape, 50, strength=strength, seed=seed)[order].diff()
    assert (bent >= 0).all()
    assert bent.isfinite().all()


@shapes
def test_a_longer_sample_begins_with_the_shorter_one(shape):
    assert torch.equal(sample_1d(shape, 1000)[:37], sample_1d(shape, 37))


@shapes
def test_samples_follow_their_law(shape):
    family = SHAPES[shape]
    x = np.sort(sample_1d(shape, 4000, seed=3).numpy().astype(float))
    levels = np.linspace(0.001, 0.999, 999)
    # Kolmogorov's 99.9 % point for N = 4000 is 1.95/√4000.
    empirical = np.searchsorted(x, family.quantile(levels)) / len(x)
    assert np.abs(empirical - levels).max() < 1.95 / math.sqrt(4000)


def test_shift_and_scale_are_affine_in_the_same_noise():
    x, moved = sample_1d("skewed", 100), sample_1d("skewed", 100, shift=-1.0, scale=2.5)
    assert torch.allclose(moved, 2.5 * x - 1.0, atol=1e-6)


def test_scale_zero_puts_every_point_on_the_shift():
    assert torch.equal(sample_1d("uniform", 5, shift=2.0, scale=0.0), torch.full((5,), 2.0))


def test_a_batch_has_independent_rows_nested_in_their_length():
    long = sample_1d_batch("laplace", 400, 6, seed=2)
    assert long.shape == (6, 400)
    assert long.is_contiguous()
    assert torch.equal(long[:, :50], sample_1d_batch("laplace", 50, 6, seed=2))
    assert (torch.corrcoef(long) - torch.eye(6)).abs().max() < 0.25


def test_samples_are_float32_and_the_default_strength_is_the_shapes():
    x = sample_1d("bimodal", 20)
    assert x.dtype == torch.float32
    assert torch.equal(x, sample_1d("bimodal", 20, strength=SHAPES["bimodal"].default))


def test_the_gaussian_ignores_a_slider_left_at_some_strength():
    assert torch.equal(sample_1d("gaussian", 20, strength=0.7), sample_1d("gaussian", 20))


@shapes
def test_each_shape_says_what_it_is(shape):
    family = SHAPES[shape]
    assert family.minimum <= family.default <= family.maximum
    assert all([family.label, family.caption, family.strength_label])
    for strength in (family.minimum, family.default, family.maximum):
        assert family.describe(strength)


def test_the_density_moves_and_widens_with_the_sample():
    grid = torch.linspace(-3.0, 5.0, 9, dtype=torch.float64)
    expected = stats.laplace(1.0, 2.0 / math.sqrt(2.0)).pdf(grid.numpy())
    density = pdf_1d("laplace", grid, shift=1.0, scale=2.0)
    assert density.dtype == torch.float64
    assert density.numpy() == pytest.approx(expected, rel=1e-12)


def test_the_density_is_zero_outside_a_bounded_law():
    grid = torch.tensor([-1.8, 1.8, 0.0])
    assert pdf_1d("uniform", grid).tolist() == pytest.approx([0, 0, 1 / math.sqrt(12)])
    assert pdf_1d("skewed", torch.tensor([-50.0])).item() == 0.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"shape": "bimodel"}, ValueError, "Did you mean 'bimodal'"),
        ({"shape": 3}, ValueError, "shape must be one of"),
        ({"num_samples": 0}, ValueError, "num_samples must be at least 1"),
        ({"num_samples": 10.0}, TypeError, "num_samples must be a whole number"),
        ({"num_samples": True}, TypeError, "num_samples must be a whole number"),
        ({"scale": -1.0}, ValueError, "scale must be a finite number from 0 to 1e"),
        ({"scale": 1e300}, ValueError, "scale must be a finite number from 0 to 1e"),
        ({"shift": -1e300}, ValueError, "shift must be a finite number from -1e"),
        ({"shift": math.nan}, ValueError, "shift must be a finite number"),
        ({"shift": "1"}, TypeError, "shift must be a number"),
        ({"strength": 1.5}, ValueError, "strength must be a finite number from 0 to 1"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number"),
        ({"seed": -1}, ValueError, "seed must be at least 0"),
    ],
)
def test_bad_input_is_refused_with_a_reason(arguments, error, message):
    with pytest.raises(error, match=message):
        sample_1d(**arguments)


def test_a_density_needs_a_grid_and_a_width():
    with pytest.raises(TypeError, match=r"grid must be a torch\.Tensor"):
        pdf_1d("gaussian", [0.0, 1.0])
    with pytest.raises(ValueError, match="a single point has no density"):
        pdf_1d("gaussian", torch.zeros(1), scale=0.0)
    with pytest.raises(ValueError, match="num_repeats must be at least 1"):
        sample_1d_batch("gaussian", 10, 0)


@shapes
def test_the_widest_sample_is_finite(shape):
    assert sample_1d(shape, 1000, shift=1e30, scale=1e30).isfinite().all()
