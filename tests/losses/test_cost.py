"""The cost model: operations as one counts them, memory as it is measured, seconds by a fit."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.losses import timing
from sigreg_edu.losses.cost import (
    FORMS,
    CostModel,
    Measured,
    arguments_bytes,
    exponent,
    peak_memory,
    terms,
)

SIZES = [
    (64, 16, 16, 9),
    (256, 64, 64, 17),
    (256, 64, 64, 33),
    (512, 512, 16, 17),
    (64, 16, 2048, 17),  # two blocks of slices
    (64, 512, 512, 33),
    (64, 2048, 16, 17),  # VICReg's matrices fill memory
    (4096, 64, 128, 9),  # two blocks of points
]


def planted(form: str, sizes, *, noise: float = 0.0) -> list[Measured]:
    """Rows whose seconds are a sum of the form's terms, each with a coefficient of its own."""
    rng = np.random.default_rng(0)
    names = terms(form, 1, 1, 1, 1)
    coefficients = {name: 1e-9 * (1.0 + i) for i, name in enumerate(names)}
    coefficients["overhead"] = 1e-4
    rows = []
    for four in sizes:
        counts = terms(form, *four)
        seconds = sum(coefficients[name] * count for name, count in counts.items())
        rows.append(Measured(form, *four, seconds * np.exp(noise * rng.standard_normal()), 0))
    return rows


def grid(count: int = 60) -> list[tuple[int, int, int, int]]:
    ends = np.log([[64, 8192], [16, 2048], [16, 2048], [9, 33]])
    drawn = np.exp(np.random.default_rng(1).uniform(*ends.T, size=(count, 4)))
    return [tuple(map(int, row)) for row in drawn]


QUICK = [(form, s) for form in FORMS for s in SIZES if peak_memory(form, *s) <= 3e8]


@pytest.mark.parametrize(("form", "sizes"), QUICK)
def test_the_memory_that_is_counted_is_the_memory_that_is_measured(form, sizes):
    N, D, M, T = sizes
    z, directions = timing.cloud(N, D, M)
    step = timing.forward_and_backward(timing.forms(directions, T)[form], z)
    step()
    measured = timing.peak_bytes(step)
    # a few small vectors of D, M or N numbers are not counted
    assert peak_memory(form, *sizes) == pytest.approx(measured, rel=0.02, abs=4_000)


def test_the_fast_form_stores_nothing_of_the_size_of_the_waves():
    large = 6272, 384, 1024
    assert peak_memory("fast", *large, 33) / peak_memory("fast", *large, 17) < 1.05
    assert peak_memory("textbook", *large, 33) / peak_memory("textbook", *large, 17) > 1.9
    assert peak_memory("fast", *large, 17) < 64e6 < peak_memory("textbook", *large, 17)


def test_a_gpu_takes_larger_blocks():
    sizes = 6272, 384, 1024, 17
    assert peak_memory("fast", *sizes, device="cuda") > peak_memory("fast", *sizes)
    assert peak_memory("vicreg", *sizes, device="cuda") == peak_memory("vicreg", *sizes)


def test_one_kernel_tensor_of_the_reports_vit_small_has_161_gigabytes():
    pairs = terms("three sums", 6272, 384, 1024, 17)["pairs"]
    assert 4 * pairs / 1e9 == pytest.approx(161.1, abs=0.1)
    assert peak_memory("three sums", 6272, 384, 1024, 17) > 4 * pairs


@pytest.mark.parametrize("form", FORMS)
def test_counts_are_positive_and_arrays_give_what_numbers_give(form):
    many = np.array(grid(5)).T
    together, memory = terms(form, *many), peak_memory(form, *many)
    for i, sizes in enumerate(many.T):
        alone = terms(form, *sizes)
        assert all(isinstance(count, float) and count >= 0 for count in alone.values())
        assert {name: counts[i] for name, counts in together.items()} == alone
        assert memory[i] == peak_memory(form, *sizes)


