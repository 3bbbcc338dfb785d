"""One seed for a whole training, and from it one for each thing that draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sigreg_edu.checks import require_integer

__all__ = ["Seeds", "spread_seed"]


class Seeds(NamedTuple):
    """Seeds whose random numbers have nothing to do with each other, each below 2³².

    Attributes:
        encoder, projector: of the first weights.
        slices: of SIGReg's directions.
        batches: of batches and views.
    """

    encoder: int
    projector: int
    slices: int
    batches: int


def spread_seed(seed: int) -> Seeds:
    """Make seeds for the parts of a training out of the one that the user gives.

    With the same seed for all of them, first weights, directions and batches would begin with the
    same random numbers. Sums do not help: the generator of PyTorch on CPUs (a Mersenne Twister)
    takes the lowest 32 bits of its seed, so ``seed + 2**32`` is ``seed`` again, and ``seed + 1``
    is somebody else's. numpy's ``SeedSequence`` hashes instead.

    Args:
        seed: at least 0, of any size.

    Raises:
        TypeError, ValueError: no whole number, or below 0.

    >>> spread_seed(0) == spread_seed(0), len({*spread_seed(0), *spread_seed(1)})
    (True, 8)
    """
    seed = require_integer(seed, "seed", minimum=0)
    return Seeds(*map(int, np.random.SeedSequence(seed).generate_state(len(Seeds._fields))))
