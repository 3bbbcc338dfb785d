"""Trainings of notebook 08: the same small network on the digits under each idea of a loss.

All but the last three train :class:`sigreg_edu.training.joint.JointTraining`, and differ in what is
put in the place of SIGReg. The last three train a small convolutional network whose 4 x 4 tokens
are projected one by one, since several levels need tokens; the mean of an image's projections is
what its views agree in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from sigreg_edu.data.digits import digit_views, load_digits
from sigreg_edu.losses import (
    AllDirectionsSIGReg,
    LearnedSliceSIGReg,
    MultiScaleSIGReg,
    SIGReg,
    SliceSchedule,
    WeightedSIGReg,
    invariance,
    token_levels,
)
from sigreg_edu.slicing import worst_direction_test
from sigreg_edu.training.encoder import DIGIT_MEAN, DIGIT_STD, Standardize, embed
from sigreg_edu.training.frontier_tables import Row, TableKind
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.loop import train_encoder
from sigreg_edu.training.measures import measure_points
from sigreg_edu.training.probes import knn_accuracy, linear_probe
from sigreg_edu.training.projector import make_projector
from sigreg_edu.training.seeds import spread_seed

__all__ = [
    "IDEAS",
    "LAMBDAS",
    "MEASURES",
    "METHODS",
    "MOMENTS",
    "SCHEDULES",
    "SEEDS",
    "STEPS",
    "TRAININGS",
    "Method",
    "train",
]

STEPS, SLICES = 200, 64
SEEDS = (0, 1, 2)
LAMBDAS = (0.00075, 0.003, 0.012, 0.05, 0.2)  # the same five for every method
MOMENTS = (0, 25, 50, 100, 200)
#: What is kept of a training's end: accuracies of the embedding; the rest of what the loss sees.
MEASURES = ("knn", "linear", "effective_rank", "sigreg", "worst_effect", "worst_p", "seconds")
TRAININGS = TableKind(
    "frontiers.npz",
    ("method", "lamb", "seed"),
    {"measures": (len(MEASURES),), "knn": (len(MOMENTS),), "sigreg": (len(MOMENTS),)},
)

#: Schedules that cost as much as 64 slices at each step, within one in a hundred.
SCHEDULES: Mapping[str, SliceSchedule] = MappingProxyType(
    {
        "linear": SliceSchedule(0, STEPS - 1, 16, 112, "linear"),
        "geometric": SliceSchedule(0, STEPS - 1, 16, 165),
        "step": SliceSchedule(0, STEPS - 1, 16, 112, "step"),
        "falling": SliceSchedule(0, STEPS - 1, 165, 16),
    }
)


class LossOf(nn.Module):
    """The scalar ``"loss"`` of a loss that returns its parts."""

    def __init__(self, parts: nn.Module) -> None:
        super().__init__()
        self.parts = parts

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.parts(z)["loss"]


@dataclass(frozen=True)
class Method:
    """One way to regularize.

    Attributes:
        label: its name for people.
        idea: a key of :data:`IDEAS`.
        make: from a seed to the regularizer; None for those of tokens.
    """

    label: str
    idea: str
    make: Callable[[int], nn.Module] | None = None


#: What the report suggests, and the method that each idea is compared with.
IDEAS: Mapping[str, str] = MappingProxyType(
    {
        "number of slices": "fixed_64",
        "adaptive schedule": "fixed_64",
        "learned slices": "fixed_64",
        "all directions": "fixed_64",
        "weights and kernels": "fixed_64",
        "several scales": "one_scale",
    }
)


def _fixed(count: int) -> Method:
    return Method(f"{count} slices", "number of slices", lambda seed: SIGReg(count, seed=seed))


def _scheduled(name: str, label: str) -> Method:
    first = SCHEDULES[name].first
    return Method(label, "adaptive schedule", lambda seed: SIGReg(first, seed=seed))


def _learned(share: float, label: str) -> Method:
    return Method(
        label,
        "learned slices",
        lambda seed: LossOf(LearnedSliceSIGReg(SLICES, share=share, seed=seed)),
    )


def _weighted(label: str, **options: object) -> Method:
    return Method(
        label,
        "weights and kernels",
        lambda seed: WeightedSIGReg(SLICES, normalized=True, seed=seed, **options),
    )


#: All methods by name. Weights other than the usual are scaled to its null mean.
METHODS: Mapping[str, Method] = MappingProxyType(
    {
        **{f"fixed_{count}": _fixed(count) for count in (4, 16, 64, 256, 1024)},
        "linear": _scheduled("linear", "16 → 112, linear"),
        "geometric": _scheduled("geometric", "16 → 165, geometric"),
        "step": _scheduled("step", "16, then 112"),
        "falling": _scheduled("falling", "165 → 16, geometric"),
        "learned_25": _learned(0.25, "a quarter learned"),
        "learned_100": _learned(1.0, "all learned"),
        "all_directions": Method(
            "all directions", "all directions", lambda seed: AllDirectionsSIGReg()
        ),
        "t_max_1": _weighted("t up to 1", t_max=1.0),
        "t_max_5": _weighted("t up to 5", t_max=5.0),
        "width_half": _weighted("width ½", width=0.5),
        "width_2": _weighted("width 2, t up to 5", width=2.0, t_max=5.0),
        "uniform": _weighted("uniform up to 3", weight="uniform"),
        "exponential": _weighted("inverse quadratic", weight="exponential", t_max=5.0),
        "cauchy": _weighted("Laplace kernel", weight="cauchy", t_max=5.0),
        "one_scale": Method("images alone", "several scales"),
        "three_scales": Method("three levels, plain means", "several scales"),
        "three_scales_rescaled": Method("three levels, means · √k", "several scales"),
    }
)


def train(method: str, lamb: float, seed: int) -> Row:
    """Train under one method and measure what came out: a row of :data:`TRAININGS`."""
    make = _TokenTraining if METHODS[method].make is None else _PointTraining
    training = make(method, lamb, seed)
    seconds, looks = 0.0, {0: training.embed()}
    for step in range(1, STEPS + 1):
        started = time.perf_counter()
        training.step(step - 1)
        seconds += time.perf_counter() - started
        if step in MOMENTS:
            looks[step] = training.embed()
    return _measured(looks, seconds, seed)


def _measured(looks: Mapping[int, tuple[torch.Tensor, torch.Tensor]], seconds: float, seed: int):
    digits = load_digits()
    train_rows, test_rows = digits.train_indices, digits.test_indices
    of_embedding = [
        knn_accuracy(z[train_rows], digits.train_labels, z[test_rows], digits.test_labels)
        for z, _ in looks.values()
    ]
    of_projection = [
        measure_points(p, digits.labels, train_rows, test_rows) for _, p in looks.values()
    ]
    embedding, projection = looks[STEPS]
    worst = worst_direction_test(projection, num_starts=64, num_steps=40, seed=seed)
    linear = linear_probe(
        embedding[train_rows], digits.train_labels, embedding[test_rows], digits.test_labels
    )
    end = of_projection[-1]
    measures = (of_embedding[-1], linear, end.effective_rank, end.sigreg)
    return {
        "measures": np.array([*measures, worst.effect, worst.p_value, seconds]),
        "knn": np.array(of_embedding),
        "sigreg": np.array([one.sigreg for one in of_projection]),
    }


class _PointTraining:
    """A :class:`JointTraining` with another regularizer in it."""

    def __init__(self, method: str, lamb: float, seed: int) -> None:
        self.schedule = SCHEDULES.get(method)
        self.training = JointTraining("lejepa", lamb=lamb, steps=STEPS, seed=seed)
        self.regularizer = METHODS[method].make(spread_seed(seed).slices)
        self.training.regularizer.sigreg = self.regularizer

    def step(self, number: int) -> None:
        if self.schedule is not None:
            self.regularizer.num_slices = self.schedule(number)
        self.training.step()

    def embed(self) -> tuple[torch.Tensor, torch.Tensor]:
        return self.training.embed("embedding"), self.training.embed("projection")


class _TokenTraining:
    """A network of tokens: 4 x 4 of them, each projected, with SIGReg of one level or of three."""

    def __init__(self, method: str, lamb: float, seed: int) -> None:
        self.digits, seeds = load_digits(), spread_seed(seed)
        self.rescaled, self.one = method == "three_scales_rescaled", method == "one_scale"
        self.loss = MultiScaleSIGReg(
            (32, 32, SLICES),
            # T grows with the number of points: 16 and 4 times as many patches and quadrants.
            (0.0, 0.0, 1.0) if self.one else (1 / 48, 1 / 12, 1 / 3),
            seed=seeds.slices,
        )
        self.backbone = _token_network(seeds.encoder)
        self.projector = make_projector(32, 16, seed=seeds.projector)
        self.training = train_encoder(
            self.digits.train_images,
            encoder=nn.Sequential(self.backbone, _PerToken(self.projector)),
            make_views=digit_views,
            regularizer=self._regularizer,
            lamb=lamb,
            steps=STEPS,
            batch_size=128,
            lr=0.003,
            seed=seeds.batches,
            agreement=lambda z, views: invariance(self._image(z)),
        )

    def step(self, number: int) -> None:
        del number  # the batches come one after the other
        next(self.training)

    def embed(self) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = embed(self.backbone, self.digits.images)  # (N, 16 · 32)
        network = nn.Sequential(self.backbone, _PerToken(self.projector))
        return _tokens(tokens).mean(-2), self._image(embed(network, self.digits.images))

    def _image(self, z: torch.Tensor) -> torch.Tensor:
        """An image's projection: the mean of its tokens', (..., 16 D) to (..., D)."""
        return _tokens(z).mean(-2) * (4.0 if self.rescaled else 1.0)

    def _regularizer(self, z: torch.Tensor) -> torch.Tensor:
        values = []
        for view in _tokens(z):  # (B, 16, D)
            levels = token_levels(view, rescaled=self.rescaled)
            values.append(self.loss(levels)["loss"])
        return torch.stack(values).mean()


def _tokens(z: torch.Tensor) -> torch.Tensor:
    """(..., 16 D) to (..., 16, D)."""
    return z.unflatten(-1, (16, -1))


class _PerToken(nn.Module):
    """A module of points (N, D), applied to each of 16 tokens in a row: (N, 16 D) to (N, 16 E)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.module(_tokens(z).flatten(0, 1)).unflatten(0, (len(z), 16)).flatten(1)


