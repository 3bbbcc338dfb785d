"""The command line answers at once, refuses what it does not know, and tells errors in words."""

import errno
import os
import subprocess
import sys

import pytest

from sigreg_edu import __version__
from sigreg_edu.cli import lab, main
from sigreg_edu.cli.errors import UserError, require


def test_version(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"sigreg-edu {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["lav"], ["bench"], ["lab", "--prot", "1"]])
def test_what_it_does_not_know_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: sigreg-edu" in capsys.readouterr().err


def test_a_user_error_is_told_without_a_traceback(monkeypatch, capsys):
    def fail(*_):
        raise UserError("no such thing. Do that.")

    monkeypatch.setattr(lab, "find_notebook", fail)
    assert main(["lab"]) == 1
    assert capsys.readouterr().err == "sigreg-edu: no such thing. Do that.\n"


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "Make room on this disk"), (errno.EROFS, "Give a place")]
)
def test_a_place_that_cannot_be_written_to_is_told_with_what_to_do(
    number, told, monkeypatch, capsys
):
    def fail(*_):
        raise OSError(number, os.strerror(number), "chart.pdf")

    monkeypatch.setattr(lab, "find_notebook", fail)
    assert main(["lab"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"sigreg-edu: chart.pdf: {os.strerror(number)}. {told}")


def test_other_errors_of_the_system_are_not_hidden(monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(lab, "find_notebook", fail)
    with pytest.raises(OSError, match="broken"):
        main(["lab"])


def test_who_reads_no_further_ends_it_quietly():
    line = f"{sys.executable} -m sigreg_edu train --list | head -1"
    answer = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)
    assert answer.stderr == ""


def test_what_stands_after_two_dashes_is_for_lab_alone(capsys):
    with pytest.raises(SystemExit) as end:
        main(["doctor", "--", "--x"])
    assert end.value.code == 2
    assert "only lab" in capsys.readouterr().err


def test_a_missing_package_is_named_with_the_way_to_install_it():
    with pytest.raises(
        UserError, match=r"lab needs no_such_package.*pip install .sigreg-edu\[lab\]"
    ):
        require("no_such_package", extra="lab", purpose="sigreg-edu lab")


def test_python_dash_m_is_the_same_command():
    run = [sys.executable, "-m", "sigreg_edu", "--version"]
    answer = subprocess.run(run, capture_output=True, text=True, check=True)
    assert answer.stdout == f"sigreg-edu {__version__}\n"


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "ok a"), ("cp1252", "ok a")])
def test_a_terminal_that_does_not_know_a_sign_is_shown_a_plain_one(encoding, shown):
    code = """
from sigreg_edu import cli
from sigreg_edu.cli.doctor import Check, Status
cli.doctor.all_checks = lambda: [Check("a", Status.GOOD, "b …", "c φ"), Check("d", Status.BAD, "e")]
cli.main(["doctor"])
"""
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=True,
    )
    lines = answer.stdout.decode(encoding).splitlines()
    assert lines[0].startswith("ok a: b ")
    assert lines[1:3] == ["    -> c ?", "BAD d: e"]
