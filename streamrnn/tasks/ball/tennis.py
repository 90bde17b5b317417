"""Simulated tennis in metres: serves, strokes, lobs, drops and volleys on a court of true size.

The court's middle is the origin, x across, y along, z up. `rally` writes the path of the ball's
centre at evenly spaced times; `streamrnn.tasks.ball.camera` turns it into pixels.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.tasks.ball.physics import GRAVITY, Ball, kind_of, step
from streamrnn.tasks.ball.strokes import (
    BASELINE,
    HALF_WIDTH,
    SUBSTEP,
    aim,
    net_height,
    serve,
    stroke,
)

# What the play is doing.
HELD, TOSSED, IN_PLAY, DEAD = 0, 1, 2, 3


@jit
def _contact(rng: np.random.Generator, plan: NDArray[np.float64], bounce_y: float) -> None:
    """Plan where the next player takes the ball: how deep, and how low at the lowest."""
    depth = BASELINE + rng.normal() * 1.2 + 3.0
    early = abs(bounce_y) + rng.uniform(4.5, 9.5)
    plan[0] = min(depth, early) if early < depth + 2.0 else depth + rng.uniform(0.0, 2.0)
    plan[1] = 0.65 + rng.normal() * 0.2 if rng.random() < 0.85 else rng.uniform(0.2, 1.8)


@jit
def _toss(rng: np.random.Generator, ball: Ball, way: float) -> None:
    """Throw the ball up to where a serve can meet it, a little into the court."""
    apex = rng.uniform(2.9, 3.9)
    ball[5] = np.sqrt(2.0 * GRAVITY * (apex - ball[2]))
    ball[4] = way * rng.uniform(-0.1, 0.7)
    ball[3] = rng.normal() * 0.3


@jit
def _tap(
    rng: np.random.Generator,
    ball: Ball,
    kind: NDArray[np.float64],
    home_x: float,
    seconds: float,
) -> None:
    """Advance a ball that the server bounces now and then before the toss."""
    if ball[2] > 0.95 and ball[5] >= -0.5:
        ball[5] = -rng.uniform(2.2, 4.0) if rng.random() < 0.12 else 0.0
        ball[3] = (home_x - ball[0]) * 0.5 + rng.normal() * 0.05
        ball[4] = 0.0
    if ball[5] != 0.0:
        step(ball, kind, seconds)
        if ball[5] > 0.0 and ball[2] > 0.9:
            ball[5] = 0.0


@jit
def _hold(rng: np.random.Generator, ball: Ball, seconds: float) -> None:
    """Advance a ball that lies in the server's hand."""
    for axis in range(3):
        ball[3 + axis] = 0.97 * ball[3 + axis] + rng.normal() * 0.04
        ball[axis] += ball[3 + axis] * seconds
    ball[2] += (1.05 - ball[2]) * 0.05


@jit
def _meet_net(rng: np.random.Generator, ball: Ball, side_before: float) -> bool:
    """Let a ball that crosses too low touch the cord and go on, or drop; whether it drops."""
    if side_before * ball[1] >= 0.0 or ball[2] >= net_height(ball[0]):
        return False
    if ball[2] > net_height(ball[0]) - 0.06:  # a cord
        ball[4] *= rng.uniform(0.3, 0.8)
        ball[5] = rng.uniform(0.5, 2.5)
        return False
    ball[1] = side_before
    ball[4] *= -rng.uniform(0.02, 0.15)
    ball[3] *= 0.3
    ball[5] *= 0.3
    return True


@jit
def _smash(rng: np.random.Generator, ball: Ball, kind: NDArray[np.float64]) -> None:
    """Hit a high ball down into the other side."""
    ball[6] = -250.0 * (1.0 if ball[1] < 0.0 else -1.0)
    aim(
        ball,
        kind,
        rng.uniform(-4.0, 4.0),
        -np.sign(ball[1]) * rng.uniform(5.0, 10.0),
        rng.uniform(28.0, 40.0),
        0.1,
    )


