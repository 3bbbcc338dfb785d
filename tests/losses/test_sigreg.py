"""SIGReg is the mean statistic of random shadows; invariance is LeJEPA's."""

import copy
import io
import math
import subprocess
import sys

import pytest
import torch

from sigreg_edu.losses import SIGReg, invariance
from sigreg_edu.slicing import (
    cramer_wold_statistic,
    orthogonal_directions,
    sliced_statistic,
    uniform_directions,
)
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
        ({"seed": 0, "method": "quadratur"}, ValueError, "Did you mean 'quadrature'"),
        ({"seed": 0, "reduction": "sum"}, ValueError, "reduction must be one of 'mean'"),
        ({"method": "all_directions", "fixed_slices": True}, ValueError, "has no slices"),
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
        (torch.zeros(5, 3, dtype=torch.int64), TypeError),
    ],
)
def test_bad_embeddings_are_refused(z, error):
    with pytest.raises(error, match="z "):
        SIGReg(seed=0)(z)
    with pytest.raises(error, match="z "):
        invariance(z)


def test_invariance_needs_views():
    with pytest.raises(ValueError, match=r"V >= 2.*torch\.stack"):
        invariance(torch.zeros(1, 5, 3))
    with pytest.raises(ValueError, match=r"For patches, flatten them"):
        invariance(torch.zeros(2, 2, 5, 3))


def test_directions_on_another_device_are_refused(z):
    with pytest.raises(ValueError, match="one device"):
        SIGReg(seed=0)(z, directions=torch.zeros(6, 2, device="meta"))


