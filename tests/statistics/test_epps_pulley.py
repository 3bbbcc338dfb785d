"""The statistic in its three forms: reference values, identities, invariances, gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from sigreg_edu.statistics import (
    EppsPulleyTest,
    empirical_cf,
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    epps_pulley_reference_points,
    epps_pulley_terms,
    quadrature_rule,
    reference_quantiles,
    standard_normal_cf,
    standardize,
)

FORMS = {
    "quadrature": epps_pulley_quadrature,
    "closed_form": epps_pulley_closed_form,
    "reference_points": epps_pulley_reference_points,
}
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())


def randn(*shape, seed=0, **options):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64, **options)


# --- reference values -----------------------------------------------------------------------------

# float64: the sums cancel about a hundredfold, which leaves 1e-14. float32: the answer is rounded
# to 6e-8, and so are the samples.
TOLERANCES = {torch.float64: 1e-12, torch.float32: 1e-5}


@pytest.mark.parametrize("case", [0, 1])
@pytest.mark.parametrize("dtype", TOLERANCES, ids=str)
def test_each_form_matches_thirty_digit_arithmetic(golden, case, dtype):
    values = golden[case]
    x, n = torch.tensor(values["x"], dtype=torch.float64).to(dtype), values["n"]
    report = EppsPulleyTest(method="reference_points", standardize=True)
    computed = {
        "ep_trapezoid_17_tmax3": epps_pulley_quadrature(x),
        "ep_gauss_weight_full": epps_pulley_closed_form(x),
        "ep_density_weight": epps_pulley_closed_form(x) / math.sqrt(2 * math.pi),
        "ep_gauss_weight_minus3_3": epps_pulley_quadrature(x, num_points=20_001),
        "reference_points_17_raw": epps_pulley_reference_points(x, scale_by_n=False),
        "reference_points_17_standardized": report(x) / n,
    }
    for name, value in computed.items():
        # The exact integral over [-3, 3] is approached with the square of the spacing, 1e-8.
        tolerance = max(TOLERANCES[dtype], 1e-8 if name == "ep_gauss_weight_minus3_3" else 0)
        assert value.item() == pytest.approx(float(values[name]), rel=tolerance), name
        assert value.dtype == dtype


def test_the_closed_form_is_the_integral_done_by_adaptive_quadrature():
    x = randn(7)

    def integrand(t):
        phi = empirical_cf(x, torch.tensor([t], dtype=torch.float64))[0]
        return abs(phi.item() - math.exp(-t * t / 2)) ** 2 * math.exp(-t * t / 2)

    expected = 2 * 7 * integrate.quad(integrand, 0, 12, epsabs=1e-13)[0]
    assert epps_pulley_closed_form(x).item() == pytest.approx(expected, rel=1e-10)


def test_the_quadrature_tends_to_the_closed_form():
    x = randn(3, 50)
    fine = epps_pulley_quadrature(x, num_points=101, t_max=10.0)
    assert torch.allclose(fine, epps_pulley_closed_form(x), rtol=1e-12)


def test_the_reference_points_tend_to_the_closed_form_where_all_of_the_normal_is_covered():
    # The quantiles stop at 0.01 and 0.99, so even many points keep the tails' bias.
    x = randn(200)
    many = epps_pulley_reference_points(x, num_points=2001, scale_by_n=False)
    exact = epps_pulley_closed_form(x, scale_by_n=False) / math.sqrt(2 * math.pi)
    assert abs(many - exact) < 2e-3
    assert abs(epps_pulley_reference_points(x, scale_by_n=False) - exact) > abs(many - exact)


def test_seventeen_quantiles_are_wider_than_the_normal_they_stand_for():
    points = reference_quantiles()
    assert points.square().mean().item() == pytest.approx(1.216, abs=5e-4)
    ideal = torch.special.ndtri((torch.arange(1000, dtype=torch.float64) + 0.5) / 1000)
    scales = torch.linspace(0.8, 1.4, 61, dtype=torch.float64)
    samples = scales[:, None] * ideal
    assert scales[epps_pulley_quadrature(samples).argmin()].item() == pytest.approx(1.0)
    assert scales[epps_pulley_reference_points(samples).argmin()].item() == pytest.approx(1.08)


# --- the parts ------------------------------------------------------------------------------------


def test_the_rule_weighs_the_knots_as_lejepa_does():
    knots, weights = quadrature_rule(17, 3.0)
    assert torch.allclose(knots, torch.arange(17, dtype=torch.float64) * 3 / 16, rtol=1e-15)
    window = torch.exp(-(knots**2) / 2)
    expected = torch.full((17,), 2 * 3 / 16, dtype=torch.float64) * window
    expected[[0, -1]] /= 2
    assert torch.allclose(weights, expected, rtol=1e-15)
    single = quadrature_rule(17, 3.0, dtype=torch.float32)
    assert torch.equal(single[0], knots.float())
    assert torch.equal(single[1], weights.float())


def test_the_empirical_cf_is_the_mean_of_arrows():
    x, t = randn(2, 30), torch.tensor([0.0, 0.7, -2.0], dtype=torch.float64)
    expected = torch.exp(1j * x[..., None] * t).mean(-2)
    assert torch.allclose(empirical_cf(x, t), expected, rtol=1e-14)
    assert empirical_cf(x.float(), t.float()).dtype == torch.complex64


def test_the_empirical_cf_of_many_normal_samples_is_that_of_the_normal():
    t = torch.linspace(0, 3, 7, dtype=torch.float64)
    error = (empirical_cf(randn(100_000), t) - standard_normal_cf(t)).abs()
    assert error.max() < 5 / math.sqrt(100_000)


def test_the_terms_add_up_to_the_statistic():
    x = randn(4, 60)
    terms = epps_pulley_terms(x)
    assert torch.allclose(terms.statistic, epps_pulley_quadrature(x), rtol=1e-14)
    assert torch.allclose(60 * terms.gap @ terms.weights, terms.statistic, rtol=1e-14)
    area = 2 * torch.trapezoid(terms.integrand, terms.knots, dim=-1)
    assert torch.allclose(60 * area, terms.statistic, rtol=1e-13)
    complex_gap = (empirical_cf(x, terms.knots) - terms.target).abs().square()
    assert torch.allclose(terms.gap, complex_gap, rtol=1e-12, atol=1e-15)
    assert epps_pulley_terms(x.half()).gap.dtype == torch.float32


# --- invariance and shape -------------------------------------------------------------------------


@forms
def test_a_batch_is_its_rows(form):
    x = randn(3, 4, 25)
    rows = torch.stack([torch.stack([form(row) for row in some]) for some in x])
    assert form(x).shape == (3, 4)
    assert torch.allclose(form(x), rows, rtol=1e-12)


@forms
def test_the_factor_n_is_a_factor_n(form):
    x = randn(2, 11)
    assert torch.allclose(form(x), 11 * form(x, scale_by_n=False), rtol=1e-14)


def test_blocks_of_rows_do_not_change_the_closed_form():
    x = randn(1500)  # more pairs than one block holds
    pairs = torch.exp(-((x[:, None] - x) ** 2) / 2).mean()
    expected = pairs - math.sqrt(2) * torch.exp(-(x**2) / 4).mean() + 1 / math.sqrt(3)
    computed = epps_pulley_closed_form(x, scale_by_n=False) / math.sqrt(2 * math.pi)
    # Sums of 2.25 million terms of order 1 cancel to 5e-4.
    assert computed.item() == pytest.approx(expected.item(), rel=1e-11)


samples_strategy = st.lists(st.floats(-6, 6, allow_nan=False), min_size=1, max_size=20)
quick = settings(max_examples=40, deadline=None, derandomize=True)


@forms
@quick
@given(samples_strategy, st.randoms(use_true_random=False))
def test_order_does_not_matter(form, values, random):
    shuffled = random.sample(values, len(values))
    first, second = (torch.tensor(v, dtype=torch.float64) for v in (values, shuffled))
    assert torch.allclose(form(first), form(second), rtol=1e-10, atol=1e-13)


@forms
@quick
@given(samples_strategy)
def test_mirroring_does_not_matter(form, values):
    x = torch.tensor(values, dtype=torch.float64)
    assert torch.allclose(form(x), form(-x), rtol=1e-10, atol=1e-13)


@forms
@quick
@given(samples_strategy)
def test_no_value_is_negative(form, values):
    # The closed form and the three sums are differences: rounding may go 1e-15 per sample below 0.
    x = torch.tensor(values, dtype=torch.float64)
    assert form(x) >= -1e-14 * len(values)


@quick
@given(
    st.lists(st.floats(-6, 6), min_size=3, max_size=20, unique=True),
    st.floats(-5, 5),
    st.floats(0.1, 10),
)
def test_standardizing_forgets_shift_and_scale(values, shift, scale):
    x = torch.tensor(values, dtype=torch.float64)
    if x.std() < 1e-2:  # nearer to 0, eps = 1e-6 shows
        return
    # eps is added to the standard deviation, so a small one is not divided out entirely.
    assert torch.allclose(standardize(x), standardize(scale * x + shift), atol=3e-3)


# --- gradients ------------------------------------------------------------------------------------


@forms
def test_gradients_agree_with_finite_differences(form):
    x = randn(2, 6, requires_grad=True)
    assert torch.autograd.gradcheck(form, x)
    assert torch.autograd.gradgradcheck(form, x)


def test_the_gradient_of_standardize_agrees_with_finite_differences():
    assert torch.autograd.gradcheck(standardize, randn(2, 6, requires_grad=True))


def test_a_constant_sample_standardizes_to_zeros_with_a_finite_gradient():
    x = torch.full((2, 5), 0.25, dtype=torch.float64, requires_grad=True)
    result = standardize(x)
    assert torch.equal(result, torch.zeros(2, 5, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(result[:, 0].sum(), x)
    expected = torch.tensor([0.8, -0.2, -0.2, -0.2, -0.2], dtype=torch.float64) / 1e-6
    assert torch.allclose(gradient, expected.expand(2, 5))


@forms
@pytest.mark.parametrize("where", [0.0, 2.0])
def test_only_at_the_origin_is_full_collapse_a_dead_point(form, where):
    x = torch.full((50,), where, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(form(x), x)
    if where == 0.0:
        # The quantiles are symmetric to rounding only.
        assert gradient.abs().max() < 1e-15
    else:
        assert gradient.abs().min() > 0.1


def test_the_gradient_is_exactly_zero_at_collapse_onto_the_origin():
    x = torch.zeros(50, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(epps_pulley_quadrature(x), x)
    assert torch.count_nonzero(gradient) == 0


def test_no_point_however_far_pulls_harder_than_the_bound():
    # |dT/dx_i| <= (4/N) int |t| w(t) dt without the factor N: LeJEPA's 4 sigma^2 / N for the
    # weight exp(-t^2 / sigma^2), so sigma^2 = 2 here.
    knots, weights = quadrature_rule()
    bound = 4 * (knots * weights).sum()
    assert bound.item() == pytest.approx(8, abs=0.15)  # 4 sigma^2, on [0, 3]
    x = torch.cat([randn(50), torch.tensor([1e3, -1e6, 30.0], dtype=torch.float64)])
    for scale in (0.0, 1.0, 20.0):
        sample = (scale * x).requires_grad_()
        (gradient,) = torch.autograd.grad(epps_pulley_quadrature(sample), sample)
        assert gradient.abs().max() <= bound


# --- facts the notebooks show ---------------------------------------------------------------------


def test_collapse_scores_two_fifths_of_n():
    zeros = torch.zeros(1000, dtype=torch.float64)
    assert epps_pulley_quadrature(zeros).item() == pytest.approx(402, abs=0.1)


def test_equally_spaced_knots_take_33_and_a_half_for_0():
    period = 2 * math.pi / (3 / 16)
    assert period == pytest.approx(33.5, abs=0.02)
    x = randn(100)
    assert torch.allclose(epps_pulley_quadrature(x + period), epps_pulley_quadrature(x), rtol=1e-9)
    far = torch.full((1000,), 33.5, dtype=torch.float64)
    assert epps_pulley_quadrature(far).item() == pytest.approx(402, abs=0.5)
    assert epps_pulley_closed_form(far).item() == pytest.approx(3954, abs=0.5)


# --- bad input ------------------------------------------------------------------------------------


@forms
def test_one_sample_is_a_right_answer(form):
    # E.g. closed form: sqrt(2 pi)(1 - sqrt 2 e^{-x^2/4} + 1/sqrt 3).
    value = form(torch.tensor([0.5], dtype=torch.float64))
    assert value.shape == ()
    assert value > 0


def test_one_sample_in_closed_form():
    expected = math.sqrt(2 * math.pi) * (1 - math.sqrt(2) * math.exp(-0.0625) + 1 / math.sqrt(3))
    value = epps_pulley_closed_form(torch.tensor([0.5], dtype=torch.float64))
    assert value.item() == pytest.approx(expected, rel=1e-13)


@forms
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_widened_before_anything_is_summed(form, dtype):
    x = randn(2, 200).to(dtype)
    assert form(x).dtype == torch.float32
    assert torch.equal(form(x), form(x.double()).float())


@forms
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_nan_in_a_row_makes_that_row_nan_and_no_other(form, bad):
    x = randn(3, 10)
    x[1, 4] = bad
    result = form(x)
    if math.isnan(bad) or form is epps_pulley_quadrature:  # cos(inf) is NaN, exp(-inf) is 0
        assert result.isnan().tolist() == [False, True, False]
    assert result[[0, 2]].isfinite().all()


@forms
@pytest.mark.parametrize(
    ("x", "error"),
    [
        (torch.zeros(0), ValueError),
        (torch.zeros(3, 0), ValueError),
        (torch.zeros(0, 3), ValueError),
        (torch.tensor(1.0), ValueError),
        (torch.arange(5), TypeError),
        ([0.1, 0.2], TypeError),
    ],
    ids=["empty", "no-samples", "empty-batch", "scalar", "integers", "list"],
)
def test_bad_input_is_refused(form, x, error):
    with pytest.raises(error, match="x "):
        form(x)


@forms
def test_the_form_runs_where_the_sample_is(form):
    result = form(torch.empty(4, 10, device="meta"))
    assert result.device.type == "meta"
    assert result.shape == (4,)


def test_two_devices_are_refused():
    with pytest.raises(ValueError, match="one device"):
        empirical_cf(torch.zeros(3), torch.zeros(2, device="meta"))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: epps_pulley_quadrature(x, num_points=1), ValueError),
        (lambda x: epps_pulley_quadrature(x, num_points=8.0), TypeError),
        (lambda x: epps_pulley_quadrature(x, t_max=0.0), ValueError),
        (lambda x: epps_pulley_quadrature(x, t_max=float("nan")), ValueError),
        (lambda x: epps_pulley_reference_points(x, num_points=1), ValueError),
        (lambda x: standardize(x, eps=0.0), ValueError),
        (lambda x: standardize(x[:1]), ValueError),
        (lambda x: empirical_cf(x, torch.zeros(2, 2)), ValueError),
    ],
)
def test_bad_options_are_refused(call, error):
    with pytest.raises(error):
        call(torch.zeros(5))
