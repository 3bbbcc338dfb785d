"""Learned slices climb, are kept, and give no gradient of their own."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.losses import LearnedSlices, LearnedSliceSIGReg, SIGReg
from sigreg_edu.slicing import sliced_epps_pulley


def heaps(num_points: int = 600, dim: int = 6) -> torch.Tensor:
    """Points with two heaps at -1 and 1 along the second axis."""
    z = torch.randn(num_points, dim, generator=torch.Generator().manual_seed(0))
    z[:, 1] = z[:, 1].sign()
    return z


def test_a_climb_never_leads_down():
    z = heaps()
    slices = LearnedSlices(16, num_strides=0)
    before = sliced_epps_pulley(z, slices.climb(z))
    slices.num_strides = 4
    climbed = sliced_epps_pulley(z, slices.climb(z))
    assert climbed.mean() > before.mean()
    assert climbed.max() >= before.max()


def test_directions_stay_unit_vectors():
    slices = LearnedSlices(8)
    for _ in range(5):
        directions = slices.climb(heaps())
    torch.testing.assert_close(directions.norm(dim=0), torch.ones(8))


def test_calls_find_the_planted_direction():
    slices, z = LearnedSlices(8), heaps()
    for _ in range(15):
        slices.climb(z)
    assert slices.directions[1].abs().max() > 0.95


def test_climbers_that_meet_are_parted():
    slices, z = LearnedSlices(8), heaps()
    for _ in range(15):
        slices.climb(z)
    cosines = (slices.directions.T @ slices.directions).abs().triu(diagonal=1)
    # Those begun anew may be near by chance; but not all eight stand on one spot.
    assert (cosines > 0.95).sum() <= 2


def test_the_directions_need_not_be_as_many_as_dimensions():
    slices = LearnedSlices(3)
    for _ in range(10):
        assert slices.climb(heaps(dim=5)).shape == (5, 3)


def test_no_gradient_flows_into_the_directions():
    z = heaps().requires_grad_()
    parts = LearnedSliceSIGReg(8, share=1.0)
    loss = parts(z)["loss"]
    (gradient,) = torch.autograd.grad(loss, z)
    fixed = parts.slices.directions
    assert not fixed.requires_grad
    (same,) = torch.autograd.grad(sliced_epps_pulley(z, fixed).mean(), z)
    torch.testing.assert_close(gradient, same)


def test_the_loss_is_the_mean_over_both_kinds():
    parts = LearnedSliceSIGReg(40, share=0.25)(heaps())
    expected = 0.25 * parts["learned_loss"] + 0.75 * parts["random_loss"]
    torch.testing.assert_close(parts["loss"], expected)


def test_without_a_share_it_is_sigreg():
    z = heaps()
    parts = LearnedSliceSIGReg(32, share=0.0, seed=3)(z)
    torch.testing.assert_close(parts["loss"], SIGReg(32, seed=3)(z))
    assert list(parts) == ["loss", "random_loss"]


def test_evaluation_leaves_the_directions_where_they_are():
    loss, z = LearnedSliceSIGReg(8, share=1.0), heaps()
    loss(z)
    kept = loss.slices.directions.clone()
    loss.eval()(z)
    assert torch.equal(loss.slices.directions, kept)


def walk(loss: torch.nn.Module, z: torch.Tensor, steps: int) -> torch.Tensor:
    """Points that go down a loss."""
    for _ in range(steps):
        z = z.detach().requires_grad_()
        z = z - torch.autograd.grad(loss(z)["loss"], z)[0]
    return z.detach()


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("done", [0, 3])
def test_a_checkpoint_goes_on_exactly_as_if_nothing_had_been(tmp_path, share, done):
    loss, z = LearnedSliceSIGReg(16, share=share, seed=4), heaps()
    z = walk(loss, z, done)
    torch.save({"loss": loss.state_dict(), "z": z}, tmp_path / "kept.pt")
    expected = walk(loss, z, 3)
    kept = torch.load(tmp_path / "kept.pt", weights_only=True)
    other = LearnedSliceSIGReg(16, share=share, seed=9)
    walk(other, heaps(dim=6), 2)  # it may have been used before
    other.load_state_dict(kept["loss"])
    assert torch.equal(walk(other, kept["z"], 3), expected)


def test_another_number_of_directions_is_refused():
    slices, other = LearnedSlices(4), LearnedSlices(3)
    slices.climb(heaps())
    other.load_state_dict(slices.state_dict())
    with pytest.raises(ValueError, match=r"= \(6, 4\), got .* num_directions for \(6, 3\)"):
        other.climb(heaps())


def test_a_cast_does_not_round_the_directions():
    loss = LearnedSliceSIGReg(16, share=0.5)
    loss(heaps())
    kept = loss.slices.directions.clone()
    for cast in (torch.float16, torch.float64, torch.float32):
        assert torch.equal(loss.to(cast).slices.directions, kept)
        assert loss.slices.directions.dtype == torch.float32
    assert loss(heaps().double())["loss"].dtype == torch.float64


def test_the_climb_is_on_the_statistic_of_the_loss():
    """Heaps at -1 and 1 that a window up to 0.5 hardly sees; a shift it does."""
    z = heaps(2000)
    z[:, 4] += 0.2
    nearest = {}
    for t_max in (0.5, 3.0):
        loss = LearnedSliceSIGReg(16, share=1.0, num_strides=20, t_max=t_max, num_points=33)
        for _ in range(3):
            parts = loss(z)
        nearest[t_max] = int(loss.slices.directions[:, 0].abs().argmax())  # of the highest
        options = {"t_max": t_max, "num_points": 33}
        value = sliced_epps_pulley(z, loss.slices.directions, **options).mean()
        torch.testing.assert_close(parts["loss"], value)
    assert nearest == {0.5: 4, 3.0: 1}


def test_inference_mode_is_no_obstacle():
    loss, z = LearnedSliceSIGReg(8, share=0.5).eval(), heaps()
    with torch.inference_mode():
        loss(z)
    walk(loss.train(), z, 1)


def test_views_are_tested_by_themselves():
    z = torch.stack([heaps(), heaps().roll(1, dims=1)])
    parts = LearnedSliceSIGReg(16, share=0.5)(z)
    assert parts["loss"].shape == ()


def test_another_dimension_is_refused():
    slices = LearnedSlices(4)
    slices.climb(heaps(dim=4))
    with pytest.raises(ValueError, match=r"= \(4, 4\), got embeddings .* for \(5, 4\)"):
        slices.climb(heaps(dim=5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"share": 1.5}, "share must be a finite number from 0 to 1"),
        ({"num_slices": 0}, "num_slices must be at least 1"),
        ({"stride": 0.0}, "stride must be a finite number above 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LearnedSliceSIGReg(**options)
