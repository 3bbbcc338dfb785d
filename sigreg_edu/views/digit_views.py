"""What may differ between two views: images of digits or shapes, and several views of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch.nn import functional

from sigreg_edu.data import FACTORS, ImageData, ScatteredDigits, Shapes
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.strengths import clutter_slider, colour_slider, pose_slider

ROWS = 5  # images shown, each of another class
MOST_VIEWS = 6
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
        raw_knn: accuracy of the 10 nearest neighbours among raw pixels, on the test images.
        upright: the same for digits that stand upright, white on black; None for shapes.
        chance: 1 / number of classes.
        readout: all that in words.
    """

    data: str
    tiles: np.ndarray
    names: tuple[str, ...]
    anew: dict[str, float]
    raw_knn: float
    upright: float | None
    chance: float
    readout: str

    @property
    def num_views(self) -> int:
        """V."""
        return self.tiles.shape[1] - 1


def digit_views_view(params: DigitViewsParams) -> DigitViewsView:
    """Make views of five images, and ask raw pixels for the class.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
    """
    of_digits = params.data == "digits"
    strengths = tuple(getattr(params, name) for name in STRENGTHS)
    data: ImageData = _digits(*strengths) if of_digits else _shapes(params.varied)
    shown = _of_different_classes(data, params.seed)
    raw_knn = _digits_knn(*strengths) if of_digits else _shapes_knn()
    upright = _digits_knn(0.0, 0.0, 0.0) if of_digits else None
    chance = 1.0 / len(data.class_names)
    words = _of_digits if of_digits else _of_shapes
    return DigitViewsView(
        data=params.data,
        tiles=_tiles(data, shown, params),
        names=tuple(data.class_names[label] for label in data.labels[shown].tolist()),
        anew=_anew(params),
        raw_knn=raw_knn,
        upright=upright,
        chance=chance,
        readout=f"{words(params)} {_of_pixels(data, raw_knn, upright, chance)}",
    )


@lru_cache(maxsize=4)
def _digits(pose: float, colour: float, clutter: float) -> ScatteredDigits:
    return ScatteredDigits(pose=pose, colour=colour, clutter=clutter)


@lru_cache(maxsize=2)
def _shapes(varied: str) -> Shapes:
    return Shapes(SHAPE_COUNT, varied=VARIED[varied])


@lru_cache(maxsize=4096)
def _digits_knn(pose: float, colour: float, clutter: float) -> float:
    return raw_knn_accuracy(_digits(pose, colour, clutter))


@lru_cache(maxsize=1)
def _shapes_knn() -> float:
    """The images are the same whatever their views draw anew."""
    return raw_knn_accuracy(_shapes("nothing"))


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


def _of_different_classes(data: ImageData, seed: int) -> torch.Tensor:
    """Draw training images, each of another class, (5,)."""
    order = torch.randperm(len(data.train_indices), generator=torch.Generator().manual_seed(seed))
    first: dict[int, int] = {}
    for index in data.train_indices[order].tolist():
        first.setdefault(int(data.labels[index]), index)
        if len(first) == ROWS:
            break
    return torch.tensor(list(first.values()))


def _tiles(data: ImageData, shown: torch.Tensor, params: DigitViewsParams) -> np.ndarray:
    """Return images and views, (5, 1 + V, S, S, 3); the first views are the same for every V."""
    generator = torch.Generator().manual_seed(params.seed)
    views = data.views(shown, MOST_VIEWS, generator=generator)[: params.num_views]
    tiles = torch.cat([data.pixels(shown)[None], views])  # (1 + V, 5, C, S, S)
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


def _of_pixels(data: ImageData, raw_knn: float, upright: float | None, chance: float) -> str:
    """Say how well raw pixels tell the class."""
    found = (
        f"Raw pixels, by {NEIGHBOURS} nearest neighbours, name {100 * raw_knn:.1f} % of "
        f"{len(data.test_indices)} test images (chance {100 * chance:.0f} %"
    )
    if upright is not None:
        return f"{found}; upright digits, white on black: {100 * upright:.1f} %)."
    return f"{found}). The images differ in all five factors, whatever their views share."