def test_using_the_losses_imports_no_matplotlib_no_widgets_and_no_compiler():
    code = (
        "import sys, torch, sigreg_edu.losses as losses; "
        "z = torch.ones(4, 3, requires_grad=True); losses.SIGReg(seed=0)(z).backward(); "
        "print({'matplotlib', 'ipywidgets', 'anywidget', 'sklearn', 'torch._dynamo'}"
        " & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_fast_form_can_be_imported_anew_as_autoreload_does():
    code = (
        "import importlib, torch; from sigreg_edu.slicing import trig_sums; "
        "importlib.reload(trig_sums); z = torch.ones(4, 3, requires_grad=True); "
        "sums = trig_sums.trigonometric_sums(z, torch.eye(3), num_points=3, spacing=1.0); "
        "sums.sum().backward(); "
        "print(bool(z.grad.abs().sum() > 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


# --- invariances ----------------------------------------------------------------------------------


def test_neither_the_order_of_points_nor_a_rotation_matters(z):
    z = z.double()
    directions = uniform_directions(6, 32, seed=0, dtype=torch.float64)
    rotation = orthogonal_directions(6, 6, seed=1, dtype=torch.float64)
    order = torch.randperm(100, generator=torch.Generator().manual_seed(2))
    sigreg = SIGReg()
    expected = sigreg(z, directions=directions)
    assert torch.allclose(sigreg(z[:, order], directions=directions), expected, rtol=1e-12)
    rotated = sigreg(z @ rotation, directions=rotation.T @ directions)
    assert torch.allclose(rotated, expected, rtol=1e-10)
    assert torch.allclose(sigreg(z.flip(0), directions=directions), expected, rtol=1e-12)


def collapsed(z):
    """Ways to collapse, from Gaussian points (N, D)."""
    return {
        "rank 1": z[:, :1].expand_as(z),
        "shrunk": 0.1 * z,
        "shifted": z + 1,
        "constant": z[:1].expand_as(z),
    }


@pytest.mark.parametrize("count", [256, 4096])
@pytest.mark.parametrize("dim", [8, 512])
def test_collapse_scores_far_above_isotropic_gaussian(count, dim):
    z = torch.randn(count, dim, generator=torch.Generator().manual_seed(0))
    sigreg = SIGReg(256)
    floor = sigreg(z).item()
    assert floor < 1.6
    for kind, points in collapsed(z).items():
        assert sigreg(points).item() > 10 * floor, kind


def test_the_reports_standardized_form_does_not_see_collapse():
    z = torch.randn(512, 32, generator=torch.Generator().manual_seed(0))
    report = SIGReg(64, method="reference_points", standardize=True)
    for kind, points in collapsed(z).items():
        if kind != "constant":  # where nothing is left to standardize
            assert report(points).item() < 2 * report(z).item(), kind


# --- directions, their state, and checkpoints -----------------------------------------------------


def test_without_a_seed_it_is_seed_0_and_another_seed_changes_the_slices(z):
    assert SIGReg()(z) == SIGReg(seed=0)(z)
    assert SIGReg()(z) != SIGReg(seed=1)(z)


def saved_and_loaded(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("fixed", [False, True])
def test_a_restart_from_a_checkpoint_continues_bit_for_bit(fixed):
    data = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))

    def training(steps, states=None):
        model, sigreg = torch.nn.Linear(8, 4), SIGReg(16, fixed_slices=fixed, seed=5)
        with torch.no_grad():
            model.weight.copy_(torch.linspace(-1, 1, 32).reshape(4, 8))
            model.bias.zero_()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        parts = (model, sigreg, optimizer)
        for part, state in zip(parts, states or (), strict=False):
            part.load_state_dict(state)
        for _ in range(steps):
            optimizer.zero_grad()
            loss = sigreg(model(data))
            loss.backward()
            optimizer.step()
        return loss, saved_and_loaded([part.state_dict() for part in parts])

    whole, _ = training(6)
    _, checkpoint = training(3)
    continued, _ = training(3, checkpoint)
    assert torch.equal(continued, whole)


def test_fixed_slices_are_a_buffer_that_no_cast_rounds(z):
    sigreg = SIGReg(16, fixed_slices=True)
    first = sigreg(z)
    assert sigreg(z) == first
    kept = sigreg.directions.clone()
    assert set(sigreg.state_dict()) == {"directions", "_extra_state"}
    assert torch.equal(sigreg.bfloat16().directions, kept)
    assert sigreg.double()(z) == first
    with pytest.raises(ValueError, match=r"for \(D, M\) = \(6, 16\), got"):
        sigreg(z[..., :3])


def test_fixed_slices_drawn_while_only_looking_serve_training_later(z):
    sigreg = SIGReg(16, fixed_slices=True)
    with torch.inference_mode():
        looked = sigreg(z)
    loss = sigreg(z.requires_grad_())
    loss.backward()
    assert loss == looked


def test_a_foreign_generator_state_is_refused():
    state = SIGReg().state_dict()
    state["_extra_state"] = torch.zeros(3, dtype=torch.uint8)
    with pytest.raises(ValueError, match="state of SIGReg's generator"):
        SIGReg().load_state_dict(state)


def test_directions_can_be_learned(z):
    directions = uniform_directions(6, 4, seed=0).requires_grad_()
    SIGReg()(z, directions=directions).backward()
    assert directions.grad.abs().sum() > 0


# --- methods --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["closed_form", "reference_points"])
def test_the_other_methods_are_the_tests_forms(z, method):
    directions = uniform_directions(6, 5, seed=0)
    values = SIGReg(method=method, reduction=None)(z, directions=directions)
    expected = sliced_statistic(z, directions, EppsPulleyTest(method=method))
    assert torch.equal(values, expected)
    assert values.shape == (2, 5)


def test_all_directions_is_the_exact_mean_and_has_a_gradient(z):
    sigreg = SIGReg(method="all_directions")
    assert sigreg(z).item() == pytest.approx(cramer_wold_statistic(z).mean().item())
    assert sigreg.draw_directions(z) is None
    with pytest.raises(ValueError, match="takes no directions"):
        sigreg(z, directions=torch.eye(6))
    small = z[0, :6, :3].double().requires_grad_()
    assert torch.autograd.gradcheck(sigreg, small)


def test_one_value_per_slice(z):
    values = SIGReg(7, reduction=None)(z)
    assert values.shape == (2, 7)
    assert values.mean().item() == pytest.approx(SIGReg(7)(z).item())


# --- numbers that no one should have to wait for, or to trust -------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_makes_the_loss_nan(z, bad):
    z[1, 3, 2] = bad
    assert SIGReg()(z).isnan()


def test_one_point_and_many_dimensions_work():
    draws = torch.Generator().manual_seed(0)
    for shape in ((1, 8), (64, 2048)):
        z = torch.randn(*shape, generator=draws).requires_grad_()
        SIGReg(64)(z).backward()
        assert z.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_under_autocast_the_statistic_is_that_of_float32(z, dtype):
    directions = uniform_directions(6, 32, seed=0)
    expected = SIGReg()(z.double(), directions=directions.double()).item()
    with torch.autocast("cpu", dtype=dtype):
        value = SIGReg()(z, directions=directions)
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(expected, rel=1e-6)


def test_half_precision_inputs_err_by_their_own_rounding_only():
    z = torch.randn(512, 64, generator=torch.Generator().manual_seed(0)).bfloat16()
    directions = uniform_directions(64, 256, seed=0)
    exact = SIGReg()(z.double(), directions=directions.double()).item()
    assert SIGReg()(z, directions=directions).item() == pytest.approx(exact, rel=1e-6)


def test_it_compiles_without_a_break_along_given_directions(z):
    sigreg, directions = SIGReg(), uniform_directions(6, 32, seed=0)
    compiled = torch.compile(
        lambda z: sigreg(z, directions=directions), backend="aot_eager", fullgraph=True
    )
    for points in (z, z[:, :50]):
        one, two = (points.clone().requires_grad_() for _ in range(2))
        sigreg(one, directions=directions).backward()
        compiled(two).backward()
        assert torch.allclose(one.grad, two.grad)
    assert torch.compile(SIGReg(seed=3), backend="aot_eager")(z) == SIGReg(seed=3)(z)


def test_compiled_it_draws_fresh_directions_at_each_call_and_is_compiled_once(z):
    torch.compiler.reset()
    plain, compiled = SIGReg(seed=3), torch.compile(SIGReg(seed=3), backend="aot_eager")
    for _ in range(2):
        assert compiled(z) == plain(z)
    with torch.compiler.set_stance("fail_on_recompile"):
        for _ in range(10):
            assert compiled(z) == plain(z)


def test_it_compiles_for_several_ranges_and_for_dynamic_shapes(z):
    directions = uniform_directions(6, 32, seed=0)
    for t_max, dynamic in ((3.0, None), (4.0, None), (5.0, True)):
        sigreg = SIGReg(t_max=t_max)
        compiled = torch.compile(
            lambda z, sigreg=sigreg: sigreg(z, directions=directions),
            backend="aot_eager",
            fullgraph=True,
            dynamic=dynamic,
        )
        assert torch.allclose(compiled(z), sigreg(z, directions=directions))


def test_fixed_slices_survive_a_warm_start_of_the_encoder_alone(z):
    model = torch.nn.ModuleDict(
        {"encoder": torch.nn.Linear(6, 6), "loss": SIGReg(16, fixed_slices=True)}
    )
    before = model["loss"](z)
    encoder_only = {k: v for k, v in model.state_dict().items() if k.startswith("encoder")}
    model.load_state_dict(encoder_only, strict=False)
    assert model["loss"](z) == before


def test_fixed_slices_are_the_same_for_every_dtype_and_stay_float32(z):
    single, double = (SIGReg(16, fixed_slices=True) for _ in range(2))
    single(z)
    double(z.double())
    assert torch.equal(single.directions, double.directions)
    halves = {
        k: v.bfloat16() if v.is_floating_point() else v for k, v in single.state_dict().items()
    }
    double.load_state_dict(halves)
    assert double.directions.dtype == torch.float32
