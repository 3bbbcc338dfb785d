"""The probes' errors: closed forms against simulations, and what LeJEPA's proofs say."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.views.kernel_probe import (
    CURVE,
    FREQUENCY,
    HUMP,
    Tally,
    axis_variances,
    fisher_information,
    kernel_bias2,
    kernel_weights,
    kurtosis,
    leading_bias2,
    unit_coordinates,
)
from sigreg_edu.views.spectrum import (
    MEASURED_AT,
    Estimates,
    Slice,
    SpectrumParams,
    refine_spectrum,
    ridge_measured,
    ridge_theory,
    spectrum_view,
)

LAWS = ("gaussian", "two_humps")
KERNEL = {"probe": "kernel", "num_labels": 200, "noise": 0.3}
S = np.array([0.0, 0.4, 0.8, 0.96])


def averaged(params: SpectrumParams, stretch: np.ndarray = S):
    theory = ridge_theory(params, stretch)
    return theory.bias2.mean(axis=0), theory.variance.mean(axis=0)


def finished(**changes):
    params = SpectrumParams(**changes)
    return [spectrum_view(params), *refine_spectrum(params)][-1]


def unit(law: str, *shape: int, seed: int = 0) -> np.ndarray:
    return unit_coordinates(np.random.default_rng(seed).uniform(size=shape), law)


# --- laws ---


@pytest.mark.parametrize("law", LAWS)
def test_coordinates_have_mean_0_variance_1_and_the_stated_kurtosis(law):
    x = unit(law, 400_000)
    assert x.mean() == pytest.approx(0.0, abs=0.01)
    assert x.var() == pytest.approx(1.0, abs=0.01)
    assert (x**4).mean() - 3.0 == pytest.approx(kurtosis(law), abs=0.05)


def test_fisher_information_is_least_for_the_gaussian():
    x = np.linspace(-6.0, 6.0, 24_001)
    variance = 1.0 - HUMP**2
    density = sum(np.exp(-0.5 * (x - c) ** 2 / variance) for c in (-HUMP, HUMP))
    density /= density.sum()
    score = np.gradient(np.log(density), x)
    assert fisher_information("two_humps") == pytest.approx((density * score**2).sum(), rel=1e-4)
    assert fisher_information("two_humps") > fisher_information("gaussian") == 1.0


# --- linear probe ---


def test_lemma_1_the_bias_of_ridge_grows_along_the_thin_axis_and_on_average():
    params = SpectrumParams(ridge=0.3)
    along, across = ridge_theory(params, S).bias2
    assert across == pytest.approx((0.3 / (1.0 - S + 0.3)) ** 2)
    assert (np.diff(across) > 0.0).all()
    assert (np.diff(along) < 0.0).all()  # who knew the task would stretch towards it
    assert (np.diff(averaged(params)[0]) > 0.0).all()


def test_lemma_2_the_variance_of_least_squares_is_the_trace_of_the_inverse():
    params = SpectrumParams(noise=0.5, num_labels=200)
    bias2, variance = averaged(params)
    assert (bias2 == 0.0).all()
    trace = (1.0 / axis_variances(S)).sum(axis=0)
    assert variance == pytest.approx(0.25 / 200 * trace)
    assert variance.argmin() == 0


def test_predictions_of_least_squares_do_not_care_about_the_stretch():
    params = SpectrumParams(same_labels=True, noise=0.5, num_labels=200)
    assert averaged(params)[1] == pytest.approx(np.full(S.size, 2 * 0.25 / 200))
    measured = ridge_measured(params, S)
    assert measured.total == pytest.approx(np.full(S.size, measured.total[0]), rel=1e-9)


def test_with_ridge_the_predictions_suffer_from_a_stretch_too():
    bias2, variance = averaged(SpectrumParams(same_labels=True, ridge=0.3))
    assert (np.diff(bias2 + variance) > 0.0).all()


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("same_labels", [False, True])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_theory_holds_in_a_simulation_of_single_tasks(law, same_labels, ridge):
    params = SpectrumParams(law=law, same_labels=same_labels, ridge=ridge, num_labels=300)
    n, sets, stretch = params.num_labels, 4000, 0.6
    root = np.sqrt(axis_variances(stretch))
    rng = np.random.default_rng(1)
    x = unit_coordinates(rng.uniform(size=(sets, n, 2)), law)
    noise = rng.standard_normal((sets, n))
    theory = ridge_theory(params, np.array([stretch]))
    for axis, task in enumerate(np.eye(2)):
        z = x * root
        y = (x if same_labels else z) @ task + params.noise * noise
        gram = np.einsum("rni,rnj->rij", z, z) / n + ridge * np.eye(2)
        w = np.linalg.solve(gram, np.einsum("rni,rn->ri", z, y)[..., None] / n)[..., 0]
        found = w * root if same_labels else w
        # next order in 1/n: a few times 1/300; and 4,000 sets
        assert found.var(axis=0).sum() == pytest.approx(theory.variance[axis, 0], rel=0.07)
        bias2 = ((found.mean(axis=0) - task) ** 2).sum()
        assert bias2 == pytest.approx(theory.bias2[axis, 0], rel=0.04, abs=1e-5)


@pytest.mark.parametrize("same_labels", [False, True])
@pytest.mark.parametrize("ridge", [0.0, 0.4])
def test_what_is_measured_over_200_sets_is_near_the_theory(same_labels, ridge):
    params = SpectrumParams(same_labels=same_labels, ridge=ridge, num_labels=300)
    measured, (bias2, variance) = ridge_measured(params, S), averaged(params)
    assert measured.bias2 == pytest.approx(bias2, rel=0.05, abs=1e-5)
    assert measured.variance == pytest.approx(variance, rel=0.3)  # 200 sets: 10 % each way, doubled


def test_measured_errors_are_the_mean_over_tasks_on_the_circle():
    """Frobenius norms stand for an average over all w."""
    params = SpectrumParams(ridge=0.2, num_labels=40, stretch=0.6, seed=5)
    by_task = [
        spectrum_view(params.changed(angle=angle)).found.each.var(axis=0, ddof=1).sum()
        for angle in (0, 15, 30, 45, 60, 75, 90)  # a quadrant; its mirror image shares the ends
    ]
    mean = np.average(by_task, weights=[1, 2, 2, 2, 2, 2, 1])
    measured = ridge_measured(params, np.array([0.6]))
    # the noise of the labels happens to lean a little on the tasks of 200 sets
    assert mean == pytest.approx(measured.variance[0], rel=0.05)


@pytest.mark.parametrize("same_labels", [False, True])
def test_the_ellipse_holds_nineteen_of_twenty_estimates(same_labels):
    view = spectrum_view(SpectrumParams(num_labels=300, ridge=0.3, same_labels=same_labels))
    found = view.found
    assert isinstance(found, Estimates)
    centre = found.ellipse[:-1].mean(axis=0)
    half = found.ellipse[:-1] - centre
    precision = np.linalg.inv(2.0 * half.T @ half / len(half))
    inside = np.einsum("ri,ij,rj->r", found.each - centre, precision, found.each - centre) <= 1.0
    assert inside.mean() == pytest.approx(0.95, abs=0.05)
    assert found.mean == pytest.approx(centre, abs=0.03)


def test_the_same_noise_serves_every_position_of_the_sliders():
    one, other = (spectrum_view(SpectrumParams(stretch=s)) for s in (0.5, 0.9))
    assert one.cloud / one.spread == pytest.approx(other.cloud / other.spread)
    assert one.measured.total == pytest.approx(other.measured.total)
    assert one.measured.total != pytest.approx(finished(seed=1).measured.total)


# --- kernel probe ---


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("same_labels", [False, True])
def test_the_bias_with_endless_labels_is_that_of_very_many(law, same_labels):
    width, index = 0.4, 20
    stretch = CURVE[index]
    root = np.sqrt(axis_variances(stretch))
    x, q = unit(law, 1, 60_000, 2), unit(law, 400, 2, seed=1)
    angles = (np.arange(8) + 0.5) / 8 * np.pi  # over the half circle, none of it mirrored
    waves = FREQUENCY * np.stack([np.cos(angles), np.sin(angles)])

    def tasks(place):
        phase = (place if same_labels else place * root) @ waves
        return np.concatenate([np.cos(phase), np.sin(phase)], axis=-1)

    error = kernel_weights(q * root, x * root, width)[0] @ tasks(x[0]) - tasks(q)
    by_query = (error**2).mean(axis=-1)
    exact = kernel_bias2(law, width, same_labels)[index]
    # 400 queries: four standard errors; 60,000 labels leave a little variance
    assert by_query.mean() == pytest.approx(exact, abs=4 * by_query.std() / 20 + 0.002)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("same_labels", [False, True])
def test_for_narrow_kernels_the_bias_tends_to_the_theorems_leading_term(law, same_labels):
    near = slice(0, 20)  # up to s = 0.58
    ratios = [
        kernel_bias2(law, h, same_labels)[near] / leading_bias2(law, h, same_labels, CURVE)[near]
        for h in (0.1, 0.02)
    ]
    assert (np.abs(ratios[1] - 1.0) < np.abs(ratios[0] - 1.0)).all()
    assert ratios[1] == pytest.approx(np.ones(20), abs=0.03)  # the next order is h² times J


def test_the_leading_term_in_the_embedding_is_that_of_theorem_1():
    J = 1.0 / (1.0 + S) + 1.0 / (1.0 - S)
    expected = 0.2**4 / 8.0 * (FREQUENCY**4 + 2.0 * FREQUENCY**2 * J)
    assert leading_bias2("gaussian", 0.2, False, S) == pytest.approx(expected)
    humps = leading_bias2("two_humps", 0.2, False, S)
    assert (humps > expected).all()
    assert expected.argmin() == humps.argmin() == 0


def test_at_a_narrow_width_the_round_gaussian_has_the_least_bias():
    gaussian, humps = (kernel_bias2(law, 0.1, False) for law in LAWS)
    assert gaussian.argmin() == 0
    assert humps.min() > 2.0 * gaussian[0]


def test_at_a_wide_width_it_has_not():
    """The theorem speaks of h → 0: a kernel as wide as a hump reverses the order."""
    gaussian, humps = (kernel_bias2(law, 0.6, False) for law in LAWS)
    assert humps[0] < gaussian[0]
    assert gaussian[-1] < gaussian[0]


def test_with_the_same_labels_a_stretch_costs_neighbours_dearly():
    view = finished(**KERNEL, same_labels=True)
    assert (np.diff(view.measured.total) > 0.0).all()
    assert (np.diff(view.curve.bias2) > 0.0).all()
    assert view.measured.total[-1] > 4.0 * view.measured.total[0]


def test_with_the_task_fixed_in_the_embedding_a_thin_cloud_is_the_easier_one():
    view = finished(**KERNEL)
    assert view.measured.total[-1] < 0.75 * view.measured.total[0]
    assert "varies little along the thin axis" in view.readout


def test_the_measured_errors_are_those_of_a_plain_simulation():
    view = finished(**KERNEL, stretch=0.8)
    sets, root = 60, np.sqrt(axis_variances(0.8))
    x, q = unit("gaussian", sets, 200, 2, seed=3), unit("gaussian", 300, 2, seed=4)
    noise = np.random.default_rng(5).standard_normal((sets, 200, 1))
    errors = []
    for angle in (np.arange(4) + 0.5) / 4 * np.pi:
        k = FREQUENCY * np.array([[np.cos(angle)], [np.sin(angle)]])
        weights = kernel_weights(q * root, x * root, 0.3)
        for wave in (np.cos, np.sin):
            predicted = weights @ (wave(x * root @ k) + 0.3 * noise)
            errors.append(((predicted - wave(q * root @ k)) ** 2).mean())
    total = view.measured.total[MEASURED_AT.index(0.8)]
    # 300 random queries of heavy-tailed error against 128 even ones
    assert np.mean(errors) == pytest.approx(total, rel=0.2)


def test_weights_sum_to_one_however_far_the_query():
    points = unit("gaussian", 2, 30, 2)
    weights = kernel_weights(np.array([[0.0, 0.0], [90.0, 0.0]]), points, 0.1)
    assert weights.shape == (2, 2, 30)
    assert weights.sum(axis=-1) == pytest.approx(np.ones((2, 2)), rel=1e-5)
    nearest = ((points - [90.0, 0.0]) ** 2).sum(axis=-1).argmin(axis=-1)
    assert (weights[:, 1].argmax(axis=-1) == nearest).all()


def test_the_slice_follows_the_task_and_flattens_it():
    found = finished(**KERNEL, stretch=0.0).found
    assert isinstance(found, Slice)
    assert found.truth == pytest.approx(np.sin(FREQUENCY * found.places))
    inner = np.abs(found.places) < 1.5
    assert np.corrcoef(found.mean[inner], found.truth[inner])[0, 1] > 0.99
    assert np.abs(found.mean[inner]).max() < np.abs(found.truth[inner]).max()


def test_measuring_goes_step_by_step_and_is_kept():
    params = SpectrumParams(**KERNEL, seed=77)
    first = spectrum_view(params)
    assert np.isnan(first.measured.total).all()
    assert "being measured" in first.readout
    views = list(refine_spectrum(params))
    assert len(views) >= len(MEASURED_AT)
    known = [np.isfinite(view.measured.total).sum() for view in views]
    assert known == sorted(known)
    assert known[-1] == len(MEASURED_AT)
    assert not list(refine_spectrum(params))
    assert (spectrum_view(params).measured.total == views[-1].measured.total).all()


def test_a_tally_keeps_sums_and_no_training_sets():
    points, queries = unit("gaussian", 100, 300, 2), unit("gaussian", 128, 2)
    tally = Tally(100, queries, stretch=0.4, width=0.3, same_labels=False)
    tally.add(points)
    assert not tally.is_full
    assert np.isnan(tally.errors(1.0)).all()
    held = [value for value in vars(tally).values() if isinstance(value, np.ndarray)]
    assert not any(np.shares_memory(array, points) for array in held)
    assert sum(array.nbytes for array in held) < 55_000
    while not tally.is_full:
        tally.add(points)
    assert tally.sets == 100
    assert np.isfinite(tally.errors(1.0)).all()


def test_the_readout_names_what_counts():
    assert "ŵ misses w" in spectrum_view(SpectrumParams()).readout
    assert "tr C⁻¹" in spectrum_view(SpectrumParams()).readout
    assert "predicts as well" in spectrum_view(SpectrumParams(same_labels=True)).readout
    assert "along the thin one" in spectrum_view(SpectrumParams(ridge=0.2)).readout
    assert "(Fisher information 5.56)" in finished(**KERNEL).readout
