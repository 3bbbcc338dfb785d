"""Each check names what was expected, what came and what to do."""

import math

import numpy as np
import pytest
import torch

from sigreg_edu.checks import (
    require_choice,
    require_finite,
    require_generator,
    require_integer,
    require_number,
    require_one_source,
    require_points,
    require_positive,
    require_probability,
    require_same_device,
    require_samples,
    require_tensor,
)


@pytest.mark.parametrize(
    "not_a_tensor", [[1.0], np.ones(3), 1.0, None, "x"], ids=lambda x: type(x).__name__
)
def test_what_is_no_tensor_is_told_how_to_become_one(not_a_tensor):
    with pytest.raises(TypeError, match=r"torch\.as_tensor\(z, dtype=torch\.float32\)"):
        require_tensor(not_a_tensor, "z")


@pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.bool, torch.complex64])
def test_a_tensor_of_no_floats_is_told_its_dtype(dtype):
    with pytest.raises(TypeError, match=f"{dtype}"):
        require_tensor(torch.ones(3, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_floating_dtype_passes_unchanged(dtype):
    x = torch.ones(3, dtype=dtype)
    assert require_tensor(x) is x


@pytest.mark.parametrize(
    ("shape", "minimum", "message"),
    [
        ((), 1, "scalar"),
        ((0,), 1, "at least 1 sample on"),
        ((3, 0), 1, "at least 1 sample on"),
        ((1,), 2, "at least 2 samples"),
        ((0, 5), 1, "is empty"),
    ],
)
def test_samples_need_an_axis_of_sufficient_length(shape, minimum, message):
    with pytest.raises(ValueError, match=message):
        require_samples(torch.zeros(shape), minimum=minimum)


@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (3, 0), (0, 3, 2)])
def test_points_need_two_axes_that_are_not_empty(shape):
    with pytest.raises(ValueError, match="z "):
        require_points(torch.zeros(shape), "z")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite_are_counted(bad):
    with pytest.raises(ValueError, match="2 NaN or infinite values among 3"):
        require_finite(torch.tensor([bad, 0.0, bad]))


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), float("inf")])
def test_a_positive_number_is_finite_and_above_0(bad):
    with pytest.raises(ValueError, match="above 0"):
        require_positive(bad, "t_max")


@pytest.mark.parametrize("bad", [True, "3", None])
def test_a_positive_number_is_a_number(bad):
    with pytest.raises(TypeError, match="t_max must be a number"):
        require_positive(bad, "t_max")


@pytest.mark.parametrize("bad", [0.0, 1.0, 5, float("nan")])
def test_a_probability_lies_strictly_inside(bad):
    with pytest.raises(ValueError, match="between 0 and 1"):
        require_probability(bad, "level")


def test_a_whole_number_is_no_bool_no_float_and_large_enough():
    assert require_integer(np.int64(3), "n") == 3
    for bad in (True, 2.0, "2"):
        with pytest.raises(TypeError, match="whole number"):
            require_integer(bad, "n")
    with pytest.raises(ValueError, match="at least 2, got 1"):
        require_integer(1, "n", minimum=2)


def test_an_unknown_choice_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'uniform'"):
        require_choice("unifrom", "kind", ["uniform", "orthogonal"])
    with pytest.raises(ValueError, match="got 7"):
        require_choice(7, "kind", ["uniform"])


def test_two_devices_are_named_with_the_move_to_make():
    with pytest.raises(ValueError, match=r"z on cpu, directions on meta.*directions\.to"):
        require_same_device(z=torch.zeros(1), directions=torch.zeros(1, device="meta"))


@pytest.mark.parametrize("value", [0, 0.0, 1, 0.5])
def test_a_number_within_both_ends_comes_back_as_a_float(value):
    checked = require_number(value, "lamb", minimum=0.0, maximum=1.0)
    assert checked == value
    assert isinstance(checked, float)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_a_number_outside_is_refused_with_the_ends(value):
    with pytest.raises(ValueError, match="lamb must be a finite number from 0 to 1, got"):
        require_number(value, "lamb", minimum=0.0, maximum=1.0)


@pytest.mark.parametrize(
    ("value", "ends", "message"),
    [
        (-1, {"minimum": 0.0}, "of at least 0, got -1. Move it into that range."),
        (3, {"maximum": 2.0}, "of at most 2, got 3. Move it into that range."),
        (math.inf, {"minimum": 0.0}, "of at least 0, got inf. Move it into that range."),
        (math.nan, {"minimum": 0.0}, "of at least 0, got nan."),
        (math.nan, {}, ", got nan."),
        (math.inf, {}, ", got inf."),
    ],
)
def test_the_message_names_only_the_ends_and_the_move_there_are(value, ends, message):
    with pytest.raises(ValueError, match="x must be a finite number") as caught:
        require_number(value, "x", **ends)
    assert str(caught.value).replace(" ,", ",").endswith(message)
    assert ("Move" in str(caught.value)) == ("Move" in message)


@pytest.mark.parametrize("value", ["1", None, True, [1.0], 1j])
def test_what_is_no_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="lamb must be a number"):
        require_number(value, "lamb")


@pytest.mark.parametrize("bad", [None, 0, "cpu", np.random.default_rng(0)])
def test_what_is_no_generator_is_told_how_to_make_one(bad):
    with pytest.raises(TypeError, match=r"got .*Pass torch\.Generator\(\)\.manual_seed\(0\)"):
        require_generator(bad)


def test_there_is_exactly_one_source_of_randomness(generator):
    assert require_one_source(generator, None) is generator
    assert require_one_source(None, 3).initial_seed() == 3
    with pytest.raises(ValueError, match="got neither"):
        require_one_source(None, None)
    with pytest.raises(ValueError, match="got both"):
        require_one_source(generator, 0)
    with pytest.raises(TypeError, match="generator must be a torch"):
        require_one_source(3, None)
