"""The widgets: who handles a message, what is kept alive, what a student sees of an error."""

from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import dataclass

import nbformat
import pytest
from ipywidgets.widgets.widget import _instances
from nbclient import NotebookClient

from sigreg_edu.explorers import shadow2d_explorer
from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.views.params import Params, moment, slider
from tests.explorers.test_core import DotFigure, DotParams, DotView, dot_explorer, finer


def dot_widget(place: float = 0.0, **options) -> ExplorerWidget:
    explorer = dot_explorer(DotParams(place=place), **options)
    return explorer_widget("A dot", explorer, presets={"right": {"place": 1.0}})


def test_a_slider_its_box_and_the_picture_move_together():
    widget = dot_widget()
    frame = widget.picture.frame
    widget.controls["place"].value = 0.5
    assert widget.boxes["place"].value == 0.5
    assert widget.picture.frame != frame
    assert widget.picture.readout == "The dot is at 0.5."


def test_what_a_browser_rounds_away_moves_nothing():
    widget = dot_widget(place=0.3)
    before = widget.explorer.updates
    widget.controls["place"].value = 0.29999999999999993
    assert widget.explorer.updates == before
    widget.controls["place"].value = 0.49999999999999994
    assert widget.explorer.params.place == 0.5


def test_a_number_typed_between_two_positions_of_the_handle_stays():
    widget = dot_widget()
    widget.boxes["place"].value = 0.37
    widget.controls["place"].value = 0.4  # the browser's handle goes to its nearest position
    assert widget.explorer.params.place == 0.37
    widget.controls["place"].value = 0.5
    assert widget.explorer.params.place == 0.5


def test_a_dragged_slider_is_not_told_its_own_value():
    widget = dot_widget()
    slider = widget.controls["place"]
    told = []
    slider.send_state = lambda key=None: told.append(key)
    slider.set_state({"value": 0.49999999999999994})  # as the browser sends it
    assert widget.explorer.params.place == 0.5
    assert told == []


def test_a_preset_computes_once():
    widget = dot_widget()
    before = widget.explorer.updates
    widget.presets["right"].click()
    assert widget.explorer.updates == before + 1
    assert widget.controls["place"].value == 1.0


def test_an_error_is_shown_and_goes_with_the_next_good_value():
    widget = dot_widget()
    widget.boxes["place"].value = 5.0
    assert "from -1 to 1, got 5.0" in widget.picture.error
    assert "last good state" in widget.picture.error
    widget.boxes["place"].value = 0.5
    assert widget.picture.error == ""


def test_a_slider_at_rest_is_refined_by_the_kernels_own_loop():
    async def scenario() -> DotView:
        widget = dot_widget(refine=finer)
        widget.controls["place"].value = 0.5
        assert widget.explorer.view.place == 0.5
        async with asyncio.timeout(30):
            while widget.explorer.can_refine:
                await asyncio.sleep(0.05)
        return widget.explorer.view

    assert asyncio.run(scenario()).place == pytest.approx(0.52)


def test_a_closed_explorer_frees_its_figure():
    widget = dot_widget()
    figure = weakref.ref(widget.explorer.figure.figure)
    widget.close()
    gc.collect()
    assert figure() is None  # although the widget itself is still held


def test_a_closed_explorer_leaves_no_widget_behind():
    before = set(_instances)  # of ipywidgets: what the kernel and the page hold
    widget = shadow2d_explorer()
    assert len(_instances) > len(before) + 20
    widget.close()
    assert set(_instances) == before


def test_a_choice_ends_where_a_sliders_box_ends():
    widget = shadow2d_explorer()
    choice, track = (widget.controls[name].layout.width for name in ("cloud", "angle"))
    box = widget.boxes["angle"].layout.width
    assert pixels(choice) == pixels(track) + 4 + pixels(box)  # two margins of ipywidgets' between
    widget.close()


def pixels(length: str) -> int:
    return int(length.removesuffix("px"))


def test_the_picture_can_be_sharper_on_a_dense_screen():
    widget = dot_widget()
    widget.picture.pixel_ratio = 2.0
    assert widget.explorer.figure.canvas.get_width_height() == (400, 200)
    assert widget.picture.width == 200


def test_state_holds_no_arrays():
    assert DotParams() == DotParams()
    assert hash(DotParams()) == hash(DotParams())


def run_in_kernel(*cells: str) -> nbformat.NotebookNode:
    """Run cells in a real kernel, and return the executed notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return notebook


def test_a_widgets_handler_runs_on_the_thread_that_runs_the_cells():
    """Matplotlib is not made for two threads; ipykernel 7 would hand messages to a second one.

    A kernel that offers subshells is sent widget messages on one of them by JupyterLab, so none
    may be offered; and a message as a browser sends it is handled by the thread of the cells.
    """
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        client.kernel_info()
        info = client.get_shell_msg(timeout=60)["content"]
        assert "kernel subshells" not in info.get("supported_features", [])
        client.execute_interactive(
            "import threading, ipywidgets\n"
            "cell_thread, seen = threading.get_ident(), []\n"
            "slider = ipywidgets.IntSlider()\n"
            "slider.observe(lambda change: seen.append(threading.get_ident()), names='value')",
            timeout=60,
        )
        reply = client.execute(
            "", user_expressions={"model": "slider.model_id"}, silent=False, store_history=False
        )
        shell_reply = client.get_shell_msg(timeout=60)
        while shell_reply["parent_header"].get("msg_id") != reply:
            shell_reply = client.get_shell_msg(timeout=60)
        model = shell_reply["content"]["user_expressions"]["model"]["data"]["text/plain"].strip("'")
        data = {"method": "update", "state": {"value": 7}, "buffer_paths": []}
        message = client.session.msg("comm_msg", {"comm_id": model, "data": data})
        client.shell_channel.send(message)
        out: list[str] = []
        client.execute_interactive(
            "print(slider.value, seen == [cell_thread])",
            timeout=60,
            output_hook=lambda m: out.append(m["content"].get("text", "")),
        )
        assert "".join(out).strip() == "7 True"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_running_a_cell_again_leaves_one_figure_alive():
    notebook = run_in_kernel(
        "import gc\n"
        "from IPython import get_ipython\n"
        "from matplotlib.figure import Figure\n"
        "from sigreg_edu.explorers import epps_pulley_explorer\n"
        "shell = get_ipython()\n"
        "shell.get_parent = lambda: {'metadata': {'cellId': 'the same cell'}}",
        "epps_pulley_explorer()",
        "epps_pulley_explorer()",
        "gc.collect()\nprint(sum(isinstance(o, Figure) for o in gc.get_objects()))",
    )
    assert notebook.cells[-1].outputs[0].text.strip() == "1"


# --- playing


@dataclass(frozen=True)
class FilmParams(Params):
    moment: int = moment(0, 3, label="moment")
    place: float = slider(0.0, -1.0, 1.0, 0.1, label="place")


def film() -> ExplorerWidget:
    explorer = Explorer(FilmParams(), lambda p: DotView(p.place + p.moment), DotFigure())
    return explorer_widget("A film", explorer)


def take(widget: ExplorerWidget) -> None:
    """Answer as the browser does once it has the latest picture."""
    widget.picture.taken = widget.picture.frame_number


def test_each_picture_taken_asks_for_the_next_until_the_last():
    widget = film()
    seen = []
    widget.play_button.value = True
    while widget.picture.playing:
        seen.append(widget.explorer.params.moment)
        take(widget)
    assert seen == [1, 2, 3]
    assert widget.play_button.value is False
    widget.play()  # from the start again
    assert widget.explorer.params.moment == 0


def test_where_nobody_looks_nothing_plays_on():
    widget = film()
    widget.play()
    assert widget.explorer.params.moment == 1
    widget.picture.taken = widget.picture.frame_number - 1  # an older picture, late
    assert widget.explorer.params.moment == 1


def test_a_pause_stays_where_it_is_and_a_slider_moves_meanwhile():
    widget = film()
    widget.play()
    widget.controls["place"].value = 0.5
    take(widget)
    assert (widget.explorer.params.moment, widget.explorer.params.place) == (2, 0.5)
    widget.play_button.value = False
    take(widget)
    assert widget.explorer.params.moment == 2
    widget.step_button.click()
    assert widget.explorer.params.moment == 3


def test_only_what_has_a_moment_can_be_played():
    widget = dot_widget()
    assert widget.play_button is None
    with pytest.raises(ValueError, match="DotParams has no moment"):
        widget.play()
