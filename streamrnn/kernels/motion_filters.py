"""What a moving ball's fixes leave behind: filters, extremes and events, carried fix by fix.

Everything lies in one `state` and is written in straight-line arithmetic (+ − × ÷ sqrt and
comparisons), so the same rows give the same bits however they are cut.

Four filters run beside one another, in units of samples (the elapsed time over the stream's own
typical spacing): a fast and a slow alpha-beta filter (Kalata 1984, "The tracking index"), and the
least-squares parabolas through fewer and through more of the latest fixes, older ones discounted.
A fix that surprises the fast filter is an *event*, a bounce or a hit: the parabolas begin anew,
their bend kept as a prior.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels import parabola
from streamrnn.kernels.compile import jit

# Where each quantity lies in the state; three numbers each where an axis is meant.
SEEN, ROWS, LAST_TIME, SPACING, FINE, FIX_TIME = 0, 1, 2, 3, 4, 5
DIMS = 6  # 2 or 3; 0 until the first row
TURN_COS, TURN_SIN, TURNED = 7, 8, 9
FIRST, POINT, STEP_1, STEP_2, STEP_3, STEP_4 = 10, 13, 16, 19, 22, 25
FAST_POINT, FAST_STEP, SLOW_POINT, SLOW_STEP, MISS = 28, 31, 34, 37, 40  # points: from the last fix
LOCAL, STABLE, SURPRISE = 43, 44, 45
LOWEST, HIGHEST, TREND, EXTREME, VALLEY, PEAK = 46, 49, 52, 55, 58, 61
SINCE_EXTREME, SINCE_VALLEY, SINCE_PEAK = 64, 67, 70
EVENT_A, EVENT_B, EVENT_C, SINCE_A, SINCE_B, SINCE_C = 73, 76, 79, 82, 83, 84
SHORT = 85
LONG = SHORT + parabola.SIZE
FAR = LONG + parabola.SIZE  # mean distance of the fixes from the origin, along x and along y
STATE_SIZE = FAR + 2

# Gains of the steady filters, in samples: fast follows two fixes, slow about eight.
FAST_ALPHA, FAST_BETA = 0.85, 0.60
SLOW_ALPHA, SLOW_BETA = 0.45, 0.12
# What is left of a fix's weight in a parabola a sample later: about twenty fixes, and eighty.
SHORT_KEEPS, LONG_KEEPS = 0.80, 0.95
GRAVITY = 9.81  # m/s², of streams in three dimensions, which are taken for metres with z up
MOST = 1e30  # of anything counted in spacings, however uneven the times are
LONGEST_BRIDGE = 8.0  # samples; a parabola is not carried over longer gaps
LONG_GAP = 30.0  # samples; beyond it the filters are no better than a fresh start
STEADY = 256.0  # fixes that the stable step length remembers
EVENT_RATIO, EVENT_STEP = 3.0, 0.12  # an event: this many usual surprises, and this many steps
TURN_BACK = 0.25  # an extreme counts once the ball has come back by this many steps


@jit
def tick(time: float, state: NDArray[np.float64]) -> float:
    """Take a row's time stamp, of a fix or of a missing one; gives the seconds since the last."""
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
    return interval


@jit
def follow(row: NDArray[np.float64], dims: int, state: NDArray[np.float64]) -> None:
    """Take a fix, seconds and position: steps, filters, scales, heading, extremes and events."""
    if state[SEEN] == 0.0:
        _start(row, dims, state)
        state[SEEN] = 1.0
        return
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
        way = value - state[POINT + axis]
        moved = way / samples
        square += moved * moved
        state[STEP_4 + axis] = state[STEP_3 + axis]
        state[STEP_3 + axis] = state[STEP_2 + axis]
        state[STEP_2 + axis] = state[STEP_1 + axis]
        state[STEP_1 + axis] = moved
        if second or fresh:
            state[FAST_STEP + axis] = moved
            state[SLOW_STEP + axis] = moved
            state[FAST_POINT + axis] = 0.0
            state[SLOW_POINT + axis] = 0.0
            state[MISS + axis] = 0.0
        else:
            # After a gap the velocity gain works on miss / samples: the miss grew that long.
            miss = way - (state[FAST_POINT + axis] + state[FAST_STEP + axis] * samples)
            surprise += miss * miss
            state[MISS + axis] = miss
            state[FAST_POINT + axis] = (FAST_ALPHA - 1.0) * miss
            state[FAST_STEP + axis] += FAST_BETA * miss / samples

            alpha, beta = SLOW_ALPHA, SLOW_BETA
            if count < 8.0:  # the least-squares line through the fixes so far
                alpha = 2.0 * (2.0 * count + 1.0) / ((count + 1.0) * (count + 2.0))
                beta = 6.0 / ((count + 1.0) * (count + 2.0))
            miss = way - (state[SLOW_POINT + axis] + state[SLOW_STEP + axis] * samples)
            state[SLOW_POINT + axis] = (alpha - 1.0) * miss
            state[SLOW_STEP + axis] += beta * miss / samples
        state[POINT + axis] = value
    _measure_picture(state, count + 1.0)

    short, long = state[SHORT:LONG], state[LONG:FAR]
    step, fall = state[STEP_1 : STEP_1 + dims], gravity_bend(state, dims)
    if samples > LONGEST_BRIDGE:
        parabola.restart(short, step, fall)
        parabola.restart(long, step, fall)
    else:
        parabola.fit(short, step, samples, SHORT_KEEPS, fall)
        parabola.fit(long, step, samples, LONG_KEEPS, fall)

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
        step = state[FAST_STEP : FAST_STEP + dims]
        parabola.restart(short, step, fall)
        parabola.restart(long, step, fall)
        for axis in range(dims):
            state[EVENT_C + axis] = state[EVENT_B + axis]
            state[EVENT_B + axis] = state[EVENT_A + axis]
            state[EVENT_A + axis] = state[POINT + axis]
    usual = state[SURPRISE]
    if surprise > 3.0 * usual and count > 4.0:
        surprise = 3.0 * usual + 0.01 * unit  # one event is not the usual
    state[SURPRISE] += 0.15 * (surprise - usual)
    state[FIX_TIME] = row[0]
    state[SEEN] += 1.0


@jit
def gravity_bend(state: NDArray[np.float64], dims: int) -> float:
    """What gravity adds to z's step each sample, in metres; 0 in two dimensions."""
    if dims < 3:
        return 0.0
    return -GRAVITY * state[SPACING] * state[SPACING]


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
        state[EVENT_A + axis] = value
        state[EVENT_B + axis] = value
        state[EVENT_C + axis] = value
    state[TURN_COS] = 1.0
    state[TURNED] = 1.0 if dims == 2 else 0.0
    state[FIX_TIME] = row[0]
    _measure_picture(state, 1.0)
    parabola.begin(state[SHORT:LONG])
    parabola.begin(state[LONG:FAR])


@jit
def _measure_picture(state: NDArray[np.float64], count: float) -> None:
    """Follow how far from the origin the fixes lie, which tells how large a picture is."""
    weight = 1.0 / (count if count < STEADY else STEADY)
    for axis in range(2):
        far = state[POINT + axis]
        if far < 0.0:
            far = -far
        state[FAR + axis] += weight * (far - state[FAR + axis])


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
