"""``sigreg-edu book``: the notebooks as a web site, to be read without Python, kernel or network.

Sphinx with MyST-NB (the engine of Jupyter Book) makes the pages. The pictures of explorers stay
alive: frames along one slider are embedded in the page, and a few lines of script turn them over.
"""

from __future__ import annotations

import argparse
import ast
import base64
import html
import io
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigreg_edu.cli.errors import UserError, require
from sigreg_edu.cli.lab import find_notebooks
from sigreg_edu.cli.notebooks import SHOWS, numbered

if TYPE_CHECKING:
    from sigreg_edu.explorers.shell import ExplorerWidget
    from sigreg_edu.views.params import Slider

PAGES = Path(__file__).parent / "book_pages"
STATIC = PAGES / "static"
OUTPUT = Path("build/book")
MOST_FRAMES = 31  # along a slider: some 20 kB each
OPTIONS = {
    "project": "SIGReg",
    "html_title": "SIGReg, from shadows to trainings",
    "extensions": ["myst_nb", "sphinx-mathjax-offline"],
    "html_theme": "furo",
    "html_static_path": [str(STATIC)],
    "html_css_files": ["live.css"],
    "html_js_files": ["live.js"],
    "html_copy_source": False,
    "html_use_index": False,
    "html_show_copyright": False,
    "nb_execution_mode": "off",
    "nb_merge_streams": True,
    "myst_enable_extensions": ["dollarmath"],
    "language": "en",
    "nitpicky": True,
}  # fmt: skip


