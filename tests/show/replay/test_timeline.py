"""The picture is drawn whatever there is, and no peak of a curve is lost on the way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.show.replay.curves import drawn, held, peak, thinned
from streamrnn.show.replay.timeline import MOST, timeline, timeline_plot
from streamrnn.show.theme import DARK, LIGHT, svg
from tests.show.replay.outcomes import curve, listener, outcome, told

image: Any = pytest.importorskip("matplotlib.image")

EVENTS = [
    told(3.0, "go", 0.8, 0.9),
    told(5.0, "no", None, 0.7),
    told(4.9, "no", None, 0.7, kind="start"),
    told(9.0, "go", 0.6, None),
]
CASES = {
    "two": [outcome("a.wav", EVENTS)],
    "one": [outcome(events=[told(3.0, "go", 0.8)], listeners=[listener()], curves=[curve(60.0)])],
    "recorded": [outcome(listeners=[listener(recorded=True), listener()], broken="cut short")],
    "no curves": [outcome(events=EVENTS, curves=[])],
    "one curve": [outcome(events=EVENTS, curves=[None, curve(60.0)])],
    "text": [outcome("a.txt", EVENTS, rate=0, samples=30, curves=[None, None])],
    "nothing": [outcome("a.csv", rate=0, samples=0, curves=[None, None])],
    "empty": [outcome(samples=0, curves=[curve(0.0), curve(0.0)])],
    "part": [outcome(part=(20.0, 22.0), samples=22 * 8_000, curves=[curve(22.0), curve(22.0)])],
    "hours": [outcome(samples=8_000 * 90_000, curves=[curve(90_000.0), None])],
    "no files": [],
    "odd names": [outcome("$x_$\n\ud800.wav", [told(1.0, "$\\frac$\t𓀀", 1.0, None)])],
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_drawn_in_light_and_dark(case: str, tmp_path: Path) -> None:
    timeline_plot(CASES[case], tmp_path / "light.png")
    timeline_plot(CASES[case], tmp_path / "dark.png", dark=True)
    light, dark = (image.imread(tmp_path / f"{name}.png") for name in ("light", "dark"))
    assert light.shape == dark.shape
    for seen, theme in ((light, LIGHT), (dark, DARK)):
        ground = np.array([int(theme.ground[n : n + 2], 16) / 255 for n in (1, 3, 5)])
        assert np.abs(seen[0, 0, :3] - ground).max() < 0.01


def words(outcomes: Any) -> str:
    """What is written in the picture: matplotlib tells it in comments of the SVG."""
    draw, size = timeline(outcomes)
    return svg(draw, size, "x")


def test_events_of_one_alone_are_named_first() -> None:
    crowd = [told(10.0 + n / 50, "go", 0.9, 0.9) for n in range(100)]
    shown = words([outcome(events=[*crowd, told(11.0, "stop", 0.9, None)])])
    assert "<!-- stop -->" in shown
    assert shown.count("<!-- go -->") < 10  # and of the others what there is room for
    assert "a.wav: 100 by both, 1 only one, 0 only two" in shown


def test_files_left_out_are_counted() -> None:
    shown = words([outcome(f"{n}.wav") for n in range(MOST + 3)])
    assert "3 more files left out" in shown
    assert f"{MOST - 1}.wav" in shown and f"{MOST}.wav" not in shown
    assert "left out" not in words([outcome()] * MOST)


@given(st.lists(st.floats(0.0, 1.0, width=32), max_size=200), st.integers(1, 50))
def test_no_peak_is_lost(values: list[float], most: int) -> None:
    given_curve = np.array(values, np.float32)
    points, size = thinned(given_curve, most)
    assert len(points) <= most
    for n, value in enumerate(given_curve):
        assert points[n // size] >= value
    assert set(points.tolist()) <= {*given_curve.tolist(), 0.0}


@given(st.integers(0, 2_999), st.integers(2, 400))
def test_a_peak_is_drawn_where_it_is(at: int, most: int) -> None:
    made = outcome(curves=[curve(60.0, **{f"_{at}": 0.9}), None])
    times, heights = drawn(made, 0, 0.0, 60.0, most)
    assert heights.max() == np.float32(0.9)
    width = 60.0 / len(times)
    assert abs(times[heights.argmax()] - (at + 0.5) * 0.02) <= width
    assert len(drawn(made, 1, 0.0, 60.0, most)[0]) == 0


def test_what_was_said_last_stands_for_a_while() -> None:
    values = np.zeros(40, np.float32)
    values[[3, 5]] = 0.5, 0.25
    np.testing.assert_array_equal(held(values)[:5], np.array([0, 0, 0, 0.5, 0.5], "f4"))
    assert held(values)[15] == 0.25 and not held(values)[16:].any()


def test_the_peak_near_a_time() -> None:
    made = outcome(curves=[curve(60.0, _500=0.8, _530=0.9), curve(2.0)])  # 10.0 s, 10.6 s
    assert peak(made, 0, 10.0) == np.float32(0.8)
    assert peak(made, 0, 10.4) == np.float32(0.9)
    assert peak(made, 1, 10.0) is None
    assert peak(made, 0, 0.0) == np.float32(0.01)
