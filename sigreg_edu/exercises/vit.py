"""Exercises of notebook 05: patches, attention, objective, schedule, ranks, factors, targets."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from sigreg_edu.exercises.core import (
    Exercise,
    NotTried,
    NotYet,
    call,
    close,
    expect,
    normal,
    number,
    quiz,
    refuse,
    refuse_like,
    tensor,
)
from sigreg_edu.losses import SIGReg, invariance
from sigreg_edu.training.loop import learning_rate


def _refuse_each(got: float, wrong: list[tuple[str, float]]) -> None:
    """As :func:`refuse`, where one reason may stand for several numbers."""
    for reason, value in wrong:
        refuse(got, {reason: value}, rel=1e-6)


# --- patches --------------------------------------------------------------------------------------


def _cut(images: torch.Tensor, p: int) -> torch.Tensor:
    return functional.unfold(images, p, stride=p).transpose(1, 2)  # (N, C·p·p, T) -> (N, T, C·p·p)


def _check_patches(answer: Any) -> str:
    for shape, p in (((2, 3, 8, 12), 4), ((3, 1, 6, 6), 2)):
        images = normal(*shape, seed=sum(shape))
        truth = _cut(images, p)
        result = call(answer, images, p)
        _refuse_shapes(tuple(getattr(result, "shape", ())), truth, images, p)
        got = tensor(result, tuple(truth.shape))
        if not torch.allclose(got, truth):
            refuse_like(got, _wrong_cuts(images, p))
            raise NotYet(
                f"shape {tuple(truth.shape)} is right, some numbers are not where they belong. "
                "Try p = 2 on `torch.arange(16.0).view(1, 1, 4, 4)`: the first patch is 0, 1, 4, 5."
            )
    return "The rest of the stem is one matrix: a convolution with stride p does both at once."


def _refuse_shapes(got: tuple[int, ...], truth: torch.Tensor, images: torch.Tensor, p: int) -> None:
    count, tokens, length = truth.shape
    expect(
        got != (count, length, tokens),
        f"shape {got}: tokens come second, the numbers of a patch last. Swap the two axes.",
    )
    steps = (images.shape[2] - p + 1) * (images.shape[3] - p + 1)
    expect(
        len(got) < 2 or got[1] != steps or steps == tokens,
        f"{steps} patches of an image: yours overlap. Step by p.",
    )


def _wrong_cuts(images: torch.Tensor, p: int) -> dict[str, torch.Tensor]:
    """Typical slips by what to say of them, each in the shape of the right answer."""
    grid = images.unflatten(3, (-1, p)).unflatten(2, (-1, p))  # (N, C, rows, p, columns, p)
    orders = {
        "the numbers of a patch are in the order row, column, channel. Channels come first: all "
        "of one channel, then the next.": (0, 2, 4, 3, 5, 1),
        "the patches go down the columns of the grid. Go along its rows: the second patch lies "
        "right of the first.": (0, 4, 2, 1, 3, 5),
        "inside each patch rows and columns are swapped.": (0, 2, 4, 1, 5, 3),
        "the axes of the grid and of the patch are mixed up: after the split they are (N, C, rows, "
        "p, columns, p). Bring rows and columns side by side.": (0, 2, 1, 3, 4, 5),
    }
    shape = _cut(images, p).shape
    memory = (
        "that cuts the images' memory into equal pieces: a piece is rows of the image, no square. "
        "Split height and width first."
    )
    wrong = {reason: grid.permute(order).reshape(shape) for reason, order in orders.items()}
    return {memory: images.reshape(shape), **wrong}


patches = Exercise(
    _check_patches,
    hints=(
        "Split the height into (H/p, p) and the width into (W/p, p): `unflatten` or `reshape`.",
        "Now (N, C, rows, p, columns, p). `permute` to (N, rows, columns, C, p, p), then flatten.",
        "Or `torch.nn.functional.unfold(images, p, stride=p)`, which gives (N, C·p·p, T).",
    ),
    solution="""
def my_patches(images, p):
    return torch.nn.functional.unfold(images, p, stride=p).transpose(1, 2)
