"""Tennis strokes and serves in metres: the velocity and spin that a player gives the ball.

The court's middle is the origin, x across, y along, z up.
"""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.tasks.ball.physics import RADIUS, Ball, move

BASELINE, SERVICE_LINE, HALF_WIDTH = 11.885, 6.40, 4.115
NET_MIDDLE, NET_POST = 0.914, 1.07
SUBSTEP = 1.0 / 120.0


@jit
def net_height(x: float) -> float:
    """How high the net is at a place across, straight from the middle to the posts."""
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
        turn = 0.0
        flight = distance / (0.85 * pace)
        climb = 0.5 * 11.0 * flight - ball[2] / flight
        over = 9.0  # how far it passes above the net
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
                    over = trial[2] - net_height(trial[0])
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
def stroke(
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
def serve(rng: np.random.Generator, ball: Ball, kind: NDArray[np.float64], first: bool) -> None:
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
