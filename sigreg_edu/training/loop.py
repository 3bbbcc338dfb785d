"""Self-supervised training, one record a step: two views in, agree, but do not all say the same.

The objective is LeJEPA's, (1 − λ) · invariance + λ · SIGReg (Balestriero & LeCun 2025,
arXiv:2511.08544). With λ = 0 nothing forbids the easiest way to agree, one answer for all images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from sigreg_edu.checks import require_integer, require_number, require_positive
from sigreg_edu.losses import invariance
from sigreg_edu.losses.inputs import only_to_watch, weighted_sum
from sigreg_edu.training.encoder import require_fits

WARMUP_STEPS = 20

MakeViews = Callable[..., torch.Tensor]
Regularizer = Callable[[torch.Tensor], torch.Tensor]
Agreement = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class StepRecord:
    """What one step measured on its batch, before the weights moved.

    Attributes:
        step: from 1 to the number of steps.
        loss: (1 − λ) · invariance + λ · regularizer.
        invariance: how far the views of an image lie from their mean, or from what ``agreement``
            compares them with.
        regularizer: the regularizer's value, whether or not λ lets it count.
        smallest_std: standard deviation of the narrowest coordinate, over all views.
        learning_rate: of this step.
    """

    step: int
    loss: float
    invariance: float
    regularizer: float
    smallest_std: float
    learning_rate: float


def train_encoder(
    images: torch.Tensor,
    *,
    encoder: nn.Module,
    make_views: MakeViews,
    regularizer: Regularizer,
    lamb: float | Callable[[int], float],
    steps: int,
    batch_size: int,
    lr: float,
    seed: int,
    num_views: int = 2,
    agreement: Agreement | None = None,
) -> Iterator[StepRecord]:
    """Train ``encoder`` in place, yielding a record after every step; stop whenever you like.

    Arguments are checked at the call, the first step is taken when the first record is asked for.

    Args:
        images: (N, H, W) of the encoder's dtype and size, on its device; N at least 2.
        encoder: module from images (B, H, W) to embeddings (B, D).
        make_views: ``make_views(images, num_views, generator=…)`` from (B, H, W) to
            (V, B, H, W), such as :func:`sigreg_edu.data.digit_views`.
        regularizer: from embeddings of the views (V, B, D) to a scalar, such as
            :class:`sigreg_edu.losses.SIGReg`, which brings its own generator.
        lamb: λ, from 0 (no regularizer) to 1 (nothing else); or a function from the number of a
            step to its λ, asked just before that step.
        steps: number of updates.
        batch_size: B, images in a step; at most N.
        lr: learning rate that a cosine takes from here down to 0 over all steps. A straight
            warm-up multiplies its first 20 steps, so the rate itself stays somewhat below ``lr``.
        seed: of the batches and the views.
        num_views: V, views of each image; at least 2.
        agreement: from the embeddings (V, B, D) and the views (V, B, H, W) to a scalar that takes
            the place of the invariance: what each view is asked to agree with. See
            :mod:`sigreg_edu.training.targets`.

    Returns:
        Iterator over :class:`StepRecord`.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.
        FloatingPointError: the loss is no longer finite.

    >>> from sigreg_edu.data import digit_views, load_digits
    >>> from sigreg_edu.losses import SIGReg
    >>> from sigreg_edu.training import small_encoder
    >>> records = train_encoder(load_digits().train_images, encoder=small_encoder(),
    ...                 make_views=digit_views, regularizer=SIGReg(num_slices=16, seed=0),
    ...                 lamb=0.01, steps=3, batch_size=64, lr=0.01, seed=0)
    >>> [record.step for record in records]
    [1, 2, 3]
    """
    require_fits(encoder, images, minimum=2)
    lamb_of = lamb if callable(lamb) else _constant(_require_lamb(lamb))
    steps = require_integer(steps, "steps")
    batch_size = require_integer(batch_size, "batch_size", minimum=2)
    if batch_size > len(images):
        raise ValueError(f"batch_size must be at most {len(images)} images, got {batch_size}.")
    num_views = require_integer(num_views, "num_views", minimum=2)
    lr = require_positive(lr, "lr")
    seed = require_integer(seed, "seed", minimum=0)
    generator = torch.Generator(images.device).manual_seed(seed)

    def batches() -> Iterator[torch.Tensor]:
        """Views of a fresh random batch each step, (V, B, H, W)."""
        for _ in range(steps):
            order = torch.randperm(len(images), generator=generator, device=images.device)
            yield make_views(images[order[:batch_size]], num_views, generator=generator)

    rates = [learning_rate(step, steps, lr) for step in range(1, steps + 1)]
    return _updates(
        batches(),
        rates,
        encoder=encoder,
        regularizer=regularizer,
        lamb_of=lamb_of,
        agreement=agreement or (lambda z, views: invariance(z)),
    )


def _updates(
    batches: Iterator[torch.Tensor],
    rates: list[float],
    *,
    encoder: nn.Module,
    regularizer: Regularizer,
    lamb_of: Callable[[int], float],
    agreement: Agreement,
) -> Iterator[StepRecord]:
    """The loop itself: embed the views, compare them, look at the cloud, move the weights."""
    optimizer = torch.optim.Adam(encoder.parameters())
    encoder.train()
    for step, (views, rate) in enumerate(zip(batches, rates, strict=True), start=1):
        z = encoder(views.flatten(0, 1)).unflatten(0, views.shape[:2])  # (V·B, H, W) -> (V, B, D)

        lamb = _require_lamb(lamb_of(step))
        disagreement = agreement(z, views)
        spread = only_to_watch(lamb == 0.0, regularizer, z)
        loss = weighted_sum((1.0 - lamb, disagreement), (lamb, spread))
        if not loss.isfinite():
            raise FloatingPointError(
                f"the loss is {loss.item()} at step {step}. Try a lower lr (now {rate:.3g}), "
                "and look for NaN in the images."
            )

        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

        width = z.detach().flatten(0, 1).std(dim=0).min()
        yield StepRecord(step, loss.item(), disagreement.item(), spread.item(), width.item(), rate)


def _require_lamb(lamb: float) -> float:
    return require_number(lamb, "lamb", minimum=0.0, maximum=1.0)


def _constant(lamb: float) -> Callable[[int], float]:
    return lambda step: lamb


def learning_rate(step: int, steps: int, peak: float, warmup: int = WARMUP_STEPS) -> float:
    """Half a cosine from ``peak`` to (almost) nothing over all steps, times a straight warm-up.

    The cosine runs during the warm-up too, so the highest rate is a little below ``peak``, and far
    below it if there are hardly more steps than those of the warm-up.
    """
    return (
        peak
        * min(1.0, step / max(warmup, 1))
        * 0.5
        * (1.0 + math.cos(math.pi * (step - 1) / steps))
    )