""",
)


# --- attention ------------------------------------------------------------------------------------


def _check_attention(answer: Any) -> str:
    q, k, v = (normal(5, 3, seed=seed) for seed in (1, 2, 3))
    got = tensor(call(answer, q, k, v), (5, 3))
    scores = q @ k.T
    scaled = scores / 3**0.5
    weights = {
        "the √d is missing: divide the scores by it before the softmax.": scores.softmax(1),
        "the √d divides the weights. Divide the scores, before the softmax.": scores.softmax(1)
        / 3**0.5,
        "you divide by d. Divide by its square root.": (scores / 3).softmax(1),
        "you multiply by √d. Divide.": (scores * 3**0.5).softmax(1),
        "d is the width of a query, 3 here; you took the number of tokens.": (
            (scores / 5**0.5).softmax(1)
        ),
        "the softmax is missing: the weights of a token are positive and add up to 1.": scaled,
        "the softmax runs over the tokens that ask. It must run over those that answer, so that "
        "each *row* of weights adds up to 1.": scaled.softmax(0),
        "the softmax runs over the whole matrix. Each row by itself adds up to 1.": (
            scaled.flatten().softmax(0).view(5, 5)
        ),
        "exp alone: divide each row by its sum, so that the weights add up to 1.": scaled.exp(),
        "queries and keys are swapped: row i is what token i asks.": scaled.T.softmax(1),
    }
    wrong = {reason: weight @ v for reason, weight in weights.items()}
    refuse_like(got, wrong)
    truth = functional.scaled_dot_product_attention(q, k, v)
    expect(torch.allclose(got, truth), "shape (5, 3) is right, the values are not.")
    large = tensor(call(answer, 1e4 * q, k, v), (5, 3))
    expect(
        bool(large.isfinite().all()),
        "large scores overflow in `exp`. `softmax` subtracts the largest one first; so should you.",
    )
    return "Each row of weights adds up to 1: every token gets a mixture of all values."


attention = Exercise(
    _check_attention,
    hints=(
        "The scores are `q @ k.T`, (T, T): row i holds how well each token answers token i.",
        "Divide them by √d, d = `q.shape[1]`, and take `.softmax(dim=1)`.",
        "The weights, times `v`, are the answer.",
    ),
    solution="""
def my_attention(q, k, v):
    weights = (q @ k.T / q.shape[1] ** 0.5).softmax(dim=1)
    return weights @ v
""",
)


# --- parameters of a block ------------------------------------------------------------------------


def _check_block_size(answer: Any) -> str:
    for dim in (64, 384):
        square = dim * dim
        got = number(call(answer, dim))
        wrong = {
            "those are the matrices alone. Each linear layer has offsets too, each norm scales "
            "and offsets.": 12 * square,
            "the two norms are missing: each has D scales and D offsets.": 12 * square + 9 * dim,
            "a norm has offsets too, not only scales.": 12 * square + 11 * dim,
            "the offsets of the linear layers are missing.": 12 * square + 4 * dim,
            "that is the attention alone.": 4 * square + 4 * dim,
            "that is the token's network alone.": 8 * square + 5 * dim,
            "the attention's last matrix, D to D, is missing.": 11 * square + 12 * dim,
            "the hidden layer is 4 D wide: both its matrices are 4 D².": 6 * square + 10 * dim,
        }
        refuse(got, wrong, rel=1e-9)
        truth = 12 * square + 13 * dim
        expect(got == truth, f"a block with D = {dim} has {truth} parameters, not {got:.0f}.")
    return "12 D² + 13 D, whatever the number of heads: they share the matrices out."


block_size = Exercise(
    _check_block_size,
    hints=(
        "A linear layer from a to b has a·b + b parameters, a norm of D numbers 2 D.",
        "Linear layers: D → 3 D (queries, keys, values), D → D, D → 4 D, 4 D → D. Two norms.",
        "12 D² in matrices, 9 D in offsets, 4 D in norms.",
    ),
    solution="""
def my_block_size(dim):
    return 12 * dim**2 + 13 * dim
