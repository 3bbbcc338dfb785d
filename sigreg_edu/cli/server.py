"""A server of its own, JupyterLab or the demos: in temporary folders, and always ended.

For the browser tests and the bench. It sees copies of the notebooks, so that running them changes
no tracked file, and none of the user's settings, so that it is the same on every machine.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sigreg_edu.cli.errors import UserError

GUARD = Path(__file__).with_name("guard.py")
LOG = "output.log"
START_SECONDS = 90.0
END_SECONDS = 20.0
# Each of these must not be the user's own.
OWN_FOLDERS = (
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
)


@dataclass(frozen=True)
class LabServer:
    """A running JupyterLab.

    Attributes:
        url: its address, with a slash at the end.
        token: what a browser must show it.
        pid: its process; the kernels are children of it.
        notebooks: the folder with the copies; what is put there can be opened.
    """

    url: str
    token: str
    pid: int
    notebooks: Path

    def address(self, notebook: str, workspace: str) -> str:
        """Return the address of a notebook in a workspace, which remembers no other tabs."""
        path = f"lab/workspaces/{workspace}/tree/notebooks/{notebook}"
        return f"{self.url}{path}?token={self.token}"


@contextmanager
def serve_lab(notebooks: Sequence[Path] = ()) -> Iterator[LabServer]:
    """Serve copies of ``notebooks`` on a free port of this machine, until the block ends.

    Raises:
        UserError: it did not start; the message ends with what it printed last.
    """
    folder = Path(tempfile.mkdtemp(prefix="sigreg-edu-lab-"))
    (folder / "notebooks").mkdir()
    first = folder / "notebooks" / "first.ipynb"
    first.write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    for notebook in notebooks:
        shutil.copy(notebook, folder / "notebooks")
    with _guarded(_command(first), folder, _environment(folder)) as guard:
        yield _wait_for_server(guard, folder)


@contextmanager
def serve_demo(port: int, token: str) -> Iterator[str]:
    """Serve the demos on a port of this machine until the block ends; yields their first address.

    Raises:
        UserError: they did not start; the message ends with what was printed last.
    """
    folder = Path(tempfile.mkdtemp(prefix="sigreg-edu-demo-"))
    program = [sys.executable, "-m", "sigreg_edu", "demo", "--no-browser"]
    command = [*program, f"--port={port}", f"--token={token}"]
    with _guarded(command, folder, _environment(folder)) as guard:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline or guard.poll() is not None:
                raise UserError(f"the demos did not start. They printed last:\n{_tail(folder)}")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"


def _answers(port: int) -> bool:
    """Whether anybody listens on a port of this machine."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _command(notebook: Path) -> list[str]:
    program = [sys.executable, "-m", "sigreg_edu", "lab", str(notebook), "--no-browser", "--port=0"]
    # Lets the page's script reach JupyterLab's own commands.
    return [*program, "--", "--LabApp.expose_app_in_browser=True"]


def _environment(folder: Path) -> dict[str, str]:
    own = {name: str(folder / name.lower()) for name in OWN_FOLDERS}
    return {**os.environ, **own, "JUPYTER_PREFER_ENV_PATH": "1"}


@contextmanager
def _guarded(
    command: Sequence[str], folder: Path, environment: dict[str, str]
) -> Iterator[subprocess.Popen]:
    """Run ``command`` under ``guard.py``, which ends it with this block or with this process."""
    with open(folder / LOG, "wb") as log:
        guard = subprocess.Popen(
            [sys.executable, "-P", GUARD, folder, *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,  # Ctrl-C ends this process; the guard then ends its own
        )
    try:
        yield guard
    finally:
        guard.stdin.close()
        guard.wait(END_SECONDS)


def _wait_for_server(guard: subprocess.Popen, folder: Path) -> LabServer:
    """Wait until the server has written down where it listens, and does."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and guard.poll() is None:
        for record in (folder / "jupyter_runtime_dir").glob("jpserver-*.json"):
            try:
                facts = json.loads(record.read_text())
            except ValueError:  # half written
                continue
            if _answers(facts["port"]):  # it is written down before it listens
                return LabServer(facts["url"], facts["token"], facts["pid"], folder / "notebooks")
        time.sleep(0.05)
    raise UserError(
        f"JupyterLab did not start. Try: sigreg-edu doctor. It printed last:\n{_tail(folder)}"
    )


def _tail(folder: Path) -> str:
    """What a server printed last."""
    log = folder / LOG
    return log.read_text(errors="replace")[-2000:] if log.exists() else ""
