"""``sigreg-edu lab``: JupyterLab on this machine alone, open at a notebook."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from sigreg_edu.cli.errors import UserError, require

HOME_VARIABLE = "SIGREG_EDU_HOME"
FIRST_NOTEBOOK = "00_start_here.ipynb"
PACKAGE = Path(__file__).resolve().parents[1]
# JupyterLab's defaults for this server alone: no question about news, no look-up of updates (the
# kit works offline). What users have chosen in their settings still wins and is never written to.
JUPYTER_CONFIG = Path(__file__).parent / "jupyter_config"


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``lab`` to the command line."""
    parser = commands.add_parser(
        "lab",
        help="open the notebooks in JupyterLab",
        description="Open JupyterLab on this machine (loopback address, with its token).",
        epilog="What stands after -- goes to JupyterLab as it is.",
    )
    parser.add_argument(
        "notebook",
        nargs="?",
        default=FIRST_NOTEBOOK,
        metavar="NOTEBOOK",
        help=f"a path, a name in notebooks/, or how the name begins, e.g. 02 ({FIRST_NOTEBOOK})",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, help="default: 8888, or the next free one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    require("jupyterlab", extra="lab", purpose="sigreg-edu lab")
    notebook = find_notebook(options.notebook, Path.cwd(), os.environ)
    os.environ["JUPYTER_CONFIG_PATH"] = config_path(os.environ)
    from jupyterlab.labapp import LabApp

    print(f"Opening {notebook.name} in JupyterLab. To stop: Ctrl-C, then y.", flush=True)
    LabApp.launch_instance(
        server_arguments(
            notebook,
            open_browser=not options.no_browser,
            port=options.port,
            as_root=getattr(os, "geteuid", lambda: -1)() == 0,
        )
        + options.passed_on
    )
    return 0


def server_arguments(
    notebook: Path, *, open_browser: bool, port: int | None, as_root: bool
) -> list[str]:
    """Return the arguments for JupyterLab that open ``notebook``."""
    root = notebook.parent.parent if notebook.parent.name == "notebooks" else notebook.parent
    address = "/lab/tree/" + quote(notebook.relative_to(root).as_posix())
    arguments = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url={address}",
    ]
    if not open_browser:
        arguments.append("--no-browser")
    if port is not None:
        arguments.append(f"--ServerApp.port={port}")
    if as_root:
        # In a container there often is nobody else; loopback and token guard it as for any user.
        arguments.append("--allow-root")
    return arguments


def config_path(environment: Mapping[str, str]) -> str:
    """Return ``JUPYTER_CONFIG_PATH`` with the kit's own folder added at its end."""
    given = environment.get("JUPYTER_CONFIG_PATH")
    return os.pathsep.join([given, str(JUPYTER_CONFIG)] if given else [str(JUPYTER_CONFIG)])


def find_notebook(name: str, start: Path, environment: Mapping[str, str]) -> Path:
    """Return the notebook that ``name`` means.

    Args:
        name: a path, a name in the notebooks folder, or how such a name begins.
        start: where the user stands.
        environment: may hold ``SIGREG_EDU_HOME``.

    Raises:
        UserError: there is no such notebook, or several.
    """
    path = start / name
    if path.is_file():
        return path.resolve()
    folder = find_notebooks(start, environment)
    found = sorted(p for p in folder.glob("*.ipynb") if p.name.startswith(name))
    exact = [p for p in found if name in (p.name, p.stem)]
    if len(exact or found) == 1:
        return (exact or found)[0]
    known = ", ".join(p.stem for p in found or sorted(folder.glob("*.ipynb"))) or "none"
    what = "several notebooks begin" if found else "no notebook begins"
    raise UserError(f"{what} with {name!r}. Choose one of: {known}.")


def find_notebooks(start: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder of the notebooks.

    ``SIGREG_EDU_HOME`` decides if it is set; else the folder the user stands in or one above it,
    else the clone that this package is installed from.

    Raises:
        UserError: there is none.
    """
    home = environment.get(HOME_VARIABLE)
    if home:
        folder = _notebooks_in(Path(home).expanduser())
        if folder is None:
            raise UserError(
                f"{HOME_VARIABLE} is {home}, but there is no notebooks/{FIRST_NOTEBOOK} in it. "
                "Set it to a clone of sigreg_edu, or unset it."
            )
        return folder
    for candidate in _candidates(start):
        folder = _notebooks_in(candidate)
        if folder is not None:
            return folder
    raise UserError(
        "the notebooks were found neither here nor beside the installed package. Go into a clone "
        f"of sigreg_edu (git clone), or set {HOME_VARIABLE} to one."
    )


def _candidates(start: Path) -> Iterator[Path]:
    yield start.resolve()
    yield from start.resolve().parents
    yield PACKAGE.parent


def _notebooks_in(folder: Path) -> Path | None:
    for candidate in (folder / "notebooks", folder):
        if (candidate / FIRST_NOTEBOOK).is_file():
            return candidate.resolve()
    return None
