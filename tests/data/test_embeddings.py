"""Files of embeddings are read row by row, and refused with a reason."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sigreg_edu.data.embeddings import open_embeddings


@pytest.fixture
def z(generator):
    return torch.randn(50, 4, generator=generator)


def written(folder, kind, z):
    file = folder / f"z{kind}"
    if kind == ".npy":
        np.save(file, z.numpy())
    elif kind == ".npz":
        np.savez(file, z=z.numpy())
    elif kind == ".safetensors":
        save_file({"z": z}, file)
    else:
        np.savetxt(file, z.numpy(), delimiter=",")
    return file


@pytest.mark.parametrize("kind", [".npy", ".npz", ".safetensors", ".csv"])
def test_what_was_written_is_read_in_rows_and_in_chunks(tmp_path, z, kind):
    opened = open_embeddings(written(tmp_path, kind, z))
    assert opened.shape == (50, 4)
    assert len(opened) == 50
    torch.testing.assert_close(opened.rows(7, 9), z[7:9])
    chunks = list(opened.chunks(20))
    assert [len(chunk) for chunk in chunks] == [20, 20, 10]
    torch.testing.assert_close(torch.cat(chunks), z)
    assert chunks[0].dtype == torch.float32


def test_npy_stays_on_the_disk(tmp_path, z):
    file = written(tmp_path, ".npy", z)
    opened = open_embeddings(file)
    changed = np.load(file, mmap_mode="r+")
    changed[3] = 9.0
    changed.flush()
    assert (opened.rows(3, 4) == 9.0).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64])
@pytest.mark.parametrize("kind", [".npy", ".safetensors"])
def test_other_numbers_become_float32(tmp_path, z, kind, dtype):
    rows = open_embeddings(written(tmp_path, kind, (10 * z).to(dtype))).rows(0, 50)
    assert rows.dtype == torch.float32
    torch.testing.assert_close(rows, (10 * z).to(dtype).float())


def test_bfloat16_is_read_from_safetensors(tmp_path, z):
    file = written(tmp_path, ".safetensors", z.bfloat16())
    assert torch.equal(open_embeddings(file).rows(0, 50), z.bfloat16().float())


def test_a_csv_may_have_headings(tmp_path):
    file = tmp_path / "z.csv"
    file.write_text("\ufeffa,b\n1,2\n3,4\n", encoding="utf-8")
    assert open_embeddings(file).rows(0, 2).tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("kind", [".npz", ".safetensors"])
def test_one_of_several_is_chosen_by_name(tmp_path, z, kind):
    file = tmp_path / f"z{kind}"
    if kind == ".npz":
        np.savez(file, train=z.numpy(), test=-z.numpy())
    else:
        save_file({"train": z, "test": -z}, file)
    assert torch.equal(open_embeddings(file, name="test").rows(0, 50), -z)
    with pytest.raises(ValueError, match=r"holds test, train; several\. Choose one by name="):
        open_embeddings(file)
    with pytest.raises(ValueError, match="asked: valid"):
        open_embeddings(file, name="valid")


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".pth", ".bin"])
def test_a_pickle_is_never_opened(tmp_path, suffix):
    file = tmp_path / f"z{suffix}"
    file.write_bytes(pickle.dumps([1.0]))
    with pytest.raises(ValueError, match=r"may hold a pickle.*numpy\.save"):
        open_embeddings(file)


@pytest.mark.parametrize("kind", [".npy", ".npz"])
def test_pickled_objects_in_numpys_files_are_refused(tmp_path, kind):
    file = tmp_path / f"z{kind}"
    objects = np.array([[{}, {}]] * 3, dtype=object)
    np.save(file, objects) if kind == ".npy" else np.savez(file, objects)
    with pytest.raises(ValueError, match="without pickled objects"):
        open_embeddings(file)


@pytest.mark.parametrize("kind", [".npy", ".npz", ".safetensors", ".csv"])
def test_a_damaged_file_is_refused(tmp_path, z, kind):
    file = written(tmp_path, kind, z)
    content = file.read_bytes()
    file.write_bytes(b"no," + content[: len(content) // 2])
    with pytest.raises(ValueError, match="cannot be read as such"):
        open_embeddings(file)


@pytest.mark.parametrize("shape", [(5,), (5, 2, 2), (5, 0)])
def test_what_is_no_matrix_is_refused(tmp_path, shape):
    with pytest.raises(ValueError, match=r"matrix \(N, D\)"):
        open_embeddings(written(tmp_path, ".npy", torch.zeros(shape)))


def test_a_single_row_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 2 embeddings"):
        open_embeddings(written(tmp_path, ".npy", torch.zeros(1, 3)))


@pytest.mark.parametrize("kind", [".npy", ".safetensors"])
@pytest.mark.parametrize("dtype", [torch.bool, torch.complex64])
def test_other_things_than_real_numbers_are_refused(tmp_path, kind, dtype):
    with pytest.raises(ValueError, match="real numbers"):
        open_embeddings(written(tmp_path, kind, torch.zeros(5, 2, dtype=dtype)))


@pytest.mark.parametrize("bad", [torch.nan, torch.inf])
def test_a_bad_number_is_named_by_its_place(tmp_path, z, bad):
    z[30, 2] = bad
    opened = open_embeddings(written(tmp_path, ".npy", z))
    assert len(opened.rows(0, 30)) == 30
    with pytest.raises(ValueError, match="row 30, column 2"):
        list(opened.chunks(20))


@pytest.mark.parametrize(("start", "stop"), [(0, 51), (-1, 3), (4, 4)])
def test_rows_beyond_the_end_are_refused(tmp_path, z, start, stop):
    with pytest.raises(IndexError, match="rows 0 to 49"):
        open_embeddings(written(tmp_path, ".npy", z)).rows(start, stop)


def test_missing_files_and_other_kinds_are_refused(tmp_path, z):
    with pytest.raises(FileNotFoundError, match="no file"):
        open_embeddings(tmp_path / "z.npy")
    (tmp_path / "z.txt").write_text("1 2", encoding="utf-8")
    with pytest.raises(ValueError, match=r"ends in \.npy, \.npz, \.safetensors, \.csv"):
        open_embeddings(tmp_path / "z.txt")
    with pytest.raises(ValueError, match="Leave it out"):
        open_embeddings(written(tmp_path, ".npy", z), name="z")


@pytest.mark.parametrize("kind", [".npy", ".npz", ".safetensors", ".csv"])
def test_some_rows_are_taken_as_of_a_list(tmp_path, kind):
    z = torch.arange(40.0).reshape(20, 2)
    file = open_embeddings(written(tmp_path, kind, z), rows=slice(1, 18, 3))
    assert file.shape == (6, 2)
    assert torch.equal(file.rows(1, 4), z[1:18:3][1:4])
    assert torch.equal(torch.cat(list(file.chunks(4))), z[1:18:3])


def test_a_bad_number_among_some_rows_is_told_by_its_row_in_the_file(tmp_path):
    z = torch.zeros(20, 2)
    z[15, 1] = float("nan")
    file = open_embeddings(written(tmp_path, ".npy", z), rows=slice(1, None, 2))
    with pytest.raises(ValueError, match="row 15, column 1"):
        file.rows(0, 10)
    open_embeddings(file.path, rows=slice(None, None, 2)).rows(0, 10)


@pytest.mark.parametrize("rows", [slice(19, None), slice(None, None, -1), slice(5, 2)])
def test_too_few_rows_or_backwards_are_refused(tmp_path, rows):
    with pytest.raises(ValueError, match="expected"):
        open_embeddings(written(tmp_path, ".npy", torch.zeros(20, 2)), rows=rows)
