"""SIGRegLoss, the hybrid and LeJEPALoss are the weighted sums that they say."""

import pytest
import torch

from sigreg_edu.losses import (
    HybridVICRegSIGRegLoss,
    LeJEPALoss,
    SIGReg,
    SIGRegLoss,
    VICRegLoss,
    invariance,
)
from sigreg_edu.slicing import uniform_directions


@pytest.fixture
def views(generator):
    z_a = torch.randn(64, 8, generator=generator)
    return z_a, z_a + 0.5 * torch.randn(64, 8, generator=generator)


def test_the_loss_is_the_weighted_sum_of_its_terms(views):
    terms = SIGRegLoss(32, invariance_weight=2.0, sigreg_weight=3.0)(*views)
    directions = uniform_directions(8, 32, seed=0)
    of_a, of_b = (SIGReg()(z, directions=directions) for z in views)
    assert terms["sigreg_loss_a"] == of_a
    assert terms["sigreg_loss_b"] == of_b
    assert terms["invariance_loss"] == (views[0] - views[1]).square().mean()
    expected = 2 * terms["invariance_loss"] + 3 * (of_a + of_b) / 2
    assert torch.allclose(terms["loss"], expected)


def test_the_defaults_are_the_reports():
    loss = SIGRegLoss()
    assert (loss.invariance_weight, loss.sigreg_weight) == (25.0, 25.0)
    assert (loss.sigreg.num_slices, loss.sigreg.test.num_points) == (1024, 17)
    assert (loss.sigreg.fixed_slices, loss.flatten_patches) == (False, True)


def test_25_to_25_is_lejepas_lambda_of_a_fifth(views):
    directions = uniform_directions(8, 32, seed=0)
    report = SIGRegLoss()(*views, directions=directions)["loss"]
    lejepa = LeJEPALoss(lamb=0.2)(torch.stack(views), directions=directions)["loss"]
    assert torch.allclose(report, 125 * lejepa)


def test_both_views_share_the_steps_slices_so_they_can_be_swapped(views):
    one, other = SIGRegLoss(32)(*views), SIGRegLoss(32)(*reversed(views))
    assert torch.equal(one["loss"], other["loss"])
    assert one["sigreg_loss_a"] == other["sigreg_loss_b"]
    twice = SIGRegLoss(32)(views[0], views[0])
    assert twice["sigreg_loss_a"] == twice["sigreg_loss_b"]


def test_one_tensor_holds_both_views_one_after_the_other(views):
    assert torch.equal(SIGRegLoss(32)(torch.cat(views))["loss"], SIGRegLoss(32)(*views)["loss"])


def test_equal_patches_flattened_score_as_many_times_as_there_are(views):
    images = views[0]
    patches = images.unsqueeze(1).expand(-1, 7, -1)  # (B, 7, D): 7 equal patches each
    alone = SIGRegLoss(32)(images, images)["sigreg_loss"]
    flattened = SIGRegLoss(32)(patches, patches)["sigreg_loss"]
    apart = SIGRegLoss(32, flatten_patches=False)(patches, patches)["sigreg_loss"]
    assert flattened.item() == pytest.approx(7 * alone.item(), rel=1e-5)
    assert apart.item() == pytest.approx(alone.item(), rel=1e-5)


def test_the_reports_own_form_is_there_for_teaching(views):
    shrunk = tuple(0.01 * z for z in views)
    report = {"method": "reference_points", "standardize": True}
    before, after = (
        SIGRegLoss(32, **report)(*pair)["sigreg_loss"].item() for pair in (views, shrunk)
    )
    assert after == pytest.approx(before, rel=1e-2)
    assert SIGRegLoss(32)(*shrunk)["sigreg_loss"] > 10 * SIGRegLoss(32)(*views)["sigreg_loss"]


def gradient_of(loss, *views, **options):
    leaves = [z.clone().requires_grad_() for z in views]
    terms = loss(*leaves, **options)
    terms["loss"].backward()
    return terms, [z.grad for z in leaves]


def test_weight_0_reduces_to_the_other_term(views):
    terms, _ = gradient_of(SIGRegLoss(32, sigreg_weight=0.0), *views)
    assert terms["loss"] == 25 * terms["invariance_loss"]
    assert not terms["sigreg_loss"].requires_grad
    terms, _ = gradient_of(SIGRegLoss(32, invariance_weight=0.0), *views)
    assert terms["loss"] == 25 * terms["sigreg_loss"]
    terms, gradients = gradient_of(SIGRegLoss(32, invariance_weight=0.0, sigreg_weight=0.0), *views)
    assert terms["loss"] == 0
    assert not any(gradient.any() for gradient in gradients)


def test_lambda_0_and_1_reduce_to_one_term(views):
    z = torch.stack(views)
    terms, _ = gradient_of(LeJEPALoss(0.0, 32), z)
    assert terms["loss"] == terms["invariance_loss"] == invariance(z)
    terms, _ = gradient_of(LeJEPALoss(1.0, 32), z)
    assert terms["loss"] == terms["sigreg_loss"] == SIGReg(32)(z)


