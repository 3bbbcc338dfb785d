"""The losses' bench measures every form on the same tensors, and says which promises are kept."""

import json
from dataclasses import replace

import pytest
import torch

from sigreg_edu.cli import bench_losses, main
from sigreg_edu.cli.bench_losses import SeriesResult, ShapeResult

GOOD = ShapeResult(
    count=256,
    dim=64,
    slices=256,
    median_ms={"textbook": 9.0, "fast": 2.0, "vicreg": 0.7, "matrix products": 0.1},
    ratio=4.5,
    over_products=20.0,
    peak_mb={"textbook": 27.0, "fast": 2.0, "vicreg": 1.0},
    relative_error={"value": 1e-7, "gradient": 4e-7},
)
DIMS = SeriesResult(
    "D", (64, 1024), {"fast": [1.0, 10.0], "vicreg": [0.1, 100.0]}, {"fast": 0.8, "vicreg": 1.7}
)


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        ({}, True),
        ({"ratio": 2.4}, False),
        ({"peak_mb": {"fast": 65.0}}, False),
        ({"relative_error": {"value": 1e-7, "gradient": 2e-5}}, False),
    ],
)
def test_promises_are_of_speed_memory_and_exactness(fault, kept):
    assert bench_losses.keeps_promises(replace(GOOD, **fault)) is kept


def test_a_shape_is_measured_in_every_respect(capsys):
    result = bench_losses.measure_shape(256, 64, 256, "cpu", rounds=1)
    assert {"textbook", "fast", "vicreg", "matrix products"} <= result.median_ms.keys()
    assert all(ms > 0 for ms in result.median_ms.values())
    assert result.peak_mb["fast"] < result.peak_mb["textbook"]
    assert max(result.relative_error.values()) < 1e-5


def test_the_table_tells_promises_exponents_and_the_crossover():
    table = bench_losses.as_table([GOOD, replace(GOOD, ratio=1.0)], [DIMS] * 5)
    assert "4.5 (≥ 2.5) |" in table
    assert "1.0 (≥ 2.5) NOT KEPT" in table
    assert "| D | 64 | 1024 | 0.80 | 1.70 |" in table
    assert "slower one from about D = 256 on" in table
    never = replace(DIMS, median_ms={"fast": [1.0, 1.0], "vicreg": [2.0, 2.0]})
    assert "do not cross" in bench_losses.as_table([GOOD], [never] * 5)


def test_the_plot_shows_every_form_and_both_curves():
    figure = bench_losses.draw([GOOD], [DIMS])
    bars, curves = figure.axes
    assert {c.get_label() for c in bars.containers} == set(GOOD.median_ms)
    assert [line.get_label() for line in curves.lines[:2]] == ["SIGReg", "VICReg"]


def test_the_command_runs_and_keeps_what_it_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench_losses, "SHAPES", {(16, 4, 8): 1e-9})
    monkeypatch.setattr(bench_losses, "SERIES", {"N": (16, 32, 64)})
    monkeypatch.setattr(bench_losses, "BASE", {"N": 16, "D": 4, "M": 8, "T": 17})
    monkeypatch.setattr(bench_losses, "CROSSOVER", {"N": 16, "M": 8, "D": (2, 4, 8)})
    output, threads = tmp_path / "losses.json", torch.get_num_threads()
    assert (
        main(["bench", "losses", "--rounds", "1", "--threads", "1", "--output", str(output)]) == 0
    )
    record = json.loads(output.read_text(encoding="utf-8"))
    assert record["machine"]["threads"] == 1
    assert [shape["count"] for shape in record["shapes"]] == [16]
    assert output.with_suffix(".md").is_file()
    assert output.with_suffix(".png").is_file()
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--device", "gpu"], "Leave --device out for the CPU"),
    ],
)
def test_options_that_cannot_be_measured_are_refused(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["bench", "losses", *arguments]) == 1
    assert message in capsys.readouterr().err
