"""What may differ between two views: images of digits or shapes, and several views of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional

from sigreg_edu.data import FACTORS, Digits, ImageData, ScatteredDigits, Shapes, load_digits
from sigreg_edu.data.scattered import Scattering, draw
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.strengths import clutter_slider, colour_slider, pose_slider

ROWS = 5  # images shown, each of another class
MOST_VIEWS = 6
UPRIGHT = Scattering(pose=0.0)
_RAW_KNN: Kept[float] = Kept(4096)  # by what the images follow from
CLASS_NAMES = {"digits": tuple("0123456789"), "shapes": tuple(FACTORS["shape"])}
NEIGHBOURS = 10
SHAPE_COUNT = 600  # enough for the rows, and for a kNN that takes no time

PICTURES = {"digits": "handwritten digits", "shapes": "drawn shapes"}
VARIED = {
    "nothing": (),
    "place": ("position", "size"),
    "place_colour": ("position", "size", "colour"),
    "all_but_shape": ("position", "size", "colour", "texture"),
    "everything": tuple(FACTORS),
}
VARIED_LABELS = {
    "nothing": "nothing",
    "place": "position and size",
    "place_colour": "position, size, colour",
    "all_but_shape": "everything but shape",
    "everything": "everything",
}
STRENGTHS = {"pose": "place, size and angle", "colour": "colours", "clutter": "clutter"}


@dataclass(frozen=True)
class DigitViewsParams(Params):
    """State of the explorer of views: which pictures, and what each view draws anew."""

    data: str = choice("digits", PICTURES, label="pictures")
    pose: float = pose_slider()
    colour: float = colour_slider()
    clutter: float = clutter_slider()
    varied: str = choice("place", VARIED_LABELS, label="views draw anew", help="Of a shape.")
    num_views: int = slider(4, 2, MOST_VIEWS, 1, label="number of views")
    seed: int = seed()

    def idle(self) -> frozenset[str]:
        return frozenset(STRENGTHS if self.data == "shapes" else {"varied"})


@dataclass(frozen=True)
class DigitViewsView:
    """What the figure of views shows.

    Attributes:
        data: which pictures.
        tiles: for each row the image and then its V views, colours (5, 1 + V, S, S, 3) from 0 to 1.
        names: class of each row.
        anew: for each thing that a picture consists of how far a view draws it anew, 0 to 1.
        raw_knn: accuracy of the 10 nearest neighbours among raw pixels, on the test images; None
            while it has not been counted.
        upright: the same for digits that stand upright, white on black; None for shapes.
        chance: 1 / number of classes.
        readout: all that in words.
    """

    data: str
    tiles: np.ndarray
    names: tuple[str, ...]
    anew: dict[str, float]
    raw_knn: float | None
    upright: float | None
    chance: float
    readout: str

    @property
    def num_views(self) -> int:
        """V."""
        return self.tiles.shape[1] - 1


def digit_views_view(params: DigitViewsParams) -> DigitViewsView:
    """Make views of five images; what raw pixels tell of the class only if it is known already.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
    """
    return _view(params, _RAW_KNN.get(_images(params)))


def refine_digit_views(params: DigitViewsParams) -> Iterator[DigitViewsView]:
    """Ask raw pixels for the class, for which all images must be painted."""
    images = _images(params)
    if _RAW_KNN.get(images) is None:
        yield _view(params, raw_knn_of(images))


def _view(params: DigitViewsParams, raw_knn: float | None) -> DigitViewsView:
    of_digits = params.data == "digits"
    data: Digits | Shapes = load_digits() if of_digits else _shapes(params.varied)
    shown = _of_different_classes(data, params.seed)
    upright = raw_knn_of(UPRIGHT) if of_digits else None
    names = CLASS_NAMES[params.data]
    chance = 1.0 / len(names)
    words = _of_digits if of_digits else _of_shapes
    told = _of_pixels(len(data.test_indices), raw_knn, upright, chance)
    return DigitViewsView(
        data=params.data,
        tiles=_tiles(shown, params),
        names=tuple(names[label] for label in data.labels[shown].tolist()),
        anew=_anew(params),
        raw_knn=raw_knn,
        upright=upright,
        chance=chance,
        readout=f"{words(params)} {told}",
    )


def _images(params: DigitViewsParams) -> Scattering | None:
    """What the fixed images follow from; None for shapes, which are the same for all views."""
    if params.data == "shapes":
        return None
    return Scattering(pose=params.pose, colour=params.colour, clutter=params.clutter)


@lru_cache(maxsize=2)
def _shapes(varied: str) -> Shapes:
    return Shapes(SHAPE_COUNT, varied=VARIED[varied])


def raw_knn_of(images: Scattering | None) -> float:
    """Return :func:`raw_knn_accuracy` of scattered digits, or of the shapes; it is kept."""

    def ask() -> float:
        data = _shapes("nothing") if images is None else ScatteredDigits(**asdict(images))
        return raw_knn_accuracy(data)

    return _RAW_KNN.get_or_make(images, ask)


def raw_knn_accuracy(data: ImageData) -> float:
    """Share of the test images whose class wins the vote of their nearest training images.

    The same as :func:`sigreg_edu.training.knn_accuracy`, but for rounding and 13 times quicker:
    distances come from products, as they may where images are as far apart as these.

    >>> round(raw_knn_accuracy(ScatteredDigits()), 2)
    0.62
    """
    parts = (data.test_indices, data.train_indices)
    test, train = (data.pixels(part).flatten(1) for part in parts)
    distances = torch.cdist(test, train, compute_mode="use_mm_for_euclid_dist")  # (M, N)
    nearest = distances.topk(NEIGHBOURS, dim=1, largest=False, sorted=False).indices  # (M, k)
    labels = data.labels[data.train_indices]
    votes = functional.one_hot(labels[nearest], len(data.class_names)).sum(dim=1)  # (M, C)
    return (votes.argmax(dim=1) == data.labels[data.test_indices]).double().mean().item()


def _of_different_classes(data: Digits | Shapes, seed: int) -> torch.Tensor:
    """Draw training images, each of another class, (5,)."""
    order = torch.randperm(len(data.train_indices), generator=torch.Generator().manual_seed(seed))
    first: dict[int, int] = {}
    for index in data.train_indices[order].tolist():
        first.setdefault(int(data.labels[index]), index)
        if len(first) == ROWS:
            break
    return torch.tensor(list(first.values()))


def _tiles(shown: torch.Tensor, params: DigitViewsParams) -> np.ndarray:
    """Return images and views, (5, 1 + V, S, S, 3); the first views are the same for every V."""
    generator = torch.Generator().manual_seed(params.seed)
    scattering = _images(params)
    if scattering is None:
        shapes = _shapes(params.varied)
        image, views = shapes.pixels(shown), shapes.views(shown, MOST_VIEWS, generator=generator)
    else:
        image, views = image_and_views(scattering, shown, MOST_VIEWS, generator=generator)
    return in_colours(torch.cat([image[None], views[: params.num_views]]))


def image_and_views(
    scattering: Scattering, shown: torch.Tensor, num_views: int, *, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a few images (B, C, S, S) and views (V, B, C, S, S) of :class:`ScatteredDigits`.

    They are those that it makes; but only these are painted, not all 1,797 images.
    """
    glyphs = load_digits().images
    draws = draw(len(shown), num_views, generator=generator).flatten(0, 1)
    views = scattering.paint(glyphs, shown.repeat(num_views), draws)
    return scattering.fixed(glyphs, shown), views.unflatten(0, (num_views, -1))


