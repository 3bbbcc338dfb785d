"""What of its random directions a loss keeps, and how that outlives a checkpoint."""

from __future__ import annotations

from typing import Self

import torch
from torch import nn

from sigreg_edu.checks import require_one_source

__all__ = ["KeepsDirections"]


class KeepsDirections(nn.Module):
    """A module with a generator and, perhaps, directions that it keeps from call to call.

    The generator's state is part of ``state_dict()``, so training that is resumed draws what it
    would have drawn. Kept directions are unit vectors in float32, whatever the module is cast to.

    Args:
        generator: source of the directions.
        seed: instead of ``generator``: starts one on the CPU. 0 if neither is given.

    Attributes:
        generator: as above.
        directions: buffer (D, M), float32; None until some are kept.
    """

    def __init__(self, generator: torch.Generator | None, seed: int | None) -> None:
        super().__init__()
        if generator is None and seed is None:
            seed = 0
        self.generator = require_one_source(generator, seed)
        self.register_buffer("directions", None)

    @property
    def keeps_directions(self) -> bool:
        """Whether directions of a checkpoint are wanted here."""
        return True

    def get_extra_state(self) -> torch.Tensor:
        """The generator's state, (bytes,) uint8, for ``state_dict()``."""
        return self.generator.get_state()

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Continue from a generator's state."""
        try:
            self.generator.set_state(state.cpu())
        except (AttributeError, RuntimeError, TypeError) as error:
            raise ValueError(
                f"the state of {type(self).__name__}'s generator must be that of one on "
                f"{self.generator.device}, got something else ({error}). Load a checkpoint made "
                "with such a generator."
            ) from error

    def _load_from_state_dict(self, state_dict, prefix, *arguments) -> None:
        """Make room for kept directions, which are drawn only at the first call."""
        kept = state_dict.get(prefix + "directions")
        if kept is not None and self.keeps_directions:
            device = kept.device if self.directions is None else self.directions.device
            self.directions = torch.empty_like(kept, device=device, dtype=torch.float32)
        elif kept is None and prefix + "_extra_state" in state_dict:  # saved before the first call
            self.directions = None
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _apply(self, fn, recurse: bool = True) -> Self:
        """Move kept directions with the module, but do not round them: they are unit vectors."""
        kept = self.directions
        super()._apply(fn, recurse)
        if kept is not None:
            self.directions = kept.to(self.directions.device)
        return self
