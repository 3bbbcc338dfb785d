"""``sigreg-edu doctor``: is everything there, does it fit together, and what is to be done.

Each check is a function from facts to a :class:`Check`, so that every outcome can be tested; the
functions named ``look_*`` gather the facts of this machine.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from pathlib import Path

from sigreg_edu.cli.browser import find_browser
from sigreg_edu.cli.errors import UserError
from sigreg_edu.cli.lab import find_notebooks

DISTRIBUTION = "sigreg-edu"
OLDEST_PYTHON = (3, 11)
KERNEL = "python3"  # the kernel that the notebooks name
# What each major version of ipywidgets needs on JupyterLab's and on the classic notebook's side.
WIDGET_PARTNERS = {"8": {"jupyterlab-widgets": "3", "widgetsnbextension": "4"}}
FRONT_END_EXTENSIONS = {
    "ipywidgets": "@jupyter-widgets/jupyterlab-manager",
    "anywidget": "anywidget",
}
REASONS = {
    "ipykernel": "later kernels run sliders' messages beside the running cell, and pictures break",
}


class Status(Enum):
    """How a check came out; the value is its mark."""

    GOOD = "✓"
    NOTICE = "!"
    BAD = "✗"


@dataclass(frozen=True)
class Check:
    """One line of the report: what was looked at, what was found and what to do about it."""

    name: str
    status: Status
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{self.status.value} {self.name}: {self.found}"
        return f"{line}\n    → {self.remedy}" if self.remedy else line


@dataclass(frozen=True)
class TorchFacts:
    """What an installed torch says of itself."""

    built_for: str | None  # "CUDA 12.8" or "ROCm 6.3"; None for a CPU build
    devices: tuple[str, ...]
    has_mps: bool
    threads: int


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``doctor`` to the command line."""
    parser = commands.add_parser(
        "doctor",
        help="check the installation and say what to do",
        description="Check the installation. Exit status 1 if something needed is missing.",
    )
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    """Print every check, and say whether all is well."""
    checks = all_checks()
    print(*checks, sep="\n")
    bad = sum(check.status is Status.BAD for check in checks)
    print(f"\n{bad} to mend." if bad else "\nAll that is needed is there.")
    return 1 if bad else 0


def all_checks() -> list[Check]:
    """Return the checks of this machine."""
    versions = look_versions()
    checks = [check_python(sys.version_info[:3], Path(sys.executable))]
    checks.append(check_package(versions.get(DISTRIBUTION)))
    if versions.get(DISTRIBUTION):
        checks += check_requirements(look_requirements(), versions)
    if versions.get("torch"):
        checks.append(check_torch(look_torch(), has_gpu=shutil.which("nvidia-smi") is not None))
    if versions.get("ipywidgets"):
        checks.append(check_widget_partners(versions))
    if versions.get("jupyterlab"):
        checks.append(check_front_end(look_extensions()))
        checks.append(check_kernel(look_kernel(), Path(sys.executable)))
    return [
        *checks,
        check_notebooks(Path.cwd(), os.environ),
        check_browser(find_browser(os.environ)),
    ]


# --- checks ---------------------------------------------------------------------------------------


def check_python(version: Sequence[int], executable: Path) -> Check:
    """Python is recent enough."""
    found = f"{'.'.join(map(str, version))} ({executable})"
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return Check("Python", Status.GOOD, found)
    needed = ".".join(map(str, OLDEST_PYTHON))
    return Check("Python", Status.BAD, found, f"install Python {needed} or later, then set up anew")


def check_package(version: str | None) -> Check:
    """The kit is installed, not only lying in the folder."""
    if version:
        return Check(DISTRIBUTION, Status.GOOD, version)
    remedy = 'in the clone: pip install -c constraints.txt -e ".[lab]"'
    return Check(DISTRIBUTION, Status.BAD, "not installed", remedy)


def check_requirements(
    requirements: Sequence[str], versions: Mapping[str, str | None]
) -> list[Check]:
    """Each package that the kit asks for is there, in a version it was written for."""
    return [_check_requirement(text, versions) for text in requirements]


def _check_requirement(text: str, versions: Mapping[str, str | None]) -> Check:
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    name = requirement.name
    version = versions.get(name)
    wanted = str(requirement.specifier)
    remedy = f'pip install "{name}{wanted}"'
    if version is None:
        return Check(name, Status.BAD, f"not installed (needs {wanted})", remedy)
    if requirement.specifier.contains(version, prereleases=True):
        return Check(name, Status.GOOD, version)
    reason = f": {REASONS[name]}" if name in REASONS else ""
    return Check(name, Status.BAD, f"{version}, outside {wanted}{reason}", remedy)


def check_torch(facts: TorchFacts | Exception, *, has_gpu: bool) -> Check:
    """Torch can be loaded, and uses what the machine has."""
    if isinstance(facts, Exception):
        return _torch_cannot_be_loaded(facts)
    threads = f"{facts.threads} CPU thread{'s' if facts.threads != 1 else ''}"
    name = "torch devices"
    if facts.devices:
        return Check(name, Status.GOOD, f"{facts.built_for}: {', '.join(facts.devices)}; {threads}")
    if facts.built_for:
        return Check(
            name,
            Status.NOTICE,
            f"built for {facts.built_for}, but no device answers; {threads}",
            "fine without a GPU; with one, its driver is missing or too old "
            "(try: nvidia-smi or rocm-smi)",
        )
    if has_gpu:
        return Check(
            name,
            Status.NOTICE,
            f"a CPU build, though there is an NVIDIA driver; {threads}",
            "nothing here needs a GPU; to use it: https://pytorch.org/get-started/locally/",
        )
    also = "MPS, " if facts.has_mps else ""
    return Check(name, Status.GOOD, f"CPU build; {also}{threads}")


