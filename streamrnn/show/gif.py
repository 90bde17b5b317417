"""A flight and what was foreseen of it as an animated GIF."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamrnn.errors import UnsupportedError
from streamrnn.predictions import Predictions
from streamrnn.show.figure import new_figure, write_picture
from streamrnn.show.flight import seen_from_the_side

TRAIL = 40  # fixes that stay visible
PICTURES_A_SECOND = 15.0


def write_gif(
    path: str | Path,
    rows: NDArray[np.float64],
    said: Predictions,
    *,
    advance: Callable[[int, int], object] | None = None,
) -> None:
    """Draw a flight at the pace at which it was recorded, slowed down where it is too quick.

    Args:
        path: the file, `.gif`.
        rows: time and positions, (n, 3) as an image sees them, y down, or (n, 4), z up.
        said: the predictions at these rows.
        advance: called with the number of each picture, and how many there are, as it is drawn.

    Raises:
        UnsupportedError: matplotlib is not installed, or nothing was foreseen.
        ConfigError: the file cannot be written.
    """
    if said.points is None or said.spreads is None:
        raise UnsupportedError(
            "gif: expected predictions with points, got none; use a model of motion"
        )
    picture = new_figure(figsize=(7.2, 4.4), dpi=80, layout="constrained")
    from matplotlib import animation, patches  # now that it is known to be there

    places: NDArray[np.float64] = rows[:, 1:]
    seen = places[np.isfinite(places).all(axis=1)]
    ranges = np.ptp(seen, axis=0)
    across, up = seen_from_the_side(seen)

    axes: Any = picture.add_subplot()
    margin = np.maximum(0.08 * ranges, 0.02 * ranges.max() + 1e-9)
    low, high = seen.min(axis=0) - margin, seen.max(axis=0) + margin
    axes.set_xlim(low[across], high[across])
    axes.set_ylim(*((high[up], low[up]) if up == 1 else (low[up], high[up])))
    axes.set_aspect("equal")
    axes.set_xlabel("xyz"[across])
    axes.set_ylabel("xyz"[up])
    (trail,) = axes.plot([], [], ".", color="#4c78a8", markersize=3, label="seen")
    (ball,) = axes.plot([], [], "o", color="#1b1b1b", markersize=7, label="now")
    horizons = said.horizons or ()
    markers: list[Any] = []
    circles: list[Any] = []
    for index, horizon in enumerate(horizons):
        colour = (0.95, 0.65 - 0.55 * index / max(1, len(horizons) - 1), 0.1)
        label = f"in {horizon}"
        (marker,) = axes.plot(
            [], [], linestyle="", marker=f"${index + 1}$", color=colour, markersize=7, label=label
        )
        circles.append(
            axes.add_patch(patches.Circle((0, 0), 0, fill=False, color=colour, alpha=0.7))
        )
        markers.append(marker)
    axes.legend(loc="upper right", ncols=2, fontsize=8)

    span = float(rows[-1, 0] - rows[0, 0]) or 1.0
    stride = max(1, round(len(rows) / (PICTURES_A_SECOND * max(span, 4.0))))

    def draw(step: int) -> list[Any]:
        first = max(0, step - TRAIL)
        trail.set_data(places[first : step + 1, across], places[first : step + 1, up])
        ball.set_data([places[step, across]], [places[step, up]])
        assert said.points is not None and said.spreads is not None
        for index, (marker, circle) in enumerate(zip(markers, circles, strict=True)):
            point, radius = said.points[step, index], said.spreads[step, index]
            known = bool(np.isfinite(point).all() and np.isfinite(radius))
            marker.set_data([point[across]] if known else [], [point[up]] if known else [])
            circle.set_visible(known)
            if known:
                circle.set_center((point[across], point[up]))
                circle.set_radius(radius)
        axes.set_title(f"{rows[step, 0] - rows[0, 0]:.2f} s", loc="left", fontsize=10)
        return []

    moving = animation.FuncAnimation(
        picture, draw, frames=range(0, len(rows), stride), cache_frame_data=False
    )
    writer = animation.PillowWriter(fps=int(PICTURES_A_SECOND))
    write_picture(path, lambda name: moving.save(name, writer=writer, progress_callback=advance))
