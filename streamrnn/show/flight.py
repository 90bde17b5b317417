"""A flight and what was foreseen of it, drawn step by step."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from streamrnn.predictions import Prediction
from streamrnn.show.canvas import Canvas

TRAIL = 60  # fixes that stay visible
COLOURS = ("bright_yellow", "yellow", "dark_orange", "orange_red1", "red")
MARKS = "123456789"


@dataclass
class Flight:
    """The picture of one live stream; `add` each step, then `text`.

    Two coordinates are an image, y down; three are seen from the side, z up.
    """

    extent: NDArray[np.float64] | None = None
    """Rows that the picture is to hold, (n, dims); without them it grows with the flight."""
    rows: list[list[float]] = field(default_factory=list[list[float]])
    """What came so far: time in seconds, then the position."""
    last: Prediction | None = None
    """What was said at the last row."""

    def add(self, row: list[float], prediction: Prediction) -> None:
        """Take one fix and what the model says at it."""
        self.rows.append(row)
        self.last = prediction

    def text(self, columns: int = 78, rows: int = 20) -> Panel:
        """The picture: the trail, where the ball is, and where it is foreseen with 90 % circles.

        Args:
            columns: characters across, without the frame.
            rows: characters down, without the frame.
        """
        places = np.array([row[1:] for row in self.rows])
        extent = places if self.extent is None else self.extent
        extent = extent[np.isfinite(extent).all(axis=1)]
        if len(extent) < 2 or self.last is None:
            return Panel(Text("waiting for fixes …"), width=columns + 4)
        across, up = seen_from_the_side(extent)
        y_down = up == 1
        low, high = extent.min(axis=0), extent.max(axis=0)
        centre, half = (low + high) / 2, (high - low) / 2 * 1.1
        # One scale both ways; a dot is about as wide as it is high.
        scale = max(half[across] / columns, half[up] / (2 * rows)) or 1.0
        wide, tall = scale * columns, scale * 2 * rows
        bottom, top = centre[up] - tall, centre[up] + tall
        canvas = Canvas(
            columns,
            rows,
            left=centre[across] - wide,
            right=centre[across] + wide,
            bottom=top if y_down else bottom,
            top=bottom if y_down else top,
        )
        for place in places[-TRAIL:]:
            canvas.dot(place[across], place[up], "cyan")
        said = self.last
        if said.point is not None and said.spread is not None:
            for index, point in enumerate(said.point):
                _, colour = _mark(index)
                canvas.circle(point[across], point[up], said.spread[index], f"dim {colour}")
            for index, point in enumerate(said.point):
                mark, colour = _mark(index)
                canvas.mark(point[across], point[up], mark, f"bold {colour}")
        canvas.mark(places[-1][across], places[-1][up], "●", "bold bright_white")
        return Panel(Group(canvas.text(), self._caption(said)), width=columns + 4)

    def _caption(self, said: Prediction) -> Text:
        caption = Text(f"{said.time:8.3f} s  fix {said.position:4d}  ", no_wrap=True)
        if not np.isfinite(self.rows[-1]).all():
            caption.append("fix missing  ", "bold red")
        elif said.label is not None:
            caption.append(f"heading {said.label} ({said.score:.0%})  ", "bold")
        for index, horizon in enumerate(said.horizons or ()):
            mark, colour = _mark(index)
            caption.append(f"{mark}: +{horizon} ", colour)
        return caption


def _mark(index: int) -> tuple[str, str]:
    """The character and the colour of a horizon; beyond the ninth they are its."""
    return MARKS[min(index, len(MARKS) - 1)], COLOURS[min(index, len(COLOURS) - 1)]


def seen_from_the_side(places: NDArray[np.float64]) -> tuple[int, int]:
    """Which coordinates are across and up: x and y of an image; else the longer of x, y, and z.

    Args:
        places: finite positions, (n, dims).
    """
    if places.shape[1] == 2:
        return 0, 1
    ranges = np.ptp(places, axis=0)
    return int(ranges[1] > ranges[0]), 2
