"""What notebook 08 tells of its explorers in words is what they show."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from sigreg_edu.losses import SliceSchedule
from sigreg_edu.training import frontiers
from sigreg_edu.training.collapse_tables import spread_text
from sigreg_edu.training.frontier_samples import SAMPLE_DIMS
from sigreg_edu.views.all_directions import (
    NUM_ROWS,
    AllDirectionsParams,
    all_directions_view,
    refine_all_directions,
)
from sigreg_edu.views.multi_scale import MultiScaleParams, multi_scale_view
from sigreg_edu.views.weights import FLAWS, WeightsParams, weights_view
from sigreg_edu.views.worst_slices import WorstSlicesParams, worst_slices_view

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "08_frontiers.ipynb"


@pytest.fixture(scope="module")
def told():
    """Text of each cell by its id."""
    return {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


def test_equal_cost_and_schedules(told):
    mean = SliceSchedule(0, 199, 64, 1024).mean_slices(200)
    knn = {name: 100 * frontiers.results(name) for name in ("linear", "geometric", "step")}
    between = max(x.mean() for x in knn.values()) - min(x.mean() for x in knn.values())
    alone = sorted(x.std(ddof=1) for x in knn.values())
    falling = spread_text(100 * frontiers.results("falling"), 1)
    text = told["s1-seen"]
    assert f"1. {mean:.0f}." in text
    assert "end=199" in told["s1-code"]
    assert all(str(end) in told["s1-questions"] for end in (165, 16, 64))
    assert f"By {between:.1f} points between them" in text
    assert f"scatters by {alone[0]:.1f} to {alone[-1]:.1f}" in text
    assert f"{falling}, where *geometric* has {spread_text(knn['geometric'], 1)}" in text


def worst(separation="0.95", dim=32, num_samples=4096):
    return worst_slices_view(WorstSlicesParams(separation, dim, num_samples))


def test_searches(told):
    text = told["s2-seen"]
    means = {dim: worst(dim=dim).statistics[0] for dim in (2, 4, 8)}
    assert means[4] > worst().limit > means[8]
    assert f"{means[8]:.1f}; {means[4]:.1f} at D = 4, {means[2]:.0f} at D = 2" in text
    lost = [s for s in ("0.9", "0.8") if worst(separation=s).p_value > 0.05]
    assert f"separation {lost[0]};" in text
    lost = [n for n in (2048, 1024, 512) if worst(num_samples=n).p_value > 0.05]
    assert f"N = {lost[0]:,}." in text
    missed = worst(dim=64)
    assert f"At {missed.statistics[1]:.0f}, cosine {missed.cosine:.2f}" in text


def test_noise(told):
    noise, heaps = worst("0", 256), worst(dim=256)
    _, searched, tested = noise.statistics
    assert f"1. {searched:.0f} and {tested:.1f}." in told["s3-seen"]
    _, searched, tested = heaps.statistics
    own = f"{searched:.0f} on its own half, {tested:.1f} on the other, cosine {heaps.cosine:.2f}"
    assert own in told["s3-seen"]
    assert f"p = {worst('0', 32).p_value:.3f}" in told["s3-questions"]


def power(**changes):
    shares = 100 * weights_view(WeightsParams(**changes)).power
    return {name: f"{share:.0f}" for name, share in zip(FLAWS, shares, strict=True)}


def test_weights(told):
    one, usual = power(t_max=1.0), power()
    text = told["s4-seen"]
    assert (
        f"shift {one['shift']} %, width {one['narrower']}, heaps {one['heaps']}, "
        f"tails {one['tails']} % (LeJEPA's: {', '.join(usual.values())})" in text
    )
    wide, uniform = power(width=2.0, t_max=5.0), power(weight="uniform")
    assert wide["heaps"] == uniform["heaps"]
    assert f"Heaps {wide['heaps']} %" in text
    assert f"shift falls to {wide['shift']} and {uniform['shift']} %" in text
    assert f"tails {wide['tails']} and {uniform['tails']} %" in text


def test_pulls(told):
    usual, wide, cut = (
        weights_view(WeightsParams(**changes)) for changes in ({}, {"width": 0.5}, {"t_max": 1.0})
    )
    ends = [view.x[view.pull > 0.1 * view.pull.max()][-1] for view in (usual, wide)]
    assert f"to about {ends[0]:.0f}, *width ½* to {ends[1]:.0f} (a tenth" in told["s4-seen"]
    assert round(cut.x[cut.pull < -1e-3][0]) == 5
    assert "*outwards* beyond 5" in told["s4-seen"]


def all_directions(**changes):
    params = AllDirectionsParams(**changes)
    for _ in refine_all_directions(params):
        pass
    return all_directions_view(params)


def cosine(**changes):
    return f"{all_directions(**changes).here_cosine:.2f}"


def factor(dim):
    few, many = (all_directions(dim=dim, num_slices=m).here_spread for m in (64, 1024))
    return f"{few / many:.1f}"


def test_all_directions(told):
    text = told["s5-seen"]
    assert f"2. {cosine(dim=256)}; in the plane {cosine(dim=2)}." in text
    assert f"M = 1,024 only {cosine(dim=256, num_slices=1024)}" in text
    assert f"here {factor(16)} and {factor(256)}, since {NUM_ROWS} draws" in text
    assert f"to within {100 / (2 * NUM_ROWS - 2) ** 0.5:.0f} %" in text
    assert f"{cosine(cloud='shrunk')} where a Gaussian cloud has {cosine()}" in text


def test_levels(told):
    plain = multi_scale_view(MultiScaleParams()).statistics
    assert f"Quadrants ({plain[1]:.0f}) and images ({plain[2]:.0f})" in told["s6-seen"]
    wider = multi_scale_view(MultiScaleParams(share=0.2, scale=2.0)).statistics
    assert f"images' ({wider[2]:.1f}), at the tokens' cost ({wider[0]:.0f})" in told["s6-seen"]


def needed(alternative, test):
    return dict(zip(SAMPLE_DIMS, frontiers.growth(alternative, test).needed, strict=True))


def test_sample_sizes(told):
    text = told["s7-seen"]
    mean, split = needed("shrunk", "slices"), needed("shrunk", "worst").values()
    assert f"{mean[2]:.0f} points at D = 2, {mean[64]:.0f} at 64" in text
    assert f"{min(split):,.0f} to {max(split):,.0f}" in text
    slices, searched = (frontiers.growth("bimodal", test) for test in ("slices", "worst"))
    assert f"{slices.alpha:.1f} up to D = 8, {searched.alpha:.1f} up to 32" in text
    assert f"at least {slices.at_least:.1f} and {searched.at_least:.1f}" in text
    mean, split = needed("tails", "slices"), needed("tails", "worst")
    assert (
        f"{mean[2]:.0f} against {split[2]:.0f}, and {mean[64]:.0f} against {split[64]:.0f}" in text
    )
    times = needed("bimodal", "slices")
    assert f"{times[8] / times[2]:.0f} times the points" in told["s7-recorded-note"]
    assert f"at least {searched.at_least:.1f}." in told["s7-recorded-note"]


def test_descents(told):
    note = told["s2-descent-note"]
    gone = {name: frontiers.best_descent(name).gone.sum() for name in frontiers.DESCENT_METHODS}
    assert f"in {gone['learned_25']} of 8 clouds, all learned in {gone['learned_100']} of 8" in note
    heard = ("fresh_64", "fresh_256", "fresh_1024", "all_directions", "uniform_1024")
    assert not any(gone[name] for name in heard)
    assert gone["uniform"] == 8
    left = {name: frontiers.best_descent(name).mean_left for name in gone}
    assert f"leave T at {left['uniform_1024']:.1f}" in told["s2-descent-note-2"]
    assert left["fresh_64"] < left["fresh_1024"]