def in_colours(tiles: torch.Tensor) -> np.ndarray:
    """Return tiles (1 + V, B, C, S, S), grey or not, as colours (B, 1 + V, S, S, 3)."""
    colours = tiles.expand(-1, -1, 3, -1, -1)  # grey is the same in all three
    return colours.permute(1, 0, 3, 4, 2).numpy()  # (5, 1 + V, S, S, 3)


def _anew(params: DigitViewsParams) -> dict[str, float]:
    if params.data == "digits":
        strengths = {name: getattr(params, name) for name in STRENGTHS}
        return {"which digit": 0.0, "handwriting": 0.0, **strengths}
    return {name: float(name in VARIED[params.varied]) for name in FACTORS}


def _of_digits(params: DigitViewsParams) -> str:
    different = [
        f"{what} (strength {getattr(params, name):g})"
        for name, what in STRENGTHS.items()
        if getattr(params, name) > 0.0
    ]
    return _what_differs("a digit", "which digit it is and how it was written", different)


def _of_shapes(params: DigitViewsParams) -> str:
    different = VARIED[params.varied]
    return _what_differs("a shape", _listed([n for n in FACTORS if n not in different]), different)


def _what_differs(thing: str, shared: str, different: list[str] | tuple[str, ...]) -> str:
    """Say what two views share, and what follows for the embedding."""
    if not different:
        return (
            f"All views of {thing} are the image itself: they agree whatever the encoder does, "
            "and nothing is to be forgotten."
        )
    if not shared:
        return (
            f"Views of {thing} share nothing: they can agree only where the embedding forgets "
            "everything, and there is nothing to be learnt."
        )
    return (
        f"Two views of {thing} share {shared}; they differ in {_listed(different)}, which the "
        "embedding is asked to forget."
    )


def _listed(names: list[str] | tuple[str, ...]) -> str:
    """Join names as a sentence does.

    >>> _listed(["a"]), _listed(["a", "b", "c"]), _listed([])
    ('a', 'a, b and c', '')
    """
    *others, last = names or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _of_pixels(count: int, raw_knn: float | None, upright: float | None, chance: float) -> str:
    """Say how well raw pixels tell the class."""
    if raw_knn is None:
        return f"What raw pixels name of {count} test images is being counted."
    found = (
        f"Raw pixels, by {NEIGHBOURS} nearest neighbours, name {100 * raw_knn:.1f} % of "
        f"{count} test images (chance {100 * chance:.0f} %"
    )
    if upright is not None:
        return f"{found}; upright digits, white on black: {100 * upright:.1f} %)."
    return f"{found}). The images differ in all five factors, whatever their views share."
