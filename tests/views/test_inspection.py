"""What is said of embeddings is what was found, and it comes as it is found."""

from __future__ import annotations

import pytest
import torch

from sigreg_edu.training import inspect_embeddings
from sigreg_edu.training.inspection import NUM_WORST
from sigreg_edu.views.inspection import (
    ADVICE,
    EXAMPLES,
    KIND_NAMES,
    InspectionParams,
    Inspections,
    OwnInspectionParams,
    headline,
    inspection_view_of,
    sentences,
)


@pytest.fixture(scope="module")
def inspections() -> Inspections:
    return Inspections()


def searched(inspections, **fields):
    params = InspectionParams(**fields)
    view = inspections.view(params)
    for view in inspections.refine(params):  # noqa: B007 - the last one
        pass
    return view


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("healthy", ()),
        ("shrunk", ("scale",)),
        ("shifted", ("shifted",)),
        ("rank_1", ("dimensional",)),
        ("clustered", ("clustered", "dimensional")),
    ],
)
def test_each_example_is_what_it_is_called(inspections, name, kinds):
    view = searched(inspections, of=name)
    assert view.found.kinds == kinds
    for kind in kinds:
        assert KIND_NAMES[kind] in view.readout
    assert ("healthy" in view.readout) == (not kinds)


def test_recorded_embeddings_are_those_of_the_run(inspections):
    lejepa = searched(inspections, of="lejepa")
    assert (lejepa.found.count, lejepa.found.dim) == (450, 32)
    assert "constant" not in lejepa.found.kinds
    assert "scale" in searched(inspections, of="none").found.kinds


def test_the_searches_come_one_after_the_other():
    inspections, params = Inspections(), InspectionParams(of="shrunk", space="shape")
    first = inspections.view(params)
    assert first.shown is None
    assert first.readout.startswith("So far (the search goes on): 1,000 embeddings")
    steps = list(inspections.refine(params))
    assert all(step.readout.startswith("So far") for step in steps[:-1])
    assert len(steps[0].worst) == NUM_WORST
    assert steps[-1].shown is steps[-1].shapes[0]
    assert "goes on" not in steps[-1].readout
    assert list(inspections.refine(params)) == []  # it is known by now


def test_moving_away_and_back_loses_no_search():
    inspections = Inspections()
    one, other = InspectionParams(of="shrunk"), InspectionParams(of="shifted")
    inspections.view(one)
    going_on = inspections.refine(one)
    next(going_on)
    inspections.view(other)
    assert inspections.view(one).shown is not None
    assert list(inspections.refine(one))[-1].shapes


def test_a_rank_that_is_not_there_shows_nothing():
    found = inspect_embeddings(torch.randn(50, 2, generator=torch.Generator().manual_seed(0)))
    assert inspection_view_of(found, rank=2).shown is not None
    assert inspection_view_of(found, rank=3).shown is None


def test_ones_own_are_looked_at_first():
    z = 0.1 * torch.randn(100, 3, generator=torch.Generator().manual_seed(0))
    view = Inspections(z).view(OwnInspectionParams())
    assert "100 embeddings of 3 dimensions: shrunk" in view.readout
    assert "yours" not in InspectionParams.controls()["of"].options


def test_a_large_number_of_rows_is_said_to_reject_whatever_is_real():
    z = torch.randn(10_000, 2, generator=torch.Generator().manual_seed(0))
    assert "every real embedding is rejected" in " ".join(sentences(inspect_embeddings(z)))
    assert "rejected" not in " ".join(sentences(inspect_embeddings(z[:100])))


def test_fewer_rows_than_dimensions_and_twins_are_told():
    z = torch.randn(8, 20, generator=torch.Generator().manual_seed(0))
    told = " ".join(sentences(inspect_embeddings(z.repeat(2, 1))))
    assert "no more rows than dimensions" in told
    assert "16 rows that were drawn 8 differ" in told


def test_every_kind_has_a_name_and_advice():
    assert KIND_NAMES.keys() == ADVICE.keys()


def test_half_of_the_rank_left_is_called_partial():
    z = torch.randn(4000, 8, generator=torch.Generator().manual_seed(0))
    z[:, 5:] *= 0.01
    assert "partial dimensional collapse" in headline(inspect_embeddings(z))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_seed_makes_the_same_example(name):
    assert torch.equal(EXAMPLES[name](3), EXAMPLES[name](3))
