"""What will a step cost? Predicted for every form at chosen sizes, then measured here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sigreg_edu.losses.cost import FORMS, CostModel, Measured, arguments_bytes, peak_memory
from sigreg_edu.losses.timing import in_bytes, in_seconds, measuring
from sigreg_edu.views.cost_record import FORM_LABEL, RECORDS, cost_record
from sigreg_edu.views.params import Params, choice, slider

#: Small steps that tell how quick this machine is; each form has a short and a longer one.
CALIBRATION: tuple[tuple[str, int, int, int, int], ...] = (
    ("textbook", 256, 64, 64, 17),
    ("textbook", 512, 128, 256, 17),
    ("fast", 256, 64, 64, 17),
    ("fast", 2048, 128, 256, 17),
    ("closed form", 128, 32, 32, 17),
    ("closed form", 256, 64, 64, 17),
    ("three sums", 128, 32, 32, 17),
    ("three sums", 256, 64, 64, 17),
    ("vicreg", 256, 64, 64, 17),
    ("vicreg", 2048, 256, 64, 17),
)
MOST_SECONDS = 5.0  # of a measurement in all
STEPS = 3  # of a measurement: to warm up, for memory, for time
SHORT_SECONDS, ROUNDS = 1.0, 3  # what takes less in all is timed three times
SAME = 0.01  # two predictions that differ by less are one
HERE = "here"
DEVICES = {
    **{name: f"recorded: {label}" for name, label in RECORDS.items()},
    HERE: "this machine's CPU",
}


@dataclass(frozen=True)
class PlannerParams(Params):
    """State of the planner: sizes, form, device and budgets."""

    N: int = slider(2048, 64, 8192, 32, label="points N",
                    help="Embeddings of one step: batch × views, or patches as well.")  # fmt: skip
    D: int = slider(256, 16, 2048, 16, label="dimensions D")
    M: int = slider(512, 16, 2048, 16, label="slices M")
    T: int = slider(17, 9, 33, 8, label="knots T",
                    help="Of the three sums: reference points.")  # fmt: skip
    form: str = choice("fast", {form: form for form in FORMS}, label="form to measure")
    device: str = choice(HERE, DEVICES, label="device")
    ms: int = slider(100, 10, 2000, 10, label="time budget, ms")
    gigabytes: int = slider(4, 1, 80, 1, label="memory budget, GB")

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """N, D, M, T."""
        return self.N, self.D, self.M, self.T


@dataclass(frozen=True)
class PlannerView:
    """What the planner's figure shows.

    Attributes:
        seconds, memory: of each form as predicted; memory with points and directions.
        measured: what was measured here at these sizes, seconds and memory of some forms.
        foretold: seconds that were predicted of them before they were first measured.
        form: the chosen one.
        budget: seconds and bytes.
        source: where the prediction comes from, in words.
        readout: all that in words.
    """

    seconds: Mapping[str, float]
    memory: Mapping[str, float]
    measured: Mapping[str, tuple[float, float]]
    foretold: Mapping[str, float]
    form: str
    budget: tuple[float, float]
    source: str
    readout: str

    def fits(self, form: str) -> bool:
        """Whether a form stays within both budgets."""
        return self.seconds[form] <= self.budget[0] and self.memory[form] <= self.budget[1]

    def earlier(self, form: str) -> float | None:
        """What was predicted of a measured form before, if it was something else than now."""
        before = self.foretold.get(form)
        same = before is None or abs(before / self.seconds[form] - 1.0) < SAME
        return None if same else before


class Workbench:
    """What was measured in this kernel: steps at sizes that were asked for, and a calibration.

    The record comes from another machine. So the first measurement also times a few small steps
    here, and the model is rescaled by them; what is measured later never enters the prediction.
    The small steps may be timed again: the machine may have been busy.

    Attributes:
        measured: the steps that were asked for, by form and sizes.
        foretold: seconds that were predicted of each before it was first measured.
        calibration: the small steps, empty until the first measurement.
        turned_from: the device that was shown when a measurement turned to this machine, in words.
    """

    def __init__(self) -> None:
        self.measured: dict[tuple[str, tuple[int, int, int, int]], Measured] = {}
        self.foretold: dict[tuple[str, tuple[int, int, int, int]], float] = {}
        self.calibration: list[Measured] = []
        self.turned_from = ""

    def model(self, params: PlannerParams) -> CostModel:
        """Return what predicts at this state."""
        if params.device != HERE:
            return cost_record(params.device).model
        model = cost_record("cpu").model
        return model.calibrated(self.calibration) if self.calibration else model

    def measuring(self, params: PlannerParams) -> Iterator[str]:
        """Measure the chosen form here, at most a step at a time, and say what comes next.

        Raises:
            ValueError: it would not fit the memory, or would take more than five seconds.
        """
        here, key = params.changed(device=HERE), (params.form, params.sizes)
        measuring(params.form, *params.sizes)  # refuses what does not fit
        before = self.model(here).seconds(params.form, *params.sizes)
        if not self.calibration:
            yield from self.calibrating()
        rounds = ROUNDS if self.require_time(here) < SHORT_SECONDS else 1
        yield f"measuring {params.form!r}"
        for result in measuring(params.form, *params.sizes, rounds=rounds):
            if result is not None:
                self.measured[key] = result
                self.foretold.setdefault(key, before)
            yield f"measuring {params.form!r}"

    def calibrating(self) -> Iterator[str]:
        """Time the small steps, one at a time, and say what comes next; the last set counts."""
        rows = []
        for number, sizes in enumerate(CALIBRATION, start=1):
            yield f"getting to know this machine, {number} of {len(CALIBRATION)}"
            rows += [row for row in measuring(*sizes, rounds=ROUNDS) if row is not None]
        self.calibration = rows

    def require_time(self, params: PlannerParams) -> float:
        """Return the predicted seconds of a measurement, if they are at most five.

        Raises:
            ValueError: they are more.
        """
        seconds = STEPS * self.model(params).seconds(params.form, *params.sizes)
        if seconds > MOST_SECONDS:
            raise ValueError(
                f"measuring {params.form!r} here would take about {in_seconds(seconds)} for "
                f"{STEPS} steps, and at most {MOST_SECONDS:g} s are spent. Take fewer points, "
                "dimensions or slices, or another form."
            )
        return seconds


def planner_view(params: PlannerParams, bench: Workbench) -> PlannerView:
    """Predict every form at the present sizes, and add what was measured here.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    model = bench.model(params)
    tensors = arguments_bytes(*params.sizes[:3])
    seconds = {form: model.seconds(form, *params.sizes) for form in FORMS}
    memory = {
        form: peak_memory(form, *params.sizes, device=model.device) + tensors for form in FORMS
    }
    measured = {
        form: (row.seconds, row.peak_bytes + tensors)
        for form in FORMS
        if params.device == HERE and (row := bench.measured.get((form, params.sizes)))
    }
    foretold = {form: bench.foretold[form, params.sizes] for form in measured}
    budget = (params.ms / 1e3, params.gigabytes * 1e9)
    source = _source(params, bench)
    view = PlannerView(seconds, memory, measured, foretold, params.form, budget, source, "")
    told = f"{_turned(params, bench)}{_in_words(params, view)}"
    return PlannerView(**{**vars(view), "readout": told})


