"""Training kept for looking at: records of every step, and the cloud at some of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from types import MappingProxyType

import numpy as np
import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_integer
from sigreg_edu.data.digits import digit_views, load_digits
from sigreg_edu.losses import SIGReg
from sigreg_edu.training.encoder import embed, small_encoder, standardize_output
from sigreg_edu.training.loop import StepRecord, train_encoder


@dataclass(frozen=True, eq=False)
class Run:
    """A training run, kept.

    Attributes:
        config: the options it ran with.
        records: one per step taken.
        snapshot_steps: (S,) int64, rising; 0 is the untrained encoder, s is after s steps.
        snapshots: (S, N, D) float32, embeddings of the watched images at those steps.
        seconds: time it took.
        finished: False if it was stopped early.
    """

    config: Mapping[str, object]
    records: tuple[StepRecord, ...]
    snapshot_steps: torch.Tensor
    snapshots: torch.Tensor
    seconds: float
    finished: bool

    def curve(self, name: str) -> torch.Tensor:
        """One field of the records over the steps, (steps taken,) float64.

        Args:
            name: a field of :class:`StepRecord`, such as ``"loss"``.
        """
        require_choice(name, "name", [field.name for field in fields(StepRecord)])
        return torch.tensor([getattr(r, name) for r in self.records], dtype=torch.float64)

    def snapshot_index(self, step: int) -> int:
        """Index of the last snapshot taken at ``step`` or before."""
        step = require_integer(step, "step", minimum=0)
        return int(torch.searchsorted(self.snapshot_steps, step, right=True)) - 1


def snapshot_schedule(steps: int, num_snapshots: int = 40) -> tuple[int, ...]:
    """Steps at which to look: 0, then closer together early, where most happens, up to ``steps``.

    Args:
        steps: last step.
        num_snapshots: how many, at least 2; fewer come if there are fewer steps.

    Returns:
        Rising whole numbers from 0 to ``steps``, evenly spaced in the logarithm as far as
        whole numbers can be.

    >>> snapshot_schedule(100, 9)
    (0, 1, 2, 4, 7, 14, 27, 52, 100)
    """
    steps = require_integer(steps, "steps")
    wanted = min(require_integer(num_snapshots, "num_snapshots", minimum=2) - 1, steps)
    chosen, points = np.array([], dtype=int), wanted
    while len(chosen) < wanted:  # rounding merges the first few; ask for more until enough remain
        chosen = np.unique(np.geomspace(1, steps, points).round().astype(int))
        points += 1
    return 0, *chosen.tolist()


def watch_training(
    training: Iterable[StepRecord],
    *,
    encoder: nn.Module,
    watched: torch.Tensor,
    snapshot_steps: Iterable[int],
    config: Mapping[str, object] | None = None,
    progress: Callable[[StepRecord], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Run:
    """Run a training to its end, keeping its records and the embeddings of some images.

    Interrupting the kernel (KeyboardInterrupt), or ``should_stop()`` returning True, ends it early
    and keeps what there is, with a last snapshot of the encoder as it then was.

    Args:
        training: what :func:`sigreg_edu.training.train` returned.
        encoder: the encoder it trains.
        watched: (N, H, W), images whose embeddings are kept.
        snapshot_steps: when to look; step 0 is always kept.
        config: kept with the run.
        progress: called with the record of each step.
        should_stop: asked after each step.

    Returns:
        :class:`Run`.

    >>> from sigreg_edu.data import digit_views, load_digits
    >>> images, encoder = load_digits().images, small_encoder()
    >>> training = train_encoder(images, encoder=encoder, make_views=digit_views, lamb=0.01,
    ...                          regularizer=SIGReg(8, seed=0), steps=4, batch_size=32, lr=0.01,
    ...                          seed=0)
    >>> run = watch_training(training, encoder=encoder, watched=images[:50], snapshot_steps=[2])
    >>> run.snapshot_steps.tolist(), run.finished
    ([0, 2, 4], True)
    """
    wanted = set(snapshot_steps)
    records: list[StepRecord] = []
    clouds = {0: embed(encoder, watched)}
    started, finished = time.perf_counter(), False
    try:
        for record in training:
            records.append(record)
            if record.step in wanted:
                clouds[record.step] = embed(encoder, watched)
            if progress is not None:
                progress(record)
            if should_stop is not None and should_stop():
                break
        else:
            finished = True
    except KeyboardInterrupt:
        pass  # the student has seen enough; what was recorded is kept
    if len(records) not in clouds:
        clouds[len(records)] = embed(encoder, watched)
    return Run(
        config=MappingProxyType(dict(config or {})),
        records=tuple(records),
        snapshot_steps=torch.tensor(list(clouds)),
        snapshots=torch.stack(list(clouds.values())),  # (S, N, D)
        seconds=time.perf_counter() - started,
        finished=finished,
    )


def record_run(
    *,
    lamb: float = 0.01,
    out_dim: int = 2,
    steps: int = 600,
    batch_size: int = 128,
    num_views: int = 2,
    lr: float = 0.01,
    num_slices: int = 64,
    seed: int = 0,
    num_snapshots: int = 40,
    progress: Callable[[StepRecord], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Run:
    """Train a small encoder on the digits from scratch, a few seconds on a CPU.

    It trains on the 1,347 training images and watches all 1,797, in the order of
    :func:`sigreg_edu.data.load_digits`, so that labels and split fit the snapshots' rows.
    The same seed starts from the same encoder and sees the same batches and views whatever
    ``lamb`` is, and that encoder's cloud has mean 0 and standard deviation 1 in each coordinate:
    two runs differ by their loss alone. PyTorch uses one thread meanwhile.

    Args:
        lamb: λ in (1 − λ) · invariance + λ · SIGReg; 0 trains without a regularizer.
        out_dim: D, dimension of the embedding.
        steps: number of updates.
        batch_size: B, images in a step.
        num_views: V, views of each.
        lr: highest learning rate.
        num_slices: directions of SIGReg in a step.
        seed: of everything.
        num_snapshots: about how many times the embeddings are kept, more often early.
        progress: called with the record of each step.
        should_stop: asked after each step; True ends the run and keeps what there is.

    Returns:
        :class:`Run`.

    Raises:
        TypeError, ValueError, FloatingPointError: as :func:`sigreg_edu.training.train`.

    >>> run = record_run(steps=3, num_slices=8)
    >>> run.snapshot_steps.tolist(), run.snapshots.shape
    ([0, 1, 2, 3], torch.Size([4, 1797, 2]))
    """
    config = {
        "lamb": lamb,
        "steps": steps,
        "batch_size": batch_size,
        "num_views": num_views,
        "lr": lr,
        "seed": seed,
    }
    digits = load_digits()
    encoder = small_encoder(out_dim, seed=seed)
    standardize_output(encoder, digits.train_images)
    training = train_encoder(
        digits.train_images,
        encoder=encoder,
        make_views=digit_views,
        regularizer=SIGReg(num_slices, seed=seed),
        **config,
    )
    with one_thread():
        return watch_training(
            training,
            encoder=encoder,
            watched=digits.images,
            snapshot_steps=snapshot_schedule(steps, num_snapshots),
            config={**config, "out_dim": out_dim, "num_slices": num_slices},
            progress=progress,
            should_stop=should_stop,
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread for a while.

    Matrices this small gain nothing from more, and threads that wait for each other on a busy
    machine make a run several times slower.
    """
    with _threads(1):
        yield


@contextmanager
def half_the_threads() -> Iterator[None]:
    """Let PyTorch use half of its threads for a while, at least one.

    What is trained while it is watched shares the cores with the browser that shows it. With a
    thread for each of two cores a small transformer took seven times as long as with one.
    """
    with _threads(max(torch.get_num_threads() // 2, 1)):
        yield


@contextmanager
def _threads(count: int) -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
