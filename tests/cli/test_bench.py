"""The bench reports what it measured, and says which promises are kept."""

import json
from dataclasses import fields, replace
from itertools import pairwise

import pytest

from sigreg_edu.cli import bench, measure
from sigreg_edu.cli.browser import NotebookFailed
from sigreg_edu.cli.errors import UserError
from sigreg_edu.cli.measure import ExplorerResult, NotebookResult, SoakResult
from sigreg_edu.cli.soak import planned_moves, soak
from sigreg_edu.explorers import GALLERY

GOOD = ExplorerResult(
    name="winding",
    sliders=3,
    idle_sliders=1,
    moves=42,
    median_ms=40.0,
    p95_ms=70.0,
    slowest_ms=95.0,
    refining_median_ms=45.0,
    refining_p95_ms=80.0,
    ahead_median_ms=12.0,
    unanswered=0,
    dragged_pictures_per_s=18.0,
    played_pictures_per_s=None,
    frames_looked_at=900,
    blank_frames=0,
    console_errors=0,
    soak=SoakResult(moves=2000, growth_mb=1.5, figures_alive=1),
)
OPENED = NotebookResult(name="01_shadows", first_picture_s=4.0, resident_mb=400.0)
BARE = [31.0, 33.0]


class FakeSlider:
    def __init__(self, low, high, step, base=None):
        self.min, self.max, self.step = low, high, step
        if base:
            self.base = base
        self.values = []

    @property
    def value(self):
        return self.values[-1]

    @value.setter
    def value(self, value):
        self.values.append(value)


class FakeExplorer:
    def __init__(self, **controls):
        self.controls, self.explorer, self.refined = controls, self, 0

    def refine_step(self):
        self.refined += 1


def test_an_explorer_within_every_bound_keeps_the_promises():
    assert bench.keeps_promises(GOOD)
    assert bench.keeps_promises(replace(GOOD, soak=None))
    assert bench.keeps_promises(replace(GOOD, sliders=1, ahead_median_ms=None))
    assert bench.keeps_promises(replace(GOOD, sliders=2, ahead_median_ms=50.0))


@pytest.mark.parametrize(
    "fault",
    [
        {"median_ms": 50.1},
        {"p95_ms": 100.1},
        {"ahead_median_ms": 20.1, "sliders": 1},
        {"blank_frames": 1},
        {"unanswered": 1},
        {"console_errors": 1},
        {"played_pictures_per_s": 14.9},
        {"soak": SoakResult(2000, 25.1, 1)},
        {"soak": SoakResult(2000, 0.0, 2)},
    ],
)
def test_one_fault_breaks_a_promise(fault):
    assert not bench.keeps_promises(replace(GOOD, **fault))


def test_a_notebook_promises_a_start_and_a_size():
    assert bench.notebook_keeps_promises(OPENED)
    assert bench.notebook_keeps_promises(None)
    assert not bench.notebook_keeps_promises(replace(OPENED, first_picture_s=6.1))
    assert not bench.notebook_keeps_promises(replace(OPENED, resident_mb=450.1))


def test_the_table_has_a_row_for_each_explorer():
    lines = bench.as_table([GOOD, replace(GOOD, name="null", soak=None, p95_ms=200)], OPENED, BARE)
    head, rule, first, second, *rest = lines.splitlines()
    assert head.count("|") == rule.count("|") == first.count("|") == second.count("|")
    assert first.startswith(
        "| winding | 40 | 70 | 95 | 45/80 | 12 | 0 of 900 | 18, – | 1.5 | 1 | yes |"
    )
    assert second.endswith("| – | – | NO |")
    assert "median 31 and 33 ms" in rest[-2]
    assert "01_shadows: first picture 4 s" in rest[-1]


def test_the_record_explains_every_number_and_names_no_machine():
    machine, versions = bench.look_machine(), bench.look_versions(chromium="1.2")
    record = bench.as_record([GOOD], OPENED, BARE, machine=machine, versions=versions)
    explained = " ".join(record["meaning"])
    described = {"name", "sliders", "moves", "console_errors", "soak"}
    for field in fields(ExplorerResult):
        assert field.name in described or field.name in explained
    assert set(machine) == {"cpus", "load_before", "system", "processor"}
    assert versions["chromium"] == "1.2"
    assert record["bare_ms"] == BARE
    assert "bare_ms" in record["meaning"]
    assert json.loads(json.dumps(record)) == record


