"""Notebook 05's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import kendalltau, spearmanr
from torch.nn import functional

from sigreg_edu import training
from sigreg_edu.exercises import vit as exercises
from sigreg_edu.losses import invariance
from sigreg_edu.training.loop import learning_rate
from sigreg_edu.training.vit import Attention, Block


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


# --- patches


def split(images, p):
    """(N, C, rows, p, columns, p)."""
    return images.unflatten(3, (-1, p)).unflatten(2, (-1, p))


def ordered(*order):
    def cut(images, p):
        patches = split(images, p).permute(order)
        tokens = images[0, 0].numel() // p**2
        return patches.reshape(len(images), tokens, -1)

    return cut


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda x, p: x.reshape(len(x), x[0, 0].numel() // p**2, -1), "rows of the image"),
        (lambda x, p: functional.unfold(x, p, stride=p), "tokens come second"),
        (lambda x, p: functional.unfold(x, p).transpose(1, 2), "overlap"),
        (ordered(0, 2, 4, 3, 5, 1), "Channels come first"),
        (ordered(0, 4, 2, 1, 3, 5), "along its rows"),
        (ordered(0, 2, 4, 1, 5, 3), "rows and columns are swapped"),
        (ordered(0, 2, 1, 3, 4, 5), "side by side"),
        (lambda x, p: 2.0 * functional.unfold(x, p, stride=p).transpose(1, 2), "where they belong"),
        (lambda x, p: x.mean(1), "expected shape"),
    ],
)
def test_patch_slips_are_named(slip, reason):
    assert reason in refusal("patches", slip)


def test_patches_by_permuting_are_right_too():
    assert outcome("patches", ordered(0, 2, 4, 1, 3, 5))[0] == "right"


def test_the_patches_asked_for_are_those_of_a_convolution():
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    stem = training.make_vit("vit_micro", image_size=8, channels=3, stem="patch").stem
    cut = ordered(0, 2, 4, 1, 3, 5)(images, 4)
    tokens = cut @ stem.weight.flatten(1).T + stem.bias
    assert torch.allclose(tokens, stem(images).flatten(2).transpose(1, 2), atol=1e-6)


# --- attention


def attend(scale=lambda q: q.shape[1] ** 0.5, dim=1):
    return lambda q, k, v: (q @ k.T / scale(q)).softmax(dim) @ v


def by_hand(q, k, v):
    weights = (q @ k.T / q.shape[1] ** 0.5).exp()
    return weights / weights.sum(1, keepdim=True) @ v


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (attend(lambda q: 1.0), "√d is missing"),
        (lambda q, k, v: (q @ k.T).softmax(1) / q.shape[1] ** 0.5 @ v, "divides the weights"),
        (attend(lambda q: q.shape[1]), "square root"),
        (attend(lambda q: q.shape[1] ** -0.5), "multiply by √d"),
        (attend(lambda q: q.shape[0] ** 0.5), "number of tokens"),
        (lambda q, k, v: q @ k.T / q.shape[1] ** 0.5 @ v, "softmax is missing"),
        (attend(dim=0), "tokens that ask"),
        (
            lambda q, k, v: (q @ k.T / q.shape[1] ** 0.5).flatten().softmax(0).view(5, 5) @ v,
            "the whole matrix",
        ),
        (lambda q, k, v: (q @ k.T / q.shape[1] ** 0.5).exp() @ v, "exp alone"),
        (lambda q, k, v: attend()(k, q, v), "queries and keys are swapped"),
        (lambda q, k, v: attend()(q, k, v) + 1.0, "the values are not"),
        (lambda q, k, v: q @ k.T, "expected shape (5, 3)"),
        (lambda q, k, v: (q @ k).softmax(1) @ v, "raised"),
        (by_hand, "overflow"),
    ],
)
def test_attention_slips_are_named(slip, reason):
    assert reason in refusal("attention", slip)


def test_torchs_attention_is_right_too():
    assert outcome("attention", functional.scaled_dot_product_attention)[0] == "right"


def test_one_head_of_the_kits_attention_is_what_is_asked():
    """With an identity after it, so that only softmax(Q Kᵀ / √d) V is left."""
    layer = Attention(dim=6, heads=1)
    tokens = torch.rand(1, 5, 6, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        layer.out.weight.copy_(torch.eye(6))
        layer.out.bias.zero_()
        q, k, v = layer.qkv(tokens)[0].chunk(3, dim=1)
        assert torch.allclose(attend()(q, k, v), layer(tokens)[0], atol=1e-6)


# --- size of a block


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda d: 12 * d * d, "matrices alone"),
        (lambda d: 12 * d * d + 9 * d, "two norms"),
        (lambda d: 12 * d * d + 11 * d, "offsets too"),
        (lambda d: 12 * d * d + 4 * d, "linear layers are missing"),
        (lambda d: 4 * d * d + 4 * d, "attention alone"),
        (lambda d: 8 * d * d + 5 * d, "network alone"),
        (lambda d: 11 * d * d + 12 * d, "last matrix"),
        (lambda d: 6 * d * d + 10 * d, "4 D wide"),
        (lambda d: 49_984, "with D = 384"),
        (lambda d: 1.0, "with D = 64"),
    ],
)
def test_block_size_slips_are_named(slip, reason):
    assert reason in refusal("block_size", slip)


def test_counting_a_block_is_right_too():
    def count(dim):
        return sum(p.numel() for p in Block(dim, heads=2).parameters())

    assert outcome("block_size", count)[0] == "right"


# --- the objective


def mix(agreement=invariance, spread=lambda z, sigreg: sigreg(z)):
    return lambda z, sigreg, lamb: (1 - lamb) * agreement(z) + lamb * spread(z, sigreg)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, s, lamb: lamb * invariance(z) + (1 - lamb) * s(z), "swapped"),
        (lambda z, s, lamb: invariance(z) + lamb * s(z), "weight 1 − λ is missing"),
        (lambda z, s, lamb: (1 - lamb) * invariance(z) + s(z), "weight λ is missing"),
        (mix(spread=lambda z, s: s(z.flatten(0, 1))), "you pooled the views"),
        (mix(spread=lambda z, s: sum(s(view) for view in z)), "summed over the views"),
        (mix(spread=lambda z, s: s(z) / z.shape[1]), "factor N"),
        (mix(lambda z: (z[0] - z[1]).square().mean()), "gap of two views"),
        (mix(lambda z: ((z[0] - z[1]) / 2).square().mean()), "a quarter of their gap"),
        (mix(lambda z: z.var(0).mean()), "divides by V − 1"),
        (mix(lambda z: (z - z.mean(0)).square().sum(0).mean()), "summed over the views"),
        (mix(lambda z: (z - z.mean(0)).square().sum(2).mean()), "over the coordinates"),
        (mix(lambda z: (z - z.mean(0)).square().sum()), "over everything"),
        (mix(lambda z: (z - z.mean(0)).square()), "one number is asked"),
        (mix(lambda z: 0.0), "it should be"),
    ],
)
def test_objective_slips_are_named(slip, reason):
    assert reason in refusal("objective", slip)


def test_views_tested_one_by_one_are_right_too():
    one_by_one = mix(spread=lambda z, s: torch.stack([s(view) for view in z]).mean())
    assert outcome("objective", one_by_one)[0] == "right"


# --- learning rate


def cosine(done):
    return 0.5 * (1.0 + math.cos(math.pi * done))


def rate(rise=lambda s, w: min(1.0, s / w), fall=lambda s, n, w: cosine((s - 1) / n)):
    return lambda s, n, peak, w: peak * rise(s, w) * fall(s, n, w)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (rate(rise=lambda s, w: 1.0), "no warm-up"),
        (rate(rise=lambda s, w: s / w), "beyond 1"),
        (rate(fall=lambda s, n, w: 2.0 * cosine((s - 1) / n)), "½ is missing"),
        (rate(fall=lambda s, n, w: cosine(2 * (s - 1) / n)), "whole cosine"),
        (rate(fall=lambda s, n, w: math.cos(math.pi * (s - 1) / n)), "the 1 is missing"),
        (rate(fall=lambda s, n, w: cosine(s / n)), "step − 1"),
        (rate(fall=lambda s, n, w: cosine(max(0, (s - w) / (n - w)))), "after the warm-up"),
        (rate(fall=lambda s, n, w: cosine(max(0, (s - w - 1) / (n - w)))), "after the warm-up"),
        (rate(fall=lambda s, n, w: 1 - (s - 1) / n), "straight line"),
        (lambda s, n, peak, w: min(1.0, s / w) * cosine((s - 1) / n), "peak is missing"),
        (rate(fall=lambda s, n, w: 1 - cosine((s - 1) / n)), "goes *down*"),
        (lambda *_: 0.01, "at step 20"),
    ],
)
def test_schedule_slips_are_named(slip, reason):
    assert reason in refusal("schedule", slip)


def test_the_librarys_schedule_is_right_too():
    assert outcome("schedule", learning_rate)[0] == "right"


# --- Spearman


def ranks(x):
    return x.argsort().argsort().double()


def pearson(a, b):
    return torch.corrcoef(torch.stack([a, b]))[0, 1]


def squared(x, y):
    return (ranks(x) - ranks(y)).square().sum()


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (pearson, "correlation of the values"),
        (lambda x, y: pearson(x.argsort().double(), y.argsort().double()), "argsort"),
        (lambda x, y: -pearson(ranks(x), ranks(y)), "the sign is wrong"),
        (lambda x, y: 6 * squared(x, y) / (9 * 80), "Subtract it from 1"),
        (lambda x, y: torch.cosine_similarity(ranks(x), ranks(y), dim=0), "subtract the mean"),
        (
            lambda x, y: torch.cosine_similarity(1 + ranks(x), 1 + ranks(y), dim=0),
            "subtract the mean",
        ),
        (lambda x, y: 1 - 6 * squared(x, y) / (81 * 8), "denominator"),
        (lambda x, y: 1 - 6 * (ranks(x) - ranks(y)).abs().sum() / (9 * 80), "*squared*"),
        (lambda x, y: kendalltau(x, y).statistic, "Kendall"),
        (lambda x, y: torch.cov(torch.stack([ranks(x), ranks(y)]))[0, 1], "covariance"),
        (
            lambda x, y: torch.cov(torch.stack([ranks(x), ranks(y)]), correction=0)[0, 1],
            "covariance",
        ),
        (lambda x, y: 0.5, "you give"),
        (lambda x, y: pearson(x.log(), y), "you give"),
    ],
)
def test_spearman_slips_are_named(slip, reason):
    assert reason in refusal("spearman", slip)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, y: spearmanr(x, y).statistic,
        lambda x, y: 1 - 6 * squared(x, y) / (9 * 80),
        lambda x, y: pearson(1 + ranks(x), 1 + ranks(y)),
    ],
)
def test_other_ways_to_spearman_are_right(answer):
    assert outcome("spearman", answer)[0] == "right"


# --- share of the way above chance


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda a, c: a - c, "the difference"),
        (lambda a, c: a / c, "how many times chance"),
        (lambda a, c: (a - c) / c, "not by chance"),
        (lambda a, c: (a - c) / a, "not by the accuracy"),
        (lambda a, c: (1 - a) / (1 - c), "what is missing"),
        (lambda a, c: a / (1 - c), "subtract the chance"),
        (lambda a, c: max(0.0, (a - c) / (1 - c)), "0.1 where chance"),
        (lambda a, c: 0.5, "of the way"),
    ],
)
def test_share_slips_are_named(slip, reason):
    assert reason in refusal("above_chance", slip)


# --- targets


def verdicts(inv=lambda i: i < 0.1, sig=lambda s: 0.5 <= s <= 2, ratio=lambda r: 0.5 <= r <= 2):
    return lambda i, s: (inv(i), sig(s), ratio(i / s))


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (verdicts(ratio=lambda r: r <= 2), "1 : 20"),
        (verdicts(ratio=lambda r: r == 1), "within a factor of 2"),
        (verdicts(ratio=lambda r: 0.5 <= r <= 1.0), "1.7 : 1"),
        (verdicts(sig=lambda s: s <= 2), "lower bound"),
        (verdicts(inv=lambda i: i < 0.5 or i == 1.0), "not below 0.1"),
        (lambda i, s: verdicts()(s, i), "wrong for"),
        (lambda i, s: all(verdicts()(i, s)), "three verdicts"),
        (lambda i, s: verdicts()(i, s)[:2], "three verdicts are asked, got 2"),
        (lambda i, s: (i, s, i / s), "True or False"),
    ],
)
def test_target_slips_are_named(slip, reason):
    assert reason in refusal("targets", slip)


def test_the_librarys_targets_are_right_too():
    def library(agree, spread):
        record = training.TrainRecord(1, 0.0, agree, spread, 1.0, 0.0, 0.02, 1.0)
        return tuple(training.report_targets(record).values())

    assert outcome("targets", library)[0] == "right"


def test_tensors_are_verdicts_too():
    answer = verdicts()
    assert outcome("targets", lambda i, s: torch.tensor(answer(i, s)))[0] == "right"


def test_an_untouched_verdict_among_three_is_not_tried():
    assert outcome("targets", lambda i, s: (i < 0.1, ..., ...))[0] == "not tried"
