"""The bench of costs: which sizes it takes, what it leaves out, and what it keeps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from sigreg_edu.cli import bench_cost, main
from sigreg_edu.losses import timing
from sigreg_edu.losses.cost import FORMS, CostModel, Measured, peak_memory, terms
from sigreg_edu.views.cost_record import load_cost_record


def row(form="fast", N=256, D=64, M=128, T=17, seconds=1e-3) -> Measured:
    return Measured(form, N, D, M, T, seconds, 10**6)


def test_the_grid_covers_both_ends_of_every_size_and_every_combination_of_corners():
    grid = bench_cost.grid()
    assert len(grid) == len(set(grid))
    for place, values in enumerate(bench_cost.SERIES.values()):
        seen = {sizes[place] for sizes in grid}
        assert seen >= set(values)
        assert (min(seen), max(seen)) == (min(values), max(values))
    assert (4096, 2048, 2048, 33) in grid


def test_what_is_held_back_is_not_in_the_grid_but_within_its_ends():
    held_back = bench_cost.held_back()
    assert len(held_back) >= 20
    assert not set(held_back) & set(bench_cost.grid())
    for place, values in enumerate(bench_cost.SERIES.values()):
        assert all(min(values) <= sizes[place] <= max(values) for sizes in held_back)
    assert held_back == bench_cost.held_back()


def test_every_row_of_the_reports_tables_has_its_shape():
    for dim in (192, 384, 768, 1024, 2048):
        assert {(6272, dim, slices, 17) for slices in (512, 1024, 2048)} <= set(bench_cost.REPORT)
    assert {sizes[0] for sizes in bench_cost.REPORT} == {32, 196, 6272}


def test_a_step_that_would_take_too_much_memory_or_time_is_left_out():
    vit_small = (6272, 384, 1024, 17)
    assert bench_cost.fitting(vit_small, []) == ["fast", "vicreg"]
    slow = [row("fast", seconds=0.5)]  # so here it would take a minute
    assert bench_cost.fitting(vit_small, slow) == ["vicreg"]
    assert bench_cost.fitting(vit_small, slow, always=("fast",)) == ["fast", "vicreg"]
    for form in bench_cost.fitting((512, 16, 256, 9), []):
        assert peak_memory(form, 512, 16, 256, 9) <= bench_cost.MOST_BYTES


def test_the_guess_grows_with_the_work_from_the_nearest_step():
    seen = [row(), row(N=4096, seconds=1e-2)]
    near = bench_cost.expected_seconds("fast", (8192, 64, 128, 17), seen)
    assert 1e-2 < near < 3e-2
    assert bench_cost.expected_seconds("vicreg", (8192, 64, 128, 17), seen) == 0.0


def test_the_whole_grid_is_gone_through_in_rounds_and_every_row_gets_a_turn_in_each(monkeypatch):
    small, other = (32, 4, 8, 9), (64, 4, 8, 9)
    monkeypatch.setattr(bench_cost, "grid", lambda quick: [small])
    monkeypatch.setattr(bench_cost, "held_back", lambda quick: [other])
    monkeypatch.setattr(bench_cost, "REPORT", (small,))
    turns, asked = iter(range(1, 1000)), []

    def one_turn(step, device):
        asked.append(step)
        return float(next(turns))

    def steps(sizes, names, device):
        return {name: (sizes, name) for name in names}

    monkeypatch.setattr(bench_cost, "_steps", steps)
    monkeypatch.setattr(bench_cost, "_one_turn", one_turn)
    monkeypatch.setattr(timing, "peak_bytes", lambda step, device: 7)
    monkeypatch.setattr(
        bench_cost, "fitting", lambda sizes, seen, always, device: ["fast", "vicreg"]
    )
    found = bench_cost.measure_all("cpu", 3)
    once = [((*sizes,), form) for sizes in (small, small, other) for form in ("fast", "vicreg")]
    assert asked == 3 * once  # not three times the first, then three times the next
    assert {name: len(rows) for name, rows in found.items()} == {
        "grid": 2, "held_back": 2, "report": 2,
    }  # fmt: skip
    for row in found["held_back"]:
        assert len(row.turns) == 3
        assert row.seconds == row.turns[1]  # the median, not the least
        assert row.peak_bytes == 7


def test_what_counts_is_the_median_also_of_a_slow_turn(monkeypatch):
    monkeypatch.setattr(bench_cost, "_steps", lambda sizes, names, device: dict.fromkeys(names))
    monkeypatch.setattr(bench_cost, "_one_turn", lambda step, device: 5.0)
    before = replace(row(seconds=1.5), turns=(1.0, 2.0))
    (after,) = bench_cost.another_turn([before], "cpu")
    assert after.turns == (1.0, 2.0, 5.0)
    assert after.seconds == 2.0
    assert bench_cost.another_turn([], "cpu") == []


def test_worst_ratios_are_told_by_form_and_over_all():
    rows = [row("vicreg", N=n, seconds=1e-6 * n) for n in (64, 128, 256, 512)]
    model = CostModel.fit(rows)
    off = [row("vicreg", N=64, seconds=3 * model.seconds("vicreg", 64, 64, 128, 17))]
    assert bench_cost.worst_by_form(model, off) == {"vicreg": 3.0, "all": 3.0}
    record = {"worst_ratio": {"grid": {"all": 1.9}, "held_back": {"all": 2.1}}}
    assert not bench_cost.keeps_promise(record)
    record["worst_ratio"]["held_back"]["all"] = 2.0
    assert bench_cost.keeps_promise(record)


def test_the_command_measures_fits_and_keeps_a_record_that_can_be_read(
    tmp_path, monkeypatch, capsys
):
    small = {"N": (32, 64), "D": (4, 8), "M": (8, 16), "T": (9, 17)}
    monkeypatch.setattr(bench_cost, "CORNERS", small)
    monkeypatch.setattr(bench_cost, "SERIES", small)
    monkeypatch.setattr(bench_cost, "BASES", ((32, 4, 8, 9),))
    monkeypatch.setattr(bench_cost, "LARGE", ())
    monkeypatch.setattr(bench_cost, "REPORT", ((64, 8, 16, 17),))
    monkeypatch.setattr(bench_cost, "HELD_BACK", 2)
    monkeypatch.setattr(bench_cost, "DRAWN", (4, 8))
    monkeypatch.setattr(bench_cost, "WITHIN", 1e6)  # a busy machine is no fault of the command
    output, threads = tmp_path / "cost.json", torch.get_num_threads()
    arguments = ["bench", "cost", "--rounds", "3", "--threads", "1", "--output", str(output)]
    assert main(arguments) == 0
    assert torch.get_num_threads() == threads
    record = load_cost_record(output)
    assert (record.device, record.threads) == ("cpu", 1)
    assert len(record.grid) == 16 * len(FORMS)
    assert len(record.report) == len(FORMS)
    assert record.worst_memory_ratio < 1.05
    assert all(len(row.turns) == 3 for row in record.every)
    assert len(record.pairs()) == len(record.pairs("textbook")) == 19
    kept = json.loads(output.read_text(encoding="utf-8"))
    assert set(kept["worst_ratio"]) == {"grid", "held_back", "report"}
    table = output.with_suffix(".md").read_text(encoding="utf-8")
    assert table in capsys.readouterr().out
    assert "| 64 | 8 | 16 | " in table
    assert "| grid, fitted to | 80 |" in table


def test_a_form_with_too_few_measurements_is_left_to_the_next_time():
    rows = [row("vicreg", N=n) for n in (64, 128, 256, 512)] + [row("fast")]
    assert {r.form for r in bench_cost.enough(rows)} == {"vicreg"}
    assert len(terms("fast", 1, 1, 1, 1)) > 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounds", "2"], "--rounds must be at least 3"),
        (["--threads", "0"], "--threads must be at least 1"),
        (["--device", "gpu"], "there is no 'gpu' here"),
        (["--device", "cuda"], "Leave --device out for the CPU"),
    ],
)
def test_options_that_cannot_be_measured_are_refused(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["bench", "cost", *arguments]) == 1
    assert message in capsys.readouterr().err
