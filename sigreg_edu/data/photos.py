"""Photographs: CIFAR-10 or a folder of your own, with the usual views of self-supervised training.

A view is a random part of the picture at full size, perhaps mirrored, its colours changed, and at
times without colour: where the camera stood and what the light was are to be forgotten.

CIFAR-10: A. Krizhevsky, Learning multiple layers of features from tiny images, 2009.
"""

from __future__ import annotations

import hashlib
import http.client
import math
import os
import shutil
import tarfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch.nn import functional

from sigreg_edu.checks import require_integer, require_number
from sigreg_edu.data.files import replacing
from sigreg_edu.data.images import ImageData
from sigreg_edu.data.splits import split_by_class

__all__ = ["Photos", "data_folder", "load_cifar10", "load_folder"]

CACHE_VARIABLE = "SIGREG_EDU_CACHE"
SMALLEST_CROP = 0.05  # 7 pixels by 7 of 32 by 32
LOG_STRETCH = math.log(4.0 / 3.0)  # of a crop's width to its height, as is usual
HUE_SHARE = 0.25  # of the strength: at 0.4 the hue turns by up to a tenth of the circle
# Columns of random numbers in [0, 1): area, stretch, x, y and mirroring of the crop; brightness,
# contrast, saturation and hue; whether grey.
CROP, COLUMNS = 5, 10

CIFAR10_ADDRESS = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
CIFAR10_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
CIFAR10_FOLDER = "cifar-10-batches-bin"
CIFAR10_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
CIFAR10_TEST, CIFAR10_NAMES = "test_batch.bin", "batches.meta.txt"
CIFAR10_FILES = (*CIFAR10_TRAIN, CIFAR10_TEST, CIFAR10_NAMES)
CIFAR10_RECORD = 1 + 3 * 32 * 32  # bytes: the label, then the red, green and blue planes
NUM_CLASSES = 10
TIMEOUT = 30.0  # seconds without an answer

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
MOST_NAMED = 20  # broken files in one message

Split = tuple[torch.Tensor, torch.Tensor]


