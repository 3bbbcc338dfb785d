"""The module is its functions with the options remembered."""

import pytest
import torch

from sigreg_edu.statistics import (
    METHODS,
    EppsPulleyTest,
    epps_pulley_closed_form,
    epps_pulley_quadrature,
    epps_pulley_reference_points,
    null_distribution,
    standardize,
)


@pytest.fixture
def x(generator):
    return torch.randn(3, 40, generator=generator, dtype=torch.float64)


def test_each_method_is_its_function(x):
    assert torch.equal(EppsPulleyTest()(x), epps_pulley_quadrature(x))
    assert torch.equal(
        EppsPulleyTest(9, t_max=5.0)(x), epps_pulley_quadrature(x, num_points=9, t_max=5.0)
    )
    assert torch.equal(EppsPulleyTest(method="closed_form")(x), epps_pulley_closed_form(x))
    assert torch.equal(
        EppsPulleyTest(9, method="reference_points", scale_by_n=False)(x),
        epps_pulley_reference_points(x, num_points=9, scale_by_n=False),
    )


@pytest.mark.parametrize("method", METHODS)
def test_standardize_standardizes_first(x, method):
    test = EppsPulleyTest(method=method, standardize=True, eps=1e-3)
    expected = EppsPulleyTest(method=method)(standardize(x, eps=1e-3))
    assert torch.equal(test(x), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("standardized", [False, True])
def test_gradients_agree_with_finite_differences(x, method, standardized):
    test = EppsPulleyTest(method=method, standardize=standardized)
    assert torch.autograd.gradcheck(test, x[:, :6].clone().requires_grad_())


def test_standardizing_in_half_precision_is_done_in_float64(x):
    # In float32 the division alone would lose 1e-7 per sample before the sums cancel.
    half = x.half()
    test = EppsPulleyTest(standardize=True)
    assert torch.equal(test(half), test(half.double()).float())


def test_it_has_no_state_so_casting_a_model_cannot_round_its_knots(x):
    test = EppsPulleyTest()
    assert test.state_dict() == {}
    test.load_state_dict({})
    assert torch.equal(test.half()(x), epps_pulley_quadrature(x))


def test_its_repr_shows_the_options_that_count():
    assert "t_max" in repr(EppsPulleyTest())
    closed = repr(EppsPulleyTest(method="closed_form", standardize=True))
    assert "t_max" not in closed
    assert "num_points" not in closed
    assert "eps=1e-06" in closed


@pytest.mark.parametrize("scale_by_n", [True, False])
def test_its_p_value_uses_its_own_options(x, scale_by_n):
    test = EppsPulleyTest(9, t_max=2.0, scale_by_n=scale_by_n)
    null = null_distribution(num_points=9, t_max=2.0)
    statistic = epps_pulley_quadrature(x, num_points=9, t_max=2.0)
    assert test.p_value(x).numpy() == pytest.approx(null.sf(statistic.numpy()), rel=1e-12)
    assert test.p_value(x).dtype == torch.float64


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("standardized", [False, True])
def test_p_values_of_normal_samples_are_uniform(generator, method, standardized):
    x = torch.randn(400, 60, generator=generator)
    p = EppsPulleyTest(method=method, standardize=standardized).p_value(x)
    # Kolmogorov's distance of 400 uniform numbers exceeds 0.097 once in a thousand.
    ranks = torch.arange(1, 401) / 400
    assert (p.sort().values - ranks).abs().max() < 0.097


def test_the_composite_test_does_not_see_what_the_simple_one_sees(generator):
    x = 0.01 * torch.randn(500, generator=generator) + 3
    assert EppsPulleyTest().p_value(x) < 1e-100
    assert EppsPulleyTest(standardize=True).p_value(x) > 0.01


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"method": "quadratur"}, ValueError),
        ({"t_max": -1.0}, ValueError),
        ({"eps": 0.0}, ValueError),
        ({"num_points": 1}, ValueError),
        ({"num_points": 4.0}, TypeError),
    ],
)
def test_bad_options_are_refused_when_it_is_made(options, error):
    with pytest.raises(error):
        EppsPulleyTest(**options)


def test_bad_samples_are_refused():
    with pytest.raises(ValueError, match="at least 2 samples"):
        EppsPulleyTest(standardize=True)(torch.zeros(3, 1))
    with pytest.raises(TypeError, match="int64"):
        EppsPulleyTest()(torch.arange(4))
    with pytest.raises(ValueError, match="finite"):
        EppsPulleyTest().p_value(torch.tensor([0.0, float("nan")]))


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-200])
@pytest.mark.parametrize("eps", [1e-6, 0.5])
def test_a_composite_p_value_depends_neither_on_eps_nor_on_scale(generator, scale, eps):
    x = torch.randn(200, 30, generator=generator, dtype=torch.float64)
    expected = EppsPulleyTest(standardize=True, eps=1e-15).p_value(x)
    p = EppsPulleyTest(standardize=True, eps=eps).p_value(scale * x)
    assert torch.allclose(p, expected, atol=1.1 / 20_001)  # a simulated value may be tied
    assert 0.01 < (p < 0.05).double().mean() < 0.1  # 0.05, standard error 0.015


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_a_constant_sample_has_the_smallest_composite_p_value(value):
    p = EppsPulleyTest(standardize=True).p_value(torch.full((3, 20), value, dtype=torch.float64))
    assert (p == 1 / 20_001).all()


def test_a_composite_p_value_needs_three_finite_samples():
    test = EppsPulleyTest(standardize=True)
    with pytest.raises(ValueError, match="at least 3 samples"):
        test.p_value(torch.tensor([0.0, 1.0]))
    assert test.p_value(torch.tensor([0.0, 1.0, 3.0])) > 0.01
    with pytest.raises(ValueError, match="finite"):
        test.p_value(torch.full((5,), float("inf")))
