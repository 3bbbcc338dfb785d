"""The training's bench times step and loss in turn, and holds the loss to its share."""

import json
from dataclasses import replace

import pytest

from sigreg_edu.cli import bench_training, main
from sigreg_edu.cli.bench_training import StepCost

COST = StepCost("vit_small", 256, 32, 900.0, 9.0, 0.01, 71.0, None)


def test_a_step_and_its_loss_are_measured(tmp_path, capsys):
    output = tmp_path / "training.json"
    options = ["--models", "vit_micro", "--rounds", "1", "--batch", "8", "--output", str(output)]
    assert main(["bench", "training", *options]) == 0
    record = json.loads(output.read_text())
    assert [cost["slices"] for cost in record["costs"]] == list(bench_training.SLICES)
    assert all(0.0 < cost["loss_ms"] < cost["step_ms"] for cost in record["costs"])
    assert "| vit_micro | 256 |" in capsys.readouterr().out


@pytest.mark.parametrize(("share", "status"), [(0.01, 0), (0.06, 1)])
def test_the_promise_is_of_vit_smalls_share(monkeypatch, share, status):
    monkeypatch.setattr(bench_training, "measure", lambda *a: replace(COST, share=share))
    monkeypatch.setattr(bench_training, "keep", lambda *a: None)
    assert main(["bench", "training"]) == status


def test_wrong_options_are_told_in_a_sentence(capsys):
    assert main(["bench", "training", "--models", "vit_huge"]) == 1
    assert "Choose from: vit_micro" in capsys.readouterr().err
    assert main(["bench", "training", "--rounds", "0"]) == 1
