"""Every key of the report makes the loss it should; wrong ones are refused with a remedy."""

import pytest
import torch

from sigreg_edu.losses import (
    CONFIGS,
    HybridTransition,
    HybridVICRegSIGRegLoss,
    LeJEPALoss,
    SIGRegLoss,
    SliceSchedule,
    VICRegLoss,
    create_loss_from_config,
    create_schedule_from_config,
    load_config,
)


def test_the_reports_example_configuration():
    loss = create_loss_from_config(
        {
            "type": "sigreg",
            "sigreg_num_slices": 64,
            "sigreg_num_test_points": 9,
            "sigreg_invariance_weight": 10.0,
            "sigreg_weight": 30.0,
            "sigreg_fixed_slices": True,
            "sigreg_method": "reference_points",
            "sigreg_standardize": True,
            "flatten_patches": False,
            "eps": 1e-5,
        }
    )
    assert isinstance(loss, SIGRegLoss)
    assert (loss.invariance_weight, loss.sigreg_weight) == (10.0, 30.0)
    assert loss.flatten_patches is False
    sigreg = loss.sigreg
    assert (sigreg.num_slices, sigreg.fixed_slices, sigreg.method) == (64, True, "reference_points")
    test = sigreg.test
    assert (test.num_points, test.standardize, test.eps) == (9, True, 1e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_shipped_configuration_makes_a_loss_that_works(name, generator):
    config = load_config(name)
    loss = create_loss_from_config(config)
    z = torch.randn(2, 16, 8, generator=generator)
    terms = loss(z) if isinstance(loss, LeJEPALoss) else loss(*z)
    assert terms["loss"].isfinite()
    schedule = create_schedule_from_config(config)
    assert (schedule is None) == (name != "hybrid_transition")


def test_the_reports_three_sizes():
    tiny, small, base, large = (
        create_loss_from_config(load_config(f"sigreg_{size}"))
        for size in ("tiny", "small", "base", "large")
    )
    assert [loss.sigreg.num_slices for loss in (tiny, small, base, large)] == [
        512,
        1024,
        1024,
        2048,
    ]
    assert [loss.sigreg_weight for loss in (tiny, small, base, large)] == [25, 25, 25, 30]
    assert [loss.sigreg.fixed_slices for loss in (tiny, small, base, large)] == [False] * 3 + [True]


def test_the_hybrid_starts_as_vicreg_and_its_schedule_is_the_reports():
    config = load_config("hybrid_transition")
    loss, schedule = create_loss_from_config(config), create_schedule_from_config(config)
    assert isinstance(loss, HybridVICRegSIGRegLoss)
    assert (loss.vicreg_weight, loss.sigreg_weight) == schedule(0)
    assert schedule == HybridTransition()


def test_vicreg_lejepa_and_slices():
    vicreg = create_loss_from_config({"type": "vicreg", "vicreg_covariance_weight": 2.0})
    assert isinstance(vicreg, VICRegLoss)
    assert vicreg.covariance_weight == 2.0
    assert create_loss_from_config({"type": "lejepa", "lamb": 0.02}).lamb == 0.02
    config = {"loss": {"type": "lejepa"}, "schedule": {"type": "slices", "end": 5}}
    assert create_schedule_from_config(config) == SliceSchedule(end=5)


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("loss:\n  type: lejepa\n  lamb: 0.01\n", encoding="utf-8")
    assert create_loss_from_config(load_config(path)).lamb == 0.01


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"type": "sigreg", "sigreg_slices": 4}, ValueError, "Did you mean 'sigreg_num_slices'"),
        ({"type": "sigregg"}, ValueError, "Did you mean 'sigreg'"),
        ({}, ValueError, "type must be one of"),
        ({"type": "sigreg", "flatten_patches": "no"}, TypeError, "must be true or false, got 'no'"),
        ({"type": "sigreg", "sigreg_num_slices": "512"}, TypeError, "got the text '512'"),
        ({"type": "sigreg", "eps": "1e-6"}, TypeError, r"write 1\.0e-6 rather"),
        ({"type": "sigreg", "eps": -1.0}, ValueError, "in the configuration of a 'sigreg' loss"),
        ({"type": "vicreg", "lamb": 0.1}, ValueError, "no key of a loss of type 'vicreg'"),
        ({"loss": {"type": "sigreg"}, "schedul": {}}, ValueError, "Did you mean 'schedule'"),
        ({"loss": None}, TypeError, "'loss' must be a mapping"),
        ("sigreg_tiny", TypeError, "call load_config first"),
    ],
)
def test_wrong_configurations_are_refused(config, error, message):
    with pytest.raises(error, match=message):
        create_loss_from_config(config)


@pytest.mark.parametrize(
    ("name", "text", "error", "message"),
    [
        ("sigreg_tinny", None, ValueError, "Did you mean 'sigreg_tiny'"),
        ("none.yaml", None, FileNotFoundError, "Shipped configurations go by name: sigreg_tiny"),
        ("bad.yaml", "loss: [", ValueError, "no valid YAML"),
        ("list.yaml", "- 1", ValueError, "must hold a mapping"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path, name, text, error, message):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(error, match=message):
        load_config(tmp_path / name if name.endswith(".yaml") else name)


def test_a_schedule_for_another_loss_is_refused():
    config = {"loss": {"type": "sigreg"}, "schedule": {"type": "lambda_warmup"}}
    with pytest.raises(ValueError, match="is for a loss of type lejepa, got 'sigreg'"):
        create_schedule_from_config(config)


def test_a_mapping_is_no_path():
    with pytest.raises(TypeError, match="goes to create_loss_from_config"):
        load_config({"type": "sigreg"})


def test_a_schedules_unknown_key_is_refused():
    config = {"loss": {"type": "lejepa"}, "schedule": {"type": "slices", "stop": 5}}
    with pytest.raises(ValueError, match="no key of a schedule of type 'slices'"):
        create_schedule_from_config(config)
