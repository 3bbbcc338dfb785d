"""The house stands: rooms load only what they need, and the versions agree with each other.

The import rule itself is import-linter's (``make lint``); here is what only running code shows.
"""

import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import sigreg_edu

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
OWN = PROJECT["project"]["name"]

ROOMS_WITHOUT_PICTURES = ("statistics", "slicing", "losses", "data", "training", "views")
PICTURES = {"matplotlib", "ipywidgets", "anywidget", "IPython", "PIL"}
HEAVY = {"torch", "numpy", "scipy", "sklearn", "jupyterlab", "playwright", "psutil", *PICTURES}


def loaded_by(module):
    """Return the top-level packages that importing a module loads, in a fresh Python."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    run = [sys.executable, "-c", code]
    answer = subprocess.run(run, capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("module", ["sigreg_edu", "sigreg_edu.cli"])
def test_the_package_and_its_command_load_nothing_heavy(module):
    assert loaded_by(module) & HEAVY == set()


@pytest.mark.parametrize("room", ROOMS_WITHOUT_PICTURES)
def test_rooms_without_pictures_load_no_picture_library(room):
    assert loaded_by(f"sigreg_edu.{room}") & (PICTURES | {"sklearn"}) == set()


def test_the_import_rule_names_every_room():
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    package = Path(sigreg_edu.__file__).parent
    rooms = {p.parent.name for p in package.glob("*/__init__.py")}
    modules = {p.stem for p in package.glob("*.py")} - {"__init__", "__main__"}
    assert set(layers) == rooms | modules


def test_the_installed_version_is_the_packages_own():
    assert metadata.version(OWN) == sigreg_edu.__version__


def test_every_requirement_has_a_tested_version_within_its_range():
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    asked = [*PROJECT["project"]["dependencies"], *EXTRAS["lab"], *EXTRAS["test"]]
    for requirement in map(Requirement, asked):
        if requirement.name != OWN:
            assert requirement.specifier.contains(pins[requirement.name]), requirement.name


def test_torch_is_pinned_without_a_build_so_that_cpu_and_gpu_fit():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    (pin,) = [line for line in lines if line.startswith("torch==")]
    assert Version(pin.removeprefix("torch==")).local is None


def test_torch_is_not_needed_to_build():
    assert not any("torch" in text for text in PROJECT["build-system"]["requires"])


def test_the_kernel_has_one_thread_for_cells_and_sliders():
    (kernel,) = [r for r in map(Requirement, EXTRAS["lab"]) if r.name == "ipykernel"]
    assert not kernel.specifier.contains("7.0.0")
