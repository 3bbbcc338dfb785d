"""Notebook 08's checkers: right answers pass, each typical slip is told by name."""

from __future__ import annotations

import math

import pytest
import torch

from sigreg_edu.exercises import frontiers as exercises
from sigreg_edu.slicing import cramer_wold_statistic, find_worst_directions, uniform_directions
from sigreg_edu.statistics import epps_pulley_quadrature, null_distribution, quadrature_rule


def outcome(name: str, answer) -> tuple[str, str]:
    found = getattr(exercises, name).check(answer)
    return found.status, found.message


def refusal(name: str, answer) -> str:
    status, message = outcome(name, answer)
    assert status == "not yet", message
    return message


# --- equal cost


def growing(first, last, steps):
    return [first * (last / first) ** (s / (steps - 1)) for s in range(steps)]


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda a, b, n: (a * b) ** 0.5, "halfway"),
        (lambda a, b, n: (a + b) / 2, "straight line"),
        (lambda a, b, n: sum(growing(a, b, n)), "Divide by their number"),
        (lambda a, b, n: sum(a * (b / a) ** (s / n) for s in range(n)) / n, "reaches 1"),
        (lambda a, b, n: sum(growing(a, b, n)) / (n - 1), "one less"),
        (lambda a, b, n: (b - a) / math.log(b / a), "integral"),
        (lambda a, b, n: 100.0, "slices, not 100.0"),
    ],
)
def test_equal_cost_slips_are_named(slip, reason):
    assert reason in refusal("equal_cost", slip)


def test_slices_in_whole_numbers_cost_nearly_the_same_but_not_quite():
    """The numbers of the check are 64, 128, ... and powers of √2: rounding moves them by 1e-3."""

    def rounded(a, b, n):
        return torch.tensor(growing(a, b, n)).round().mean()

    assert outcome("equal_cost", lambda a, b, n: sum(growing(a, b, n)) / n)[0] == "right"
    assert outcome("equal_cost", rounded)[0] == "right"


# --- one step uphill


def tangent(a, g):
    return g - torch.dot(g, a) * a


def unit(v):
    return v / v.norm()


def circle(a, t, h):
    return math.cos(h) * a + math.sin(h) * t


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda a, g, h: circle(a, -unit(tangent(a, g)), h), "downhill"),
        (lambda a, g, h: circle(a, tangent(a, g), h), "length 1 before"),
        (lambda a, g, h: a + h * g, "leaves the sphere"),
        (lambda a, g, h: circle(a, unit(g), h), "points out of the sphere"),
        (lambda a, g, h: unit(circle(a, unit(g), h)), "does not repair the angle"),
        (lambda a, g, h: unit(a + h * g), "climbs too"),
        (lambda a, g, h: a + h * unit(tangent(a, g)), "straight step"),
        (lambda a, g, h: unit(a + h * unit(tangent(a, g))), "arctan h"),
        (lambda a, g, h: math.sin(h) * a + math.cos(h) * unit(tangent(a, g)), "swapped"),
        (lambda a, g, h: unit(tangent(a, g)), "the step is missing"),
        (lambda a, g, h: 2 * circle(a, unit(tangent(a, g)), h), "2.000 long"),
        (lambda a, g, h: circle(a, unit(tangent(a, g)), 2 * h), "you turn by 1.400"),
        (lambda a, g, h: circle(a, unit(tangent(a, g.flip(0))), h), "not that on which"),
        (lambda a, g, h: a[:2], "expected shape (3,)"),
    ],
)
def test_ascent_slips_are_named(slip, reason):
    assert reason in refusal("ascent", slip)