def add_to(commands: argparse._SubParsersAction) -> None:
    """Add ``book`` to the command line."""
    parser = commands.add_parser(
        "book",
        help="make a web site of the notebooks, to be read without running them",
        description="Make a web site of the notebooks. One slider of each explorer lives, without "
        "kernel and network.",
    )
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"default: {OUTPUT}")
    parser.add_argument(
        "--frames", type=int, default=MOST_FRAMES, metavar="K",
        help=f"pictures along a slider, at most; 1 for stills (default: {MOST_FRAMES})",
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="notebooks to make alive, e.g. 03_sigreg"
    )
    parser.add_argument("--links", action="store_true", help="ask the network for every link, too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the site, and say where it is."""
    require("myst_nb", extra="book", purpose="sigreg-edu book")
    if options.frames != 1 and options.frames < 3:
        raise UserError(f"--frames must be 3 or more, or 1 for stills, got {options.frames}.")
    folder = find_notebooks(Path.cwd(), os.environ)
    known = [path.stem for path in numbered(folder)]
    unknown = sorted(set(options.only or ()) - set(known))
    if unknown:
        raise UserError(f"there is no notebook {unknown[0]!r}. Choose of: {', '.join(known)}.")
    first = make_book(
        folder, options.output, frames=options.frames, alive=options.only or known,
        links=options.links,
    )  # fmt: skip
    print(f"The site's first page: {first.resolve()}")
    return 0


def make_book(
    folder: Path,
    output: Path,
    *,
    frames: int = MOST_FRAMES,
    alive: Sequence[str] = (),
    links: bool = False,
) -> Path:
    """Make the site of a folder of notebooks and return its first page.

    Args:
        folder: with numbered notebooks, as they are kept, and ``glossary.md``.
        output: the site's folder; what an earlier call left in it goes.
        frames: pictures along a slider, at most.
        alive: names of the notebooks whose explorers live; the others show their stills.
        links: whether links that lead outside are followed, too.

    Raises:
        UserError: ``output`` holds something that is no such site, or Sphinx found something
            wrong: a link within the site that leads nowhere, say.
    """
    _require_ours(output)
    with tempfile.TemporaryDirectory(prefix="sigreg-edu-book-") as place:
        source = Path(place, "source")
        source.mkdir()
        notebooks = numbered(folder)
        for path in notebooks:
            notebook = json.loads(path.read_text(encoding="utf-8"))
            told = json.dumps(with_pictures(notebook, frames=frames if path.stem in alive else 1))
            (source / path.name).write_text(told, encoding="utf-8")
            print(f"{path.stem}: {len(told) / 1e6:.1f} MB", flush=True)
        shutil.copy(folder / "glossary.md", source)
        names = "\n".join([*(path.stem for path in notebooks), "glossary"])
        index = (PAGES / "index.md").read_text(encoding="utf-8").replace("NOTEBOOKS", names)
        (source / "index.md").write_text(index, encoding="utf-8")
        site = Path(place, "site")
        for builder in ("html", *(["linkcheck"] if links else [])):
            _sphinx(source, site if builder == "html" else Path(place, builder), builder)
        (site / ".sigreg-book").touch()
        _put(site, output)
    return output / "index.html"


def _require_ours(output: Path) -> None:
    """Refuse to replace anything but an earlier site or an empty folder."""
    ours = output.is_dir() and ((output / ".sigreg-book").exists() or not any(output.iterdir()))
    if output.exists() and not ours:
        raise UserError(
            f"{output} is there and was not made by sigreg-edu book. Give another --output, or "
            "remove it yourself."
        )


def _put(site: Path, output: Path) -> None:
    """Copy the whole site beside its place, and only then let it take the place of an earlier one.

    Raises:
        UserError: it cannot be written; what was there is still there.
    """
    beside = output.with_name(f".{output.name}.partial")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(site, beside, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
        shutil.rmtree(output, ignore_errors=True)
        beside.rename(output)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        reason = error.strerror or error.args[0][0][2]  # copytree collects what failed
        raise UserError(
            f"the site cannot be written to {output}: {reason}. Make room, or say another place: "
            "--output FOLDER."
        ) from error


def _sphinx(source: Path, output: Path, builder: str) -> None:
    from sphinx.application import Sphinx
    from sphinx.util.console import strip_escape_sequences
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    complaints = io.StringIO()
    with patch_docutils(), docutils_namespace():
        app = Sphinx(
            source, None, output, output.parent / ".doctrees", builder, OPTIONS,
            status=None, warning=complaints,
        )  # fmt: skip
        app.build()
    told = strip_escape_sequences(complaints.getvalue()).strip()
    if app.statuscode or told:
        raise UserError(f"the site was not made; Sphinx ({builder}) says:\n{told}")


# --- pictures -------------------------------------------------------------------------------------


def with_pictures(notebook: dict[str, Any], *, frames: int) -> dict[str, Any]:
    """Return a notebook whose explorers' pictures have words, and one slider that lives.

    Args:
        notebook: as JSON, with its outputs.
        frames: pictures along a slider, at most; 1 for stills.
    """
    cells = [_with_pictures(cell, frames) for cell in notebook["cells"]]
    return {**notebook, "cells": cells}


def _with_pictures(cell: dict[str, Any], frames: int) -> dict[str, Any]:
    if cell["cell_type"] != "code":
        return cell
    outputs = [_with_words(output) for output in cell["outputs"]]
    widget = explorer_of("".join(cell["source"])) if frames > 1 else None
    if widget is not None:
        with closing(widget):
            turned = frames_of(widget, frames)
            if turned is not None:
                outputs = [_shown(live_picture(widget.title, turned, name=cell["id"]))]
    return {**cell, "outputs": outputs}


def _with_words(output: dict[str, Any]) -> dict[str, Any]:
    """Replace a picture by one with an alternative text: the read-out that is kept beside it."""
    data = output.get("data", {})
    if "image/png" not in data or "text/html" in data:
        return output
    words = "".join(data.get("text/plain", "")).removeprefix("<explorer: ").removesuffix(">")
    from sigreg_edu.figures.described import picture_html

    return _shown(picture_html(base64.b64decode("".join(data["image/png"])), words))


def _shown(page: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": page}}


def explorer_of(source: str) -> ExplorerWidget | None:
    """Return the explorer that a cell shows; None if it shows none, or one of the cell's own data.

    >>> explorer_of("explorers.weights_explorer(width=2.0)").explorer.params.width
    2.0
    >>> explorer_of("z = load()") is None
    True
    """
    made = SHOWS.match(source)
    if not made:
        return None
    call = ast.parse(source, mode="eval").body
    try:
        given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except ValueError:  # a variable
        return None
    from sigreg_edu import explorers

    return None if call.args else getattr(explorers, made[1])(**given)


@dataclass(frozen=True)
class Frames:
    """Pictures along one slider; K of them.

    Attributes:
        label: what stands beside the slider.
        values: its positions as they are read, K.
        pictures: as data addresses, K.
        words: the read-outs, K.
        start: which one is shown first.
        others: the explorer's other controls, as they are read.
    """

    label: str
    values: tuple[str, ...]
    pictures: tuple[str, ...]
    words: tuple[str, ...]
    start: int
    others: tuple[str, ...]


def frames_of(widget: ExplorerWidget, most: int) -> Frames | None:
    """Return pictures along the first slider that changes the picture; None if none does.

    What can be played comes before other sliders.
    """
    from sigreg_edu.views.params import Seed, Slider

    explorer = widget.explorer
    controls = explorer.params.controls()
    sliders = [name for name, control in controls.items() if isinstance(control, Slider)]
    sliders.sort(key=lambda name: name != explorer.moment_name)
    for name in sliders:
        now = getattr(explorer.params, name)
        values = some_positions(controls[name], now, most)
        looks = [_look(widget, name, value) for value in values]
        if len(set(looks)) > 1:
            return Frames(
                label=controls[name].label,
                values=tuple(f"{value:g}" for value in values),
                pictures=tuple(picture for picture, _ in looks),
                words=tuple(words for _, words in looks),
                start=values.index(now) if now in values else 0,
                others=tuple(
                    control.label
                    for other, control in controls.items()
                    if other != name and not isinstance(control, Seed)
                ),
            )
        explorer.set(**{name: now})
    return None


def _look(widget: ExplorerWidget, name: str, value: float) -> tuple[str, str]:
    """Picture, as a data address, and read-out of one position, refined to the end."""
    explorer = widget.explorer
    if not explorer.set(**{name: value}):
        raise UserError(f"{widget.title}: {name} = {value:g}: {explorer.error}")
    while explorer.refine_step():
        pass
    picture = base64.b64encode(explorer.figure.webp()).decode()
    return f"data:image/webp;base64,{picture}", explorer.view.readout


def some_positions(control: Slider, now: float, most: int) -> list[float]:
    """Return at most ``most`` positions of a slider, rising: both ends, and the present one.

    >>> from sigreg_edu.views.params import Slider
    >>> some_positions(Slider(0, 100, 1, label="x"), 37, 5)
    [0, 37, 50, 75, 100]
    """
    every, now = control.positions(), control.snapped(now)
    if len(every) <= most:
        return every
    chosen = [every[round(k * (len(every) - 1) / (most - 1))] for k in range(most)]
    if now not in chosen:
        chosen[min(range(1, most - 1), key=lambda k: abs(chosen[k] - now))] = now
    return chosen


def live_picture(title: str, frames: Frames, *, name: str) -> str:
    """Return the HTML of a picture with a slider; ``live.js`` turns its frames over."""
    start, last = frames.start, len(frames.values) - 1
    kept = json.dumps(
        {"pictures": frames.pictures, "words": frames.words, "values": frames.values}
    ).replace("<", "\\u003c")
    words, label = html.escape(frames.words[start]), html.escape(frames.label)
    more = html.escape(", ".join(frames.others))
    rest = f'<p class="sigreg-more">In the notebook you can also move: {more}.</p>' if more else ""
    return (
        f'<figure class="sigreg-live" id="live-{name}">'
        f'<figcaption class="sigreg-title">{html.escape(title)}</figcaption>'
        f'<img src="{frames.pictures[start]}" alt="{words}">'
        f'<p class="sigreg-control" hidden><label for="slider-{name}">{label}</label>'
        f'<input type="range" id="slider-{name}" min="0" max="{last}" value="{start}" '
        f'aria-valuetext="{frames.values[start]}" aria-describedby="words-{name}">'
        f"<output>{frames.values[start]}</output></p>"
        f'<p class="sigreg-words" id="words-{name}">{words}</p>{rest}'
        f'<script type="application/json">{kept}</script></figure>'
    )
