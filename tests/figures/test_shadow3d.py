"""The figure of a cloud in space: points by depth, rays, cube and map."""

from __future__ import annotations

import numpy as np
import pytest

from sigreg_edu.figures.shadow3d import EDGES, Shadow3DFigure
from sigreg_edu.views.many_shadows import null_mean_and_95
from sigreg_edu.views.shadow3d import Shadow3DParams, shadow3d_view

VIEW = shadow3d_view(Shadow3DParams(azimuth=135, elevation=-35))


@pytest.fixture(scope="module")
def figure() -> Shadow3DFigure:
    figure = Shadow3DFigure()
    figure.update(VIEW)
    return figure


def test_every_point_is_in_one_layer_and_nearer_layers_are_larger(figure):
    drawn = np.concatenate([np.array(layer.get_data()).T for layer in figure.layers])
    assert len(drawn) == len(VIEW.points)
    assert {tuple(p) for p in drawn} == {tuple(p) for p in VIEW.points[:, :2]}
    for attribute in ("get_markersize", "get_alpha"):
        sizes = [getattr(layer, attribute)() for layer in figure.layers]
        assert sizes == sorted(sizes)


def test_the_nearest_point_is_in_the_last_layer(figure):
    nearest = VIEW.points[VIEW.points[:, 2].argmax(), :2]
    last = np.array(figure.layers[-1].get_data()).T
    assert (last == nearest).all(axis=1).any()


def test_a_cube_has_twelve_edges_three_of_them_behind(figure):
    assert EDGES.shape == (12, 2)
    counts = [len(line.get_xdata()) // 3 for line in (figure.far_edges, figure.near_edges)]
    assert counts == [3, 9]


def test_the_tip_points_along_the_direction_and_the_map_marks_it(figure):
    tip = np.array([figure.tip.get_xdata()[0], figure.tip.get_ydata()[0]])
    np.testing.assert_allclose(tip, 2.9 * VIEW.direction[:2], rtol=1e-6)
    assert (figure.here.get_xdata(), figure.here.get_ydata()) == ([135], [-35])


def test_the_map_is_the_views_and_white_where_gaussian_shadows_are(figure):
    np.testing.assert_array_equal(figure.image.get_array(), VIEW.map)
    _, null_95 = null_mean_and_95()
    assert figure.image.norm.vmin == null_95
    assert figure.image.cmap(figure.image.norm(0.9 * null_95)) == (1.0, 1.0, 1.0, 1.0)
    red, green, blue, _ = figure.image.cmap(figure.image.norm(1.1 * null_95))
    assert blue < green < red


def test_darker_means_larger_for_a_grey_print(figure):
    statistics = np.geomspace(figure.image.norm.vmin, figure.image.norm.vmax, 50)
    colours = figure.image.cmap(figure.image.norm(statistics))[:, :3]
    grey = colours @ [0.299, 0.587, 0.114]
    assert (np.diff(grey) < 0.0).all()


def test_only_another_map_redraws_the_static_part(figure):
    first = shadow3d_view(Shadow3DParams())
    turned = shadow3d_view(Shadow3DParams(azimuth=10, turn=88))
    other = shadow3d_view(Shadow3DParams(cloud="shell"))
    assert figure.static_key(turned) == figure.static_key(first)
    assert figure.static_key(other) != figure.static_key(first)
