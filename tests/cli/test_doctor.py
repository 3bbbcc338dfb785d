"""``sigreg-edu doctor``: each fault is found, named, and told with its remedy."""

import sys
from argparse import Namespace
from pathlib import Path

import pytest

from sigreg_edu.cli import doctor
from sigreg_edu.cli.doctor import Check, Status, TorchFacts

PYTHON = Path("env/bin/python")
OWN_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
GOOD_VERSIONS = {
    "ipywidgets": "8.1.9",
    "jupyterlab-widgets": "3.0.17",
    "widgetsnbextension": "4.0.16",
}


def torch_facts(**changes):
    facts = {"built_for": None, "devices": (), "has_mps": False, "threads": 2, **changes}
    return TorchFacts(**facts)


def test_a_line_shows_the_mark_and_a_fault_its_remedy():
    assert str(Check("a", Status.GOOD, "1")) == "✓ a: 1"
    assert str(Check("a", Status.BAD, "none", "get one")) == "✗ a: none\n    → get one"


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 13, 1), (4, 0, 0)])
def test_a_recent_python_is_good(version):
    assert doctor.check_python(version, PYTHON).status is Status.GOOD


def test_an_old_python_is_bad():
    check = doctor.check_python((3, 10, 14), PYTHON)
    assert check.status is Status.BAD
    assert "3.10.14" in check.found
    assert "3.11" in check.remedy


def test_the_kit_itself_must_be_installed():
    assert doctor.check_package("0.1.0").status is Status.GOOD
    assert doctor.check_package(None).status is Status.BAD


@pytest.mark.parametrize(
    ("version", "status", "says"),
    [
        ("2.13.0+cpu", Status.GOOD, "2.13.0+cpu"),
        ("2.6.0", Status.GOOD, "2.6.0"),
        ("2.5.1", Status.BAD, "outside"),
        ("2.14.0", Status.BAD, "outside"),
        (None, Status.BAD, "not installed"),
    ],
)
def test_a_package_must_be_there_in_its_range(version, status, says):
    (check,) = doctor.check_requirements(["torch>=2.6,<2.14"], {"torch": version})
    assert check.status is status
    assert says in check.found
    assert bool(check.remedy) == (status is Status.BAD)


def test_a_kernel_on_two_threads_is_refused_with_the_reason():
    (check,) = doctor.check_requirements(["ipykernel>=6.29,<7"], {"ipykernel": "7.4.0"})
    assert check.status is Status.BAD
    assert "beside the running cell" in check.found
    assert check.remedy == 'pip install "ipykernel<7,>=6.29"'


@pytest.mark.parametrize(
    ("facts", "has_gpu", "status", "says"),
    [
        (torch_facts(), False, Status.GOOD, "CPU build; 2 CPU threads"),
        (torch_facts(threads=1, has_mps=True), False, Status.GOOD, "MPS, 1 CPU thread"),
        (torch_facts(built_for="CUDA 12.8", devices=("X1", "X2")), True, Status.GOOD, "8: X1, X2"),
        (torch_facts(built_for="ROCm 6.3"), True, Status.NOTICE, "ROCm 6.3, but no device answers"),
        (torch_facts(), True, Status.NOTICE, "a CPU build, though"),
        (OSError("libx.so is missing\nmore"), True, Status.BAD, "loaded: libx.so is missing"),
        (ImportError(), False, Status.BAD, "loaded: ImportError"),
    ],
)
def test_torch_should_use_what_the_machine_has(facts, has_gpu, status, says):
    check = doctor.check_torch(facts, has_gpu=has_gpu)
    assert check.status is status
    assert says in check.found


def test_the_widgets_partners_are_of_the_right_generation():
    assert doctor.check_widget_partners(GOOD_VERSIONS).status is Status.GOOD


@pytest.mark.parametrize("version", ["1.1.7", None])
def test_a_partner_of_another_generation_is_bad(version):
    check = doctor.check_widget_partners({**GOOD_VERSIONS, "jupyterlab-widgets": version})
    assert check.status is Status.BAD
    assert '"jupyterlab-widgets==3.*"' in check.remedy


def test_front_ends_that_jupyterlab_does_not_see_are_named():
    assert doctor.check_front_end({"ipywidgets": True, "anywidget": True}).status is Status.GOOD
    check = doctor.check_front_end({"ipywidgets": True, "anywidget": False})
    assert check.status is Status.BAD
    assert "anywidget" in check.found
    assert "ipywidgets" not in check.found


def test_a_torch_that_cannot_be_loaded_does_not_end_the_doctor(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails
    assert isinstance(doctor.look_torch(), ImportError)


@pytest.mark.parametrize(
    "command",
    [str(PYTHON), "python", "python3", OWN_NAME, f"env/bin/{OWN_NAME}", "env/bin/python.exe"],
)
def test_a_kernel_of_this_python_is_good(command):
    assert doctor.check_kernel(command, PYTHON).status is Status.GOOD


@pytest.mark.parametrize("command", ["other/bin/python", "env/bin/python2.7", None])
def test_a_kernel_of_another_python_or_none_is_bad(command):
    check = doctor.check_kernel(command, PYTHON)
    assert check.status is Status.BAD
    assert "ipykernel install" in check.remedy


def test_notebooks_are_counted(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("00_start_here", "01"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text("{}")
    check = doctor.check_notebooks(tmp_path, {})
    assert check.status is Status.GOOD
    assert check.found.startswith("2 in ")


def test_missing_notebooks_are_bad(tmp_path):
    check = doctor.check_notebooks(tmp_path, {"SIGREG_EDU_HOME": str(tmp_path)})
    assert check.status is Status.BAD
    assert "SIGREG_EDU_HOME" in check.remedy


def test_a_missing_browser_is_no_fault():
    assert doctor.check_browser(None).status is Status.NOTICE
    assert doctor.check_browser("bin/chromium").status is Status.GOOD


@pytest.mark.parametrize(
    ("statuses", "code", "last"),
    [
        ([Status.GOOD, Status.NOTICE], 0, "All that is needed is there."),
        ([Status.GOOD, Status.BAD, Status.BAD], 1, "2 to mend."),
    ],
)
def test_only_faults_make_it_fail(statuses, code, last, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "all_checks", lambda: [Check("a", s, "b") for s in statuses])
    assert doctor.run(Namespace()) == code
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_the_environment_that_runs_the_tests_is_well():
    wrong = [c for c in doctor.all_checks() if c.status is Status.BAD and c.name != "notebooks"]
    assert wrong == []


def test_it_asks_for_what_the_project_asks_for():
    asked = doctor.look_requirements()
    names = {text.split(">")[0].split("<")[0] for text in asked}
    assert {"torch", "numpy", "scipy", "jupyterlab", "ipykernel", "anywidget"} <= names
    assert "pytest" not in names