@jit
def rally(rng: np.random.Generator, spacing: float, rows: NDArray[np.float64]) -> int:
    """Simulate one broadcast clip: what comes before the serve, the rally, and a little after.

    Args:
        rng: where all chance comes from.
        spacing: seconds between rows.
        rows: filled with the ball's place in metres.

    Shape:
        rows `(n, 3)`.

    Returns:
        How many rows were filled: the clip ends some time after the point does.
    """
    kind = kind_of(
        drag=rng.uniform(0.016, 0.022),
        magnus=rng.uniform(0.0005, 0.001),
        radius=0.033,
        restitution=rng.uniform(0.74, 0.88),
        softening=rng.uniform(0.004, 0.014),
        friction=rng.uniform(0.45, 0.85),
    )
    strength = rng.uniform(0.88, 1.12)
    volleys = 0.35 * rng.random() ** 3
    ball = np.zeros(9)
    way = 1.0 if rng.random() < 0.5 else -1.0
    ball[1] = -way * (BASELINE + rng.uniform(0.0, 0.4))
    ball[0] = rng.uniform(0.2, 2.5) * (1.0 if rng.random() < 0.5 else -1.0)
    ball[2] = 1.1
    plan = np.zeros(2)  # depth and least height of the next contact
    serves = 0
    bounces = 0
    volley = False
    mode = HELD
    start = rng.random()
    wait = 0.0
    tap = rng.random() < 0.7  # whether the server bounces the ball
    if start < 0.2:  # the clip opens in a rally
        mode = IN_PLAY
        ball[2] = rng.uniform(0.6, 1.3)
        ball[0] = rng.uniform(-4.0, 4.0)
        stroke(rng, ball, kind, strength)
    elif start < 0.85:  # or with the toss
        mode = TOSSED
        ball[2] = rng.uniform(0.8, 1.8)
        _toss(rng, ball, way)
    else:
        wait = rng.uniform(0.3, 5.0)
    strike = rng.uniform(2.5, 2.95)
    tail = rng.uniform(0.2, 2.2)
    home_x = ball[0]
    for index in range(rows.shape[0]):
        steps = int(spacing / SUBSTEP + 0.999)
        seconds = spacing / steps
        for _ in range(steps):
            if mode == HELD:
                wait -= seconds
                if wait < 0.0 and ball[2] > 0.8:
                    mode = TOSSED
                    _toss(rng, ball, way)
                    tap = rng.random() < 0.7
                elif tap:
                    _tap(rng, ball, kind, home_x, seconds)
                else:
                    _hold(rng, ball, seconds)
                continue
            side_before = ball[1]
            floor_hit = step(ball, kind, seconds)
            if mode == TOSSED:
                if ball[5] < 0.0 and ball[2] < strike:
                    if rng.random() < 0.02 and ball[2] > 1.5:  # a toss let fall
                        strike -= 0.5
                    else:
                        serve(rng, ball, kind, serves == 0)
                        serves += 1
                        mode = IN_PLAY
                        bounces = 0
                        volley = False
                        strike = rng.uniform(2.5, 2.95)
                continue
            if _meet_net(rng, ball, side_before) and mode == IN_PLAY:
                mode = DEAD
            if abs(ball[1]) > 21.0 and ball[1] * ball[4] > 0.0:  # the back wall
                ball[4] *= -rng.uniform(0.2, 0.6)
                ball[3] *= 0.7
            if floor_hit:
                bounces += 1
                if mode == IN_PLAY:
                    if bounces == 1:
                        _contact(rng, plan, ball[1])
                        out = abs(ball[1]) > BASELINE + 0.1 or abs(ball[0]) > HALF_WIDTH + 0.6
                        if (out and rng.random() < 0.8) or rng.random() < 0.05:
                            mode = DEAD
                    else:
                        mode = DEAD
            if mode == IN_PLAY and side_before * ball[1] < 0.0:
                volley = rng.random() < volleys
                plan[0] = rng.uniform(2.0, 5.5) if volley else plan[0]
                bounces = 0
            toward = ball[1] * ball[4] > 0.0
            if mode == IN_PLAY and toward and (bounces == 1 or volley):
                depth = abs(ball[1])
                low = ball[5] < 0.0 and ball[2] < plan[1] and bounces == 1
                if (depth > plan[0] or low) and ball[2] < 2.9:
                    if volley and ball[2] > 2.3:
                        _smash(rng, ball, kind)
                    else:
                        stroke(rng, ball, kind, strength)
                    bounces = 0
                    volley = False
        rows[index, 0] = ball[0]
        rows[index, 1] = ball[1]
        rows[index, 2] = ball[2]
        if mode == DEAD:
            tail -= spacing
            if tail < 0.0:
                if serves == 1 and rng.random() < 0.3:  # a second serve
                    mode = HELD
                    tail = rng.uniform(0.2, 2.2)
                    wait = rng.uniform(0.5, 2.5)
                    ball[0], ball[1], ball[2] = home_x, -way * (BASELINE + 0.2), 1.1
                    ball[3:] = 0.0
                    bounces = 0
                else:
                    return index + 1
    return rows.shape[0]
