"""Simulated table tennis in metres: guns and players, spin, a table of true size, and its edges."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.tasks.ball.physics import Ball, kind_of, meet_floor, move

HALF_LENGTH, HALF_WIDTH, NET_HEIGHT, TABLE_HEIGHT = 1.37, 0.7625, 0.1525, 0.76


@jit
def _shot(rng: np.random.Generator, ball: Ball, gun: bool) -> None:
    """Send the ball off: towards −y from a gun, across the table from a bat."""
    way = -1.0 if gun or ball[1] > 0.0 else 1.0
    if gun:
        speed = min(max(8.0 * np.exp(rng.normal() * 0.3), 2.5), 16.0)
        landing = min(max(-0.25 + rng.normal() * 0.5, -1.6), 0.8)
    else:
        speed = min(max(5.0 * np.exp(rng.normal() * 0.35), 2.0), 14.0)
        landing = way * HALF_LENGTH * rng.uniform(0.0, 1.05)
    reach = max(abs(landing - ball[1]), 0.1)
    flight = reach / (0.93 * speed)
    climb = 0.5 * 9.81 * flight - ball[2] / flight + rng.normal() * 0.15
    if rng.random() < (0.35 if gun else 0.1):
        climb = rng.uniform(-0.5, 2.5)
    ball[3] = speed * (rng.normal() * 0.08 - (0.0 if gun else 0.3 * ball[0] / HALF_LENGTH))
    ball[4] = way * speed
    ball[5] = min(max(climb, -0.6 * speed), 0.8 * speed)
    amount = rng.uniform(0.0, 180.0) if rng.random() < 0.95 else rng.uniform(0.0, 350.0)
    # Mostly top or back spin, some side spin; topspin turns about −x when flying along −y.
    tilt = rng.normal() * (0.3 if rng.random() < 0.6 else 1.2)
    sign = 1.0 if rng.random() < 0.6 else -1.0
    ball[6] = -way * sign * amount * np.cos(tilt)
    ball[8] = amount * np.sin(tilt)
    ball[7] = rng.normal() * 0.15 * amount


@jit
def _over_table(ball: Ball) -> bool:
    return abs(ball[0]) < HALF_WIDTH and abs(ball[1]) < HALF_LENGTH


@jit
def table_tennis(
    rng: np.random.Generator, times: NDArray[np.float64], rows: NDArray[np.float64]
) -> int:
    """Simulate one recording of a table tennis ball.

    Args:
        rng: where all chance comes from.
        times: the time stamps to record at, seconds, rising.
        rows: filled with time and position in metres; the table's top is at z = 0 and its
            middle at the origin, +y towards the gun.

    Shape:
        times `(n,)`, rows `(n, 4)`.

    Returns:
        How many rows were filled: the recording ends when the ball is lost.
    """
    kind = kind_of(
        drag=rng.uniform(0.10, 0.19),
        magnus=rng.uniform(0.002, 0.006),
        radius=0.02,
        restitution=rng.uniform(0.9, 1.02),
        softening=rng.uniform(0.0, 0.025),
        friction=rng.uniform(0.1, 0.3),
    )
    noise = 0.0007 * np.exp(rng.normal() * 0.7)
    noise_along = noise * rng.uniform(0.7, 1.8)  # along the table, where cameras see worst
    gun = rng.random() < 0.8
    ball = np.zeros(9)
    ball[0] = rng.uniform(-0.6, 0.6)
    ball[1] = rng.uniform(0.5, 1.3)
    if not gun:
        ball[1] = rng.uniform(1.1, 2.2) * (1.0 if rng.random() < 0.5 else -1.0)
    ball[2] = min(max(0.25 * np.exp(rng.normal() * 0.27), 0.06), 0.7)
    _shot(rng, ball, gun)
    end = -rng.uniform(1.6, 2.1) if gun else -99.0
    catcher = gun and rng.random() < 0.1
    hits = 0 if gun else int(rng.random() * 5.0)
    bat_at = rng.uniform(1.45, 2.1)
    now = times[0]
    bounces = 0
    over = -0.05 if rng.random() < 0.7 else -0.74  # how far it is followed below the table
    for index in range(times.shape[0]):
        span = times[index] - now
        now = times[index]
        steps = int(span / 0.003) + 1
        seconds = span / steps
        for _ in range(steps):
            before = ball[2]
            move(ball, kind, seconds)
            if _over_table(ball):
                if meet_floor(ball, kind, before, seconds):
                    bounces += 1
            elif ball[2] < -TABLE_HEIGHT and ball[5] < 0.0:  # the room's floor
                ball[2] = -TABLE_HEIGHT
                ball[5] *= -0.7
            # The net stops what flies into it.
            behind = ball[1] - ball[4] * seconds
            if ball[1] * behind < 0.0 and not gun and 0.0 < ball[2] < NET_HEIGHT:
                ball[1] = behind
                ball[4] *= -0.1
                ball[3] *= 0.3
        if gun and ball[1] < end:
            if not catcher:
                return index
            catcher = False
            end -= 9.0
            ball[4] *= -rng.uniform(0.02, 0.3)
            ball[3] *= rng.uniform(0.1, 0.7)
        flying = 1.0 if ball[4] > 0.0 else -1.0
        if hits > 0 and bounces > 0 and flying * ball[1] > bat_at:
            hits -= 1
            bounces = 0
            bat_at = rng.uniform(1.45, 2.1)
            _shot(rng, ball, False)
        if abs(ball[1]) > 3.0 or abs(ball[0]) > 2.0 or ball[2] < over:
            return index
        rows[index, 0] = times[index]
        for axis in range(3):
            blur = noise_along if axis == 1 else noise
            rows[index, 1 + axis] = ball[axis] + rng.normal() * blur
    return times.shape[0]
