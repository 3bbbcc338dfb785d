"""All that a training of a vision transformer depends on, in one object that a YAML file can hold.

>>> config = TrainConfig().with_values({"loss.lamb": 0.05, "steps": 100})
>>> config.loss.lamb, config.steps, config.model.name
(0.05, 100, 'vit_micro')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from sigreg_edu.checks import (
    did_you_mean,
    require_choice,
    require_integer,
    require_number,
    require_positive,
)
from sigreg_edu.losses.schedules import TRANSITIONS
from sigreg_edu.training.objective import (
    CONDITIONS,
    COVARIANCE_SHARE,
    REPORT_SLICES,
    require_lamb,
)
from sigreg_edu.training.vit import STEMS, VIT_PRESETS

__all__ = [
    "LossConfig",
    "ModelConfig",
    "TrainConfig",
    "experiment_names",
    "load_experiment",
    "read_yaml",
]

SUPERVISED = "supervised"
SLICES = 256  # directions of SIGReg in a step of a transformer
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class ModelConfig:
    """The network.

    Attributes:
        name: a key of :data:`sigreg_edu.training.vit.VIT_PRESETS`.
        stem: ``"conv"`` or ``"patch"``.
        patch: side of what one token stands for, in pixels.
        projection_dim: D, dimension of what the loss sees.
        hidden_dim: width of the projector's hidden layer.
        normalized: whether each coordinate of the projection is brought to mean 0 and standard
            deviation 1 over the batch, by a last BatchNorm.
    """

    name: str = "vit_micro"
    stem: str = "conv"
    patch: int = 4
    projection_dim: int = 16
    hidden_dim: int = 256
    normalized: bool = False

    def __post_init__(self) -> None:
        require_choice(self.name, "model.name", VIT_PRESETS)
        require_choice(self.stem, "model.stem", STEMS)
        for name in ("patch", "projection_dim", "hidden_dim"):
            require_integer(getattr(self, name), f"model.{name}")
        _require_truth(self.normalized, "model.normalized")


@dataclass(frozen=True)
class LossConfig:
    """What is minimised, see :mod:`sigreg_edu.training.objective`.

    Attributes:
        name: a key of ``CONDITIONS``, or ``"supervised"``: cross-entropy of the labels, to compare.
        lamb: λ; the condition's own if None.
        decay: by what the regularizer's share λ / (1 − λ) is multiplied until the last step, by the
            same factor in each; 1 keeps it.
        num_slices: directions of SIGReg in a step. The three sums of ``"standardized"`` have N²
            terms a slice; :meth:`TrainConfig.with_values` therefore takes 16 where it changes the
            name to it without a number, and 256 where it changes the name back.
        fixed_slices: keep the first step's directions.
        num_points: knots, or quantiles of the standardized form.
        t_max: last knot.
        covariance: share of VICReg's covariance beside its variance.
        transition: shape of the hybrid's passage, over the middle third of the steps.
    """

    name: str = "lejepa"
    lamb: float | None = None
    decay: float = 1.0
    num_slices: int = SLICES
    fixed_slices: bool = False
    num_points: int = 17
    t_max: float = 3.0
    covariance: float = COVARIANCE_SHARE
    transition: str = "linear"

    def __post_init__(self) -> None:
        require_choice(self.name, "loss.name", (*CONDITIONS, SUPERVISED))
        if self.lamb is None:
            known = CONDITIONS.get(self.name)
            object.__setattr__(self, "lamb", known.lamb if known else 0.0)
        require_lamb(self.lamb, "none" if self.name == SUPERVISED else self.name)
        require_number(require_positive(self.decay, "loss.decay"), "loss.decay", maximum=1.0)
        require_integer(self.num_slices, "loss.num_slices")
        require_integer(self.num_points, "loss.num_points", minimum=2)
        require_positive(self.t_max, "loss.t_max")
        require_number(self.covariance, "loss.covariance", minimum=0.0)
        require_choice(self.transition, "loss.transition", TRANSITIONS)
        _require_truth(self.fixed_slices, "loss.fixed_slices")


def _require_truth(value: object, name: str) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be true or false, got {value!r}.")


@dataclass(frozen=True)
class TrainConfig:
    """A training from its data to its last step.

    Attributes:
        data: ``name`` of an image set and its options, for
            :func:`sigreg_edu.data.make_images`.
        model: the network.
        loss: what is minimised.
        steps: number of updates.
        batch_size: B, images in a step, of all processes together.
        num_views: V, views of each image.
        lr: highest learning rate of AdamW, see :func:`sigreg_edu.training.loop.learning_rate`.
        warmup: steps over which the rate rises.
        weight_decay: of the weights; not of offsets, normalization and positions.
        clip_norm: largest norm of the gradient; longer ones are shortened to it.
        precision: ``"float32"``, ``"bfloat16"`` (autocast), or ``"auto"``: bfloat16 on CUDA.
        seed: of the weights, batches, views and slices.
        look_every: steps between two looks at the watched images.
        save_every: steps between two checkpoints.
    """

    data: Mapping[str, Any] = field(default_factory=lambda: {"name": "digits"})
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    steps: int = 600
    batch_size: int = 256
    num_views: int = 2
    lr: float = 0.002
    warmup: int = 50
    weight_decay: float = 0.05
    clip_norm: float = 1.0
    precision: str = "auto"
    seed: int = 0
    look_every: int = 50
    save_every: int = 200

    def __post_init__(self) -> None:
        if not isinstance(self.data, Mapping) or "name" not in self.data:
            raise TypeError(f"data must be a mapping with a name, got {self.data!r:.60}.")
        object.__setattr__(self, "data", MappingProxyType(dict(self.data)))
        for name, kind in (("model", ModelConfig), ("loss", LossConfig)):
            if not isinstance(getattr(self, name), kind):
                raise TypeError(
                    f"{name} must be a {kind.__name__}, in a file a mapping of its keys, "
                    f"got {getattr(self, name)!r:.60}."
                )
        for name in ("steps", "look_every", "save_every"):
            require_integer(getattr(self, name), name)
        for name in ("batch_size", "num_views"):
            require_integer(getattr(self, name), name, minimum=2)
        for name in ("warmup", "seed"):
            require_integer(getattr(self, name), name, minimum=0)
        for name in ("lr", "clip_norm"):
            require_positive(getattr(self, name), name)
        require_number(self.weight_decay, "weight_decay", minimum=0.0)
        require_choice(self.precision, "precision", PRECISIONS)

    def __hash__(self) -> int:
        values = {**vars(self), "data": _hashable(self.data)}
        return hash(tuple(values[f.name] for f in fields(self)))

    # Neither pickle nor copy can take a mapping proxy.

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "data": dict(self.data)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, data=MappingProxyType(state["data"]))

    def with_values(self, changes: Mapping[str, Any]) -> TrainConfig:
        """Return a copy with some values changed.

        Args:
            changes: by name; a dot leads into a section, ``"loss.lamb"``. In ``data`` a new
                ``name`` drops the options of the old one. Another ``loss.name`` brings its own
                λ, and to or from ``"standardized"`` its own number of slices, unless they are
                changed along with it.

        Raises:
            ValueError: an unknown name, the nearest one is given; a value out of range.
            TypeError: a value of the wrong kind.

        >>> config = TrainConfig().with_values({"loss.name": "standardized"})
        >>> config.loss.num_slices, config.with_values({"loss.name": "sigreg"}).loss.num_slices
        (16, 256)
        """
        config = self
        sections: dict[str, dict[str, Any]] = {}
        for key, value in changes.items():
            key = str(key)  # YAML also has numbers for keys
            section, dot, name = key.partition(".")
            if dot:
                sections.setdefault(section, {})[name] = value
            else:
                _require_known(key, config)
                config = replace(config, **{key: value})
        for section, values in sections.items():
            _require_known(section, config)
            config = replace(config, **{section: _changed(section, config, values)})
        return config

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and values, as YAML and JSON hold them."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: asdict(value) if is_dataclass(value)
            else _plain(value)
            for name, value in plain.items()
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> TrainConfig:
        """Return the configuration that plain dicts describe; what is left out has its default.

        >>> TrainConfig.from_dict({"loss": {"name": "vicreg"}}).loss.lamb
        0.2
        >>> TrainConfig.from_dict({"stesp": 3})
        Traceback (most recent call last):
            ...
        ValueError: 'stesp' is no key of a training. Did you mean 'steps'?
        """
        if not isinstance(plain, Mapping):
            raise TypeError(f"a configuration must be a mapping, got {type(plain).__name__}.")
        return cls().with_values(dict(flat(plain)))


def _plain(value: Any) -> Any:
    """What YAML and JSON would give back: dicts for mappings, lists for tuples, text for paths."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Path) else value