""",
)


# --- the objective --------------------------------------------------------------------------------


def _sigreg(z: torch.Tensor) -> torch.Tensor:
    """SIGReg with the same directions at each call, (…, N, D) -> scalar."""
    return SIGReg(32, seed=0)(z)


def _check_objective(answer: Any) -> str:
    lamb = 0.2
    for views in (3, 2):
        z = normal(views, 20, 4, seed=views) + 0.3
        result = call(answer, z, _sigreg, lamb)
        shape = tuple(getattr(result, "shape", ()))
        expect(shape in ((), (1,)), f"shape {shape}: one number is asked.")
        got = number(result.detach() if isinstance(result, torch.Tensor) else result)
        refuse(got, _wrong_objectives(z, lamb), rel=1e-6)
        truth = (0.8 * invariance(z) + lamb * _sigreg(z)).item()
        expect(close(got, truth), f"for {views} views it should be {truth:.4f}, not {got:.4f}.")
    return "That is the whole of LeJEPA's loss; everything else in the loop is usual."


def _wrong_objectives(z: torch.Tensor, lamb: float) -> dict[str, float]:
    """Typical slips by what to say of them."""
    views, rest = len(z), 1.0 - lamb
    agree, spread = invariance(z).item(), _sigreg(z).item()
    gap, pooled = (z[0] - z[1]).square().mean().item(), _sigreg(z.flatten(0, 1)).item()
    weights = {
        "λ and 1 − λ are swapped: λ weighs SIGReg.": (lamb, rest),
        "the invariance's weight 1 − λ is missing.": (1.0, lamb),
        "SIGReg's weight λ is missing.": (rest, 1.0),
    }
    terms = {
        "you pooled the views into one sample of V·B points. Each view is tested by itself: "
        "`sigreg(z)` takes (V, B, D) and gives the mean over the views.": (agree, pooled),
        "SIGReg is summed over the views. Take the mean.": (agree, views * spread),
        "SIGReg is divided by the batch size. The factor N belongs to it here.": (
            agree,
            spread / z.shape[1],
        ),
        "that is the mean squared gap of two views. Take the distance of each view to their mean; "
        "and there may be more than two.": (gap, spread),
        "that is right for two views, a quarter of their gap. There may be more than two.": (
            gap / 4 if views > 2 else math.nan,
            spread,
        ),
        "`var` divides by V − 1. Take the mean of the squared distances to the views' mean.": (
            agree * views / (views - 1),
            spread,
        ),
        "the invariance is summed over the views. Take the mean.": (agree * views, spread),
        "the invariance is summed over the coordinates. Take the mean over them too.": (
            agree * z.shape[2],
            spread,
        ),
        "the invariance is summed over everything. Take the mean.": (agree * z.numel(), spread),
    }
    return {
        **{reason: a * agree + b * spread for reason, (a, b) in weights.items()},
        **{reason: rest * a + lamb * b for reason, (a, b) in terms.items()},
    }


objective = Exercise(
    _check_objective,
    hints=(
        "`z - z.mean(0)` is how far each view is from the views' mean. Square it, and average.",
        "`sigreg(z)` is one number already, the mean over the views.",
        "Weigh the first by 1 − λ, the second by λ, and add.",
    ),
    solution="""
def my_objective(z, sigreg, lamb):
    invariance = (z - z.mean(0)).square().mean()
    return (1 - lamb) * invariance + lamb * sigreg(z)
