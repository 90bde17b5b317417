"""A drawing in a terminal: braille characters of 2 × 4 dots, each cell with one colour."""

import math

from rich.text import Text

# Unicode's dot numbering of a braille cell, by row and column (U+2800 is the empty cell).
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Canvas:
    """A picture of `columns × rows` characters over a rectangle of the world.

    Args:
        columns: characters across.
        rows: characters down.
        left, right: the world's x at the edges.
        bottom, top: the world's y at the edges; `top < bottom` where y points down.
    """

    def __init__(
        self, columns: int, rows: int, *, left: float, right: float, bottom: float, top: float
    ) -> None:
        self.columns, self.rows = columns, rows
        self._left, self._bottom = left, bottom
        self._across = (2 * columns - 1) / ((right - left) or 1.0)
        self._up = (4 * rows - 1) / ((top - bottom) or 1.0)
        self._dots = [[0] * columns for _ in range(rows)]
        self._styles = [[""] * columns for _ in range(rows)]
        self._marks: dict[tuple[int, int], str] = {}

    def _cell(self, x: float, y: float) -> tuple[int, int] | None:
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        across = round((x - self._left) * self._across)
        down = 4 * self.rows - 1 - round((y - self._bottom) * self._up)
        inside = 0 <= across < 2 * self.columns and 0 <= down < 4 * self.rows
        return (across, down) if inside else None

    def dot(self, x: float, y: float, style: str) -> None:
        """Set one dot; outside the rectangle, or at NaN, nothing happens."""
        place = self._cell(x, y)
        if place is not None:
            across, down = place
            self._dots[down // 4][across // 2] |= _DOTS[down % 4][across % 2]
            self._styles[down // 4][across // 2] = style

    def mark(self, x: float, y: float, character: str, style: str) -> None:
        """Put a character on top of the dots."""
        place = self._cell(x, y)
        if place is not None:
            row, column = place[1] // 4, place[0] // 2
            self._marks[row, column] = character
            self._styles[row][column] = style

    def circle(self, x: float, y: float, radius: float, style: str) -> None:
        """Dots on a circle of the world."""
        if not math.isfinite(radius):
            return
        for step in range(48):
            angle = math.tau * step / 48
            self.dot(x + radius * math.cos(angle), y + radius * math.sin(angle), style)

    def text(self) -> Text:
        """The picture."""
        picture = Text(no_wrap=True)
        for row in range(self.rows):
            for column in range(self.columns):
                dots = chr(0x2800 + self._dots[row][column])
                picture.append(
                    self._marks.get((row, column), dots), self._styles[row][column] or None
                )
            picture.append("\n")
        return picture
