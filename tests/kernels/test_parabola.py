"""The discounted parabola against numpy's least squares, over uneven times and restarts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.kernels import parabola


def follow(curve, places, spans, keeps, fall):
    for before, after, span in zip(places, places[1:], spans, strict=False):
        parabola.fit(curve, (after - before) / span, span, keeps, fall)


def least_squares(places, spans, keeps, bend):
    """The same by numpy: row k of the answer is the coefficient of tᵏ, seen from the last fix."""
    t = np.concatenate((np.cumsum(spans[::-1])[::-1], [0.0])) * -1.0
    basis = np.stack((np.ones_like(t), t, t * t), axis=1)
    # A fix is discounted once a whole sample of each span, at least once.
    counts = np.maximum(1, spans.astype(int))
    weight = keeps ** np.concatenate((np.cumsum(counts[::-1])[::-1], [0]))
    normal = basis.T @ (basis * weight[:, None])
    pull = basis.T @ ((places - places[-1]) * weight[:, None])
    normal[2, 2] += parabola.PRIOR
    pull[2] += parabola.PRIOR * 0.5 * bend
    return np.linalg.solve(normal, pull)


def solved(curve, dims):
    places = [curve[at : at + dims] for at in (parabola.POINT, parabola.STEP, parabola.BEND)]
    return np.array([places[0], places[1], 0.5 * places[2]])


cases = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "count": st.integers(3, 40),
        "dims": st.sampled_from([2, 3]),
        "keeps": st.sampled_from([0.8, 0.95]),
        "fall": st.floats(-0.5, 0.0),
    }
)


def a_case(seed, count, dims, keeps, fall):
    rng = np.random.default_rng(seed)
    spans = rng.choice([0.5, 1.0, 1.0, 2.0, 3.5], count - 1)
    places = np.cumsum(rng.normal(size=(count, dims)), axis=0)
    bend = np.zeros(dims)
    if dims == 3:
        bend[2] = fall
    curve = np.zeros(parabola.SIZE)
    parabola.begin(curve)
    return curve, places, spans, bend


@settings(max_examples=60, deadline=None)
@given(case=cases)
def test_it_is_the_discounted_least_squares_fit(case):
    curve, places, spans, bend = a_case(**case)
    follow(curve, places, spans, case["keeps"], case["fall"])
    expected = least_squares(places, spans, case["keeps"], bend)
    # The normal equations square the condition of the fit.
    np.testing.assert_allclose(solved(curve, case["dims"]), expected, rtol=1e-6, atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(case=cases)
def test_after_a_restart_only_the_bend_is_remembered(case):
    curve, places, spans, _ = a_case(**case)
    keeps, fall, dims = case["keeps"], case["fall"], case["dims"]
    follow(curve, places, spans, keeps, fall)
    bend = 2.0 * solved(curve, dims)[2]
    parabola.restart(curve, places[-1] - places[-2], fall)
    np.testing.assert_array_equal(
        solved(curve, dims)[:2], [np.zeros(dims), places[-1] - places[-2]]
    )
    again = places[::-1] * 0.5
    follow(curve, again, spans, keeps, fall)
    expected = least_squares(again, spans, keeps, bend)
    np.testing.assert_allclose(solved(curve, dims), expected, rtol=1e-6, atol=1e-8)


def test_a_falling_ball_bends_as_gravity_does_from_the_third_fix():
    curve = np.zeros(parabola.SIZE)
    parabola.begin(curve)
    t = np.arange(12.0)
    places = np.stack((3.0 * t, 0.0 * t, 2.0 * t - 0.05 * t * t), axis=1)
    for count in range(1, 12):
        follow(curve, places[count - 1 : count + 1], np.ones(1), 0.8, -0.1)
        assert curve[parabola.BEND + 2] == pytest.approx(-0.1, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    place=st.floats(0.0, 3.0),
    step=st.floats(-0.2, 0.2),
    bend=st.floats(-0.1, -1e-4),
)
def test_a_ball_is_where_it_was_said_to_fall_to(place, step, bend):
    samples = parabola.falls(place, step, bend)
    assert samples >= 0.0 and step + bend * samples <= 1e-12
    assert place + step * samples + 0.5 * bend * samples**2 == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(("place", "bend"), [(-0.1, -0.1), (1.0, 0.0), (1.0, 0.1)])
def test_a_ball_below_or_one_that_rises_ever_faster_never_falls_to_the_plane(place, bend):
    assert parabola.falls(place, 0.1, bend) == -1.0
