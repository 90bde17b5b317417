"""What a careful engineer would use without a network, to compare with.

Each baseline takes rows and horizons and gives, at every row, points that use no later row. All
of them count time in samples: elapsed seconds over the median spacing of the last 31 intervals.
Their constants were tuned for least mean error on training tracks (the
numbers stand below), separately for two and three dimensions:

- `last`: the ball stays where it is.
- `constant_velocity`: the least-squares line through the last fixes.
- `constant_acceleration`: the least-squares parabola through the last fixes.
- `kalman`: constant velocity with white acceleration (Bar-Shalom, Li, Kirubarajan 2001, 6.2.2).
- `physics` (three dimensions, metres, z up): gravity, drag and a bounce on the table carry the
  mean; the covariance is the Kalman filter's, widened at a bounce. The table's height is given.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit

Points = NDArray[np.float64]
Baseline = Callable[[NDArray[np.float64], NDArray[np.float64]], Points]

# Tuned on tennis games 1 to 5 (two dimensions) and six of ten table tennis flights (three).
LINE_FIXES = {2: 2, 3: 3}
PARABOLA_FIXES = {2: 6, 3: 7}
WHITE_ACCELERATION = {2: 6.0, 3: 2.0}  # over the variance of a fix, in samples

DRAG = 0.15  # 1/m
RESTITUTION, GRIP = 0.88, 0.845  # share of vertical and of horizontal speed kept at a bounce
FIX_NOISE = 0.003  # m
ACCELERATION_NOISE = 2.7  # m²/s³
BOUNCE_DOUBT = 0.094  # of the speed
EDGE = 0.06  # m below the table: too deep to bounce, the ball has passed the edge
GRAVITY = 9.81


def last(rows: NDArray[np.float64], horizons: NDArray[np.float64]) -> Points:
    """Foresee the last position seen, `(n, horizons, dims)`."""
    return _polynomial(rows, horizons, 1, 0)


def constant_velocity(rows: NDArray[np.float64], horizons: NDArray[np.float64]) -> Points:
    """Foresee along the least-squares line through the last fixes, `(n, horizons, dims)`."""
    return _polynomial(rows, horizons, LINE_FIXES[rows.shape[1] - 1], 1)


def constant_acceleration(rows: NDArray[np.float64], horizons: NDArray[np.float64]) -> Points:
    """Foresee along the least-squares parabola through the last fixes, `(n, horizons, dims)`."""
    return _polynomial(rows, horizons, PARABOLA_FIXES[rows.shape[1] - 1], 2)


def kalman(rows: NDArray[np.float64], horizons: NDArray[np.float64]) -> Points:
    """Foresee with a constant-velocity Kalman filter, `(n, horizons, dims)`."""
    points = np.full((len(rows), len(horizons), rows.shape[1] - 1), np.nan)
    _kalman(rows, horizons, WHITE_ACCELERATION[rows.shape[1] - 1], points)
    return points


def physics(table: float) -> Baseline:
    """Make the physics filter for a table at a height in metres (−inf: no table)."""

    def foresee(rows: NDArray[np.float64], horizons: NDArray[np.float64]) -> Points:
        points = np.full((len(rows), len(horizons), 3), np.nan)
        _physics(rows, horizons, table, points)
        return points

    return foresee


def table_height(tracks: Sequence[NDArray[np.float64]]) -> float:
    """Estimate the table's height: the median lowest point of all sharp bounces of all tracks.

    It looks at whole recordings, earlier and later: more than a live stream has.

    Args:
        tracks: rows `(n, 4)` in metres.

    Returns:
        Metres; −inf where no track has a bounce.
    """
    lows: list[float] = []
    for rows in tracks:
        z = rows[:, 3]
        for i in range(2, len(z) - 2):
            around = min(z[i - 2], z[i + 2]) - z[i]
            if z[i] <= z[i - 1] and z[i] < z[i + 1] and around > 0.01:
                lows.append(float(z[i]))
    return float(np.median(lows)) if lows else float("-inf")


def baselines_for(tracks: Sequence[NDArray[np.float64]]) -> dict[str, Baseline]:
    """Choose the baselines that apply to tracks, by the name they are printed under."""
    chosen: dict[str, Baseline] = {
        "last": last,
        "constant_velocity": constant_velocity,
        "constant_acceleration": constant_acceleration,
        "kalman": kalman,
    }
    if tracks and tracks[0].shape[1] == 4:
        chosen["physics"] = physics(table_height(tracks))
    return chosen


@jit
def _spacing(rows: NDArray[np.float64], index: int) -> float:
    """The median of the last 31 positive intervals up to a row; 0 where there is none."""
    first = max(0, index - 31)
    intervals = rows[first + 1 : index + 1, 0] - rows[first:index, 0]
    intervals = intervals[intervals > 0.0]
    return np.median(intervals) if len(intervals) else 0.0


def _polynomial(
    rows: NDArray[np.float64], horizons: NDArray[np.float64], fixes: int, degree: int
) -> NDArray[np.float64]:
    dims = rows.shape[1] - 1
    points = np.full((rows.shape[0], len(horizons), dims), np.nan)
    seen = np.empty(rows.shape[0], np.int64)
    count = 0
    for index in range(rows.shape[0]):
        if not np.isnan(rows[index, 1:]).any():
            seen[count] = index
            count += 1
        spacing = _spacing(rows, index)
        # With few fixes yet, a lower degree; a degree needs one fix more than itself.
        used = min(fixes, count)
        order = min(degree, used - 1)
        if order < 0 or (order > 0 and spacing == 0.0):
            continue
        powers = np.ones((used, order + 1))
        values = np.empty((used, dims))
        for item in range(used):
            at = seen[count - used + item]
            values[item] = rows[at, 1:]
            for power in range(1, order + 1):
                powers[item, power] = ((rows[at, 0] - rows[index, 0]) / spacing) ** power
        coefficients = np.linalg.lstsq(powers, values, rcond=None)[0]
        for place, horizon in enumerate(horizons):
            for axis in range(dims):
                value = 0.0
                for power in range(order, -1, -1):
                    value = value * horizon + coefficients[power, axis]
                points[index, place, axis] = value
    return points


@jit
def _kalman(
    rows: NDArray[np.float64],
    horizons: NDArray[np.float64],
    white: float,
    points: NDArray[np.float64],
) -> None:
    """Run the filter; axes share one covariance, measured in variances of a fix."""
    dims = rows.shape[1] - 1
    place, pace = np.zeros(dims), np.zeros(dims)
    p00, p01, p11 = 0.0, 0.0, 0.0
    begun = False
    before = 0.0
    for index in range(rows.shape[0]):
        missing = np.isnan(rows[index, 1:]).any()
        if not begun:
            if not missing:
                begun = True
                place[:] = rows[index, 1:]
                p00, p01, p11 = 1.0, 0.0, 1e6
        else:
            spacing = _spacing(rows, index)
            span = (rows[index, 0] - before) / spacing if spacing > 0.0 else 0.0
            place += pace * span
            p00 += 2.0 * span * p01 + span * span * p11 + white * span**3 / 3.0
            p01 += span * p11 + white * span * span / 2.0
            p11 += white * span
            if not missing:
                gain, gain_pace = p00 / (p00 + 1.0), p01 / (p00 + 1.0)
                miss = rows[index, 1:] - place
                place += gain * miss
                pace += gain_pace * miss
                p11 -= gain_pace * p01
                p01 *= 1.0 - gain
                p00 *= 1.0 - gain
        before = rows[index, 0]
        if begun:
            for item, horizon in enumerate(horizons):
                points[index, item] = place + pace * horizon


@jit
def _fall(
    place: NDArray[np.float64], pace: NDArray[np.float64], seconds: float, table: float
) -> bool:
    """Advance a flying ball by one short step; whether it bounced."""
    speed = np.sqrt(pace[0] ** 2 + pace[1] ** 2 + pace[2] ** 2)
    for axis in range(3):
        push = -DRAG * speed * pace[axis]
        if axis == 2:
            push -= GRAVITY
        place[axis] += pace[axis] * seconds + 0.5 * push * seconds * seconds
        pace[axis] += push * seconds
    if table - EDGE < place[2] < table and pace[2] < 0.0:
        place[2] = table + (table - place[2]) * RESTITUTION
        pace[2] *= -RESTITUTION
        pace[0] *= GRIP
        pace[1] *= GRIP
        return True
    return False


@jit
def _physics(
    rows: NDArray[np.float64],
    horizons: NDArray[np.float64],
    table: float,
    points: NDArray[np.float64],
) -> None:
    noise = FIX_NOISE * FIX_NOISE
    place, pace = np.zeros(3), np.zeros(3)
    p00, p01, p11 = 0.0, 0.0, 0.0
    fixes = 0
    before = 0.0
    for index in range(rows.shape[0]):
        fix = rows[index, 1:]
        span = rows[index, 0] - before
        if not np.isnan(fix).any() and (fixes == 0 or span > 0.0):
            if fixes == 0:
                place[:] = fix
            elif fixes == 1:
                pace[:] = (fix - place) / span
                pace[2] -= 0.5 * GRAVITY * span
                place[:] = fix
                p00, p01, p11 = noise, noise / span, 2.0 * noise / span**2
            else:
                flown_place = place + pace * span
                flown_pace = pace.copy()
                flown_place[2] -= 0.5 * GRAVITY * span * span
                flown_pace[2] -= GRAVITY * span
                steps = int(np.ceil(span / 0.004))
                part = span / steps
                bounced = False
                for _ in range(steps):
                    hit = _fall(place, pace, part, table)
                    p00 += 2.0 * part * p01 + part * part * p11 + ACCELERATION_NOISE * part**3 / 3.0
                    p01 += part * p11 + ACCELERATION_NOISE * part * part / 2.0
                    p11 += ACCELERATION_NOISE * part
                    if hit:
                        bounced = True
                        p11 += BOUNCE_DOUBT**2 * (pace[0] ** 2 + pace[1] ** 2 + pace[2] ** 2)
                # A bounce foreseen that did not come: the ball passed the table's edge.
                if bounced and fix[2] < table:
                    if ((fix - flown_place) ** 2).sum() < ((fix - place) ** 2).sum():
                        place[:] = flown_place
                        pace[:] = flown_pace
                gain, gain_pace = p00 / (p00 + noise), p01 / (p00 + noise)
                miss = fix - place
                place += gain * miss
                pace += gain_pace * miss
                p11 -= gain_pace * p01
                p01 *= 1.0 - gain
                p00 *= 1.0 - gain
            fixes += 1
            before = rows[index, 0]
        spacing = _spacing(rows, index)
        if fixes < 2 or spacing == 0.0:
            if fixes == 1:
                for item in range(len(horizons)):
                    points[index, item] = place
            continue
        ahead_place, ahead_pace = place.copy(), pace.copy()
        # A missing fix: fly on from the last one to now, then to the horizons.
        done = -(rows[index, 0] - before) / spacing
        for item, horizon in enumerate(horizons):
            steps = int(np.ceil((horizon - done) * 4.0))
            for _ in range(steps):
                _fall(ahead_place, ahead_pace, (horizon - done) * spacing / steps, table)
            done = horizon
            points[index, item] = ahead_place
