"""SIGReg over a hierarchy: levels, weights, and the contradiction of plain means."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.losses import MultiScaleSIGReg, SIGReg, token_levels


def tokens(num_images: int = 64, count: int = 16, dim: int = 8) -> torch.Tensor:
    return torch.randn(num_images, count, dim, generator=torch.Generator().manual_seed(0))


def test_a_quadrant_is_the_mean_of_its_four_neighbours():
    z = tokens()
    _, quadrants, images = token_levels(z)
    upper_right = z[:, [2, 3, 6, 7]].mean(1)
    torch.testing.assert_close(quadrants.unflatten(0, (64, 4))[:, 1], upper_right)
    torch.testing.assert_close(images, z.mean(1))


@pytest.mark.parametrize("count", [4, 16, 36])
def test_rescaled_means_of_independent_tokens_have_variance_one(count):
    for level in token_levels(tokens(2000, count, 3), rescaled=True):
        assert level.var().item() == pytest.approx(1.0, abs=0.08)  # 6,000 numbers: std 0.018


def test_plain_means_of_independent_tokens_object_and_rescaled_ones_do_not():
    loss = MultiScaleSIGReg((64, 64, 64))
    plain, rescaled = (loss(token_levels(tokens(), rescaled=r)) for r in (False, True))
    assert plain["quadrants"] > 10
    assert plain["images"] > 10
    assert all(rescaled[name] < 3 for name in loss.levels)


def test_the_loss_is_the_weighted_sum_of_the_levels():
    loss = MultiScaleSIGReg((8, 16), (0.5, 2.0))
    parts = loss([tokens()[:, 0], tokens()[:, 1, :3]])
    assert list(parts) == ["loss", "level_0", "level_1"]
    torch.testing.assert_close(parts["loss"], 0.5 * parts["level_0"] + 2.0 * parts["level_1"])


def test_one_level_is_sigreg():
    z = tokens()[:, 0]
    parts = MultiScaleSIGReg((32,), seed=4)([z])
    torch.testing.assert_close(parts["loss"], SIGReg(32, seed=4)(z))


def test_levels_have_directions_of_their_own():
    z = tokens()[:, 0]
    parts = MultiScaleSIGReg((8, 8))([z, z])
    assert parts["level_0"] != parts["level_1"]


def test_a_level_of_weight_zero_gives_no_gradient():
    first, second = tokens()[:, 0].requires_grad_(), tokens()[:, 1].requires_grad_()
    MultiScaleSIGReg((8, 8), (1.0, 0.0))([first, second])["loss"].backward()
    assert first.grad.abs().max() > 0
    assert second.grad is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiScaleSIGReg(()), "at least one level"),
        (lambda: MultiScaleSIGReg((8, 8), (1.0,)), "weights must have one entry for each of 2"),
        (lambda: MultiScaleSIGReg((8, 8), levels=("a", "a")), "different names"),
        (lambda: MultiScaleSIGReg((8, 8), (1.0, -1.0)), "a weight must be"),
        (lambda: MultiScaleSIGReg((8, 8))([torch.zeros(4, 2)]), "got 1 of them"),
        (lambda: MultiScaleSIGReg((8, 8))(torch.zeros(2, 4, 2)), "got one tensor"),
        (lambda: token_levels(torch.zeros(2, 9, 3)), "with an even S"),
        (lambda: token_levels(torch.zeros(2, 17, 3)), "Leave a class token out"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
