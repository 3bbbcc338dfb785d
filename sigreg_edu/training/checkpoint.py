"""Checkpoints: tensors in a safetensors file, with the options they belong to; no pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch

from sigreg_edu.training.config import TrainConfig, _flat

__all__ = ["load_checkpoint", "save_checkpoint"]

FORMAT = "sigreg_edu checkpoint 1"
INSTALL = 'checkpoints need safetensors. Install it: pip install "sigreg-edu[train]"'


def save_checkpoint(file: Path, state: dict[str, torch.Tensor], config: TrainConfig) -> None:
    """Write beside the file first and then put it in its place: an older one is never half lost.

    Args:
        file: where to; folders are made.
        state: tensors by name, on the CPU.
        config: the training's options, kept with it.

    Raises:
        ImportError: safetensors is not installed.
        OSError: the disk is full, or the folder may not be written to.
    """
    try:
        from safetensors.torch import save
    except ImportError as error:
        raise ImportError(INSTALL) from error
    file.parent.mkdir(parents=True, exist_ok=True)
    facts = {
        "format": FORMAT,
        "config": json.dumps(config.to_dict()),
        "torch": torch.__version__,
        "step": str(int(state["steps_taken"])),
    }
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(save({k: v.contiguous() for k, v in state.items()}, metadata=facts))
        os.replace(beside, file)
    finally:
        beside.unlink(missing_ok=True)


def load_checkpoint(file: Path, config: TrainConfig) -> dict[str, torch.Tensor]:
    """Read a checkpoint of a training with these options.

    Args:
        file: what :func:`save_checkpoint` wrote.
        config: must equal the checkpoint's, but for how often it looks and saves.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no checkpoint, damaged, or of other options; the message names them.
        ImportError: safetensors is not installed.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError(INSTALL) from error
    if not file.is_file():
        raise FileNotFoundError(
            f"there is no checkpoint {file} to resume from. Begin without --resume."
        )
    try:
        with safe_open(file, framework="pt") as opened:
            facts = opened.metadata() or {}
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"expected {file} to be a checkpoint, got a file that cannot be read ({error}). "
            "Begin without --resume."
        ) from error
    if facts.get("format") != FORMAT:
        raise ValueError(
            f"expected {file} to be a checkpoint of this kit, got a safetensors file of another "
            "kind. Begin without --resume."
        )
    _require_same(file, json.loads(facts["config"]), config)
    return state


def _require_same(file: Path, theirs: dict[str, object], config: TrainConfig) -> None:
    kept, asked = dict(_flat(theirs)), dict(_flat(config.to_dict()))
    free = ("look_every", "save_every")
    names = [n for n in {**kept, **asked} if kept.get(n) != asked.get(n) and n not in free]
    if names:
        listed = ", ".join(f"{n} = {kept.get(n)!r} (asked: {asked.get(n)!r})" for n in names)
        raise ValueError(
            f"{file} is of a training with other options: {listed}. Ask for the same ones, or "
            "begin without --resume."
        )
