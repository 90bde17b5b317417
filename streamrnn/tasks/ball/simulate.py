"""Endless simulated tracks for the ball task: tennis, table tennis and other balls.

Every track is an array of rows as the front end takes them: `(time_s, x, y)` in pixels or
`(time_s, x, y, z)` in metres, NaN where the ball was not seen.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from streamrnn.tasks.ball.camera import HEIGHT, WIDTH, broadcast
from streamrnn.tasks.ball.scenes import free_ball
from streamrnn.tasks.ball.table_tennis import TABLE_HEIGHT, table_tennis
from streamrnn.tasks.ball.tennis import rally

LONGEST = 480  # rows
MIX = {"tennis": 0.40, "table_tennis": 0.50, "other": 0.10}  # share of tracks


def sequences(seed: int, *, mix: dict[str, float] | None = None) -> Iterator[NDArray[np.float64]]:
    """Yield simulated tracks without end.

    Args:
        seed: the same seed gives the same tracks.
        mix: the share of each kind of track; `MIX` by default.

    Returns:
        An iterator over rows, `(n, 3)` or `(n, 4)` float64 with 12 to 480 rows.

    Example:
        >>> rows = next(sequences(7))
        >>> rows.shape[1] in (3, 4), bool((np.diff(rows[:, 0]) >= 0).all())
        (True, True)
    """
    rng = np.random.default_rng(seed)
    shares = MIX if mix is None else mix
    kinds = list(shares)
    weights = np.array([shares[kind] for kind in kinds])
    make = {"tennis": tennis_track, "table_tennis": table_tennis_track, "other": other_track}
    while True:
        rows = make[kinds[rng.choice(len(kinds), p=weights / weights.sum())]](rng)
        if len(rows) >= 12:
            yield rows


def tennis_track(rng: np.random.Generator) -> NDArray[np.float64]:
    """Simulate a broadcast tennis clip in pixels, `(n, 3)`."""
    spacing = 1 / 30 if rng.random() < 0.85 else 1 / rng.choice([24.0, 25.0, 50.0, 60.0, 120.0])
    places = np.zeros((int(rng.integers(60, LONGEST)), 3))
    # Recorded rallies run faster than this model's players; the span is theirs and more.
    count = rally(rng, spacing * rng.uniform(0.95, 1.4), places)
    rows = np.zeros((count, 3))
    rows[:, 0] = np.round(np.arange(count) * spacing, 4)
    broadcast(rng, places[:count], rows)
    if rng.random() < 0.35:  # the clip opens in the middle of something
        rows = rows[int(rng.integers(0, 30)) :]
    if rng.random() < 0.1:  # pixels are not always counted from the upper left corner
        rows[:, 1] -= rng.choice([WIDTH / 2.0, rng.uniform(0.0, WIDTH)])
        rows[:, 2] = rng.choice([-1.0, 1.0]) * (rows[:, 2] - rng.choice([HEIGHT / 2.0, HEIGHT]))
    return rows


def table_tennis_track(rng: np.random.Generator) -> NDArray[np.float64]:
    """Simulate a table tennis recording in metres, `(n, 4)`, at any heading and height."""
    rate = rng.choice([100, 120, 143, 143, 143, 150, 180, 200, 240])
    times, stamps = _times(rng, int(rng.integers(40, 260)), rate)
    rows = np.zeros((len(times), 4))
    count = table_tennis(rng, times, rows)
    rows[:, 0] = stamps
    rows = rows[:count]
    # Towards the edge of the cameras' view the ball is lost for a fix or a few.
    at = count - 2 - int(rng.exponential(10.0))
    if rng.random() < 0.5 and at > 8:
        lost = 1 if rng.random() < 0.8 else int(rng.integers(2, 5))
        rows = np.delete(rows, slice(at, min(at + lost, count - 1)), axis=0)
    return _place(rng, rows, _table_height(rng))


def other_track(rng: np.random.Generator) -> NDArray[np.float64]:
    """Simulate another ball, in two or three dimensions, 25 to 360 fixes a second."""
    rate = math.exp(rng.uniform(math.log(25), math.log(360)))
    times, stamps = _times(rng, int(rng.integers(40, 300)), rate)
    places = np.zeros((len(times), 3))
    free_ball(rng, times, places)
    unit = math.exp(rng.uniform(math.log(0.1), math.log(1000)))
    noise = 10 ** rng.uniform(-3.5, -1.7)
    places += rng.normal(size=places.shape) * noise
    places[rng.random(len(places)) < rng.choice([0.0, 0.0, 0.03])] = np.nan
    if rng.random() < 0.5:
        if rng.random() < 0.3:
            places *= unit  # not in metres
        return _place(rng, np.column_stack((stamps, places)), rng.normal() * 0.7)
    flip = rng.choice([-1.0, 1.0])
    return np.column_stack((stamps, unit * places[:, 0], unit * flip * places[:, 2]))


def _times(
    rng: np.random.Generator, count: int, rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Make the times of fixes, some of them dropped, and the uneven stamps they are given."""
    steps = np.ones(count)
    drops = rng.random(count) < rng.choice([0.0, 0.003, 0.01, 0.04])
    long = rng.random(count) < 0.12
    steps[drops] = np.where(long, rng.integers(3, 14, count), 2)[drops]
    times = np.cumsum(steps) / rate
    times -= times[0]
    jitter = float(rng.choice([0.0, 0.02, 0.06])) / rate
    stamps: NDArray[np.float64] = times + jitter * rng.normal(size=count)
    if rng.random() < 0.3:  # now and then a stamp is well off
        off = rng.random(count) < 0.01
        stamps += np.where(off, rng.uniform(-0.45, 0.45, count) / rate, 0.0)
    stamps -= stamps[0]
    if rng.random() < 0.7:
        stamps = np.round(stamps, 3)  # in milliseconds
    return times, np.maximum.accumulate(stamps)


def _table_height(rng: np.random.Generator) -> float:
    """Draw where the table's top lies, metres: people put the origin on it or on the floor."""
    kind = rng.random()
    if kind < 0.6:
        return rng.normal() * 0.01
    if kind < 0.7:
        return TABLE_HEIGHT + rng.normal() * 0.02
    return rng.normal() * 0.7


def _place(
    rng: np.random.Generator, rows: NDArray[np.float64], height: float
) -> NDArray[np.float64]:
    """Turn a three-dimensional track about z and put its origin elsewhere."""
    angle = rng.uniform(-np.pi, np.pi)
    cos, sin = np.cos(angle), np.sin(angle)
    turned = rows.copy()
    turned[:, 1] = cos * rows[:, 1] - sin * rows[:, 2]
    turned[:, 2] = sin * rows[:, 1] + cos * rows[:, 2]
    turned[:, 1:3] += rng.normal(size=2)
    turned[:, 3] += height
    return turned
