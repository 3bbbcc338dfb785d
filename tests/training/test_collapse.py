"""The recorded runs of notebook 04: kept whole, resumed, told as tables, true to the training."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from sigreg_edu.data import load_digits
from sigreg_edu.losses.schedules import TRANSITIONS
from sigreg_edu.training import collapse, knn_accuracy, principal_deviations
from sigreg_edu.training.collapse import main, plan, record, watch
from sigreg_edu.training.collapse_file import (
    FILE,
    LAMBDAS,
    MOMENTS,
    NUM_SHOWN,
    SEEDS,
    STEPS,
    Setting,
    collapse_runs,
    load_runs,
    save_runs,
    shown_digits,
    sweep,
)
from sigreg_edu.training.collapse_tables import as_table, markdown, pixel_accuracy, report
from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.shipped import load_run
from sigreg_edu.training.targets import TARGETS

DATA = Path(__file__).parents[2] / "data" / "runs"
FEW = {
    Setting.default("vicreg"): (0, 1, 3),
    Setting("lejepa", 0.1, "teacher", seed=1): (3,),
    Setting.default("hybrid", shape="cosine"): (0, 3),
}


@pytest.fixture
def recorded(tmp_path):
    return record(tmp_path, FEW), tmp_path


def same(one, other) -> bool:
    return (
        np.array_equal(one.steps, other.steps)
        and np.array_equal(one.measures, other.measures)
        and np.array_equal(one.invariance, other.invariance)
        and all(np.array_equal(one.spectra[space], other.spectra[space]) for space in SPACES)
    )


# --- one run -------------------------------------------------------------------------------------


def test_a_watched_run_is_the_training_at_its_moments():
    setting = Setting("lejepa", 0.1, "stop_gradient", seed=1)
    run = watch(setting, (0, 2, 4), cloud=True)
    training = JointTraining("lejepa", lamb=0.1, target="stop_gradient", steps=4, seed=1)
    for index, step in enumerate((0, 2, 4)):
        while len(training.records) < step:
            training.step()
        for space in SPACES:
            measures = training.measure(space)
            for name in ("smallest_std", "mean_std", "effective_rank", "knn", "sigreg"):
                kept = run.curve(name, space)[index]
                assert kept == pytest.approx(getattr(measures, name), rel=1e-6)
            spectrum = principal_deviations(training.embed(space))
            np.testing.assert_array_equal(run.spectra[space][index], spectrum)
        cloud = training.embed()[shown_digits(), :2]
        np.testing.assert_array_equal(run.cloud[index], cloud)
    # record s + 1 measured the network after s steps; after the last step none followed
    records = training.records
    expected = [records[0].invariance, records[2].invariance, records[3].invariance]
    np.testing.assert_allclose(run.curve("invariance"), expected, rtol=1e-6)


def test_the_moment_of_a_step_is_the_last_one_before_it():
    run = watch(Setting.default("none"), (0, 1, 3))
    assert [run.index(step) for step in (0, 1, 2, 3, 600)] == [0, 1, 1, 2, 2]


def test_an_unknown_measure_or_space_is_refused():
    run = watch(Setting.default("none"), (0, 3))
    with pytest.raises(ValueError, match="smallest_std"):
        run.curve("smalest_std")
    with pytest.raises(ValueError, match="projection"):
        run.curve("knn", "projektion")


def test_the_digits_shown_are_test_digits_of_every_class():
    shown, digits = shown_digits(), load_digits()
    assert len(set(shown.tolist())) == NUM_SHOWN
    assert set(shown.tolist()) <= set(digits.test_indices.tolist())
    assert digits.labels[shown].bincount().min() > 15


# --- the file ------------------------------------------------------------------------------------


def test_runs_are_kept_as_they_were(recorded):
    runs, folder = recorded
    kept = load_runs(folder / FILE)
    assert list(kept) == list(FEW)
    for setting, run in runs.items():
        assert same(kept[setting], run)
        assert (kept[setting].cloud is None) == (run.cloud is None)
    cloud = runs[Setting.default("vicreg")].cloud  # only of a condition as it is, seed 0
    assert cloud.shape == (3, NUM_SHOWN, 2)
    # half precision is good to 2^-11 of at most some 4 standard deviations
    limit = 5.0 * cloud.std() * 2.0**-11
    assert np.abs(kept[Setting.default("vicreg")].cloud - cloud).max() < limit
    assert kept[Setting.default("hybrid", shape="cosine")].cloud is None


def test_recording_goes_on_where_it_was(recorded, monkeypatch, capsys):
    runs, folder = recorded
    done = []
    monkeypatch.setattr(collapse, "watch", lambda s, m, **o: done.append(s) or watch(s, m, **o))
    capsys.readouterr()
    again = record(folder, FEW)
    assert (done, capsys.readouterr().out) == ([], "")
    assert all(same(again[setting], runs[setting]) for setting in FEW)
    more = {**FEW, Setting.default("none"): (3,), Setting.default("vicreg"): (0, 3)}
    assert list(record(folder, more)) == list(more)  # another moment is another look
    assert done == [Setting.default("vicreg"), Setting.default("none")]
    done.clear()
    record(folder, FEW, fresh=True)
    assert done == list(FEW)


def test_an_interruption_keeps_what_is_done_and_says_how_to_go_on(tmp_path, monkeypatch, capsys):
    first = next(iter(FEW))

    def interrupted(setting, moments, **options):
        if setting != first:
            raise KeyboardInterrupt
        return watch(setting, moments, **options)

    monkeypatch.setattr(collapse, "plan", lambda: FEW)
    monkeypatch.setattr(collapse, "watch", interrupted)
    assert main([str(tmp_path)]) == 130
    assert f"go on with: {collapse.AGAIN}" in capsys.readouterr().out
    assert list(load_runs(tmp_path / FILE)) == [first]
    assert {path.name for path in tmp_path.iterdir()} == {FILE}


def test_a_file_that_is_not_whole_is_refused_with_what_to_do(recorded):
    _, folder = recorded
    with np.load(folder / FILE) as file:
        kept = dict(file)
    for name in kept:
        np.savez(folder / "less.npz", **{key: kept[key] for key in kept if key != name})
        with pytest.raises(ValueError, match=r"to be whole, got .*--fresh"):
            load_runs(folder / "less.npz")
    np.savez(folder / "less.npz", **{**kept, "measures": kept["measures"][1:]})
    with pytest.raises(ValueError, match="wrong: measures"):
        load_runs(folder / "less.npz")


def test_numbers_that_no_recording_writes_are_refused(recorded):
    _, folder = recorded
    with np.load(folder / FILE) as file:
        kept = dict(file)
    facts = json.loads(str(kept["facts"]))
    settings, seconds = facts["settings"], facts["seconds"]

    def first(**changes):
        return {"settings": [{**settings[0], **changes}, *settings[1:]]}

    numbers = ["measures", "invariance", "embedding", "projection", "clouds", "centre", "spread"]
    spoilt = [(name, {name: np.full_like(kept[name], np.nan)}) for name in numbers]
    spoilt += [
        ("step", {"step": kept["step"][::-1]}),
        ("run", {"run": kept["run"] + 1}),
        ("run", {"run": kept["run"][::-1]}),
        ("centre", {"centre": kept["centre"][:1]}),  # would fit by broadcasting
    ]
    spoilt += [(name, {"facts": np.array(json.dumps({**facts, **change}))}) for name, change in (
        ("settings", first(condition="nonsense")),
        ("settings", first(target="nonsense")),
        ("settings", first(shape="nonsense")),
        ("settings", first(lamb=float("nan"))),
        ("settings", {"settings": [settings[0]] * len(settings)}),
        ("run", {"settings": settings[1:]}),
        ("seconds", {"seconds": seconds[1:]}),
    )]  # fmt: skip
    for name, change in spoilt:
        np.savez(folder / "bad.npz", **{**kept, **change})
        with pytest.raises(ValueError, match=rf"wrong: .*{name}.*--fresh$"):
            load_runs(folder / "bad.npz")
    np.savez(folder / "bad.npz", **{**kept, "facts": json.dumps({**facts, **first(colour=1)})})
    with pytest.raises(ValueError, match=r"colour.*--fresh$"):
        load_runs(folder / "bad.npz")


def test_a_damaged_file_is_told_wherever_the_damage_is(recorded):
    _, folder = recorded
    whole = (folder / FILE).read_bytes()
    path = folder / "bad.npz"
    for place in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:place])
        with pytest.raises(ValueError, match=r"record it again: .*--fresh$"):
            load_runs(path)
        for byte in (b"\x00", b"\xff"):
            path.write_bytes(whole[:place] + 20 * byte + whole[place + 20 :])
            with suppress(ValueError):  # nothing else is raised
                assert list(load_runs(path)) == list(FEW)  # it may hit what nobody reads


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"version https://git-lfs"])
def test_a_file_that_is_no_recording_is_told_without_a_word_of_pickle(tmp_path, content):
    path = tmp_path / FILE
    path.write_bytes(content)
    for load in (load_runs, load_run):
        with pytest.raises(ValueError, match=r"expected .* to be whole, got .*cannot be") as told:
            load(path)
        assert "allow_pickle" not in str(told.value)
        assert "record it again: python -m sigreg_edu.training" in str(told.value)


def test_a_missing_file_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGREG_EDU_DATA", str(tmp_path))
    collapse_runs.cache_clear()
    try:
        with pytest.raises(FileNotFoundError, match=r"training\.collapse$"):
            collapse_runs()
    finally:
        collapse_runs.cache_clear()


def test_a_setting_that_was_not_recorded_is_told():
    with pytest.raises(KeyError, match=r"lamb=0\.123"):
        collapse_runs().of(Setting("lejepa", 0.123))


def test_clouds_of_no_run_are_kept_as_none(tmp_path):
    run = watch(Setting.default("none"), (3,))
    save_runs([run], tmp_path / FILE)
    assert load_runs(tmp_path / FILE)[run.setting].cloud is None


# --- the tables ----------------------------------------------------------------------------------


def test_a_table_has_a_row_for_each_loss_and_both_references():
    runs = collapse_runs()
    for space in SPACES:
        lines = as_table(space).splitlines()
        assert len({len(line) for line in lines}) == 1  # columns line up
        rows = {cells[1].strip(): cells[2:-1] for cells in (line.split("|") for line in lines)}
        names = {condition.label for condition in CONDITIONS.values()}
        assert names | {"(untrained network)", "(raw pixels)"} <= set(rows)
        knn = [
            100 * runs.of(Setting.default("vicreg", seed=seed)).curve("knn", space)[-1]
            for seed in SEEDS
        ]
        expected = f"{np.mean(knn):.1f} ± {np.std(knn, ddof=1):.1f}"
        assert rows["VICReg"][2].strip() == expected


def test_the_accuracy_of_raw_pixels_is_that_of_the_probe():
    digits, pixels = load_digits(), load_digits().images.reshape(-1, 64)
    train, test = digits.train_indices, digits.test_indices
    expected = knn_accuracy(pixels[train], digits.labels[train], pixels[test], digits.labels[test])
    assert pixel_accuracy() == expected


def test_an_unknown_space_is_refused():
    with pytest.raises(ValueError, match="embedding"):
        as_table("embeding")


def test_a_table_is_markdown():
    assert markdown([("a", "b"), ("1", "22")]) == "| a | b  |\n|---|----|\n| 1 | 22 |"


# --- what comes with the kit ---------------------------------------------------------------------


def test_all_that_is_planned_was_recorded():
    runs = load_runs(DATA / FILE)
    assert {setting: tuple(run.steps) for setting, run in runs.items()} == plan()
    for name in CONDITIONS:
        for seed in SEEDS:
            run = runs[Setting.default(name, seed=seed)]
            assert tuple(run.steps) == MOMENTS
            assert (run.cloud is not None) == (seed == 0)
    for shape in TRANSITIONS:
        assert Setting.default("hybrid", shape=shape) in runs
    assert all(one in runs for lamb in (0.0, *LAMBDAS) for t in TARGETS for one in sweep(lamb, t))


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_recorded_runs_are_those_of_today_s_defaults(condition):
    """Fails when a default of the training changes: then record them again."""
    run = collapse_runs().of(Setting.default(condition))
    training = JointTraining(condition, steps=STEPS)
    for step in (0, 1, 2):
        assert run.steps[step] == step
        assert training.step().invariance == pytest.approx(run.invariance[step], rel=1e-3)


def test_the_note_says_what_is_in_it_and_where_it_ran():
    runs, note = load_runs(DATA / FILE), json.loads((DATA / "collapse.json").read_text("utf-8"))
    assert note["runs"] == len(runs)
    assert tuple(note["config"]["moments"]) == MOMENTS
    assert tuple(note["config"]["lambdas"]) == LAMBDAS
    assert note["config"]["defaults"] == collapse.training_defaults()  # else record again
    assert {"device", "machine", "python", "threads", "torch"} <= set(note["ran_on"])
    assert note["again"] == collapse.AGAIN
    assert note["seconds"] == pytest.approx(sum(run.seconds for run in runs.values()), abs=1)


def test_the_tables_beside_the_file_are_of_it():
    assert (DATA / "collapse.md").read_text("utf-8") == report(collapse_runs())


def test_it_stays_under_half_a_megabyte():
    assert (DATA / FILE).stat().st_size < 500_000


def test_they_show_what_the_notebook_says():
    runs = collapse_runs()

    def final(condition, name, space="projection"):
        return runs.final(name, [Setting.default(condition, seed=s) for s in SEEDS], space)

    def narrowest_axis(condition):
        settings = [Setting.default(condition, seed=s) for s in SEEDS]
        return np.array([runs.of(one).spectra["projection"][-1, -1] for one in settings])

    # without a regularizer the cloud shrinks evenly: no dimension is lost, only the scale
    assert final("none", "smallest_std").max() < 0.02
    assert final("none", "effective_rank").min() > 15.0
    # VICReg keeps every coordinate wide, and some direction narrow all the same
    assert final("vicreg", "smallest_std").min() > 1.0
    assert narrowest_axis("vicreg").max() < 0.1
    # SIGReg leaves no narrow direction, and its T is lower
    assert narrowest_axis("sigreg").min() > 0.8
    assert final("sigreg", "sigreg").max() < final("vicreg", "sigreg").min()
    # a standardized test lets the cloud shrink and flatten
    assert final("standardized", "smallest_std").max() < 0.25
    assert final("standardized", "effective_rank").max() < 12.0
    assert final("standardized", "knn").max() < final("lejepa", "knn").min()
    # the embedding, which no loss sees, is neither of std 1 nor round
    for condition in CONDITIONS:
        assert final(condition, "smallest_std", "embedding").min() > 1.3


def test_a_stop_gradient_alone_prevents_nothing():
    runs = collapse_runs()
    for setting, stopped in zip(sweep(0.0), sweep(0.0, "stop_gradient"), strict=True):
        one, other = runs.of(setting), runs.of(stopped)
        for space in SPACES:
            np.testing.assert_allclose(one.spectra[space][-1], other.spectra[space][-1], rtol=2e-3)
        assert one.curve("knn")[-1] == pytest.approx(other.curve("knn")[-1], abs=0.01)


def test_an_averaged_teacher_slows_collapse_down():
    runs = collapse_runs()
    alone = runs.final("smallest_std", sweep(0.0))
    teacher = runs.final("smallest_std", sweep(0.0, "teacher"))
    assert (teacher > 5 * alone).all()
    assert teacher.max() < 0.3


def test_with_enough_sigreg_the_target_hardly_matters():
    runs = collapse_runs()
    for lamb in (0.02, 0.1):
        means = [runs.final("knn", sweep(lamb, target)).mean() for target in TARGETS]
        assert max(means) - min(means) < 0.025
