"""A number between two ends."""

import math

import pytest

from sigreg_edu.data.checking import require_number


@pytest.mark.parametrize("value", [0, 0.0, 1, 0.5])
def test_a_number_within_both_ends_comes_back_as_a_float(value):
    checked = require_number(value, "lamb", minimum=0.0, maximum=1.0)
    assert checked == value
    assert isinstance(checked, float)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_a_number_outside_is_refused_with_the_ends(value):
    with pytest.raises(ValueError, match="lamb must be a finite number from 0 to 1, got"):
        require_number(value, "lamb", minimum=0.0, maximum=1.0)


def test_the_message_names_only_the_ends_there_are():
    with pytest.raises(ValueError, match="a finite number of at least 0, got -1"):
        require_number(-1, "scale", minimum=0.0)
    with pytest.raises(ValueError, match="a finite number, got nan"):
        require_number(math.nan, "shift")


@pytest.mark.parametrize("value", ["1", None, True, [1.0], 1j])
def test_what_is_no_number_is_a_type_error(value):
    with pytest.raises(TypeError, match="lamb must be a number"):
        require_number(value, "lamb")
