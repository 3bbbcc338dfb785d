"""The training of a transformer: what a step does, how it goes on bit for bit, how it fails."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import torch
from torch import nn
from torch.nn import functional

from sigreg_edu.data import ImageData, ScatteredDigits, Shapes
from sigreg_edu.losses import LeJEPALoss
from sigreg_edu.training import knn_accuracy, pretraining
from sigreg_edu.training.checkpoint import load_checkpoint
from sigreg_edu.training.config import SUPERVISED, TrainConfig
from sigreg_edu.training.loop import learning_rate
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.pretraining import (
    CHECKPOINT,
    Pretraining,
    _require_shareable,
    choose_device,
    train,
)
from sigreg_edu.training.seeds import spread_seed
from sigreg_edu.training.vit import VIT_PRESETS

DIGITS = ScatteredDigits()
LOSSES = (*CONDITIONS, SUPERVISED)
SMALL = {
    "steps": 6,
    "batch_size": 16,
    "warmup": 2,
    "save_every": 3,
    "seed": 5,
    "model.projection_dim": 8,
    "model.hidden_dim": 32,
    "loss.num_slices": 8,
}
every_loss = pytest.mark.parametrize("loss", LOSSES)


class Hooked(ImageData):
    """The digits, with something that happens to the views of each batch."""

    def __init__(self, hook):
        options = ("images", "labels", "train_indices", "test_indices", "class_names")
        super().__init__(**{name: getattr(DIGITS, name) for name in options})
        self.hook, self.batches = hook, 0

    def _views(self, indices, num_views, generator, part):
        self.batches += 1
        views = DIGITS.views(indices, num_views, generator=generator, part=part)
        return self.hook(self.batches, views)


def config_of(**changes):
    return TrainConfig().with_values(
        {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}
    )


def start(*, data=DIGITS, encoder=None, **changes):
    return Pretraining(config_of(**changes), data=data, encoder=encoder)


def finished(run):
    while not run.finished:
        run.step()
    return run


def kept_in(folder, config):
    return load_checkpoint(folder / CHECKPOINT, config, device="cpu")


def assert_same(state, expected):
    assert set(state) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(state[name], tensor), name


def first_batch(run):
    """What the first step of a fresh run sees: indices (B,) and views (V, B, C, H, W)."""
    generator = torch.Generator().manual_seed(spread_seed(run.config.seed).batches)
    indices = run.data.train_indices
    batch = indices[torch.randperm(len(indices), generator=generator)[: run.config.batch_size]]
    return batch, run.data.views(batch, run.config.num_views, generator=generator)


def linear_encoder(width=12):
    layer = nn.utils.skip_init(nn.Linear, 256, width)
    nn.init.normal_(layer.weight, std=1 / 16, generator=torch.Generator().manual_seed(0))
    nn.init.zeros_(layer.bias)
    return nn.Sequential(nn.Flatten(), layer)


# --- a step --------------------------------------------------------------------------------------


@every_loss
def test_every_loss_trains(loss):
    run = start(loss__name=loss)
    before = {name: p.clone() for name, p in run.network.named_parameters()}
    records = [run.step(), run.step()]
    assert [record.step for record in records] == [1, 2]
    assert all(math.isfinite(value) for record in records for value in vars(record).values())
    still = [name for name, p in run.network.named_parameters() if torch.equal(p, before[name])]
    assert still == []
    assert all(parameter.isfinite().all() for parameter in run.network.parameters())


@pytest.mark.parametrize("loss", CONDITIONS)
@pytest.mark.parametrize("views", [2, 4])
def test_the_loss_is_the_convex_sum_of_its_terms(loss, views):
    for record in finished(start(loss__name=loss, num_views=views, steps=3)).records:
        lamb = record.lamb
        expected = (1 - lamb) * record.invariance + lamb * record.regularizer
        assert record.loss == pytest.approx(expected, rel=1e-5)  # float32


def test_lejepas_first_loss_is_the_librarys_of_the_same_views():
    run = start(loss__lamb=0.3)
    views = first_batch(run)[1]
    z = run.network.train()(views.flatten(0, 1)).projection.unflatten(0, (2, 16))
    expected = LeJEPALoss(0.3, num_slices=8, seed=spread_seed(run.config.seed).slices)(z)
    record = start(loss__lamb=0.3).step()
    assert record.loss == pytest.approx(expected["loss"].item(), rel=1e-6)
    assert record.invariance == pytest.approx(expected["invariance_loss"].item(), rel=1e-6)
    assert record.regularizer == pytest.approx(expected["sigreg_loss"].item(), rel=1e-6)
    assert record.smallest_std == pytest.approx(z.flatten(0, 1).std(0).min().item(), rel=1e-6)


def test_supervised_is_the_cross_entropy_of_a_linear_layer_on_the_embedding():
    run = start(loss__name=SUPERVISED)
    batch, views = first_batch(run)
    assert isinstance(run.network.projector, nn.Linear)
    guesses = run.network.train()(views.flatten(0, 1)).projection
    expected = functional.cross_entropy(guesses, DIGITS.labels[batch].repeat(2))
    assert start(loss__name=SUPERVISED).step().loss == pytest.approx(expected.item(), rel=1e-6)


@pytest.fixture(scope="module")
def supervised():
    """A supervised training on upright digits to its end, and what was seen before it."""
    upright = ScatteredDigits(pose=0.0)
    run = start(data=upright, loss__name=SUPERVISED, steps=25, batch_size=64)
    before = run.measure("embedding")
    return finished(run), before


def test_supervised_training_lowers_its_loss(supervised):
    records = supervised[0].records
    assert sum(r.loss for r in records[-5:]) / 5 < 0.7 * records[0].loss


def test_the_online_probes_learn(supervised):
    run, before = supervised
    assert before.linear < 0.2  # it guesses alike
    assert run.measure("embedding").linear > 0.4


def test_every_loss_starts_from_the_same_weights_batches_and_views():
    firsts = {loss: start(loss__name=loss).step().invariance for loss in CONDITIONS}
    assert len(set(firsts.values())) == 1


def test_at_lambda_zero_every_loss_is_the_one_without_a_regularizer():
    def invariances(loss):
        run = finished(start(loss__name=loss, loss__lamb=0.0, steps=3))
        return [record.invariance for record in run.records]

    assert all(invariances(loss) == invariances("none") for loss in CONDITIONS)


def test_a_decaying_regularizer_loses_the_same_factor_in_each_step():
    run = finished(start(loss__lamb=0.2, loss__decay=0.01, steps=3))
    odds = [record.lamb / (1.0 - record.lamb) for record in run.records]
    assert odds == pytest.approx([0.25, 0.025, 0.0025])


def test_lambda_set_on_the_way_takes_effect_at_the_next_step():
    run = start(loss__lamb=0.0)
    for lamb in (0.0, 0.5, 1.0):
        run.lamb = lamb
        record = run.step()
        expected = (1 - lamb) * record.invariance + lamb * record.regularizer
        assert (record.lamb, record.loss) == (lamb, pytest.approx(expected, rel=1e-5))


@pytest.mark.parametrize("loss", ["none", SUPERVISED])
def test_without_a_regularizer_no_lambda_is_taken(loss):
    run = start(loss__name=loss)
    with pytest.raises(ValueError, match="lamb must be 0 without a regularizer"):
        run.lamb = 0.1
    assert run.lamb == 0.0


def test_the_hybrid_passes_from_vicreg_to_sigreg_over_the_middle_third():
    run = start(loss__name="hybrid", steps=9)
    mixtures = []
    while not run.finished:
        run.step()
        mixtures.append(run.regularizer.mixture[1])
    assert mixtures == pytest.approx([0, 0, 0, 0, 1 / 3, 2 / 3, 1, 1, 1])


@every_loss
def test_the_probes_reach_neither_encoder_nor_projector(loss):
    usual, other = start(loss__name=loss, steps=3), start(loss__name=loss, steps=3)
    for probe in other.network.probes.values():
        generator = torch.Generator().manual_seed(1)
        nn.init.normal_(probe[1].weight, std=100.0, generator=generator)  # with a loss to match
    assert finished(usual).records == finished(other).records  # gradient norms too
    for a, b in zip(usual.network.learners(), other.network.learners(), strict=True):
        assert torch.equal(a, b)


# --- how the weights move ------------------------------------------------------------------------


def test_the_learning_rate_warms_up_and_comes_down():
    run = start(steps=8, warmup=3, lr=0.004)
    for step in range(1, 9):
        record = run.step()
        assert record.learning_rate == learning_rate(step, 8, 0.004, 3)
        assert {group["lr"] for group in run.optimizer.param_groups} == {record.learning_rate}
    rates = [record.learning_rate for record in run.records]
    assert rates[0] < rates[1] < rates[2]
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_only_matrices_and_kernels_of_encoder_and_projector_decay():
    run = start(weight_decay=0.3)
    names = {parameter: name for name, parameter in run.network.named_parameters()}
    decaying, free = (
        {names[p]: p for p in group["params"]} for group in run.optimizer.param_groups
    )
    assert [group["weight_decay"] for group in run.optimizer.param_groups] == [0.3, 0.0]
    assert set(decaying) | set(free) == set(names.values())
    assert not set(decaying) & set(free)
    assert all(p.ndim > 1 for p in decaying.values())
    many = {name for name, p in free.items() if p.ndim > 1}
    assert many == {
        "encoder.positions",
        "probes.embedding.1.weight",
        "probes.projection.1.weight",
    }


def test_a_long_gradient_is_shortened_and_the_probes_are_left_alone():
    long, short = start(clip_norm=1e6), start(clip_norm=0.01)
    for run in (long, short):
        run.step()
    assert long.records == short.records  # the norm is that before clipping
    norm = long.records[0].gradient_norm
    assert norm > 0.1
    for a, b in zip(long.network.learners(), short.network.learners(), strict=True):
        torch.testing.assert_close(0.01 / norm * a.grad, b.grad, rtol=1e-4, atol=1e-9)
    for a, b in zip(
        long.network.probes.parameters(), short.network.probes.parameters(), strict=True
    ):
        assert torch.equal(a.grad, b.grad)


def test_the_same_seed_repeats_the_run_and_another_does_not():
    def losses(seed):
        return [record.loss for record in finished(start(seed=seed, steps=3)).records]

    assert losses(1) == losses(1)
    assert losses(1) != losses(2)


@pytest.mark.usefixtures("global_generators_untouched")
def test_no_global_generator_is_moved(tmp_path):
    list(train(config_of(steps=2), data=DIGITS, folder=tmp_path))


def test_no_global_generator_is_read():
    before = torch.get_rng_state()
    runs = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        runs.append(finished(start(steps=2)))
    torch.set_rng_state(before)
    assert runs[0].records == runs[1].records


def test_half_precision_keeps_the_weights_in_full():
    full, half = (finished(start(steps=2, precision=p)) for p in ("float32", "bfloat16"))
    assert all(parameter.dtype == torch.float32 for parameter in half.network.parameters())
    assert half.embed().dtype == torch.float32
    assert half.records[0].loss != full.records[0].loss
    assert half.records[0].loss == pytest.approx(full.records[0].loss, rel=0.05)  # 8 bits


def test_on_a_cpu_auto_is_full_precision():
    auto, full = (finished(start(steps=2, precision=p)) for p in ("auto", "float32"))
    assert auto.records == full.records


# --- what may be trained -------------------------------------------------------------------------


def test_images_by_name_are_those_of_the_data(tmp_path):
    named = finished(Pretraining(config_of(steps=2)))
    assert named.records == finished(start(steps=2)).records
    other = Pretraining(config_of(data={"name": "digits", "pose": 0.0}))
    assert torch.equal(other.data.images, ScatteredDigits(pose=0.0).images)


def test_colours_and_larger_images_fit():
    shapes = Shapes(count=60, size=24)
    run = finished(start(data=shapes, steps=2, model__patch=8))
    assert run.embed("embedding").shape == (60, VIT_PRESETS["vit_micro"].dim)


def test_any_module_can_be_the_encoder():
    run = finished(start(encoder=linear_encoder()))
    assert run.embed("embedding").shape[1] == 12
    assert run.embed().shape[1] == 8


@pytest.mark.parametrize(
    ("encoder", "error", "message"),
    [
        (lambda x: x, TypeError, r"encoder must be an nn\.Module, got function"),
        (nn.Flatten(2), ValueError, r"must give embeddings \(N, E\), got .*1, 1, 256"),
        (nn.Identity(), ValueError, r"must give embeddings .* Pool and flatten"),
        (nn.Sequential(nn.Flatten(), nn.Linear(64, 4)), ValueError, r"cannot take images of shape"),
    ],
)
def test_an_encoder_that_does_not_fit_is_refused_at_once(encoder, error, message):
    with pytest.raises(error, match=message):
        start(encoder=encoder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 1348}, "batch_size must be at most the 1347 training images, got 1348"),
        ({"loss__name": "vicreg", "num_views": 3}, "num_views must be even for 'vicreg'"),
        ({"loss__name": "hybrid", "num_views": 5}, "num_views must be even for 'hybrid'"),
        ({"model__patch": 3}, "image_size must be a multiple of patch = 3, got 16"),
    ],
)
def test_options_that_do_not_fit_the_data_or_each_other_are_refused_at_once(
    changes, message, tmp_path
):
    with pytest.raises(ValueError, match=message):
        train(config_of(**changes), data=DIGITS, folder=tmp_path)  # no record is asked for
    assert list(tmp_path.iterdir()) == []


def test_after_the_last_step_there_is_no_other():
    run = finished(start(steps=2))
    with pytest.raises(RuntimeError, match="all 2 steps have been taken"):
        run.step()
    assert len(run.records) == run.steps_taken == 2


def test_devices_are_chosen_by_name():
    assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")
    there = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_device("auto").type == there
    with pytest.raises(ValueError, match="device must be cpu, cuda or auto, got meta"):
        choose_device("meta")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said():
    with pytest.raises(ValueError, match="torch sees no GPU here"):
        Pretraining(config_of(), device="cuda", data=DIGITS)


# --- looking -------------------------------------------------------------------------------------


@pytest.fixture
def few_watched(monkeypatch):
    """Looking is quicker at 70 images."""
    monkeypatch.setattr(pretraining, "MOST_WATCHED", {"train": 50, "test": 20})


@pytest.mark.usefixtures("few_watched")
def test_looking_changes_nothing():
    looked, alone = start(steps=3), start(steps=3)
    while not looked.finished:
        looked.step()
        looked.measure("embedding")
        looked.measure("projection")
        assert looked.network.training
    assert looked.records == finished(alone).records
    assert_same(looked.state(), alone.state())


def test_embeddings_are_the_networks_in_whatever_chunks(monkeypatch):
    run = start()
    run.step()
    some = torch.tensor([5, 3, 700, 3])
    with torch.no_grad():
        whole = run.network.eval()(DIGITS.images[some])
    monkeypatch.setattr(pretraining, "CHUNK", 3)
    for space in ("embedding", "projection"):
        found = run.embed(space, some)
        torch.testing.assert_close(found, getattr(whole, space), rtol=1e-4, atol=1e-5)  # float32
        assert not found.requires_grad
    assert torch.equal(run.labels_of(some), DIGITS.labels[some])
    with pytest.raises(ValueError, match="Did you mean 'embedding'"):
        run.embed("embeding")


@pytest.mark.usefixtures("few_watched")
def test_watched_images_are_training_images_then_test_images_and_not_too_many():
    run = start()
    assert len(run.embed()) == len(run.labels_of()) == len(run.watched_indices) == 70
    assert set(run.watched_indices[:50].tolist()) < set(DIGITS.train_indices.tolist())
    watched_test = run.watched_indices[run.test_indices]
    assert set(watched_test.tolist()) < set(DIGITS.test_indices.tolist())
    assert len(watched_test) == 20
    assert torch.equal(start(seed=9).watched_indices, run.watched_indices)


@pytest.mark.usefixtures("few_watched")
def test_measures_are_those_of_the_watched_images():
    run = finished(start(steps=2))
    z, test = run.embed("embedding"), run.test_indices
    seen, labels = run.measure("embedding"), run.labels_of()
    train = torch.arange(len(z))[: len(z) - len(test)]
    assert seen.knn == knn_accuracy(z[train], labels[train], z[test], labels[test])
    assert seen.smallest_std == pytest.approx(z.std(0).min().item())
    probe = run.network.probes["embedding"].eval()
    correct = (probe(z[test]).argmax(1) == labels[test]).double().mean().item()
    assert seen.linear == pytest.approx(correct)


# --- going on ------------------------------------------------------------------------------------

RESUMED = {
    **{loss: {"loss__name": loss} for loss in LOSSES},
    "fixed slices": {"loss__fixed_slices": True},
    "four views": {"num_views": 4},
    "half precision": {"precision": "bfloat16"},
    "plain patches": {"model__stem": "patch"},
}


@pytest.mark.parametrize("changes", RESUMED.values(), ids=RESUMED)
def test_a_training_that_broke_off_goes_on_bit_for_bit(changes, tmp_path):
    config = config_of(**changes)
    whole = list(train(config, data=DIGITS, folder=tmp_path / "whole"))
    for stop in (1, 4):  # before and after a checkpoint on the way
        parts = tmp_path / f"parts {stop}"
        begun = train(config, data=DIGITS, folder=parts)
        records = [next(begun) for _ in range(stop)]
        begun.close()  # as leaving a loop does
        records += train(config, data=DIGITS, folder=parts, resume=True)
        assert records == whole
        assert_same(kept_in(parts, config), kept_in(tmp_path / "whole", config))


def test_an_encoder_of_ones_own_goes_on_bit_for_bit_with_its_running_statistics(tmp_path):
    def encoder():
        return nn.Sequential(linear_encoder(), nn.BatchNorm1d(12), nn.GELU())

    config = config_of()
    whole = list(train(config, data=DIGITS, encoder=encoder(), folder=tmp_path / "whole"))
    for record in train(config, data=DIGITS, encoder=encoder(), folder=tmp_path / "parts"):
        if record.step == 2:
            break
    rest = list(
        train(config, data=DIGITS, encoder=encoder(), folder=tmp_path / "parts", resume=True)
    )
    assert rest == whole[2:]
    assert_same(kept_in(tmp_path / "parts", config), kept_in(tmp_path / "whole", config))


@pytest.fixture
def global_generator():
    """Torch's global generator is put back after a test that seeds it."""
    before = torch.get_rng_state()
    yield
    torch.set_rng_state(before)