def _turned(params: PlannerParams, bench: Workbench) -> str:
    if not bench.turned_from or params.device != HERE:
        return ""
    return (
        f"Only here can be measured: the device is {DEVICES[HERE]} now, not “{bench.turned_from}”. "
    )


def _source(params: PlannerParams, bench: Workbench) -> str:
    if params.device != HERE:
        return f"as recorded on {cost_record(params.device).where}"
    if bench.calibration:
        return f"for this machine, from {len(bench.calibration)} small steps"
    return "for the recorded machine: measure once to adapt it to yours"


def _in_words(params: PlannerParams, view: PlannerView) -> str:
    form, budget = params.form, f"{in_seconds(view.budget[0])} and {in_bytes(view.budget[1])}"
    within = ", ".join(FORM_LABEL[name] for name in FORMS if view.fits(name))
    return (
        f"At N = {params.N}, D = {params.D}, M = {params.M}, T = {params.T} a step "
        f"({FORM_LABEL[form]}) is predicted to take {in_seconds(view.seconds[form])} and "
        f"{in_bytes(view.memory[form])} ({view.source}). {_compared(view)}Within {budget}: "
        f"{within or 'no form'}."
    )


def _compared(view: PlannerView) -> str:
    """The measurement of the chosen form beside its prediction."""
    if view.form not in view.measured:
        return ""
    seconds, memory = view.measured[view.form]
    before = view.earlier(view.form)
    earlier = (
        f"Before, {in_seconds(before)} were predicted; it is {ratio(seconds, before)} that. "
        if before
        else ""
    )
    return (
        f"Measured here: {in_seconds(seconds)}, {ratio(seconds, view.seconds[view.form])} the "
        f"prediction, and {in_bytes(memory)}. {earlier}"
    )


def ratio(measured: float, predicted: float) -> str:
    """How many times the prediction a measurement is.

    >>> ratio(0.012, 0.01)
    '1.2 times'
    """
    return f"{measured / predicted:.2g} times"
