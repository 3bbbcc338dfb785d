"""``sigreg-edu chart``: a page is written, or it is said why not."""

from __future__ import annotations

from sigreg_edu.cli import main


def test_a_page_is_written_where_it_was_asked_for(tmp_path, capsys):
    path = tmp_path / "wall.pdf"
    assert main(["chart", "--output", str(path)]) == 0
    assert path.read_bytes().startswith(b"%PDF")
    assert str(path) in capsys.readouterr().out


def test_by_default_it_lies_where_one_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["chart"]) == 0
    assert (tmp_path / "decision_chart.pdf").exists()


def test_another_ending_and_a_folder_that_is_not_there_are_told_in_a_sentence(tmp_path, capsys):
    assert main(["chart", "--output", str(tmp_path / "page.doc")]) == 1
    assert "pdf" in capsys.readouterr().err
    assert main(["chart", "--output", str(tmp_path / "no" / "page.pdf")]) == 1
    assert "Traceback" not in capsys.readouterr().err
