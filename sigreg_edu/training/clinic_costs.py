"""What the clinic's measured steps cost: memory and time, before and after each remedy.

The patient is a step as a user would write it down from the formula: views through a small vision
transformer and its projector, then SIGReg in its textbook form along 1,024 fresh slices. ``"loss"``
is the regularizer alone, value and gradient; ``"step, …"`` the whole step. To record again, a
minute::

    python -m sigreg_edu.training.clinic_costs
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from sigreg_edu.checks import require_integer
from sigreg_edu.data.files import replacing
from sigreg_edu.losses import SIGReg, VICRegLoss
from sigreg_edu.losses.timing import Step, forward_and_backward, peak_bytes, take_turns
from sigreg_edu.slicing import sliced_epps_pulley_textbook, uniform_directions
from sigreg_edu.training.projector import make_projector
from sigreg_edu.training.shipped import DATA_FOLDER, find_runs, ran_on
from sigreg_edu.training.vit import make_vit

__all__ = ["CostRow", "cost_rows", "cost_steps", "load_costs", "record_costs"]

FILE = "clinic_costs.json"
AGAIN = "python -m sigreg_edu.training.clinic_costs"
ROUNDS = 9
SIZE = 16  # of the images


@dataclass(frozen=True)
class Sizes:
    """How large the recorded steps are.

    Attributes:
        rows: N, views in a step.
        dim: D.
        wide: the larger D.
        slices: M of the patient.
        fewer: M with the remedy.
    """

    rows: int = 256
    dim: int = 128
    wide: int = 1024
    slices: int = 1024
    fewer: int = 256


@dataclass(frozen=True)
class CostRow:
    """What one step costs.

    Attributes:
        memory: most bytes at once, in a tuple of one.
        time: seconds in each round; all steps took turns.
    """

    memory: tuple[float, ...]
    time: tuple[float, ...]


# --- the steps ----------------------------------------------------------------------------------


class Textbook(nn.Module):
    """SIGReg's formula line by line, along fresh or fixed slices.

    Args:
        num_slices: M.
        fixed_slices: whether the first call's directions are kept.
    """

    def __init__(self, num_slices: int, *, fixed_slices: bool = False) -> None:
        super().__init__()
        self.num_slices, self.fixed_slices, self.calls = num_slices, fixed_slices, 0
        self.directions: torch.Tensor | None = None

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if self.directions is None or not self.fixed_slices:
            self.directions = uniform_directions(z.shape[-1], self.num_slices, seed=self.calls)
            self.calls += 1
        return sliced_epps_pulley_textbook(z, self.directions).mean()


def _vicreg(z: torch.Tensor) -> torch.Tensor:
    return VICRegLoss().regularizer(*z.chunk(2))["vicreg_loss"]


def cost_steps(sizes: Sizes | None = None) -> dict[str, Step]:
    """Return the steps that are measured, by name.

    >>> small = Sizes(rows=4, dim=4, wide=8, slices=4, fewer=2)
    >>> len(cost_steps(small)["loss"]())
    2
    """
    sizes = sizes or Sizes()
    return {**_loss_steps(sizes), **_whole_steps(sizes)}


def _loss_steps(sizes: Sizes) -> dict[str, Step]:
    z, wide = (_points(sizes.rows, dim) for dim in (sizes.dim, sizes.wide))
    usual = Textbook(sizes.slices)
    return {
        "loss": forward_and_backward(usual, z),
        "fewer slices": forward_and_backward(Textbook(sizes.fewer), z),
        "fixed slices": forward_and_backward(Textbook(sizes.slices, fixed_slices=True), z),
        "large dimension": forward_and_backward(Textbook(sizes.slices), wide),
        "vicreg": forward_and_backward(_vicreg, z),
        "vicreg, large dimension": forward_and_backward(_vicreg, wide),
        "in blocks": forward_and_backward(SIGReg(sizes.slices), z),
    }


def _whole_steps(sizes: Sizes) -> dict[str, Step]:
    rows, slices, dim = sizes.rows, sizes.slices, sizes.dim
    return {
        "step": _whole_step(rows, dim, Textbook(slices)),
        "step, fewer slices": _whole_step(rows, dim, Textbook(sizes.fewer)),
        "step, fixed slices": _whole_step(rows, dim, Textbook(slices, fixed_slices=True)),
        "step, half batch": _whole_step(rows // 2, dim, Textbook(slices)),
        "step, checkpointing": _whole_step(rows, dim, Textbook(slices), checkpointed=True),
        "step, in blocks": _whole_step(rows, dim, SIGReg(slices)),
        "encoder": _whole_step(rows, dim, _no_loss),
        "encoder, checkpointing": _whole_step(rows, dim, _no_loss, checkpointed=True),
    }


def _no_loss(z: torch.Tensor) -> torch.Tensor:
    """What needs no memory, so that the encoder's is measured."""
    return z.mean()


