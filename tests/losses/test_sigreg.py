"""SIGReg is the mean statistic of random shadows; invariance is LeJEPA's."""

import copy
import math
import subprocess
import sys

import pytest
import torch

from sigreg_edu.losses import SIGReg, invariance
from sigreg_edu.slicing import cramer_wold_statistic, sliced_statistic, uniform_directions
from sigreg_edu.statistics import EppsPulleyTest


@pytest.fixture
def z(generator):
    return torch.randn(2, 100, 6, generator=generator)


def lejepa_sigreg(proj, directions):
    """The arithmetic of LeJEPA's minimal example, written out for views (V, N, D)."""
    t = torch.linspace(0, 3, 17)
    weights = torch.full((17,), 2 * 3 / 16)
    weights[[0, -1]] = 3 / 16
    phi = torch.exp(-t.square() / 2)
    x_t = (proj @ directions).unsqueeze(-1) * t  # (V, N, M, T)
    gap = (x_t.cos().mean(1) - phi).square() + x_t.sin().mean(1).square()
    return (gap @ (weights * phi)).mean() * proj.shape[1]


def test_it_is_lejepas(z):
    directions = uniform_directions(6, 32, seed=0)
    expected = lejepa_sigreg(z, directions)
    computed = SIGReg(seed=0)(z, directions=directions)
    # LeJEPA's example sums in single precision.
    assert computed.item() == pytest.approx(expected.item(), rel=1e-4)


def test_it_is_the_mean_over_views_and_directions(z):
    directions = uniform_directions(6, 32, seed=0)
    sigreg = SIGReg(seed=0)
    assert sigreg(z[0], directions=directions).item() == pytest.approx(
        sliced_statistic(z[0], directions, EppsPulleyTest()).mean().item()
    )
    views = torch.stack([sigreg(view, directions=directions) for view in z])
    assert sigreg(z, directions=directions).item() == pytest.approx(views.mean().item())


def test_each_call_looks_along_fresh_directions(z):
    sigreg = SIGReg(num_slices=8, seed=3)
    assert sigreg(z) != sigreg(z)


def test_the_same_seed_gives_the_same_losses(z):
    first, second = SIGReg(seed=3), SIGReg(generator=torch.Generator().manual_seed(3))
    assert [first(z).item() for _ in range(3)] == [second(z).item() for _ in range(3)]


def test_many_directions_tend_to_the_exact_mean_over_all(z):
    loss = SIGReg(num_slices=4000, num_points=33, t_max=6.0, seed=0)(z[0].double())
    # Single directions vary by three quarters of the mean: a standard error of 1.2 %.
    assert loss.item() == pytest.approx(cramer_wold_statistic(z[0].double()).item(), rel=0.05)


def test_the_floor_of_gaussian_embeddings_is_that_of_the_statistic():
    draws = torch.Generator().manual_seed(0)
    losses = torch.stack(
        [SIGReg(64, seed=i)(torch.randn(64, 16, generator=draws)) for i in range(200)]
    )
    assert losses.mean().item() == pytest.approx(1.0525, abs=4 * losses.std().item() / 200**0.5)