def _hashable(value: Any) -> Any:
    """Equal for equal values, with mappings, lists and sets made hashable."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_hashable(inner) for inner in value)
    return frozenset(value) if isinstance(value, (set, frozenset)) else value


def flat(plain: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Nested mappings as names with dots, the data's name first."""
    for key, value in plain.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def _changed(name: str, config: TrainConfig, values: Mapping[str, Any]) -> Any:
    """The section of that name with some of its values changed."""
    section = getattr(config, name)
    if isinstance(section, Mapping):
        kept = {} if values.get("name", section["name"]) != section["name"] else dict(section)
        return {**kept, **values}
    if not is_dataclass(section):
        raise ValueError(f"{name} holds one value and has no {next(iter(values))!r}.")
    for key in values:
        _require_known(key, section)
    if isinstance(section, LossConfig):
        values = {**_brought_along(section.name, values.get("name", section.name)), **values}
    return replace(section, **values)


def _brought_along(old: str, new: str) -> dict[str, Any]:
    """What another loss comes with: its own λ, to or from the report's also its own slices."""
    if new == old:
        return {}
    if "standardized" not in (old, new):
        return {"lamb": None}
    return {"lamb": None, "num_slices": REPORT_SLICES if new == "standardized" else SLICES}


def _require_known(key: str, section: object) -> None:
    known = [f.name for f in fields(section)]
    if key not in known:
        what = {ModelConfig: "a model", LossConfig: "a loss"}.get(type(section), "a training")
        hint = did_you_mean(key, known) or f"Known: {', '.join(known)}."
        raise ValueError(f"{key!r} is no key of {what}. {hint}")


