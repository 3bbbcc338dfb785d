"""The live training's widget: bites in the event loop, λ obeyed, interrupts, nothing lost."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import weakref

import pytest

from sigreg_edu.explorers import training_explorer
from sigreg_edu.explorers.training import TrainingWidget

MANY_SECONDS = 60.0


async def until(condition) -> None:
    async def wait() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(wait(), MANY_SECONDS)


def in_a_loop(scenario, **initial) -> TrainingWidget:
    """Run a scenario with a widget whose trainings take 36 steps, in an event loop."""

    async def main() -> TrainingWidget:
        widget = training_explorer(**initial)
        widget.sessions.steps = 36
        widget.sessions.begin(widget.explorer.params)
        await scenario(widget)
        return widget

    return asyncio.run(main())


def test_it_trains_to_the_end_and_the_picture_follows():
    async def scenario(widget: TrainingWidget) -> None:
        frame = widget.picture.frame
        widget.train_button.value = True
        assert widget.train_button.description == "pause"
        await until(lambda: not widget.training)
        assert widget.picture.frame != frame

    widget = in_a_loop(scenario)
    assert widget.session.look_steps.tolist() == [0, 12, 24, 36]
    assert widget.explorer.params.step == 36
    assert widget.train_button.description == "train again"
    assert "step 36 of 36 taken" in widget.picture.readout


def test_a_slider_moves_lambda_while_it_trains():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 12)
        widget.controls["lamb"].value = 0.3
        await until(lambda: not widget.training)

    lambs = in_a_loop(scenario).session.lambs
    assert lambs[0] == 0.02
    assert lambs[-1] == 0.3


def test_a_pause_goes_on_where_it_was_and_a_stop_ends_it():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 6)
        widget.train_button.value = False
        paused = widget.session.step
        await asyncio.sleep(0.05)
        assert widget.session.step == paused
        widget.train_button.value = True
        await until(lambda: widget.session.step >= 18)
        widget.stop_button.click()

    widget = in_a_loop(scenario)
    assert widget.session.stopped
    assert widget.session.looks[-1].step == widget.session.step < 36
    assert not widget.training


def test_after_the_end_it_begins_afresh_with_the_old_run_as_foil():
    async def scenario(widget: TrainingWidget) -> None:
        first = widget.session
        widget.run()
        assert first.finished
        widget.start()
        assert widget.session is not first
        assert widget.sessions.before is first
        widget.rest()

    in_a_loop(scenario)


def test_looking_back_while_it_trains_is_not_undone():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.looks[-1].step >= 12)
        widget.controls["step"].value = 3
        await until(lambda: not widget.training)
        assert widget.explorer.params.step == 3
        assert "step 0 of 36 taken (3 asked for)" in widget.picture.readout  # and the curves grew
        assert widget.explorer.view.look_steps.tolist() == [0, 12, 24, 36]

    in_a_loop(scenario)


def test_another_loss_pauses_the_training_and_it_is_kept():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 6)
        first = widget.session
        widget.presets["none"].click()
        assert not widget.training
        widget.set(condition="lejepa")
        assert widget.session is first

    in_a_loop(scenario)


@pytest.mark.skipif(os.name == "nt", reason="os.kill would end the process there")
def test_an_interrupt_stops_it_and_gives_the_signal_back():
    before = signal.getsignal(signal.SIGINT)

    async def scenario(widget: TrainingWidget) -> None:
        inside = signal.getsignal(signal.SIGINT)  # asyncio.run has one of its own
        widget.start()
        await until(lambda: widget.session.step >= 6)
        os.kill(os.getpid(), signal.SIGINT)
        await until(lambda: not widget.training)
        assert signal.getsignal(signal.SIGINT) == inside

    widget = in_a_loop(scenario)
    assert widget.session.stopped
    assert widget.session.looks[-1].step == widget.session.step
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.skipif(os.name == "nt", reason="os.kill would end the process there")
def test_one_interrupt_stops_two_trainings_and_the_signal_goes_back():
    async def scenario(one: TrainingWidget) -> None:
        inside = signal.getsignal(signal.SIGINT)
        two = training_explorer(condition="none")
        for widget in (one, two):
            widget.start()
        await until(lambda: one.session.step >= 3 and two.session.step >= 3)
        os.kill(os.getpid(), signal.SIGINT)
        await until(lambda: not one.training and not two.training)
        assert one.session.stopped
        assert two.session.stopped
        assert signal.getsignal(signal.SIGINT) == inside

    in_a_loop(scenario)


def test_started_twice_it_trains_once_and_can_be_paused():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        widget.start()
        await until(lambda: widget.session.step >= 3)
        widget.rest()
        paused = widget.session.step
        await asyncio.sleep(0.05)
        assert widget.session.step == paused

    in_a_loop(scenario)


def test_a_new_start_pauses_the_training():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 3)
        widget.new_sample_button.click()
        assert not widget.training
        assert widget.session.step == 0

    in_a_loop(scenario)


def test_another_loss_brings_its_own_lambda():
    widget = training_explorer()
    widget.controls["condition"].value = "vicreg"
    assert widget.explorer.params.lamb == widget.session.training.lamb == 0.2
    widget.controls["condition"].value = "none"
    widget.controls["condition"].value = "lejepa"
    assert widget.explorer.params.lamb == widget.session.training.lamb == 0.02


def test_a_replay_goes_from_look_to_look():
    async def scenario(widget: TrainingWidget) -> None:
        widget.run()
        widget.play()  # the last look is shown: from the start
        seen = []
        while widget.picture.playing:
            seen.append(widget.explorer.params.step)
            widget.picture.taken = widget.picture.frame_number
        assert seen == [0, 12, 24, 36]

    in_a_loop(scenario)


def test_closed_while_it_trains_it_is_let_go():
    async def main() -> None:
        gone = await train_and_close(training_explorer())
        await asyncio.sleep(0.05)
        gc.collect()
        assert gone() is None

    async def train_and_close(widget: TrainingWidget) -> weakref.ref:
        widget.start()
        await until(lambda: widget.session.step >= 3)
        widget.close()
        with pytest.raises(RuntimeError, match="closed; run its cell again"):
            widget.start()
        return weakref.ref(widget.explorer)

    asyncio.run(main())


@pytest.mark.parametrize(
    "error", [RuntimeError("out of memory"), FloatingPointError("the loss is nan at step 1.")]
)
def test_any_error_in_a_step_is_told(error):
    async def scenario(widget: TrainingWidget) -> None:
        def break_off():
            raise error

        widget.session.training.step = break_off
        widget.start()
        await until(lambda: not widget.training)
        assert widget.picture.error.startswith(f"{type(error).__name__}: {error}")
        assert widget.train_button.description == "train again"

    in_a_loop(scenario)


def test_a_closed_widget_trains_no_further():
    async def scenario(widget: TrainingWidget) -> None:
        widget.start()
        await until(lambda: widget.session.step >= 3)
        session = widget.session
        widget.close()
        taken = session.step
        await asyncio.sleep(0.05)
        assert session.step == taken

    in_a_loop(scenario)


def test_without_a_loop_it_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"at once: explorer\.run\(\)"):
        training_explorer().start()