def with_dropout():
    return nn.Sequential(linear_encoder(), nn.Dropout(0.5))


@pytest.mark.usefixtures("global_generator")
def test_an_encoder_with_dropout_goes_on_bit_for_bit(tmp_path):
    config = config_of()
    torch.manual_seed(1)
    whole = list(train(config, data=DIGITS, encoder=with_dropout(), folder=tmp_path / "whole"))
    torch.manual_seed(1)
    begun = train(config, data=DIGITS, encoder=with_dropout(), folder=tmp_path / "parts")
    records = [next(begun), next(begun)]
    begun.close()
    torch.manual_seed(2)  # another process begins elsewhere
    records += train(
        config, data=DIGITS, encoder=with_dropout(), folder=tmp_path / "parts", resume=True
    )
    assert records == whole
    assert_same(kept_in(tmp_path / "parts", config), kept_in(tmp_path / "whole", config))


def test_the_kits_own_encoder_has_nothing_to_do_with_the_global_generator():
    run = start()
    before = torch.get_rng_state()
    kept = run.state()
    torch.rand(1)
    assert_same(run.state(), kept)
    moved = torch.get_rng_state()
    run.load_state(kept)
    assert torch.equal(torch.get_rng_state(), moved)
    torch.set_rng_state(before)


@pytest.mark.usefixtures("global_generator")
def test_a_step_that_fails_gives_dropouts_numbers_back():
    run = start(data=turning_to_nan_at(2), encoder=with_dropout())
    run.step()
    before = torch.get_rng_state()
    with pytest.raises(FloatingPointError):
        run.step()
    assert torch.equal(torch.get_rng_state(), before)
    run.step()
    assert not torch.equal(torch.get_rng_state(), before)


