"""Simulated tennis in metres: serves, strokes, lobs, drops and volleys on a court of true size.

The court's middle is the origin, x across, y along, z up. `rally` writes the path of the ball's
centre at evenly spaced times; `streamrnn.tasks.ball.camera` turns it into pixels.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.tasks.ball.physics import (
    DRAG,
    FRICTION,
    GRAVITY,
    KIND_SIZE,
    MAGNUS,
    RADIUS,
    RESTITUTION,
    SOFTENING,
    Ball,
    move,
    step,
)

BASELINE, SERVICE_LINE, HALF_WIDTH = 11.885, 6.40, 4.115
NET_MIDDLE, NET_POST = 0.914, 1.07
SUBSTEP = 1.0 / 120.0

# What the play is doing.
HELD, TOSSED, IN_PLAY, DEAD = 0, 1, 2, 3


@jit
def _net_height(x: float) -> float:
    return NET_MIDDLE + (NET_POST - NET_MIDDLE) * min(abs(x) / 6.4, 1.0)


@jit
def aim(
    ball: Ball,
    kind: NDArray[np.float64],
    target_x: float,
    target_y: float,
    pace: float,
    clearance: float,
) -> None:
    """Give the ball the velocity that lands it on a target; spin is already set.

    The horizontal speed is wished for; the climb and the heading are found by shooting and
    correcting. A flight that would meet the net is slowed until it passes.
    """
    trial = np.empty(9)
    away_x = target_x - ball[0]
    away_y = target_y - ball[1]
    distance = np.sqrt(away_x * away_x + away_y * away_y)
    for _ in range(8):
        climb = 0.0
        turn = 0.0
        flight = distance / (0.85 * pace)
        climb = 0.5 * 11.0 * flight - ball[2] / flight
        over = 9.0
        for _ in range(5):
            cos = 1.0 - 0.5 * turn * turn
            ball[3] = pace * (away_x - turn * away_y) / distance * cos
            ball[4] = pace * (away_y + turn * away_x) / distance * cos
            ball[5] = climb
            trial[:] = ball
            over = 9.0
            elapsed = 0.0
            while trial[2] > kind[RADIUS] and elapsed < 4.0:
                side = trial[1]
                move(trial, kind, 2.0 * SUBSTEP)
                elapsed += 2.0 * SUBSTEP
                if side * trial[1] <= 0.0:
                    over = trial[2] - _net_height(trial[0])
            gone_x = trial[0] - ball[0]
            gone_y = trial[1] - ball[1]
            along = (gone_x * away_x + gone_y * away_y) / distance
            across = (gone_y * away_x - gone_x * away_y) / distance
            forward = max((trial[3] * away_x + trial[4] * away_y) / distance, 1.0)
            steep = max(-trial[5], 1.0)
            # A little more climb lands later, by about 2 / g · forward · steep-corrected.
            climb += 0.8 * (distance - along) / forward * steep / max(elapsed, 0.2)
            turn -= across / distance
        if over > clearance:
            return
        pace *= 0.9


@jit
def _stroke(
    rng: np.random.Generator, ball: Ball, kind: NDArray[np.float64], strength: float
) -> None:
    """Return the ball from where it is to a sensible place on the other side."""
    way = 1.0 if ball[1] < 0.0 else -1.0
    near_net = abs(ball[1]) < 7.0
    choice = rng.random()
    if choice < 0.74 or near_net:  # drive
        pace = rng.normal() * 2.4 + 36.0 * strength
        depth = BASELINE - abs(rng.normal()) * 2.6 - 0.4
        spin = rng.uniform(120.0, 400.0)
        clearance = rng.uniform(0.2, 1.1)
    elif choice < 0.84:  # looped topspin
        pace = rng.normal() * 2.0 + 30.0 * strength
        depth = BASELINE - abs(rng.normal()) * 2.5 - 0.5
        spin = rng.uniform(200.0, 420.0)
        clearance = rng.uniform(0.6, 2.0)
    elif choice < 0.96:  # slice
        pace = rng.normal() * 2.2 + 27.0 * strength
        depth = BASELINE - abs(rng.normal()) * 3.0 - 0.5
        spin = -rng.uniform(50.0, 300.0)
        clearance = rng.uniform(0.1, 0.8)
    elif choice < 0.985:  # lob
        pace = rng.uniform(10.0, 15.0)
        depth = BASELINE - rng.uniform(0.5, 4.0)
        spin = rng.uniform(-100.0, 250.0)
        clearance = rng.uniform(2.0, 4.5)
    else:  # drop shot
        pace = rng.uniform(10.0, 14.0)
        depth = rng.uniform(1.5, 4.5)
        spin = -rng.uniform(50.0, 250.0)
        clearance = rng.uniform(0.1, 0.8)
    pace = max(pace, 8.0)
    # Cross-court more often than down the line.
    across = -0.8 * ball[0] if rng.random() < 0.72 else 0.6 * ball[0]
    target_x = min(max(across + rng.normal() * 1.8, -4.2), 4.2)
    away_x = target_x - ball[0]
    away_y = way * depth - ball[1]
    length = np.sqrt(away_x * away_x + away_y * away_y)
    # Topspin turns about the horizontal axis to the left of the flight.
    ball[6] = -spin * away_y / length
    ball[7] = spin * away_x / length
    ball[8] = rng.normal() * 40.0
    aim(ball, kind, target_x, way * depth, pace, clearance)
    slip = 0.006 if rng.random() < 0.8 else 0.03
    for axis in range(3):
        ball[3 + axis] += rng.normal() * slip * pace


@jit
def _serve(rng: np.random.Generator, ball: Ball, kind: NDArray[np.float64], first: bool) -> None:
    """Hit the serve from the top of the toss into the box across."""
    way = 1.0 if ball[1] < 0.0 else -1.0
    side = -1.0 if ball[0] > 0.0 else 1.0
    pace = rng.normal() * 4.0 + (48.0 if first else 39.0)
    spin = rng.uniform(50.0, 250.0) if first else rng.uniform(200.0, 400.0)
    target_x = side * rng.uniform(0.4, 3.9)
    target_y = way * (SERVICE_LINE - abs(rng.normal()) * 1.0 - 0.1)
    ball[6] = -way * spin
    ball[7] = 0.0
    ball[8] = rng.normal() * 120.0
    aim(ball, kind, target_x, target_y, pace, rng.uniform(0.03, 0.25))
    for axis in range(3):
        ball[3 + axis] += rng.normal() * 0.008 * pace


@jit
def _toss(rng: np.random.Generator, ball: Ball, way: float) -> None:
    """Throw the ball up to where a serve can meet it, a little into the court."""
    apex = rng.uniform(2.9, 3.9)
    ball[5] = np.sqrt(2.0 * GRAVITY * (apex - ball[2]))
    ball[4] = way * rng.uniform(-0.1, 0.7)
    ball[3] = rng.normal() * 0.3


@jit
def _contact(rng: np.random.Generator, plan: NDArray[np.float64], bounce_y: float) -> None:
    """Plan where the next player takes the ball: how deep, and how low at the lowest."""
    depth = BASELINE + rng.normal() * 1.2 + 3.0
    early = abs(bounce_y) + rng.uniform(4.5, 9.5)
    plan[0] = min(depth, early) if early < depth + 2.0 else depth + rng.uniform(0.0, 2.0)
    plan[1] = 0.65 + rng.normal() * 0.2 if rng.random() < 0.85 else rng.uniform(0.2, 1.8)


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
    kind = np.zeros(KIND_SIZE)
    kind[DRAG] = rng.uniform(0.016, 0.022)
    kind[MAGNUS] = rng.uniform(0.0005, 0.001)
    kind[RADIUS] = 0.033
    kind[RESTITUTION] = rng.uniform(0.74, 0.88)
    kind[SOFTENING] = rng.uniform(0.004, 0.014)
    kind[FRICTION] = rng.uniform(0.45, 0.85)
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
        _stroke(rng, ball, kind, strength)
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
                    if ball[2] > 0.95 and ball[5] >= -0.5:
                        ball[2] -= 0.0
                        ball[5] = -rng.uniform(2.2, 4.0) if rng.random() < 0.12 else 0.0
                        ball[3] = (home_x - ball[0]) * 0.5 + rng.normal() * 0.05
                        ball[4] = 0.0
                    if ball[5] != 0.0:
                        step(ball, kind, seconds)
                        if ball[5] > 0.0 and ball[2] > 0.9:
                            ball[5] = 0.0
                else:
                    for axis in range(3):
                        ball[3 + axis] = 0.97 * ball[3 + axis] + rng.normal() * 0.04
                        ball[axis] += ball[3 + axis] * seconds
                    ball[2] += (1.05 - ball[2]) * 0.05
                continue
            side_before = ball[1]
            floor_hit = step(ball, kind, seconds)
            if mode == TOSSED:
                if ball[5] < 0.0 and ball[2] < strike:
                    if rng.random() < 0.02 and ball[2] > 1.5:  # a toss let fall
                        strike -= 0.5
                    else:
                        _serve(rng, ball, kind, serves == 0)
                        serves += 1
                        mode = IN_PLAY
                        bounces = 0
                        volley = False
                        strike = rng.uniform(2.5, 2.95)
                continue
            # The net: what is too low hits it and drops.
            if side_before * ball[1] < 0.0 and ball[2] < _net_height(ball[0]):
                if ball[2] > _net_height(ball[0]) - 0.06:  # a cord
                    ball[4] *= rng.uniform(0.3, 0.8)
                    ball[5] = rng.uniform(0.5, 2.5)
                else:
                    ball[1] = side_before
                    ball[4] *= -rng.uniform(0.02, 0.15)
                    ball[3] *= 0.3
                    ball[5] *= 0.3
                    if mode == IN_PLAY:
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
                        ball[6] = -250.0 * (1.0 if ball[1] < 0.0 else -1.0)  # a smash
                        aim(
                            ball,
                            kind,
                            rng.uniform(-4.0, 4.0),
                            -np.sign(ball[1]) * rng.uniform(5.0, 10.0),
                            rng.uniform(28.0, 40.0),
                            0.1,
                        )
                    else:
                        _stroke(rng, ball, kind, strength)
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
