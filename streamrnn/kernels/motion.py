"""Position fixes → frames: what a moving ball did, free of place, size and heading.

A row is `(time_s, x, y)` or `(time_s, x, y, z)`; a frame is 75 numbers of order one. Lengths are
divided by the stream's own step length, so that pixels and metres are one problem: multiplying
every position by a power of two changes no bit of a frame. Three-dimensional streams are turned
about z so that they set out along +x; a two-dimensional stream keeps its axes and has no z.

Everything is carried in `state` sample by sample and written in straight-line arithmetic
(+ − × ÷ sqrt and comparisons), so the same rows give the same bits however they are cut.

Three filters run beside one another, in units of samples (the elapsed time over the stream's own
typical spacing): a fast and a slow alpha-beta filter, and an alpha-beta-gamma filter (Kalata 1984,
"The tracking index"). A fix that surprises the fast filter is an *event*: a bounce or a hit.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit

# Where each quantity lies in the state; three numbers each where an axis is meant.
SEEN, ROWS, LAST_TIME, SPACING, FINE = 0, 1, 2, 3, 4
TURN_COS, TURN_SIN, TURNED = 7, 8, 9
FIRST, POINT, STEP_1, STEP_2, STEP_3, STEP_4 = 10, 13, 16, 19, 22, 25
FAST_POINT, FAST_STEP, SLOW_POINT, SLOW_STEP = 28, 31, 34, 37
CURVE_POINT, CURVE_STEP, CURVE_BEND = 40, 43, 46
LOCAL, STABLE, SURPRISE, MISS, SLOW_MISS = 49, 50, 51, 52, 55
LOWEST, HIGHEST, TREND, EXTREME, VALLEY, PEAK = 58, 61, 64, 67, 70, 73
SINCE_EXTREME, SINCE_VALLEY, SINCE_PEAK = 76, 79, 82
EVENT_A, EVENT_B, EVENT_C, SINCE_A, SINCE_B, SINCE_C = 85, 88, 91, 94, 95, 96
FIX_TIME, ELAPSED = 97, 98
DIMS = 99  # 2 or 3; 0 until the first row
STATE_SIZE = 100

FRAME_SIZE = 75
CONTEXT_SIZE = 11
CONTEXT_POINT, CONTEXT_STEP, CONTEXT_UNIT = 0, 3, 6
CONTEXT_COS, CONTEXT_SIN, CONTEXT_GAP, CONTEXT_SEEN = 7, 8, 9, 10

# Gains of the steady filters, in samples: fast follows two fixes, slow about eight.
FAST_ALPHA, FAST_BETA = 0.85, 0.60
SLOW_ALPHA, SLOW_BETA = 0.45, 0.12
CURVE_ALPHA, CURVE_BETA, CURVE_GAMMA = 0.75, 0.50, 0.14
MOST = 1e30  # of anything counted in spacings, however uneven the times are
LONG_GAP = 30.0  # samples; beyond it the filters are no better than a fresh start
STEADY = 256.0  # fixes that the stable step length remembers
EVENT_RATIO, EVENT_STEP = 3.0, 0.12  # an event: this many usual surprises, and this many steps
TURN_BACK = 0.25  # an extreme counts once the ball has come back by this many steps


@jit
def _bounded(value: float, limit: float) -> float:
    """A smooth, odd squash to (−limit, limit) that is the identity near zero."""
    magnitude = value if value >= 0.0 else -value
    if magnitude > MOST:  # infinity over infinity is no number
        return limit if value > 0.0 else -limit
    return value / (1.0 + magnitude / limit)


@jit
def _samples(seconds: float, state: NDArray[np.float64]) -> float:
    """Count a span of time in spacings of the stream.

    Stamps in whole milliseconds are half a millisecond off either way, which at 143 fixes a
    second is a twelfth of a step. While a stream has had no finer stamp, a span within a
    millisecond of a whole number of spacings is taken for that number.
    """
    spacing = state[SPACING]
    if spacing <= 0.0:
        return 1.0
    samples = seconds / spacing
    if samples > MOST:
        return MOST
    if state[FINE] == 0.0:
        whole = np.floor(samples + 0.5)
        off = samples - whole
        if off < 0.0:
            off = -off
        if whole >= 1.0 and off * spacing < 0.00101 and off < 0.4:
            return whole
    return samples


@jit
def _start(row: NDArray[np.float64], dims: int, state: NDArray[np.float64]) -> None:
    """Take the first fix of a stream: every remembered place is here, nothing moves."""
    for axis in range(3):
        value = row[1 + axis] if axis < dims else 0.0
        state[FIRST + axis] = value
        state[POINT + axis] = value
        state[FAST_POINT + axis] = value
        state[SLOW_POINT + axis] = value
        state[CURVE_POINT + axis] = value
        state[EVENT_A + axis] = value
        state[EVENT_B + axis] = value
        state[EVENT_C + axis] = value
    state[TURN_COS] = 1.0
    state[TURNED] = 1.0 if dims == 2 else 0.0
    state[FIX_TIME] = row[0]


@jit
def _turn(state: NDArray[np.float64], unit: float) -> None:
    """Point the stream's own x axis from its first fix to here, until it has clearly set out."""
    x = state[POINT] - state[FIRST]
    y = state[POINT + 1] - state[FIRST + 1]
    reach = np.sqrt(x * x + y * y)
    if reach > 0.0:
        state[TURN_COS] = x / reach
        state[TURN_SIN] = y / reach
        if reach > 3.0 * unit and state[SEEN] >= 4.0:
            state[TURNED] = 1.0