def test_the_step_that_is_asked_raises_the_statistic():
    z = torch.randn(400, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    z[:, 0] = z[:, 0].sign()
    a = uniform_directions(5, 1, seed=0, dtype=torch.float64)[:, 0].requires_grad_()
    height = epps_pulley_quadrature(z @ a)
    (gradient,) = torch.autograd.grad(height, a)
    namespace = {"torch": torch}
    exec(exercises.ascent.solution_code, namespace)
    higher = epps_pulley_quadrature(z @ namespace["my_step"](a.detach(), gradient, 0.01))
    assert higher > height
    # First order: the rise is h times the length of the tangent; the rest is of order h².
    rise = 0.01 * tangent(a.detach(), gradient).norm()
    assert (higher - height).item() == pytest.approx(rise.item(), rel=0.1)


# --- the split test


def halves(z):
    return z.tensor_split(2)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda z, search, T: T(z @ search(z)), "of the 40 tested points were searched"),
        (
            lambda z, search, T: T(halves(z)[0] @ search(halves(z)[0])),
            "tested points were searched",
        ),
        (lambda z, search, T: T(halves(z)[1] @ search(z)), "tested points were searched"),
        (lambda z, search, T: T(z @ search(halves(z)[0])), "tested points were searched"),
        (lambda z, search, T: T(z[1:] @ search(z[:1])), "Cut near the middle"),
        (lambda z, search, T: T(halves(z)[1] @ torch.ones(3).to(z)), "no shadow of z"),
        (lambda z, search, T: T(2 * halves(z)[1] @ search(halves(z)[0])), "no shadow of z"),
        (lambda z, search, T: T(halves(z)[1] * search(halves(z)[0])), "one shadow (n,)"),
        (lambda z, search, T: T(search(halves(z)[0])), "no shadow of z"),
        (lambda z, search, T: T(halves(z)[1] @ search(z.T)), "`search` takes points"),
        (lambda z, search, T: T(halves(z)[1] @ search(z[:20] - z.mean(0))), "no rows of z"),
        (lambda z, search, T: 2 * T(halves(z)[1] @ search(halves(z)[0])), "no call of `T` gave"),
        (lambda z, search, T: 1.0, "never called `search`"),
        (lambda z, search, T: search(z)[0], "never called `T`"),
        (lambda z, search, T: search(halves(z)[0]), "expected one number"),
    ],
)
def test_split_slips_are_named(slip, reason):
    assert reason in refusal("split_test", slip)


@pytest.mark.parametrize(
    "answer",
    [
        lambda z, search, T: T(z[1::2] @ search(z[::2])),
        lambda z, search, T: T(halves(z)[0] @ search(halves(z)[1])).item(),
    ],
)
def test_other_ways_to_split_are_right(answer):
    assert outcome("split_test", answer)[0] == "right"


def test_shuffled_halves_are_right():
    def shuffled(z, search, T):
        order = torch.randperm(len(z), generator=torch.Generator().manual_seed(0))
        one, other = z[order].tensor_split(2)
        return T(other @ search(one))

    assert outcome("split_test", shuffled)[0] == "right"


def test_a_search_finds_in_noise_what_the_tested_half_denies():
    """The claim that the exercise teaches, with the library's own search."""
    namespace = {"torch": torch}
    exec(exercises.split_test.solution_code, namespace)
    z = torch.randn(400, 16, generator=torch.Generator().manual_seed(3))
    options = {"num_starts": 32, "num_steps": 40}
    searched = find_worst_directions(z, **options)[1][0]
    tested = namespace["my_split_test"](
        z, lambda points: find_worst_directions(points, **options)[0][:, 0], epps_pulley_quadrature
    )
    limit = float(null_distribution().quantile(0.95))
    assert searched > 2 * limit
    assert tested < limit


# --- the null mean


