"""``sigreg-edu bench training``: what of a training step the loss takes, in models of any size.

A whole step (views, network, loss, update) and the loss alone (invariance and SIGReg, forward and
backward, on projections of the same shape) take turns, so that whatever else the machine does falls
on both; medians and their ratio are what counts.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.errors import UserError
from sigreg_edu.cli.records import keep, look_machine

if TYPE_CHECKING:
    from sigreg_edu.training.pretraining import Pretraining

OUTPUT = Path("data/bench/training.json")
MODELS = ("vit_micro", "vit_tiny", "vit_small")
PROMISED = "vit_small"  # whose loss takes at most this share of a step
MOST_SHARE = 0.05
SLICES = (256, 1024)  # the default of a training, and of SIGReg itself


@dataclass(frozen=True)
class StepCost:
    """One model, one number of slices.

    Attributes:
        model: its preset.
        slices: M.
        batch: images of a step, two views each, 32×32 pixels in patches of 4.
        step_ms: median of a whole step.
        loss_ms: median of the loss alone.
        share: median over the rounds of loss over step.
        images_per_s: views that a step takes through the network each second.
        peak_mb: most GPU memory (10^6 bytes) allocated; None on a CPU.
    """

    model: str
    slices: int
    batch: int
    step_ms: float
    loss_ms: float
    share: float
    images_per_s: float
    peak_mb: float | None


def add_to(subjects: argparse._SubParsersAction) -> None:
    """Add ``training`` to ``bench``."""
    parser = subjects.add_parser(
        "training",
        help="what of a training step of a ViT the loss takes",
        description="Time steps of vision transformers and their loss, in turn, a few minutes on "
        "a CPU. Exit status 1 if the loss takes more than the kit promises.",
    )
    parser.add_argument("--device", default="cpu", help="cpu (cpu), cuda or auto")
    parser.add_argument("--batch", type=int, default=32, help="images a step (32)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each (3)")
    parser.add_argument("--models", nargs="+", default=list(MODELS), help=", ".join(MODELS))
    parser.add_argument(
        "--output", type=Path, help=f"where the table goes ({OUTPUT}; on a GPU: nowhere, if unsaid)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure, print the table, keep it."""
    from sigreg_edu.training.pretraining import choose_device
    from sigreg_edu.training.vit import VIT_PRESETS

    if unknown := [name for name in options.models if name not in VIT_PRESETS]:
        raise UserError(f"there is no model {unknown[0]!r}. Choose from: {', '.join(VIT_PRESETS)}.")
    if options.rounds < 1 or options.batch < 2:
        raise UserError("--rounds must be at least 1 and --batch at least 2.")
    try:
        device = choose_device(options.device)
    except ValueError as error:
        raise UserError(str(error)) from error
    machine = {**look_machine(), "device": device.type}
    costs = [
        measure(model, slices, options.batch, options.rounds, str(device))
        for model in options.models
        for slices in SLICES
    ]
    table = as_table(costs)
    print(table)
    output = options.output or (OUTPUT if device.type == "cpu" else None)
    if output:
        record = {"meaning": __doc__, "machine": machine, "costs": [asdict(c) for c in costs]}
        keep(output, record, table)
    promised = [cost for cost in costs if cost.model == PROMISED]
    return 0 if all(cost.share <= MOST_SHARE for cost in promised) else 1


def measure(model: str, slices: int, batch: int, rounds: int, device: str) -> StepCost:
    """Time steps of one model, and its loss, in turn."""
    import torch

    from sigreg_edu.training.config import TrainConfig
    from sigreg_edu.training.pretraining import Pretraining

    config = TrainConfig().with_values(
        {
            "data.size": 32,
            "model.name": model,
            "model.projection_dim": 64,
            "loss.num_slices": slices,
            "batch_size": batch,
            "steps": rounds + 1,
        }
    )
    training = Pretraining(config, device=device)
    z = torch.randn(2, batch, 64, generator=torch.Generator().manual_seed(0)).to(training.device)
    z.requires_grad_()

    def loss_alone() -> None:
        training.objective(z, torch.empty(0))[0].backward()

    training.step(), loss_alone()  # warm up
    on_gpu = training.device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(training.device)
    pairs = [(_ms(training, training.step), _ms(training, loss_alone)) for _ in range(rounds)]
    step_ms = statistics.median(step for step, _ in pairs)
    return StepCost(
        model=model,
        slices=slices,
        batch=batch,
        step_ms=step_ms,
        loss_ms=statistics.median(loss for _, loss in pairs),
        share=statistics.median(loss / step for step, loss in pairs),
        images_per_s=2 * batch / step_ms * 1000.0,
        peak_mb=torch.cuda.max_memory_allocated(training.device) / 1e6 if on_gpu else None,
    )


def _ms(training: Pretraining, work: Callable[[], object]) -> float:
    import torch

    def finish() -> None:
        if training.device.type == "cuda":
            torch.cuda.synchronize(training.device)

    finish()
    began = time.perf_counter()
    work()
    finish()
    return 1000.0 * (time.perf_counter() - began)


def as_table(costs: Sequence[StepCost]) -> str:
    """Return the costs as a table in Markdown."""
    lines = [
        "| model | slices | images a step | step, ms | loss, ms | loss / step | images/s |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {c.model} | {c.slices} | 2 × {c.batch} | {c.step_ms:.0f} | {c.loss_ms:.1f} | "
        f"{100 * c.share:.2f} % | {c.images_per_s:.0f} |"
        for c in costs
    ]
    return "\n".join(lines)
