"""The winding view: every number against NumPy on the sample itself."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.views.winding import MAX_FREQUENCY, WindingParams, winding_view

STATES = (
    WindingParams(t=1.3, shift=0.7, shape="skewed", num_samples=200),
    WindingParams(t=2.0, scale=0.0, shift=1.0),
    WindingParams(t=0.0),
)


def sample(params: WindingParams) -> np.ndarray:
    return params.sample().numpy().astype(np.float64)


@pytest.mark.parametrize("params", STATES)
def test_points_lie_on_the_circle_at_angle_t_x(params):
    view = winding_view(params)
    np.testing.assert_allclose(np.abs(view.wound), 1.0, rtol=1e-12)
    expected = np.cos(params.t * sample(params)) + 1j * np.sin(params.t * sample(params))
    np.testing.assert_allclose(view.wound, expected, atol=1e-12)


@pytest.mark.parametrize("params", STATES)
def test_the_mean_arrow_and_its_way_are_the_characteristic_function(params):
    view = winding_view(params)
    assert view.mean == pytest.approx(np.exp(1j * params.t * sample(params)).mean(), abs=1e-12)
    way = np.exp(1j * np.outer(view.trail_t, sample(params))).mean(1)
    np.testing.assert_allclose(view.trail, way, atol=1e-6)  # complex64, as the sample is float32
    assert (view.trail_t[0], view.trail_t[-1]) == (0.0, MAX_FREQUENCY)


def test_at_frequency_0_every_arrow_points_to_1():
    view = winding_view(WindingParams(t=0.0, shift=2.0))
    assert view.mean == 1.0
    assert view.target == 1.0
    assert (view.wave == 1.0).all()


def test_a_shift_turns_the_mean_arrow_and_keeps_its_length():
    still, moved = winding_view(WindingParams(t=1.0)), winding_view(WindingParams(t=1.0, shift=1.0))
    assert abs(moved.mean) == pytest.approx(abs(still.mean), rel=1e-6)
    assert np.angle(moved.mean / still.mean) == pytest.approx(1.0, abs=1e-6)  # t · shift


def test_the_target_is_where_a_standard_gaussian_ends():
    view = winding_view(WindingParams(t=1.5, num_samples=5000))
    assert view.target == pytest.approx(np.exp(-1.125))
    assert abs(view.mean - view.target) < 3.0 / np.sqrt(5000)  # some standard errors


def test_the_read_out_tells_the_numbers_of_the_picture():
    view = winding_view(WindingParams(t=1.0, shift=1.0))
    assert f"has length {abs(view.mean):.3f}" in view.readout
    assert f"standard Gaussian's ends at {view.target:.3f}" in view.readout
    assert f"is {abs(view.mean - view.target):.3f}." in view.readout
    assert f"{view.mean.real:.3f} + {view.mean.imag:.3f} i" in view.readout
    below = winding_view(WindingParams(t=1.0, shift=-1.0))
    assert f"{below.mean.real:.3f} − {-below.mean.imag:.3f} i" in below.readout