@jit
def _track_extremes(state: NDArray[np.float64], samples: float, unit: float) -> None:
    """Follow, per axis, the range so far and the last valley and peak that the ball left."""
    cos, sin = state[TURN_COS], state[TURN_SIN]
    x = state[POINT] - state[FIRST]
    y = state[POINT + 1] - state[FIRST + 1]
    for axis in range(3):
        if axis == 0:
            place = cos * x + sin * y
        elif axis == 1:
            place = cos * y - sin * x
        else:
            place = state[POINT + 2] - state[FIRST + 2]
        state[SINCE_EXTREME + axis] += samples
        state[SINCE_VALLEY + axis] += samples
        state[SINCE_PEAK + axis] += samples
        if axis < 2 and state[TURNED] == 0.0:
            state[LOWEST + axis] = place
            state[HIGHEST + axis] = place
            state[EXTREME + axis] = place
            state[VALLEY + axis] = place
            state[PEAK + axis] = place
            continue
        if place < state[LOWEST + axis]:
            state[LOWEST + axis] = place
        if place > state[HIGHEST + axis]:
            state[HIGHEST + axis] = place
        back = TURN_BACK * unit
        if state[TREND + axis] >= 0.0:
            if place >= state[EXTREME + axis]:
                state[EXTREME + axis] = place
                state[SINCE_EXTREME + axis] = 0.0
            elif place < state[EXTREME + axis] - back:
                state[PEAK + axis] = state[EXTREME + axis]
                state[SINCE_PEAK + axis] = state[SINCE_EXTREME + axis]
                state[TREND + axis] = -1.0
                state[EXTREME + axis] = place
                state[SINCE_EXTREME + axis] = 0.0
        else:
            if place <= state[EXTREME + axis]:
                state[EXTREME + axis] = place
                state[SINCE_EXTREME + axis] = 0.0
            elif place > state[EXTREME + axis] + back:
                state[VALLEY + axis] = state[EXTREME + axis]
                state[SINCE_VALLEY + axis] = state[SINCE_EXTREME + axis]
                state[TREND + axis] = 1.0
                state[EXTREME + axis] = place
                state[SINCE_EXTREME + axis] = 0.0


