"""``sigreg-edu demo``: the explorers for the projector, through Voilà, with no code in sight.

A gallery leads to one page for each explorer. Every page has a kernel of its own, which ends with
it. On this machine alone unless ``--classroom`` is given; always with a token.
"""

from __future__ import annotations

import argparse
import html
import inspect
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sigreg_edu.cli.errors import UserError, require
from sigreg_edu.cli.lab import find_notebooks
from sigreg_edu.cli.notebooks import SHOWS, notebook_of, numbered

if TYPE_CHECKING:
    from voila.app import Voila

PORT = 8866
PAGES = Path(__file__).parent / "demo_pages"
TEMPLATE = PAGES / "share" / "voila" / "templates" / "sigreg"


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``demo`` to the command line."""
    parser = commands.add_parser(
        "demo",
        help="show the explorers on a projector, without code",
        description="Serve a gallery of all explorers: large type, dark and light, presets as "
        "steps for the arrow keys, full screen. Each has its own address.",
    )
    parser.add_argument("name", nargs="?", help="an explorer to open at once, e.g. epps_pulley")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    parser.add_argument(
        "--classroom",
        action="store_true",
        help="serve other machines of this network too; they need the address with its token",
    )
    parser.add_argument("--token", help="instead of a random one; at least eight characters")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    require("voila", extra="lab", purpose="sigreg-edu demo")
    token = secrets.token_urlsafe(12) if options.token is None else options.token
    if len(token) < 8:
        raise UserError(f"--token must have eight characters or more, got {len(token)}.")
    address = "0.0.0.0" if options.classroom else "127.0.0.1"
    cards = find_cards()
    page = _page_of(options.name, cards)
    _require_free(address, options.port, options.name)
    print("Starting …", flush=True)
    here = f"http://127.0.0.1:{options.port}{page}?token={token}"
    with tempfile.TemporaryDirectory(prefix="sigreg-edu-demo-") as folder:
        write_demos(Path(folder), cards)
        app = make_app(folder, cards, address=address, port=options.port, token=token)
        print(f"Gallery of {len(cards)} demos: {here}", flush=True)
        if options.classroom:
            print(
                f"For the classroom: http://{_own_address()}:{options.port}{page}?token={token}\n"
                "Whoever has this address can move the sliders, and nothing else: no code, no "
                "files. Each page that is open is a kernel of its own on this machine.",
                flush=True,
            )
        print("To stop: Ctrl-C.", flush=True)
        if not options.no_browser:
            _open(here)
        app.start()
    return 0


def _page_of(name: str | None, cards: tuple[Card, ...]) -> str:
    if name is None:
        return "/"
    known = [card.name for card in cards]
    if name not in known:
        raise UserError(f"there is no demo {name!r}. Choose one of: {', '.join(known)}.")
    return f"/voila/render/{name}.ipynb"


def _require_free(address: str, port: int, name: str | None) -> None:
    """Raise :class:`UserError` where nobody can listen on the port."""
    if not 0 < port < 65536:
        raise UserError(f"--port must be from 1 to 65535, got {port}.")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            command = " ".join(filter(None, ("sigreg-edu demo", name)))
            raise UserError(
                f"port {port} cannot be had ({error.strerror}). Is another demo running? Take "
                f"another one: {command} --port {port + 1 if port < 65535 else PORT + 1}"
            ) from error


def _own_address() -> str:
    """This machine's address in its network, as far as it can be told without asking anybody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # sends nothing
            return asked.getsockname()[0]
        except OSError:
            return socket.gethostname()


def _open(address: str) -> None:
    import threading
    import webbrowser

    threading.Timer(1.0, webbrowser.open, [address]).start()


