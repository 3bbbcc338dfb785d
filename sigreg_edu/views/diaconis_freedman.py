"""Why random shadows of high-dimensional data look Gaussian, on the handwritten digits.

Each shadow is standardized (mean 0, standard deviation 1): the question is its shape alone. So T is
compared with its law for standardized Gaussian samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data.digits import digit_features, load_digits
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import LAST_KNOT, NUM_KNOTS, short, statistics_of
from sigreg_edu.views.params import Params, choice, seed, slider
from sigreg_edu.views.sample import Histogram, histogram

NUM_IMAGES = 1797
NUM_FEATURES = 61  # pixels that are not the same in every image
NUM_DIRECTIONS, COARSE = 512, 96
BIN_EDGES = np.geomspace(0.01, 1500.0, 43)
FEATURES = {
    "standardized": "pixels, standardized",
    "whitened": "whitened",
    "equal_length": "whitened, equal length",
}


@dataclass(frozen=True)
class DiaconisFreedmanParams(Params):
    """State of the Diaconis–Freedman explorer."""

    features: str = choice("standardized", FEATURES, label="features")
    mixed: int = slider(
        1, 1, NUM_FEATURES, 1, label="features mixed k",
        help="Each direction adds up k of the 61 features with random weights.",
    )  # fmt: skip
    which: int = slider(
        0, 0, COARSE - 1, 1, label="which direction", help="The one shown in panels 1 and 2."
    )
    num_images: int = slider(NUM_IMAGES, 97, NUM_IMAGES, 100, label="images N")
    seed: int = seed(label="new directions")


@dataclass(frozen=True)
class DiaconisFreedmanView:
    """What the Diaconis–Freedman figure shows.

    Attributes:
        pattern: the weight of each pixel in the present direction, the largest of size 1, (8, 8).
        shadow: histogram of the standardized projections.
        edges: of the histograms of T, equal steps of log T, shape (B + 1,).
        singles: shares of the 61 single features, shape (B,).
        mixtures: shares of random mixtures of k features, shape (B,).
        null: shares of standardized Gaussian samples, shape (B,).
        statistic: T of the present shadow.
        readout: all that in words.
    """

    pattern: np.ndarray
    shadow: Histogram
    edges: np.ndarray
    singles: np.ndarray
    mixtures: np.ndarray
    null: np.ndarray
    statistic: float
    readout: str


def diaconis_freedman_view(params: DiaconisFreedmanParams) -> DiaconisFreedmanView:
    """Cast one shadow of the digits and set it among many."""
    known = _many.get(_key(params))
    return _view(params, _statistics(params, COARSE) if known is None else known)


def refine_diaconis_freedman(params: DiaconisFreedmanParams) -> Iterator[DiaconisFreedmanView]:
    """Give the same with more directions, unless it was so already."""
    if _many.get(_key(params)) is None:
        yield _view(params, _many.put(_key(params), _statistics(params, NUM_DIRECTIONS)))


def _view(params: DiaconisFreedmanParams, statistics: np.ndarray) -> DiaconisFreedmanView:
    z = features(params.features)[: params.num_images]
    direction = mixing_directions(params.mixed, params.seed)[:, params.which]
    shadow = standardized((z @ direction)[None])[0]
    statistic = float(statistics[params.which])
    null = null_distribution(
        num_points=NUM_KNOTS, t_max=LAST_KNOT, standardize=True, num_samples=NUM_IMAGES
    )
    pattern = _pixel_weights(params.features) @ direction.double().numpy()
    return DiaconisFreedmanView(
        pattern=_image(pattern / np.abs(pattern).max()),
        shadow=histogram(shadow.numpy()),
        edges=BIN_EDGES,
        singles=_shares(_single_statistics(params.features, params.num_images)),
        mixtures=_shares(statistics),
        null=np.diff(null.cdf(BIN_EDGES)),
        statistic=statistic,
        readout=(
            f"This mixture of {params.mixed} feature{'s' if params.mixed > 1 else ''} casts a "
            f"shadow with T = {short(statistic)} and excess kurtosis {_kurtosis(shadow):.2f}. "
            f"Of all mixtures of so many the middle T is {short(float(np.median(statistics)))}; of "
            f"standardized Gaussian samples it is {float(null.quantile(0.5)):.2f}, and "
            f"{float(null.quantile(0.95)):.2f} is exceeded by 5 in 100."
        ),
    )


@lru_cache(maxsize=3)
def features(kind: str) -> torch.Tensor:
    """Return one of ``FEATURES`` of the digits, shape (1797, 61), float32, in random order.

    They are stored writer by writer: in random order the first few stand for all.
    ``"equal_length"`` stretches each image's whitened features to the length √61 that they have on
    average: the condition under which Diaconis and Freedman's theorem speaks of a Gaussian.
    """
    z = digit_features("whitened" if kind == "equal_length" else kind)
    if kind == "equal_length":
        z = z / z.square().mean(dim=1, keepdim=True).sqrt()
    return z[torch.randperm(len(z), generator=torch.Generator().manual_seed(0))]


@lru_cache(maxsize=8)
def mixing_directions(mixed: int, seed: int) -> torch.Tensor:
    """Return directions that mix ``mixed`` of the features each, as columns (61, 512).

    Each direction has an order of the features and a Gaussian weight for each of them, and takes
    the first few: with one more it changes little, and with all of them it is uniform.
    """
    weights, order = _weights_and_order(seed)
    taken = torch.where(order < mixed, weights, 0.0)
    return taken / taken.norm(dim=0)


@lru_cache(maxsize=2)
def _weights_and_order(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a Gaussian weight and a place in the order for each feature, (61, 512) each."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(NUM_FEATURES, NUM_DIRECTIONS, generator=generator)
    shuffled = torch.rand(NUM_FEATURES, NUM_DIRECTIONS, generator=generator)
    return weights, shuffled.argsort(dim=0).argsort(dim=0)


def standardized(shadows: torch.Tensor) -> torch.Tensor:
    """Return each row of (M, N) with mean 0 and standard deviation 1; a constant one becomes 0."""
    std, mean = torch.std_mean(shadows, dim=-1, keepdim=True)
    return (shadows - mean) / (std + 1e-6)


def _key(params: DiaconisFreedmanParams) -> tuple[str, int, int, int]:
    return params.features, params.mixed, params.num_images, params.seed


def _statistics(params: DiaconisFreedmanParams, num_directions: int) -> np.ndarray:
    """Return T of the standardized shadows along the first directions, shape (M,)."""
    z = features(params.features)[: params.num_images]
    directions = mixing_directions(params.mixed, params.seed)[:, :num_directions]
    return statistics_of(standardized((z @ directions).T))  # (N, M) -> (M, N)


@lru_cache(maxsize=32)
def _single_statistics(kind: str, num_images: int) -> np.ndarray:
    """Return T of each feature alone, shape (61,)."""
    return statistics_of(standardized(features(kind)[:num_images].T))


def _shares(statistics: np.ndarray) -> np.ndarray:
    clipped = np.clip(statistics, BIN_EDGES[0], BIN_EDGES[-1])
    return np.histogram(clipped, BIN_EDGES)[0] / statistics.size


def _kurtosis(shadow: torch.Tensor) -> float:
    """Return the excess kurtosis of a standardized shadow (N,): 0 for a Gaussian."""
    return float(shadow.double().pow(4).mean()) - 3.0


@lru_cache(maxsize=2)
def _pixel_weights(kind: str) -> np.ndarray:
    """Return the weight of each standardized pixel (rows) in each feature (columns), (61, 61)."""
    if kind == "standardized":
        return np.eye(NUM_FEATURES)
    pixels = digit_features("standardized").double().numpy()
    return np.linalg.lstsq(pixels, digit_features("whitened").double().numpy(), rcond=None)[0]


def _image(weights: np.ndarray) -> np.ndarray:
    """Return weights of the 61 pixels (61,) in their places, 0 elsewhere, shape (8, 8)."""
    image = np.zeros(64)
    image[_kept_pixels()] = weights
    return image.reshape(8, 8)


@lru_cache(maxsize=1)
def _kept_pixels() -> np.ndarray:
    """Return which of the 64 pixels :func:`digit_features` keeps, shape (64,)."""
    return (load_digits().images.flatten(1).std(dim=0) > 0.0).numpy()  # (1797, 8, 8) -> (1797, 64)


_many: Kept[np.ndarray] = Kept(64)
