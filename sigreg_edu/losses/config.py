"""Losses from configurations: a dict, a YAML file, or one that the kit ships, by name.

>>> loss = create_loss_from_config({"type": "sigreg", "sigreg_num_slices": 256})
>>> loss.sigreg.num_slices
256
>>> create_loss_from_config({"type": "sigreg", "sigreg_slices": 256})
Traceback (most recent call last):
    ...
ValueError: 'sigreg_slices' is no key of a loss of type 'sigreg'. Did you mean 'sigreg_num_slices'?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import yaml
from torch import nn

from sigreg_edu.checks import did_you_mean, require_choice
from sigreg_edu.losses.pair import HybridVICRegSIGRegLoss, LeJEPALoss, SIGRegLoss
from sigreg_edu.losses.schedules import HybridTransition, LambdaWarmup, SliceSchedule
from sigreg_edu.losses.vicreg import VICRegLoss

__all__ = ["CONFIGS", "create_loss_from_config", "create_schedule_from_config", "load_config"]

CONFIGS = (
    "sigreg_tiny",
    "sigreg_small",
    "sigreg_base",
    "sigreg_large",
    "hybrid_transition",
    "lejepa",
)

# Keys of a configuration -> parameters of the loss. The report's names come first.
_SIGREG = {
    "sigreg_num_slices": "num_slices",
    "sigreg_num_test_points": "num_test_points",
    "sigreg_fixed_slices": "fixed_slices",
    "sigreg_weight": "sigreg_weight",
    "sigreg_method": "method",
    "sigreg_standardize": "standardize",
    "sigreg_t_max": "t_max",
    "sigreg_seed": "seed",
    "eps": "eps",
    "flatten_patches": "flatten_patches",
    "distributed": "distributed",
}
_VICREG = {
    "vicreg_variance_weight": "variance_weight",
    "vicreg_covariance_weight": "covariance_weight",
    "vicreg_variance_threshold": "variance_threshold",
    "eps": "eps",
    "flatten_patches": "flatten_patches",
    "distributed": "distributed",
}
_LOSSES: dict[str, tuple[Callable[..., nn.Module], dict[str, str]]] = {
    "sigreg": (SIGRegLoss, {**_SIGREG, "sigreg_invariance_weight": "invariance_weight"}),
    "vicreg": (
        VICRegLoss,
        {
            **_VICREG,
            "vicreg_invariance_weight": "invariance_weight",
            "vicreg_convention": "convention",
        },
    ),
    "hybrid": (
        HybridVICRegSIGRegLoss,
        {
            **_SIGREG,
            **_VICREG,
            "vicreg_weight": "vicreg_weight",
            "invariance_weight": "invariance_weight",
            "sigreg_lambda": "sigreg_lambda",
        },
    ),
    "lejepa": (
        LeJEPALoss,
        {
            "lamb": "lamb",
            "sigreg_num_slices": "num_slices",
            "sigreg_num_test_points": "num_points",
            "sigreg_fixed_slices": "fixed_slices",
            "sigreg_t_max": "t_max",
            "sigreg_seed": "seed",
            "distributed": "distributed",
        },
    ),
}
_SCHEDULES: dict[str, Callable[..., object]] = {
    "hybrid_transition": HybridTransition,
    "lambda_warmup": LambdaWarmup,
    "slices": SliceSchedule,
}
# Which losses a schedule is for.
_SCHEDULED = {
    "hybrid_transition": ("hybrid",),
    "lambda_warmup": ("lejepa",),
    "slices": ("sigreg", "hybrid", "lejepa"),
}
_SWITCHES = ("sigreg_fixed_slices", "sigreg_standardize", "flatten_patches", "distributed")
_TEXTS = ("sigreg_method", "vicreg_convention")


def create_loss_from_config(config: Mapping[str, object]) -> nn.Module:
    """The loss that a configuration describes.

    Args:
        config: the loss's keys, or a mapping whose ``"loss"`` has them, as :func:`load_config`
            returns it. ``type`` is ``"sigreg"``, ``"vicreg"``, ``"hybrid"`` or ``"lejepa"``; the
            other keys are those of the report (``sigreg_num_slices``, ``sigreg_weight`` ...), left
            out for the loss's own defaults.

    Returns:
        :class:`SIGRegLoss`, :class:`VICRegLoss`, :class:`HybridVICRegSIGRegLoss` or
        :class:`LeJEPALoss`.

    Raises:
        ValueError: no or an unknown ``type``, an unknown key (the nearest one is named), a value
            out of range. TypeError: no mapping, or a value of the wrong kind.

    >>> create_loss_from_config(load_config("sigreg_tiny")).sigreg.num_slices
    512
    """
    options = dict(_section(config, "loss"))
    kind = require_choice(options.pop("type", None), "type", _LOSSES)
    make, names = _LOSSES[kind]
    for key, value in options.items():
        _require_known(key, names, f"a loss of type {kind!r}")
        if key in _SWITCHES and not isinstance(value, bool):
            raise TypeError(f"{key} must be true or false, got {value!r}.")
        if isinstance(value, str) and key not in _TEXTS:
            raise TypeError(
                f"{key} must be a number, got the text {value!r}. Leave out quotes, and write "
                "1.0e-6 rather than 1e-6, which YAML takes for text."
            )
    try:
        return make(**{names[key]: value for key, value in options.items()})
    except (TypeError, ValueError) as error:
        raise type(error)(f"in the configuration of a {kind!r} loss: {error}") from error


def create_schedule_from_config(config: Mapping[str, object]) -> object | None:
    """The schedule that a configuration describes, if it describes one.

    Args:
        config: a mapping whose ``"schedule"`` has a ``type`` (``"hybrid_transition"``,
            ``"lambda_warmup"`` or ``"slices"``) and the fields of that schedule.

    Returns:
        :class:`HybridTransition`, :class:`LambdaWarmup` or :class:`SliceSchedule`, or None.

    Raises:
        ValueError, TypeError: as :func:`create_loss_from_config`.

    >>> create_schedule_from_config(load_config("hybrid_transition"))
    HybridTransition(start=100, end=200, shape='steps')
    """
    loss = _section(config, "loss")
    if "schedule" not in config:
        return None
    options = dict(_section(config, "schedule"))
    kind = require_choice(options.pop("type", None), "schedule type", _SCHEDULES)
    if loss.get("type") not in _SCHEDULED[kind]:
        raise ValueError(
            f"a schedule of type {kind!r} is for a loss of type {' or '.join(_SCHEDULED[kind])}, "
            f"got {loss.get('type')!r}. Change one of the two."
        )
    make = _SCHEDULES[kind]
    for key in options:
        _require_known(key, make.__dataclass_fields__, f"a schedule of type {kind!r}")
    return make(**options)


def load_config(path_or_name: str | Path) -> dict[str, object]:
    """Read a configuration from a YAML file, or one that the kit ships.

    Args:
        path_or_name: a path that ends in .yaml or .yml, or a name of ``CONFIGS``.

    Returns:
        The configuration, which has a ``"loss"``; check it by :func:`create_loss_from_config`.

    Raises:
        FileNotFoundError: there is no such file. ValueError: no such name, no YAML, or no mapping.
        TypeError: neither a path nor a name.

    >>> load_config("sigreg_large")["loss"]["sigreg_weight"]
    30.0
    """
    if not isinstance(path_or_name, (str, Path)):
        raise TypeError(
            f"load_config takes a path or a name, got {type(path_or_name).__name__}. "
            "A mapping goes to create_loss_from_config as it is."
        )
    path = Path(path_or_name)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            raise FileNotFoundError(
                f"there is no file {path}. Shipped configurations go by name: {', '.join(CONFIGS)}."
            )
        text = path.read_text(encoding="utf-8")
    else:
        name = require_choice(str(path_or_name), "path_or_name", CONFIGS)
        text = (resources.files("sigreg_edu") / "configs" / f"{name}.yaml").read_text("utf-8")
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{path_or_name} is no valid YAML: {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path_or_name} must hold a mapping with 'loss', got {config!r:.60}.")
    return config


def _section(config: object, name: str) -> Mapping[str, object]:
    """The part of a configuration called ``name``, or all of it if it has no parts."""
    if not isinstance(config, Mapping):
        raise TypeError(
            f"a configuration must be a mapping, got {type(config).__name__}. For a file or a "
            "name call load_config first."
        )
    if "loss" not in config and "schedule" not in config:
        return config
    for key in config:
        _require_known(key, ("loss", "schedule"), "a configuration")
    part = config.get(name)
    if not isinstance(part, Mapping):
        raise TypeError(f"the configuration's {name!r} must be a mapping, got {part!r:.60}.")
    return part


def _require_known(key: object, known: object, what: str) -> None:
    """Raise ValueError if ``key`` is not among ``known``, naming the nearest one."""
    if key in known:
        return
    hint = did_you_mean(key, known) or f"Known: {', '.join(known)}."
    raise ValueError(f"{key!r} is no key of {what}. {hint}")
