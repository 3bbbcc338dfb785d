"""The figure of the report's tables: a row for each claim, marks by verdict, bars by ratio."""

from __future__ import annotations

import pytest

from sigreg_edu.figures.report_tables import COLOURS, ReportTablesFigure
from sigreg_edu.views.report_claims import TABLES
from sigreg_edu.views.report_tables import ReportTablesParams, report_tables_view


@pytest.fixture(scope="module")
def figure() -> ReportTablesFigure:
    return ReportTablesFigure()


def shown(figure: ReportTablesFigure, **changes):
    view = report_tables_view(ReportTablesParams(**changes))
    figure.update(view)
    return view


@pytest.mark.parametrize("table", TABLES)
def test_every_claim_has_its_row_and_its_mark(figure, table):
    view = shown(figure, table=table)
    for number, row in enumerate(figure.rows):
        assert row["row"].get_visible() == (number < len(view.verdicts))
    for verdict, row in zip(view.verdicts, figure.rows, strict=False):
        assert row["row"].get_text() == verdict.claim.row
        assert row["says"].get_text() == verdict.claim.says
        assert row["found"].get_text() == verdict.found
        assert row["mark"].get_text() == verdict.mark
        assert row["mark"].get_color() == COLOURS[verdict.said]
        assert row["verdict"].get_text() == verdict.said
    assert figure.title.get_text() == TABLES[table]


@pytest.mark.parametrize("table", TABLES)
def test_ratios_are_bars_from_one_and_tell_their_number(figure, table):
    view = shown(figure, table=table)
    for verdict, row in zip(view.verdicts, figure.rows, strict=False):
        for name, value in (("said bar", verdict.claim.number), ("found bar", verdict.number)):
            x = list(row[name].get_xdata())
            words = row[f"{name} words"].get_text()
            if value is None:
                assert x == []
                assert words == ""
            else:
                assert (x[1] >= x[0]) == (value >= 1.0)
                assert words == f"{value:.2g}"


@pytest.mark.parametrize("table", TABLES)
def test_words_are_apart(figure, table, assert_words_are_apart):
    shown(figure, table=table)
    assert_words_are_apart(figure)


def test_only_the_frame_moves_with_the_row(figure):
    tops = []
    for row in (1, 2, 3):
        shown(figure, table="scaling", row=row)
        tops.append(figure.chosen.get_y())
    assert tops == pytest.approx([tops[0], tops[0] + 1, tops[0] + 2])


def test_beyond_the_last_row_the_frame_says_that_the_table_ends(figure):
    view = shown(figure, table="performance", row=8)
    assert figure.empty.get_text() == f"This table has {len(view.verdicts)} rows."
    assert figure.empty.get_position()[1] > len(view.verdicts)
    before = figure.png()
    shown(figure, table="performance", row=7)
    assert figure.png() != before
    shown(figure, table="performance", row=1)
    assert figure.empty.get_text() == ""


def test_a_table_that_was_left_comes_back_as_it_was(figure):
    shown(figure, table="memory", row=2)
    before = figure.png()
    shown(figure, table="text")
    assert figure.png() != before
    shown(figure, table="memory", row=2)
    assert figure.png() == before
