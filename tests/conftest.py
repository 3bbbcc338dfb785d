"""Fixtures that several rooms' tests share."""

import json
import random
import signal
import socket
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.overrides import TorchFunctionMode


def pytest_configure(config: pytest.Config) -> None:
    """Listen to Ctrl-C, which shells tell what they start in the background to ignore."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def golden():
    """Reference values worked out with 30-digit arithmetic, one dict per sample."""
    text = (Path(__file__).parent / "golden" / "epps_pulley.json").read_text()
    return json.loads(text)


@pytest.fixture
def generator():
    """A fresh, seeded source of randomness."""
    return torch.Generator().manual_seed(0)


@contextmanager
def _generators_stay():
    """Fails if torch's, NumPy's or Python's global generator has moved by the block's end."""
    torch_state, python_state = torch.get_rng_state(), random.getstate()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    yield
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert random.getstate() == python_state
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


@pytest.fixture
def generators_stay():
    """Return a context manager: no global generator may move within its block."""
    return _generators_stay


@pytest.fixture
def global_generators_untouched():
    """The same for a whole test."""
    with _generators_stay():
        yield


class _DoubleOnlyOnCpu(TorchFunctionMode):
    """As on MPS: ``double()`` is refused unless ``cpu()`` made the tensor."""

    def __init__(self):
        super().__init__()
        self.moved = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.Tensor.double:
            assert any(args[0] is tensor for tensor in self.moved), "double() before cpu()"
        result = func(*args, **(kwargs or {}))
        if func is torch.Tensor.cpu:
            self.moved.append(result)
        return result


@pytest.fixture
def cpu_before_float64():
    """Fails the test where a tensor becomes float64 before it is on the CPU."""
    with _DoubleOnlyOnCpu():
        yield


@pytest.fixture(scope="module")
def of_all_ranks(tmp_path_factory):
    """Run ``as_one_rank(rank, world, port, folder)`` in gloo processes; what each saved."""
    if not (dist.is_available() and dist.is_gloo_available()):
        pytest.skip("this torch has no gloo")

    def run(as_one_rank, world):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = tmp_path_factory.mktemp("ranks")
        mp.spawn(as_one_rank, args=(world, port, str(folder)), nprocs=world)
        return [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in range(world)]

    return run
