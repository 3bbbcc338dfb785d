"""Driving JupyterLab in a real Chromium: open a notebook, run it, move sliders, read pictures.

For the browser tests and the bench, by Playwright. A test reads::

    with serve_lab([notebook]) as server, open_browser() as browser:
        page = LabPage.open(browser, server, notebook.name)
        page.run_all()
        explorer = page.explorers()[0]
        before = explorer.fingerprint()
        explorer.key(explorer.sliders()[0])
        assert explorer.fingerprint() != before
        assert page.errors == []
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigreg_edu.cli.errors import UserError, require
from sigreg_edu.cli.server import LabServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, ElementHandle, Page

BROWSER_VARIABLE = "SIGREG_EDU_BROWSER"
PROGRAMS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
MAC_PROGRAMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")  # variables that name them
WINDOWS_PROGRAMS = (
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
)
# Where "playwright install chromium" puts its own, under the user's folder and in what way.
PLAYWRIGHT_VARIABLE = "PLAYWRIGHT_BROWSERS_PATH"
PLAYWRIGHT_FOLDERS = (
    ".cache/ms-playwright",
    "Library/Caches/ms-playwright",
    "AppData/Local/ms-playwright",
)
PLAYWRIGHT_PROGRAMS = (
    "chromium-*/chrome-*/chrome",
    "chromium-*/chrome-*/chrome.exe",
    "chromium-*/chrome-*/*.app/Contents/MacOS/*",
)
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--no-first-run",
)
VIEWPORT = {"width": 1400, "height": 1000}
SCRIPTS = Path(__file__).parent / "page.js"

PLAY_BUTTON = ".sigreg-play"
SECOND = 1000.0  # Playwright counts milliseconds
OPEN_SECONDS = 60.0
RUN_SECONDS = 600.0
FRAME_SECONDS = 15.0
ANSWER_SECONDS = 2.0

_workspaces = itertools.count()


class NotebookFailed(AssertionError):
    """A cell ended with an error, or did not end."""


def find_browser(environment: Mapping[str, str]) -> str | None:
    """Return a Chromium to drive: ``SIGREG_EDU_BROWSER``, a usual program, or Playwright's own."""
    given = environment.get(BROWSER_VARIABLE)
    if given:
        return shutil.which(given)
    for program in (
        *PROGRAMS,
        *MAC_PROGRAMS,
        *_on_windows(environment),
        *_of_playwright(environment),
    ):
        found = shutil.which(program)
        if found:
            return found
    return None


def _on_windows(environment: Mapping[str, str]) -> list[str]:
    folders = [environment[name] for name in WINDOWS_FOLDERS if environment.get(name)]
    return [str(Path(folder, program)) for program in WINDOWS_PROGRAMS for folder in folders]


