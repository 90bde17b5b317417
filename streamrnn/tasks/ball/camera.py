"""Broadcast cameras: metres on a court → pixels, with label noise, rounding and lost balls."""

import numpy as np
from numpy.typing import NDArray

from streamrnn.kernels.compile import jit
from streamrnn.tasks.ball.tennis import BASELINE, HALF_WIDTH

WIDTH, HEIGHT = 1280.0, 720.0


@jit
def _rise(y: float, z: float, down_cos: float, down_sin: float) -> float:
    """How far above the picture's centre a point ahead is seen, over the focal length."""
    return (y * down_sin + z * down_cos) / (y * down_cos - z * down_sin)


@jit
def broadcast(
    rng: np.random.Generator, places: NDArray[np.float64], rows: NDArray[np.float64]
) -> None:
    """See a rally through a camera behind and above one baseline.

    The camera stands where broadcasts put it and is pointed and zoomed so that the court fills
    the picture as broadcasts fill it. It may follow the ball a little. What leaves the picture is
    a missing fix; players and nets hide the ball for a few frames.

    Args:
        rng: where all chance comes from.
        places: the ball in metres.
        rows: times already set; pixel positions are filled in, NaN where the ball is not seen.

    Shape:
        places `(n, 3)`, rows `(n, 3)`.
    """
    height, behind, focal, centre_y, down_cos, down_sin = 8.0, 15.0, 1500.0, 300.0, 1.0, 0.0
    for _ in range(30):
        height = rng.uniform(4.5, 13.0)
        behind = rng.uniform(10.0, 36.0)
        near = np.sqrt(behind * behind + height * height)
        middle = np.sqrt((behind + BASELINE) ** 2 + height * height)
        down_cos = (behind + BASELINE) / middle
        down_sin = height / middle
        # Focal length in pixels: the near singles baseline takes this share of the width.
        focal = rng.uniform(0.48, 0.78) * WIDTH * near / (2.0 * HALF_WIDTH)
        # Rows of the near and the far baseline for a picture centred on the court's middle.
        near_row = focal * _rise(behind, -height, down_cos, down_sin)
        far_row = focal * _rise(behind + 2.0 * BASELINE, -height, down_cos, down_sin)
        centre_y = rng.uniform(400.0, 590.0) + near_row
        # The far server's toss stays in the picture, the far baseline in its upper part.
        toss_row = focal * _rise(behind + 2.0 * BASELINE, 3.3 - height, down_cos, down_sin)
        if centre_y - toss_row > -20.0 and centre_y - far_row < 270.0:
            break
    camera_y = -BASELINE - behind
    aside = rng.normal() * 0.5
    centre_x = WIDTH / 2.0 + rng.normal() * 15.0
    follow = 0.0 if rng.random() < 0.5 else rng.uniform(0.0, 0.2)
    lag = rng.uniform(0.02, 0.08)
    noise = rng.uniform(0.4, 2.0)
    slips = rng.uniform(0.0, 0.03)  # share of labels that miss the ball by a few pixels
    shake = rng.uniform(0.0, 0.6) if rng.random() < 0.5 else 0.0  # pixels, slowly
    smear = rng.uniform(0.0, 0.10)  # of a step: labels along a blurred streak
    whole = rng.random() < 0.85  # labels in whole pixels
    hide = rng.uniform(0.0, 0.012) if rng.random() < 0.5 else 0.0
    pan = 0.0
    sway_x, sway_y = 0.0, 0.0
    hidden = 0
    last_x, last_y = 0.0, 0.0
    for index in range(places.shape[0]):
        pan += lag * (follow * places[index, 0] - pan)
        x = places[index, 0] - aside - pan
        y = places[index, 1] - camera_y
        z = places[index, 2] - height
        depth = y * down_cos - z * down_sin
        if depth < 1.0:
            depth = 1.0
        exact_x = centre_x + focal * x / depth
        exact_y = centre_y - focal * (y * down_sin + z * down_cos) / depth
        slide = rng.normal() * smear
        sway_x += 0.1 * (rng.normal() * 3.0 * shake - sway_x)
        sway_y += 0.1 * (rng.normal() * 3.0 * shake - sway_y)
        blur = 4.0 * noise if rng.random() < slips else noise
        pixel_x = exact_x + sway_x + rng.normal() * blur
        pixel_y = exact_y + sway_y + rng.normal() * blur
        if index > 0:
            pixel_x += slide * (exact_x - last_x)
            pixel_y += slide * (exact_y - last_y)
        last_x, last_y = exact_x, exact_y
        if whole:
            pixel_x = np.floor(pixel_x + 0.5)
            pixel_y = np.floor(pixel_y + 0.5)
        if hidden == 0 and rng.random() < hide:
            hidden = 1 + int(-3.0 * np.log(rng.random()))
        lost = pixel_x < 0.0 or pixel_x >= WIDTH or pixel_y < 0.0 or pixel_y >= HEIGHT
        if hidden > 0:
            hidden -= 1
            lost = True
        rows[index, 1] = np.nan if lost else pixel_x
        rows[index, 2] = np.nan if lost else pixel_y