def test_lejepas_terms(generator):
    z = torch.randn(4, 32, 6, generator=generator)
    terms = LeJEPALoss(num_slices=16)(z)
    assert terms["sigreg_loss"] == SIGReg(16)(z)
    expected = 0.95 * invariance(z) + 0.05 * terms["sigreg_loss"]
    assert torch.allclose(terms["loss"], expected)


def test_the_pure_modes_of_the_hybrid_equal_the_pure_losses_exactly(views):
    hybrid = HybridVICRegSIGRegLoss(vicreg_weight=1.0, sigreg_weight=0.0, num_slices=32)
    terms, gradients = gradient_of(hybrid, *views)
    expected, exact = gradient_of(VICRegLoss(), *views)
    assert torch.equal(terms["loss"], expected["loss"])
    assert all(map(torch.equal, gradients, exact))

    hybrid = HybridVICRegSIGRegLoss(vicreg_weight=0.0, sigreg_weight=1.0, num_slices=32)
    terms, gradients = gradient_of(hybrid, *views)
    expected, exact = gradient_of(SIGRegLoss(32), *views)
    assert torch.equal(terms["loss"], expected["loss"])
    assert all(map(torch.equal, gradients, exact))


def test_the_hybrid_counts_the_invariance_once_and_each_weight_once(views):
    hybrid = HybridVICRegSIGRegLoss(0.5, 0.25, num_slices=32, sigreg_lambda=8.0)
    terms = hybrid(*views)
    expected = (
        25 * terms["invariance_loss"]
        + 0.5 * (25 * terms["variance_loss"] + terms["covariance_loss"])
        + 0.25 * 8 * terms["sigreg_loss"]
    )
    assert torch.allclose(terms["loss"], expected)


def test_weights_may_be_set_during_training(views):
    hybrid = HybridVICRegSIGRegLoss(num_slices=32)
    hybrid.vicreg_weight, hybrid.sigreg_weight = 0.0, 0.0
    terms = hybrid(*views)
    assert terms["loss"] == 25 * terms["invariance_loss"]
    hybrid.invariance_weight, hybrid.sigreg_lambda, hybrid.sigreg_weight = 2.0, 3.0, 0.5
    terms = hybrid(*views)
    expected = 2 * terms["invariance_loss"] + 0.5 * 3 * terms["sigreg_loss"]
    assert torch.allclose(terms["loss"], expected)
    hybrid.vicreg_weight, hybrid.variance_weight, hybrid.covariance_weight = 1.0, 0.0, 0.0
    terms = hybrid(*views)
    expected = 2 * terms["invariance_loss"] + 0.5 * 3 * terms["sigreg_loss"]
    assert torch.allclose(terms["loss"], expected)
    for any_loss in (hybrid, SIGRegLoss(), LeJEPALoss()):
        any_loss.num_slices = 5
        assert any_loss.sigreg.num_slices == any_loss.num_slices == 5
    loss = LeJEPALoss()
    with pytest.raises(ValueError, match="lamb must be a finite number from 0 to 1"):
        loss.lamb = 1.5


LOSSES = [
    SIGRegLoss(num_slices=16),
    VICRegLoss(),
    HybridVICRegSIGRegLoss(num_slices=16),
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize(
    ("pair", "error", "message"),
    [
        ((torch.zeros(4, 3), torch.zeros(4, 2)), ValueError, r"one shape, got \(4, 3\) and"),
        ((torch.zeros(4, 3), torch.zeros(4, 3).double()), TypeError, "one dtype"),
        ((torch.zeros(4, 3), torch.zeros(4, 3, device="meta")), ValueError, "one device"),
        ((torch.zeros(5, 3), None), ValueError, "two views of equal size"),
        ((torch.zeros(4), None), ValueError, "z_a must have shape"),
        ((torch.zeros(2, 2, 2, 2), None), ValueError, "with P patches"),
        ((torch.zeros(4, 3), [[0.0]]), TypeError, r"z_b must be a torch\.Tensor"),
        ((torch.zeros(4, 3).long(), None), TypeError, "floating-point"),
    ],
)
def test_views_that_do_not_fit_are_refused(loss, pair, error, message):
    with pytest.raises(error, match=message):
        loss(*pair)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_nan_in_is_nan_out_and_single_points_and_2048_dimensions_work(loss, generator):
    z = torch.randn(8, 2048, generator=generator).requires_grad_()
    loss(z)["loss"].backward()
    assert z.grad.isfinite().all()
    assert loss(z[:1], z[1:2])["loss"].isfinite()
    for bad in (torch.nan, torch.inf):
        broken = z.detach().clone()
        broken[0, 0] = bad
        assert loss(broken)["loss"].isnan()


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_losses_compile(loss, views):
    expected = loss(*views)["invariance_loss"]
    assert torch.allclose(
        torch.compile(loss, backend="aot_eager")(*views)["invariance_loss"], expected
    )


@pytest.mark.parametrize(
    "loss",
    [
        VICRegLoss(covariance_weight=0.0),
        VICRegLoss(variance_weight=0.0, covariance_weight=0.0),
        HybridVICRegSIGRegLoss(vicreg_weight=0.0, num_slices=8),
    ],
)
def test_a_term_of_weight_0_may_overflow_unheard(loss, views):
    terms = loss(1e10 * views[0], 1e10 * views[0])
    assert terms["covariance_loss"].isinf()
    assert terms["loss"].isfinite()