def gaps(t):
    return 1 - torch.exp(-(t**2))


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda t, w: w @ (1 - torch.exp(-(t**2) / 2)), "twice the exponent"),
        (lambda t, w: w @ torch.exp(-(t**2)), "φ² alone"),
        (lambda t, w: w @ (1 - torch.exp(-(t**2) / 2)) ** 2, "(1 − φ)²"),
        (lambda t, w: w.sum(), "sum of the weights"),
        (lambda t, w: gaps(t).sum(), "weights are missing"),
        (lambda t, w: gaps(t).mean(), "a mean is no integral"),
        (lambda t, w: (w * gaps(t)).mean(), "mean over the knots"),
        (lambda t, w: w @ gaps(t) / w.sum(), "does not divide"),
        (lambda t, w: 2 * w @ gaps(t), "Do not double"),
        (lambda t, w: (w * torch.exp(-(t**2) / 2)) @ gaps(t), "in the weights already"),
        (lambda t, w: w @ gaps(t).sqrt(), "no root"),
        (lambda t, w: 1.0525, "it should be"),
        (lambda t, w: w * gaps(t), "expected one number"),
    ],
)
def test_null_mean_slips_are_named(slip, reason):
    assert reason in refusal("null_mean", slip)


@pytest.mark.parametrize("t_max", [1.0, 3.0, 5.0])
def test_the_null_mean_asked_for_is_that_of_the_null_law(t_max):
    knots, weights = quadrature_rule(17, t_max)
    # The law's mean is the sum of its eigenvalues, of which those below 1e-15 are left out.
    assert (weights @ gaps(knots)).item() == pytest.approx(
        null_distribution(t_max=t_max).mean, rel=1e-9
    )


# --- all directions of the plane


def around(turn, count, last=False):
    """T averaged over ``count`` angles of a turn."""

    def answer(z, T):
        angles = torch.linspace(0, turn, count + (not last), dtype=torch.float64)[:count]
        return sum(T(z @ torch.stack([a.cos(), a.sin()])) for a in angles) / count

    return answer


def at_random(seeds):
    def answer(z, T):
        directions = uniform_directions(2, 50, seed=next(seeds), dtype=torch.float64)
        return T((z @ directions).T).mean()

    return answer


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (around(math.pi / 2, 500), "a quarter of a turn"),
        (around(math.pi / 2, 2, last=True), "the two axes"),
        (around(180.0, 180), "radians"),
        (lambda z, T: math.pi * around(math.pi, 64)(z, T), "Divide by π"),
        (lambda z, T: 2 * math.pi * around(math.pi, 64)(z, T), "Divide by 2π"),
        (around(math.pi, 20, last=True), "count it twice"),
        (at_random(iter(range(10))), "at random"),
        (at_random(iter([5] * 10)), "evenly spaced"),
        (lambda z, T: T(z), "expected one number"),
    ],
)
def test_circle_slips_are_named(slip, reason):
    assert reason in refusal("circle", slip)


def test_a_mean_weighed_by_the_sine_is_named():
    def spherical(z, T):
        angles = torch.arange(500) * (math.pi / 500)
        return sum(T(z @ torch.stack([a.cos(), a.sin()]).double()) * a.sin() for a in angles) / 500

    assert "three dimensions" in refusal("circle", spherical)


@pytest.mark.parametrize("answer", [around(math.pi, 32), around(2 * math.pi, 64)])
def test_half_a_turn_and_a_whole_one_are_right(answer):
    assert outcome("circle", answer)[0] == "right"


def test_the_exact_statistic_is_right_too():
    assert outcome("circle", lambda z, T: cramer_wold_statistic(z))[0] == "right"


# --- levels


def squares(tokens):
    return tokens.unflatten(1, (2, 2, 2, 2)).mean((2, 4)).flatten(0, 2)


