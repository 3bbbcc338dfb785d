"""Fixtures that several rooms' tests share."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def golden():
    """Reference values worked out with 30-digit arithmetic, one dict per sample."""
    text = (Path(__file__).parent / "golden" / "epps_pulley.json").read_text()
    return json.loads(text)


@pytest.fixture
def generator():
    """A fresh, seeded source of randomness."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def global_generators_untouched():
    """Fails the test if torch's or NumPy's global generator has moved by its end."""
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    yield
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