""",
)


# --- learning rate --------------------------------------------------------------------------------


def _check_schedule(answer: Any) -> str:
    steps, peak, warmup = 100, 0.01, 30
    for step in (20, 75, 100):
        got = number(call(answer, step, steps, peak, warmup))
        truth = learning_rate(step, steps, peak, warmup)
        _refuse_each(got, _wrong_rates(step, steps, peak, warmup))
        expect(
            close(got, truth, abs=1e-12),
            f"at step {step} of {steps} the rate is {truth:.6f}, not {got:.6f}.",
        )
    return "Slow start, slow end: AdamW's averages are young at first, and the end wants calm."


def _wrong_rates(step: int, steps: int, peak: float, warmup: int) -> list[tuple[str, float]]:
    """Typical slips by what to say of them; only those that make a difference at this step."""
    rise, done = step / warmup, (step - 1) / steps
    top, after = peak * min(1.0, rise), steps - warmup
    late = (
        "your cosine begins after the warm-up. Here it runs from the first step on, and the "
        "warm-up multiplies it."
    )
    wrong = [
        ("that has no warm-up.", peak * _half(done)),
        ("the warm-up goes on beyond 1: cap it.", peak * rise * _half(done)),
        ("the ½ is missing: 1 + cos goes from 2 to 0.", top * 2.0 * _half(done)),
        (
            "that is a whole cosine, which comes back up. Half of one goes over all steps.",
            top * _half(2.0 * done),
        ),
        (
            "the 1 is missing: a cosine alone becomes negative.",
            top * math.cos(math.pi * done),
        ),
        (
            "the first step is where the cosine begins, so it takes step − 1.",
            top * _half(step / steps),
        ),
        (late, top * _half(max(0.0, (step - warmup) / after))),
        (late, top * _half(max(0.0, (step - warmup - 1) / after))),
        ("that is a straight line down. Take half a cosine.", top * (1.0 - done)),
        ("the peak is missing.", top / peak * _half(done)),
        ("half a cosine goes *down*: 1 + cos, not 1 − cos.", top * (1.0 - _half(done))),
    ]
    truth = learning_rate(step, steps, peak, warmup)
    return [(reason, value) for reason, value in wrong if not close(value, truth, rel=1e-5)]


def _half(done: float) -> float:
    """Half a cosine, from 1 at 0 to 0 at 1."""
    return 0.5 * (1.0 + math.cos(math.pi * done))


schedule = Exercise(
    _check_schedule,
    hints=(
        "The warm-up's factor is `min(1, step / warmup)`.",
        "Half a cosine, from 1 to 0: `0.5 * (1 + math.cos(math.pi * done))`, with `done` from 0.",
        "`done` is `(step - 1) / steps`. Multiply peak, warm-up and cosine.",
    ),
    solution="""
import math

def my_rate(step, steps, peak, warmup):
    cosine = 0.5 * (1 + math.cos(math.pi * (step - 1) / steps))
    return peak * min(1, step / warmup) * cosine
""",
)


# --- Spearman -------------------------------------------------------------------------------------


def _correlation(x: torch.Tensor, y: torch.Tensor) -> float:
    return torch.corrcoef(torch.stack([x.double(), y.double()]))[0, 1].item()


def _ranks(x: torch.Tensor) -> torch.Tensor:
    return x.argsort().argsort()


def _check_spearman(answer: Any) -> str:
    x = normal(9, seed=6).mul(2.0).exp()
    y = x.log() + 1.2 * normal(9, seed=7)
    got, truth = number(call(answer, x, y)), _correlation(_ranks(x), _ranks(y))
    _refuse_each(got, _wrong_correlations(x, y))
    expect(close(got, truth), f"for nine pairs with correlation {truth:.3f} you give {got:.3f}.")
    bent = number(call(answer, x, x.exp()))
    expect(close(bent, 1.0), f"y = exp(x) has the order of x: 1, not {bent:.3f}.")
    down = number(call(answer, x, -x))
    expect(close(down, -1.0), f"y = −x has the opposite order: −1, not {down:.3f}.")
    return "Only the order counts, so λ may bend the loss as it likes, as long as it keeps order."


def _wrong_correlations(x: torch.Tensor, y: torch.Tensor) -> list[tuple[str, float]]:
    """Typical slips by what to say of them."""
    a, b, n = _ranks(x).double(), _ranks(y).double(), len(x)
    truth = _correlation(a, b)
    covariance = ((a - a.mean()) * (b - b.mean())).mean().item()
    squares, gaps = (a - b).square().sum().item(), (a - b).abs().sum().item()
    pairs = (torch.sign(x[:, None] - x) * torch.sign(y[:, None] - y)).sum().item()
    centre = "subtract the mean of the ranks before you multiply."
    divide = "that is the covariance of the ranks. Divide by both standard deviations."
    return [
        (
            "that is the correlation of the values. Replace them by their ranks first.",
            _correlation(x, y),
        ),
        (
            "`argsort` says where the smallest is. For the ranks take the argsort of the argsort.",
            _correlation(x.argsort(), y.argsort()),
        ),
        ("the sign is wrong: equal order is +1.", -truth),
        ("that is 1 − ρ. Subtract it from 1.", 1.0 - truth),
        (centre, (a @ b / (a.norm() * b.norm())).item()),
        (centre, ((a + 1) @ (b + 1) / ((a + 1).norm() * (b + 1).norm())).item()),
        ("the denominator is n (n² − 1).", 1.0 - 6.0 * squares / (n * n * (n - 1))),
        ("in that formula *squared* differences are summed.", 1.0 - 6.0 * gaps / (n**3 - n)),
        ("that is Kendall's τ, of pairs in order. Correlate the ranks.", pairs / (n * n - n)),
        (divide, covariance),
        (divide, covariance * n / (n - 1)),
    ]


spearman = Exercise(
    _check_spearman,
    hints=(
        "The rank of each entry: `x.argsort().argsort()`.",
        "Correlate the ranks: centre both, multiply, sum, divide by the product of their norms.",
        "`torch.corrcoef(torch.stack([a, b]))[0, 1]` does that, for floating tensors a and b.",
    ),
    solution="""