def test_numbers_and_table_are_kept_beside_each_other(tmp_path):
    bench.keep(tmp_path / "new" / "explorers.json", {"φ": 1}, "| a |")
    assert json.loads((tmp_path / "new" / "explorers.json").read_text("utf-8")) == {"φ": 1}
    assert (tmp_path / "new" / "explorers.md").read_text("utf-8") == "| a |\n"


def test_an_unknown_explorer_is_answered_with_the_names():
    with pytest.raises(UserError, match=r"no explorer 'windnig'.*Choose from: .*winding"):
        bench.chosen(["windnig"])


class FakePage:
    def __init__(self, errors=()):
        self.errors, self.closed = list(errors), False

    def sliders(self):
        return ["one"]

    def answers(self, _slider):
        return True

    def close(self):
        self.closed = True


def test_the_bare_explorer_is_measured_like_the_others(monkeypatch):
    page, times = FakePage(), [30.0, 50.0, 34.0]
    monkeypatch.setattr(measure, "open_alone", lambda *_: (page, page))
    monkeypatch.setattr(measure, "time_moves", lambda _explorer, turns: times[: len(turns)])
    assert measure.measure_bare(None, None, moves=3) == 34.0
    assert page.closed


@pytest.mark.parametrize("fault", [{"times": [30.0, None]}, {"errors": ["uncaught"]}])
def test_a_bare_explorer_that_failed_is_no_measure(monkeypatch, fault):
    page = FakePage(fault.get("errors", ()))
    monkeypatch.setattr(measure, "open_alone", lambda *_: (page, page))
    monkeypatch.setattr(measure, "time_moves", lambda *_: fault.get("times", [30.0]))
    with pytest.raises(NotebookFailed, match="bare explorer"):
        measure.measure_bare(None, None, moves=2)


def test_the_cell_of_the_bare_explorer_shows_one():
    names = {}
    exec(measure.BARE, names)
    assert names["explorer"].picture.frame


def test_moves_are_shared_out_evenly():
    assert measure.plan(["a", "b", "c"], 40) == ["a"] * 14 + ["b"] * 14 + ["c"] * 14


class FakeHandle:
    def __init__(self, now):
        self.values = {"aria-valuemin": "0", "aria-valuenow": str(now), "aria-valuemax": "10"}

    def get_attribute(self, name):
        return self.values[name]


@pytest.mark.parametrize(
    ("now", "key", "next_key"),
    [
        (5, "PageUp", "PageUp"),
        (5, "PageDown", "PageDown"),
        (10, "PageUp", "PageDown"),
        (0, "PageDown", "PageUp"),
    ],
)
def test_timed_moves_walk_a_range_up_and_down(now, key, next_key):
    assert measure.walking_key(FakeHandle(now), key) == next_key


def test_an_explorer_without_a_live_slider_cannot_be_timed():
    with pytest.raises(ValueError, match="nothing can be timed"):
        measure.plan([], 40)


def test_soak_moves_every_slider_and_never_twice_to_the_same_place():
    explorer = FakeExplorer(
        a=FakeSlider(-1.0, 1.0, 0.1), b=FakeSlider(0, 12, 1, base=2.0), c=object()
    )
    soak(explorer, 25)
    a, b = explorer.controls["a"].values, explorer.controls["b"].values
    assert len(a) + len(b) == 25
    assert explorer.refined == 10
    for slider, values in (("a", a), ("b", b)):
        assert all(one != next_ for one, next_ in pairwise(values)), slider
    assert min(a) >= -1
    assert max(a) <= 1
    assert all(value in {2.0**k for k in range(13)} for value in b)


def test_soak_moves_a_real_explorer():
    explorer = GALLERY["epps_pulley"]()
    before = explorer.explorer.updates
    assert soak(explorer, 12) >= 1
    assert explorer.explorer.updates == before + 12
    assert explorer.explorer.error == ""


def test_a_slider_with_few_steps_still_moves():
    moves = planned_moves(FakeExplorer(a=FakeSlider(0, 2, 1)))
    places = [value for _, value in moves]
    assert all(one != next_ for one, next_ in pairwise([*places, places[0]]))
