"""``sigreg-edu lab`` finds the notebooks and asks JupyterLab for the right thing."""

import json
import os
import re

import pytest

from sigreg_edu.cli import lab
from sigreg_edu.cli.errors import UserError

NAMES = ("00_start_here", "01_shadows", "02_epps_pulley")


@pytest.fixture
def clone(tmp_path):
    """A clone with three notebooks, beside which the tests stand."""
    folder = tmp_path / "clone" / "notebooks"
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / f"{name}.ipynb").write_text("{}")
    return folder.parent


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder without notebooks, and a package installed without any."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.setattr(lab, "PACKAGE", folder / "site-packages" / "sigreg_edu")
    return folder


@pytest.mark.parametrize("start", [".", "notebooks", "tests/cli"])
def test_it_finds_the_notebooks_from_anywhere_in_a_clone(clone, start):
    (clone / "tests/cli").mkdir(parents=True)
    assert lab.find_notebooks(clone / start, {}) == clone / "notebooks"


def test_it_finds_the_notebooks_of_the_clone_that_holds_the_package(clone, elsewhere, monkeypatch):
    monkeypatch.setattr(lab, "PACKAGE", clone / "sigreg_edu")
    assert lab.find_notebooks(elsewhere, {}) == clone / "notebooks"


def test_the_variable_comes_first(clone, elsewhere, tmp_path):
    other = tmp_path / "other" / "notebooks"
    other.mkdir(parents=True)
    (other / lab.FIRST_NOTEBOOK).write_text("{}")
    assert lab.find_notebooks(clone, {lab.HOME_VARIABLE: str(other.parent)}) == other
    assert lab.find_notebooks(elsewhere, {lab.HOME_VARIABLE: str(clone)}) == clone / "notebooks"


def test_a_variable_that_leads_nowhere_is_named(clone, elsewhere):
    with pytest.raises(UserError, match=rf"is {re.escape(str(elsewhere))}.*or unset it"):
        lab.find_notebooks(clone, {lab.HOME_VARIABLE: str(elsewhere)})


def test_without_notebooks_it_says_what_to_do(elsewhere):
    with pytest.raises(UserError, match=f"git clone.*{lab.HOME_VARIABLE}"):
        lab.find_notebooks(elsewhere, {})


@pytest.mark.parametrize("name", ["02_epps_pulley.ipynb", "02_epps_pulley", "02", "notebooks/02"])
def test_a_notebook_goes_by_its_name_or_how_it_begins(clone, name):
    if "/" in name:
        name += "_epps_pulley.ipynb"
    assert lab.find_notebook(name, clone, {}) == clone / "notebooks" / "02_epps_pulley.ipynb"


def test_a_notebook_elsewhere_goes_by_its_path(elsewhere):
    (elsewhere / "mine.ipynb").write_text("{}")
    assert lab.find_notebook("mine.ipynb", elsewhere, {}) == elsewhere / "mine.ipynb"


def test_an_exact_name_beats_longer_ones(clone):
    (clone / "notebooks" / "01_shadows_more.ipynb").write_text("{}")
    assert lab.find_notebook("01_shadows", clone, {}).stem == "01_shadows"


@pytest.mark.parametrize(("name", "says"), [("0", "several notebooks"), ("07", "no notebook")])
def test_a_name_that_fits_none_or_several_is_answered_with_the_names(clone, name, says):
    with pytest.raises(UserError, match=f"{says} begin.*00_start_here, 01_shadows, 02_epps_pulley"):
        lab.find_notebook(name, clone, {})


def arguments(notebook, **changes):
    options = {"open_browser": True, "port": None, "as_root": False, **changes}
    return lab.server_arguments(notebook, **options)


def test_the_server_listens_on_loopback_and_opens_at_the_notebook(clone):
    assert arguments(clone / "notebooks" / "01_shadows.ipynb") == [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={clone}",
        "--LabApp.default_url=/lab/tree/notebooks/01_shadows.ipynb",
    ]


def test_a_notebook_outside_a_notebooks_folder_is_served_from_its_own(elsewhere):
    given = arguments(elsewhere / "a b.ipynb")
    assert f"--ServerApp.root_dir={elsewhere}" in given
    assert "--LabApp.default_url=/lab/tree/a%20b.ipynb" in given


def test_options_become_arguments(clone):
    given = arguments(clone / "notebooks/00.ipynb", open_browser=False, port=9000, as_root=True)
    assert given[-3:] == ["--no-browser", "--ServerApp.port=9000", "--allow-root"]


def test_the_token_is_left_to_jupyter(clone):
    names = [given.split("=")[0] for given in arguments(clone / "notebooks/00.ipynb")]
    assert not any("token" in name or "password" in name for name in names)


def test_the_kits_settings_stand_behind_the_users_own():
    assert lab.config_path({}) == str(lab.JUPYTER_CONFIG)
    both = lab.config_path({"JUPYTER_CONFIG_PATH": "theirs"})
    assert both == f"theirs{os.pathsep}{lab.JUPYTER_CONFIG}"


def test_the_kits_settings_ask_nobody_for_news():
    name = "labconfig/default_setting_overrides.json"
    settings = json.loads((lab.JUPYTER_CONFIG / name).read_text())
    notifications = settings["@jupyterlab/apputils-extension:notification"]
    assert notifications == {"fetchNews": "false", "checkForUpdates": False}
