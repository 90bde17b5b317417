"""Thresholds are chosen by few misses among few false accepts, from the middle of a range."""

from typing import Any

import pytest

from streamrnn.errors import UnsupportedError
from streamrnn.replay.chosen import Choice, choose


def scores(missed: list[int], false: list[int], *, n: int = 10, hours: float = 2.0) -> Any:
    own = {"n": n, "threshold": 0.42, "false_accepts_per_hour": 1.5}
    det = [
        {"threshold": (at + 1) / 10, "missed": {"a": m}, "false_accepts": {"a": f}}
        for at, (m, f) in enumerate(zip(missed, false, strict=True))
    ]
    return {"hours": hours, "words": {"a": own}, "det": det}


@pytest.mark.parametrize(
    "missed, false, at, enough",
    [
        ([0, 0, 1, 2], [9, 3, 1, 0], 3, True),  # 0.5 an hour are borne, in 2 h one
        ([0, 0, 0, 0, 0, 4], [9, 1, 1, 0, 0, 0], 4, True),  # of 0.2 to 0.5, the higher of two
        ([0, 1, 1, 1, 1], [9, 0, 0, 0, 9], 3, True),
        ([1, 2, 1, 1, 1, 2, 1], [0, 0, 0, 0, 0, 0, 0], 4, True),  # of the longest run
        ([1, 1, 1, 2, 1, 1, 1], [0, 0, 0, 0, 0, 0, 0], 6, True),  # of equal ones the last
        ([0, 0, 1, 1, 3], [9, 5, 4, 4, 6], 4, False),  # none: the fewest false accepts
    ],
)
def test_by_hand(missed: list[int], false: list[int], at: int, enough: bool) -> None:
    found = choose(scores(missed, false), 0.5)
    expected = Choice(at / 10, 10, missed[at - 1], false[at - 1] / 2.0, enough)
    assert found == {"a": expected}


def test_a_word_without_marks_keeps_the_models_threshold() -> None:
    assert choose(scores([0, 0], [0, 0], n=0), 0.5) == {"a": Choice(0.42, 0, 0, 1.5, False)}
    assert choose(scores([0, 0], [0, 0], n=0), 2.0)["a"].enough


def test_nothing_is_chosen_on_nothing() -> None:
    with pytest.raises(UnsupportedError, match="expected recordings that last"):
        choose(scores([0], [0], hours=0.0), 0.5)
