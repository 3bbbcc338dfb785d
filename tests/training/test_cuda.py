"""What only a GPU can show; skipped where there is none."""

from __future__ import annotations

import math

import pytest
import torch

from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.pretraining import CHECKPOINT, Pretraining, train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
CONFIG = TrainConfig().with_values({"steps": 6, "batch_size": 64, "save_every": 3})


@pytest.mark.parametrize("loss", ["lejepa", "vicreg", "standardized", "supervised"])
def test_it_trains_in_bfloat16_with_the_loss_in_float32(loss):
    run = Pretraining(CONFIG.with_values({"loss.name": loss}), device="cuda")
    record = run.step()
    assert math.isfinite(record.loss)
    z = run.embed("projection")
    assert (z.device.type, z.dtype) == ("cpu", torch.float32)


def test_a_resumed_training_goes_on_with_the_same_batches(tmp_path):
    whole = [record.invariance for record in train(CONFIG, device="cuda")]
    first = train(CONFIG, device="cuda", folder=tmp_path)
    seen = [next(first).invariance for _ in range(3)]
    first.close()
    assert (tmp_path / CHECKPOINT).is_file()
    rest = train(CONFIG, device="cuda", folder=tmp_path, resume=True)
    seen += [record.invariance for record in rest]
    # sums on a GPU are not taken in a fixed order, and bfloat16 has 8 bits
    assert seen == pytest.approx(whole, rel=0.05)