def test_collapse_is_a_dead_point_and_next_to_it_is_not():
    sigreg = SIGReg(seed=0)
    z = torch.zeros(50, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(sigreg(z), z)
    assert sigreg(z).item() == pytest.approx(0.402 * 50, abs=0.01)
    assert torch.count_nonzero(gradient) == 0
    nearby = (
        0.01 * torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    ).requires_grad_()
    (gradient,) = torch.autograd.grad(sigreg(nearby), nearby)
    assert (gradient * nearby).sum() < 0  # descending spreads the points


def test_descent_on_it_makes_points_isotropic():
    draws = torch.Generator().manual_seed(0)
    z = torch.randn(200, 3, generator=draws) * torch.tensor([1.0, 0.4, 1.0]) + 0.7
    z.requires_grad_()
    sigreg = SIGReg(num_slices=32, seed=0)
    optimizer = torch.optim.Adam([z], lr=0.05)
    for _ in range(200):
        optimizer.zero_grad()
        sigreg(z).backward()
        optimizer.step()
    with torch.no_grad():
        # The bounded gradient leaves the farthest points to come in slowly.
        assert z.mean(0).abs().max() < 0.15
        assert torch.allclose(z.T.cov(), torch.eye(3), atol=0.3)
        assert cramer_wold_statistic(z) < 0.3


def test_gradients_agree_with_finite_differences(generator):
    z = torch.randn(2, 6, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    directions = uniform_directions(3, 4, seed=0, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda z: SIGReg(seed=0)(z, directions=directions), z)
    assert torch.autograd.gradcheck(invariance, z)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_dtype_gives_a_loss(z, dtype):
    loss = SIGReg(seed=0)(z.to(dtype))
    expected = torch.float64 if dtype == torch.float64 else torch.float32
    assert loss.dtype == expected
    assert loss.isfinite()
    assert invariance(z.to(dtype)).dtype == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_given_directions_of_half_precision_are_widened_like_the_points(z, dtype):
    directions = uniform_directions(6, 8, seed=0, dtype=dtype)
    z = z.to(dtype)
    sigreg = SIGReg(seed=0)
    expected = sigreg(z.float(), directions=directions.float())
    assert torch.equal(sigreg(z, directions=directions), expected)
    with pytest.raises(TypeError, match=r"directions must be a torch\.Tensor"):
        sigreg(z, directions=[[1.0]])


def test_it_can_be_copied_with_its_model(z):
    sigreg = SIGReg(seed=0)
    twin = copy.deepcopy(sigreg)
    assert sigreg(z) == twin(z)
    assert sigreg.state_dict() == {}


def test_invariance_is_the_mean_squared_distance_to_the_views_mean(z):
    expected = ((z - z.mean(0)) ** 2).mean()
    assert torch.equal(invariance(z), expected)
    assert invariance(z[:1].expand(3, -1, -1)) < 1e-12
    # For two views it is a quarter of their mean squared difference.
    assert invariance(z).item() == pytest.approx((z[0] - z[1]).square().mean().item() / 4)


@pytest.mark.usefixtures("global_generators_untouched")
def test_the_global_generators_are_left_alone(z):
    SIGReg(seed=0)(z)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "got neither: for instance seed=0"),
        ({"seed": 0, "generator": torch.Generator()}, ValueError, "got both"),
        ({"seed": 0, "num_slices": 0}, ValueError, "num_slices must be at least 1"),
        ({"seed": 0, "num_points": 1}, ValueError, "num_points must be at least 2"),
        ({"seed": 0, "t_max": math.inf}, ValueError, "t_max must be"),
        ({"seed": 0.5}, TypeError, "seed must be"),
        ({"generator": 7}, TypeError, r"generator must be a torch\.Generator, got int"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        SIGReg(**options)


@pytest.mark.parametrize(
    ("z", "error"),
    [
        (torch.zeros(5), ValueError),
        (torch.zeros(0, 3), ValueError),
        (torch.zeros(2, 2, 5, 3), ValueError),
        (torch.zeros(5, 3, dtype=torch.int64), TypeError),
    ],
)
def test_bad_embeddings_are_refused(z, error):
    with pytest.raises(error, match="z "):
        SIGReg(seed=0)(z)
    with pytest.raises(error, match="z "):
        invariance(z)


def test_invariance_needs_two_views():
    with pytest.raises(ValueError, match=r"V >= 2.*torch\.stack"):
        invariance(torch.zeros(1, 5, 3))


def test_directions_on_another_device_are_refused(z):
    with pytest.raises(ValueError, match="one device"):
        SIGReg(seed=0)(z, directions=torch.zeros(6, 2, device="meta"))


def test_importing_the_losses_imports_neither_matplotlib_nor_widgets():
    code = (
        "import sys, sigreg_edu.losses; "
        "print({'matplotlib', 'ipywidgets', 'anywidget', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