@jit
def _follow(row: NDArray[np.float64], dims: int, state: NDArray[np.float64]) -> None:
    """Take a further fix: steps, filters, scales, heading, extremes and events."""
    samples = _samples(row[0] - state[FIX_TIME], state)
    if samples < 0.25:
        samples = 0.25
    count = state[SEEN]
    second = count == 1.0
    fresh = samples > LONG_GAP
    square = 0.0
    surprise = 0.0
    for axis in range(dims):
        value = row[1 + axis]
        step = (value - state[POINT + axis]) / samples
        square += step * step
        state[STEP_4 + axis] = state[STEP_3 + axis]
        state[STEP_3 + axis] = state[STEP_2 + axis]
        state[STEP_2 + axis] = state[STEP_1 + axis]
        state[STEP_1 + axis] = step
        if second or fresh:
            state[FAST_STEP + axis] = step
            state[SLOW_STEP + axis] = step
            state[CURVE_STEP + axis] = step
            state[CURVE_BEND + axis] = 0.0
            state[FAST_POINT + axis] = value
            state[SLOW_POINT + axis] = value
            state[CURVE_POINT + axis] = value
            state[MISS + axis] = 0.0
            state[SLOW_MISS + axis] = 0.0
        else:
            # After a gap the velocity gain works on miss / samples: the miss grew that long.
            expected = state[FAST_POINT + axis] + state[FAST_STEP + axis] * samples
            miss = value - expected
            surprise += miss * miss
            state[MISS + axis] = miss
            state[FAST_POINT + axis] = expected + FAST_ALPHA * miss
            state[FAST_STEP + axis] += FAST_BETA * miss / samples

            alpha, beta = SLOW_ALPHA, SLOW_BETA
            if count < 8.0:  # the least-squares line through the fixes so far
                alpha = 2.0 * (2.0 * count + 1.0) / ((count + 1.0) * (count + 2.0))
                beta = 6.0 / ((count + 1.0) * (count + 2.0))
            expected = state[SLOW_POINT + axis] + state[SLOW_STEP + axis] * samples
            miss = value - expected
            state[SLOW_MISS + axis] = miss
            state[SLOW_POINT + axis] = expected + alpha * miss
            state[SLOW_STEP + axis] += beta * miss / samples

            bend = state[CURVE_BEND + axis]
            expected = state[CURVE_POINT + axis] + samples * (
                state[CURVE_STEP + axis] + 0.5 * bend * samples
            )
            miss = value - expected
            state[CURVE_POINT + axis] = expected + CURVE_ALPHA * miss
            state[CURVE_STEP + axis] += bend * samples + CURVE_BETA * miss / samples
            state[CURVE_BEND + axis] = bend + CURVE_GAMMA * miss / (samples * samples)
        state[POINT + axis] = value

    weight = 1.0 / (count if count < STEADY else STEADY)
    state[STABLE] += weight * (square - state[STABLE])
    state[LOCAL] += (0.3 if not second else 1.0) * (square - state[LOCAL])
    unit = np.sqrt(0.5 * (state[LOCAL] + state[STABLE]))

    if state[TURNED] == 0.0:
        _turn(state, unit)
    _track_extremes(state, samples, unit)

    state[SINCE_A] += samples
    state[SINCE_B] += samples
    state[SINCE_C] += samples
    surprise = np.sqrt(surprise)
    if (
        surprise > EVENT_RATIO * state[SURPRISE]
        and surprise > EVENT_STEP * unit
        and state[SINCE_A] >= 3.0
        and count >= 3.0
    ):
        state[SINCE_C] = state[SINCE_B]
        state[SINCE_B] = state[SINCE_A]
        state[SINCE_A] = 0.0
        for axis in range(dims):
            state[EVENT_C + axis] = state[EVENT_B + axis]
            state[EVENT_B + axis] = state[EVENT_A + axis]
            state[EVENT_A + axis] = state[POINT + axis]
    usual = state[SURPRISE]
    if surprise > 3.0 * usual and count > 4.0:
        surprise = 3.0 * usual + 0.01 * unit  # one event is not the usual
    state[SURPRISE] += 0.15 * (surprise - usual)
    state[FIX_TIME] = row[0]