def _points(rows: int, dim: int) -> torch.Tensor:
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(0))


def _whole_step(
    rows: int, dim: int, loss: Callable[[torch.Tensor], torch.Tensor], *, checkpointed: bool = False
) -> Step:
    """Views in, gradients of all weights out; with checkpoints around each block of the encoder."""
    encoder = make_vit("vit_micro", image_size=SIZE)
    projector = make_projector(encoder.dim, dim)
    if checkpointed:
        _checkpoint_blocks(encoder)
    views = torch.rand(rows, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    weights = [*encoder.parameters(), *projector.parameters()]

    def step() -> tuple[torch.Tensor, ...]:
        value = loss(projector(encoder(views)))
        return value.detach(), *torch.autograd.grad(value, weights)

    return step


def _checkpoint_blocks(encoder: nn.Module) -> None:
    """Keep what enters each block and compute its inside again in the backward pass."""
    for block in encoder.blocks:
        block.forward = _recomputed(block.forward)


def _recomputed(forward: Callable) -> Callable:
    return lambda *inputs: checkpoint(forward, *inputs, use_reentrant=False)


# --- the record ---------------------------------------------------------------------------------


def record_costs(folder: Path, *, sizes: Sizes | None = None, rounds: int = ROUNDS) -> Path:
    """Measure all steps and keep them in ``folder``.

    Args:
        folder: where ``clinic_costs.json`` goes.
        sizes: of the steps; the kit's own if None.
        rounds: turns of each step.
    """
    require_integer(rounds, "rounds")
    sizes = sizes or Sizes()
    steps = cost_steps(sizes)
    times = take_turns(steps, rounds)  # milliseconds
    rows = {
        name: {"memory": [float(peak_bytes(step))], "time": [1e-3 * ms for ms in times[name]]}
        for name, step in steps.items()
    }
    kept = {
        "about": "Memory and time of a step of SIGReg, before and after each remedy.",
        "again": AGAIN,
        "sizes": asdict(sizes),
        "ran_on": {**ran_on(), "device": "cpu", "threads": torch.get_num_threads()},
        "rows": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / FILE) as beside:
        beside.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    return folder / FILE


def load_costs(path: Path) -> Mapping[str, Any]:
    """Return ``rows`` (:class:`CostRow` by name), ``sizes`` and ``ran_on`` of a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is something else, damaged, or a step is missing or impossible.
    """
    text = path.read_text(encoding="utf-8")
    try:
        kept = json.loads(text)
        sizes = Sizes(**kept["sizes"])
        rows = {name: _row_of(row) for name, row in kept["rows"].items()}
        missing = [name for name in _NAMES if name not in rows]
        if missing:
            raise ValueError(f"missing: {', '.join(missing)}")
        return {"sizes": sizes, "rows": rows, "ran_on": dict(kept["ran_on"])}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"expected {path} to be whole, got one that cannot be used ({error}). Record it again: "
            f"{AGAIN}"
        ) from error


def _row_of(row: Mapping[str, Any]) -> CostRow:
    found = CostRow(tuple(map(float, row["memory"])), tuple(map(float, row["time"])))
    if len(found.memory) != 1 or not found.time or min(*found.memory, *found.time) <= 0.0:
        raise ValueError("a cost that is not above 0")
    return found


_NAMES = (
    "loss", "fewer slices", "fixed slices", "large dimension", "vicreg", "vicreg, large dimension",
    "in blocks", "step", "step, fewer slices", "step, fixed slices", "step, half batch",
    "step, checkpointing", "step, in blocks", "encoder", "encoder, checkpointing",
)  # fmt: skip


def cost_rows() -> Mapping[str, CostRow]:
    """Return the recorded steps that the kit ships, by name.

    Raises:
        FileNotFoundError: the data folder is not there; the message says where it was sought.

    >>> rows = cost_rows()
    >>> rows["fewer slices"].memory < rows["loss"].memory
    True
    """
    return shipped_costs()["rows"]


def shipped_costs() -> Mapping[str, Any]:
    """Return the kit's own record, see :func:`load_costs`."""
    folder = find_runs(Path.cwd(), os.environ, files=(FILE,), again=AGAIN)
    return _read_once(folder / FILE)


@lru_cache(maxsize=4)
def _read_once(path: Path) -> Mapping[str, Any]:
    return MappingProxyType(dict(load_costs(path)))


def main(arguments: Sequence[str]) -> int:
    """Record into this clone's ``data/runs``, or into the folder that is named."""
    print(record_costs(Path(arguments[0]) if arguments else DATA_FOLDER))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
