"""Position fixes → frames: what a moving ball did, and where, free of most units.

A row is `(time_s, x, y)` or `(time_s, x, y, z)`; a frame is 98 numbers of order one. Lengths are
divided by the stream's own step length, so that pixels and metres are one problem: multiplying
every position of a two-dimensional stream by a power of two changes no bit of a frame.

Two dimensions are taken for a picture, whose size the fixes tell: a frame says where in it the
ball is. Three-dimensional streams are free of place and heading: they are turned about z so that
they set out along +x, and tell besides how they would move in metres with z up: the height,
gravity, the step length, and how a bounce would lift them, on the plane z = 0 (the origin of a
recording often lies on the table) and on the lowest place seen. Other units work too; these
thirteen numbers then mean nothing.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels import parabola
from streamrnn.kernels.compile import jit
from streamrnn.kernels.motion_filters import (
    EVENT_A,
    EVENT_B,
    EVENT_C,
    FAR,
    FAST_STEP,
    FIRST,
    FIX_TIME,
    HIGHEST,
    LOCAL,
    LONG,
    LOWEST,
    MISS,
    MOST,
    PEAK,
    POINT,
    SEEN,
    SHORT,
    SINCE_A,
    SINCE_B,
    SINCE_C,
    SINCE_PEAK,
    SINCE_VALLEY,
    SLOW_STEP,
    SPACING,
    STABLE,
    STEP_1,
    STEP_2,
    STEP_3,
    STEP_4,
    SURPRISE,
    TURN_COS,
    TURN_SIN,
    VALLEY,
    follow,
    gravity_bend,
    tick,
)

VERSION = 4  # of what a frame means; a network knows one version
PER_AXIS = 23
# The first features of an axis: what they are, and what they are divided by: so many steps of late
# (from SLOWLY on: of the whole stream).
SOURCES = (
    STEP_1,
    STEP_2,
    STEP_3,
    STEP_4,
    FAST_STEP,
    SLOW_STEP,
    SHORT + parabola.STEP,
    SHORT + parabola.BEND,
    SHORT + parabola.POINT,
    LONG + parabola.STEP,
    LONG + parabola.BEND,
    MISS,
    SLOW_STEP,
    FIRST,
    EVENT_A,
    EVENT_B,
    EVENT_C,
)
SCALES = (*(1.0,) * 6, 0.25, 0.05, 0.25, 0.25, 0.05, 0.5, 1.0, 16.0, 8.0, 8.0, 8.0)
SHORT_STEP, LONG_STEP, SLOWLY = 6, 9, 12
FROM_FIRST, FROM_LOWEST, TO_HIGHEST = 13, 17, 18  # of an axis: where the ball is, no motion
COMMON = 3 * PER_AXIS
GAPPED = COMMON + 5  # 1 where the fix is missing
SOLID = COMMON + 9  # 1 in three dimensions
METRES = COMMON + 12  # height, height from afar, gravity, what else bends, step length
BOUNCE = METRES + 5  # for each of two planes: how soon the ball meets it, and how that lifts it
LIFTED_AT = (5.0, 10.0, 20.0)  # samples ahead
RESTITUTION = 0.9  # of the bounces foreseen; a network learns what else it may be
PICTURE = BOUNCE + 2 * (1 + len(LIFTED_AT))  # in two dimensions: see `_write_picture`
FRAME_SIZE = PICTURE + 4

CONTEXT_SIZE = 11
CONTEXT_POINT, CONTEXT_STEP, CONTEXT_UNIT = 0, 3, 6
CONTEXT_COS, CONTEXT_SIN, CONTEXT_GAP, CONTEXT_SEEN = 7, 8, 9, 10


@jit
def motion_frames(
    rows: NDArray[np.float64],
    state: NDArray[np.float64],
    frames: NDArray[np.float32],
    context: NDArray[np.float64],
) -> int:
    """Turn position fixes into frames, one a row.

    Args:
        rows: times in seconds and positions in any unit; a position with a NaN is a missing fix.
            Times never run backwards, positions are never infinite: the caller has checked.
        state: the stream's state, updated in place; zeros begin a stream.
        frames: filled with one frame a row.
        context: filled with what `decode_points` needs to go back to the input's units: the last
            position seen (3), the velocity a sample (3), the unit of length (1), the cosine and
            sine of the heading (2), samples since the last fix (1), fixes seen (1).

    Shape:
        rows `(n, 3)` or `(n, 4)`, state `(STATE_SIZE,)`, frames `(n, FRAME_SIZE)`,
        context `(n, CONTEXT_SIZE)`.

    Returns:
        The number of frames written: n.
    """
    dims = rows.shape[1] - 1
    for index in range(rows.shape[0]):
        row = rows[index]
        frame = frames[index]
        interval = tick(row[0], state)
        missing = False
        for axis in range(dims):
            if row[1 + axis] != row[1 + axis]:
                missing = True
        gap = 0.0
        if not missing:
            follow(row, dims, state)
        elif state[SEEN] > 0.0 and state[SPACING] > 0.0:
            gap = (row[0] - state[FIX_TIME]) / state[SPACING]

        seen = state[SEEN]
        spacing = state[SPACING]
        local = np.sqrt(state[LOCAL])
        stable = np.sqrt(state[STABLE])
        unit = np.sqrt(0.5 * (state[LOCAL] + state[STABLE]))
        for item in range(FRAME_SIZE):
            frame[item] = 0.0
        if unit > 0.0:
            for axis in range(dims):
                _write_axis(state, frame, axis, unit, stable)
            frame[COMMON] = local / (local + stable) - 0.5
            frame[COMMON + 1] = _bounded(state[SURPRISE] / unit, 1.0)
        frame[COMMON + 2] = _bounded(state[SINCE_A] / 16.0, 4.0)
        frame[COMMON + 3] = _bounded(state[SINCE_B] / 16.0, 4.0)
        frame[COMMON + 4] = _bounded(state[SINCE_C] / 16.0, 4.0)
        frame[GAPPED] = 1.0 if missing else 0.0
        frame[COMMON + 6] = _bounded(gap / 4.0, 4.0)
        frame[COMMON + 7] = _bounded(interval / spacing - 1.0, 2.0) if spacing > 0.0 else 0.0
        frame[COMMON + 8] = spacing / (spacing + 0.02)
        frame[SOLID] = 1.0 if dims == 3 else 0.0
        frame[COMMON + 10] = 4.0 / (seen + 4.0)
        frame[COMMON + 11] = 64.0 / (seen + 64.0)
        if dims == 3 and seen > 0.0:
            _write_metres(state, frame, unit)
        if dims == 2 and seen > 0.0:
            _write_picture(state, frame, unit)

        for axis in range(3):
            context[index, CONTEXT_POINT + axis] = state[POINT + axis]
            context[index, CONTEXT_STEP + axis] = state[FAST_STEP + axis]
        context[index, CONTEXT_UNIT] = unit
        context[index, CONTEXT_COS] = state[TURN_COS]
        context[index, CONTEXT_SIN] = state[TURN_SIN]
        context[index, CONTEXT_GAP] = gap
        context[index, CONTEXT_SEEN] = seen
    return rows.shape[0]


@jit
def _bounded(value: float, limit: float) -> float:
    """A smooth, odd squash to (−limit, limit) that is the identity near zero."""
    magnitude = value if value >= 0.0 else -value
    if magnitude > MOST:  # infinity over infinity is no number
        return limit if value > 0.0 else -limit
    return value / (1.0 + magnitude / limit)


@jit
def _write_axis(
    state: NDArray[np.float64], frame: NDArray[np.float32], axis: int, unit: float, stable: float
) -> None:
    """Write the features of one axis of the turned stream."""
    cos, sin = state[TURN_COS], state[TURN_SIN]
    at = PER_AXIS * axis
    here = 0.0
    for item in range(len(SOURCES)):
        source = SOURCES[item]
        divisor = SCALES[item] * (unit if item < SLOWLY else stable)
        limit = 8.0 if item < FROM_FIRST else 4.0
        x, y, z = state[source], state[source + 1], state[source + 2]
        if item in (
            SHORT_STEP,
            LONG_STEP,
        ):  # how a parabola's step differs from the one that points start from
            x -= state[FAST_STEP]
            y -= state[FAST_STEP + 1]
            z -= state[FAST_STEP + 2]
        if item >= FROM_FIRST:  # a remembered place, seen from here
            x = state[POINT] - x
            y = state[POINT + 1] - y
            z = state[POINT + 2] - z
        if axis == 0:
            value = cos * x + sin * y
        elif axis == 1:
            value = cos * y - sin * x
        else:
            value = z
        if item == FROM_FIRST:
            here = value
        frame[at + item] = _bounded(value / divisor, limit)
    frame[at + 17] = _bounded((here - state[LOWEST + axis]) / (16.0 * stable), 4.0)
    frame[at + 18] = _bounded((state[HIGHEST + axis] - here) / (16.0 * stable), 4.0)
    frame[at + 19] = _bounded((here - state[VALLEY + axis]) / (8.0 * stable), 4.0)
    frame[at + 20] = _bounded((state[PEAK + axis] - here) / (8.0 * stable), 4.0)
    frame[at + 21] = _bounded(state[SINCE_VALLEY + axis] / 16.0, 4.0)
    frame[at + 22] = _bounded(state[SINCE_PEAK + axis] / 16.0, 4.0)


@jit
def _write_picture(state: NDArray[np.float64], frame: NDArray[np.float32], unit: float) -> None:
    """Write where in a picture the ball is, and how large its steps are there.

    Pixels are counted from a corner, so that balls are seen about half a picture's width from the
    origin: the mean distance so far tells the size of a picture without naming a number of pixels.
    """
    half = state[FAR]
    if half <= 0.0:
        return
    frame[PICTURE] = _bounded(4.0 * (state[POINT] / half - 1.0), 4.0)
    frame[PICTURE + 1] = _bounded(4.0 * (state[POINT + 1] / half - 0.5), 4.0)
    frame[PICTURE + 2] = _bounded(4.0 * (state[FAR + 1] / half - 0.5), 4.0)
    frame[PICTURE + 3] = _bounded(32.0 * unit / half - 0.5, 4.0)


@jit
def _write_metres(state: NDArray[np.float64], frame: NDArray[np.float32], unit: float) -> None:
    """Write what is known of a stream in metres with z up."""
    height = state[POINT + 2]
    frame[METRES] = _bounded(height / 0.2, 4.0)
    frame[METRES + 1] = _bounded(height, 4.0)
    if unit > 0.0:
        fall = gravity_bend(state, 3)
        lift = state[LONG + parabola.BEND + 2] - fall
        frame[METRES + 2] = _bounded(fall / (0.05 * unit), 8.0)
        frame[METRES + 3] = _bounded(lift / (0.05 * unit), 8.0)
        frame[METRES + 4] = unit / (unit + 0.05)
        place = height + state[LONG + parabola.POINT + 2]
        _write_bounce(state, frame, BOUNCE, place, unit)
        floor = state[FIRST + 2] + state[LOWEST + 2]
        _write_bounce(state, frame, BOUNCE + 1 + len(LIFTED_AT), place - floor, unit)


@jit
def _write_bounce(
    state: NDArray[np.float64], frame: NDArray[np.float32], at: int, place: float, unit: float
) -> None:
    """Write how a ball so far above a plane would bounce on it, going on as its parabola does."""
    step, bend = state[LONG + parabola.STEP + 2], state[LONG + parabola.BEND + 2]
    samples = parabola.falls(place, step, bend)
    if samples < 0.0:
        return
    frame[at] = 8.0 / (8.0 + samples)
    up = -(1.0 + RESTITUTION) * (step + bend * samples)
    for item in range(len(LIFTED_AT)):
        left = LIFTED_AT[item] - samples
        if left > 0.0:
            frame[at + 1 + item] = _bounded(up * left / (4.0 * unit), 4.0)
