"""The flight of one ball: gravity, drag, Magnus force, and a bounce that couples spin and speed.

Flight: a = −g ẑ − k |v| v + m ω × v. Bounce: the impulse model of Garwin (1969) with Coulomb
friction (Cross, "Grip-slip behavior of a bouncing ball", 2002), for a hollow sphere.

A ball is nine numbers: position, velocity, spin (rad/s). A `kind` is what does not change while
it flies; see the indices below.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit

Ball = NDArray[np.float64]

# A kind of ball and floor.
DRAG, MAGNUS, RADIUS, RESTITUTION, FRICTION, SOFTENING = 0, 1, 2, 3, 4, 5
KIND_SIZE = 6
GRAVITY = 9.81
SHELL = 2.0 / 3.0  # moment of inertia of a hollow sphere over m r²


@jit
def kind_of(
    drag: float,
    magnus: float,
    radius: float,
    restitution: float,
    softening: float,
    friction: float,
) -> NDArray[np.float64]:
    """Make a kind of ball and floor.

    Args:
        drag: k of the flight, 1/m.
        magnus: m of the flight.
        radius: metres.
        restitution: share of the vertical speed that a slow bounce keeps.
        softening: what each m/s takes off it, s/m.
        friction: Coulomb's coefficient of ball and floor.

    Returns:
        `(KIND_SIZE,)`; see the indices above.
    """
    kind = np.zeros(KIND_SIZE)
    kind[DRAG], kind[MAGNUS], kind[RADIUS] = drag, magnus, radius
    kind[RESTITUTION], kind[SOFTENING], kind[FRICTION] = restitution, softening, friction
    return kind


@jit
def move(ball: Ball, kind: NDArray[np.float64], seconds: float) -> None:
    """Advance a flying ball by one short step (second order in time)."""
    vx, vy, vz = ball[3], ball[4], ball[5]
    wx, wy, wz = ball[6], ball[7], ball[8]
    drag = kind[DRAG] * np.sqrt(vx * vx + vy * vy + vz * vz)
    magnus = kind[MAGNUS]
    ax = -drag * vx + magnus * (wy * vz - wz * vy)
    ay = -drag * vy + magnus * (wz * vx - wx * vz)
    az = -drag * vz + magnus * (wx * vy - wy * vx) - GRAVITY
    half = 0.5 * seconds * seconds
    ball[0] += vx * seconds + ax * half
    ball[1] += vy * seconds + ay * half
    ball[2] += vz * seconds + az * half
    ball[3] += ax * seconds
    ball[4] += ay * seconds
    ball[5] += az * seconds


@jit
def bounce(ball: Ball, kind: NDArray[np.float64]) -> None:
    """Turn the velocity and spin of a ball that meets the floor."""
    radius = kind[RADIUS]
    down = -ball[5]
    restitution = kind[RESTITUTION] - kind[SOFTENING] * down  # faster balls bounce worse
    if restitution < 0.3:
        restitution = 0.3
    slip_x = ball[3] - radius * ball[7]
    slip_y = ball[4] + radius * ball[6]
    slip = np.sqrt(slip_x * slip_x + slip_y * slip_y)
    share = SHELL / (1.0 + SHELL)  # of the slip that must go for the ball to grip
    if slip > 0.0:
        sliding = kind[FRICTION] * (1.0 + restitution) * down / slip
        if sliding < share:
            share = sliding
    change_x = -share * slip_x
    change_y = -share * slip_y
    ball[3] += change_x
    ball[4] += change_y
    ball[5] = restitution * down
    ball[6] += change_y / (SHELL * radius)
    ball[7] -= change_x / (SHELL * radius)


@jit
def meet_floor(ball: Ball, kind: NDArray[np.float64], height_before: float, seconds: float) -> bool:
    """Let a ball that passed the floor at 0 within the last step bounce; whether it did."""
    if ball[2] >= 0.0 or ball[5] >= 0.0 or height_before < 0.0:
        return False
    back = seconds * -ball[2] / (height_before - ball[2])
    for axis in range(3):
        ball[axis] -= ball[3 + axis] * back
    ball[2] = 0.0
    bounce(ball, kind)
    for axis in range(3):
        ball[axis] += ball[3 + axis] * back
    return True


@jit
def step(ball: Ball, kind: NDArray[np.float64], seconds: float) -> bool:
    """Advance a ball by one short step over an endless floor; whether it bounced."""
    before = ball[2]
    move(ball, kind, seconds)
    return meet_floor(ball, kind, before, seconds)
