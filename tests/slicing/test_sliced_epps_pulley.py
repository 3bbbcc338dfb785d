"""The fast statistic is the textbook's in value and gradient, and stores little."""

import pytest
import torch

from sigreg_edu.losses.timing import peak_bytes
from sigreg_edu.slicing import (
    sliced_epps_pulley,
    sliced_epps_pulley_textbook,
    statistic_from_sums,
    trig_sums,
    trigonometric_sums,
    uniform_directions,
)


def value_and_gradient(statistic, z, directions):
    z = z.clone().requires_grad_()
    value = statistic(z, directions).mean()
    value.backward()
    return value.detach(), z.grad


SHAPES_OF_CLOUDS = {
    "gaussian": lambda z: z,
    "jittered": lambda z: 0.1 * z,
    "shifted": lambda z: 0.3 * z + 3,
    "wide": lambda z: 5 * z,
}


@pytest.mark.parametrize("cloud", SHAPES_OF_CLOUDS)
@pytest.mark.parametrize(("count", "dim", "slices"), [(256, 64, 256), (6272, 32, 64)])
def test_the_fast_form_equals_the_textbooks(cloud, count, dim, slices):
    z = SHAPES_OF_CLOUDS[cloud](torch.randn(count, dim, generator=torch.Generator().manual_seed(0)))
    directions = uniform_directions(dim, slices, seed=0)
    value, gradient = value_and_gradient(sliced_epps_pulley, z, directions)
    expected, exact = value_and_gradient(
        sliced_epps_pulley_textbook, z.double(), directions.double()
    )
    # Float32 rounds cosines by 3e-8 against gaps of 1 / sqrt(N): measured up to 1.2e-6.
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    assert (gradient - exact).norm() < 1e-5 * exact.norm()


def test_the_golden_values(golden):
    for sample in golden:
        x = torch.tensor(sample["x"], dtype=torch.float64).unsqueeze(-1)
        value = sliced_epps_pulley(x, torch.ones(1, 1, dtype=torch.float64))
        expected = float(sample["ep_trapezoid_17_tmax3"])
        assert value.item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kept", [0, 2**25])
@pytest.mark.parametrize("block", [4, 2**18])
def test_gradients_agree_with_finite_differences(monkeypatch, kept, block):
    """Whatever the blocks, and whether or not projections are kept."""
    monkeypatch.setattr(trig_sums, "KEPT_BYTES", kept)
    monkeypatch.setitem(trig_sums.BLOCK, "cpu", block)
    monkeypatch.setattr(trig_sums, "SLICES_PER_BLOCK", 3)
    draws = torch.Generator().manual_seed(0)
    z = torch.randn(2, 7, 3, dtype=torch.float64, generator=draws, requires_grad=True)
    directions = uniform_directions(3, 5, seed=0, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(sliced_epps_pulley, (z, directions))
    expected = sliced_epps_pulley_textbook(z, directions)
    assert torch.allclose(sliced_epps_pulley(z, directions), expected, rtol=1e-12)


def test_the_operator_is_a_good_citizen_of_torch():
    z = torch.randn(2, 7, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    directions = uniform_directions(3, 5, seed=0).requires_grad_()
    operator = torch.ops.sigreg_edu.trigonometric_sums.default
    report = torch.library.opcheck(operator, (z, directions, 5, 0.3))
    assert set(report.values()) == {"SUCCESS"}


def test_points_need_not_lie_in_one_piece(generator):
    z = torch.randn(3, 2, 40, generator=generator).permute(1, 2, 0)  # (2, 40, 3)
    directions = uniform_directions(3, 8, seed=0)
    expected = sliced_epps_pulley_textbook(z, directions)
    assert torch.allclose(sliced_epps_pulley(z, directions), expected, rtol=1e-5)


def test_nothing_of_size_points_by_slices_by_knots_is_ever_made():
    z = torch.randn(6000, 64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    directions = uniform_directions(64, 1024, seed=0)
    projections = 6000 * 1024 * 4  # bytes
    textbook = 17 * projections

    def run():
        sliced_epps_pulley(z, directions).mean().backward()

    run()
    assert peak_bytes(run) < projections + 16e6 < textbook / 4


def test_sums_of_two_batches_make_the_statistic_of_both(generator):
    z = torch.randn(90, 4, generator=generator, dtype=torch.float64)
    directions = uniform_directions(4, 6, seed=0, dtype=torch.float64)
    options = {"num_points": 17, "spacing": 3 / 16}
    sums = sum(trigonometric_sums(part, directions, **options) for part in z.split([20, 70]))
    expected = sliced_epps_pulley(z, directions)
    assert torch.allclose(statistic_from_sums(sums, t_max=3.0), expected, rtol=1e-12)
    without_n = statistic_from_sums(sums, t_max=3.0, scale_by_n=False)
    assert torch.allclose(without_n, expected / 90, rtol=1e-12)


def test_a_second_derivative_is_refused(generator):
    z = torch.randn(9, 4, generator=generator, requires_grad=True)
    value = sliced_epps_pulley(z, uniform_directions(4, 6, seed=0)).mean()
    (gradient,) = torch.autograd.grad(value, z, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative"):
        gradient.sum().backward()


def test_bad_input_is_refused():
    directions = torch.eye(3)
    with pytest.raises(TypeError, match=r"float32 or float64.*Widen it: z\.float"):
        trigonometric_sums(torch.zeros(4, 3).half(), directions.half(), num_points=17, spacing=0.1)
    with pytest.raises(TypeError, match="one dtype"):
        sliced_epps_pulley(torch.zeros(4, 3).double(), directions)
    with pytest.raises(ValueError, match="directions must have shape"):
        sliced_epps_pulley(torch.zeros(4, 2), directions)
    with pytest.raises(ValueError, match="num_points must be at least 2"):
        sliced_epps_pulley(torch.zeros(4, 3), directions, num_points=1)


def test_forward_mode_is_refused_instead_of_answered_with_0(generator):
    z = torch.randn(9, 4, generator=generator)
    directions = uniform_directions(4, 6, seed=0)
    with pytest.raises(RuntimeError, match="Use sliced_epps_pulley_textbook"):
        torch.func.jvp(lambda z: sliced_epps_pulley(z, directions), (z,), (z,))
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(z, z)
        with pytest.raises(RuntimeError, match="no forward-mode derivative"):
            sliced_epps_pulley(dual, directions)


@pytest.mark.parametrize("block", [7, 64, 2**18])
def test_many_small_samples_share_blocks(monkeypatch, block, generator):
    monkeypatch.setitem(trig_sums.BLOCK, "cpu", block)
    z = torch.randn(13, 5, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    directions = uniform_directions(3, 4, seed=0, dtype=torch.float64).requires_grad_()
    values, grads = [], []
    for statistic in (sliced_epps_pulley, sliced_epps_pulley_textbook):
        value = statistic(z, directions)
        values.append(value)
        grads.append(torch.autograd.grad(value.square().sum(), (z, directions)))
    assert torch.allclose(*values, rtol=1e-12)
    for ours, expected in zip(*grads, strict=True):
        assert torch.allclose(ours, expected, rtol=1e-9, atol=1e-12)