class Photos(ImageData):
    """Photographs, and views of them: a random part, mirrored, other colours, at times grey.

    A part has a share of the area that is uniform from ``min_crop`` to 1, and a ratio of width to
    height of at most 4 : 3 either way; it is shown at full size (bilinear). The colours follow
    Pillow's and torchvision's definitions: brightness, contrast and saturation are factors,
    uniform from 1 − jitter to 1 + jitter; the hue turns by up to jitter / 4 of the circle.

    All random numbers are drawn whatever the strengths are: the same seed gives the same crop
    with more or less jitter.

    Args:
        images: (N, 3, S, S) uint8.
        labels: (N,) int64 from 0.
        split: indices to train on and to test on.
        class_names: name of each label.
        flip: whether half of the views are mirrored, left to right.
        min_crop: smallest part, as a share of the area, from 0.05 to 1 (the whole).
        jitter: strength of all four changes of colour, from 0 to 1.
        grey: probability that a view has no colour.

    Raises:
        TypeError, ValueError: images that are not (N, 3, S, S) bytes, labels that do not fit
            them, a strength out of range.

    >>> images = torch.zeros(6, 3, 32, 32, dtype=torch.uint8)
    >>> split = torch.arange(4), torch.arange(4, 6)
    >>> photos = Photos(images, torch.tensor([0, 1] * 3), split, ("cat", "dog"), jitter=0, grey=0)
    >>> photos.views(torch.arange(2), 3, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([3, 2, 3, 32, 32])
    """

    def __init__(
        self,
        images: torch.Tensor,
        labels: torch.Tensor,
        split: Split,
        class_names: Sequence[str],
        *,
        flip: bool = True,
        min_crop: float = 0.3,
        jitter: float = 0.4,
        grey: float = 0.2,
    ) -> None:
        train_indices, test_indices = split
        super().__init__(
            images=images,
            labels=labels,
            train_indices=train_indices,
            test_indices=test_indices,
            class_names=class_names,
        )
        _require_coloured_bytes(images)
        self.flip = _require_switch(flip)
        self.min_crop = require_number(min_crop, "min_crop", minimum=SMALLEST_CROP, maximum=1.0)
        self.jitter = require_number(jitter, "jitter", minimum=0.0, maximum=1.0)
        self.grey = require_number(grey, "grey", minimum=0.0, maximum=1.0)

    def _views(
        self, indices: torch.Tensor, num_views: int, generator: torch.Generator, part: slice
    ) -> torch.Tensor:
        shape = (num_views, len(indices), COLUMNS)
        draws = torch.rand(shape, generator=generator, device=self.device)[:, part].flatten(0, 1)
        shown = self.pixels(indices[part])  # (B, 3, S, S)
        views = self._cropped(shown.repeat(num_views, 1, 1, 1), draws[:, :CROP])
        views = self._coloured(views, draws[:, CROP:])
        return views.unflatten(0, (num_views, len(shown)))

    def _cropped(self, pixels: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        """Show one part of each picture (N, 3, S, S) at full size, from random numbers (N, 5)."""
        area = self.min_crop + (1.0 - self.min_crop) * draws[:, :1]
        # A crop of area a fits inside for ratios of width to height from a to 1/a.
        room = (-area.log()).clamp(max=LOG_STRETCH)
        stretch = (0.5 * room * (2.0 * draws[:, 1:2] - 1.0)).exp()
        side = area.sqrt() * torch.cat([stretch, 1.0 / stretch], dim=1)  # (N, 2), width and height
        centre = (1.0 - side) * (2.0 * draws[:, 2:4] - 1.0)
        mirrored = self.flip & (draws[:, 4] < 0.5)
        across = torch.where(mirrored, -side[:, 0], side[:, 0])
        return _resampled(pixels, torch.stack([across, side[:, 1]], dim=1), centre)

    def _coloured(self, views: torch.Tensor, draws: torch.Tensor) -> torch.Tensor:
        """Change the colours of views (N, 3, S, S) by random numbers (N, 5)."""
        if self.jitter > 0.0:
            views = _jittered(views, self.jitter * (2.0 * draws[:, :4] - 1.0))
        if self.grey > 0.0:
            is_grey = (draws[:, 4] < self.grey)[:, None, None, None]
            views = torch.where(is_grey, _kornia().color.rgb_to_grayscale(views), views)
        return views


def _resampled(pixels: torch.Tensor, side: torch.Tensor, centre: torch.Tensor) -> torch.Tensor:
    """Read a rectangle of each picture (N, C, S, S) at full size, bilinearly.

    ``side`` and ``centre`` (N, 2) are width and height, x and y, in units in which the picture
    spans [−1, 1] and has sides of 1; a negative width mirrors. The grid is written out, for a
    matrix product need not give a picture the same bits in batches of different lengths.
    """
    size = pixels.shape[-1]
    line = (2.0 * torch.arange(size, device=pixels.device) + 1.0) / size - 1.0  # pixels' centres
    x, y = (centre[:, :, None] + side[:, :, None] * line).unbind(1)  # (N, S) each
    grid = torch.stack(torch.broadcast_tensors(x[:, None, :], y[:, :, None]), dim=-1)
    # Border: half a pixel at the picture's edge lies beyond the outermost centres.
    options = {"padding_mode": "border", "align_corners": False}
    return functional.grid_sample(pixels, grid, **options)  # grid (N, S, S, 2)


def _jittered(views: torch.Tensor, changes: torch.Tensor) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue, in this order, by ``changes`` (N, 4)."""
    enhance = _kornia().enhance
    brightness, contrast, saturation = (1.0 + changes[:, :3]).unbind(1)
    # These three multiply, or blend with the mean or the grey picture, as Pillow does; kornia's
    # plain adjust_brightness adds, and its adjust_contrast darkens.
    views = enhance.adjust_brightness_accumulative(views, brightness)
    views = enhance.adjust_contrast_with_mean_subtraction(views, contrast)
    views = enhance.adjust_saturation_with_gray_subtraction(views, saturation)
    return enhance.adjust_hue(views, 2.0 * math.pi * HUE_SHARE * changes[:, 3])


def _kornia() -> ModuleType:
    try:
        import kornia
    except ImportError as error:
        raise ImportError(
            "changes of colour are made by kornia, which is not installed. Install it: "
            'pip install "sigreg-edu[train]"; or pass jitter=0, grey=0.'
        ) from error
    return kornia


def _require_coloured_bytes(images: torch.Tensor) -> None:
    """Refuse what other image sets may have: float32, and grey."""
    if images.dtype != torch.uint8:
        raise TypeError(
            f"images must be a tensor of uint8, got {images.dtype}. "
            "Convert it: (255 * images).round().to(torch.uint8)"
        )
    if images.shape[1] != 3:
        raise ValueError(
            f"images must have shape (N, 3, S, S), in colour, got {tuple(images.shape)}. "
            "Repeat the channel of grey ones: images.expand(-1, 3, -1, -1)"
        )


def _require_switch(flip: object) -> bool:
    if not isinstance(flip, bool):
        raise TypeError(f"flip must be True or False, got {flip!r}. Pass one of them.")
    return flip


# --- CIFAR-10


def data_folder() -> Path:
    """Return where downloads go: ``SIGREG_EDU_CACHE``, or ``~/.cache/sigreg_edu`` if not set."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named).expanduser() if named else Path.home() / ".cache" / "sigreg_edu"


def load_cifar10(
    folder: str | os.PathLike[str] | None = None,
    *,
    download: bool = False,
    flip: bool = True,
    min_crop: float = 0.3,
    jitter: float = 0.4,
    grey: float = 0.2,
) -> Photos:
    """Load CIFAR-10: 60,000 photographs of 32×32 pixels in ten classes, 50,000 to train on.

    Read from the binary version, which needs no pickle. ``folder`` may hold its unpacked files,
    the folder ``cifar-10-batches-bin`` with them, or ``cifar-10-binary.tar.gz`` as it was
    downloaded, which is then checked and unpacked.

    Args:
        folder: where to look and where to download to; None is the environment variable
            ``SIGREG_EDU_CACHE`` if that is set, else ``~/.cache/sigreg_edu``.
        download: whether to fetch the 170 MB from its author's page if they are not there.
        flip: whether half of the views are mirrored.
        min_crop: smallest part that a view shows, as a share of the area.
        jitter: strength of the changes of colour.
        grey: probability that a view has no colour.

    Returns:
        :class:`Photos`.

    Raises:
        FileNotFoundError: it is not there, and ``download`` is False.
        ConnectionError: it cannot be downloaded.
        ValueError: a file is damaged.
    """
    root = Path(folder).expanduser() if folder is not None else data_folder()
    files = _cifar10_files(root, download=download)
    batches = [_read_batch(files / name) for name in (*CIFAR10_TRAIN, CIFAR10_TEST)]
    images = torch.cat([images for images, _ in batches])
    first_test = len(images) - len(batches[-1][0])
    return Photos(
        images,
        torch.cat([labels for _, labels in batches]),
        (torch.arange(first_test), torch.arange(first_test, len(images))),
        _read_names(files / CIFAR10_NAMES),
        flip=flip,
        min_crop=min_crop,
        jitter=jitter,
        grey=grey,
    )


def _cifar10_files(root: Path, *, download: bool) -> Path:
    """Return the folder with the seven files, unpacking or downloading them first if need be."""
    unpacked = root / CIFAR10_FOLDER
    for place in (root, unpacked):
        if all((place / name).is_file() for name in CIFAR10_FILES):
            return place
    archive = root / CIFAR10_ADDRESS.rpartition("/")[2]
    if archive.is_file():
        _require_checksum(archive, str(archive), "Delete it and fetch it")
    elif download:
        _fetch(archive)
    else:
        lacking = [name for name in CIFAR10_FILES if not (unpacked / name).is_file()]
        what = "CIFAR-10" if len(lacking) == len(CIFAR10_FILES) else ", ".join(lacking)
        failure = f"{what} was not found in {unpacked}"
        raise FileNotFoundError(_by_hand(root, failure, "Pass download=True"))
    _unpack(archive, unpacked)
    return unpacked


def _by_hand(root: Path, failure: str, advice: str) -> str:
    return (
        f"{failure}. {advice} where there is a network, or fetch {CIFAR10_ADDRESS} by hand and "
        f"put it, as it is, into {root}. ScatteredDigits and Shapes need no download."
    )


def _fetch(archive: Path) -> None:
    """Download to a file that becomes the archive only when it is whole."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with replacing(archive) as partial:
        try:
            with (
                urllib.request.urlopen(CIFAR10_ADDRESS, timeout=TIMEOUT) as answer,
                partial.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
        except (OSError, http.client.HTTPException) as error:
            failure = f"CIFAR-10 could not be downloaded ({type(error).__name__}: {error})"
            raise ConnectionError(_by_hand(archive.parent, failure, "Try again")) from error
        _require_checksum(partial, f"what came from {CIFAR10_ADDRESS}", "Fetch it")


def _require_checksum(file: Path, what: str, advice: str) -> None:
    with file.open("rb") as content:
        found = hashlib.file_digest(content, lambda: hashlib.md5(usedforsecurity=False))
    if found.hexdigest() != CIFAR10_MD5:
        raise ValueError(
            f"{what} must have the MD5 checksum {CIFAR10_MD5}, got {found.hexdigest()}: it is "
            f"incomplete or another file. {advice} again from {CIFAR10_ADDRESS}"
        )


def _unpack(archive: Path, folder: Path) -> None:
    """Write the seven files, each under its own name only when it is whole, and nothing else."""
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive) as packed:
        for name in CIFAR10_FILES:
            member = packed.extractfile(f"{CIFAR10_FOLDER}/{name}")
            with replacing(folder / name) as partial, partial.open("wb") as file:
                shutil.copyfileobj(member, file)


def _read_batch(file: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Read images (N, 3, 32, 32) uint8 and labels (N,) int64."""
    content = np.fromfile(file, dtype=np.uint8)
    if not len(content) or len(content) % CIFAR10_RECORD:
        raise ValueError(
            f"{file} must hold whole records of {CIFAR10_RECORD} bytes, got {len(content)} bytes: "
            "it is damaged. Delete it, and load CIFAR-10 again from its archive."
        )
    records = torch.from_numpy(content).unflatten(0, (-1, CIFAR10_RECORD))  # (N, 3073)
    labels = records[:, 0].long()
    if labels.max() >= NUM_CLASSES:
        raise ValueError(
            f"{file} must hold labels from 0 to {NUM_CLASSES - 1}, got {labels.max()}: it is "
            "damaged or not of CIFAR-10. Delete it, and load CIFAR-10 again from its archive."
        )
    return records[:, 1:].unflatten(1, (3, 32, 32)), labels


def _read_names(file: Path) -> list[str]:
    names = file.read_text("ascii", errors="replace").split()
    if len(names) != NUM_CLASSES:
        raise ValueError(
            f"{file} must name {NUM_CLASSES} classes, got {len(names)}: it is damaged. Delete it, "
            "and load CIFAR-10 again from its archive."
        )
    return names


# --- a folder of pictures


def load_folder(
    path: str | os.PathLike[str],
    *,
    size: int = 32,
    test_share: float = 0.25,
    flip: bool = True,
    min_crop: float = 0.3,
    jitter: float = 0.4,
    grey: float = 0.2,
) -> Photos:
    """Load pictures of your own: png, jpg, jpeg, webp or bmp, one sub-folder for each class.

    Without sub-folders all are of one class. Each picture is resized so that its shorter side is
    ``size``, and the middle of it is kept. Transparent parts become white. The split is the same
    each time, and has of each class with two or more pictures at least one on either side.

    Args:
        path: the folder; its sub-folders are searched to any depth.
        size: S, the side of the images, at least 8.
        test_share: share of each class to test on, from 0.01 to 0.99.
        flip: whether half of the views are mirrored.
        min_crop: smallest part that a view shows, as a share of the area.
        jitter: strength of the changes of colour.
        grey: probability that a view has no colour.

    Returns:
        :class:`Photos`, the classes in the order of their names.

    Raises:
        FileNotFoundError: there is no such folder.
        ValueError: pictures are missing, or some cannot be read.
        ImportError: Pillow is not installed.
    """
    size = require_integer(size, "size", minimum=8)
    require_number(test_share, "test_share", minimum=0.01, maximum=0.99)
    classes = _pictures_by_class(Path(path).expanduser())
    counts = [len(files) for files in classes.values()]
    labels = torch.arange(len(classes)).repeat_interleave(torch.tensor(counts))
    return Photos(
        _read_pictures([file for files in classes.values() for file in files], size),
        labels,
        split_by_class(labels, test_share=test_share),
        tuple(classes),
        flip=flip,
        min_crop=min_crop,
        jitter=jitter,
        grey=grey,
    )


def _pictures_by_class(folder: Path) -> dict[str, list[Path]]:
    """Find the pictures of each class, none of which is empty."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} must be a folder of pictures, but there is none.")
    loose = sorted(file for file in folder.iterdir() if _is_picture(file))
    subfolders = sorted(entry for entry in folder.iterdir() if _is_open_folder(entry))
    if loose and subfolders:
        raise ValueError(
            f"{folder} must hold either pictures or one sub-folder for each class, got the "
            f"picture {loose[0].name!r} beside the sub-folder {subfolders[0].name!r}. Move it."
        )
    classes = {entry.name: _pictures_below(entry) for entry in subfolders} or {folder.name: loose}
    if empty := [name for name, files in classes.items() if not files]:
        raise ValueError(
            f"every class needs pictures ({', '.join(PICTURE_SUFFIXES)}), but there are none in "
            f"{', '.join(map(repr, empty))} of {folder}. Add some, or remove the folder."
        )
    if max(map(len, classes.values())) < 2:
        raise ValueError(
            f"{folder} needs a class of at least two pictures, one to train on and one to test "
            "on, got one in each. Add some."
        )
    return classes


def _pictures_below(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if _is_picture(file))


def _is_picture(file: Path) -> bool:
    is_hidden = file.name.startswith(".")  # such as the ._photo.jpg that macOS writes
    return file.suffix.lower() in PICTURE_SUFFIXES and not is_hidden and file.is_file()


def _is_open_folder(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith((".", "__"))


def _read_pictures(files: Sequence[Path], size: int) -> torch.Tensor:
    """Read pictures (N, 3, S, S) uint8; name all that cannot be read in one error."""
    image_module = _pillow()
    pictures = torch.empty(len(files), 3, size, size, dtype=torch.uint8)
    broken = []
    for place, file in enumerate(files):
        try:
            with image_module.open(file) as picture:
                pictures[place] = torch.from_numpy(_squared(picture, size)).permute(2, 0, 1)
        # Pillow's readers raise many kinds: OSError, SyntaxError, ValueError, struct.error, ...
        except Exception as error:
            broken.append(f"{file} ({error})")
    if broken:
        more = f", and {len(broken) - MOST_NAMED} more" if len(broken) > MOST_NAMED else ""
        raise ValueError(
            f"{len(broken)} of {len(files)} pictures cannot be read: "
            f"{', '.join(broken[:MOST_NAMED])}{more}. Repair or remove them."
        )
    return pictures


def _squared(picture: object, size: int) -> np.ndarray:
    """Return the middle of an open picture as (S, S, 3) uint8."""
    from PIL import Image, ImageOps

    if picture.mode.startswith(("I", "F")):
        raise ValueError("more than 8 bits a channel; save it with 8")
    picture.draft("RGB", (2 * size, 2 * size))  # a large jpeg is decoded at a fraction of its size
    upright = ImageOps.exif_transpose(picture)
    if "A" in upright.getbands() or "transparency" in upright.info:
        upright = upright.convert("RGBA")
        paper = Image.new("RGBA", upright.size, "white")
        upright = Image.alpha_composite(paper, upright)
    middle = ImageOps.fit(upright.convert("RGB"), (size, size), Image.Resampling.BICUBIC)
    return np.array(middle)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "pictures are read by Pillow, which is not installed. Install it: "
            'pip install "sigreg-edu[train]"'
        ) from error
    return Image
