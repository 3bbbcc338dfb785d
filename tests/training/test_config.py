"""Configurations: nothing wrong or unknown gets in, and what went into a file comes out again."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from sigreg_edu.training.config import (
    LossConfig,
    ModelConfig,
    TrainConfig,
    experiment_names,
    load_experiment,
    read_yaml,
)
from sigreg_edu.training.objective import CONDITIONS, Regularizer


def changed(**changes):
    return TrainConfig().with_values({k.replace("__", "."): v for k, v in changes.items()})


def written(tmp_path, text, name="mine.yaml"):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return file


# --- values --------------------------------------------------------------------------------------

WRONG = {
    "data": [None, "digits", {}, {"size": 16}],
    "model": [None, "vit_micro", {}],
    "model.name": ["vit_mikro", None, 3],
    "model.stem": ["convolution", None, True],
    "model.patch": [0, -4, 4.0, "4", None, True],
    "model.projection_dim": [0, 2.5, None],
    "model.hidden_dim": [0, "256"],
    "model.normalized": [1, "yes", None],
    "loss": [None, "lejepa", 0.02],
    "loss.name": ["lejep", "none of them", None],
    "loss.lamb": [-0.1, 1.5, float("nan"), "0.02", True],
    "loss.decay": [0.0, 1.5, float("nan"), None],
    "loss.num_slices": [0, 1.5, None],
    "loss.fixed_slices": [1, "yes", None],
    "loss.num_points": [1, 17.0],
    "loss.t_max": [0.0, -3.0, float("inf"), "3"],
    "loss.covariance": [-0.1, float("inf"), None],
    "loss.transition": ["straight", None],
    "steps": [0, -1, 2.5, "600", None, True],
    "batch_size": [1, 0, 32.0],
    "num_views": [1, 2.5],
    "lr": [0.0, -0.1, float("nan"), float("inf"), "1e-3", True],
    "warmup": [-1, 0.5],
    "weight_decay": [-0.1, float("nan"), None],
    "clip_norm": [0.0, "1", None],
    "precision": ["float16", None, 32],
    "seed": [-1, 0.5, None],
    "look_every": [0, 1.5],
    "save_every": [0, None],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, values in WRONG.items() for v in values])
def test_a_wrong_value_is_refused_with_the_name_of_its_key(key, value):
    name = key.removeprefix("loss.") if key == "loss.lamb" else key
    with pytest.raises((TypeError, ValueError), match=rf"^{name} must be "):
        TrainConfig().with_values({key: value})


def test_every_key_has_wrong_values_in_this_test():
    sections = {"model.": ModelConfig, "loss.": LossConfig, "": TrainConfig}
    keys = {start + f.name for start, section in sections.items() for f in fields(section)}
    assert keys == set(WRONG)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("stesp", "'stesp' is no key of a training. Did you mean 'steps'"),
        ("loss.lambda", "'lambda' is no key of a loss. Did you mean 'lamb'"),
        ("model.projection", "'projection' is no key of a model. Did you mean 'projection_dim'"),
        ("losses.lamb", "'losses' is no key of a training. Did you mean 'loss'"),
        ("xyzzy", "'xyzzy' is no key of a training. Known: data, model, loss, steps"),
        ("steps.number", "steps holds one value and has no 'number'"),
        (3, "'3' is no key of a training"),
    ],
)
def test_an_unknown_key_is_refused_and_the_nearest_named(key, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig().with_values({key: 1})


def test_what_is_no_mapping_is_refused():
    with pytest.raises(TypeError, match="must be a mapping, got list"):
        TrainConfig.from_dict(["steps"])


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_loss_brings_its_own_lambda_unless_one_is_given_with_it(name):
    base = changed(loss__lamb=0.5)
    assert base.with_values({"loss.name": name}).loss.lamb == (
        0.5 if name == base.loss.name else CONDITIONS[name].lamb
    )
    if name != "none":
        both = {"loss.name": name, "loss.lamb": 0.125}
        assert base.with_values(both).loss.lamb == 0.125
        assert base.with_values(dict(reversed(both.items()))).loss.lamb == 0.125


@pytest.mark.parametrize("other", ["none", "vicreg", "lejepa", "supervised"])
def test_the_reports_loss_brings_its_few_slices_and_takes_them_away_again(other):
    base = changed(loss__name=other, loss__num_slices=1024)
    report = base.with_values({"loss.name": "standardized"})
    assert report.loss.num_slices == 16
    assert Regularizer("standardized").sigreg.num_slices == 16  # the usual number there
    assert (
        report.with_values({"loss.name": other}).loss.num_slices == LossConfig().num_slices == 256
    )
    both = {"loss.num_slices": 64, "loss.name": "standardized"}
    assert base.with_values(both).loss.num_slices == 64
    assert report.with_values({**both, "loss.name": other}).loss.num_slices == 64


def test_between_other_losses_and_without_another_the_number_of_slices_stays():
    base = changed(loss__name="sigreg", loss__num_slices=1024)
    assert base.with_values({"loss.name": "hybrid"}).loss.num_slices == 1024
    report = changed(loss__name="standardized", loss__num_slices=64)
    same = {"loss.name": "standardized", "loss.t_max": 2.0}
    assert report.with_values(same).loss.num_slices == 64


def test_a_file_that_names_the_reports_loss_has_its_few_slices_and_gives_them_back():
    config = TrainConfig.from_dict({"loss": {"name": "standardized"}})
    assert config.loss.num_slices == 16
    many = config.with_values({"loss.num_slices": 256})
    assert TrainConfig.from_dict(many.to_dict()) == many


@pytest.mark.parametrize("name", ["none", "supervised"])
def test_without_a_regularizer_lambda_is_zero(name):
    assert changed(loss__name=name).loss.lamb == 0.0
    with pytest.raises(ValueError, match="lamb must be 0 without a regularizer"):
        changed(loss__name=name, loss__lamb=0.1)


def test_another_image_set_drops_the_options_of_the_old_one():
    base = changed(data={"name": "digits", "pose": 0.5, "size": 24})
    assert base.with_values({"data.pose": 0.25}).data == {
        "name": "digits",
        "pose": 0.25,
        "size": 24,
    }
    assert base.with_values({"data.name": "shapes"}).data == {"name": "shapes"}
    both = {"data.size": 32, "data.name": "shapes"}
    assert base.with_values(both).data == {"name": "shapes", "size": 32}


def test_a_configuration_does_not_change():
    options = {"name": "digits", "pose": 0.5}
    base = changed(data=options)
    options["pose"] = 1.0
    assert base.data["pose"] == 0.5
    with pytest.raises(TypeError):
        base.data["pose"] = 1.0
    other = base.with_values({"steps": 3, "loss.lamb": 0.3})
    assert (base.steps, base.loss.lamb) == (600, 0.02)
    assert (other.steps, other.loss.lamb) == (3, 0.3)


NESTED = {"name": "shapes", "varied": ["size"], "more": {"depth": [{"of": 1}], "set": {2, 3}}}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda c: pickle.loads(pickle.dumps(c))]
)
def test_a_copy_is_equal_and_does_not_change_either(copied):
    config = changed(data=NESTED, steps=7, loss__name="vicreg")
    other = copied(config)
    assert other == config
    assert hash(other) == hash(config)
    with pytest.raises(TypeError):
        other.data["name"] = "digits"
    with pytest.raises(AttributeError):
        other.steps = 8


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({"clip_norm": 1}, {"clip_norm": 1.0}),  # Python holds them equal
        ({"data": NESTED}, {"data": dict(reversed(NESTED.items()))}),
    ],
)
def test_equal_configurations_are_one_key(one, other):
    assert changed(**one) == changed(**other)
    assert len({changed(**one), changed(**other)}) == 1


@pytest.mark.parametrize(
    "change", [{"steps": 601}, {"loss.lamb": 0.5}, {"data.pose": 0.5}, {"model.patch": 8}]
)
def test_different_configurations_are_different_keys(change):
    base = TrainConfig()
    other = base.with_values(change)
    assert {base: 1, other: 2}[base] == 1
    assert hash(base) != hash(other)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"loss__name": "supervised", "precision": "float32"},
        {"loss__name": "vicreg", "loss__covariance": 0.0},
        {"model__stem": "patch", "loss__fixed_slices": True},
        {"data": {"name": "shapes", "varied": ["position"], "size": 24}},
    ],
)
def test_yaml_gives_back_what_it_was_given(changes):
    config = changed(**changes)
    again = TrainConfig.from_dict(yaml.safe_load(yaml.safe_dump(config.to_dict())))
    assert again == config
    assert again.to_dict() == config.to_dict()


def test_tuples_and_paths_become_what_files_can_hold():
    options = {"name": "folder", "path": Path("some") / "where", "sizes": (16, 32)}
    plain = {"name": "folder", "path": str(Path("some") / "where"), "sizes": [16, 32]}
    assert changed(data=options).to_dict()["data"] == plain


# --- YAML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("-2.5e+2", -250.0),
        ("+1.e1", 10.0),
        (".5e1", 5.0),
        ("1.0e-3", 0.001),
        ("[1e-3, 2e-3]", [0.001, 0.002]),
        ("0.5", 0.5),
        (".inf", float("inf")),
    ],
)
def test_numbers_with_an_exponent_are_numbers(text, value):
    assert read_yaml(text) == value
    assert type(read_yaml(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "100",
        "0",
        "none",
        "null",
        "true",
        "'1e-3'",
        "e3",
        "1e",
        "1e3x",
        "1e-3 m",
        "v1e3",
        "2025-01-02",
    ],
)
def test_everything_else_is_read_as_pyyaml_reads_it(text):
    assert read_yaml(text) == yaml.safe_load(text)
    assert type(read_yaml(text)) is type(yaml.safe_load(text))


def test_pyyamls_own_loader_is_as_it_was():
    assert yaml.safe_load("1e-3") == "1e-3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: [", "this is no valid YAML, line 1, column 9: expected the node content"),
        ("a: 1\nb: c: 2", "line 2, column 5: mapping values are not allowed here"),
        ("a: 1\n\tb: 2", "line 2, column 1: found character '.t' that cannot start any token"),
        ("a: 'open", "line 1, column 9: found unexpected end of stream"),
        ("*nothing", "line 1, column 1: found undefined alias 'nothing'"),
        ("a: !!python/object:os.system {}", "line 1, column 4: could not determine a constructor"),
        ("{[1]: 2}", "line 1, column 2: found unhashable key"),
        ("a: \x00", "this is no valid YAML: special characters are not allowed"),
        ("a: 2025-02-30", "this is no valid YAML: day is out of range"),
        (2000 * "[", "this is no valid YAML: maximum recursion depth exceeded"),
    ],
)
def test_broken_yaml_is_refused_in_one_sentence(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_yaml(text)
    said = str(caught.value)
    assert "\n" not in said
    assert len(said) < 160
    assert said.endswith(".")


# --- experiments ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", experiment_names())
def test_a_shipped_experiment_says_what_it_is_and_its_variants_are_valid_and_different(name):
    experiment = load_experiment(name)
    assert experiment.name == name
    assert experiment.about.endswith(".")
    configs = experiment.configs()
    assert configs
    assert all(a != b for i, a in enumerate(configs) for b in configs[:i])


def test_a_file_of_ones_own_is_read_as_a_shipped_one(tmp_path):
    text = """
        about: Mine.
        clouds: true
        steps: 7
        loss: {name: vicreg, covariance: 0.5}
        vary:
          - seed: [0, 1]
            loss.lamb: [0.1, 0.2, 0.2]
          - seed: 1
            loss.lamb: 0.2
          - loss.name: none
    """
    experiment = load_experiment(written(tmp_path, text))
    assert (experiment.name, experiment.about, experiment.clouds) == ("mine", "Mine.", True)
    assert experiment.config.steps == 7
    pairs = [(seed, lamb) for seed in (0, 1) for lamb in (0.1, 0.2)]
    assert list(experiment.variants) == [
        *({"seed": seed, "loss.lamb": lamb} for seed, lamb in pairs),
        {"loss.name": "none"},
    ]
    assert [config.loss.covariance for config in experiment.configs()] == [0.5] * 5


def test_a_file_may_write_numbers_with_an_exponent(tmp_path):
    text = "lr: 1e-3\nvary:\n  - loss.lamb: [1e-2, 5e-2]"
    experiment = load_experiment(written(tmp_path, text))
    assert experiment.config.lr == 0.001
    assert [config.loss.lamb for config in experiment.configs()] == [0.01, 0.05]


def test_an_experiment_that_varies_nothing_is_one_training(tmp_path):
    experiment = load_experiment(str(written(tmp_path, "steps: 3", "one.yml")))
    assert experiment.variants == ({},)
    assert experiment.configs() == [experiment.config]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("stesp: 3", ValueError, "in .*mine.yaml: 'stesp' is no key .* Did you mean 'steps'"),
        ("steps: many", TypeError, "in .*mine.yaml: steps must be a whole number"),
        ("loss:", TypeError, "in .*mine.yaml: loss must be "),
        ("loss: {lamb: 2}", ValueError, "in .*mine.yaml: lamb must be a finite number"),
        ("steps: {number: 3}", ValueError, "in .*mine.yaml: steps holds one value"),
        ("clouds: maybe", TypeError, "in .*mine.yaml: clouds must be true or false"),
        ("vary: {seed: 1}", TypeError, "in .*mine.yaml: vary must be a list of mappings"),
        ("vary: [seed]", TypeError, "in .*mine.yaml: vary must be a list of mappings"),
        ("- steps", ValueError, "in .*mine.yaml: the file must hold a mapping"),
        ("", ValueError, "in .*mine.yaml: the file must hold a mapping, got None"),
        (
            "steps: [",
            ValueError,
            "in .*mine.yaml: this is no valid YAML, line 1, column 9: [^\n]*$",
        ),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, text, error, message):
    with pytest.raises(error, match=message):
        load_experiment(written(tmp_path, text))


def test_what_is_not_there_is_said_and_the_nearest_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file .*none.yaml. Shipped ones .*vit_main"):
        load_experiment(tmp_path / "none.yaml")
    with pytest.raises(ValueError, match="Did you mean 'vit_main'"):
        load_experiment("vit_mian")
