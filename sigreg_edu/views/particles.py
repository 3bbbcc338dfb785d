"""Particles: what a loss does to a free cloud, step by step, and what it cannot see."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from sigreg_edu.training import principal_deviations
from sigreg_edu.views.embedding import small_number
from sigreg_edu.views.flow import (
    BY_KNOTS,
    CLOUDS,
    EPS,
    LAST_STEP,
    LOSSES,
    SLICED,
    Flow,
    Setup,
    flow_of,
    labels_of,
)
from sigreg_edu.views.many_shadows import null_mean_and_95, short, statistics_along
from sigreg_edu.views.params import Params, choice, moment, power_slider, seed, slider
from sigreg_edu.views.sample import Histogram, histogram

QUICK = {"exact": 2}  # steps that are computed before the first answer …
QUICK_ELSE = 4
CHUNK = {"exact": 4}  # … and then at a time
CHUNK_ELSE = 24
TURNED = np.arange(0, 181, 5)  # degrees at which T is drawn
NUM_ARROWS = 60
LEAST_TOLD = 1e-6  # of a loss in words; what is smaller is rounding


@dataclass(frozen=True)
class ParticlesParams(Params):
    """State of the particles explorer: a flow, the moment looked at, and the direction."""

    cloud: str = choice("two_moons", CLOUDS, label="cloud at step 0")
    loss: str = choice("fresh", LOSSES, label="loss")
    step: int = moment(0, LAST_STEP, label="step")
    num_slices: int = power_slider(16, 1, 256, label="slices M")
    angle: int = slider(30, 0, 180, 1, label="direction (degrees)")
    step_size: float = slider(1.0, 0.1, 3.0, 0.1, label="step size h")
    num_knots: int = slider(17, 3, 33, 1, label="knots")
    t_max: float = slider(3.0, 0.5, 6.0, 0.1, label="last knot t_max")
    turn: int = slider(30, 0, 180, 1, label="turn (3 axes)", help="Walk round a cloud in space.")
    seed: int = seed()

    def idle(self) -> frozenset[str]:
        flat = set() if self.cloud == "digits_3d" else {"turn"}
        slices = set() if self.loss in SLICED else {"num_slices"}
        knots = set() if self.loss in BY_KNOTS else {"num_knots", "t_max"}
        still = {"step_size"} if self.cloud == "point" else set()
        return frozenset(flat | slices | knots | still)

    def setup(self) -> Setup:
        """Return what decides the flow."""
        names = ("cloud", "loss", "num_slices", "num_knots", "t_max", "step_size", "seed")
        return Setup(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True)
class ParticlesView:
    """What the particles figure shows.

    Attributes:
        step: the step shown; below the one asked for while that is still being computed.
        points: the cloud, seen flat, shape (N, 2).
        labels: the digit of each point, shape (N,), or None.
        moves: for some points where the next step takes them, from … to, shape (A, 2, 2).
        slices: the directions that this step looks along, as far as they are drawn, seen flat,
            shape (S, 2).
        slice_angles: degrees of the slices, shape (S,); NaN for one seen in space.
        direction: the direction looked along, seen flat, shape (2,).
        angle: its degrees.
        shadow: histogram of the cloud along it.
        as_the_loss_sees: the same shadow as the loss sees it, where that is something else:
            standardized; else None.
        along: T of that shadow.
        turned, turned_statistics: degrees (K,) and T of the shadow at each.
        steps: the steps known so far, 0 … , shape (S,).
        losses: the loss of each by its own measure, (S,).
        everywhere: T of each, mean over all directions, (S,).
        loss: which loss, a key of ``LOSSES``.
        readout: all that in words.
    """

    step: int
    points: np.ndarray
    labels: np.ndarray | None
    moves: np.ndarray
    slices: np.ndarray
    slice_angles: np.ndarray
    direction: np.ndarray
    angle: int
    shadow: Histogram
    as_the_loss_sees: Histogram | None
    along: float
    turned: np.ndarray
    turned_statistics: np.ndarray
    steps: np.ndarray
    losses: np.ndarray
    everywhere: np.ndarray
    loss: str
    readout: str


def particles_view(params: ParticlesParams) -> ParticlesView:
    """Show the step asked for, or how far its flow has come."""
    flow = flow_of(params.setup())
    quick = QUICK.get(params.loss, QUICK_ELSE)
    flow.extend(min(params.step + 2, len(flow) + quick))
    return _look(params, flow)


def refine_particles(params: ParticlesParams) -> Iterator[ParticlesView]:
    """Let the flow go on until the step asked for is known."""
    flow = flow_of(params.setup())
    while len(flow) < params.step + 2:
        flow.extend(min(params.step + 2, len(flow) + CHUNK.get(params.loss, CHUNK_ELSE)))
        yield _look(params, flow)


def _look(params: ParticlesParams, flow: Flow) -> ParticlesView:
    step = min(params.step, len(flow) - 2)
    z, then = flow.points[step], flow.points[step + 1]
    screen = _screen(z.shape[1], params.turn)  # (D, 2)
    across = screen @ _plane(np.array([params.angle]))  # (D, 1)
    shadow = (z @ across)[:, 0].numpy()
    slices = _seen_slices(flow.slices[step], screen)
    angles = _degrees(slices)
    degrees = np.union1d(TURNED, angles[~np.isnan(angles)])  # the dips at the slices are narrow
    turned = statistics_along(z, torch.cat([across, screen @ _plane(degrees)], dim=1))
    picked = np.linspace(0, len(z) - 1, NUM_ARROWS).astype(int)
    seen, moved = (z @ screen).numpy(), (then @ screen).numpy()
    known = len(flow) - 1
    return ParticlesView(
        step=step,
        points=seen,
        labels=labels_of(params.cloud),
        moves=np.stack([seen[picked], moved[picked]], axis=1),
        slices=slices,
        slice_angles=angles,
        direction=_plane(np.array([params.angle])).numpy()[:, 0],
        angle=params.angle,
        shadow=histogram(shadow),
        as_the_loss_sees=_standardized(shadow) if params.loss == "standardized" else None,
        along=float(turned[0]),
        turned=degrees,
        turned_statistics=turned[1:],
        steps=np.arange(min(known, params.step + 1)),
        losses=np.array(flow.losses[: params.step + 1][:known]),
        everywhere=np.array(flow.everywhere[: params.step + 1][:known]),
        loss=params.loss,
        readout=_in_words(params, flow, step, float(turned[0])),
    )


def _screen(dim: int, turn: int) -> torch.Tensor:
    """The two directions of the picture: right and up, as columns (D, 2)."""
    if dim == 2:
        return torch.eye(2)
    round_, up = math.radians(turn), math.radians(20.0)
    right = [math.cos(round_), math.sin(round_), 0.0]
    upwards = [-math.sin(up) * math.sin(round_), math.sin(up) * math.cos(round_), math.cos(up)]
    return torch.tensor([right, upwards]).T


def _plane(degrees: np.ndarray) -> torch.Tensor:
    """Unit vectors of the picture at these angles, as columns (2, K), float32."""
    radians = torch.from_numpy(np.radians(degrees)).float()
    return torch.stack([radians.cos(), radians.sin()])


def _standardized(shadow: np.ndarray) -> Histogram:
    """Histogram of a shadow brought to mean 0 and standard deviation 1; a spike stays one."""
    return histogram((shadow - shadow.mean()) / (shadow.std(ddof=1) + EPS))


def _seen_slices(slices: torch.Tensor | None, screen: torch.Tensor) -> np.ndarray:
    """The slices as the picture shows them, (S, 2); none where none are kept."""
    if slices is None:
        return np.empty((0, 2))
    return (slices.T @ screen).numpy()  # (M, D) @ (D, 2)


def _degrees(slices: np.ndarray) -> np.ndarray:
    """Angle of each slice from 0 to 180; NaN for those that leave the picture's plane."""
    degrees = np.degrees(np.arctan2(slices[:, 1], slices[:, 0])) % 180.0
    return np.where(np.abs(np.hypot(*slices.T) - 1.0) < 1e-4, degrees, np.nan)


def _in_words(params: ParticlesParams, flow: Flow, step: int, along: float) -> str:
    loss, everywhere = flow.losses[step], flow.everywhere[step]
    z = flow.points[step]
    if not (z.isfinite().all() and math.isfinite(loss)):
        return (
            f"Step {step}, {LOSSES[params.loss]}: the steps are too long. The points have flown so "
            "far out that the computer's numbers end. Choose a smaller step size h."
        )
    said = short(loss) if loss >= 0.1 else small_number(loss if loss >= LEAST_TOLD else 0.0)
    wide, *_, narrow = principal_deviations(z).tolist()
    words = (
        f"Step {step}, {LOSSES[params.loss]}: the loss itself says {said}; T over all "
        f"directions is {short(everywhere)} (Gaussian samples {null_mean_and_95()[0]:.2f}), along "
        f"{params.angle}° {short(along)}. Standard deviation {wide:.2f} along the widest axis, "
        f"{narrow:.2f} along the narrowest."
    )
    if bool((flow.points[step + 1] == z).all()):
        words += " No point moves: the gradient is exactly 0, a dead point."
    if step < params.step:
        words += f" Step {params.step} is being computed."
    return words
