"""What is found, missed and false: by hand, and against trying every assignment."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.replay.judged import Judged, judge, middle_and_ninth, per_hour, together

SPANS = [(100, 200), (450, 500)]  # at 100 samples a second: found until 300 and 600


@pytest.mark.parametrize(
    "detected, missed, delays, false",
    [
        ([], 2, [], 0),
        ([100, 301], 2, [], 2),  # not after its start, and too late
        ([101, 300], 1, [-990.0], 0),  # the second is said again, not made up
        ([200, 600], 0, [0.0, 1000.0], 0),
        ([150, 160, 170, 460, 601], 0, [-500.0, -400.0], 1),
    ],
)
def test_by_hand(detected: list[int], missed: int, delays: list[float], false: int) -> None:
    assert judge(detected, SPANS, 100) == Judged(2, missed, delays, false)


def test_a_detection_goes_to_one_word() -> None:
    near = [(100, 200), (250, 260)]  # found until 300 and 360
    assert judge([270], near, 100) == Judged(2, 1, [700.0], 0)
    assert judge([270, 280], near, 100) == Judged(2, 0, [700.0, 200.0], 0)
    assert judge([270, 280, 290, 361], near, 100).false == 1


@st.composite
def spans(draw: st.DrawFn) -> list[tuple[int, int]]:
    edges = sorted(draw(st.sets(st.integers(0, 60), max_size=10)))
    return list(pairwise(edges))[::2]


@given(spans(), st.sets(st.integers(0, 80), max_size=8))
def test_no_assignment_finds_more(words: list[tuple[int, int]], detected: set[int]) -> None:
    rate = 10

    def most(left: list[int], free: frozenset[int]) -> int:
        if not left:
            return 0
        rest = most(left[1:], free)
        return max([rest, *(1 + most(left[1:], free - {n}) for n in free if open_to(left[0], n))])

    def open_to(position: int, word: int) -> bool:
        return words[word][0] < position <= words[word][1] + rate

    told = judge(sorted(detected), words, rate)
    every = range(len(words))
    assert told.n - told.missed == most(sorted(detected), frozenset(every)) == len(told.delays)
    assert told.false == sum(not any(open_to(at, n) for n in every) for at in detected)


def test_sums_and_rates() -> None:
    parts = [Judged(2, 1, [5.0], 3), Judged(1, 0, [7.0], 0)]
    assert together(parts) == Judged(3, 1, [5.0, 7.0], 3)
    assert middle_and_ninth([0.0, 10.0, 20.0]) == (10.0, pytest.approx(18.0))
    assert middle_and_ninth([]) == (None, None)
    assert per_hour(3, 0.5) == 6.0 and per_hour(3, 0.0) is None
