"""Other balls: thrown, bouncing between walls, rolling, carried; in any unit and at any rate.

They keep the model general. Half of them are seen in three dimensions, half in two, the latter
from the side with y up or down.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.tasks.ball.physics import kind_of, step


@jit
def free_ball(
    rng: np.random.Generator, times: NDArray[np.float64], places: NDArray[np.float64]
) -> None:
    """Simulate one ball on an endless floor, perhaps in a room, perhaps hit now and then.

    Args:
        rng: where all chance comes from.
        times: seconds, rising.
        places: filled with metres.

    Shape:
        times `(n,)`, places `(n, 3)`.
    """
    kind = kind_of(
        drag=0.15 * rng.random() ** 3,
        magnus=0.004 * rng.random() ** 2,
        radius=rng.uniform(0.02, 0.15),
        restitution=rng.uniform(0.45, 0.95),
        softening=rng.uniform(0.0, 0.02),
        friction=rng.uniform(0.1, 0.8),
    )
    wall = rng.uniform(1.5, 8.0) if rng.random() < 0.5 else 1e9
    wall_bounce = rng.uniform(0.4, 0.95)
    hit_rate = rng.uniform(0.3, 1.5) if rng.random() < 0.4 else 0.0
    power = rng.uniform(1.5, 9.0)
    ball = np.zeros(9)
    ball[2] = rng.uniform(0.1, 2.5)
    for axis in range(3):
        ball[3 + axis] = rng.normal() * power
        ball[6 + axis] = rng.normal() * 60.0
    ball[5] = abs(ball[5])
    held = rng.uniform(0.0, 0.6) if rng.random() < 0.2 else 0.0
    now = times[0]
    for index in range(times.shape[0]):
        span = times[index] - now
        now = times[index]
        steps = int(span / 0.006) + 1
        seconds = span / steps
        held -= span
        if held < 0.0:
            for _ in range(steps):
                step(ball, kind, seconds)
                if ball[2] < 0.0:  # it has come to lie
                    ball[2] = 0.0
                    ball[5] = 0.0
                    ball[3] *= 1.0 - 0.4 * seconds
                    ball[4] *= 1.0 - 0.4 * seconds
                for axis in range(2):
                    if abs(ball[axis]) > wall and ball[axis] * ball[3 + axis] > 0.0:
                        ball[3 + axis] *= -wall_bounce
            if rng.random() < hit_rate * span:
                for axis in range(3):
                    ball[3 + axis] = rng.normal() * power
                ball[5] = abs(ball[5])
        for axis in range(3):
            places[index, axis] = ball[axis]