# --- what is shown --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """One demo in the gallery.

    Attributes:
        name: key of the gallery.
        about: what it is for, in one sentence.
        notebook: title of the notebook that uses it first, or "".
        still: a picture of it as a data address, or "".
    """

    name: str
    about: str
    notebook: str
    still: str

    @property
    def title(self) -> str:
        """Its name in words."""
        return self.name.replace("_", " ")


@cache
def find_cards() -> tuple[Card, ...]:
    """Return a card for every explorer, with the still that its notebook keeps."""
    from sigreg_edu.explorers import GALLERY

    used = _uses(find_notebooks(Path.cwd(), os.environ))
    return tuple(
        Card(name, _first_sentence(make.__doc__ or ""), *used.get(make.__name__, ("", "")))
        for name, make in GALLERY.items()
    )


def _first_sentence(told: str) -> str:
    return inspect.cleandoc(told).split("\n\n")[0].replace("\n", " ")


def _uses(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Function → the title and the picture of the notebook that shows it first."""
    found: dict[str, tuple[str, str]] = {}
    for path in numbered(folder):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        title = "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")
        for cell in cells:
            for name in SHOWS.findall("".join(cell["source"])):
                found.setdefault(name, (title, _still(cell)))
    return found


def _still(cell: Mapping) -> str:
    for output in cell.get("outputs", ()):
        picture = output.get("data", {}).get("image/png")
        if picture:
            return "data:image/png;base64," + "".join(picture).replace("\n", "")
    return ""


def write_demos(folder: Path, cards: tuple[Card, ...]) -> None:
    """Write a notebook of one cell for each card."""
    for card in cards:
        source = (
            "from sigreg_edu.explorers import GALLERY\n"
            f"demo = GALLERY[{card.name!r}]()\n"
            "next(iter(demo.presets.values())).click()  # the first step\n"
            "demo"
        )  # fmt: skip
        (folder / f"{card.name}.ipynb").write_text(
            json.dumps(notebook_of(source)), encoding="utf-8"
        )


def gallery_page(cards: tuple[Card, ...]) -> str:
    """Return the gallery as one HTML page."""
    look, keys = (_shared(name) for name in ("demo.css", "demo.js"))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>SIGReg: demos</title>'
        f'<link rel="icon" href="data:;base64,="><style>{look}</style><script>{keys}</script>'
        '</head>\n<body class="demo-index"><main class="demo-gallery"><h1>SIGReg: demos</h1>\n'
        "<p>Arrow keys and Enter choose; <kbd>d</kbd> dark or light, <kbd>f</kbd> full screen.</p>"
        + "".join(_sections(cards))
        + "</main></body></html>\n"
    )


def _sections(cards: tuple[Card, ...]) -> Iterator[str]:
    for notebook in dict.fromkeys(card.notebook for card in cards):
        yield f'<h2>{html.escape(notebook or "more")}</h2>\n<ul class="demo-cards">'
        for card in (card for card in cards if card.notebook == notebook):
            picture = f'<img src="{card.still}" alt="">' if card.still else ""
            yield (
                f'<li class="demo-card"><a href="voila/render/{card.name}.ipynb">{picture}'
                f"<strong>{html.escape(card.title)}</strong>"
                f"<span>{html.escape(card.about)}</span></a></li>\n"
            )
        yield "</ul>\n"


def _shared(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8")


# --- the server -----------------------------------------------------------------------------------


def make_app(folder: str, cards: tuple[Card, ...], *, address: str, port: int, token: str) -> Voila:
    """Return a Voilà that serves the demos of ``folder``, and the gallery as its first page."""
    known = os.environ.get("JUPYTER_PATH")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(PAGES / "share"), known]))
    import tornado.web
    from jupyter_server.base.handlers import JupyterHandler
    from voila.app import Voila

    page = gallery_page(cards)

    class Gallery(JupyterHandler):
        """The first page."""

        @tornado.web.authenticated
        def get(self) -> None:
            """Send it."""
            self.finish(page)

    class DemoApp(Voila):
        """Voilà with that first page."""

        def init_handlers(self) -> list:
            """Put it before Voilà's own."""
            return [(self.server_url, Gallery), *super().init_handlers()]

    app = DemoApp(
        ip=address, port=port, port_retries=0, open_browser=False, token=token, log_level="ERROR"
    )
    # A page that is left asks for the end of its kernel, without a form's secret: let it.
    app.tornado_settings = {"disable_check_xsrf": True}
    options = {
        "VoilaConfiguration.show_tracebacks": True,
        "MappingKernelManager.cull_interval": 60,  # of pages that vanished
        "MappingKernelManager.cull_idle_timeout": 300,
    }
    app.initialize([folder, "--template=sigreg", *(f"--{k}={v}" for k, v in options.items())])
    return app
