"""``sigreg-edu inspect``: a summary, a page, and plain words for files that are no embeddings."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch

from sigreg_edu.cli import main


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    z = 0.1 * torch.randn(400, 6, generator=torch.Generator().manual_seed(0))
    np.save(tmp_path / "z.npy", z.numpy())
    return tmp_path / "z.npy"


def test_it_says_what_is_wrong_and_writes_a_page(file, capsys):
    assert main(["inspect", str(file)]) == 0
    said = capsys.readouterr().out
    assert "400 embeddings of 6 dimensions: shrunk" in said
    assert "Shrunk: Give the regularizer more weight" in said
    page = (file.parent / "z.npy.html").read_text(encoding="utf-8")
    assert "Shrunk" in page


def test_the_page_goes_where_it_is_told_or_nowhere(file, capsys):
    there = file.parent / "page.html"
    assert main(["inspect", str(file), "--report", str(there)]) == 0
    assert there.is_file()
    assert str(there) in capsys.readouterr().out
    there.unlink()
    assert main(["inspect", str(file), "--no-report"]) == 0
    assert sorted(path.name for path in file.parent.iterdir()) == ["z.npy"]


def test_a_page_that_cannot_be_written_is_refused_before_the_work(file, capsys):
    assert main(["inspect", str(file), "--report", str(file.parent / "no" / "page.html")]) == 1
    told = capsys.readouterr()
    assert "may be written to" in told.err
    assert "rows" not in told.out


def test_no_other_file_is_overwritten_by_the_page(file, capsys):
    before = file.read_bytes()
    assert main(["inspect", str(file), "--report", str(file)]) == 1
    assert "ends in .html" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_a_name_chooses_the_array(file, capsys):
    several = file.parent / "z.npz"
    np.savez(several, one=np.load(file), two=10.0 * np.load(file))
    assert main(["inspect", str(several), "--no-report"]) == 1
    assert "one, two" in capsys.readouterr().err
    assert main(["inspect", str(several), "--name", "two", "--no-report"]) == 0
    assert "(two)" in capsys.readouterr().out


def test_rows_chooses_one_view_of_each_image(file, capsys):
    z = np.load(file)
    np.save(file, np.concatenate([10.0 * z, 10.0 * z]))
    assert main(["inspect", str(file), "--rows", ":400", "--no-report"]) == 0
    assert "400 embeddings of 6 dimensions: healthy" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["inspect", str(file), "--rows", "half"])
    assert "::2" in capsys.readouterr().err


def write_pickle(path):
    path.write_bytes(pickle.dumps([1.0]))


def write_objects(path):
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)


def write_half(path):
    np.save(path, np.zeros((100, 3)))
    path.write_bytes(path.read_bytes()[:500])


def write_hole(path):
    np.save(path, np.full((10, 2), np.nan))


@pytest.mark.parametrize(
    ("name", "write", "words"),
    [
        ("z.pkl", write_pickle, "pickle"),
        ("z.npy", write_objects, "pickled objects"),
        ("z.npy", write_half, "whole .npy file"),
        ("z.npy", write_hole, "row 0, column 0"),
        ("z.txt", write_pickle, "ends in"),
        ("z.npy", lambda path: None, "no file"),
        ("z.npy", lambda path: np.save(path, np.zeros(5)), "matrix"),
    ],
)
def test_what_are_no_embeddings_is_refused_in_words(tmp_path, capsys, name, write, words):
    path = tmp_path / name
    write(path)
    assert main(["inspect", str(path), "--no-report"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("sigreg-edu: ")
    assert words in said
    assert "Traceback" not in said


def test_a_large_file_is_never_held_whole(tmp_path):
    """400 MB of embeddings: the memory of its own (not the file's pages) stays below 250 MB."""
    if not sys.platform.startswith("linux"):
        pytest.skip("asks Linux how much memory is the process's own")
    rows, dim = 1_600_000, 64
    mapped = np.lib.format.open_memmap(
        tmp_path / "z.npy", mode="w+", dtype=np.float32, shape=(rows, dim)
    )
    block = np.random.default_rng(0).standard_normal((100_000, dim), dtype=np.float32)
    for start in range(0, rows, len(block)):
        mapped[start : start + len(block)] = block
    del mapped
    code = (
        "import sys, threading, torch\n"
        "from sigreg_edu.data import open_embeddings\n"
        "from sigreg_edu.training.inspection import inspection_steps\n"
        "torch.set_num_threads(1)\n"
        "next(inspection_steps(torch.zeros(9, 2)))\n"
        "own = lambda: int(open('/proc/self/status').read().split('RssAnon:')[1].split()[0])\n"
        "start, seen, ended = own(), [], threading.Event()\n"
        "def watch():\n"
        "    while not ended.wait(0.002): seen.append(own())\n"
        "watcher = threading.Thread(target=watch)\n"
        "watcher.start()\n"
        "found = next(inspection_steps(open_embeddings(sys.argv[1])))\n"
        "ended.set(); watcher.join()\n"
        "print(found.count, (max(seen) - start) / 1024)\n"
    )
    out = subprocess.run([sys.executable, "-c", code, str(tmp_path / "z.npy")],
                         capture_output=True, text=True, check=True).stdout.split()  # fmt: skip
    assert out[0] == str(rows)
    assert float(out[1]) < 250
