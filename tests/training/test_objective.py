"""What the regularizer of each condition is; test_joint.py compares the sums with the library's."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.losses import SIGReg, VICRegLoss
from sigreg_edu.training.objective import (
    CONDITIONS,
    COVARIANCE_SHARE,
    Regularizer,
    require_lamb,
    vicreg_regularizer,
)


def views(num_views=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return 0.7 * torch.randn(num_views, 24, 5, generator=generator) + 0.2


def test_lambda_of_each_condition_is_the_tables():
    table = {"none": 0.0, "lejepa": 0.02}
    assert {name: known.lamb for name, known in CONDITIONS.items()} == {
        name: table.get(name, 0.2) for name in CONDITIONS
    }
    assert all(require_lamb(known.lamb, name) == known.lamb for name, known in CONDITIONS.items())


@pytest.mark.parametrize("name", ["none", "sigreg", "lejepa"])
def test_these_look_at_sigreg(name):
    regularizer = Regularizer(name, num_slices=8, seed=3)
    assert torch.equal(regularizer(views()), SIGReg(8, seed=3)(views()))


def test_sigregs_options_reach_it():
    regularizer = Regularizer("lejepa", num_slices=8, num_points=33, t_max=5.0, seed=3)
    expected = SIGReg(8, 33, t_max=5.0, seed=3)(views())
    assert torch.equal(regularizer(views()), expected)
    assert Regularizer("lejepa").sigreg.num_slices == 64
    assert Regularizer("standardized").sigreg.num_slices == 16


@pytest.mark.parametrize(("fixed", "same"), [(True, True), (False, False)])
def test_slices_are_fresh_unless_they_are_fixed(fixed, same):
    regularizer = Regularizer("lejepa", num_slices=8, fixed_slices=fixed)
    assert torch.equal(regularizer(views()), regularizer(views())) is same


def test_vicreg_is_variance_and_a_share_of_covariance():
    library = VICRegLoss(variance_weight=1.0, covariance_weight=COVARIANCE_SHARE)
    expected = library.regularizer(*views())["vicreg_loss"]
    assert torch.equal(Regularizer("vicreg")(views()), expected)
    none, some = (Regularizer("vicreg", covariance=c)(views()) for c in (0.0, 1.0))
    assert none < Regularizer("vicreg")(views()) < some


def test_vicreg_takes_more_views_in_pairs():
    four = views(4)
    expected = (vicreg_regularizer(four[:2]) + vicreg_regularizer(four[2:])) / 2
    torch.testing.assert_close(vicreg_regularizer(four), expected)


@pytest.mark.parametrize("name", ["vicreg", "hybrid"])
def test_vicreg_refuses_an_odd_number_of_views(name):
    with pytest.raises(ValueError, match=r"views in pairs, got 3 .* even number"):
        Regularizer(name)(views(3))


def test_the_hybrid_goes_from_vicreg_to_sigreg():
    ends = Regularizer("vicreg")(views()), SIGReg(8, seed=3)(views())
    for v in (1.0, 0.25, 0.0):
        hybrid = Regularizer("hybrid", num_slices=8, seed=3)
        hybrid.mixture = (v, 1.0 - v)
        expected = v * ends[0] + (1.0 - v) * ends[1]
        torch.testing.assert_close(hybrid(views()), expected)


@pytest.mark.parametrize(("mixture", "other"), [((1.0, 0.0), "vicreg"), ((0.0, 1.0), "sigreg")])
def test_at_its_ends_the_hybrids_gradient_is_that_of_one(mixture, other):
    gradients = []
    for name in ("hybrid", other):
        regularizer = Regularizer(name, num_slices=8)
        regularizer.mixture = mixture
        z = views().requires_grad_(True)
        gradients.append(torch.autograd.grad(regularizer(z), z)[0])
    torch.testing.assert_close(*gradients)


def test_the_hybrid_draws_its_slices_also_before_they_count():
    early, late = Regularizer("hybrid", num_slices=8), SIGReg(8)
    early(views())
    late(views())
    early.mixture = (0.0, 1.0)
    torch.testing.assert_close(early(views()), late(views()))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"condition": "lejep"}, ValueError, "Did you mean 'lejepa'"),
        ({"condition": "vicreg", "covariance": -1.0}, ValueError, "covariance must be"),
        ({"condition": "lejepa", "num_slices": 1.5}, TypeError, "num_slices must be a whole"),
        ({"condition": "lejepa", "num_slices": 0}, ValueError, "num_slices must be at least 1"),
        ({"condition": "lejepa", "t_max": 0.0}, ValueError, "t_max must be"),
        ({"condition": "lejepa", "seed": -1}, ValueError, "seed must be at least 0"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Regularizer(**arguments)


@pytest.mark.parametrize(
    ("lamb", "error"), [(-0.1, ValueError), (1.1, ValueError), ("0", TypeError), (None, TypeError)]
)
def test_lambda_lies_between_zero_and_one(lamb, error):
    with pytest.raises(error, match="lamb must be a"):
        require_lamb(lamb, "lejepa")