def my_spearman(x, y):
    ranks = [v.argsort().argsort().double() for v in (x, y)]
    return torch.corrcoef(torch.stack(ranks))[0, 1]
""",
)


# --- how far above chance -------------------------------------------------------------------------


def _check_above_chance(answer: Any) -> str:
    accuracy, chance = 0.65, 0.25
    got = number(call(answer, accuracy, chance))
    wrong = {
        "that is the difference. How much of the way to 100 % is it?": accuracy - chance,
        "that is how many times chance. A factor with two values can never reach 3.": accuracy
        / chance,
        "divide by the whole way, from chance to 1, not by chance.": (accuracy - chance) / chance,
        "divide by the whole way, from chance to 1, not by the accuracy.": (accuracy - chance)
        / accuracy,
        "that is what is missing. Take what was won.": (1.0 - accuracy) / (1.0 - chance),
        "subtract the chance first.": accuracy / (1.0 - chance),
    }
    refuse(got, wrong)
    truth = (accuracy - chance) / (1.0 - chance)
    expect(close(got, truth), f"0.65 where chance is 0.25 is {truth:.3f} of the way, not {got:.3f}")
    for score, share in ((0.25, 0.0), (1.0, 1.0), (0.1, -0.2)):
        found = number(call(answer, score, chance))
        expect(close(found, share), f"{score} where chance is 0.25 is {share:g}, not {found:.3f}.")
    return "0 at chance, 1 when all is read: now factors with 3 and with 9 values compare."


above_chance = Exercise(
    _check_above_chance,
    hints=(
        "The way from chance to 1 is 1 − chance long. How far along it is the accuracy?",
        "The way behind is accuracy − chance.",
    ),
    solution="""
def my_share(accuracy, chance):
    return (accuracy - chance) / (1 - chance)