# --- YAML ---------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML 1.1, as PyYAML reads it, but ``1e-3`` is a number, as in YAML 1.2 and in Python."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$"),
    list("-+.0123456789"),
)


def read_yaml(text: str) -> Any:
    """Return what a text in YAML says: dicts, lists, texts, numbers, true, false or None.

    Raises:
        ValueError: it is no YAML; one sentence says where.

    >>> read_yaml("{lr: 1e-3, steps: 100, loss: {name: none}}")
    {'lr': 0.001, 'steps': 100, 'loss': {'name': 'none'}}
    >>> read_yaml("[1, 2")
    Traceback (most recent call last):
        ...
    ValueError: this is no valid YAML, line 1, column 6: expected ',' or ']', but got '<stream end>'.
    """  # noqa: E501 - the doctest shows the message as it is printed
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"this is no valid YAML{where}: {error.problem}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A character that is not allowed, a date such as 2025-02-30, a thousand brackets.
        reason = str(getattr(error, "reason", error)).partition("\n")[0]
        raise ValueError(f"this is no valid YAML: {reason}.") from error


# --- experiments: one file, one training or several --------------------------------------------


@dataclass(frozen=True)
class Experiment:
    """What a YAML file holds: a training, and how it is varied when it is recorded.

    Attributes:
        name: of the file, without its ending.
        about: one sentence.
        config: the training.
        variants: changes of ``config``, one mapping for each recorded run.
        clouds: whether the places of the test images are kept, for the first seed.
    """

    name: str
    about: str
    config: TrainConfig
    variants: tuple[Mapping[str, Any], ...]
    clouds: bool = False

    def configs(self) -> list[TrainConfig]:
        """All trainings that are recorded."""
        return [self.config.with_values(variant) for variant in self.variants]


def experiment_names() -> tuple[str, ...]:
    """Names of the experiments that the kit ships, sorted.

    >>> "vit_main" in experiment_names()
    True
    """
    folder = resources.files("sigreg_edu") / "configs" / "experiments"
    names = (Path(file.name) for file in folder.iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == ".yaml"))


def load_experiment(name_or_path: str | Path) -> Experiment:
    """Read an experiment that the kit ships, by name, or one of your own, by its path.

    Besides the keys of :class:`TrainConfig` a file may have ``about``, ``clouds`` and ``vary``, a
    list of groups; each maps names to lists of values, and stands for all their combinations.

    Args:
        name_or_path: a name of :func:`experiment_names`, or a path that ends in .yaml or .yml.

    Raises:
        FileNotFoundError: there is no such file. ValueError, TypeError: it is no YAML, or a key
            or a value is not one of a training.

    >>> load_experiment("vit_main").config.loss.name
    'lejepa'
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        if not path.is_file():
            known = ", ".join(experiment_names())
            raise FileNotFoundError(f"there is no file {path}. Shipped ones go by name: {known}.")
        text = path.read_text(encoding="utf-8")
    else:
        name = require_choice(str(name_or_path), "config", experiment_names())
        shipped = resources.files("sigreg_edu") / "configs" / "experiments" / f"{name}.yaml"
        text = shipped.read_text("utf-8")
    try:
        plain = read_yaml(text)
        if not isinstance(plain, dict):
            raise ValueError(f"the file must hold a mapping, got {plain!r:.60}.")
        about, clouds = str(plain.pop("about", "")), plain.pop("clouds", False)
        if not isinstance(clouds, bool):
            raise TypeError(f"clouds must be true or false, got {clouds!r:.60}.")
        variants = tuple(_combinations(plain.pop("vary", [])))
        return Experiment(path.stem, about, TrainConfig.from_dict(plain), variants, clouds)
    except (TypeError, ValueError) as error:
        raise type(error)(f"in {name_or_path}: {error}") from error


def _combinations(groups: object) -> list[dict[str, Any]]:
    """Every combination of every group, in order, each once; no groups give one empty change."""
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise TypeError(f"vary must be a list of mappings from names to lists, got {groups!r:.60}.")
    found: list[dict[str, Any]] = []
    for group in groups or [{}]:
        combined: list[dict[str, Any]] = [{}]
        for name, values in group.items():
            values = values if isinstance(values, list) else [values]
            combined = [{**one, name: value} for one in combined for value in values]
        for one in combined:
            if one not in found:
                found.append(one)
    return found