def _of_playwright(environment: Mapping[str, str]) -> list[str]:
    """Return the Chromiums that Playwright has installed, the newest first."""
    given = environment.get(PLAYWRIGHT_VARIABLE)
    folders = [Path(given)] if given else [Path.home() / name for name in PLAYWRIGHT_FOLDERS]
    found = [path for folder in folders for how in PLAYWRIGHT_PROGRAMS for path in folder.glob(how)]
    return [str(path) for path in sorted(found, key=lambda path: path.stat().st_mtime)[::-1]]


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a headless Chromium, and end it with the block.

    Raises:
        UserError: Playwright or Chromium is missing.
    """
    require("playwright", extra="test", purpose="driving a browser")
    program = find_browser(os.environ)
    if program is None:
        raise UserError(
            "no Chromium was found. Install Chromium or Chrome, or set "
            f"{BROWSER_VARIABLE} to its program (or: playwright install chromium)."
        )
    from playwright.sync_api import sync_playwright

    as_root = getattr(os, "geteuid", lambda: -1)() == 0
    arguments = [*QUIET, "--no-sandbox"] if as_root else [*QUIET]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class NoNewPicture(AssertionError):
    """A move, a press or a drag was not answered by a picture."""


class LabPage:
    """A notebook in JupyterLab in a browser.

    Attributes:
        page: Playwright's page, for whatever is not offered here.
        errors: what the page's console said that is an error.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.set_default_timeout(OPEN_SECONDS * SECOND)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    @classmethod
    def open(
        cls, browser: Browser, server: LabServer, notebook: str, *, scale: float = 1
    ) -> LabPage:
        """Open a notebook of the server's folder and wait until its kernel answers.

        Args:
            browser: from :func:`open_browser`.
            server: from :func:`~sigreg_edu.cli.server.serve_lab`.
            notebook: its file name.
            scale: device pixels per CSS pixel, as on a high-density screen.
        """
        context = browser.new_context(viewport=VIEWPORT, device_scale_factor=scale)
        context.add_init_script(path=SCRIPTS)
        page = cls(context.new_page())
        page.page.goto(server.address(notebook, f"own-{next(_workspaces)}"))
        page.call("kernelReady", f"notebooks/{notebook}", seconds=OPEN_SECONDS)
        return page

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        self.call("shutDown", seconds=OPEN_SECONDS)
        self.page.context.close()

    def call(self, name: str, *arguments: Any, seconds: float) -> Any:
        """Call a function of ``page.js`` and wait for what it returns, at most so many seconds."""
        return self.page.evaluate(
            "([name, values, limit]) => window.sigregEdu.within(limit, name, values)",
            [name, list(arguments), seconds * SECOND],
        )

    def run_all(self, *, seconds: float = RUN_SECONDS) -> None:
        """Run every cell, and wait for the last one.

        Raises:
            NotebookFailed: a cell ended with an error; the message quotes it.
        """
        errors = self.call("runAll", seconds=seconds)
        if errors:
            raise NotebookFailed("\n\n".join(errors))

    def run(self, code: str, *, seconds: float = RUN_SECONDS) -> str:
        """Run code in the notebook's kernel, outside its cells, and return what it printed.

        Raises:
            NotebookFailed: it ended with an error.
        """
        answer = self.call("runCode", code, seconds=seconds)
        if answer["error"]:
            raise NotebookFailed(answer["error"])
        return answer["text"]

    def interrupt(self) -> None:
        """Interrupt the kernel, as the stop button of JupyterLab's toolbar does."""
        self.call("interrupt", seconds=OPEN_SECONDS)

    def explorers(self) -> list[LiveExplorer]:
        """Return the explorers on the page, in order, each with its first picture shown."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.sigreg-explorer')]"
            ".every((one) => one.querySelector('.sigreg-picture[data-frame]'))"
        )
        found = self.page.query_selector_all(".sigreg-explorer")
        return [LiveExplorer(self.page, element) for element in found]

    def sliders(self) -> list[ElementHandle]:
        """Return the handles of all sliders on the page, within explorers or not."""
        return self.page.query_selector_all(".noUi-handle")

    def screenshot(self, path: Path) -> None:
        """Keep what the window shows."""
        self.page.screenshot(path=path)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url', '')})")


class LiveExplorer:
    """One explorer on a page: its sliders, its picture and its words.

    Attributes:
        element: its root element, ``.sigreg-explorer``.
    """

    def __init__(self, page: Page, element: ElementHandle) -> None:
        self.page = page
        self.element = element

    # --- reading ---------------------------------------------------------------------------

    @property
    def picture(self) -> ElementHandle:
        """The element that holds the canvas and counts the frames."""
        return self._one(".sigreg-picture")

    def title(self) -> str:
        """Return what stands above it."""
        return self._one(".sigreg-title").inner_text()

    def readout(self) -> str:
        """Return the read-out in words."""
        return self._one(".sigreg-readout").inner_text()

    def alt_text(self) -> str:
        """Return the alternative text of the picture."""
        return self._one("canvas[role=img]").get_attribute("aria-label") or ""

    def error(self) -> str:
        """Return the error that it shows, or nothing."""
        return self._one(".sigreg-error").inner_text()

    def frame(self) -> int:
        """Return how many frames were shown."""
        return int(self.picture.get_attribute("data-frame") or 0)

    def fingerprint(self) -> str:
        """Return a digest of the picture's pixels: equal for equal pictures."""
        return self._read("fingerprint")

    def is_blank(self) -> bool:
        """Return whether the picture is one even colour, or nothing at all."""
        return self._read("isBlank")

    def screenshot(self, path: Path) -> None:
        """Keep what it looks like."""
        self.element.scroll_into_view_if_needed()
        self.element.screenshot(path=path)

    # --- moving ----------------------------------------------------------------------------

    def sliders(self) -> list[ElementHandle]:
        """Return the handles of its sliders, in order."""
        return self.element.query_selector_all(".noUi-handle")

    def slider(self, label: str) -> ElementHandle:
        """Return the handle of the slider with this label."""
        return self._one(f'.noUi-handle[aria-label="{label}"]')

    def key(self, slider: ElementHandle, key: str = "", *, times: int = 1) -> None:
        """Press a key on a slider's handle, so many times, and wait for the last picture.

        Args:
            slider: one of :meth:`sliders`.
            key: as Playwright names it; an arrow towards the farther end if not given.
            times: how often.
        """
        key = key or arrow_with_room(slider)
        with self.new_picture():
            slider.focus()
            for _ in range(times):
                self.page.keyboard.press(key)

    def answers(self, slider: ElementHandle) -> bool:
        """Press an arrow key on a slider and return whether the picture changes.

        It need not: in some states a slider has no effect, as the strength of no distortion.
        """
        before = self.frame()
        slider.focus()
        self.page.keyboard.press(arrow_with_room(slider))
        answered = self._new_frame(before, ANSWER_SECONDS)
        self.rest()
        return answered

    def drag(self, slider: ElementHandle, pixels: float, *, steps: int = 20) -> None:
        """Drag a slider's handle sideways with the mouse and wait for the last picture."""
        with self.new_picture():
            self.pull(slider, pixels, steps=steps)

    def pull(self, slider: ElementHandle, pixels: float, *, steps: int = 20) -> None:
        """Drag a slider's handle sideways with the mouse, and wait for nothing."""
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + pixels, y, steps=steps)
        self.page.mouse.up()

    def press(self, label: str) -> None:
        """Press the button with this label and wait for the picture."""
        with self.new_picture():
            self._one(f'button:has-text("{label}")').click()

    def can_play(self) -> bool:
        """Return whether it has a play button."""
        return self.element.query_selector(PLAY_BUTTON) is not None

    def play(self, seconds: float) -> None:
        """Press play, and pause after so many seconds if it is still playing."""
        self._one(PLAY_BUTTON).click()
        self.page.wait_for_timeout(seconds * SECOND)
        playing = self._one(PLAY_BUTTON)
        if "mod-active" in (playing.get_attribute("class") or ""):
            playing.click()
        self.rest()

    @contextmanager
    def new_picture(self) -> Iterator[None]:
        """Wait, at the end of the block, until a new frame is shown and no other one follows.

        Raises:
            NoNewPicture: none came.
        """
        before = self.frame()
        yield
        if not self._new_frame(before, FRAME_SECONDS):
            raise NoNewPicture(f"{self.title()}: no new picture within {FRAME_SECONDS:g} s")
        self.rest()

    def rest(self, quiet: float = 0.4) -> None:
        """Wait until no new frame has been shown for so many seconds."""
        self.picture.evaluate(
            "(picture, quiet) => window.sigregEdu.rest(picture, quiet)", quiet * SECOND
        )

    def _new_frame(self, before: int, seconds: float) -> bool:
        return self.picture.evaluate(
            "(picture, [before, limit]) => window.sigregEdu.newFrame(picture, before, limit)",
            [before, seconds * SECOND],
        )

    def _one(self, selector: str) -> ElementHandle:
        found = self.element.query_selector(selector)
        if found is None:
            raise LookupError(f"the explorer has no {selector}")
        return found

    def _read(self, function: str) -> Any:
        canvas = self._one("canvas[role=img]")
        return canvas.evaluate(f"(canvas) => window.sigregEdu.{function}(canvas)")


def arrow_with_room(slider: ElementHandle) -> str:
    """Return the arrow key that moves a slider's handle towards its farther end."""
    low, now, high = (
        float(slider.get_attribute(f"aria-value{name}")) for name in ("min", "now", "max")
    )
    return "ArrowRight" if high - now >= now - low else "ArrowLeft"


def drag_with_room(slider: ElementHandle, pixels: float) -> float:
    """Return so many pixels with the sign of the way to a slider's farther end."""
    return pixels if arrow_with_room(slider) == "ArrowRight" else -pixels