""",
)


# --- the report's targets -------------------------------------------------------------------------

_NAMES = ("invariance", "sigreg", "ratio")
_TRIED = {  # (invariance, SIGReg): which targets hold, and what to say where one is got wrong
    (0.05, 1.0): ((True, True, False), "0.05 : 1 is 1 : 20."),
    (1.0, 1.0): ((False, True, True), "An invariance of 1 is not below 0.1."),
    (0.6, 1.0): ((False, True, True), "0.6 : 1 is within a factor of 2 of 1 : 1."),
    (1.7, 1.0): ((False, True, True), "1.7 : 1 is within a factor of 2 of 1 : 1."),
    (0.05, 0.06): ((True, False, True), "SIGReg has a lower bound too, 0.5."),
    (9.0, 3.0): ((False, False, False), "3 is above 2, and the ratio is 3 : 1."),
}


def _check_targets(answer: Any) -> str:
    for (agree, spread), (truth, why) in _TRIED.items():
        got = _verdicts(call(answer, agree, spread))
        wrong = [n for n, said, holds in zip(_NAMES, got, truth, strict=True) if said != holds]
        expect(
            not wrong,
            f"invariance {agree:g}, SIGReg {spread:g}: wrong for {', '.join(wrong)}. {why}",
        )
    invariances = [0.0001 * 1.2**k for k in range(38)]
    all_three = [
        (agree, spread)
        for agree in invariances
        for spread in (0.5, 0.55, 0.7, 1.0, 1.5, 1.99)
        if all(_verdicts(call(answer, agree, spread)))
    ]
    expect(not all_three, f"all three for (invariance, SIGReg) = {all_three[:1]}: how?")
    return "All three at once: never. The first two leave a ratio of at most 0.1 / 0.5 = 1 : 5."


def _verdicts(result: Any) -> tuple[bool, bool, bool]:
    """Three verdicts, of whatever kind they are."""
    try:
        parts = list(result)
        if any(part is ... for part in parts):
            raise NotTried
        values = [number(part) for part in parts]
    except TypeError as error:
        raise NotYet("return three verdicts: `return invariance, sigreg, ratio`.") from error
    expect(len(values) == 3, f"three verdicts are asked, got {len(values)}.")
    expect(all(v in (0.0, 1.0) for v in values), "each of the three is True or False.")
    return values[0] == 1.0, values[1] == 1.0, values[2] == 1.0


targets = Exercise(
    _check_targets,
    hints=(
        "The first two are comparisons: `invariance < 0.1`, `0.5 <= sigreg <= 2`.",
        "Within a factor of 2 of 1 : 1 means that invariance / sigreg lies from 0.5 to 2.",
    ),
    solution="""
def my_targets(invariance, sigreg):
    return invariance < 0.1, 0.5 <= sigreg <= 2, 0.5 <= invariance / sigreg <= 2
""",
)


# --- quiz -----------------------------------------------------------------------------------------

quiz_views = quiz(
    "b",
    {
        "a": "It sees all colours, but the loss asks it to answer alike for all of them.",
        "b": "Ripe and unripe are to land together: the loss asks the encoder to forget it.",
        "c": "More kinds of views ask for more to be forgotten, whether you need it or not.",
        "d": "The probe can read only what the embedding has kept.",
    },
)
quiz_positions = quiz(
    "c",
    {
        "a": "Attention weighs by content. Without positions a token does not say where it is.",
        "b": "The blocks still work on what each token holds; only the places are lost.",
        "c": "Attention and mean do not know an order: a shuffled image is the same to them.",
        "d": "Positions are a few numbers among many: 16 · 64 of 224,384.",
    },
)
quiz_pooled = quiz(
    "a",
    {
        "a": "T carries the factor N, and copies are no new evidence, though they count as such.",
        "b": "If both views have the same shape the sum is about twice as large, not the same.",
        "c": "Pooled, T grows with the number of points: there are twice as many.",
        "d": "SIGReg never looks at pairs; that is the invariance's part.",
    },
)
quiz_collapse = quiz(
    "d",
    {
        "a": "The lowest invariance of all is that of a single point.",
        "b": "A fall below its own start is what training is for; it says nothing of the width.",
        "c": "λ does not repair what is already seen here: what do the std and the rank say?",
        "d": "All images at one point have invariance 0, too. Std tells the two apart at once.",
    },
)
quiz_ranking = quiz(
    "c",
    {
        "a": "Correlation on some runs says nothing of others, least of all of other losses.",
        "b": "α was chosen on the very runs that it is judged by, so it flatters itself.",
        "c": "α was fitted to these runs. Fix it, then try it on runs that it has not seen.",
        "d": "Spearman needs no straight line; order is enough.",
    },
)
quiz_targets = quiz(
    "b",
    {
        "a": "Then SIGReg would leave its own range, or the invariance its own.",
        "b": "Below 0.1 over at least 0.5 is at most 1 : 5. The third target contradicts them.",
        "c": "Nothing is broken: the views agree and the shadows look like Gaussian samples.",
        "d": "The weights make the ratio of the *weighted* terms, which the target does not mean.",
    },
)
quiz_resume = quiz(
    "d",
    {
        "a": "AdamW would begin without its averages, and batches and views would be others.",
        "b": "The batches, views and slices that come next would be others.",
        "c": "Seeds begin the stream again from its start: the first batches would come twice.",
        "d": "Everything that the next step depends on. Then not a bit differs on a CPU.",
    },
)
