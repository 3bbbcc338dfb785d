"""Image sets by name, for whoever writes down in a configuration what to train on.

>>> make_images("digits", pose=0.5).images.shape
torch.Size([1797, 1, 16, 16])
>>> make_images("digits", poses=0.5)
Traceback (most recent call last):
    ...
ValueError: 'poses' is no option of the image set 'digits'. Did you mean 'pose'?
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

from sigreg_edu.checks import did_you_mean, require_choice
from sigreg_edu.data.images import ImageData
from sigreg_edu.data.photos import load_cifar10, load_folder
from sigreg_edu.data.scattered import ScatteredDigits
from sigreg_edu.data.shapes import Shapes

__all__ = ["IMAGE_SETS", "make_images"]

IMAGE_SETS: Mapping[str, Callable[..., ImageData]] = MappingProxyType(
    {"digits": ScatteredDigits, "shapes": Shapes, "cifar10": load_cifar10, "folder": load_folder}
)


def make_images(name: str, **options: object) -> ImageData:
    """Make an image set by its name.

    Args:
        name: a key of :data:`IMAGE_SETS`.
        **options: arguments of what stands there, all by name.

    Returns:
        :class:`sigreg_edu.data.ImageData`.

    Raises:
        TypeError: an option is missing that has no default.
        ValueError: a name or an option that does not exist; and whatever the image set raises.

    >>> make_images("shapes", count=60, size=24).images.shape
    torch.Size([60, 3, 24, 24])
    """
    make = IMAGE_SETS[require_choice(name, "name", IMAGE_SETS)]
    known = inspect.signature(make).parameters
    for option in options:
        if option not in known:
            hint = did_you_mean(option, known) or f"Known: {', '.join(known)}."
            raise ValueError(f"{option!r} is no option of the image set {name!r}. {hint}")
    for option, parameter in known.items():
        if parameter.default is parameter.empty and option not in options:
            raise TypeError(f"the image set {name!r} needs the option {option!r}. Pass {option}=")
    return make(**options)
