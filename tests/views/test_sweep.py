"""Sweeps of λ: means and spreads of the recorded runs, λ = 0 included, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.losses import invariance
from sigreg_edu.training.collapse_file import Setting, collapse_runs
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.targets import TARGETS, make_agreement
from sigreg_edu.views.sweep import CURVES, LINES, SWEPT, SweepParams, same_as_shared, sweep_view


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("target", TARGETS)
def test_curves_are_the_ends_of_the_recorded_runs(space, target):
    view, kept = sweep_view(SweepParams(space=space)), collapse_runs()
    for name in CURVES:
        values = view.curves[name][target]
        assert values.shape == (len(SWEPT), 3)
        for index, lamb in enumerate(SWEPT):
            condition = "lejepa" if lamb else "none"
            for seed in (0, 2):
                run = kept.of(Setting(condition, lamb, target, seed=seed))
                assert run.steps[-1] == 600
                assert values[index, seed] == run.curve(name, space)[-1]


def test_vicregs_line_starts_where_all_do():
    view = sweep_view(SweepParams())
    for name in CURVES:
        lines = view.curves[name]
        assert set(lines) == set(LINES)
        np.testing.assert_array_equal(lines["vicreg"][0], lines["shared"][0])
    vicreg = collapse_runs().of(Setting("vicreg", 0.1, seed=1))
    at = SWEPT.index(0.1)
    assert view.curves["knn"]["vicreg"][at, 1] == vicreg.curve("knn")[-1]


def test_spectra_are_means_over_the_seeds_at_the_present_lambda():
    for position, lamb in enumerate(SWEPT):
        view = sweep_view(SweepParams(position=position, target="teacher"))
        condition = "lejepa" if lamb else "none"
        runs = [collapse_runs().of(Setting(condition, lamb, "teacher", seed=s)) for s in range(3)]
        expected = np.mean([run.spectra["projection"][-1] for run in runs], axis=0)
        np.testing.assert_allclose(view.spectra["teacher"], expected)
        assert view.readout.startswith(f"λ = {lamb:g}, views agree with an averaged teacher")


@pytest.mark.parametrize("lamb", [0.0, 0.01, 0.3, 1.0])
def test_a_stop_gradient_follows_the_objective_of_about_twice_its_lambda(lamb):
    z = torch.randn(2, 16, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def direction(agreement, lamb):
        x = z.clone().requires_grad_(True)
        loss = (1.0 - lamb) * agreement(x) + lamb * (x**4).mean()
        (gradient,) = torch.autograd.grad(loss, x)
        return gradient / gradient.norm()

    stopped = make_agreement("stop_gradient", torch.nn.Identity())
    torch.testing.assert_close(
        direction(lambda x: stopped(x, x), lamb), direction(invariance, same_as_shared(lamb))
    )


def test_the_recorded_stop_gradient_at_0_01_lies_by_shared_at_0_02():
    view = sweep_view(SweepParams())
    stopped = view.curves["effective_rank"]["stop_gradient"][SWEPT.index(0.01)]
    shared = view.curves["effective_rank"]["shared"]
    twice, same = shared[SWEPT.index(0.02)], shared[SWEPT.index(0.01)]
    assert abs(stopped.mean() - twice.mean()) < 0.2 * abs(stopped.mean() - same.mean())


def test_at_zero_the_words_compare_the_targets():
    for target in TARGETS:
        view = sweep_view(SweepParams(position=0, target=target))
        assert "Without a regularizer" in view.readout
    assert "0.013 with each other, 0.013 with a stop-gradient" in view.readout
    other = sweep_view(SweepParams(position=6, target="stop_gradient")).readout
    assert "as λ = 0.039 would" in other
    assert "differ by" in other
