"""The site of the notebooks: whole, without the network, and its pictures have words."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from sigreg_edu.cli import main
from sigreg_edu.cli.book import (
    explorer_of,
    frames_of,
    live_picture,
    make_book,
    some_positions,
    with_pictures,
)
from sigreg_edu.cli.errors import UserError
from sigreg_edu.views.params import PowerSlider, Slider

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


class Links(HTMLParser):
    """What a page points to, what it can be pointed at, and its pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.names: set[str] = set()
        self.pictures: list[dict[str, str | None]] = []
        self.headings: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.names |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe", "source") and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") not in ("canonical", None):
            self.loaded.append(given["href"])
        if tag == "img":
            self.pictures.append(given)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[str, Links]:
    """All notebooks as stills."""
    first = make_book(NOTEBOOKS, tmp_path_factory.mktemp("book") / "site", frames=1)
    pages = first.parent.glob("*.html")
    return {str(page): Links(page.read_text(encoding="utf-8")) for page in pages}


def test_every_notebook_and_the_glossary_have_a_page(site):
    pages = {Path(page).stem for page in site}
    assert {path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb")} | {"index", "glossary"} <= pages
    assert "teaching_notes" not in pages  # they tell the answers


def test_links_within_the_site_lead_somewhere(site):
    for page, found in site.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (Path(page).parent / unquote(parts.path)).resolve() if parts.path else page
            assert Path(target).exists(), (page, link)
            if parts.fragment and str(target) in site:
                assert unquote(parts.fragment) in site[str(target)].names, (page, link)


def test_nothing_is_loaded_from_the_network(site):
    for page, found in site.items():
        for address in found.loaded:
            parts = urlsplit(address)
            assert parts.scheme in ("", "data"), (page, address)
            assert parts.netloc == "", (page, address)
            if parts.path and not parts.scheme:
                assert (Path(page).parent / parts.path).exists(), (page, address)


def test_every_picture_has_words_and_headings_go_down_one_by_one(site):
    for page, found in site.items():
        if Path(page).name == "search.html":  # its script writes it
            continue
        assert all(picture.get("alt") for picture in found.pictures), page
        assert found.headings[0] == 1, page
        steps = zip(found.headings, found.headings[1:], strict=False)
        assert all(after - before <= 1 for before, after in steps), (page, found.headings)


def test_a_picture_lives_along_its_slider():
    widget = explorer_of("explorers.ranking_explorer()")
    frames = frames_of(widget, 9)
    widget.close()
    assert len(frames.pictures) == len(frames.words) == len(frames.values) == 9
    assert len(set(frames.pictures)) > 5
    page = live_picture("A title <with> signs", frames, name="here")
    found = Links(page)
    assert found.pictures == [
        {"src": frames.pictures[frames.start], "alt": frames.words[frames.start]}
    ]
    kept = json.loads(page.split('<script type="application/json">')[1].split("</script>")[0])
    assert kept["words"] == list(frames.words)
    assert "A title &lt;with&gt; signs" in page


def test_the_slider_that_can_be_played_comes_first():
    widget = explorer_of("explorers.schedule_explorer()")
    assert frames_of(widget, 3).label == widget.explorer.params.controls()["step"].label
    widget.close()


@pytest.mark.parametrize(
    ("control", "now", "chosen"),
    [
        (Slider(0, 4, 1, label="x"), 2, [0, 1, 2, 3, 4]),
        (Slider(0.0, 1.0, 0.1, label="x"), 0.7, [0.0, 0.2, 0.5, 0.7, 1.0]),
        (PowerSlider(2, 512, 1, label="x"), 512, [2, 8, 32, 128, 512]),
    ],
)
def test_positions_keep_the_ends_and_the_present_one(control, now, chosen):
    assert some_positions(control, now, 5) == chosen


@pytest.mark.parametrize(
    "source", ["z = 1", "explorers.inspection_explorer(of=z)", "explorers.GALLERY", "1 % 2\n2"]
)
def test_what_shows_no_explorer_or_one_of_own_data_keeps_its_still(source):
    assert explorer_of(source) is None


def test_a_still_has_the_read_out_as_its_words():
    data = {"image/png": "aGk=\n", "text/plain": ["<explorer: T = 3 & more>"]}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    cell = {"cell_type": "code", "id": "a", "source": "x", "outputs": [output]}
    told = with_pictures({"cells": [cell]}, frames=1)["cells"][0]["outputs"][0]
    assert told["data"]["text/html"] == (
        '<img src="data:image/png;base64,aGk=" alt="T = 3 &amp; more">'
    )


def test_a_folder_of_somebody_else_is_never_removed(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="not made by sigreg-edu book"):
        make_book(NOTEBOOKS, tmp_path, frames=1)
    assert (tmp_path / "thesis.tex").exists()


def test_a_link_that_leads_nowhere_stops_it(tmp_path):
    broken = tmp_path / "notebooks"
    broken.mkdir()
    (broken / "glossary.md").write_text("# Glossary\n\n[gone](nowhere.md)\n")
    with pytest.raises(UserError, match=r"target not found: 'nowhere\.md'"):
        make_book(broken, tmp_path / "site")
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--frames", "2"], "--frames must be 3"), (["--only", "99_x"], "no notebook '99_x'")],
)
def test_what_cannot_be_is_told(arguments, told, capsys, tmp_path):
    assert main(["book", "--output", str(tmp_path / "site"), *arguments]) == 1
    assert told in capsys.readouterr().err


def test_a_disk_that_fills_up_leaves_the_earlier_site(tmp_path, monkeypatch):
    lone = tmp_path / "notebooks"
    lone.mkdir()
    (lone / "glossary.md").write_text("# Glossary\n")
    first = make_book(lone, tmp_path / "site")
    before = first.read_text(encoding="utf-8")

    def full(source, target, **_):
        Path(target).mkdir()
        raise shutil.Error([(source, target, "[Errno 28] No space left on device")])

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(UserError, match=r"No space left on device.*another place: --output"):
        make_book(lone, tmp_path / "site")
    assert first.read_text(encoding="utf-8") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notebooks", "site"]
