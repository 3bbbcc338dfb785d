"""Pictures sent ahead are shown without the kernel: it is stopped, and the slider goes on."""

from __future__ import annotations

import psutil
import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def explorer(open_cells):
    cells = ["from sigreg_edu.explorers import GALLERY", "GALLERY['outlier']()"]
    return open_cells("ahead", *cells).explorers()[0]


def test_a_slider_shows_its_neighbours_while_the_kernel_stands_still(explorer, server):
    slider = explorer.sliders()[0]
    explorer.key(slider, times=2)
    explorer.page.wait_for_timeout(4000)  # for the pictures of the neighbours
    before, words = explorer.fingerprint(), explorer.readout()
    kernels = [
        child for child in psutil.Process(server.pid).children() if "ipykernel" in told(child)
    ]
    assert kernels
    for kernel in kernels:
        kernel.suspend()
    try:
        explorer.key(slider)
        ahead, ahead_words = explorer.fingerprint(), explorer.readout()
    finally:
        for kernel in kernels:
            kernel.resume()
    assert ahead != before
    assert ahead_words != words
    assert explorer.alt_text() == explorer.readout()
    explorer.rest(1.0)  # the kernel answers now, with the same picture
    assert explorer.fingerprint() == ahead
    assert explorer.readout() == ahead_words


def told(process) -> str:
    return " ".join(process.cmdline())
