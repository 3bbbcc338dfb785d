"""The view of the report's tables: one table, one row of it in words."""

from __future__ import annotations

import re

import pytest

from sigreg_edu.views.report_claims import CLAIMS, TABLES
from sigreg_edu.views.report_tables import MOST_ROWS, ReportTablesParams, report_tables_view


@pytest.mark.parametrize("table", TABLES)
def test_the_view_tells_the_chosen_row_and_the_last_one_beyond_the_end(table):
    count = sum(c.table == table for c in CLAIMS)
    for row in (1, MOST_ROWS):
        view = report_tables_view(ReportTablesParams(table=table, row=row))
        chosen = view.verdicts[view.row]
        assert view.row == min(row, count) - 1
        assert chosen.claim.row in view.readout
        assert chosen.why in view.readout
    assert sum(view.counts.values()) == len(CLAIMS)
    assert re.search(rf"All {len(CLAIMS)} claims", view.readout)
