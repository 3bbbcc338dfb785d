"""The README's moving pictures: ``python -m sigreg_edu.cli.animations``, into data/pictures.

Each is an explorer whose one slider goes to and fro, or on and on.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

OUTPUT = Path("data/pictures")
WIDTH = 720  # pixels
COLOURS = 64
MILLISECONDS = 90  # of a frame
LAST_MILLISECONDS = 1500  # of the last one


@dataclass(frozen=True)
class Animation:
    """An explorer, and how one of its sliders moves.

    Attributes:
        name: of the explorer in the gallery, and of the file.
        moves: the slider.
        values: its positions, one a frame.
        state: of the other controls.
    """

    name: str
    moves: str
    values: Sequence[float]
    state: dict[str, Any] = field(default_factory=dict)


ANIMATIONS = (
    Animation("shadow2d", "angle", range(0, 180, 5), {"cloud": "two_moons"}),
    Animation("particles", "step", (*range(0, 40, 2), *range(40, 241, 10)), {"cloud": "rank_one"}),
    Animation("conditions", "moment", range(30)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make them all."""
    parser = argparse.ArgumentParser(description="Make the README's moving pictures.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"default: {OUTPUT}")
    output = parser.parse_args(arguments).output
    output.mkdir(parents=True, exist_ok=True)
    for animation in ANIMATIONS:
        path = output / f"{animation.name}.gif"
        animate(animation, path)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", flush=True)
    return 0


def animate(animation: Animation, path: Path) -> None:
    """Write one animation as a GIF that goes round for ever.

    Raises:
        ValueError: the explorer does not take a value; the message is its own.
    """
    frames = [_small(frame) for frame in frames_of(animation)]
    times = [MILLISECONDS] * (len(frames) - 1) + [LAST_MILLISECONDS]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=times, loop=0)


def frames_of(animation: Animation) -> list[Image.Image]:
    """Return the picture of each value."""
    from PIL import Image

    from sigreg_edu.explorers import GALLERY

    with closing(GALLERY[animation.name](**animation.state)) as widget:
        found = []
        for value in animation.values:
            if not widget.explorer.set(**{animation.moves: value}):
                raise ValueError(widget.explorer.error)
            found.append(Image.open(io.BytesIO(widget.explorer.figure.png())))
    return found


def _small(frame: Image.Image) -> Image.Image:
    """Scaled down, in few colours: what a GIF can hold."""
    height = round(frame.height * WIDTH / frame.width)
    return frame.resize((WIDTH, height)).convert("P", palette=1, colors=COLOURS)


if __name__ == "__main__":
    raise SystemExit(main())
