"""Everything the kit looks at: one-dimensional shapes, clouds, and images with views to train on.

>>> from sigreg_edu.data import sample_1d, sample_cloud
>>> sample_1d("skewed", 200).shape, sample_cloud("ring", 200).shape
(torch.Size([200]), torch.Size([200, 2]))
"""

from sigreg_edu.data.catalogue import IMAGE_SETS, make_images
from sigreg_edu.data.clouds import (
    CLOUDS_2D,
    CLOUDS_3D,
    PLANTED_KINDS,
    Cloud,
    planted_cloud,
    sample_cloud,
)
from sigreg_edu.data.digits import Digits, digit_features, digit_views, load_digits
from sigreg_edu.data.embeddings import EmbeddingFile, open_embeddings
from sigreg_edu.data.images import ImageData
from sigreg_edu.data.one_d import SHAPES, Shape, pdf_1d, sample_1d, sample_1d_batch
from sigreg_edu.data.photos import Photos, load_cifar10, load_folder
from sigreg_edu.data.scattered import ScatteredDigits
from sigreg_edu.data.shapes import FACTORS, Shapes

__all__ = [
    "CLOUDS_2D",
    "CLOUDS_3D",
    "FACTORS",
    "IMAGE_SETS",
    "PLANTED_KINDS",
    "SHAPES",
    "Cloud",
    "Digits",
    "EmbeddingFile",
    "ImageData",
    "Photos",
    "ScatteredDigits",
    "Shape",
    "Shapes",
    "digit_features",
    "digit_views",
    "load_cifar10",
    "load_digits",
    "load_folder",
    "make_images",
    "open_embeddings",
    "pdf_1d",
    "planted_cloud",
    "sample_1d",
    "sample_1d_batch",
    "sample_cloud",
]
