"""The monitor tells each sign when it appears, once, with what was seen and what to try."""

from dataclasses import replace

import pytest

from sigreg_edu.training import Measures, Monitor, TrainRecord, null_floor, report_targets
from sigreg_edu.training.monitor import SETTLED, WINDOW

HEALTHY = TrainRecord(
    step=1,
    loss=0.1,
    invariance=0.05,
    regularizer=1.2,
    smallest_std=0.9,
    learning_rate=0.002,
    lamb=0.05,
    gradient_norm=1.0,
)


def told(records, monitor=None):
    """Names of all signs that a training of these records brings."""
    monitor = monitor or Monitor()
    return [sign.name for record in records for sign in monitor.update(record)]


def steps(count, first=1, **changes):
    """Records of ``count`` steps; a change may be a function of the step."""
    return [
        replace(HEALTHY, step=s, **{k: v(s) if callable(v) else v for k, v in changes.items()})
        for s in range(first, first + count)
    ]


def test_a_healthy_training_says_nothing():
    falling = steps(400, invariance=lambda s: 0.3 * 0.99**s + 0.01)
    assert told(falling) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"smallest_std": 0.01}, "collapse"),
        ({"regularizer": lambda s: 1.2 + 0.05 * max(s - 60, 0)}, "sigreg rising"),
        ({"invariance": 0.5}, "invariance stalls"),
        ({"invariance": 1e-5}, "imbalance"),
    ],
)
def test_each_sign_appears_for_its_own_trouble(changes, name):
    assert name in told(steps(300, **changes))


def test_a_sign_is_told_once_and_again_when_it_comes_back():
    monitor = Monitor()
    dead, well = {"smallest_std": 0.01}, {}
    records = [*steps(100, **dead), *steps(100, 101, **well), *steps(100, 201, **dead)]
    assert told(records, monitor) == ["collapse", "collapse"]
    assert [sign.step > 200 for sign in monitor.signs] == [False, True]


def test_a_sign_that_flickers_is_told_once():
    flickering = [replace(r, smallest_std=0.01 if r.step // 40 % 2 else 1.0) for r in steps(400)]
    assert told(flickering) == ["collapse"]


def test_nothing_is_judged_before_the_training_has_settled():
    assert told(steps(max(SETTLED, WINDOW) - 1, smallest_std=0.001)) == []


def test_one_unlucky_batch_says_nothing_but_its_gradient():
    records = steps(200)
    records[120] = replace(records[120], smallest_std=0.001, regularizer=90.0, gradient_norm=50.0)
    assert told(records) == ["jerk"]


def test_another_regularizer_has_no_null_floor():
    rising = steps(300, regularizer=lambda s: 0.01 * s)
    assert "sigreg rising" in told(rising)
    assert "sigreg rising" not in told(rising, Monitor(gaussian=False))


def test_few_dimensions_are_told_from_a_look():
    seen = Measures(smallest_std=0.5, mean_std=1.0, effective_rank=3.0, knn=0.5, sigreg=9.0)
    monitor = Monitor()
    (sign,) = monitor.look(100, seen, dim=32)
    assert sign.name == "few dimensions"
    assert "3.0 of 32" in sign.message
    assert monitor.look(150, replace(seen, effective_rank=20.0), dim=32) == []


def test_the_floor_is_that_of_the_null_distribution():
    assert null_floor() == pytest.approx(1.0525, abs=1e-4)  # shared facts, section 1
    assert null_floor(t_max=1.0) == pytest.approx(0.385, abs=1e-3)


@pytest.mark.parametrize("invariance", [0.001, 0.05, 0.0999, 0.2, 1.0, 3.0])
@pytest.mark.parametrize("regularizer", [0.1, 0.5, 1.0, 2.0, 5.0])
def test_the_reports_three_targets_never_hold_together(invariance, regularizer):
    record = replace(HEALTHY, invariance=invariance, regularizer=regularizer)
    assert not all(report_targets(record).values())
