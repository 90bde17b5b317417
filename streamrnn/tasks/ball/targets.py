"""What the network is to say at each fix: where the ball will be, in the frame's own units."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels import motion
from streamrnn.kernels.points import LONGEST_GAP, REACH

HORIZONS = (1, 2, 5, 10, 20)


def targets(
    rows: NDArray[np.float64], context: NDArray[np.float64], horizons: tuple[int, ...] = HORIZONS
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make the targets of one track.

    The network's unit at a fix (step length × reach of the horizon) follows the ball's present
    speed. The mean error that is to become small weighs every fix alike, so the weight turns
    errors from the network's unit into the track's own: its root-mean-square step, times the
    horizon, which is how errors grow.

    Args:
        rows: times and positions; NaN positions are neither seen nor foreseen.
        context: what the front end wrote for these rows.
        horizons: samples ahead.

    Shape:
        rows `(n, 1 + dims)`, context `(n, CONTEXT_SIZE)`.

    Returns:
        Displacements `(n, horizons, 3)` from the straight line, turned, in the network's unit,
        and weights `(n, horizons)`: zero where there is nothing to learn.
    """
    count, dims = len(rows), rows.shape[1] - 1
    wanted = np.zeros((count, len(horizons), 3))
    weights = np.zeros((count, len(horizons)))
    points = np.zeros((count, 3))
    points[:, :dims] = rows[:, 1:]
    steps = np.diff(points, axis=0)
    squares = (steps * steps).sum(axis=1)
    squares = squares[np.isfinite(squares)]
    stride = np.sqrt(squares.mean()) if len(squares) and squares.max() > 0 else 1.0
    unit = context[:, motion.CONTEXT_UNIT]
    gap = np.minimum(context[:, motion.CONTEXT_GAP], LONGEST_GAP)
    anchor = context[:, motion.CONTEXT_POINT : motion.CONTEXT_POINT + 3]
    pace = context[:, motion.CONTEXT_STEP : motion.CONTEXT_STEP + 3]
    cos, sin = context[:, motion.CONTEXT_COS], context[:, motion.CONTEXT_SIN]
    known = (context[:, motion.CONTEXT_SEEN] >= 3) & (unit > 0)
    for index, horizon in enumerate(horizons):
        if horizon >= count:
            continue
        here = slice(0, count - horizon)
        ahead = horizon + gap[here]
        reach = np.where(known[here], unit[here], 1.0) * REACH * ahead
        away = points[horizon:] - anchor[here] - pace[here] * ahead[:, None]
        away /= reach[:, None]
        turned = np.empty_like(away)
        turned[:, 0] = cos[here] * away[:, 0] + sin[here] * away[:, 1]
        turned[:, 1] = cos[here] * away[:, 1] - sin[here] * away[:, 0]
        turned[:, 2] = away[:, 2]
        good = known[here] & np.isfinite(turned).all(axis=1)
        wanted[here, index][good] = turned[good]
        weights[here, index] = np.where(good, reach / (stride * horizon), 0.0)
    return wanted.astype(np.float32), weights.astype(np.float32)
