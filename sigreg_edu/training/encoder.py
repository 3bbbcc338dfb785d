"""A small network that turns an image into a point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from sigreg_edu.checks import require_integer, require_tensor

# Mean and standard deviation of the digits' training pixels (see sigreg_edu.data.load_digits).
DIGIT_MEAN, DIGIT_STD = 0.306, 0.377


class Standardize(nn.Module):
    """Subtract one number from every pixel and divide by another, the same for all images.

    Args:
        mean: subtracted; the mean over the pixels of the training images.
        std: divided by; their standard deviation.
    """

    def __init__(self, mean: float, std: float) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images - self.mean) / self.std

    def extra_repr(self) -> str:
        return f"mean={self.mean}, std={self.std}"


def small_encoder(
    out_dim: int = 2, *, image_size: int = 8, hidden_dim: int = 256, seed: int = 0
) -> nn.Sequential:
    """Build a three-layer network from images to points.

    There is no normalization layer on purpose. Whatever keeps the cloud of points from collapsing
    is then in the loss, where it can be seen, and an image has the same embedding whether it is
    alone or in a batch.

    Args:
        out_dim: D, the dimension of the embedding.
        image_size: H = W of the images.
        hidden_dim: width of both hidden layers.
        seed: of the weights.

    Returns:
        A module from images (N, H, W) to embeddings (N, D), 82,946 parameters at the defaults.

    Raises:
        TypeError, ValueError: a size that is no whole number of at least 1.

    >>> small_encoder(out_dim=3)(torch.zeros(5, 8, 8)).shape
    torch.Size([5, 3])
    """
    pixels = require_integer(image_size, "image_size") ** 2
    width = require_integer(hidden_dim, "hidden_dim")
    out_dim = require_integer(out_dim, "out_dim")
    generator = torch.Generator().manual_seed(require_integer(seed, "seed", minimum=0))
    return nn.Sequential(
        Standardize(DIGIT_MEAN, DIGIT_STD),
        nn.Flatten(),  # (N, H, W) -> (N, H·W)
        make_linear(pixels, width, generator=generator, gain=2.0),
        nn.GELU(),
        make_linear(width, width, generator=generator, gain=2.0),
        nn.GELU(),
        make_linear(width, out_dim, generator=generator, gain=1.0),
    )


def make_linear(inputs: int, outputs: int, *, generator: torch.Generator, gain: float) -> nn.Linear:
    """Make a linear layer with weights N(0, gain / inputs) and no offset to begin with.

    ``nn.Linear`` draws its first weights from the global generator, which would shift the random
    numbers of everyone else; ``skip_init`` builds the layer without drawing.
    """
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    nn.init.normal_(layer.weight, std=(gain / inputs) ** 0.5, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


@torch.no_grad()
def standardize_output(encoder: nn.Sequential, images: torch.Tensor) -> None:
    """Turn and scale the last weights so that the cloud has mean 0 and variance 1 everywhere.

    Done once before training: whatever happens to place and width afterwards is the loss's doing.
    Without it an untrained cloud lies anywhere within about 2 of the origin. The rows of the last
    weight matrix are made orthogonal to the mean of what enters it, which centres the cloud
    without an offset: weights that shrink to nothing then take the cloud to 0, not elsewhere.

    Args:
        encoder: ends in a linear layer, whose weights change in place and whose bias becomes 0.
        images: (N, H, W), N at least 2, the images to do it for.

    Raises:
        TypeError: the encoder does not end in ``nn.Linear``; ``images`` is not a tensor of the
            encoder's dtype.
        ValueError: a coordinate is the same for all images, or the encoder cannot take them.

    >>> images = torch.rand(50, 8, 8, generator=torch.Generator().manual_seed(0))
    >>> standardize_output(encoder := small_encoder(), images)
    >>> embed(encoder, images).std(dim=0)
    tensor([1.0000, 1.0000])
    """
    last = encoder[-1] if isinstance(encoder, nn.Sequential) else None
    if not isinstance(last, nn.Linear):
        raise TypeError("encoder must be an nn.Sequential that ends in nn.Linear.")
    require_fits(encoder, images, minimum=2)
    hidden = encoder[:-1](images)  # (N, hidden)
    middle = hidden.mean(dim=0)  # (hidden,)
    last.weight -= torch.outer(last.weight @ middle, middle) / middle.square().sum()
    std = (hidden @ last.weight.T).std(dim=0)  # (D,)
    if not (std > 1e-5).all():  # rounding alone leaves about 1e-7
        raise ValueError("images must differ in every coordinate of their embedding. Pass more.")
    last.weight /= std[:, None]
    if last.bias is not None:
        last.bias.zero_()


def embed(encoder: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Embed images without training on them.

    Args:
        encoder: module from images to embeddings; its training mode is put back afterwards.
        images: (N, H, W) of the encoder's dtype and size, on its device.

    Returns:
        Tensor (N, D) of float32 on the CPU.

    Raises:
        TypeError: ``images`` is not a tensor of the encoder's dtype.
        ValueError: the encoder cannot take images of this shape or device.

    >>> embed(small_encoder(), torch.zeros(4, 8, 8)).requires_grad
    False
    """
    require_fits(encoder, images)
    with evaluating(encoder), torch.no_grad():
        return encoder(images).float().cpu()


def require_fits(encoder: nn.Module, images: torch.Tensor, *, minimum: int = 1) -> None:
    """Refuse images that the encoder cannot take, by a try with the first of them.

    Args:
        encoder: module from images to embeddings.
        images: (N, H, W), N at least ``minimum``.
        minimum: fewest images.

    Raises:
        TypeError: no module, no floating tensor, or another dtype than the weights'.
        ValueError: no (N, H, W), too few images, another device, or another size of image.

    >>> require_fits(small_encoder(), torch.zeros(5, 9, 9))
    Traceback (most recent call last):
        ...
    ValueError: the encoder cannot take images of shape (9, 9). Build it for them, or resize them.
    """
    if not isinstance(encoder, nn.Module):
        raise TypeError(f"encoder must be an nn.Module, got {type(encoder).__name__}.")
    require_tensor(images, "images")
    if images.ndim != 3 or len(images) < minimum:
        shape = tuple(images.shape)
        raise ValueError(
            f"images must have shape (N, H, W), N at least {minimum}, got {shape}. Stack them."
        )
    _require_like_weights(encoder, images)
    try:
        with evaluating(encoder), torch.no_grad():
            encoder(images[:1])
    except (RuntimeError, ValueError, IndexError) as error:
        raise ValueError(
            f"the encoder cannot take images of shape {tuple(images.shape[1:])}. "
            "Build it for them, or resize them."
        ) from error


def _require_like_weights(encoder: nn.Module, images: torch.Tensor) -> None:
    """Compare with the first weights; an encoder that has none takes what it is given."""
    weights = next(encoder.parameters(), images)
    if images.device != weights.device:
        raise ValueError(
            f"images must be on the encoder's device {weights.device}, got {images.device}. "
            "Move them: images.to(device)"
        )
    if images.dtype != weights.dtype:
        raise TypeError(
            f"images must have the encoder's dtype {weights.dtype}, got {images.dtype}. "
            f"Convert them: images.to({weights.dtype})"
        )


@contextmanager
def evaluating(encoder: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; afterwards every part is in the mode it was in."""
    modes = [(module, module.training) for module in encoder.modules()]
    encoder.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
