"""Sliders' handlers run on the thread that runs the cells: Matplotlib is not made for two."""

import time

import pytest

pytestmark = pytest.mark.browser

CELL = """
import threading
import ipywidgets

cells, handlers = threading.get_ident(), []
slider = ipywidgets.IntSlider(description="x")
slider.observe(lambda change: handlers.append(threading.get_ident()), names="value")
slider
"""


@pytest.fixture(scope="module")
def lab(open_cells):
    return open_cells("threads", CELL)


def press_right(lab):
    (slider,) = lab.sliders()
    slider.focus()
    lab.page.keyboard.press("ArrowRight")


def eventually(lab, expression, seconds=10.0):
    """Whether an expression in the kernel becomes true: the browser sends moves when it can."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if lab.run(f"print({expression})") == "True\n":
            return True
    return False


def test_a_handler_runs_on_the_thread_that_runs_the_cells(lab):
    for _ in range(3):
        press_right(lab)
    assert eventually(lab, "slider.value == 3")
    assert lab.run("print(len(handlers) > 0, {*handlers} == {cells})") == "True True\n"


def test_a_handler_waits_for_the_cell_that_is_running(lab):
    """With two threads it would be answered in the middle of the cell's own drawing."""
    lab.page.evaluate(
        "() => { window.ended = false; window.busy = window.sigregEdu.within(30000, 'runCode',"
        " ['import time; before = len(handlers); time.sleep(2); print(len(handlers) - before)']);"
        " window.busy.finally(() => { window.ended = true; }) }"
    )
    press_right(lab)
    assert not lab.page.evaluate("() => window.ended"), "the key came too late to tell anything"
    assert lab.page.evaluate("() => window.busy")["text"] == "0\n"
    assert eventually(lab, "len(handlers) - before == 1")


def test_the_console_is_clean(lab):
    assert lab.errors == []
