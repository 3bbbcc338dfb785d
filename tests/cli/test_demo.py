"""``sigreg-edu demo``: what the gallery holds, and what is refused before anything is served."""

from __future__ import annotations

import json
import socket

import pytest

from sigreg_edu.cli import demo, main
from sigreg_edu.explorers import GALLERY


@pytest.fixture(scope="module")
def cards():
    return demo.find_cards()


def test_every_explorer_has_a_card_with_words_a_picture_and_its_notebook(cards):
    assert [card.name for card in cards] == list(GALLERY)
    assert [card.notebook for card in cards] == sorted(card.notebook for card in cards)
    for card in cards:
        assert card.about.endswith("."), card.name
        assert card.notebook[:2].isdigit(), card.name
        assert card.still.startswith("data:image/png;base64,"), card.name


def test_the_gallery_leads_to_every_demo_and_asks_nothing_of_the_network(cards):
    page = demo.gallery_page(cards)
    for card in cards:
        assert f'href="voila/render/{card.name}.ipynb"' in page
    assert "http://" not in page
    assert "https://" not in page
    headings = [page.index(f"<h2>{card.notebook}</h2>") for card in cards]
    assert headings == sorted(headings)


def test_each_demo_is_a_notebook_of_one_cell(cards, tmp_path):
    demo.write_demos(tmp_path, cards)
    assert {path.stem for path in tmp_path.iterdir()} == set(GALLERY)
    (cell,) = json.loads((tmp_path / "winding.ipynb").read_text())["cells"]
    namespace: dict = {}
    exec(cell["source"], namespace)
    assert namespace["demo"].explorer.view.readout
    namespace["demo"].close()


def test_a_busy_port_is_told_with_another_one(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["demo", "--no-browser", "--port", str(port)]) == 1
    told = capsys.readouterr().err
    assert f"port {port} cannot be had" in told
    assert "sigreg-edu demo --port" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "there is no demo 'nothing'. Choose one of: embedding,"),
        (["--token", "short"], "--token must have eight characters or more, got 5"),
        (["--port", "70000"], "--port must be from 1 to 65535, got 70000"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, message, capsys):
    assert main(["demo", "--no-browser", *arguments]) == 1
    assert message in capsys.readouterr().err
