"""Training of a vision transformer: reads from :func:`train` downwards.

Draw a batch and views of it, embed them, ask how far they agree and how Gaussian they are, move the
weights, write down what happened. Everything that the next step depends on is in ``state()``, so
that a training which was killed goes on bit for bit (on a CPU) as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from sigreg_edu.checks import require_choice
from sigreg_edu.data import ImageData, make_images
from sigreg_edu.losses import invariance
from sigreg_edu.losses.distributed import is_spread, sum_over_ranks
from sigreg_edu.losses.inputs import only_to_watch, weighted_sum
from sigreg_edu.losses.invariance import mean_over_ranks
from sigreg_edu.losses.schedules import HybridTransition
from sigreg_edu.training.checkpoint import load_checkpoint, save_checkpoint
from sigreg_edu.training.config import SUPERVISED, TrainConfig
from sigreg_edu.training.encoder import evaluating
from sigreg_edu.training.interrupts import caught_interrupts, deliver, held_interrupts
from sigreg_edu.training.loop import StepRecord, learning_rate
from sigreg_edu.training.measures import SPACES, Measures, fixed_draw, measure_points
from sigreg_edu.training.network import JointNetwork
from sigreg_edu.training.objective import Regularizer, require_lamb
from sigreg_edu.training.seeds import spread_seed
from sigreg_edu.training.vit import make_vit

__all__ = ["Pretraining", "TrainRecord", "VitMeasures", "choose_device", "train"]

CHECKPOINT = "checkpoint.safetensors"
FEWEST_IMAGES = 10
MOST_WATCHED = {"train": 1500, "test": 500}  # images that are looked at
CHUNK = 512  # images that are embedded at once
DIRECTIONS = "regularizer.sigreg.directions"  # fixed ones, drawn in the first step
BITE = 256  # the same, where somebody waits: some 40 ms of vit_micro on one core


@dataclass(frozen=True)
class TrainRecord(StepRecord):
    """A :class:`StepRecord` of a training that also says how hard it pulled.

    Attributes:
        lamb: λ of this step.
        gradient_norm: before clipping.
    """

    lamb: float
    gradient_norm: float


@dataclass(frozen=True)
class VitMeasures(Measures):
    """:class:`Measures` and what the online probe makes of the space.

    Attributes:
        linear: accuracy of the linear probe that learns along, on the watched test images.
    """

    linear: float


class Passing(NamedTuple):
    """What a step changes before it moves the weights."""

    generator: torch.Tensor
    global_states: dict[str, torch.Tensor]
    slices: dict[str, Any]
    buffers: list[torch.Tensor]


def train(
    config: TrainConfig,
    *,
    device: str | torch.device = "cpu",
    data: ImageData | None = None,
    encoder: nn.Module | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
) -> Iterator[TrainRecord]:
    """Train, yielding a record after each step; stop whenever you like.

    A step is never left half done: Ctrl-C during one is raised after its record has been taken.
    Closing the iterator keeps the last checkpoint; leaving a loop closes it too, but what goes
    wrong then (a full disk) is only told through ``contextlib.closing``.

    Args:
        config: all options.
        device: where to train; see :func:`choose_device` for ``"auto"``.
        data: images of your own, instead of those that ``config.data`` names.
        encoder: any module from images (N, C, H, W) to embeddings (N, E), instead of the ViT that
            ``config.model`` names. Its Dropout draws from torch's global generator, which is left
            as it is; seed it before you begin. Among several processes its BatchNorm sees all of
            the batch on CUDA (it becomes ``nn.SyncBatchNorm``), but only each process's share on
            CPUs, where the update is then not that of one process.
        folder: keep a checkpoint there every ``config.save_every`` steps and at the end, also if
            the end is an interrupt or an error, but none before the first step; None keeps none.
        resume: go on from the checkpoint in ``folder``.

    Returns:
        Iterator over :class:`TrainRecord`, from the first step that is still to be taken.

    Raises:
        TypeError, ValueError: an option out of range, or that does not fit the checkpoint's.
        FileExistsError: a training lies in ``folder`` that would be overwritten.
        FileNotFoundError: nothing to resume from.
        FloatingPointError: loss or gradient are no longer finite; the weights are then those
            before that step, and so is the checkpoint.

    >>> config = TrainConfig().with_values({"steps": 2, "batch_size": 8})
    >>> [record.step for record in train(config)]
    [1, 2]
    """
    run = Pretraining(config, device=device, data=data, encoder=encoder)
    run.begin(folder, resume=resume)
    return run.take_steps(folder)


class Pretraining:
    """A training, a step at a time; whoever drives it may look, set ``lamb``, save and stop.

    The same seed starts from the same weights and sees the same batches and views under every
    loss. In a process of several of torch.distributed each makes its share of the batch, and the
    update is that of one process.

    Args:
        config, device, data, encoder: as :func:`train`.

    Attributes:
        config, data, device: as given; the data lie on the device.
        network: :class:`JointNetwork`.
        records: those of the steps that this object has taken.
        steps_taken: of the training, also before it was resumed.
        single_threaded: whether PyTorch had better use one thread; its matrices gain from more.

    >>> run = Pretraining(TrainConfig().with_values({"steps": 2, "batch_size": 8}))
    >>> run.step().step, run.finished, run.embed("projection").shape
    (1, False, torch.Size([1797, 16]))
    """

    single_threaded = False

    def __init__(
        self,
        config: TrainConfig,
        *,
        device: str | torch.device = "cpu",
        data: ImageData | None = None,
        encoder: nn.Module | None = None,
    ) -> None:
        self.config, self.device = config, choose_device(device)
        self.data = (make_images(**config.data) if data is None else data).to(self.device)
        if config.batch_size > len(self.data.train_indices):
            raise ValueError(
                f"batch_size must be at most the {len(self.data.train_indices)} training images, "
                f"got {config.batch_size}. Set a smaller one."
            )
        if len(self.data.train_indices) < FEWEST_IMAGES:
            raise ValueError(
                f"at least {FEWEST_IMAGES} training images are needed, which kNN asks for votes, "
                f"got {len(self.data.train_indices)}. Add some."
            )
        if is_spread():
            _require_shareable(config, dist.get_world_size())
        self.network = _make_network(config, self.data, encoder).to(self.device)
        self._encoder_is_own = encoder is not None
        if self._encoder_is_own:
            _join_batchnorms(self.network, self.device)
        self._wrapped = DistributedDataParallel(self.network) if is_spread() else self.network
        supervised = config.loss.name == SUPERVISED
        self.regularizer = None if supervised else _make_regularizer(config)
        self.lamb = config.loss.lamb
        self.optimizer = _make_optimizer(self.network, config)
        self.generator = torch.Generator(self.device).manual_seed(spread_seed(config.seed).batches)
        self.records: list[TrainRecord] = []
        self.steps_taken = 0
        self.watched = {
            "train": fixed_draw(self.data.train_indices, most=MOST_WATCHED["train"]),
            "test": fixed_draw(self.data.test_indices, most=MOST_WATCHED["test"]),
        }

    # --- training -------------------------------------------------------------------------------

    @property
    def lamb(self) -> float:
        """λ, before what ``loss.decay`` takes from it."""
        return self._lamb

    @lamb.setter
    def lamb(self, value: float) -> None:
        name = self.config.loss.name
        self._lamb = require_lamb(value, "none" if name == SUPERVISED else name)

    @property
    def lamb_now(self) -> float:
        """λ of the next step: the share λ / (1 − λ) has fallen by ``loss.decay`` at the last."""
        left = self.config.loss.decay ** (self.steps_taken / max(self.config.steps - 1, 1))
        return left * self.lamb / (1.0 - self.lamb + left * self.lamb)

    @property
    def finished(self) -> bool:
        """Whether all steps have been taken."""
        return self.steps_taken >= self.config.steps

    def step(self) -> TrainRecord:
        """Take the next step.

        What goes wrong before the weights move (images that cannot be read, a loss that is not
        finite) leaves everything as it was. Ctrl-C waits until the step is done and counted.

        Raises:
            RuntimeError: all steps have been taken.
            FloatingPointError: loss or gradient are not finite.
            KeyboardInterrupt: after the step; its record is the last of ``records``.
        """
        if self.finished:
            raise RuntimeError(
                f"all {self.config.steps} steps have been taken. Set more, and begin again."
            )
        with held_interrupts():
            before = self._passing_state()
            try:
                record = self._update()
            except BaseException:
                self._restore_passing(before)
                raise
            self.steps_taken += 1
            self.records.append(record)
        return record

    def begin(self, folder: str | Path | None, *, resume: bool = False) -> None:
        """Go on from the checkpoint in ``folder``, or see that there is none to be overwritten.

        Raises:
            FileExistsError: there is one, and it was not asked to resume.
            FileNotFoundError, ValueError: it was, and :meth:`load` finds none that fits.
        """
        if resume and folder is None:
            raise ValueError("resume needs the folder of the checkpoint, got None. Pass folder=.")
        if resume:
            self.load(Path(folder) / CHECKPOINT)
        elif folder is not None and _writes() and (Path(folder) / CHECKPOINT).exists():
            raise FileExistsError(
                f"a training lies in {folder} already. Go on with resume=True (--resume), or name "
                "another folder (--folder)."
            )

    def take_steps(self, folder: str | Path | None = None) -> Iterator[TrainRecord]:
        """Take the steps that are left, and keep checkpoints: what :func:`train` returns.

        Args:
            folder: as :func:`train`; an older checkpoint there is replaced, see :meth:`begin`.
        """
        file = None if folder is None else Path(folder) / CHECKPOINT
        saved = 0  # a start that fails leaves nothing that stands in the way of the next one
        try:
            while not self.finished:
                caught: list[Callable[[], Any]] = []
                try:
                    with caught_interrupts(caught):
                        record = self.step()
                    yield record
                finally:
                    deliver(caught)  # only now: the step has counted, its record must not be lost
                if file is not None and record.step % self.config.save_every == 0:
                    self.save(file)
                    saved = record.step
        finally:
            if file is not None and self.steps_taken != saved:
                self.save(file)

    def _update(self) -> TrainRecord:
        """Views in, weights moved."""
        config, step = self.config, self.steps_taken + 1
        if config.loss.name == "hybrid":
            third = config.steps / 3
            transition = HybridTransition(third, 2 * third, config.loss.transition)
            self.regularizer.mixture = transition(self.steps_taken)

        views, labels = self._draw()  # (V, B, C, H, W), (B,)
        self._wrapped.train()
        with self._autocast():
            outputs = self._wrapped(views.flatten(0, 1))
        z = outputs.projection.float().unflatten(0, views.shape[:2])  # (V·B, D) -> (V, B, D)

        loss, disagreement, spread = self.objective(z, labels)
        probe_loss = sum(
            mean_over_ranks(_cross_entropies(guess, labels), distributed=True)
            for guess in outputs.guesses.values()
        )
        rate = learning_rate(step, config.steps, config.lr, config.warmup)
        self.optimizer.zero_grad()
        (loss + probe_loss).backward()
        norm = nn.utils.clip_grad_norm_(self.network.learners(), config.clip_norm)

        width = _narrowest(z.detach().flatten(0, 1))
        seen = torch.stack([t.detach().float() for t in (loss, disagreement, spread, width, norm)])
        record = self._record(step, seen.tolist(), rate)  # the only wait for the device
        self._require_finite(record, views, outputs)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        return record

    def _draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Views of this process's share of a fresh random batch, and the labels."""
        train = self.data.train_indices
        order = torch.randperm(len(train), generator=self.generator, device=self.device)
        batch = train[order[: self.config.batch_size]]
        share = _share(len(batch))
        views = self.data.views(batch, self.config.num_views, generator=self.generator, part=share)
        return views, self.data.labels[batch[share]]

    def objective(
        self, z: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return loss, invariance and regularizer of projections (V, B, D) with labels (B,)."""
        if self.regularizer is None:
            guesses = z.flatten(0, 1)  # the projector is a classifier
            loss = mean_over_ranks(_cross_entropies(guesses, labels), distributed=True)
            return loss, invariance(z.detach(), distributed=True), torch.zeros_like(loss)
        disagreement = invariance(z, distributed=True)
        lamb = self.lamb_now
        spread = only_to_watch(lamb == 0.0, self.regularizer, z)
        loss = weighted_sum((1.0 - lamb, disagreement), (lamb, spread))
        return loss, disagreement, spread

    def _record(self, step: int, seen: list[float], rate: float) -> TrainRecord:
        loss, disagreement, spread, width, norm = seen
        return TrainRecord(step, loss, disagreement, spread, width, rate, self.lamb_now, norm)

    def _autocast(self) -> Any:
        precision = self.config.precision
        half = precision == "bfloat16" or (precision == "auto" and self.device.type == "cuda")
        return torch.autocast(self.device.type, torch.bfloat16) if half else nullcontext()

    def _require_finite(self, record: TrainRecord, views: torch.Tensor, outputs: Any) -> None:
        """Raise with a diagnosis if anything of the step is not finite."""
        values = (record.loss, record.gradient_norm)
        if all(torch.tensor(values).isfinite()):
            return
        parts = {
            "the views": views,
            "the embedding": outputs.embedding,
            "the projection": outputs.projection,
            "the invariance": torch.tensor(record.invariance),
            "the regularizer": torch.tensor(record.regularizer),
        }
        first = next((n for n, t in parts.items() if not t.isfinite().all()), "the gradient")
        past = ", ".join(f"{r.gradient_norm:.3g}" for r in self.records[-3:]) or "none yet"
        raise FloatingPointError(
            f"step {record.step} is not finite, first seen in {first} (loss {record.loss:.3g}, "
            f"invariance {record.invariance:.3g}, regularizer {record.regularizer:.3g}, λ "
            f"{record.lamb:g}, learning rate {record.learning_rate:.3g}; gradient norms before: "
            f"{past}). The weights are those before this step. {_advice(first)}"
        )

    # --- looking --------------------------------------------------------------------------------

    @property
    def look_every(self) -> int:
        """Steps between two looks."""
        return self.config.look_every

    @property
    def watched_indices(self) -> torch.Tensor:
        """The images that are looked at: training images, then test images."""
        return torch.cat([self.watched["train"], self.watched["test"]])

    @property
    def test_indices(self) -> torch.Tensor:
        """Rows of ``embed(…)`` that are test images, on the CPU."""
        first = len(self.watched["train"])
        return torch.arange(first, first + len(self.watched["test"]))

    def embed(self, space: str = "projection", indices: torch.Tensor | None = None) -> torch.Tensor:
        """Return where images lie, float32 on the CPU.

        Args:
            space: ``"embedding"`` or ``"projection"``.
            indices: which images; the watched ones if None.

        Returns:
            Tensor (N, E) or (N, D).
        """
        require_choice(space, "space", SPACES)
        indices = self.watched_indices if indices is None else indices
        return torch.cat([self._places(chunk)[space] for chunk in indices.split(CHUNK)])

    def embed_in_bites(self) -> Iterator[dict[str, torch.Tensor]]:
        """Where the watched images lie in both spaces, some 256 of them at a time.

        No step may be taken before the last.
        """
        for chunk in self.watched_indices.split(BITE):
            yield self._places(chunk)

    def _places(self, indices: torch.Tensor) -> dict[str, torch.Tensor]:
        """Where images lie in both spaces, float32 on the CPU."""
        with evaluating(self.network), torch.no_grad(), self._autocast():
            embedding = self.network.encoder(self.data.pixels(indices))
            projection = self.network.projector(embedding)
        return {"embedding": embedding.float().cpu(), "projection": projection.float().cpu()}

    def labels_of(self, indices: torch.Tensor | None = None) -> torch.Tensor:
        """Labels of images, on the CPU; of the watched ones if ``indices`` is None."""
        indices = self.watched_indices if indices is None else indices
        return self.data.labels[indices].cpu()

    def measure(self, space: str = "projection", z: torch.Tensor | None = None) -> VitMeasures:
        """Look at the watched images as they are now.

        Args:
            space: ``"embedding"`` or ``"projection"``.
            z: where they lie in it, if that is known already.
        """
        return self.measure_points(self.embed(space) if z is None else z, space)

    def measure_points(self, z: torch.Tensor, space: str) -> VitMeasures:
        """Look at the watched images' places (N, D) in ``space``."""
        labels, test = self.labels_of(), self.test_indices
        seen = measure_points(z, labels, torch.arange(len(self.watched["train"])), test)
        probe = self.network.probes[space]
        with evaluating(probe), torch.no_grad():
            guesses = probe(z[test].to(self.device)).argmax(1).cpu()
        linear = (guesses == labels[test]).double().mean().item()
        return VitMeasures(**vars(seen), linear=linear)

    # --- keeping --------------------------------------------------------------------------------

    def state(self) -> dict[str, torch.Tensor]:
        """Everything that the next step depends on, as tensors on the CPU."""
        kept = {f"network.{k}": v for k, v in self.network.state_dict().items()}
        if self.regularizer is not None:
            kept |= {f"regularizer.{k}": v for k, v in self.regularizer.state_dict().items()}
        for index, moments in self.optimizer.state_dict()["state"].items():
            kept |= {f"optimizer.{index}.{k}": v for k, v in moments.items()}
        kept["generator"] = self.generator.get_state()
        kept |= {f"global.{k}": v for k, v in self._global_states().items()}
        kept["lamb"] = torch.tensor(self.lamb, dtype=torch.float64)
        kept["steps_taken"] = torch.tensor(self.steps_taken)
        return {name: tensor.detach().cpu().clone() for name, tensor in kept.items()}

    def load_state(self, kept: dict[str, torch.Tensor]) -> None:
        """Go on from what :meth:`state` returned.

        With an encoder of one's own that sets torch's global generators, too, which its Dropout
        draws from; of several processes all get those of the one that saved.

        Raises:
            ValueError: it is another network's, or not whole; then nothing has changed.
        """
        self._require_fitting(kept)
        self.lamb = kept["lamb"].item()
        self.generator.set_state(kept["generator"])
        self._set_global_states(_section(kept, "global"))
        self.network.load_state_dict(_section(kept, "network"))
        if self.regularizer is not None:
            self.regularizer.load_state_dict(_section(kept, "regularizer"))
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for key, tensor in _section(kept, "optimizer").items():
            index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.steps_taken = int(kept["steps_taken"])
        self.records.clear()

    def _require_fitting(self, kept: dict[str, torch.Tensor]) -> None:
        """Raise ValueError unless ``kept`` has the names, shapes and types of this state."""
        looks = [
            {n: f"{str(t.dtype).removeprefix('torch.')} {tuple(t.shape)}" for n, t in part.items()}
            for part in (self._like(kept), kept)
        ]
        for name in {**looks[0], **looks[1]}:
            expected, came = (part.get(name, "nothing") for part in looks)
            if expected != came:
                raise ValueError(
                    f"this state does not fit the training: expected {expected} for {name}, got "
                    f"{came}. Load one of the same model, data and loss."
                )

    def _like(self, kept: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Tensors as a state must have them, and as it may: those only where ``kept`` has them."""
        may = {}
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        lost = _has_begun(kept) and not _section(kept, "optimizer")
        for index, p in enumerate(parameters):  # a parameter without a gradient has no moments
            moments = {"step": torch.zeros(()), "exp_avg": p, "exp_avg_sq": p}
            moments = {f"optimizer.{index}.{name}": like for name, like in moments.items()}
            may |= moments if lost or moments.keys() & kept.keys() else {}
        if self.config.loss.fixed_slices and DIRECTIONS in kept:  # there is none before a step
            model, loss = self.config.model, self.config.loss
            may[DIRECTIONS] = torch.zeros(model.projection_dim, loss.num_slices)
        now = self.state().items()
        must = {n: t for n, t in now if n != DIRECTIONS and not n.startswith("optimizer.")}
        return must | may

    def _global_states(self) -> dict[str, torch.Tensor]:
        """States of torch's global generators, which an encoder of one's own may draw from."""
        if not self._encoder_is_own:  # the kit's never does
            return {}
        states = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            states["cuda"] = torch.cuda.get_rng_state(self.device)
        return states

    def _set_global_states(self, states: dict[str, torch.Tensor]) -> None:
        if "cpu" in states:
            torch.set_rng_state(states["cpu"])
        if "cuda" in states:
            torch.cuda.set_rng_state(states["cuda"], self.device)

    def save(self, file: str | Path) -> None:
        """Keep the state in a safetensors file; whatever goes wrong, an older one stays whole.

        Of several processes only the first writes. Ctrl-C waits until it is done.
        """
        if _writes():
            with held_interrupts():
                save_checkpoint(Path(file), self.state(), self.config, device=self.device.type)

    def load(self, file: str | Path) -> None:
        """Go on from a file that :meth:`save` wrote.

        Raises:
            FileNotFoundError: there is none. ValueError: it is something else, damaged, or of a
                training with other options or on another kind of device, which are named.
        """
        self.load_state(load_checkpoint(Path(file), self.config, device=self.device.type))

    def _passing_state(self) -> Passing:
        """Copies of what a step changes before it is known to be good."""
        return Passing(
            self.generator.get_state(),
            self._global_states(),
            {} if self.regularizer is None else self.regularizer.state_dict(),
            [buffer.clone() for buffer in self.network.buffers()],
        )

    def _restore_passing(self, before: Passing) -> None:
        self.generator.set_state(before.generator)
        self._set_global_states(before.global_states)
        if self.regularizer is not None:
            self.regularizer.load_state_dict(before.slices)
        for buffer, old in zip(self.network.buffers(), before.buffers, strict=True):
            buffer.copy_(old)


# --- parts ------------------------------------------------------------------------------------


def choose_device(device: str | torch.device) -> torch.device:
    """Return the device of that name; ``"auto"`` is CUDA where there is a GPU, else the CPU.

    Raises:
        ValueError: CUDA is asked for where there is none, or another kind of device.

    >>> choose_device("cpu")
    device(type='cpu')
    """
    if str(device) == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if str(device).partition(":")[0] not in ("cpu", "cuda"):
        raise ValueError(f"device must be cpu, cuda or auto, got {device}. Choose one of these.")
    device = torch.device(device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            "device cuda was asked for, but torch sees no GPU here. Take --device cpu, or see "
            "what sigreg-edu doctor says."
        )
    if device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device())
    return device


def _make_network(config: TrainConfig, data: ImageData, encoder: nn.Module | None) -> JointNetwork:
    mean, std = data.pixel_statistics()
    model, supervised = config.model, config.loss.name == SUPERVISED
    seeds = spread_seed(config.seed)
    if encoder is None:
        encoder = make_vit(
            model.name,
            image_size=data.image_size,
            channels=data.channels,
            patch=model.patch,
            stem=model.stem,
            mean=mean,
            std=std,
            seed=seeds.encoder,
        )
    classes = len(data.class_names)
    return JointNetwork(
        encoder,
        embedding_dim=_embedding_dim(encoder, data),
        projection_dim=classes if supervised else model.projection_dim,
        hidden_dim=0 if supervised else model.hidden_dim,
        normalized=model.normalized,
        num_classes=classes,
        seed=seeds.projector,
    )


def _join_batchnorms(network: JointNetwork, device: torch.device) -> None:
    """Let the BatchNorms of an encoder see all processes' images, where PyTorch can: on CUDA."""
    if is_spread() and device.type == "cuda":
        network.encoder = nn.SyncBatchNorm.convert_sync_batchnorm(network.encoder)


def _require_shareable(config: TrainConfig, processes: int) -> None:
    """Refuse what several processes cannot share out."""
    if config.batch_size < processes:
        raise ValueError(
            f"batch_size must be at least the {processes} processes, got {config.batch_size}. "
            "Set a larger one."
        )
    if config.loss.name == "standardized":
        raise ValueError(
            "loss.name 'standardized' compares every point with every other, which cannot be "
            f"shared out: it must run in one process, got {processes}. Start it without torchrun, "
            "or take loss.name=sigreg."
        )


def _embedding_dim(encoder: nn.Module, data: ImageData) -> int:
    """What an encoder makes of one image, by a try."""
    if not isinstance(encoder, nn.Module):
        raise TypeError(f"encoder must be an nn.Module, got {type(encoder).__name__}.")
    one = data.pixels(data.train_indices[:1]).cpu()
    try:
        with evaluating(encoder), torch.no_grad():
            z = encoder(one)
    except (RuntimeError, ValueError, IndexError) as error:
        raise ValueError(
            f"the encoder cannot take images of shape {tuple(one.shape)} on the CPU ({error}). "
            "Build it for them; it is moved to the device afterwards."
        ) from error
    if not isinstance(z, torch.Tensor) or z.ndim != 2:
        raise ValueError(
            f"the encoder must give embeddings (N, E), got {getattr(z, 'shape', type(z))}. "
            "Pool and flatten what it gives."
        )
    return z.shape[1]


def _make_regularizer(config: TrainConfig) -> Regularizer:
    loss = config.loss
    if loss.name in ("vicreg", "hybrid") and config.num_views % 2:
        raise ValueError(
            f"num_views must be even for {loss.name!r}, which takes views in pairs, got "
            f"{config.num_views}. Make one more, or one less."
        )
    return Regularizer(
        loss.name,
        num_slices=loss.num_slices,
        fixed_slices=loss.fixed_slices,
        num_points=loss.num_points,
        t_max=loss.t_max,
        covariance=loss.covariance,
        seed=spread_seed(config.seed).slices,
    )


def _make_optimizer(network: JointNetwork, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW that lets only matrices and kernels decay, and no part of a probe."""
    decaying, free = [], list(network.probes.parameters())
    for name, parameter in network.named_parameters():
        if not name.startswith("probes."):
            grows = parameter.ndim > 1 and "positions" not in name
            (decaying if grows else free).append(parameter)
    groups = [
        {"params": decaying, "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.lr)


def _narrowest(z: torch.Tensor) -> torch.Tensor:
    """Standard deviation of the narrowest coordinate of points (N, D), of all processes'."""
    count = sum_over_ranks(z.new_full((), float(len(z))))
    mean = sum_over_ranks(z.sum(0)) / count  # (D,)
    return (sum_over_ranks((z - mean).square().sum(0)) / (count - 1.0)).min().sqrt()


def _cross_entropies(guesses: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each view, (V·B,), for logits (V·B, classes) and labels (B,)."""
    every = labels.repeat(len(guesses) // len(labels))
    return functional.cross_entropy(guesses.float(), every, reduction="none")


def _share(count: int) -> slice:
    """The part of a batch of ``count`` that is this process's."""
    if not is_spread():
        return slice(0, count)
    rank, ranks = dist.get_rank(), dist.get_world_size()
    return slice(rank * count // ranks, (rank + 1) * count // ranks)


def _writes() -> bool:
    """Whether this process is the one that keeps files."""
    return not is_spread() or dist.get_rank() == 0


def _has_begun(kept: dict[str, torch.Tensor]) -> bool:
    return "steps_taken" in kept and bool(kept["steps_taken"].any())


def _section(kept: dict[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    start = f"{name}."
    return {k.removeprefix(start): v for k, v in kept.items() if k.startswith(start)}


def _advice(first: str) -> str:
    if first == "the views":
        return "Look for NaN in the images."
    return "Try a lower lr, a longer warmup, or a smaller clip_norm."