def hierarchy(patches=None, quadrants=squares, images=None):
    return lambda t: (
        (patches or (lambda u: u.flatten(0, 1)))(t),
        quadrants(t),
        (images or (lambda u: u.mean(1)))(t),
    )


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (hierarchy(quadrants=lambda t: t.unflatten(1, (4, 4)).mean(2).flatten(0, 1)), "a row"),
        (hierarchy(quadrants=lambda t: t.unflatten(1, (4, 4)).mean(1).flatten(0, 1)), "a column"),
        (
            hierarchy(quadrants=lambda t: t.unflatten(1, (2, 2, 2, 2)).mean((1, 3)).flatten(0, 2)),
            "two apart",
        ),
        (hierarchy(quadrants=lambda t: 4 * squares(t)), "not their sum"),
        (hierarchy(images=lambda t: t.sum(1)), "not their sum"),
        (hierarchy(patches=lambda t: t), "for views"),
        (hierarchy(quadrants=lambda t: squares(t).unflatten(0, (3, 4))), "for views"),
        (hierarchy(images=lambda t: t.mean(0)), "the images should have shape (3, 5)"),
        (hierarchy(quadrants=lambda t: squares(t) + 1), "not the right numbers"),
        (lambda t: hierarchy()(t)[:2], "three tensors"),
        (lambda t: t.mean(1), "three tensors"),
    ],
)
def test_level_slips_are_named(slip, reason):
    assert reason in refusal("levels", slip)


def test_the_order_of_a_sample_does_not_matter():
    assert outcome("levels", hierarchy(quadrants=lambda t: squares(t).flip(0)))[0] == "right"


def test_quadrants_by_pooling_are_right_too():
    def pooled(tokens):
        grid = tokens.transpose(1, 2).unflatten(2, (4, 4))  # (B, D, 4, 4)
        return torch.nn.functional.avg_pool2d(grid, 2).flatten(2).transpose(1, 2).flatten(0, 1)

    assert outcome("levels", hierarchy(quadrants=pooled))[0] == "right"


# --- the exponent


def slope(x, y):
    x, y = x - x.mean(), y - y.mean()
    return (x @ y) / (x @ x)


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda d, n: slope(d, n), "without logarithms"),
        (lambda d, n: slope(d, n.log()), "e^(αD)"),
        (lambda d, n: slope(d.log(), n), "logarithm of both"),
        (lambda d, n: slope(n.log(), d.log()), "swapped"),
        (lambda d, n: (d.log() @ n.log()) / (d.log() @ d.log()), "origin"),
        (lambda d, n: (n[-1] / n[0]).log() / (d[-1] / d[0]).log(), "the last alone"),
        (lambda d, n: (n.log().diff() / d.log().diff()).mean(), "between neighbours"),
        (lambda d, n: torch.corrcoef(torch.stack([d.log(), n.log()]))[0, 1], "correlation"),
        (lambda d, n: 2.0, "N = 30 D^2"),
    ],
)
def test_exponent_slips_are_named(slip, reason):
    assert reason in refusal("exponent", slip)


def test_logarithms_to_another_base_are_right_too():
    assert outcome("exponent", lambda d, n: slope(d.log10(), n.log10()))[0] == "right"


# --- verdict


def judge(error, limit=2.0):
    def answer(new, old):
        gain = new.mean() - old.mean()
        if abs(gain) <= limit * error(new, old):
            return "no difference"
        return "helps" if gain > 0 else "harms"

    return answer


def usual(new, old):
    return (new.var() / len(new) + old.var() / len(old)).sqrt()


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        (lambda new, old: "helps" if new.mean() > old.mean() else "harms", "spread five"),
        (judge(usual, 1.0), "1.5 standard errors"),
        (
            judge(lambda n, o: ((n.var(correction=0) + o.var(correction=0)) / len(n)).sqrt()),
            "n − 1",
        ),
        (judge(lambda n, o: (n.var() / len(n)).sqrt()), "1.5 standard errors"),
        (judge(lambda n, o: (n.var() + o.var()).sqrt()), "divide the variances by 3"),
        (judge(lambda n, o: (n.std() + o.std()) / 2), "divide the variances by 3"),
        (judge(lambda n, o: ((n.var() + o.var()) / 3).sqrt()), "nine seeds"),
        (lambda new, old: judge(usual)(old, new), "ten points apart"),
        (lambda new, old: True, 'return "helps"'),
    ],
)
def test_verdict_slips_are_named(slip, reason):
    assert reason in refusal("verdict", slip)


def test_the_usual_rule_is_right():
    assert outcome("verdict", judge(usual))[0] == "right"