def test_batchnorms_of_ones_own_see_all_processes_on_cuda(monkeypatch):
    def kind_of_norm(device):
        network = start(encoder=nn.Sequential(linear_encoder(), nn.BatchNorm1d(12))).network
        pretraining._join_batchnorms(network, torch.device(device))
        return type(network.encoder[1])

    assert kind_of_norm("cuda") is nn.BatchNorm1d  # one process
    run = start(encoder=nn.Sequential(linear_encoder(), nn.BatchNorm1d(12)))
    monkeypatch.setattr(pretraining, "is_spread", lambda: True)
    for device, kind in (("cpu", nn.BatchNorm1d), ("cuda", nn.SyncBatchNorm)):
        pretraining._join_batchnorms(run.network, torch.device(device))
        assert type(run.network.encoder[1]) is kind


def test_a_lambda_that_was_set_on_the_way_is_kept():
    run, other = start(), start()
    run.step()
    run.lamb = 0.7
    other.load_state(run.state())
    assert other.lamb == 0.7
    assert (other.step(), other.steps_taken) == (run.step(), 2)
    assert [record.step for record in other.records] == [2]


@pytest.mark.parametrize(("steps", "expected"), [(7, [3, 6, 7]), (6, [3, 6]), (2, [2])])
def test_checkpoints_come_as_often_as_asked_and_at_the_end(steps, expected, tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(
        pretraining,
        "save_checkpoint",
        lambda file, state, config, device: saved.append((file, int(state["steps_taken"]))),
    )
    list(train(config_of(steps=steps), data=DIGITS, folder=str(tmp_path)))
    assert saved == [(tmp_path / CHECKPOINT, step) for step in expected]


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    list(train(config_of(steps=3), data=DIGITS))
    assert list(tmp_path.iterdir()) == []


def test_a_finished_training_has_no_more_steps(tmp_path):
    list(train(config_of(steps=2), data=DIGITS, folder=tmp_path))
    assert list(train(config_of(steps=2), data=DIGITS, folder=tmp_path, resume=True)) == []


def test_resuming_is_refused_where_there_is_nothing_of_this_training(tmp_path):
    with pytest.raises(ValueError, match="resume needs the folder"):
        train(config_of(), data=DIGITS, resume=True)
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        train(config_of(), data=DIGITS, folder=tmp_path, resume=True)
    next(train(config_of(), data=DIGITS, folder=tmp_path))
    with pytest.raises(ValueError, match=r"other options: lr = 0.002 \(asked: 0.5\)"):
        train(config_of(lr=0.5), data=DIGITS, folder=tmp_path, resume=True)


def test_a_training_that_lies_there_is_not_overwritten(tmp_path):
    config = config_of()
    list(train(config, data=DIGITS, folder=tmp_path))
    kept = (tmp_path / CHECKPOINT).read_bytes()
    with pytest.raises(FileExistsError, match=r"resume=True \(--resume\), or name another folder"):
        train(config, data=DIGITS, folder=tmp_path)  # no record is asked for
    assert (tmp_path / CHECKPOINT).read_bytes() == kept


def whole_state():
    run = start()
    run.step()
    return run.state()


@pytest.mark.parametrize(
    "missing",
    [
        "generator",
        "steps_taken",
        "lamb",
        "network.encoder.positions",
        "optimizer.3.exp_avg",
        "regularizer.sigreg._extra_state",
    ],
)
def test_a_state_that_is_not_whole_is_refused_and_nothing_changes(missing):
    run, kept = start(), whole_state()
    before = run.state()
    del kept[missing]
    with pytest.raises(ValueError, match=rf"does not fit .* for {missing}, got nothing"):
        run.load_state(kept)
    assert_same(run.state(), before)


@pytest.mark.parametrize(
    ("name", "tensor", "came"),
    [
        ("network.probes.projection.1.weight", torch.zeros(10, 4), r"float32 \(10, 4\)"),
        ("network.encoder.more", torch.zeros(3), r"float32 \(3,\)"),
        ("optimizer.3.exp_avg_sq", torch.zeros(3, dtype=torch.int64), r"int64 \(3,\)"),
        ("optimizer.999.step", torch.zeros(()), r"float32 \(\)"),
        ("generator", torch.zeros(16, dtype=torch.uint8), r"uint8 \(16,\)"),  # CUDA's
    ],
)
def test_a_state_of_another_kind_is_refused_and_nothing_changes(name, tensor, came):
    run, kept = start(), whole_state()
    before = run.state()
    with pytest.raises(ValueError, match=rf"does not fit .* for {name}, got {came}"):
        run.load_state(kept | {name: tensor})
    assert_same(run.state(), before)


def test_a_state_of_a_begun_training_without_any_moments_is_refused():
    kept = {k: v for k, v in whole_state().items() if not k.startswith("optimizer.")}
    with pytest.raises(ValueError, match=r"does not fit .* for optimizer\.0\.\w+, got nothing"):
        start().load_state(kept)


def test_another_networks_state_is_refused():
    kept = start(model__projection_dim=4).state()
    with pytest.raises(ValueError, match=r"this state does not fit the training: .*projector"):
        start().load_state(kept)


def test_a_state_before_the_first_step_fits_a_training_with_fixed_slices():
    fresh, run = start(loss__fixed_slices=True), start(loss__fixed_slices=True)
    kept = fresh.state()
    first = run.step()
    run.load_state(kept)
    assert run.step() == first


def test_a_state_is_a_copy_that_later_steps_do_not_move():
    run = start()
    run.step()
    kept = run.state()
    before = {name: tensor.clone() for name, tensor in kept.items()}
    run.step()
    assert_same(kept, before)


# --- interrupts ----------------------------------------------------------------------------------


@pytest.fixture
def interruptible():
    """Ctrl-C raises KeyboardInterrupt, whatever runs the tests has made of it."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to the main thread")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_waits_for_the_end_of_its_step_and_the_checkpoint_is_whole(tmp_path):
    after = []

    def interrupt(batch, views):
        if batch == 4:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.001)  # Python runs handlers between two instructions
            after.append(batch)
        return views

    config, records = config_of(), []
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - the records are to be looked at
        for record in train(config, data=Hooked(interrupt), folder=tmp_path):
            records += [record]
    assert after == [4]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert int(kept_in(tmp_path, config)["steps_taken"]) == 4
    whole = finished(start())
    records += train(config, data=DIGITS, folder=tmp_path, resume=True)
    assert records == whole.records  # none is lost
    assert_same(kept_in(tmp_path, config), whole.state())


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_the_weights_move_waits_until_the_step_has_counted(monkeypatch):
    run, whole = start(), finished(start())
    move = run.optimizer.step

    def interrupted():
        signal.raise_signal(signal.SIGINT)
        move()

    monkeypatch.setattr(run.optimizer, "step", interrupted)
    for step in range(1, 7):
        with pytest.raises(KeyboardInterrupt):
            run.step()
        assert run.steps_taken == len(run.records) == step
    assert run.records == whole.records
    assert_same(run.state(), whole.state())


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_during_the_last_save_waits_for_it(tmp_path, monkeypatch):
    save = pretraining.save_checkpoint

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        save(*arguments, **options)

    monkeypatch.setattr(pretraining, "save_checkpoint", interrupted)
    begun = train(config_of(), data=DIGITS, folder=tmp_path)
    next(begun)
    with pytest.raises(KeyboardInterrupt):
        begun.close()
    assert int(kept_in(tmp_path, config_of())["steps_taken"]) == 1


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_in_the_last_step_of_a_loop_that_is_left_is_not_lost(tmp_path):
    def interrupt(batch, views):
        signal.raise_signal(signal.SIGINT)
        return views

    begun = train(config_of(), data=Hooked(interrupt), folder=tmp_path)
    assert next(begun).step == 1
    with pytest.raises(KeyboardInterrupt):
        begun.close()
    assert int(kept_in(tmp_path, config_of())["steps_taken"]) == 1


@pytest.mark.usefixtures("interruptible")
def test_between_two_steps_an_interrupt_comes_at_once(tmp_path):
    config = config_of()

    def interrupted():
        for record in train(config, data=DIGITS, folder=tmp_path):
            if record.step == 2:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert int(kept_in(tmp_path, config)["steps_taken"]) == 2


def test_another_thread_than_the_main_one_can_train():
    records = []
    thread = threading.Thread(target=lambda: records.extend(train(config_of(), data=DIGITS)))
    thread.start()
    thread.join()
    assert records == finished(start()).records


@every_loss
def test_an_error_in_the_data_leaves_everything_as_it_was_before_the_step(loss, tmp_path):
    def fail(batch, views):
        if batch == 3:
            raise OSError("the disk went away")
        return views

    config = config_of(loss__name=loss)
    with pytest.raises(OSError, match="the disk went away"):
        list(train(config, data=Hooked(fail), folder=tmp_path))
    whole = finished(start(loss__name=loss))
    rest = list(train(config, data=DIGITS, folder=tmp_path, resume=True))
    assert rest == whole.records[2:]
    assert_same(kept_in(tmp_path, config), whole.state())


# --- numbers that are not finite -----------------------------------------------------------------


def turning_to_nan_at(bad):
    return Hooked(lambda batch, views: views * math.nan if batch == bad else views)


@pytest.mark.parametrize("changes", [{}, {"loss__name": "hybrid"}, {"loss__fixed_slices": True}])
@pytest.mark.parametrize("bad", [1, 3])
def test_nan_in_the_views_is_named_and_nothing_has_moved(changes, bad, tmp_path):
    config = config_of(**changes)
    training = train(config, data=turning_to_nan_at(bad), folder=tmp_path)
    with pytest.raises(FloatingPointError, match="first seen in the views") as told:
        list(training)
    assert f"step {bad} is not finite" in str(told.value)
    assert "Look for NaN in the images" in str(told.value)

    healthy = start(**changes)
    for _ in range(bad - 1):
        healthy.step()
    begun = bad > 1
    assert (tmp_path / CHECKPOINT).exists() == begun  # nothing stands in the way of a new start
    if begun:
        assert_same(kept_in(tmp_path, config), healthy.state())
    rest = list(train(config, data=DIGITS, folder=tmp_path, resume=begun))
    assert rest == finished(healthy).records[bad - 1 :]


def test_after_nan_the_same_object_can_take_the_step_again():
    data = turning_to_nan_at(3)
    run, healthy = start(data=data), finished(start())
    run.step()
    run.step()
    with pytest.raises(FloatingPointError):
        run.step()
    assert (run.steps_taken, len(run.records)) == (2, 2)
    assert finished(run).records == healthy.records
    assert_same(run.state(), healthy.state())


@pytest.mark.parametrize("lr", [1e3, 1e6])
def test_a_rate_far_too_high_stops_with_a_diagnosis(lr, tmp_path):
    config = config_of(steps=60, lr=lr)
    with pytest.raises(FloatingPointError, match=r"Try a lower lr") as told:
        list(train(config, data=DIGITS, folder=tmp_path))
    for part in ("loss", "invariance", "regularizer", "learning rate", "gradient norms before"):
        assert part in str(told.value)
    kept = kept_in(tmp_path, config)
    assert all(t.isfinite().all() for name, t in kept.items() if name.startswith("network."))


# --- a process that is killed --------------------------------------------------------------------

CHILD = """
import json, sys, torch
from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.pretraining import train
plain, folder, threads, resume = json.loads(sys.argv[1])
torch.set_num_threads(threads)
for record in train(TrainConfig.from_dict(plain), folder=folder, resume=resume):
    print(record.step, flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system kills otherwise")
def test_a_training_that_was_killed_goes_on_bit_for_bit(tmp_path):
    config, folder = config_of(steps=30), tmp_path / "parts"
    # The moments lie at a checkpoint and within a step, as near as a clock can tell.
    for resume, last, delay in ((False, 5, 0.004), (True, 15, 0.0)):
        task = json.dumps([config.to_dict(), str(folder), torch.get_num_threads(), resume])
        with subprocess.Popen(
            [sys.executable, "-c", CHILD, task], stdout=subprocess.PIPE, text=True
        ) as child:
            for line in child.stdout:
                if int(line) >= last:
                    time.sleep(delay)
                    child.send_signal(signal.SIGKILL)
                    break
        assert child.returncode == -signal.SIGKILL
        step = int(kept_in(folder, config)["steps_taken"])
        assert step % 3 == 0
        assert last - 3 <= step < 30

    whole = list(train(config, data=DIGITS, folder=tmp_path / "whole"))
    rest = list(train(config, data=DIGITS, folder=folder, resume=True))
    assert rest == whole[step:]
    assert_same(kept_in(folder, config), kept_in(tmp_path / "whole", config))


def test_what_several_processes_cannot_share_is_refused():
    config = TrainConfig().with_values({"batch_size": 2})
    with pytest.raises(ValueError, match="at least the 3 processes, got 2"):
        _require_shareable(config, 3)
    standardized = TrainConfig().with_values({"loss.name": "standardized"})
    with pytest.raises(ValueError, match="cannot be shared out"):
        _require_shareable(standardized, 2)
    _require_shareable(TrainConfig(), 2)


def test_too_few_images_for_knn_are_refused_before_the_first_step():
    few = ScatteredDigits()
    few.train_indices = few.train_indices[:9]
    with pytest.raises(ValueError, match="at least 10 training images"):
        Pretraining(TrainConfig().with_values({"batch_size": 4}), data=few)
