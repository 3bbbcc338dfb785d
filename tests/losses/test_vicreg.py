"""VICReg is facebookresearch's by default, and each other convention is what its name says."""

import pytest
import torch
import torch.nn.functional as F

from sigreg_edu.losses import VICREG_CONVENTIONS, VICRegLoss


@pytest.fixture
def views(generator):
    z_a = torch.randn(40, 6, generator=generator, dtype=torch.float64) * torch.linspace(0.2, 2, 6)
    return z_a, z_a + 0.3 * torch.randn(40, 6, generator=generator, dtype=torch.float64)


def moments(z, eps=1e-4):
    """The hinge on the standard deviations (D,) and the squared covariances off the diagonal."""
    std = (z.var(dim=0) + eps).sqrt()
    cov = z.T.cov()
    return F.relu(1 - std), (cov - cov.diag().diag()).square().sum()


def test_the_default_is_facebookresearchs(views):
    (std_a, cov_a), (std_b, cov_b) = map(moments, views)
    terms = VICRegLoss()(*views)
    invariance = F.mse_loss(*views)
    variance = std_a.mean() / 2 + std_b.mean() / 2
    covariance = cov_a / 6 + cov_b / 6
    assert torch.allclose(terms["invariance_loss"], invariance)
    assert torch.allclose(terms["variance_loss"], variance)
    assert torch.allclose(terms["covariance_loss"], covariance)
    assert torch.allclose(terms["loss"], 25 * invariance + 25 * variance + covariance)


def test_the_other_conventions_differ_by_known_factors(views):
    default = VICRegLoss()(*views)
    factors = {  # of invariance, variance and covariance, D = 6
        "facebookresearch": (1, 1, 1),
        "solo_learn": (1, 2, 1),
        "paper": (6, 2, 1),
        "h_jepa": (1, 1, 0.5 / 5),
    }
    assert factors.keys() == VICREG_CONVENTIONS.keys()
    for convention, expected in factors.items():
        terms = VICRegLoss(convention=convention)(*views)
        for name, factor in zip(("invariance", "variance", "covariance"), expected, strict=True):
            assert torch.allclose(terms[f"{name}_loss"], factor * default[f"{name}_loss"])


def test_gradients_agree_with_finite_differences(views):
    z_a, z_b = (z[:5, :3].clone().requires_grad_() for z in views)
    assert torch.autograd.gradcheck(lambda a, b: VICRegLoss()(a, b)["loss"], (z_a, z_b))


def test_patches_are_one_sample_or_one_each(generator):
    z = torch.randn(8, 5, 3, generator=generator, dtype=torch.float64)
    flat = VICRegLoss()(z, z)
    assert torch.allclose(flat["loss"], VICRegLoss()(z.flatten(0, 1), z.flatten(0, 1))["loss"])
    each = VICRegLoss(flatten_patches=False)(z, z)["covariance_loss"]
    apart = [VICRegLoss()(z[:, i], z[:, i])["covariance_loss"] for i in range(5)]
    assert torch.allclose(each, sum(apart) / 5)


def test_one_tensor_holds_both_views_one_after_the_other(views):
    together = VICRegLoss()(torch.cat(views))
    assert torch.equal(together["loss"], VICRegLoss()(*views)["loss"])


@pytest.mark.parametrize("name", ["variance", "covariance"])
def test_a_term_of_weight_0_is_reported_without_a_gradient(views, name):
    z_a = views[0].requires_grad_()
    loss = VICRegLoss(**{f"{name}_weight": 0.0})
    terms = loss(z_a, views[1])
    assert terms[f"{name}_loss"] == VICRegLoss()(*views)[f"{name}_loss"]
    assert not terms[f"{name}_loss"].requires_grad
    assert terms["loss"].requires_grad


def test_one_point_has_no_variance_and_collapse_a_finite_gradient():
    z = torch.zeros(1, 4, requires_grad=True)
    terms = VICRegLoss()(z, z)
    assert terms["variance_loss"].item() == pytest.approx(0.99)
    terms["loss"].backward()
    assert z.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_and_autocast_compute_in_float32(views, dtype):
    halves = [z.to(dtype) for z in views]
    with torch.autocast("cpu", dtype=dtype):
        terms = VICRegLoss()(*halves)
    exact = VICRegLoss()(*(z.double() for z in halves))
    assert terms["loss"].dtype == torch.float32
    assert terms["loss"].item() == pytest.approx(exact["loss"].item(), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"invariance_weight": -1.0}, "invariance_weight must be a finite number of at least 0"),
        ({"convention": "solo-learn"}, "Did you mean 'solo_learn'"),
        ({"eps": 0.0}, "eps must be"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        VICRegLoss(**options)


def test_weights_may_be_set_and_are_checked_each_time():
    loss = VICRegLoss()
    loss.covariance_weight = 3
    assert loss.covariance_weight == 3.0
    with pytest.raises(ValueError, match="covariance_weight must be"):
        loss.covariance_weight = -3