def _token_network(seed: int) -> nn.Sequential:
    """Three convolutions from digits (N, 8, 8) to 4 x 4 tokens of 32 numbers, (N, 512)."""
    generator = torch.Generator().manual_seed(seed)
    return nn.Sequential(
        Standardize(DIGIT_MEAN, DIGIT_STD),
        nn.Unflatten(1, (1, 8)),  # (N, 8, 8) -> (N, 1, 8, 8)
        _convolution(1, 32, 3, generator),
        nn.GELU(),
        _convolution(32, 64, 3, generator, stride=2),
        nn.GELU(),
        _convolution(64, 32, 1, generator),
        nn.Flatten(2),  # (N, 32, 16)
        _Transpose(),
        nn.Flatten(1),  # (N, 16 · 32)
    )


class _Transpose(nn.Module):
    """(N, D, P) to (N, P, D)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mT


def _convolution(
    inputs: int, outputs: int, size: int, generator: torch.Generator, *, stride: int = 1
) -> nn.Conv2d:
    """A convolution whose first weights come from ``generator`` alone."""
    layer = nn.utils.skip_init(nn.Conv2d, inputs, outputs, size, stride=stride, padding=size // 2)
    std = (2.0 / (inputs * size * size)) ** 0.5
    nn.init.normal_(layer.weight, std=std, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer
