"""The loop: what it minimises, that it repeats, and that it collapses when nothing forbids it."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from sigreg_edu.data import digit_views, load_digits
from sigreg_edu.losses import SIGReg, invariance
from sigreg_edu.training import embed, small_encoder, standardize_output, train_encoder
from sigreg_edu.training.loop import WARMUP_STEPS

IMAGES = load_digits().train_images


def start(*, encoder=None, seed=0, **changes):
    options = {
        "make_views": digit_views,
        "regularizer": SIGReg(16, seed=seed),
        "lamb": 0.01,
        "steps": 5,
        "batch_size": 32,
        "lr": 0.01,
        "seed": seed,
    }
    return train_encoder(
        IMAGES, encoder=encoder or small_encoder(seed=seed), **{**options, **changes}
    )


def still_views(images, num_views, *, generator):
    return images.expand(num_views, *images.shape)


def test_there_is_one_record_a_step():
    records = list(start(steps=7))
    assert [record.step for record in records] == list(range(1, 8))
    assert all(math.isfinite(record.loss) for record in records)


@pytest.mark.parametrize("lamb", [0.0, 0.3, 1.0])
def test_the_loss_is_the_convex_sum_of_its_terms(lamb):
    for record in start(lamb=lamb):
        expected = (1 - lamb) * record.invariance + lamb * record.regularizer
        assert record.loss == pytest.approx(expected, rel=1e-5)  # float32


def test_the_first_record_is_what_losses_say_of_the_untrained_encoder():
    generator = torch.Generator().manual_seed(3)
    batch = IMAGES[torch.randperm(len(IMAGES), generator=generator)[:32]]
    views = digit_views(batch, 2, generator=generator)
    z = torch.stack([small_encoder(seed=3)(view) for view in views])
    record = next(start(seed=3))
    assert record.invariance == pytest.approx(invariance(z).item(), rel=1e-5)
    assert record.regularizer == pytest.approx(SIGReg(16, seed=3)(z).item(), rel=1e-5)
    assert record.smallest_std == pytest.approx(z.flatten(0, 1).std(0).min().item(), rel=1e-5)


def test_lambda_zero_moves_the_weights_as_the_invariance_alone_does():
    with_zero, without = small_encoder(), small_encoder()
    list(start(encoder=with_zero, lamb=0.0))
    list(start(encoder=without, lamb=0.0, regularizer=lambda z: z.new_zeros(())))
    for a, b in zip(with_zero.parameters(), without.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_same_seed_repeats_the_run_and_another_does_not():
    def losses(seed):
        return [record.loss for record in start(seed=seed)]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


def test_no_global_generator_is_read_or_moved(generators_stay):
    torch.manual_seed(5)
    with generators_stay():
        first = list(start())
    torch.manual_seed(6)
    assert list(start()) == first


def test_nothing_happens_before_the_first_record_is_asked_for():
    encoder = small_encoder()
    weights = encoder[-1].weight.clone()
    training = start(encoder=encoder)
    assert torch.equal(encoder[-1].weight, weights)
    next(training)
    assert not torch.equal(encoder[-1].weight, weights)


def test_the_learning_rate_warms_up_and_comes_down():
    rates = [record.learning_rate for record in start(steps=50, lr=0.02)]
    peak = int(np.argmax(rates))
    assert peak == pytest.approx(WARMUP_STEPS - 1, abs=2)
    assert rates[0] < 0.06 * 0.02
    assert max(rates) <= 0.02
    assert rates[-1] < 0.001 * 0.02 * 5
    assert (np.diff(rates[: peak + 1]) > 0).all()
    assert (np.diff(rates[peak:]) < 0).all()


def test_the_cosine_runs_during_the_warm_up_so_the_peak_stays_below_lr():
    long, short = ([r.learning_rate for r in start(steps=steps, lr=0.02)] for steps in (200, 20))
    assert 0.97 * 0.02 < max(long) < 0.02
    assert max(short) < 0.5 * 0.02


def test_without_a_regularizer_the_cloud_shrinks_and_with_it_the_cloud_stays_wide():
    # 50 steps are enough to see the two part; the full runs take 600.
    widths = {}
    for lamb in (0.0, 0.05):
        encoder = small_encoder()
        standardize_output(encoder, IMAGES)
        records = list(start(encoder=encoder, lamb=lamb, steps=50, batch_size=128))
        widths[lamb] = embed(encoder, IMAGES).std(dim=0).max().item()
        assert records[-1].invariance < records[0].invariance
    assert widths[0.0] < 0.3
    assert widths[0.05] > 0.6


def test_views_that_do_not_differ_have_no_invariance_to_pay():
    assert all(record.invariance < 1e-12 for record in start(make_views=still_views))


def test_any_module_can_be_the_encoder():
    encoder = nn.Sequential(nn.Unflatten(1, (1, 8)), nn.Conv2d(1, 4, 8), nn.Flatten())
    assert len(list(start(encoder=encoder))) == 5


def test_more_views_are_possible():
    assert len(list(start(num_views=4, steps=2))) == 2


def test_a_loss_that_is_not_finite_stops_the_run_and_says_where():
    training = start(regularizer=lambda z: z.sum() * math.nan, steps=3)
    with pytest.raises(FloatingPointError, match="the loss is nan at step 1"):
        next(training)


def test_lambda_may_be_a_function_of_the_step_asked_just_before_it():
    asked = []

    def lamb(step):
        asked.append(step)
        return step / 10

    training = start(lamb=lamb)
    assert asked == []
    for number, record in enumerate(training, start=1):
        assert asked == list(range(1, number + 1))
        expected = (1 - number / 10) * record.invariance + number / 10 * record.regularizer
        assert record.loss == pytest.approx(expected, rel=1e-5)  # float32


def test_a_constant_function_is_the_constant():
    assert list(start(lamb=lambda step: 0.01)) == list(start(lamb=0.01))


def test_a_lambda_out_of_range_is_told_at_its_step():
    training = start(lamb=lambda step: 0.5 if step == 1 else 1.5)
    next(training)
    with pytest.raises(ValueError, match="lamb must be a finite number from 0 to 1"):
        next(training)


def test_an_agreement_takes_the_place_of_the_invariance():
    seen = []

    def agreement(z, views):
        seen.append((tuple(z.shape), tuple(views.shape)))
        return 3.0 * invariance(z)

    tripled, plain = next(start(agreement=agreement)), next(start())
    assert seen == [((2, 32, 2), (2, 32, 8, 8))]
    assert tripled.invariance == pytest.approx(3.0 * plain.invariance, rel=1e-6)
    assert tripled.loss == pytest.approx(0.99 * tripled.invariance + 0.01 * tripled.regularizer)
    assert list(start(agreement=lambda z, views: invariance(z))) == list(start())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"lamb": 1.5}, ValueError, "lamb must be a finite number from 0 to 1"),
        ({"lamb": "0"}, TypeError, "lamb must be a number"),
        ({"steps": 0}, ValueError, "steps must be at least 1"),
        ({"batch_size": 1}, ValueError, "batch_size must be at least 2"),
        ({"batch_size": 5000}, ValueError, "batch_size must be at most 1347"),
        ({"num_views": 1}, ValueError, "num_views must be at least 2"),
        ({"lr": 0.0}, ValueError, "lr must be a finite number above 0"),
        ({"seed": 1.5}, TypeError, "seed must be a whole number"),
        ({"encoder": lambda images: images}, TypeError, r"encoder must be an nn\.Module"),
    ],
)
def test_bad_options_are_refused_at_the_call(changes, error, message):
    with pytest.raises(error, match=message):
        start(**changes)  # no record is asked for


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (IMAGES.numpy(), TypeError, r"images must be a torch\.Tensor"),
        (IMAGES[0], ValueError, r"images must have shape \(N, H, W\)"),
        (IMAGES[:1], ValueError, "N at least 2"),
        (IMAGES.double(), TypeError, "images must have the encoder's dtype torch.float32"),
        (IMAGES[:, :7], ValueError, r"cannot take images of shape \(7, 8\)"),
        (IMAGES.to("meta"), ValueError, "images must be on the encoder's device cpu"),
    ],
)
def test_bad_images_are_refused_at_the_call(images, error, message):
    with pytest.raises(error, match=message):
        train_encoder(
            images,
            encoder=small_encoder(),
            make_views=digit_views,
            regularizer=SIGReg(4, seed=0),
            lamb=0.01,
            steps=1,
            batch_size=2,
            lr=0.01,
            seed=0,
        )
