"""Checkpoints: tensors in a safetensors file, with the options they belong to; no pickle."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from sigreg_edu.data.files import replacing
from sigreg_edu.training.config import TrainConfig, flat

__all__ = ["load_checkpoint", "save_checkpoint"]

FORMAT = "sigreg_edu checkpoint 2"
FREE = ("look_every", "save_every", "data.path", "data.folder", "data.download")
INSTALL = 'checkpoints need safetensors. Install it: pip install "sigreg-edu[train]"'


def save_checkpoint(
    file: Path, state: dict[str, torch.Tensor], config: TrainConfig, *, device: str
) -> None:
    """Write a checkpoint; whatever goes wrong, a power cut too, an older one stays whole.

    Args:
        file: where to; folders are made.
        state: tensors by name, on the CPU.
        config: the training's options, kept with it.
        device: kind of device it is on, ``"cpu"`` or ``"cuda"``, kept with it.

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
        "device": device,
        "torch": torch.__version__,
        "step": str(int(state["steps_taken"])),
    }
    content = save({k: v.contiguous() for k, v in state.items()}, metadata=facts)
    with replacing(file, durable=True) as beside:
        beside.write_bytes(content)


def load_checkpoint(file: Path, config: TrainConfig, *, device: str) -> dict[str, torch.Tensor]:
    """Read a checkpoint of a training with these options.

    Args:
        file: what :func:`save_checkpoint` wrote.
        config: must equal the checkpoint's, but for how often it looks and saves, and where its
            data lie.
        device: kind of device to go on with, which must be the checkpoint's.

    Raises:
        FileNotFoundError: there is none.
        ValueError: it is no checkpoint, damaged, or of another device or other options; the
            message names them.
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
            "kind or version. Begin without --resume."
        )
    if facts["device"] != device:
        raise ValueError(
            f"{file} is of a training on {facts['device']}, asked: {device}. Random numbers differ "
            f"between the two. Go on with --device {facts['device']}, or begin without --resume."
        )
    _require_same(file, json.loads(facts["config"]), config)
    return state


def _require_same(file: Path, theirs: dict[str, object], config: TrainConfig) -> None:
    kept, asked = dict(flat(theirs)), dict(flat(config.to_dict()))
    names = [n for n in {**kept, **asked} if kept.get(n) != asked.get(n) and n not in FREE]
    if names:
        listed = ", ".join(f"{n} = {kept.get(n)!r} (asked: {asked.get(n)!r})" for n in names)
        raise ValueError(
            f"{file} is of a training with other options: {listed}. Ask for the same ones, or "
            "begin without --resume."
        )
