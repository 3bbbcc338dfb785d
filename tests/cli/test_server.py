"""The server of the browser tests is private, guarded, and gone afterwards, come what may."""

import json
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request

import psutil
import pytest

from sigreg_edu.cli import browser, server
from sigreg_edu.cli.browser import BROWSER_VARIABLE, find_browser
from sigreg_edu.cli.errors import UserError

NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def wait_until_gone(pid, seconds=20.0):
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not psutil.pid_exists(pid)


def ask(lab, path):
    with urllib.request.urlopen(f"{lab.url}{path}?token={lab.token}") as answer:
        return json.load(answer)


def test_lab_serves_copies_on_loopback_behind_its_token_and_ends(tmp_path):
    notebook = tmp_path / "mine.ipynb"
    notebook.write_text(json.dumps(NOTEBOOK))
    with server.serve_lab([notebook]) as lab:
        assert lab.url.startswith("http://127.0.0.1:")
        assert (lab.notebooks / "mine.ipynb").is_file()
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{lab.url}api/contents")
        names = {entry["name"] for entry in ask(lab, "api/contents")["content"]}
        assert "notebooks" in names
        notifications = ask(lab, "lab/api/settings/@jupyterlab/apputils-extension:notification")
        assert notifications["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert wait_until_gone(lab.pid)
    assert not lab.notebooks.parent.exists()


def test_a_killed_starter_leaves_no_process_and_no_folder():
    code = """
        import time
        from sigreg_edu.cli.server import serve_lab
        with serve_lab() as lab:
            print(lab.pid, lab.notebooks, flush=True)
            time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        pid, folder = starter.stdout.readline().split()
        starter.kill()
    assert wait_until_gone(int(pid))
    deadline = time.monotonic() + 10
    while server.Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not server.Path(folder).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to ignore")
def test_a_process_that_does_not_listen_is_forced_to_end(tmp_path):
    deaf = tmp_path / "deaf"
    code = f"""
        import pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path({str(deaf)!r}).touch()
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    folder = tmp_path / "removed-afterwards"
    folder.mkdir()
    guard = [sys.executable, "-P", str(server.GUARD), str(folder), *command]
    with subprocess.Popen(guard, stdin=subprocess.PIPE) as process:
        deadline = time.monotonic() + 20
        while not deaf.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        children = psutil.Process(process.pid).children()
        process.stdin.close()
        assert process.wait(20) == 0
    assert not children[0].is_running()


def test_a_server_that_does_not_start_is_told_with_what_it_printed(monkeypatch):
    monkeypatch.setattr(server, "_command", lambda _: [sys.executable, "-c", "1 / 0"])
    monkeypatch.setattr(server, "START_SECONDS", 1.0)
    with (
        pytest.raises(UserError, match=r"did not start[\s\S]*ZeroDivisionError"),
        server.serve_lab(),
    ):
        pass


def test_the_browser_that_is_asked_for_comes_first():
    assert find_browser({BROWSER_VARIABLE: sys.executable}) == sys.executable


def test_a_browser_is_found_where_windows_or_playwright_puts_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(browser, "MAC_PROGRAMS", ())
    own = {browser.PLAYWRIGHT_VARIABLE: str(tmp_path / "own")}
    assert find_browser(own) is None
    chromium = program(tmp_path / "own/chromium-1200/chrome-linux64/chrome")
    assert find_browser(own) == chromium
    edge = program(tmp_path / "files/Microsoft/Edge/Application/msedge.exe")
    assert find_browser({**own, "PROGRAMFILES": str(tmp_path / "files")}) == edge


def program(path):
    path.parent.mkdir(parents=True)
    path.touch(mode=0o755)
    return str(path)


def test_a_browser_that_is_asked_for_but_missing_is_not_replaced():
    assert find_browser({BROWSER_VARIABLE: "no-such-browser"}) is None
