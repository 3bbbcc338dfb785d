"""The view of the report's tables: one table, one row of it in words."""

from __future__ import annotations

import re

import pytest

from sigreg_edu.views.report_claims import CLAIMS, TABLES, VERDICTS
from sigreg_edu.views.report_tables import MENU, MOST_ROWS, ReportTablesParams, report_tables_view

FITS = 22  # letters of the menu


@pytest.mark.parametrize("table", TABLES)
def test_the_view_tells_the_chosen_row_and_says_where_the_table_ends(table):
    count = sum(c.table == table for c in CLAIMS)
    for row in range(1, MOST_ROWS + 1):
        view = report_tables_view(ReportTablesParams(table=table, row=row))
        assert view.row == row - 1
        assert view.has_row == (row <= count)
        if view.has_row:
            chosen = view.verdicts[view.row]
            assert chosen.claim.row in view.readout
            assert chosen.why in view.readout
        else:
            assert f"This table has {count} rows." in view.readout
        assert re.search(rf"All {len(CLAIMS)} claims", view.readout)


def test_every_one_of_the_four_verdicts_is_counted():
    view = report_tables_view(ReportTablesParams())
    assert tuple(view.counts) == tuple(VERDICTS)
    assert sum(view.counts.values()) == len(CLAIMS)
    counts = view.counts.values()
    told = "{} hold, {} do not, {} cannot be so, {} cannot be checked".format(*counts)
    assert told in view.readout


def test_the_menu_has_every_table_in_words_that_fit():
    assert list(MENU) == list(TABLES)
    assert all(len(words) <= FITS for words in MENU.values())
