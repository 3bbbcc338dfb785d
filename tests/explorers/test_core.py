"""The controller: one recomputation per set, latest wins, bad input keeps the last good state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.params import Params, choice, seed, slider


@dataclass(frozen=True)
class DotParams(Params):
    place: float = slider(0.0, -1.0, 1.0, 0.1, label="place")
    mode: str = choice("plain", {"plain": "plain", "broken": "broken"}, label="mode")
    seed: int = seed()


@dataclass(frozen=True)
class DotView:
    place: float

    @property
    def readout(self) -> str:
        return f"The dot is at {self.place:g}."


class DotFigure(ExplorerFigure):
    size = (2.0, 1.0)

    def build(self) -> None:
        axes = self.figure.subplots()
        axes.set(xlim=(-1, 1), ylim=(-1, 1))
        (self.dot,) = axes.plot([], [], "o")
        self.moving(self.dot)

    def show(self, view: DotView) -> None:
        if view.place == 0.7:
            raise RuntimeError("the figure cannot draw this")
        self.dot.set_data([view.place], [0.0])


def dot_view(params: DotParams) -> DotView:
    if params.mode == "broken":
        raise ZeroDivisionError("no such view")
    return DotView(params.place + params.seed)


def dot_explorer(params: DotParams | None = None, **options) -> Explorer:
    return Explorer(params or DotParams(), dot_view, DotFigure(), **options)


def test_each_set_computes_once_and_moves_the_artist():
    explorer = dot_explorer()
    assert explorer.set(place=0.5)
    assert explorer.updates == 2  # the first picture, and this one
    assert explorer.figure.dot.get_xdata() == [0.5]
    assert explorer.view.readout == "The dot is at 0.5."


def test_a_value_out_of_range_keeps_the_last_good_state_and_says_why():
    explorer = dot_explorer()
    explorer.set(place=0.5)
    assert not explorer.set(place=3.0)
    assert explorer.error == (
        "place: expected a number from -1 to 1, got 3.0; give one in that range."
    )
    assert explorer.params.place == 0.5
    assert explorer.set(place=-0.5)
    assert explorer.error == ""


def test_an_unknown_field_is_refused_with_the_nearest_known_one():
    explorer = dot_explorer()
    assert not explorer.set(plcae=1.0)
    assert "Did you mean 'place'?" in explorer.error


@pytest.mark.parametrize("changes", [{"mode": "broken"}, {"place": 0.7}])
def test_an_error_in_computation_or_figure_is_told_and_the_old_picture_stays(changes):
    explorer = dot_explorer()
    explorer.set(place=0.5)
    before = explorer.figure.png()
    assert not explorer.set(**changes)
    assert explorer.error.startswith(("ZeroDivisionError", "RuntimeError"))
    assert explorer.params == DotParams(place=0.5)
    assert explorer.figure.png() == before


def test_a_bad_first_state_is_raised_to_the_caller():
    with pytest.raises(ValueError, match="expected a number from -1 to 1"):
        Explorer(DotParams(place=7.0), dot_view, DotFigure())


def test_new_sample_counts_the_seed_up_and_nothing_else():
    explorer = dot_explorer()
    explorer.set(place=0.5)
    assert explorer.new_sample()
    assert explorer.params == DotParams(place=0.5, seed=1)


def finer(params: DotParams) -> Iterator[DotView]:
    yield DotView(params.place + 0.01)
    yield DotView(params.place + 0.02)


def test_the_first_picture_is_refined_to_the_end():
    assert dot_explorer(refine=finer).view.place == 0.02


def test_after_a_move_refinement_goes_step_by_step():
    explorer = dot_explorer(refine=finer)
    explorer.set(place=0.5)
    assert explorer.view.place == 0.5
    assert explorer.can_refine
    assert [explorer.refine_step() for _ in range(3)] == [True, True, False]
    assert explorer.view.place == pytest.approx(0.52)
    assert not explorer.can_refine


def test_a_later_move_ends_the_refinement_of_an_earlier_one():
    explorer = dot_explorer(refine=finer)
    explorer.set(place=0.5)
    explorer.refine_step()
    explorer.set(place=-0.5)
    explorer.refine_step()
    assert explorer.view.place == pytest.approx(-0.49)


def test_a_refused_value_does_not_end_the_refinement_of_the_good_state():
    explorer = dot_explorer(refine=finer)
    explorer.set(place=0.5)
    assert not explorer.set(place=9.0)
    assert explorer.refine_step()
    assert explorer.view.place == pytest.approx(0.51)


def test_a_figure_that_cannot_draw_a_finer_view_is_told_and_ends_the_refinement():
    def undrawable(params: DotParams) -> Iterator[DotView]:
        if params.place:
            yield DotView(0.7)

    explorer = dot_explorer(refine=undrawable)
    explorer.set(place=0.5)
    assert not explorer.refine_step()
    assert explorer.error == "RuntimeError: the figure cannot draw this"
    assert not explorer.can_refine
    assert explorer.figure.dot.get_xdata() == [0.5]


def test_an_error_while_refining_is_told_and_ends_it():
    def broken(params: DotParams) -> Iterator[DotView]:
        if params.place:
            raise ValueError("cannot be refined")
        yield DotView(0.0)

    explorer = dot_explorer(refine=broken)
    explorer.set(place=0.5)
    assert not explorer.refine_step()
    assert explorer.error == "cannot be refined"
    assert explorer.view.place == 0.5


def test_a_picture_computes_on_one_thread_and_leaves_the_setting_as_it_was():
    seen = []

    def compute(params: DotParams) -> DotView:
        seen.append(torch.get_num_threads())
        return dot_view(params)

    before = torch.get_num_threads()
    Explorer(DotParams(), compute, DotFigure())
    assert seen == [1]
    assert torch.get_num_threads() == before
