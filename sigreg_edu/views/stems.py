"""Convolutions or plain patches before a transformer: what a token sees, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from sigreg_edu.data import ScatteredDigits
from sigreg_edu.data.scattered import place
from sigreg_edu.training.config import load_experiment
from sigreg_edu.training.recorded import RecordedRun, vit_runs
from sigreg_edu.training.vit import STEMS, VisionTransformer, make_vit
from sigreg_edu.views.params import Params, choice, seed, slider

EXPERIMENT = "vit_stem"
RECORDED = load_experiment(EXPERIMENT).config
SIZE, PATCH = 16, RECORDED.model.patch
ALONG = SIZE // PATCH  # tokens along a side

TRAININGS = {"self_supervised": "self-supervised", "supervised": "supervised"}
LOSSES = {"self_supervised": "lejepa", "supervised": "supervised"}

MOVES = np.arange(0.0, 4.5, 0.5)  # pixels, as far as a patch is wide
MOVED_DIGITS = 200
MOVED_SIDE = 0.75  # of the canvas: moved by 4 pixels from edge to edge
ALIKE = 0.15  # similarities that are nowhere further apart are called alike


@dataclass(frozen=True)
class StemsParams(Params):
    """State of the explorer of stems: which token, and which recorded training when."""

    token: int = slider(
        6, 0, ALONG * ALONG - 1, 1, label="token",
        help="0 is top left; the tokens are counted row by row.",
    )  # fmt: skip
    labels: str = choice(
        "self_supervised", TRAININGS, label="training",
        help="LeJEPA sees no label. The supervised network learns from all of them.",
    )  # fmt: skip
    step: int = slider(
        RECORDED.steps, 0, RECORDED.steps, RECORDED.look_every, label="step of training"
    )
    seed: int = seed(label="another digit")


@dataclass(frozen=True)
class Box:
    """Pixels that a token depends on: rows and columns, the end not included."""

    top: int
    bottom: int
    left: int
    right: int

    def __str__(self) -> str:
        return f"{self.bottom - self.top} × {self.right - self.left}"


@dataclass(frozen=True)
class StemsView:
    """What the figure of stems shows.

    Attributes:
        image: a scattered digit, (16, 16) from 0 to 1.
        digit: which it is.
        seen: for each stem what the token depends on.
        moves: how far digits were moved, in pixels, (M,).
        similarity: for each stem, and for ``"pixels"``, the cosine of the tokens of moved digits
            with those of the same digits unmoved, mean over 200 digits, (M,).
        steps: when the recorded runs were looked at, (L,).
        now: the last look at the present step or before, an index.
        knn: for each stem the accuracy in the embedding, (L,).
        other_knn: the same of the other training.
        other: what that is called.
        raw_knn: accuracy among raw pixels.
        device: what the runs were recorded on.
        readout: all that in words.
    """

    image: np.ndarray
    digit: int
    seen: dict[str, Box]
    moves: np.ndarray
    similarity: dict[str, np.ndarray]
    steps: np.ndarray
    now: int
    knn: dict[str, np.ndarray]
    other_knn: dict[str, np.ndarray]
    other: str
    raw_knn: float
    device: str
    readout: str


def stems_view(params: StemsParams) -> StemsView:
    """Look at one token, and at the recorded runs of both stems.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ImportError: scikit-learn, which brings the digits, is not installed.
    """
    runs = {stem: _run(stem, params.labels) for stem in STEMS}
    (other,) = (labels for labels in TRAININGS if labels != params.labels)
    steps = runs["conv"].look_steps
    now = int(np.searchsorted(steps, params.step, side="right")) - 1
    image, digit = _digit(params.seed)
    seen = {stem: _seen(stem, params.token) for stem in STEMS}
    knn = {stem: _knn(run) for stem, run in runs.items()}
    return StemsView(
        image=image,
        digit=digit,
        seen=seen,
        moves=MOVES,
        similarity=similarity_when_moved(),
        steps=steps,
        now=now,
        knn=knn,
        other_knn={stem: _knn(_run(stem, other)) for stem in STEMS},
        other=TRAININGS[other],
        raw_knn=runs["conv"].final["raw_knn"],
        device=runs["conv"].ran_on["device"],
        readout=" ".join([
            _token_in_words(params.token, seen),
            _moves_in_words(similarity_when_moved()),
            _runs_in_words(TRAININGS[params.labels], runs, now),
        ]),
    )  # fmt: skip


@lru_cache(maxsize=len(STEMS) * len(TRAININGS))
def _run(stem: str, labels: str) -> RecordedRun:
    """Return the recorded run of a stem, of the first seed."""
    return next(
        run for run in vit_runs(EXPERIMENT)
        if run.config.model.stem == stem and run.config.loss.name == LOSSES[labels]
    )  # fmt: skip


def _knn(run: RecordedRun) -> np.ndarray:
    return run.measures["embedding"]["knn"]


@lru_cache(maxsize=1)
def _digits() -> ScatteredDigits:
    return ScatteredDigits(SIZE)


def _digit(seed: int) -> tuple[np.ndarray, int]:
    """Draw one of the test digits."""
    data = _digits()
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(len(data.test_indices), (), generator=generator)
    index = data.test_indices[drawn]
    return data.images[index, 0].numpy(), int(data.labels[index])


@lru_cache(maxsize=len(STEMS))
def _untrained(stem: str) -> VisionTransformer:
    """The network of the recorded runs before its first step."""
    mean, std = _digits().pixel_statistics()
    return make_vit(
        RECORDED.model.name, image_size=SIZE, patch=PATCH, stem=stem, mean=mean, std=std
    )


@lru_cache(maxsize=len(STEMS) * ALONG * ALONG)
def _seen(stem: str, token: int) -> Box:
    return receptive_field(_untrained(stem).stem, token)


def receptive_field(stem: nn.Module, token: int) -> Box:
    """Find the pixels that a token depends on: those its gradient reaches.

    Args:
        stem: from images (1, 1, 16, 16) to token maps (1, D, 4, 4).
        token: which one, counted row by row.

    >>> print(receptive_field(make_vit("vit_micro", image_size=16, stem="patch").stem, 5))
    4 × 4
    """
    image = torch.zeros(1, 1, SIZE, SIZE, requires_grad=True)
    tokens = stem(image).flatten(2)  # (1, D, T)
    (gradient,) = torch.autograd.grad(tokens[0, :, token].sum(), image)
    rows, columns = gradient[0, 0].nonzero(as_tuple=True)
    return Box(
        top=int(rows.min()),
        bottom=int(rows.max()) + 1,
        left=int(columns.min()),
        right=int(columns.max()) + 1,
    )


@lru_cache(maxsize=1)
def similarity_when_moved() -> dict[str, np.ndarray]:
    """Return for both stems and for pixels how like itself a digit stays when it moves, (M,) each.

    200 upright digits move to the right. All tokens of a digit make one vector, the mean vector
    of the unmoved digits is taken from it, and the cosine with that of the same digit unmoved is
    formed: 1 is the same direction, 0 is what another digit has on average.
    """
    data = _digits()
    glyphs = data.glyphs[data.train_indices[:MOVED_DIGITS]]
    maps = {"pixels": nn.Identity()}
    for stem in STEMS:
        vit = _untrained(stem)
        maps[stem] = nn.Sequential(vit.standardize, vit.stem)
    with torch.no_grad():
        moved = [_moved(glyphs, float(pixels)) for pixels in MOVES]
        return {name: _cosines([tokens(images) for images in moved])
                for name, tokens in maps.items()}  # fmt: skip


def _moved(glyphs: torch.Tensor, pixels: float) -> torch.Tensor:
    """Place digits (N, 8, 8) so many pixels to the right of the left edge, (N, 1, 16, 16)."""
    count, room = len(glyphs), 1.0 - MOVED_SIDE
    centre = torch.tensor([2.0 * pixels / SIZE - room, 0.0]).expand(count, 2)
    side, upright = torch.full((count,), MOVED_SIDE), torch.zeros(count)
    return place(glyphs, side, upright, centre, size=SIZE)[:, None]


def _cosines(maps: list[torch.Tensor]) -> np.ndarray:
    """Compare token maps (N, D, H, W) of each move with the first, mean over the digits, (M,)."""
    mean = maps[0].mean(dim=0)
    flat = [nn.functional.normalize((tokens - mean).flatten(1), dim=1) for tokens in maps]
    return np.array([(flat[0] * one).sum(dim=1).mean().item() for one in flat])


def _token_in_words(token: int, seen: dict[str, Box]) -> str:
    row, column = divmod(token, ALONG)
    return (
        f"Token {token} (row {row + 1}, column {column + 1}) sees {seen['patch']} pixels as a "
        f"plain patch, and {seen['conv']}, shared with its neighbours, through the convolutions."
    )


def _moves_in_words(similarity: dict[str, np.ndarray]) -> str:
    """Say whether the untrained stems differ when a digit moves."""
    conv, patch, pixels = (similarity[name] for name in ("conv", "patch", "pixels"))
    gaps = conv - patch
    widest = int(np.abs(gaps).argmax())
    one = int(np.searchsorted(MOVES, 1.0))
    if abs(gaps[widest]) <= ALIKE:
        return (
            f"Untrained, both lose a moving digit alike: moved by 1 pixel, {conv[one]:.2f} "
            f"(convolutions), {patch[one]:.2f} (patches) and {pixels[one]:.2f} (pixels) are left, "
            f"and the stems are never more than {abs(gaps[widest]):.2f} apart. So this speaks for "
            "neither stem."
        )
    better = STEMS["conv" if gaps[widest] > 0.0 else "patch"]
    return (
        f"Untrained, {better} keep more of a moving digit: moved by {MOVES[widest]:g} pixels, "
        f"{conv[widest]:.2f} (convolutions) and {patch[widest]:.2f} (patches) are left."
    )


def _runs_in_words(training: str, runs: dict[str, RecordedRun], now: int) -> str:
    """Say what both stems had learnt at a look, and at the end."""
    conv, patch = (100.0 * _knn(runs[stem]) for stem in ("conv", "patch"))
    step, steps = (int(runs["conv"].look_steps[look]) for look in (now, -1))
    raw = 100.0 * runs["conv"].final["raw_knn"]
    end = "" if step == steps else (
        f"; {conv[-1]:.1f} and {patch[-1]:.1f} % after step {steps}"
    )  # fmt: skip
    return (
        f"Step {step}, {training}: kNN {conv[now]:.1f} % with convolutions and {patch[now]:.1f} % "
        f"with plain patches{end} (raw pixels {raw:.1f} %; recorded on "
        f"{runs['conv'].ran_on['device']})."
    )
