"""The motion kernel and its decoder: cut, scaled, shifted, mirrored, starved of fixes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrnn.config import MotionConfig
from streamrnn.kernels import motion, parabola
from streamrnn.kernels.motion_filters import LONG, SHORT, STATE_SIZE
from streamrnn.kernels.points import DIRECTIONS, SURE, decode_points


def frames_of(rows, cuts=()):
    state = np.zeros(STATE_SIZE)
    frames = np.empty((len(rows), motion.FRAME_SIZE), np.float32)
    context = np.empty((len(rows), motion.CONTEXT_SIZE))
    edges = [0, *sorted(cuts), len(rows)]
    for first, end in zip(edges, edges[1:], strict=False):
        motion.motion_frames(rows[first:end], state, frames[first:end], context[first:end])
    return frames, context, state


def points_of(outputs, context, dims, horizons=(1.0, 5.0)):
    count = len(outputs)
    points = np.empty((count, len(horizons), dims))
    spreads = np.empty((count, len(horizons)))
    labels, scores = np.empty(count, np.int64), np.empty(count)
    decode_points(outputs, context, np.array(horizons), points, spreads, labels, scores, 0)
    return points, spreads, labels, scores


def walk(seed, count, dims, missing=0.15):
    rng = np.random.default_rng(seed)
    rows = np.empty((count, 1 + dims))
    rows[:, 0] = np.cumsum(rng.choice([0.0, 0.01, 0.02, 0.5], count, p=[0.05, 0.45, 0.45, 0.05]))
    rows[:, 1:] = np.cumsum(np.cumsum(rng.normal(size=(count, dims)), axis=0), axis=0)
    rows[rng.random(count) < missing, 1] = np.nan
    return rows


tracks = st.builds(
    walk,
    st.integers(0, 2**32 - 1),
    st.integers(1, 60),
    st.sampled_from([2, 3]),
    st.sampled_from([0.0, 0.15, 0.9]),
)


@settings(max_examples=60, deadline=None)
@given(rows=tracks, data=st.data())
def test_chunking_never_shows(rows, data):
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=8))
    whole, cut = frames_of(rows), frames_of(rows, cuts)
    for a, b in zip(whole, cut, strict=True):
        assert a.tobytes() == b.tobytes()


@settings(max_examples=40, deadline=None)
@given(rows=tracks, power=st.integers(-20, 20))
def test_a_power_of_two_changes_no_bit_of_a_frame_and_scales_points_exactly(rows, power):
    scaled = rows.copy()
    scaled[:, 1:] *= 2.0**power
    frames, context, _ = frames_of(rows)
    frames_scaled, context_scaled, _ = frames_of(scaled)
    # In three dimensions gravity is known in metres: the parabolas in z know it, and the metres.
    parabolas = [item for item, source in enumerate(motion.SOURCES) if source >= SHORT]
    metric = [2 * motion.PER_AXIS + item for item in parabolas]
    metric += range(motion.METRES, motion.FRAME_SIZE)
    free = np.delete(np.arange(motion.FRAME_SIZE), metric if rows.shape[1] == 4 else [])
    assert frames[:, free].tobytes() == frames_scaled[:, free].tobytes()
    outputs = np.random.default_rng(1).normal(size=(len(rows), 8)).astype(np.float32)
    dims = rows.shape[1] - 1
    points, spreads, labels, scores = points_of(outputs, context, dims)
    again = points_of(outputs, context_scaled, dims)
    np.testing.assert_array_equal(points * 2.0**power, again[0])
    np.testing.assert_array_equal(spreads * 2.0**power, again[1])
    np.testing.assert_array_equal(labels, again[2])
    np.testing.assert_array_equal(scores, again[3])


@settings(max_examples=40, deadline=None)
@given(rows=tracks)
def test_place_matters_as_height_and_in_a_picture_alone(rows):
    # Integers stay exact when a whole number is added, so even the bits agree.
    rows = rows.copy()
    rows[:, 1:] = np.round(rows[:, 1:])
    moved = rows.copy()
    moved[:, 1:] += 1000.0
    # Heights tell where the ball is, and so how it would bounce on z = 0.
    height = [motion.METRES, motion.METRES + 1, *range(motion.BOUNCE, motion.PICTURE)]
    picture = range(motion.PICTURE, motion.FRAME_SIZE)
    placed = height if rows.shape[1] == 4 else picture
    before, after = (np.delete(frames_of(each)[0], placed, axis=1) for each in (rows, moved))
    np.testing.assert_array_equal(before, after)


def test_a_frame_says_where_in_the_picture_a_ball_is():
    # Of a picture 1280 wide: across its middle and back, at a quarter and a half of its height.
    x = 640.0 + 100.0 * np.array([-2, -1, 0, 1, 2, 1, 0, -1])
    y = np.array([180.0, 360.0] * 4)
    frames, _, _ = frames_of(np.column_stack((np.arange(8) / 30, x, y)))
    frames_large, _, _ = frames_of(np.column_stack((np.arange(8) / 30, 3.0 * x, 3.0 * y)))
    half, far = x.mean(), y.mean()
    step = np.hypot(100.0, 180.0)  # each step is as long
    wanted = (
        4 * (x[-1] / half - 1),
        4 * (y[-1] / half - 0.5),
        4 * (far / half - 0.5),
        32 * step / half,
    )
    bent = [value / (1.0 + abs(value) / 4.0) for value in (*wanted[:3], wanted[3] - 0.5)]
    np.testing.assert_allclose(frames[-1, motion.PICTURE :], bent, rtol=1e-6)
    np.testing.assert_allclose(frames_large[-1, motion.PICTURE :], bent, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), angle=st.floats(-3.1, 3.1))
def test_heading_does_not_matter_in_three_dimensions(seed, angle):
    rows = walk(seed, 40, 3, 0.0)
    turned = rows.copy()
    cos, sin = np.cos(angle), np.sin(angle)
    turned[:, 1] = cos * rows[:, 1] - sin * rows[:, 2]
    turned[:, 2] = sin * rows[:, 1] + cos * rows[:, 2]
    a, b = frames_of(rows)[0], frames_of(turned)[0]
    # Rounding may tip a threshold (an event, an extreme) at a single fix; the steps never.
    steps = [motion.PER_AXIS * axis + item for axis in range(3) for item in range(7)]
    np.testing.assert_allclose(a[:, steps], b[:, steps], atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(rows=tracks, at=st.integers(0, 59))
def test_later_rows_never_change_earlier_frames(rows, at):
    changed = rows.copy()
    changed[at:, 1:] += 17.0
    a, b = frames_of(rows), frames_of(changed)
    assert a[0][:at].tobytes() == b[0][:at].tobytes()
    assert a[1][:at].tobytes() == b[1][:at].tobytes()


@settings(max_examples=60, deadline=None)
@given(rows=tracks)
def test_frames_are_finite_and_bounded(rows):
    frames, context, state = frames_of(rows)
    assert np.isfinite(frames).all() and np.abs(frames).max() <= 8.0
    assert np.isfinite(context).all() and np.isfinite(state).all()


def test_a_straight_line_is_carried_on_through_a_gap():
    rows = np.column_stack((np.arange(20) / 30, 3.0 * np.arange(20), -4.0 * np.arange(20)))
    rows[15:, 1:] = np.nan
    _, context, _ = frames_of(rows)
    points, _, labels, _ = points_of(np.zeros((20, 8), np.float32), context, 2)
    # 1 and 5 samples after row 18, which is itself missing. Times of 1/30 s are not exact.
    np.testing.assert_allclose(points[18], [[57.0, -76.0], [69.0, -92.0]], rtol=1e-9)
    assert DIRECTIONS[labels[18]] == "-y"
    np.testing.assert_allclose(context[14, motion.CONTEXT_UNIT], 5.0)


def test_nothing_is_foreseen_before_a_fix_and_no_spread_before_two():
    rows = np.array([[0.0, np.nan, np.nan], [0.1, 1.0, 2.0], [0.2, 2.0, 2.0]])
    frames, context, _ = frames_of(rows)
    points, spreads, labels, _ = points_of(np.zeros((3, 8), np.float32), context, 2)
    assert np.isnan(points[0]).all() and np.isnan(spreads[:2]).all()
    np.testing.assert_array_equal(points[1], [[1.0, 2.0], [1.0, 2.0]])
    np.testing.assert_array_equal(points[2], [[3.0, 2.0], [7.0, 2.0]])
    assert list(labels) == [-1, -1, 0]
    assert frames[0, motion.GAPPED] == 1.0 and not frames[0, : motion.GAPPED].any()


def test_height_and_gravity_are_told_in_three_dimensions():
    times = np.arange(40) / 128
    rows = np.column_stack((times, 5.0 * times, 0.0 * times, 1.0 + 2.0 * times - 4.905 * times**2))
    frames, _, state = frames_of(rows)
    raised = rows + np.array([0.0, 0.0, 0.0, 0.25])
    height = np.array([motion.METRES, motion.METRES + 1])
    assert (frames_of(raised)[0][:, height] > frames[:, height]).all()
    bend = state[LONG + parabola.BEND + 2] * 128**2
    assert bend == pytest.approx(-9.81, rel=1e-6)  # a falling ball bends as gravity does
    assert np.abs(frames[1:, motion.METRES + 3]).max() < 1e-5  # so nothing lifts it
    assert not frames_of(rows[:, :3])[0][:, motion.METRES : motion.PICTURE].any()
    assert not frames[:, motion.PICTURE :].any()


def test_a_bounce_is_foreseen_on_the_plane_and_on_the_lowest_place():
    times = np.arange(80) / 128
    falls = 0.9 - 4.905 * times**2  # meets z = 0 after 0.428 s, 54.8 samples
    rows = np.column_stack((times, 2.0 * times, 0.0 * times, falls))[:50]
    frames, context, _ = frames_of(rows)
    frame, unit = frames[49], context[49, motion.CONTEXT_UNIT]
    left = np.sqrt(0.9 / 4.905) * 128 - 49
    assert frame[motion.BOUNCE] == pytest.approx(8.0 / (8.0 + left), rel=1e-4)
    speed = 9.81 * np.sqrt(0.9 / 4.905) / 128  # metres a sample
    lifts = [1.9 * speed * max(0.0, ahead - left) / (4.0 * unit) for ahead in motion.LIFTED_AT]
    told = frame[motion.BOUNCE + 1 : motion.BOUNCE + 4]
    np.testing.assert_allclose(told, [lift / (1.0 + lift / 4.0) for lift in lifts], rtol=1e-3)
    # Having bounced half a metre up, it comes back to that place.
    again = rows.copy()
    again[:, 3] += 0.5
    after = np.column_stack((times, 2.0 * times, 0.0 * times, 0.5 + 2.0 * times - 4.905 * times**2))
    after[:, 0] += again[-1, 0] + 1 / 128
    frames, _, state = frames_of(np.concatenate((again, after[:40])))
    height, rate = after[39, 3], (2.0 - 9.81 * times[39]) / 128
    floor = again[-1, 3] if again[-1, 3] < 0.5 else 0.5
    left = parabola.falls(height - floor, rate, -9.81 / 128**2)
    second = motion.BOUNCE + 1 + len(motion.LIFTED_AT)
    assert frames[-1, second] == pytest.approx(8.0 / (8.0 + left), rel=1e-3)


def test_the_version_of_a_configuration_is_the_kernels():
    assert MotionConfig().version == motion.VERSION


def test_a_ball_at_rest_stays():
    rows = np.column_stack((np.arange(9) / 30, np.full(9, 5.0), np.full(9, 6.0)))
    frames, context, _ = frames_of(rows)
    points, spreads, _, _ = points_of(np.ones((9, 8), np.float32), context, 2)
    assert np.isfinite(frames).all()
    np.testing.assert_array_equal(points[8], [[5.0, 6.0], [5.0, 6.0]])
    np.testing.assert_array_equal(spreads[8], [0.0, 0.0])


@pytest.mark.parametrize("unsure", [-30.0, -2.0, 0.0, 3.0])
def test_the_spread_is_the_published_function_of_the_output(unsure):
    context = np.zeros((1, motion.CONTEXT_SIZE))
    context[0, [motion.CONTEXT_UNIT, motion.CONTEXT_COS, motion.CONTEXT_SEEN]] = 2.0, 1.0, 9.0
    outputs = np.zeros((1, 8), np.float32)
    outputs[0, [3, 7]] = unsure
    _, spreads, _, _ = points_of(outputs, context, 2)
    radius = 2.0 * 0.5 * SURE * np.exp(2 * np.arcsinh(unsure / 2))
    np.testing.assert_allclose(spreads[0], [radius, 5 * radius], rtol=1e-9)