def test_vicreg_has_no_slices_and_no_knots_and_sigreg_no_square_of_d():
    assert terms("vicreg", 100, 32, 16, 9) == terms("vicreg", 100, 32, 2048, 33)
    for form in set(FORMS) - {"vicreg"}:
        few, many = (sum(terms(form, 100, d, 64, 17).values()) for d in (1000, 2000))
        assert many < 2.001 * few


@pytest.mark.parametrize("form", FORMS)
def test_a_planted_cost_is_found_at_sizes_that_were_not_fitted(form):
    model = CostModel.fit(planted(form, grid()))
    assert model.within(planted(form, grid(90)[60:])) < 1.01
    assert all(c >= 0 for c in model.coefficients[form].values())


def test_half_as_long_weighs_as_much_as_twice_as_long():
    rows = [Measured("vicreg", 64, 16, 1, 2, s, 0) for s in (1.0, 4.0) for _ in range(4)]
    # least squares on ratios would give 1.2, on logarithms it is the geometric mean
    assert CostModel.fit(rows).seconds("vicreg", 64, 16, 1, 2) == pytest.approx(2.0, rel=0.01)


def test_noise_of_a_tenth_leaves_predictions_within_a_third():
    for form in FORMS:
        model = CostModel.fit(planted(form, grid(), noise=0.1))
        assert model.within(planted(form, grid(90)[60:])) < 1.33


def test_calibration_takes_each_forms_own_factor_and_else_the_usual():
    rows = [row for form in FORMS for row in planted(form, grid())]
    model = CostModel.fit(rows)
    slower = [
        Measured(form, *sizes, factor * model.seconds(form, *sizes), 0)
        for form, factor in (("fast", 2.0), ("vicreg", 3.0))
        for sizes in grid(3)
    ]
    here = model.calibrated(slower)
    assert here.factors["fast"] == pytest.approx(2.0)
    assert here.factors["vicreg"] == pytest.approx(3.0)
    assert here.factors["textbook"] == pytest.approx(2.5)
    assert here.within(slower) == pytest.approx(1.0)
    assert here.calibrated(slower).factors == here.factors  # and not their square


def test_exponents_are_of_power_laws():
    assert exponent([1, 10, 100], [2, 20, 200]) == pytest.approx(1.0)
    model = CostModel("cpu", 1, {"vicreg": dict.fromkeys(("overhead", "elementwise", "matrix"), 0)
                                 | {"covariance": 1e-9}})  # fmt: skip
    times = [model.seconds("vicreg", 64, d, 1, 2) for d in (16, 64, 256)]
    assert exponent([16, 64, 256], times) == pytest.approx(2.0)


def test_a_gpu_has_fewer_blocks_and_its_model_counts_so():
    sizes = (8192, 64, 2048, 17)
    assert terms("fast", *sizes, device="cuda")["calls"] < terms("fast", *sizes)["calls"]
    only_calls = {"fast": dict.fromkeys(terms("fast", *sizes), 0.0) | {"calls": 1.0}}
    on_cpu, on_gpu = (CostModel(device, 1, only_calls) for device in ("cpu", "cuda"))
    assert on_gpu.seconds("fast", *sizes) < on_cpu.seconds("fast", *sizes)


def test_what_cannot_be_fitted_or_judged_is_refused():
    row = Measured("fast", 64, 16, 16, 9, 1e-3, 0)
    with pytest.raises(ValueError, match="'fast' has 8 terms, got 1 measurements"):
        CostModel.fit([row])
    with pytest.raises(ValueError, match="above 0"):
        CostModel.fit([Measured("vicreg", 64, 16, 16, 9, 0.0, 0)] * 9)
    model = CostModel.fit(planted("vicreg", grid()))
    with pytest.raises(ValueError, match="got none"):
        model.within([])
    with pytest.raises(ValueError, match="got none"):
        model.calibrated([])
    with pytest.raises(ValueError, match="form must be one of"):
        terms("quick", 1, 1, 1, 1)
    with pytest.raises(ValueError, match="form must be one of 'vicreg'"):
        model.seconds("fast", 1, 1, 1, 2)


def test_the_tensors_themselves_are_counted_apart():
    z, directions = timing.cloud(100, 8, 20)
    assert arguments_bytes(100, 8, 20) == 4 * (z.numel() + directions.numel())
