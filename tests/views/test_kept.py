"""What is finished is kept, and only so much of it."""

from __future__ import annotations

from sigreg_edu.views.kept import Kept


def test_the_one_unused_for_longest_goes_first():
    kept: Kept[int] = Kept(2)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.get("a")
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (1, None, 3)


def test_putting_a_key_again_replaces_it_and_drops_nothing():
    kept: Kept[int] = Kept(2)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.put("b", 3)
    assert (kept.get("a"), kept.get("b")) == (1, 3)


def test_a_result_is_made_once():
    kept: Kept[list] = Kept(2)
    first = kept.get_or_make("a", list)
    assert kept.get_or_make("a", lambda: [1]) is first