@jit
def _write_axes(
    state: NDArray[np.float64], frame: NDArray[np.float32], axis: int, unit: float, stable: float
) -> None:
    """Write the twenty-one features of one axis of the turned stream."""
    cos, sin = state[TURN_COS], state[TURN_SIN]
    at = 21 * axis
    here = 0.0
    for item in range(15):
        if item == 0:
            source, divisor, limit = STEP_1, unit, 8.0
        elif item == 1:
            source, divisor, limit = STEP_2, unit, 8.0
        elif item == 2:
            source, divisor, limit = STEP_3, unit, 8.0
        elif item == 3:
            source, divisor, limit = STEP_4, unit, 8.0
        elif item == 4:
            source, divisor, limit = FAST_STEP, unit, 8.0
        elif item == 5:
            source, divisor, limit = SLOW_STEP, unit, 8.0
        elif item == 6:
            source, divisor, limit = CURVE_STEP, unit, 8.0
        elif item == 7:
            source, divisor, limit = CURVE_BEND, 0.2 * unit, 8.0
        elif item == 8:
            source, divisor, limit = MISS, 0.5 * unit, 8.0
        elif item == 9:
            source, divisor, limit = SLOW_MISS, unit, 8.0
        elif item == 10:
            source, divisor, limit = SLOW_STEP, stable, 8.0
        elif item == 11:
            source, divisor, limit = FIRST, 16.0 * stable, 4.0
        elif item == 12:
            source, divisor, limit = EVENT_A, 8.0 * stable, 4.0
        elif item == 13:
            source, divisor, limit = EVENT_B, 8.0 * stable, 4.0
        else:
            source, divisor, limit = EVENT_C, 8.0 * stable, 4.0
        x, y, z = state[source], state[source + 1], state[source + 2]
        if item >= 11:  # a remembered place, seen from here
            x = state[POINT] - x
            y = state[POINT + 1] - y
            z = state[POINT + 2] - z
        if axis == 0:
            value = cos * x + sin * y
        elif axis == 1:
            value = cos * y - sin * x
        else:
            value = z
        if item == 11:
            here = value
        frame[at + item] = _bounded(value / divisor, limit)
    frame[at + 15] = _bounded((here - state[LOWEST + axis]) / (16.0 * stable), 4.0)
    frame[at + 16] = _bounded((state[HIGHEST + axis] - here) / (16.0 * stable), 4.0)
    frame[at + 17] = _bounded((here - state[VALLEY + axis]) / (8.0 * stable), 4.0)
    frame[at + 18] = _bounded((state[PEAK + axis] - here) / (8.0 * stable), 4.0)
    frame[at + 19] = _bounded(state[SINCE_VALLEY + axis] / 16.0, 4.0)
    frame[at + 20] = _bounded(state[SINCE_PEAK + axis] / 16.0, 4.0)


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
        time = row[0]
        interval = 0.0
        if state[ROWS] > 0.0:
            interval = time - state[LAST_TIME]
            spacing = state[SPACING]
            # A running mean of intervals, none counted longer than twice the mean so far.
            if spacing == 0.0:
                state[SPACING] = interval
            else:
                counted = interval if interval < 2.0 * spacing else 2.0 * spacing
                number = state[ROWS] if state[ROWS] < 32.0 else 32.0
                state[SPACING] = spacing + (counted - spacing) / number
        state[ROWS] += 1.0
        state[LAST_TIME] = time

        thousandths = 1000.0 * time
        rest = thousandths - np.floor(thousandths + 0.5)
        if rest > 0.001 or rest < -0.001:
            state[FINE] = 1.0

        missing = False
        for axis in range(dims):
            if row[1 + axis] != row[1 + axis]:
                missing = True
        gap = 0.0
        if not missing:
            if state[SEEN] == 0.0:
                _start(row, dims, state)
            else:
                _follow(row, dims, state)
            state[SEEN] += 1.0
        elif state[SEEN] > 0.0 and state[SPACING] > 0.0:
            gap = (time - state[FIX_TIME]) / state[SPACING]

        seen = state[SEEN]
        spacing = state[SPACING]
        local = np.sqrt(state[LOCAL])
        stable = np.sqrt(state[STABLE])
        unit = np.sqrt(0.5 * (state[LOCAL] + state[STABLE]))
        for item in range(FRAME_SIZE):
            frame[item] = 0.0
        if unit > 0.0:
            for axis in range(dims):
                _write_axes(state, frame, axis, unit, stable)
            frame[63] = local / (local + stable) - 0.5
            frame[64] = _bounded(state[SURPRISE] / unit, 1.0)
        frame[65] = _bounded(state[SINCE_A] / 16.0, 4.0)
        frame[66] = _bounded(state[SINCE_B] / 16.0, 4.0)
        frame[67] = _bounded(state[SINCE_C] / 16.0, 4.0)
        frame[68] = 1.0 if missing else 0.0
        frame[69] = _bounded(gap / 4.0, 4.0)
        frame[70] = _bounded(interval / spacing - 1.0, 2.0) if spacing > 0.0 else 0.0
        frame[71] = spacing / (spacing + 0.02)
        frame[72] = 1.0 if dims == 3 else 0.0
        frame[73] = 4.0 / (seen + 4.0)
        frame[74] = 64.0 / (seen + 64.0)

        for axis in range(3):
            context[index, CONTEXT_POINT + axis] = state[POINT + axis]
            context[index, CONTEXT_STEP + axis] = state[FAST_STEP + axis]
        context[index, CONTEXT_UNIT] = unit
        context[index, CONTEXT_COS] = state[TURN_COS]
        context[index, CONTEXT_SIN] = state[TURN_SIN]
        context[index, CONTEXT_GAP] = gap
        context[index, CONTEXT_SEEN] = seen
    return rows.shape[0]
