"""Outputs of a network that foresees motion → points, spreads and the direction of motion.

For each horizon the network says four numbers: how far the ball will be from where a straight
line takes it (three, in the turned frame of `streamrnn.kernels.motion`) and how sure that is
(one). Everything is straight-line arithmetic, so a prediction's bits depend on its frame only.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.kernels.motion import (
    CONTEXT_COS,
    CONTEXT_GAP,
    CONTEXT_POINT,
    CONTEXT_SEEN,
    CONTEXT_SIN,
    CONTEXT_STEP,
    CONTEXT_UNIT,
)

OUTPUTS_PER_HORIZON = 4
DIRECTIONS = ("+x", "-x", "+y", "-y", "+z", "-z")
DIRECTION_AHEAD = 5  # samples: how far ahead the direction label looks
REACH = 0.5  # an output of one is this many steps of the ball per sample of the horizon
SURE = 0.1  # an unsureness of one is a radius of this many reaches
LONGEST_GAP = 10.0  # samples; a ball lost for longer is not carried on along its line


@jit
def decode_points(
    outputs: NDArray[np.float32],
    context: NDArray[np.float64],
    horizons: NDArray[np.float64],
    points: NDArray[np.float64],
    spreads: NDArray[np.float64],
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    direction_horizon: int,
) -> None:
    """Turn network outputs into points in the input's units.

    The 90 % radius is `unit · reach · SURE · g(o)²` with `g(o) = (o + √(o² + 4)) / 2`, a smooth
    positive function of arithmetic alone (it meets 1 at 0 and has no transcendental in it).

    The label is the axis and sign of the largest displacement at one horizon. Its score is a
    probability-like number: the distance to the nearest border between two labels, set against
    the radius.

    Args:
        outputs: for each horizon x, y, z of the turned frame, and the unsureness.
        context: what `motion_frames` wrote for the same steps.
        horizons: samples ahead, rising.
        points: filled with positions in the input's units; NaN until a fix has been seen.
        spreads: filled with the radius that is to hold 90 % of outcomes; NaN until two fixes
            have been seen.
        labels: filled with an index into `DIRECTIONS`; -1 until two fixes have been seen.
        scores: filled with a number from 0 to 1.
        direction_horizon: which of the horizons the label looks at.

    Shape:
        outputs `(T, 4 · horizons)`, context `(T, CONTEXT_SIZE)`, points `(T, horizons, dims)`,
        spreads `(T, horizons)`, labels and scores `(T,)`.
    """
    dims = points.shape[2]
    for step in range(outputs.shape[0]):
        seen = context[step, CONTEXT_SEEN]
        unit = context[step, CONTEXT_UNIT]
        cos = context[step, CONTEXT_COS]
        sin = context[step, CONTEXT_SIN]
        gap = context[step, CONTEXT_GAP]
        if gap > LONGEST_GAP:
            gap = LONGEST_GAP
        labels[step] = -1
        scores[step] = 0.0
        for index in range(horizons.shape[0]):
            for axis in range(dims):
                points[step, index, axis] = np.nan
            spreads[step, index] = np.nan
            if seen == 0.0:
                continue
            ahead = horizons[index] + gap
            reach = unit * REACH * ahead
            at = OUTPUTS_PER_HORIZON * index
            x = float(outputs[step, at])
            y = float(outputs[step, at + 1])
            unsure = float(outputs[step, at + 3])
            for axis in range(dims):
                if axis == 0:
                    bend = cos * x - sin * y
                elif axis == 1:
                    bend = sin * x + cos * y
                else:
                    bend = float(outputs[step, at + 2])
                points[step, index, axis] = (
                    context[step, CONTEXT_POINT + axis]
                    + context[step, CONTEXT_STEP + axis] * ahead
                    + bend * reach
                )
            if seen >= 2.0:
                growth = 0.5 * (unsure + np.sqrt(unsure * unsure + 4.0))
                spreads[step, index] = reach * SURE * growth * growth
        if seen < 2.0:
            continue
        first, second, best = -1.0, 0.0, 0
        for axis in range(dims):
            shift = points[step, direction_horizon, axis] - context[step, CONTEXT_POINT + axis]
            size = shift if shift >= 0.0 else -shift
            if size > first:
                second = first
                first = size
                best = 2 * axis + (1 if shift < 0.0 else 0)
            elif size > second:
                second = size
        if second < 0.0:
            second = 0.0
        labels[step] = best
        # The border between two axes is the diagonal: (first - second) / sqrt(2) away.
        margin = (first - second) * 0.7071067811865476
        blur = 0.6 * spreads[step, direction_horizon]
        length = np.sqrt(margin * margin + blur * blur)
        scores[step] = 0.5 + 0.5 * margin / length if length > 0.0 else 0.0