def _torch_cannot_be_loaded(error: Exception) -> Check:
    lines = str(error).splitlines() or [type(error).__name__]
    remedy = "pip install --force-reinstall torch"
    if platform.system() == "Windows":
        remedy += "; if that does not help, install Microsoft's Visual C++ Redistributable"
    return Check("torch devices", Status.BAD, f"torch cannot be loaded: {lines[0]}", remedy)


def check_widget_partners(versions: Mapping[str, str | None]) -> Check:
    """The two halves of ipywidgets, in Python and in the browser, speak the same protocol."""
    name = "widget pairing"
    major = versions["ipywidgets"].split(".")[0]
    partners = WIDGET_PARTNERS.get(major, {})
    wrong = [
        f"{partner} {versions.get(partner) or 'missing'} (needs {wanted}.x)"
        for partner, wanted in partners.items()
        if (versions.get(partner) or "").split(".")[0] != wanted
    ]
    if not wrong:
        return Check(name, Status.GOOD, f"ipywidgets {major} and its partners")
    asked = " ".join(f'"{partner}=={wanted}.*"' for partner, wanted in partners.items())
    return Check(name, Status.BAD, "; ".join(wrong), f"pip install {asked}, then reload the page")


def check_front_end(found: Mapping[str, bool]) -> Check:
    """JupyterLab sees the browser side of the widgets."""
    name = "widgets in JupyterLab"
    missing = [package for package, there in found.items() if not there]
    if not missing:
        return Check(name, Status.GOOD, ", ".join(found))
    return Check(
        name,
        Status.BAD,
        f"JupyterLab does not see {', '.join(missing)}",
        "install it in JupyterLab's own environment: "
        f"pip install --force-reinstall {' '.join(missing)}",
    )


def check_kernel(command: str | None, executable: Path) -> Check:
    """The kernel of the notebooks is this Python, and no other one."""
    name = f"kernel {KERNEL!r}"
    remedy = f"{executable} -m ipykernel install --sys-prefix"
    if command is None:
        return Check(name, Status.BAD, "not found", remedy)
    if Path(command) == executable or _is_another_name(command, executable):
        return Check(name, Status.GOOD, "this Python")
    return Check(name, Status.BAD, f"starts {command}, another Python than this one", remedy)


def _is_another_name(command: str, executable: Path) -> bool:
    """Whether a command is this Python under a usual name: beside it, or without a folder.

    Jupyter takes the names without a folder for the Python that it runs on itself.
    """
    major, minor = sys.version_info[:2]
    path = Path(command)
    usual = path.name.removesuffix(".exe") in {"python", f"python{major}", f"python{major}.{minor}"}
    return usual and (path.parent == executable.parent or path.name == command)


def check_notebooks(start: Path, environment: Mapping[str, str]) -> Check:
    """The notebooks are found."""
    try:
        folder = find_notebooks(start, environment)
    except UserError as error:
        return Check("notebooks", Status.BAD, "not found", str(error))
    return Check("notebooks", Status.GOOD, f"{len(list(folder.glob('*.ipynb')))} in {folder}")


def check_browser(found: str | None) -> Check:
    """A Chromium for the tests and the bench; the notebooks themselves open in any browser."""
    if found:
        return Check("Chromium", Status.GOOD, found)
    return Check(
        "Chromium",
        Status.NOTICE,
        "not found",
        "only 'make test' and 'sigreg-edu bench' use it: install Chromium or Chrome, "
        "or set SIGREG_EDU_BROWSER to its program",
    )


# --- facts of this machine ------------------------------------------------------------------------


def look_versions() -> dict[str, str]:
    """Return the versions of all installed distributions, by their canonical names."""
    from packaging.utils import canonicalize_name

    return {
        canonicalize_name(found.metadata["Name"]): found.version
        for found in metadata.distributions()
        if found.metadata["Name"]
    }


def look_requirements() -> list[str]:
    """Return what this package and its ``lab`` extra ask for, as pyproject.toml says it."""
    from packaging.requirements import Requirement

    found = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    wanted = [r for r in found if r.marker is None or r.marker.evaluate({"extra": "lab"})]
    return [f"{r.name}{r.specifier}" for r in wanted]


def look_torch() -> TorchFacts | Exception:
    """Ask torch what it can use; return the error where it is there but cannot be loaded."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return error

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return TorchFacts(
        built_for=_built_for(torch.version.cuda, torch.version.hip),
        devices=tuple(torch.cuda.get_device_name(i) for i in range(count)),
        has_mps=platform.system() == "Darwin" and torch.backends.mps.is_available(),
        threads=torch.get_num_threads(),
    )


def _built_for(cuda: str | None, hip: str | None) -> str | None:
    if hip:
        return f"ROCm {hip}"
    return f"CUDA {cuda}" if cuda else None


def look_extensions() -> dict[str, bool]:
    """Return whether JupyterLab finds the front end of each widget package."""
    from jupyter_core.paths import jupyter_path

    folders = [Path(folder) for folder in jupyter_path("labextensions")]
    return {
        package: any((folder / extension / "package.json").is_file() for folder in folders)
        for package, extension in FRONT_END_EXTENSIONS.items()
    }


def look_kernel() -> str | None:
    """Return the program that the notebooks' kernel starts, None if there is no such kernel."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        return KernelSpecManager().get_kernel_spec(KERNEL).argv[0]
    except NoSuchKernel:
        return None
