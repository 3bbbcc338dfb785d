"""The live transformer's view: it learns, and the words say what was seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sigreg_edu.data.scattered import Scattering
from sigreg_edu.statistics import empirical_cf
from sigreg_edu.training import Pretraining, knn_accuracy, report_targets
from sigreg_edu.training.runs import one_thread
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.vit_training import (
    FREQUENCIES,
    VitSessions,
    VitTrainingParams,
    _scale,
    first_look,
    vit_config,
    vit_training_view,
)

SHORT = {"batch_size": 16, "look_every": 4, "loss.num_slices": 16}


def trained(steps: int = 8, **initial) -> tuple[VitTrainingParams, VitSessions]:
    params, sessions = VitTrainingParams(step=300, **initial), VitSessions(steps, SHORT)
    with one_thread():
        sessions.of(params).run()
    return params, sessions


@pytest.fixture(scope="module")
def lejepa():
    return trained()


@pytest.fixture(scope="module")
def none():
    return trained(steps=60, condition="none")


def test_within_a_hundred_steps_knn_is_twice_that_of_the_untrained_network():
    config = vit_config(VitTrainingParams()).with_values({"steps": 100, "batch_size": 64})
    with one_thread():
        run = Pretraining(config)
        before = run.measure("embedding")
        while not run.finished:
            run.step()
        after = run.measure("embedding")
    assert after.knn >= 2.0 * before.knn
    assert after.linear > 0.3 > before.linear


def test_before_its_first_look_it_shows_the_images_alone():
    params, sessions = VitTrainingParams(), VitSessions()
    view = vit_training_view(params, sessions)
    assert view.seen is view.raw_knn is view.before is None
    assert view.tiles.shape == (2, 3, 16, 16, 3)
    assert view.readout == (
        "LeJEPA, λ = 0.05, not trained yet. The untrained network is being looked at."
    )
    *bites, last = first_look(params, sessions)
    assert all(view.seen is None for view in bites)
    assert last.seen is not None
    assert len(bites) > 5
    assert last.readout.startswith("LeJEPA, λ = 0.05, not trained yet: in the projection kNN names")
    assert "Of the report's targets" not in last.readout
    assert list(first_look(params, sessions)) == []


def test_it_shows_what_the_session_saw(lejepa):
    params, sessions = lejepa
    view, session = vit_training_view(params, sessions), sessions.of(params)
    here = session.looks[-1].spaces["projection"]
    np.testing.assert_allclose(view.seen.map.points * view.seen.scale, here.plane, rtol=1e-6)
    assert np.array_equal(view.seen.map.labels, session.training.data.labels[
        session.training.data.test_indices].numpy())  # fmt: skip
    expected = empirical_cf(torch.from_numpy(here.worst_shadow), torch.from_numpy(FREQUENCIES))
    np.testing.assert_allclose(view.seen.ecf, expected.numpy(), atol=1e-6)
    assert view.seen.worst == here.worst_statistic
    assert view.look_steps.tolist() == [0, 4, 8]
    np.testing.assert_allclose(view.curves["effective_rank"] * 32, session.curve("effective_rank"))
    assert len(view.invariance) == len(view.regularizer) == 8


def test_the_space_is_measured_that_is_asked_for(lejepa):
    params, sessions = lejepa
    for space, dim in {"embedding": 64, "projection": 32}.items():
        view = vit_training_view(params.changed(space=space), sessions)
        assert f"in the {space} kNN names" in view.readout
        rank = sessions.of(params).curve("effective_rank", space)
        np.testing.assert_allclose(view.curves["effective_rank"], rank / dim)


def test_raw_pixels_are_told(lejepa):
    params, sessions = lejepa
    data = sessions.of(params).training.data
    (train, y), (test, t) = (
        (data.pixels(part).flatten(1), data.labels[part])
        for part in (data.train_indices, data.test_indices)
    )
    # distances by products: two neighbours that are equally near may change places
    expected = pytest.approx(knn_accuracy(train, y, test, t), abs=0.005)
    assert vit_training_view(params, sessions).raw_knn == expected


def test_one_looks_back_at_the_last_look_before_the_step(lejepa):
    params, sessions = lejepa
    early = vit_training_view(params.changed(step=5), sessions)
    assert "step 4 of 8 taken (5 asked for)" in early.readout
    late = vit_training_view(params, sessions)
    assert not np.array_equal(early.seen.map.points, late.seen.map.points)
    assert np.array_equal(early.invariance, late.invariance)


def test_without_a_regularizer_the_monitor_tells_of_the_collapse(none):
    view = vit_training_view(*none)
    assert "Latest signs: step 50, collapse: the narrowest coordinate" in view.readout
    assert view.seen.map.magnification > 1.0
    assert view.objective == "loss = invariance alone"
    early = vit_training_view(none[0].changed(step=4), none[1])
    assert early.readout.endswith("No sign of trouble.")


@pytest.mark.parametrize("case", ["lejepa", "none"])
def test_the_words_name_the_targets_that_hold(case, request):
    params, sessions = request.getfixturevalue(case)
    met = report_targets(sessions.of(params).training.records[-1])
    told = vit_training_view(params, sessions).readout.split("Of the report's targets ")[1]
    hold, _, fail = told.split(" hold. ")[0].rpartition("; ")  # one of them never holds
    names = {"invariance": "invariance", "sigreg": "SIGReg", "ratio": "a ratio near"}
    for target, holds in met.items():
        assert (names[target] in hold) == holds
        assert (names[target] in fail) == (not holds)


def test_the_target_for_sigreg_is_asked_of_sigreg_where_the_loss_is_another():
    params, sessions = trained(steps=4, condition="vicreg", lamb=0.2)
    view, session = vit_training_view(params, sessions), sessions.of(params)
    assert view.regularizer_name == "VICReg"
    assert session.training.records[-1].regularizer < 2.0 < session.curve("sigreg")[-1]
    assert "SIGReg from 0.5 to 2 and a ratio near 1 : 1 do not hold" in view.readout


def test_where_batchnorm_lags_the_words_say_what_the_loss_saw(lejepa):
    params, sessions = lejepa
    seen = sessions.of(params).training.records[-1].regularizer
    assert sessions.of(params).curve("sigreg")[-1] > 4.0 * seen
    readout = vit_training_view(params, sessions).readout
    assert f"The loss saw SIGReg {short(seen)} in its batch: there BatchNorm takes" in readout
    embedding = vit_training_view(params.changed(space="embedding"), sessions)
    assert "BatchNorm" not in embedding.readout


@pytest.mark.parametrize(
    "change",
    [{"condition": "none"}, {"pose": 0.5}, {"colour": 0.5}, {"clutter": 0.5}, {"stem": "patch"},
     {"seed": 1}],
)  # fmt: skip
def test_what_is_trained_on_or_with_makes_another_training(change, lejepa):
    params, sessions = lejepa
    assert sessions.of(params.changed(**change)) is not sessions.of(params)
    assert sessions.of(params.changed(lamb=0.3, step=1, space="embedding")) is sessions.of(params)


def test_the_state_reaches_the_training():
    params = VitTrainingParams(
        condition="vicreg", lamb=0.3, pose=0.5, colour=0.25, clutter=0.75, stem="patch", seed=3
    )
    training = VitSessions().make(params).training
    data = training.data
    assert data.scattering == Scattering(16, pose=0.5, colour=0.25, clutter=0.75)
    assert dict(training.config.data) == {
        "name": "digits", "size": 16, "pose": 0.5, "colour": 0.25, "clutter": 0.75,
    }  # fmt: skip
    assert (training.lamb, training.config.model.stem, training.config.seed) == (0.3, "patch", 3)


def test_lambda_does_nothing_without_a_regularizer():
    assert VitTrainingParams(condition="none").idle() == {"lamb"}
    assert VitTrainingParams().idle() == frozenset()
    assert vit_config(VitTrainingParams(condition="none", lamb=0.3)).loss.lamb == 0.0


@pytest.mark.parametrize("width", [1e-9, 0.02, 1.0, 40.0])
def test_a_map_holds_its_cloud_and_is_not_much_larger(width):
    points = torch.randn(450, 2, generator=torch.Generator().manual_seed(0)).numpy() * width
    for least in (1.0, 1e-4):
        scale = _scale(points, least=least)
        reach = np.quantile(np.abs(points).max(axis=1), 0.99)
        assert reach <= 3.5 * scale * (1 + 1e-6)
        assert scale == pytest.approx(least) or reach > 3.5 * scale / 1.7
