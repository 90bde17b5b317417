"""The least-squares parabola through a ball's latest fixes, older ones discounted.

place = p + s·t + b·t²/2 with t in samples, 0 at the last fix. Carried as discounted sums of powers
of t and of powers of t times place, which move with the origin, so that each fix costs the same.
The bend b has a prior: gravity, and what else bent the ball before the last restart.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit

# Where each quantity lies in a parabola; three numbers each, one an axis, but for the moments.
MOMENTS = 0  # sums of tᵏ, k = 0 to 4
PULL_0, PULL_1, PULL_2 = 5, 8, 11  # sums of tᵏ · place, seen from the last fix
POINT, STEP, BEND = 14, 17, 20  # what was solved from them
BEND_BEFORE = 23  # at the last restart, gravity's part left out
SIZE = 26
PRIOR = 30.0  # weight of the bend's prior: that of half a dozen fixes

Curve = NDArray[np.float64]


@jit
def begin(curve: Curve) -> None:
    """Take the first fix of a stream."""
    curve[MOMENTS] = 1.0


@jit
def restart(curve: Curve, step: NDArray[np.float64], fall: float) -> None:
    """Forget all fixes but the last and go on with a step `(dims,)`; the bend becomes the prior.

    `fall` is what gravity adds to z's step each sample.
    """
    for item in range(POINT):
        curve[item] = 0.0
    curve[MOMENTS] = 1.0
    for axis in range(step.shape[0]):
        gravity = fall if axis == 2 else 0.0
        curve[BEND_BEFORE + axis] = curve[BEND + axis] - gravity
        curve[POINT + axis] = 0.0
        curve[STEP + axis] = step[axis]


@jit
def fit(curve: Curve, step: NDArray[np.float64], samples: float, keeps: float, fall: float) -> None:
    """Take a fix `samples` after the last and `step · samples` away, and solve anew.

    Each sum is moved to the new origin of time and place (t' = t − samples, place' = place −
    way), discounted, and joined by the fix, which is the origin. The three equations are solved
    by cofactors.

    Args:
        curve: the parabola, changed in place, `(SIZE,)`.
        step: the way from the last fix, a sample, `(dims,)`.
        samples: time since the last fix.
        keeps: what is left of a fix's weight a sample later.
        fall: what gravity adds to z's step each sample.
    """
    keep = keeps
    for _ in range(1, int(samples)):
        keep *= keeps
    u = samples
    m0, m1, m2 = curve[MOMENTS], curve[MOMENTS + 1], curve[MOMENTS + 2]
    m3, m4 = curve[MOMENTS + 3], curve[MOMENTS + 4]
    n0 = keep * m0
    n1 = keep * (m1 - u * m0)
    n2 = keep * (m2 - u * (2.0 * m1 - u * m0))
    n3 = keep * (m3 - u * (3.0 * m2 - u * (3.0 * m1 - u * m0)))
    n4 = keep * (m4 - u * (4.0 * m3 - u * (6.0 * m2 - u * (4.0 * m1 - u * m0))))
    a0 = n0 + 1.0
    a4 = n4 + PRIOR
    # Cofactors of [[a0, n1, n2], [n1, n2, n3], [n2, n3, a4]].
    c00 = n2 * a4 - n3 * n3
    c01 = n2 * n3 - n1 * a4
    c02 = n1 * n3 - n2 * n2
    c11 = a0 * a4 - n2 * n2
    c12 = n1 * n2 - a0 * n3
    c22 = a0 * n2 - n1 * n1
    determinant = a0 * c00 + n1 * c01 + n2 * c02
    for axis in range(step.shape[0]):
        way = step[axis] * samples
        q0, q1, q2 = curve[PULL_0 + axis], curve[PULL_1 + axis], curve[PULL_2 + axis]
        r0 = keep * q0 - way * n0
        r1 = keep * (q1 - u * q0) - way * n1
        r2 = keep * (q2 - u * (2.0 * q1 - u * q0)) - way * n2
        curve[PULL_0 + axis] = r0
        curve[PULL_1 + axis] = r1
        curve[PULL_2 + axis] = r2
        gravity = fall if axis == 2 else 0.0
        bend = curve[BEND_BEFORE + axis] + gravity
        r2 += PRIOR * 0.5 * bend
        if determinant > 0.0:
            curve[POINT + axis] = (c00 * r0 + c01 * r1 + c02 * r2) / determinant
            curve[STEP + axis] = (c01 * r0 + c11 * r1 + c12 * r2) / determinant
            curve[BEND + axis] = 2.0 * (c02 * r0 + c12 * r1 + c22 * r2) / determinant
    curve[MOMENTS] = a0
    curve[MOMENTS + 1] = n1
    curve[MOMENTS + 2] = n2
    curve[MOMENTS + 3] = n3
    curve[MOMENTS + 4] = n4


@jit
def falls(place: float, step: float, bend: float) -> float:
    """Count the samples until place + step·t + bend·t²/2 falls to 0; −1 if it never does."""
    if place < 0.0 or bend >= 0.0:
        return -1.0
    samples = (-step - np.sqrt(step * step - 2.0 * bend * place)) / bend
    return samples if samples > 0.0 else 0.0  # the square of the least steps is 0
