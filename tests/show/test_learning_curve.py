from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.errors import UnsupportedError
from streamrnn.show.learning_curve import (
    WHOLE,
    Learnt,
    Point,
    extrapolated,
    learning_plot,
    read_points,
)


def point(speakers: int, error: float, n: int = 600) -> Point:
    return Point(accuracy=1.0 - error, n=n, learnt=Learnt(clips=15 * speakers, speakers=speakers))


@given(st.floats(0.0, 1.5), st.floats(0.05, 0.9))
def test_a_power_of_the_size_is_followed_to_any_size(power: float, first: float) -> None:
    def error(speakers: float) -> float:
        return first * (speakers / 20) ** -power

    # A test so large that a power of 1.5 leaves many errors to count.
    points = [point(speakers, error(speakers), 10**9) for speakers in (20, 40, 80, 160)]
    sizes = np.array([20.0, 100.0, 2_112.0])
    line, low, high = extrapolated(points, "speakers", sizes)
    np.testing.assert_allclose(line, [error(size) for size in sizes], rtol=1e-6)
    assert (low <= line * (1 + 1e-6)).all() and (line <= high * (1 + 1e-6)).all()
    # Clips are so many a speaker: the same line at so many clips.
    np.testing.assert_allclose(extrapolated(points, "clips", 15 * sizes)[0], line, rtol=1e-6)


def test_the_band_holds_the_truth_nine_times_in_ten() -> None:
    rng, held, tries = np.random.default_rng(0), 0, 300
    for _ in range(tries):
        points = []
        for speakers in (20, 40, 80, 160):
            error = 0.2 * (speakers / 20) ** -0.5
            points.append(point(speakers, rng.binomial(600, error) / 600))
        _, low, high = extrapolated(points, "speakers", np.array([2_000.0]))
        held += bool(low[0] <= 0.02 <= high[0])
    # 270 expected, with a deviation of 5; the draws from what was seen are a bootstrap, not exact.
    assert 250 <= held <= 290


def test_no_error_at_all_counts_as_half_a_clip() -> None:
    points = [point(20, 0.5, 100), point(40, 0.0, 100)]
    line = extrapolated(points, "speakers", np.array([40.0]))[0]
    assert line[0] == pytest.approx(0.005)


@pytest.mark.parametrize("largest", [150, 5_000])
def test_the_curve_is_drawn(tmp_path: Path, largest: int) -> None:
    points = [point(20, 0.2), point(75, 0.1), point(largest, 0.0)]
    told = learning_plot(points, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert set(told) == set(WHOLE)
    for best, worse, better in told.values():
        assert 0.9 < worse <= best <= better < 1.0


@pytest.mark.parametrize(
    "text", [None, "not json", '{"accuracy": 0.9, "n": 599}', '{"accuracy": "high", "n": 1}']
)
def test_what_is_no_score_is_refused(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "scores.jsonl"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UnsupportedError, match=r"scores\.jsonl: expected lines of"):
        read_points(path)


def test_one_size_makes_no_line(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="two sizes or more"):
        learning_plot([point(20, 0.1), point(20, 0.2)], tmp_path / "curve.png")
