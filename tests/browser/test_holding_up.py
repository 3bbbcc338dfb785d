"""What goes wrong in a classroom: a kernel that dies, and a minute of random moves."""

import psutil
import pytest

from sigreg_edu.cli.bench_soak import soak_page

pytestmark = pytest.mark.browser

MINUTES = 1.0
FEW = ["epps_pulley", "particles", "digit_views", "remedies"]


def test_an_explorer_whose_kernel_was_killed_says_so_and_lives_again(open_cells):
    source = "from sigreg_edu.explorers import GALLERY\nGALLERY['winding']()"
    lab = open_cells("killed", source)
    explorer = lab.explorers()[0]
    kernel = psutil.Process(int(lab.run("import os; print(os.getpid())")))
    picture = explorer.fingerprint()
    kernel.kill()
    explorer.element.wait_for_selector("text=The kernel has ended or was restarted. Run this cell")
    assert explorer.fingerprint() == picture  # what one looked at is still there
    lab.page.wait_for_selector(".jp-Dialog")  # JupyterLab tells of it, too
    lab.page.keyboard.press("Escape")
    lab.call("kernelReady", "notebooks/killed.ipynb", seconds=60)
    lab.run_all()
    again = lab.explorers()[0]
    assert again.error() == ""
    again.key(again.slider("shift (mean)"))


def test_a_minute_of_random_moves_leaves_no_error_and_little_memory(browser, server):
    found = soak_page(browser, server, FEW, minutes=MINUTES)
    assert found.errors == ()
    assert found.looks[-1].moves > 20
    # Caches are still filling in the first minute; the hour is recorded in data/bench/soak.md.
    assert found.kernel_growth_mb < 60.0
    assert found.browser_growth_mb < 25.0
