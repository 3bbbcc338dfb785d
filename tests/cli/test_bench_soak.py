"""The hour's soak: what counts as growth, and what it tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigreg_edu.cli import main
from sigreg_edu.cli.bench_soak import Look, Soak, as_table, growth

FLAT = Soak(3, 0, tuple(Look(m, 10 * m, 400.0 + min(m, 2), 40.0) for m in range(1, 13)), ())


def test_caches_that_fill_up_at_first_are_no_growth():
    assert growth([100, 200, 300, 300, 300, 300, 300, 300]) == 0.0
    assert FLAT.keeps_promises


@pytest.mark.parametrize("what", ["kernel_mb", "browser_mb"])
def test_memory_that_rises_to_the_end_breaks_the_promise(what):
    looks = tuple(replace(look, **{what: 400.0 + 5.0 * look.minute}) for look in FLAT.looks)
    rising = replace(FLAT, looks=looks)
    assert getattr(rising, what.replace("_mb", "_growth_mb")) == pytest.approx(30.0)
    assert not rising.keeps_promises


def test_an_error_breaks_it_and_is_told():
    failed = replace(FLAT, errors=("Winding: shift: expected a number",))
    assert not failed.keeps_promises
    assert as_table(failed).endswith("Winding: shift: expected a number")


def test_the_table_tells_moves_growth_and_the_promise():
    lines = as_table(FLAT).splitlines()
    assert lines[0] == "| minute | moves | kernel MB | browser MB |"
    assert lines[-1] == (
        "3 explorers on one page, 120 random moves (seed 0). Growth from the second quarter to the "
        "last: kernel 0.0 MB, JavaScript's heap 0.0 MB (promised ≤ 25 MB each); 0 errors."
    )


def test_no_time_at_all_is_refused(capsys):
    assert main(["bench", "soak", "--minutes", "0"]) == 1
    assert "--minutes must be above 0" in capsys.readouterr().err
